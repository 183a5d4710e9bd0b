//! Authenticators as they are stored: what they are, and whether they were confirmed.

use serde::{Deserialize, Serialize};

use super::limits::Counter;
use crate::id::{AuthenticatorId, Jti};
use crate::rules::address::EmailAddress;
use crate::rules::channel::PhoneChannel;
use crate::rules::destination::Destination;
use crate::rules::label::Label;
use crate::rules::phone::PhoneNumber;
use crate::rules::policy::Factor;
use crate::rules::recovery::RecoveryHash;
use crate::rules::totp::Algorithm;
use crate::time::Timestamp;

/// What kind of authenticator a pending one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthenticatorKind {
    /// Codes by email.
    Email,
    /// Codes by SMS or voice: one phone, whichever of its channels was asked for.
    Phone,
    /// Codes of an app.
    Otp,
}

/// An unconfirmed authenticator, as the profile lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its id; of the twins `sms|…` and `voice|…` the one that was asked for.
    pub id: AuthenticatorId,
    /// The login that began it, which alone can confirm or replace it.
    pub jti: Jti,
    /// Its kind.
    pub channel: AuthenticatorKind,
    /// HMAC of the destination, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// Where an authenticator's codes come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Source {
    /// Mailed to an address.
    Email {
        /// The address.
        destination: EmailAddress,
    },
    /// Texted to a phone.
    Sms {
        /// The number.
        destination: PhoneNumber,
    },
    /// Spoken to a phone.
    Voice {
        /// The number.
        destination: PhoneNumber,
    },
    /// Made by an app from a shared secret.
    Otp {
        /// The sealed secret.
        secret: SealedSecret,
        /// The hash function of RFC 6238.
        algorithm: Algorithm,
        /// The last time step used (SEC-14).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_step: Option<u64>,
    },
}

impl Source {
    /// Where codes are sent; `None` where an app makes them.
    #[must_use]
    pub fn destination(&self) -> Option<Destination> {
        match self {
            Self::Email { destination } => Some(Destination::Email(destination.clone())),
            Self::Sms { destination } => Some(Destination::Sms(destination.clone())),
            Self::Voice { destination } => Some(Destination::Voice(destination.clone())),
            Self::Otp { .. } => None,
        }
    }

    /// What kind of authenticator it makes.
    #[must_use]
    pub fn kind(&self) -> AuthenticatorKind {
        match self {
            Self::Email { .. } => AuthenticatorKind::Email,
            Self::Sms { .. } | Self::Voice { .. } => AuthenticatorKind::Phone,
            Self::Otp { .. } => AuthenticatorKind::Otp,
        }
    }
}

impl From<Destination> for Source {
    fn from(destination: Destination) -> Self {
        match destination {
            Destination::Email(destination) => Self::Email { destination },
            Destination::Sms(destination) => Self::Sms { destination },
            Destination::Voice(destination) => Self::Voice { destination },
        }
    }
}

/// A secret sealed under a root; never shown all the same.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedSecret(pub String);

impl std::fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedSecret(…)")
    }
}

/// When the last code was accepted of an authenticator that was never used.
pub const NEVER: Timestamp = Timestamp(0);

/// Whether an authenticator was confirmed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// Waiting for a code, with the token that began it (SEC-30).
    Pending {
        /// That token.
        jti: Jti,
        /// Becomes the user's when this is confirmed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery_hash: Option<RecoveryHash>,
        /// When it is over; also the TTL.
        expires_at: Timestamp,
    },
    /// Confirmed.
    Active {
        /// When its last code was accepted; [`NEVER`] where none was yet.
        last_used_at: Timestamp,
    },
}

/// What an operator noted of an authenticator. Only the choice between channels that were never used depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Label>,
    /// By which of its channels the owner of a phone would rather be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred: Option<PhoneChannel>,
}

/// An authenticator as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Authenticator {
    /// Its id.
    pub id: AuthenticatorId,
    /// When it was associated.
    pub created_at: Timestamp,
    /// Where its codes come from.
    #[serde(flatten)]
    pub source: Source,
    /// Whether it was confirmed.
    #[serde(flatten)]
    pub state: State,
    /// What an operator noted of it.
    #[serde(flatten)]
    pub labels: Labels,
}

impl Authenticator {
    /// Whether it was confirmed.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.state, State::Active { .. })
    }

    /// When its last code was accepted, if one ever was.
    #[must_use]
    pub fn last_used_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Active { last_used_at } => Some(last_used_at).filter(|at| *at != NEVER),
            State::Pending { .. } => None,
        }
    }

    /// The factor it belongs to.
    #[must_use]
    pub fn factor(&self) -> Factor {
        match self.source {
            Source::Email { .. } => Factor::Email,
            Source::Sms { .. } | Source::Voice { .. } => Factor::Sms,
            Source::Otp { .. } => Factor::Otp,
        }
    }

    /// Whose consecutive failures its wrong codes count for.
    #[must_use]
    pub fn counter(&self) -> Counter {
        match self.source {
            Source::Otp { .. } => Counter::Otp,
            _ => Counter::of(&self.id),
        }
    }
}
