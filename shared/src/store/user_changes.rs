//! Users as an operator makes, changes and deletes them, each time with their logins in one transaction: an address is
//! unique because its login item is, so a user without it, or an address that leads to nobody, never exists.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use serde_json::{Map, Value};

use super::accounts::Ending;
use super::expression::{Write, number, text, value_of};
use super::logins::{Login, LoginName, PasswordHash};
use super::users::{self, PROFILE, Profile, profile_of};
use super::{DECISION_TRIES, NotWritten, Outcome, RefusedStep, Store, StoreError, read};
use crate::id::UserId;
use crate::rules::address::EmailAddress;
use crate::rules::metadata::UserMetadata;
use crate::time::Timestamp;

/// Writes that a transaction holds.
const TRANSACTION_MAX: usize = 100;

/// A login to be created with its user.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// What it is known by.
    pub name: LoginName,
    /// Absent where codes take the password's place.
    pub password_hash: Option<PasswordHash>,
}

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
}

/// What changes of a user; what is not named stays.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Words, taken away by `None`.
    pub texts: Vec<(ProfileText, Option<String>)>,
    /// The address. The logins that have the old one move with it, and it is not verified unless that is said too.
    pub email: Option<EmailAddress>,
    /// Whether the user proved to own the address.
    pub email_verified: Option<bool>,
    /// Blocking ends what was issued; unblocking does not bring it back (SEC-42).
    pub blocked: Option<bool>,
    /// Members of the metadata, merged on the first level and taken away by null; none at all clears it.
    pub user_metadata: Option<Map<String, Value>>,
}

/// Names and addresses are nobody's business in a log.
impl std::fmt::Debug for UserChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserChange").field("blocked", &self.blocked).finish_non_exhaustive()
    }
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed {
    /// Written; the profile as it is now.
    Done(Box<Profile>),
    /// There is no such user.
    NoSuchUser,
    /// The address is somebody else's.
    AddressTaken,
    /// The metadata would not fit.
    MetadataDoesNotFit,
}

/// The members of the transactions here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UserStep {
    Profile,
    OldLogin,
    NewLogin,
    Other,
}

impl Store {
    /// Creates a user with its logins: `false`, and nothing written, when the id or one of the addresses is taken.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_user(&self, profile: &Profile, logins: &[NewLogin]) -> Result<bool, StoreError> {
        let user_id = &profile.user_id;
        let profile =
            Profile { logins: logins.iter().map(|login| login.name.clone()).collect(), ..profile.clone() };
        let new = "attribute_not_exists(pk)";
        let mut steps =
            vec![(UserStep::Profile, Write::put(&users::pk(user_id), PROFILE, &profile)?.when(new))];
        for NewLogin { name, password_hash } in logins {
            let login = Login { user_id: user_id.clone(), password_hash: password_hash.clone() };
            steps.push((UserStep::NewLogin, Write::put(name.key().pk(), "LOGIN", &login)?.when(new)));
        }
        match self.transact(&steps).await {
            Ok(()) => Ok(true),
            Err(NotWritten::Refused(_)) => Ok(false),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }

