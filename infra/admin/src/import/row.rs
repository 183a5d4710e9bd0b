//! A row of Auth0's user export, of its bulk import, or of its export of password hashes.

use data_encoding::HEXLOWER;
use postern::id::UserId;
use postern::rules::address::EmailAddress;
use postern::rules::metadata::UserMetadata;
use postern::rules::passwordless::Connection;
use postern::rules::phone::PhoneNumber;
use postern::store::logins::{DEFAULT_CONNECTION, LoginName, PasswordHash};
use postern::store::user_changes::ProfileText;
use postern::store::user_life::NewLogin;
use postern::store::users::Profile;
use postern::time::Timestamp;
use postern::token::foreign::ForeignHash;
use postern::token::vouched::Reaches;
use postern::wire::management::instant_of;
use ring::digest;
use serde_json::{Map, Value};

use super::reason::Reason;
use super::{factors, hash};

/// What Auth0 notes of a user's past, or says twice: nothing of it is missed.
const PASSED_OVER: [&str; 12] = [
    "_tmp_is_unique",
    "connection",
    "email_lower",
    "identifiers",
    "last_ip",
    "last_login",
    "last_password_reset",
    "logins_count",
    "password_set_date",
    "phone_verified",
    "tenant",
    "updated_at",
];
const ID_CHARACTERS: usize = 24;

/// A user as a row has it.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) profile: Profile,
    pub(crate) logins: Vec<NewLogin>,
    pub(crate) factors: Vec<Reaches>,
    /// The cost of the password's hash, where it is bcrypt's.
    pub(crate) bcrypt_cost: Option<u64>,
    /// Properties that Postern has no place for.
    pub(crate) left_out: Vec<String>,
}

impl Incoming {
    pub(crate) fn has_password(&self) -> bool {
        self.logins.iter().any(|login| login.password_hash.is_some())
    }
}

/// What is said of a row beside whether it is taken.
pub(crate) struct Read {
    /// The id, if it is one.
    pub(crate) user_id: Option<UserId>,
    pub(crate) incoming: Result<Box<Incoming>, Reason>,
}

/// Reads a row. Whoever has no id in it gets one that follows from the address, so that it is the same when the row is
/// read again.
pub(crate) fn read(json: &[u8], now: Timestamp, accepts_lost_factors: bool) -> Read {
    let Ok(Value::Object(members)) = serde_json::from_slice(json) else {
        return Read { user_id: None, incoming: Err(Reason::NotAnObject) };
    };
    let named = named(&members);
    let user_id = named.as_ref().ok().cloned().flatten();
    let incoming = named.and_then(|id| Row::of(&members, now)?.incoming(id, now, accepts_lost_factors));
    let incoming = incoming.map(Box::new);
    let made = incoming.as_ref().ok().map(|incoming| incoming.profile.user_id.clone());
    Read { user_id: user_id.or(made), incoming }
}

/// The id that a row names. Auth0 puts its provider before the id of an import that has none, and its export of hashes
/// writes ids as MongoDB does.
fn named(members: &Map<String, Value>) -> Result<Option<UserId>, Reason> {
    let value = ["user_id", "_id"].into_iter().find_map(|name| members.get(name).filter(|it| !it.is_null()));
    let Some(value) = value else { return Ok(None) };
    let text = value.as_str().or_else(|| value.get("$oid")?.as_str()).ok_or(Reason::UserId)?;
    let (provider, name) = text.split_once('|').unwrap_or(("auth0", text));
    let id = UserId::chosen(name).ok_or(Reason::UserId)?;
    match (provider, Connection::parse(provider)) {
        ("auth0", _) => Ok(Some(id)),
        (_, Some(_)) => Ok(Some(UserId::new(text))),
        _ => Err(Reason::Provider),
    }
}

/// What the properties of a row say, each of its type and within its bounds.
#[derive(Default)]
struct Row {
    email: Option<EmailAddress>,
    is_verified: bool,
    is_blocked: bool,
    phone: Option<PhoneNumber>,
    texts: Vec<(ProfileText, String)>,
    user_metadata: Option<UserMetadata>,
    app_metadata: Option<UserMetadata>,
    created_at: Option<Timestamp>,
    hash: Option<ForeignHash>,
    factors: Vec<Reaches>,
    /// Connections without password, beside the one that the id tells of.
    identities: Vec<(Connection, Option<String>)>,
    /// Whether Auth0 asked the user for a second factor.
    had_factors: bool,
    left_out: Vec<String>,
}

