//! Identifiers as types, so that one cannot be passed for another.

use std::fmt;

use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};

use crate::rules::address::EmailAddress;
use crate::rules::policy::Factor;
use crate::rules::random::{ALPHANUMERIC, Random, RandomUnavailable};

macro_rules! string_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes text already known to be such an identifier (stored, sealed or seeded by us).
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

string_id! {
    /// A user, the `sub` of its tokens: `auth0|<24 hex>` or as imported.
    UserId
}
string_id! {
    /// An OAuth client (RFC 6749 §2.2).
    ClientId
}
string_id! {
    /// An authenticator: `<prefix>|dev_<16 alphanumerics>` (contract §4).
    AuthenticatorId
}
string_id! {
    /// The id of one `mfa_token` or `/mfa/` access token: the login whose MFA state it names.
    Jti
}
string_id! {
    /// A security notice on its way. Not a secret.
    NoticeId
}
string_id! {
    /// A mail with a link on its way. Not a secret.
    MailId
}
string_id! {
    /// A key generation: names a root or a signing key in tokens and stored items.
    Kid
}
string_id! {
    /// One sign-in's refresh tokens: 22 alphanumerics. Known only to who had one of them.
    FamilyId
}
string_id! {
    /// What one challenge is about: changes with every code sent, so that only the newest code opens it.
    Nonce
}

string_id! {
    /// What both channels of a phone, and an app, are called by themselves: `dev_<16 alphanumerics>`.
    DeviceId
}

/// Length of a `client_id` that is made here.
const CLIENT_ID_CHARACTERS: usize = 32;
/// Longest `client_id` that is looked up, in bytes; longer is an unknown client.
pub const CLIENT_ID_BYTES_MAX: usize = 64;

impl ClientId {
    /// Takes a `client_id` as a client sent it; `None` when it cannot be one, which callers treat as unknown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed =
            (1..=CLIENT_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        well_formed.then(|| Self(text.to_owned()))
    }

    /// A new id.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate(random: &Random) -> Result<Self, RandomUnavailable> {
        random.string(ALPHANUMERIC, CLIENT_ID_CHARACTERS).map(Self)
    }
}

/// What an authenticator id begins with (contract §4): it tells the kind without a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticatorPrefix {
    /// Codes by email.
    Email,
    /// Codes by SMS.
    Sms,
    /// Codes by voice call.
    Voice,
    /// Time-based codes of an app.
    Totp,
    /// The recovery code, which is listed as an authenticator.
    RecoveryCode,
}

impl AuthenticatorPrefix {
    /// The word in front of the bar.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery-code",
        }
    }
}

const DEVICE_CHARACTERS: usize = 16;

impl AuthenticatorId {
    /// A new id of the given kind.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate(prefix: AuthenticatorPrefix, random: &Random) -> Result<Self, RandomUnavailable> {
        let device = random.string(ALPHANUMERIC, DEVICE_CHARACTERS)?;
        Ok(Self(format!("{}|dev_{device}", prefix.as_str())))
    }

    /// The stable id of the authenticator that a verified address is by itself: it derives from user and address,
    /// so a change of address leaves the old one's challenges without an owner (design §5). Not a secret.
    #[must_use]
    pub fn implicit_email(user: &UserId, address: &EmailAddress) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in ["postern implicit email", user.as_str(), address.as_str()] {
            context.update(part.as_bytes());
            context.update(&[0]);
        }
        let hex = HEXLOWER.encode(context.finish().as_ref());
        let device: String = hex.chars().take(DEVICE_CHARACTERS).collect();
        Self(format!("{}|dev_{device}", AuthenticatorPrefix::Email.as_str()))
    }

    /// The factor of its kind, by what it begins with.
    #[must_use]
    pub fn factor(&self) -> Option<Factor> {
        match self.0.split_once('|')?.0 {
            "email" => Some(Factor::Email),
            // Calls are the phone factor's as well.
            "sms" | "voice" => Some(Factor::Sms),
            "totp" => Some(Factor::Otp),
            "recovery-code" => Some(Factor::RecoveryCode),
            _ => None,
        }
    }

    /// Takes an id as a client sent it (already percent-decoded); `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, device) = text.split_once('|')?;
        let known = ["email", "sms", "voice", "totp", "recovery-code", "push"].contains(&prefix);
        (known && DeviceId::parse(device).is_some()).then(|| Self(text.to_owned()))
    }

    /// What stands behind the bar: the same for both channels of a phone.
    #[must_use]
    pub fn device(&self) -> &str {
        self.0.split_once('|').map_or(&self.0, |(_, device)| device)
    }

    /// The same phone by its other channel: `voice|dev_x` of `sms|dev_x`, and back. Others have none.
    #[must_use]
    pub fn twin(&self) -> Option<Self> {
        let (prefix, device) = self.0.split_once('|')?;
        let other = match prefix {
            "sms" => AuthenticatorPrefix::Voice,
            "voice" => AuthenticatorPrefix::Sms,
            _ => return None,
        };
        Some(Self(format!("{}|{device}", other.as_str())))
    }

    /// Whether this is `other`, or its twin.
    #[must_use]
    pub fn is_same_device(&self, other: &Self) -> bool {
        self == other || self.twin().as_ref() == Some(other)
    }

    /// The id that stands for the device: an `sms|` one for both twins.
    #[must_use]
    pub fn of_device(&self) -> Self {
        match self.twin() {
            Some(sms) if self.0.starts_with("voice|") => sms,
            _ => self.clone(),
        }
    }
}