    /// Changes a user. What was read is a condition of the write wherever the change depends on it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change_user(
        &self,
        user: &UserId,
        change: &UserChange,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        for _ in 0..DECISION_TRIES {
            let Some(seen) = self.profile(user).await? else { return Ok(Changed::NoSuchUser) };
            let Some(profile) = change.write(&seen, now)? else { return Ok(Changed::MetadataDoesNotFit) };
            let Some(address) = change.new_address(&seen) else {
                if let Outcome::Done(item) = self.write(&profile).await? {
                    return profile_of(item).map(Box::new).map(Changed::Done);
                }
                continue;
            };
            // A login that is not there was moved since the profile was read.
            let Some(moves) = self.moves(&seen, address).await? else { continue };
            let steps: Vec<_> = std::iter::once((UserStep::Profile, profile)).chain(moves).collect();
            match self.transact(&steps).await {
                Ok(()) => return Ok(change.done(seen, now)),
                Err(NotWritten::Failed(error)) => return Err(error),
                Err(NotWritten::Refused(refused)) if is_taken(&refused) => return Ok(Changed::AddressTaken),
                Err(NotWritten::Refused(_)) => {}
            }
        }
        Err(StoreError::Busy)
    }

    /// The logins that have the user's address, each away from there and to the new one; `None` when one is missing.
    async fn moves(
        &self,
        seen: &Profile,
        address: &EmailAddress,
    ) -> Result<Option<Vec<(UserStep, Write)>>, StoreError> {
        let names: Vec<_> = seen.logins.iter().filter(|login| has_address(login, seen)).collect();
        let logins = names.iter().map(|name| async { self.login(&name.key()).await });
        let mut steps = Vec::new();
        for (name, login) in names.iter().zip(try_join_all(logins).await?) {
            let Some(login) = login else { return Ok(None) };
            let old = Write::delete(name.key().pk(), "LOGIN")
                .when("user_id = :user")
                .value(":user", text(seen.user_id.as_str()));
            // A password that is set meanwhile must not be lost.
            let old = match &login.password_hash {
                Some(hash) => old.when("password_hash = :hash").value(":hash", value_of(hash)?),
                None => old.when("attribute_not_exists(password_hash)"),
            };
            let to = LoginName::new(&name.connection, address.as_str());
            let new = Write::put(to.key().pk(), "LOGIN", &login)?.when("attribute_not_exists(pk)");
            steps.extend([(UserStep::OldLogin, old), (UserStep::NewLogin, new)]);
        }
        Ok(Some(steps))
    }

    /// Deletes a user with all logins, factors and refresh tokens; nothing happens where there is none. The profile
    /// goes in one transaction with the logins and the factors: without it nothing of the rest counts. Where that is
    /// more than a transaction holds, refresh tokens are deleted after it, and by a repetition when that fails.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete_user(&self, user: &UserId) -> Result<(), StoreError> {
        let pk = users::pk(user);
        for _ in 0..DECISION_TRIES {
            let (mut profile, mut others) = (None, Vec::new());
            // In the order of their keys: factors come before refresh tokens.
            for item in self.query(&pk, None).await? {
                match item.get("sk").and_then(|sk| sk.as_s().ok()) {
                    Some(sk) if sk == PROFILE => profile = Some(read::<Profile>(item)?),
                    Some(sk) => others.push((UserStep::Other, Write::delete(&pk, sk))),
                    None => {}
                }
            }
            let mut steps = profile.as_ref().map_or_else(|| Ok(Vec::new()), deletion)?;
            let room = TRANSACTION_MAX.saturating_sub(steps.len()).min(others.len());
            let rest = others.split_off(room);
            steps.extend(others);
            if self.all_done(&steps).await? {
                for chunk in rest.chunks(TRANSACTION_MAX) {
                    self.all_done(chunk).await?;
                }
                return Ok(());
            }
        }
        Err(StoreError::Busy)
    }

    /// Whether the steps were done; `false` when the user changed meanwhile.
    async fn all_done(&self, steps: &[(UserStep, Write)]) -> Result<bool, StoreError> {
        if steps.is_empty() {
            return Ok(true);
        }
        match self.transact(steps).await {
            Ok(()) => Ok(true),
            Err(NotWritten::Refused(_)) => Ok(false),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }
}

fn has_address(login: &LoginName, profile: &Profile) -> bool {
    profile.email.as_ref().is_some_and(|address| address.as_str() == login.name)
}

/// Whether a move was refused by the new address and by nothing else: the user is as it was read.
fn is_taken(refused: &[RefusedStep<UserStep>]) -> bool {
    refused.iter().all(|refused| refused.step == UserStep::NewLogin)
}