impl Row {
    fn of(members: &Map<String, Value>, now: Timestamp) -> Result<Self, Reason> {
        let mut row = Self::default();
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            row.take(name, value, now)?;
        }
        Ok(row)
    }

    fn take(&mut self, name: &str, value: &Value, now: Timestamp) -> Result<(), Reason> {
        match name {
            "user_id" | "_id" => {}
            "email" => {
                let address = EmailAddress::parse(text("email", value)?).ok_or(Reason::Email)?;
                self.email = Some(address);
            }
            "email_verified" => self.is_verified = truth("email_verified", value)?,
            "blocked" => self.is_blocked = truth("blocked", value)?,
            "phone_number" => {
                let number = PhoneNumber::parse(text("phone_number", value)?);
                self.phone = Some(number.map_err(|_| Reason::PhoneNumber)?);
            }
            "user_metadata" => self.user_metadata = metadata("user_metadata", value)?,
            "app_metadata" => self.app_metadata = metadata("app_metadata", value)?,
            "created_at" => self.created_at = Some(created_at(value)?.min(now)),
            "password_hash" | "passwordHash" => self.take_hash(hash::own(value)?)?,
            "custom_password_hash" => self.take_hash(hash::custom(value)?)?,
            "mfa_factors" => self.factors = factors::factors(value)?,
            "identities" => self.take_identities(value),
            "multifactor" if !is_empty(value) => self.had_factors = true,
            name if PASSED_OVER.contains(&name) => {}
            name => match ProfileText::ALL.into_iter().find(|text| text.as_str() == name) {
                Some(property) => self.take_text(property, value)?,
                None if is_empty(value) => {}
                None => self.left_out.push(name.to_owned()),
            },
        }
        Ok(())
    }

    fn take_hash(&mut self, hash: ForeignHash) -> Result<(), Reason> {
        if self.hash.replace(hash).is_some() { Err(Reason::TwoHashes) } else { Ok(()) }
    }

    fn take_text(&mut self, property: ProfileText, value: &Value) -> Result<(), Reason> {
        let words = text(property.as_str(), value)?;
        // An import writes what it has nothing to say of as empty.
        if words.is_empty() {
            return Ok(());
        }
        if property.flaw(words).is_some() {
            return Err(Reason::Text(property.as_str()));
        }
        self.texts.push((property, words.to_owned()));
        Ok(())
    }

    /// Accounts that were linked: codes by mail and SMS are ways to sign in, other providers are not here.
    fn take_identities(&mut self, value: &Value) {
        for identity in value.as_array().into_iter().flatten() {
            match identity.get("provider").and_then(Value::as_str) {
                Some("auth0") | None => {}
                Some(provider) => match Connection::parse(provider) {
                    Some(connection) => self.identities.push((connection, profile_of(identity))),
                    None => self.left_out.push("identities".to_owned()),
                },
            }
        }
    }

    fn incoming(
        self,
        named: Option<UserId>,
        now: Timestamp,
        accepts_lost_factors: bool,
    ) -> Result<Incoming, Reason> {
        let user_id = match (named, &self.email) {
            (Some(id), _) => id,
            (None, Some(address)) => id_of(address),
            (None, None) => return Err(Reason::NoLogin),
        };
        if self.had_factors && self.factors.is_empty() && !accepts_lost_factors {
            return Err(Reason::FactorsMissing);
        }
        let logins = self.logins(&user_id)?;
        let left_out = self.left_out(&logins);
        let bcrypt_cost = self.hash.as_ref().and_then(|hash| hash.bcrypt_cost);
        let mut profile = Profile {
            email: self.email,
            email_verified: self.is_verified,
            blocked: self.is_blocked,
            user_metadata: self.user_metadata,
            app_metadata: self.app_metadata,
            created_at: self.created_at.unwrap_or(now),
            // Nothing was issued here yet. If an earlier user of the id was, it ends.
            tokens_valid_after: Some(Timestamp(now.0.saturating_sub(1))),
            ..Profile::new(user_id, now)
        };
        for (property, words) in self.texts {
            *place(&mut profile, property) = Some(words);
        }
        Ok(Incoming { profile, logins, factors: self.factors, bcrypt_cost, left_out })
    }

    /// What the row has and the user will not, by the property.
    fn left_out(&self, logins: &[NewLogin]) -> Vec<String> {
        let has = |connection: Connection| logins.iter().any(|it| it.name.connection == connection.as_str());
        let has_password = logins.iter().any(|login| login.password_hash.is_some());
        let lost = [
            ("phone_number", self.phone.is_some() && !has(Connection::Sms)),
            ("password_hash", self.hash.is_some() && !has_password),
            ("multifactor", self.had_factors && self.factors.is_empty()),
            ("identities", self.identities.iter().any(|(connection, _)| !has(*connection))),
        ];
        let mut left_out = self.left_out.clone();
        left_out.extend(lost.into_iter().filter(|(_, is_lost)| *is_lost).map(|(name, _)| name.to_owned()));
        left_out.sort_unstable();
        left_out.dedup();
        left_out
    }

    /// The ways to sign in: by password as the id tells, by codes as the id or a linked account does.
    fn logins(&self, user_id: &UserId) -> Result<Vec<NewLogin>, Reason> {
        let own = user_id.as_str().split_once('|').and_then(|(provider, _)| Connection::parse(provider));
        let mut logins = Vec::new();
        if own.is_none() {
            let address = self.email.as_ref().ok_or(Reason::NoLogin)?;
            let password_hash = self.hash.as_ref().map(|hash| PasswordHash(hash.hash.0.clone()));
            let name = LoginName::new(DEFAULT_CONNECTION, address.as_str());
            logins.push(NewLogin { name, password_hash });
        }
        for connection in [Connection::Email, Connection::Sms] {
            let to = match connection {
                Connection::Email => self.email.as_ref().map(EmailAddress::as_str),
                Connection::Sms => self.phone.as_ref().map(PhoneNumber::as_str),
            };
            if own != Some(connection) && !self.is_linked(connection, to) {
                continue;
            }
            let name = LoginName::new(connection.as_str(), to.ok_or(Reason::NoLogin)?);
            logins.push(NewLogin { name, password_hash: None });
        }
        Ok(logins)
    }
}

