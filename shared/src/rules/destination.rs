//! Where a code is sent, and by which channel.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::address::EmailAddress;
use super::limit::{Bucket, Limits, Window};
use super::mask::{mask_email, mask_phone};
use super::phone::PhoneNumber;
use super::policy::{Factor, TenantSettings};
use crate::id::AuthenticatorPrefix;
use crate::rules::channel::Channel;

/// An address or number without its channel: whoever gets what is sent there has one factor, by text as by call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(String);

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place(…)")
    }
}

/// A channel with its address or number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// By email.
    Email(EmailAddress),
    /// By text message.
    Sms(PhoneNumber),
    /// By a call.
    Voice(PhoneNumber),
}

impl Destination {
    /// The channel.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Sms(_) => Channel::Sms,
            Self::Voice(_) => Channel::Voice,
        }
    }

    /// What the ids of its authenticators begin with.
    #[must_use]
    pub fn prefix(&self) -> AuthenticatorPrefix {
        match self {
            Self::Email(_) => AuthenticatorPrefix::Email,
            Self::Sms(_) => AuthenticatorPrefix::Sms,
            Self::Voice(_) => AuthenticatorPrefix::Voice,
        }
    }

    /// The address or number, for delivery and MACs; never for a log. Both channels of a phone have the same.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(address) => address.as_str(),
            Self::Sms(number) | Self::Voice(number) => number.as_str(),
        }
    }

    /// The address or number by itself.
    #[must_use]
    pub fn place(&self) -> Place {
        Place(self.as_str().to_owned())
    }

    /// As it is listed (contract §4).
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Email(address) => mask_email(address.as_str()),
            Self::Sms(number) | Self::Voice(number) => mask_phone(number.as_str()),
        }
    }

    /// The number, when it is a phone.
    #[must_use]
    pub fn phone(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Email(_) => None,
            Self::Sms(number) | Self::Voice(number) => Some(number),
        }
    }

    /// The same phone by its other channel.
    #[must_use]
    pub fn twin(&self) -> Option<Self> {
        match self {
            Self::Email(_) => None,
            Self::Sms(number) => Some(Self::Voice(number.clone())),
            Self::Voice(number) => Some(Self::Sms(number.clone())),
        }
    }

    /// What the tenant has switched off of what this needs, by its name in refusals (contract A3 "factor switched
    /// off"). The factor `sms` is the phone, as in Auth0; calling it needs the voice channel besides.
    #[must_use]
    pub fn switched_off(&self, settings: &TenantSettings) -> Option<&'static str> {
        let factor = match self {
            Self::Email(_) => Factor::Email,
            Self::Sms(_) | Self::Voice(_) => Factor::Sms,
        };
        if !settings.factors.has(factor) {
            return Some(factor.as_str());
        }
        (matches!(self, Self::Voice(_)) && !settings.voice).then_some(VOICE)
    }

    /// The budgets of what is sent there: the user's, and the destination's own (SEC-22).
    #[must_use]
    pub fn budgets(&self, limits: &Limits) -> (Bucket, Window) {
        match self {
            Self::Email(_) => (limits.emails, limits.emails_per_destination),
            Self::Sms(_) | Self::Voice(_) => (limits.sms, limits.sms_per_destination),
        }
    }

    /// Whether the tenant sends to this country (SEC-22). Addresses have none.
    #[must_use]
    pub fn is_in_allowed_country(&self, settings: &TenantSettings) -> bool {
        let allowed = |number: &PhoneNumber| {
            let countries = settings.countries.as_ref();
            countries.is_none_or(|countries| countries.iter().any(|code| code == number.country().as_str()))
        };
        self.phone().is_none_or(allowed)
    }
}

/// The voice channel's name in refusals.
const VOICE: &str = "voice";