/// Deletes a profile with the logins and factors that were seen: one that came meanwhile must not stay behind.
fn deletion(profile: &Profile) -> Result<Vec<(UserStep, Write)>, StoreError> {
    let gone = Write::delete(&users::pk(&profile.user_id), PROFILE)
        .when("attribute_not_exists(active_authenticators) OR active_authenticators = :active")
        .when("attribute_not_exists(pending) OR pending = :pending")
        .when("attribute_not_exists(logins) OR logins = :logins")
        .value(":active", number(u64::from(profile.active_authenticators)))
        .value(":pending", value_of(&profile.pending)?)
        .value(":logins", value_of(&profile.logins)?);
    let login = |name: &LoginName| {
        let write = Write::delete(name.key().pk(), "LOGIN").when("user_id = :user");
        (UserStep::OldLogin, write.value(":user", text(profile.user_id.as_str())))
    };
    Ok(std::iter::once((UserStep::Profile, gone)).chain(profile.logins.iter().map(login)).collect())
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

impl UserChange {
    /// Changes a profile in memory, logins aside; `false` when the metadata does not fit.
    #[must_use]
    pub fn apply_to(&self, profile: &mut Profile) -> bool {
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
        if let Some(members) = &self.user_metadata {
            let Some(merged) = self.merged(profile, members) else { return false };
            profile.user_metadata = Some(merged).filter(|merged| !merged.is_empty());
        }
        true
    }

    /// What a move answers: the transaction does not say, and to read it again could fail after all is done.
    fn done(&self, seen: Profile, now: Timestamp) -> Changed {
        let mut profile = Profile { logins: self.moved(&seen), updated_at: now, ..seen };
        self.apply_to(&mut profile);
        Changed::Done(Box::new(profile))
    }

    /// The logins, those that have the old address with the new one.
    fn moved(&self, seen: &Profile) -> Vec<LoginName> {
        let mut logins = seen.logins.clone();
        if let Some(address) = self.new_address(seen) {
            for login in logins.iter_mut().filter(|login| has_address(login, seen)) {
                address.as_str().clone_into(&mut login.name);
            }
        }
        logins
    }

    /// The address, if it is another.
    fn new_address(&self, seen: &Profile) -> Option<&EmailAddress> {
        self.email.as_ref().filter(|address| seen.email.as_ref() != Some(address))
    }

    /// The metadata that there will be; `None` when it does not fit.
    fn merged(&self, seen: &Profile, members: &Map<String, Value>) -> Option<UserMetadata> {
        let none = UserMetadata::default();
        let before = seen.user_metadata.as_ref().unwrap_or(&none);
        if members.is_empty() { Some(none) } else { before.merged(members) }
    }

    /// The change of the profile; `None` when the metadata does not fit.
    fn write(&self, seen: &Profile, now: Timestamp) -> Result<Option<Write>, StoreError> {
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
        if let Some(members) = &self.user_metadata {
            let Some(merged) = self.merged(seen, members) else { return Ok(None) };
            let merged = (!merged.is_empty()).then(|| value_of(&merged)).transpose()?;
            assign.put("user_metadata", merged);
        }
        let ending = (self.blocked == Some(true)).then(|| Ending::of(seen, now));
        self.conditioned(assign.write(&seen.user_id, ending, now), seen).map(Some)
    }

    /// What the change depends on must be as it was read.
    fn conditioned(&self, mut write: Write, seen: &Profile) -> Result<Write, StoreError> {
        if self.new_address(seen).is_some() {
            write = write
                .when("attribute_not_exists(logins) OR logins = :seen_logins")
                .value(":seen_logins", value_of(&seen.logins)?);
            write = match &seen.email {
                Some(address) => write.when("email = :seen_email").value(":seen_email", value_of(address)?),
                None => write.when("attribute_not_exists(email)"),
            };
        }
        if self.user_metadata.is_some() {
            write = match &seen.user_metadata {
                Some(metadata) => {
                    write.when("user_metadata = :seen_metadata").value(":seen_metadata", value_of(metadata)?)
                }
                None => write.when("attribute_not_exists(user_metadata)"),
            };
        }
        Ok(write)
    }
}
