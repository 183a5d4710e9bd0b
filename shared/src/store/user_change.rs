//! What an operator changes of a user, as a write of the profile and in memory.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value};

use super::StoreError;
use super::accounts::Ending;
use super::expression::{Write, number, text, value_of};
use super::logins::LoginName;
use super::users::{self, PROFILE, Profile};
use crate::id::UserId;
use crate::rules::address::EmailAddress;
use crate::rules::metadata::{MetadataKind, UserMetadata};
use crate::rules::web_url::is_web_url;
use crate::time::Timestamp;

/// Longest name and nickname, in characters, as Auth0 has it.
const NAME_CHARACTERS_MAX: usize = 300;
/// Longest given name and family name, in characters, as Auth0 has it.
const PART_CHARACTERS_MAX: usize = 150;
/// Longest address of a picture, in characters.
const URL_CHARACTERS_MAX: usize = 2_048;

/// What a profile says in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileText {
    /// Full name.
    Name,
    /// Short name.
    Nickname,
    /// Given name.
    GivenName,
    /// Family name.
    FamilyName,
    /// URL of a picture.
    Picture,
}

impl ProfileText {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Name, Self::Nickname, Self::GivenName, Self::FamilyName, Self::Picture];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Nickname => "nickname",
            Self::GivenName => "given_name",
            Self::FamilyName => "family_name",
            Self::Picture => "picture",
        }
    }

    /// The longest it may be, in characters.
    #[must_use]
    pub fn characters_max(self) -> usize {
        match self {
            Self::Name | Self::Nickname => NAME_CHARACTERS_MAX,
            Self::GivenName | Self::FamilyName => PART_CHARACTERS_MAX,
            Self::Picture => URL_CHARACTERS_MAX,
        }
    }

    /// Whether words have the form that it demands, their length aside.
    fn has_form(self, words: &str) -> bool {
        self != Self::Picture || is_web_url(words)
    }
}

/// What does not fit of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFlaw {
    /// There are none.
    Empty,
    /// There are too many characters.
    TooLong {
        /// That many.
        characters: usize,
        /// Of at most so many.
        most: usize,
    },
    /// It is not the URL of a picture.
    NotAUrl,
}

impl ProfileText {
    /// What of these words a profile cannot say.
    #[must_use]
    pub fn flaw(self, words: &str) -> Option<TextFlaw> {
        let most = self.characters_max();
        let characters = words.chars().count();
        if characters == 0 {
            return Some(TextFlaw::Empty);
        }
        if characters > most {
            return Some(TextFlaw::TooLong { characters, most });
        }
        (!self.has_form(words)).then_some(TextFlaw::NotAUrl)
    }
}

/// What changes of a user; what is not named stays.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Words, taken away by `None`.
    pub texts: Vec<(ProfileText, Option<String>)>,
    /// The address. The logins that have the old one move with it, and it is not verified unless that is said too.
    pub email: Option<EmailAddress>,
    /// Whether the user proved to own the address: the one that is named beside it, or whichever the user has.
    pub email_verified: Option<bool>,
    /// Blocking ends what was issued; unblocking does not bring it back (SEC-42).
    pub blocked: Option<bool>,
    /// Members of the metadata, merged on the first level and taken away by null; none at all clears it.
    pub user_metadata: Option<Map<String, Value>>,
    /// The same of the metadata that only operators see.
    pub app_metadata: Option<Map<String, Value>>,
}

/// Metadata that would be too long, too deep, or not fit the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoesNotFit(pub MetadataKind);

/// Names and addresses are nobody's business in a log.
impl std::fmt::Debug for UserChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserChange").field("blocked", &self.blocked).finish_non_exhaustive()
    }
}

impl UserChange {
    /// Whether it ends what was issued.
    pub(super) fn ends(&self) -> bool {
        self.blocked == Some(true)
    }

    /// Changes a profile in memory, logins aside.
    ///
    /// # Errors
    /// When metadata does not fit.
    pub fn apply_to(&self, profile: &mut Profile) -> Result<(), DoesNotFit> {
        for (name, value) in &self.texts {
            let place = match name {
                ProfileText::Name => &mut profile.name,
                ProfileText::Nickname => &mut profile.nickname,
                ProfileText::GivenName => &mut profile.given_name,
                ProfileText::FamilyName => &mut profile.family_name,
                ProfileText::Picture => &mut profile.picture,
            };
            place.clone_from(value);
        }
        if let Some(address) = self.new_address(profile) {
            (profile.email, profile.email_verified) = (Some(address.clone()), false);
        }
        profile.email_verified = self.email_verified.unwrap_or(profile.email_verified);
        profile.blocked = self.blocked.unwrap_or(profile.blocked);
        for kind in MetadataKind::ALL {
            if let Some(merged) = self.merged(profile, kind)? {
                let merged = Some(merged).filter(|merged| !merged.is_empty());
                match kind {
                    MetadataKind::User => profile.user_metadata = merged,
                    MetadataKind::App => profile.app_metadata = merged,
                }
            }
        }
        Ok(())
    }

    fn metadata(&self, kind: MetadataKind) -> Option<&Map<String, Value>> {
        match kind {
            MetadataKind::User => self.user_metadata.as_ref(),
            MetadataKind::App => self.app_metadata.as_ref(),
        }
    }

