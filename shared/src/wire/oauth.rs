//! Bodies of `/oauth/token`, discovery and `/userinfo`.

use serde::{Deserialize, Serialize};

/// A grant of `/oauth/token` that Postern serves (contract §1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grant {
    /// Address and password.
    #[serde(rename = "password")]
    Password,
    /// Address and password, with the connection in `realm`.
    #[serde(rename = "http://auth0.com/oauth/grant-type/password-realm")]
    PasswordRealm,
    /// A code received by email, SMS or voice.
    #[serde(rename = "http://auth0.com/oauth/grant-type/mfa-oob")]
    MfaOob,
    /// A code of an authenticator app.
    #[serde(rename = "http://auth0.com/oauth/grant-type/mfa-otp")]
    MfaOtp,
    /// A recovery code.
    #[serde(rename = "http://auth0.com/oauth/grant-type/mfa-recovery-code")]
    MfaRecoveryCode,
    /// A client in its own name.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// What an earlier sign-in with `offline_access` left.
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// A code sent to the user's address or number, instead of a password.
    #[serde(rename = "http://auth0.com/oauth/grant-type/passwordless/otp")]
    PasswordlessOtp,
}

impl Grant {
    /// All grants, in the order discovery lists them.
    pub const ALL: [Self; 8] = [
        Self::ClientCredentials,
        Self::RefreshToken,
        Self::Password,
        Self::PasswordRealm,
        Self::PasswordlessOtp,
        Self::MfaOob,
        Self::MfaOtp,
        Self::MfaRecoveryCode,
    ];

    /// The value of `grant_type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::PasswordRealm => "http://auth0.com/oauth/grant-type/password-realm",
            Self::PasswordlessOtp => "http://auth0.com/oauth/grant-type/passwordless/otp",
            Self::MfaOob => "http://auth0.com/oauth/grant-type/mfa-oob",
            Self::MfaOtp => "http://auth0.com/oauth/grant-type/mfa-otp",
            Self::MfaRecoveryCode => "http://auth0.com/oauth/grant-type/mfa-recovery-code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }

    /// The grant named by a `grant_type` value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text)
    }
}

/// A successful answer of `/oauth/token` (contract §1.2).
#[derive(Serialize)]
pub struct TokenReply {
    /// The access token.
    pub access_token: String,
    /// With scope `openid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// With scope `offline_access`, and in answer to another refresh token: takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Only after a recovery code was used: the new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_code: Option<String>,
    /// What was granted; absent when nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Life of the access token, in seconds.
    pub expires_in: u64,
    /// Always `Bearer`.
    pub token_type: &'static str,
}
