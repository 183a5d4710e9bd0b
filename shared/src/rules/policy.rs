//! What the tenant allows: factors switched on or off, and when the second one is asked for.

use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::limit::Limits;
use super::notice::NoticeSwitches;
use super::passwordless::PasswordlessSwitches;
use super::settings::Lifetimes;

/// A factor as the Management API names it, in the order it lists them (contract §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Factor {
    /// Codes by SMS, and by call where the tenant has the voice channel on: the phone.
    Sms,
    /// Push to a phone app.
    PushNotification,
    /// Codes of an authenticator app.
    Otp,
    /// Codes by email.
    Email,
    /// Duo.
    Duo,
    /// Security keys.
    WebauthnRoaming,
    /// Device biometrics.
    WebauthnPlatform,
    /// Recovery codes.
    RecoveryCode,
}

impl Factor {
    /// All, in the order they are listed.
    pub const ALL: [Self; 8] = [
        Self::Sms,
        Self::PushNotification,
        Self::Otp,
        Self::Email,
        Self::Duo,
        Self::WebauthnRoaming,
        Self::WebauthnPlatform,
        Self::RecoveryCode,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::PushNotification => "push-notification",
            Self::Otp => "otp",
            Self::Email => "email",
            Self::Duo => "duo",
            Self::WebauthnRoaming => "webauthn-roaming",
            Self::WebauthnPlatform => "webauthn-platform",
            Self::RecoveryCode => "recovery-code",
        }
    }

    /// The factor of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|factor| factor.as_str() == name)
    }

    /// Whether this version of Postern has it: what it lacks can be switched off but not on.
    #[must_use]
    pub fn is_available(self) -> bool {
        matches!(self, Self::Sms | Self::Otp | Self::Email | Self::RecoveryCode)
    }
}

/// Calls are the phone factor's as well.
impl From<Channel> for Factor {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Sms | Channel::Voice => Self::Sms,
        }
    }
}

/// Which factors are on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factors(Vec<Factor>);

impl Default for Factors {
    fn default() -> Self {
        Self(vec![Factor::Otp, Factor::Email, Factor::RecoveryCode])
    }
}

impl Factors {
    /// Whether a factor is on.
    #[must_use]
    pub fn has(&self, factor: Factor) -> bool {
        self.0.contains(&factor)
    }

    /// Switches a factor.
    pub fn set(&mut self, factor: Factor, on: bool) {
        self.0.retain(|other| *other != factor);
        if on {
            self.0.push(factor);
        }
    }
}

/// When the second factor is asked for (contract §6 `/guardian/policies`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MfaPolicy {
    /// Never.
    Never,
    /// At every sign-in.
    #[default]
    AllApplications,
}

impl MfaPolicy {
    /// The policy of that word: `never` or `all-applications`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "never" => Some(Self::Never),
            "all-applications" => Some(Self::AllApplications),
            _ => None,
        }
    }
}

/// Who delivers text messages and calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmsProvider {
    /// AWS End User Messaging, with the deployment's numbers.
    #[default]
    Aws,
    /// Twilio, with the account that the Management API was given.
    Twilio,
}

impl SmsProvider {
    /// Their words among the settings.
    pub const WORDS: [&str; 2] = ["aws", "twilio"];

    /// Its word among the settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Twilio => "twilio",
        }
    }

    /// The provider of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Aws, Self::Twilio].into_iter().find(|provider| provider.as_str() == word)
    }
}

/// The most work of a bcrypt hash that is taken, as the logarithm of its rounds: a second or so of a sign-in.
pub const BCRYPT_COST_MAX: u64 = 14;

/// The tenant's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantSettings {
    /// Which factors are on.
    pub factors: Factors,
    /// When the second factor is asked for.
    pub policy: MfaPolicy,
    /// Limits (design §6).
    pub limits: Limits,
    /// Lifetimes, and the length of codes.
    pub lifetimes: Lifetimes,
    /// Whether the phone factor can call as well as text.
    pub voice: bool,
    /// Who delivers text messages and calls.
    pub sms_provider: SmsProvider,
    /// The countries SMS and calls go to, by their ISO 3166 letters; every one when unset.
    pub countries: Option<Vec<String>>,
    /// The domain an SMS binds its code to.
    pub web_otp_domain: Option<String>,
    /// The language of messages when neither request nor user names one (BCP 47); English when unset.
    pub default_language: Option<String>,
    /// Whether `mfa_required` says which factors may be challenged or enrolled (contract §1.3).
    pub mfa_requirements: bool,
    /// Which security notices are sent.
    pub notices: NoticeSwitches,
    /// By which connections users may sign in without password.
    pub passwordless: PasswordlessSwitches,
    /// Whether anybody may sign up. Off by default: it lets strangers write users, and mails to whom they like.
    pub signup: bool,
    /// The greatest cost of the bcrypt hashes that users moved in with; 0 where there are none (SEC-35).
    pub bcrypt_cost: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switching_a_factor_twice_changes_nothing_more() {
        let mut factors = Factors::default();
        factors.set(Factor::Email, false);
        factors.set(Factor::Email, false);
        assert!(!factors.has(Factor::Email) && factors.has(Factor::Otp));
        factors.set(Factor::Email, true);
        factors.set(Factor::Email, true);
        factors.set(Factor::Email, false);
        assert!(!factors.has(Factor::Email));
    }
}