    /// The logins, those that have the old address with the new one.
    pub(super) fn moved(&self, seen: &Profile) -> Vec<LoginName> {
        let mut logins = seen.logins.clone();
        if let Some(address) = self.new_address(seen) {
            for login in logins.iter_mut().filter(|login| has_address(login, seen)) {
                address.as_str().clone_into(&mut login.name);
            }
        }
        logins
    }

    /// The address, if it is another.
    pub(super) fn new_address(&self, seen: &Profile) -> Option<&EmailAddress> {
        self.email.as_ref().filter(|address| seen.email.as_ref() != Some(address))
    }

    /// The metadata of a kind that there will be, if it changes.
    fn merged(&self, seen: &Profile, kind: MetadataKind) -> Result<Option<UserMetadata>, DoesNotFit> {
        let Some(members) = self.metadata(kind) else { return Ok(None) };
        let none = UserMetadata::default();
        if members.is_empty() {
            return Ok(Some(none));
        }
        let merged = seen.metadata(kind).unwrap_or(&none).merged(members);
        merged.map(Some).ok_or(DoesNotFit(kind))
    }

    /// The change of the profile, which may end what was issued.
    pub(super) fn write(
        &self,
        seen: &Profile,
        now: Timestamp,
        ends: bool,
    ) -> Result<Result<Write, DoesNotFit>, StoreError> {
        let mut assign = Assignments::default();
        for (name, value) in &self.texts {
            assign.put(name.as_str(), value.as_ref().map(text));
        }
        let mut verified = self.email_verified;
        if let Some(address) = self.new_address(seen) {
            assign.put("email", Some(value_of(address)?));
            assign.put("logins", Some(value_of(&self.moved(seen))?));
            // The authenticator that the old address was by itself is gone.
            assign.put("implicit_last_used_at", None);
            verified = verified.or(Some(false));
        }
        for (name, value) in [("email_verified", verified), ("blocked", self.blocked)] {
            if let Some(value) = value {
                assign.put(name, Some(AttributeValue::Bool(value)));
            }
        }
        for kind in MetadataKind::ALL {
            match self.merged(seen, kind) {
                Ok(None) => {}
                Ok(Some(merged)) => {
                    let merged = (!merged.is_empty()).then(|| value_of(&merged)).transpose()?;
                    assign.put(kind.as_str(), merged);
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        let ending = ends.then(|| Ending::of(seen, now));
        self.conditioned(assign.write(&seen.user_id, ending, now), seen).map(Ok)
    }

    /// What the change depends on must be as it was read.
    fn conditioned(&self, mut write: Write, seen: &Profile) -> Result<Write, StoreError> {
        if self.new_address(seen).is_some() {
            write = write.when("logins = :seen_logins").value(":seen_logins", value_of(&seen.logins)?);
        }
        // Also where it is the user's own: whether it is verified is said of this one, not of one it moves to meanwhile.
        if self.email.is_some() {
            write = match &seen.email {
                Some(address) => write.when("email = :seen_email").value(":seen_email", value_of(address)?),
                None => write.when("attribute_not_exists(email)"),
            };
        }
        for kind in MetadataKind::ALL {
            let (name, is_changed) = (kind.as_str(), self.metadata(kind).is_some());
            write = match seen.metadata(kind).filter(|_| is_changed) {
                Some(metadata) => {
                    let seen = format!(":seen_{name}");
                    write.when(format!("{name} = {seen}")).value(&seen, value_of(metadata)?)
                }
                None if is_changed => write.when(format!("attribute_not_exists({name})")),
                None => write,
            };
        }
        Ok(write)
    }
}

/// Whether a login is by the address that the profile has.
pub(super) fn has_address(login: &LoginName, profile: &Profile) -> bool {
    profile.email.as_ref().is_some_and(|address| address.as_str() == login.name)
}

/// Assignments and removals of an update, by placeholders: some names are words of DynamoDB's own.
#[derive(Default)]
struct Assignments {
    set: Vec<(&'static str, AttributeValue)>,
    removed: Vec<&'static str>,
}

impl Assignments {
    fn put(&mut self, name: &'static str, value: Option<AttributeValue>) {
        match value {
            Some(value) => self.set.push((name, value)),
            None => self.removed.push(name),
        }
    }

    /// The update of the profile, ending what was issued before where asked to.
    fn write(self, user: &UserId, ending: Option<Ending>, now: Timestamp) -> Write {
        let set: String = (0..self.set.len()).map(|index| format!(", #s{index} = :s{index}")).collect();
        let removed: Vec<_> = (0..self.removed.len()).map(|index| format!("#r{index}")).collect();
        let remove =
            if removed.is_empty() { String::new() } else { format!(" REMOVE {}", removed.join(", ")) };
        let mut write = match ending {
            Some(ending) => ending.write(user, now, &set, &remove),
            None => Write::update(&users::pk(user), PROFILE, format!("SET updated_at = :now{set}{remove}"))
                .when("attribute_exists(pk)")
                .value(":now", number(now.0)),
        };
        for (index, (name, value)) in self.set.into_iter().enumerate() {
            write = write.name(&format!("#s{index}"), name).value(&format!(":s{index}"), value);
        }
        for (index, name) in self.removed.into_iter().enumerate() {
            write = write.name(&format!("#r{index}"), name);
        }
        write
    }
}