impl Row {
    /// Whether a linked account is to that very address or number: another one must not open the user's account.
    fn is_linked(&self, connection: Connection, to: Option<&str>) -> bool {
        let is_same = |said: &str| to.is_some_and(|to| said.to_lowercase() == to);
        let mut linked = self.identities.iter().filter(|(linked, _)| *linked == connection);
        linked.any(|(_, said)| said.as_deref().is_some_and(is_same))
    }
}

/// The address or number of a linked account.
fn profile_of(identity: &Value) -> Option<String> {
    let profile = identity.get("profileData")?;
    let said = profile.get("email").or_else(|| profile.get("phone_number"))?;
    said.as_str().map(ToOwned::to_owned)
}

fn id_of(address: &EmailAddress) -> UserId {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"postern import\0");
    context.update(address.as_str().as_bytes());
    let hex = HEXLOWER.encode(context.finish().as_ref());
    UserId::new(format!("auth0|{}", hex.chars().take(ID_CHARACTERS).collect::<String>()))
}

fn place(profile: &mut Profile, property: ProfileText) -> &mut Option<String> {
    match property {
        ProfileText::Name => &mut profile.name,
        ProfileText::Nickname => &mut profile.nickname,
        ProfileText::GivenName => &mut profile.given_name,
        ProfileText::FamilyName => &mut profile.family_name,
        ProfileText::Picture => &mut profile.picture,
    }
}

fn text<'a>(property: &'static str, value: &'a Value) -> Result<&'a str, Reason> {
    value.as_str().ok_or(Reason::WrongType { property, expected: "a string" })
}

fn truth(property: &'static str, value: &Value) -> Result<bool, Reason> {
    value.as_bool().ok_or(Reason::WrongType { property, expected: "true or false" })
}

fn metadata(property: &'static str, value: &Value) -> Result<Option<UserMetadata>, Reason> {
    let members = value.as_object().ok_or(Reason::WrongType { property, expected: "an object" })?;
    let metadata = UserMetadata::new(members.clone()).ok_or(Reason::Metadata(property))?;
    Ok(Some(metadata).filter(|metadata| !metadata.is_empty()))
}

/// As text, or as MongoDB writes it.
fn created_at(value: &Value) -> Result<Timestamp, Reason> {
    let text = value.as_str().or_else(|| value.get("$date")?.as_str());
    text.and_then(instant_of).ok_or(Reason::CreatedAt)
}

/// What says nothing is not missed.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}
