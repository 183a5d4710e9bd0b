//! How a code reaches its user, and what for.

use serde::Serialize;

/// The channel of a code, as the wire names it (`oob_channel`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Email.
    Email,
    /// Text message.
    Sms,
    /// Phone call.
    Voice,
}

/// A channel of a phone, as the wire names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhoneChannel {
    /// Text message.
    Sms,
    /// Phone call.
    Voice,
}

impl PhoneChannel {
    /// The channel of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "sms" => Some(Self::Sms),
            "voice" => Some(Self::Voice),
            _ => None,
        }
    }
}

/// What is sent, for budgets that strangers can use up: each has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendPurpose {
    /// The code of an active authenticator.
    Verify,
    /// The code of one that is being enrolled, which may have anybody's number.
    Enrol,
    /// The code of a sign-in without password, which anybody may ask for.
    Passwordless,
}

impl SendPurpose {
    /// The word in keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Enrol => "enrol",
            Self::Passwordless => "passwordless",
        }
    }
}
