//! Bodies of `/mfa/*` (contract §2 to §4).

use serde::Serialize;

use crate::rules::channel::Channel;

/// The answer of `/mfa/associate`.
#[derive(Serialize)]
#[serde(untagged)]
pub enum AssociateReply {
    /// A code was sent.
    Oob {
        /// `oob`.
        authenticator_type: &'static str,
        /// `prompt`: the user types the code.
        binding_method: &'static str,
        /// Only for a user not yet enrolled: exactly one.
        #[serde(skip_serializing_if = "Option::is_none")]
        recovery_codes: Option<[String; 1]>,
        /// Where the code went.
        oob_channel: Channel,
        /// Names the challenge.
        oob_code: String,
    },
    /// A secret for an authenticator app.
    Otp {
        /// `otp`.
        authenticator_type: &'static str,
        /// 32 base32 characters.
        secret: String,
        /// The same for a QR code.
        barcode_uri: String,
        /// Only for a user not yet enrolled: exactly one.
        #[serde(skip_serializing_if = "Option::is_none")]
        recovery_codes: Option<[String; 1]>,
    },
}

/// The answer of `/mfa/challenge`.
#[derive(Serialize)]
pub struct ChallengeReply {
    /// `otp` or `oob`.
    pub challenge_type: &'static str,
    /// Names the challenge; only `oob`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oob_code: Option<String>,
    /// `prompt`; only `oob`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding_method: Option<&'static str>,
}

/// One item of `GET /mfa/authenticators`.
#[derive(Serialize)]
pub struct AuthenticatorItem {
    /// `<prefix>|dev_…`.
    pub id: String,
    /// `otp`, `oob` or `recovery-code`.
    pub authenticator_type: &'static str,
    /// Whether it was confirmed.
    pub active: bool,
    /// The channel as a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oob_channel: Option<Channel>,
    /// The channel as an array of one: some SDKs read this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oob_channels: Option<[Channel; 1]>,
    /// The masked destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `email`, `phone`, `otp` or `recovery-code`: some SDKs drop items without it.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// The answer of `POST /mfa/recovery-code`, as the Management API gives it (contract §6).
#[derive(Serialize)]
pub struct RecoveryCodeReply<'a> {
    /// Shown once.
    pub recovery_code: &'a str,
}