impl DeviceId {
    /// Takes an id as a client sent it; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let characters = text.strip_prefix("dev_")?;
        let well_formed =
            (1..=64).contains(&characters.len()) && characters.bytes().all(|b| b.is_ascii_alphanumeric());
        well_formed.then(|| Self(text.to_owned()))
    }
}

/// Length of an id that is random as a whole: 130 bits (SEC-25 asks for 128).
const RANDOM_ID_CHARACTERS: usize = 22;

macro_rules! random_ids {
    ($($name:ident),*) => {
        $(impl $name {
            /// A new one, of 130 bits.
            ///
            /// # Errors
            /// When the operating system gives no randomness.
            pub fn generate(random: &Random) -> Result<Self, RandomUnavailable> {
                random.string(ALPHANUMERIC, RANDOM_ID_CHARACTERS).map(Self)
            }
        })*
    };
}

random_ids!(Jti, FamilyId, Nonce, NoticeId, MailId, Kid);

fn is_random_id(text: &str) -> bool {
    text.len() == RANDOM_ID_CHARACTERS && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl FamilyId {
    /// Length of each, in bytes.
    pub const BYTES: usize = RANDOM_ID_CHARACTERS;

    /// Takes an id as it stands in a token; `None` when it cannot be one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_random_id(text).then(|| Self(text.to_owned()))
    }
}

impl MailId {
    /// Takes an id as a client sent it; `None` when it cannot be one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_random_id(text).then(|| Self(text.to_owned()))
    }
}

impl Kid {
    /// Takes a kid as it stands in a token; `None` when it cannot be one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        well_formed.then(|| Self(text.to_owned()))
    }
}

/// Longest user id that is looked up, in bytes.
pub const USER_ID_BYTES_MAX: usize = 128;
/// Longest part behind the bar that an operator may choose.
pub const USER_NAME_BYTES_MAX: usize = 64;

impl UserId {
    /// Takes an id as a client sent it (already percent-decoded); `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed =
            (1..=USER_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The id with a part that an operator chose: letters, digits and `-._@|`. What stands before the bar keeps it apart
    /// from the subject of a client's own token (`<client_id>@clients`).
    #[must_use]
    pub fn chosen(name: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._@|".contains(&b);
        let well_formed = (1..=USER_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(allowed);
        well_formed.then(|| Self(format!("auth0|{name}")))
    }

    /// What stands behind the bar.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('|').map_or(&self.0, |(_, name)| name)
    }

    /// A new id in Auth0's shape.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate(random: &Random) -> Result<Self, RandomUnavailable> {
        random.string(b"0123456789abcdef", 24).map(|hex| Self(format!("auth0|{hex}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// design §8: ids arrive percent-decoded and are validated by pattern before use.
    #[test]
    fn authenticator_ids_are_checked_by_pattern() {
        assert!(AuthenticatorId::parse("email|dev_abcDEF0123456789").is_some());
        for bad in [
            "",
            "email",
            "email|",
            "email|dev_",
            "email|dev_a#b",
            "mail|dev_abc",
            "email|dev_a/b",
            "email|dev_é",
        ] {
            assert!(AuthenticatorId::parse(bad).is_none(), "{bad}");
        }
    }

    /// design §3: what becomes a key is bounded first; what an operator chooses never looks like a client.
    #[test]
    fn user_ids_are_bounded() {
        assert_eq!(UserId::parse("auth0|x").unwrap().name(), "x");
        for bad in ["", "a b", "auth0|\n", "auth0|é", &"a".repeat(129)] {
            assert!(UserId::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(UserId::chosen("app@clients"), Some(UserId::new("auth0|app@clients")));
        for bad in ["", "a b", "a/b", "a#b", "é", &"a".repeat(65)] {
            assert!(UserId::chosen(bad).is_none(), "{bad}");
        }
    }

    /// Contract §3: the channels of one phone share the device part.
    #[test]
    fn twins_are_one_device() {
        let id = AuthenticatorId::new;
        let (sms, voice) = (id("sms|dev_a"), id("voice|dev_a"));
        assert_eq!((sms.twin(), voice.twin()), (Some(voice.clone()), Some(sms.clone())));
        assert!(sms.is_same_device(&voice) && voice.is_same_device(&sms) && sms.is_same_device(&sms));
        assert_eq!((sms.of_device(), voice.of_device()), (sms.clone(), sms.clone()));
        assert_eq!(id("email|dev_a").twin(), None);
        assert_eq!(id("email|dev_a").of_device(), id("email|dev_a"));
        assert!(!id("email|dev_a").is_same_device(&sms) && !id("sms|dev_b").is_same_device(&sms));
    }

    /// design §5: the implicit authenticator's id changes with the address and with the user.
    #[test]
    fn the_implicit_id_derives_from_user_and_address() {
        let address = |text| EmailAddress::parse(text).unwrap();
        let id = |user: &str, mail| AuthenticatorId::implicit_email(&UserId::new(user), &address(mail));
        assert_eq!(id("auth0|1", "a@example.com"), id("auth0|1", "a@example.com"));
        assert_ne!(id("auth0|1", "a@example.com"), id("auth0|1", "b@example.com"));
        assert_ne!(id("auth0|1", "a@example.com"), id("auth0|2", "a@example.com"));
        assert!(AuthenticatorId::parse(id("auth0|1", "a@example.com").as_str()).is_some());
    }
}
