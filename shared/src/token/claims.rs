//! What our tokens say (contract A4, design §4).

use serde::{Deserialize, Serialize};

use crate::id::{AuthenticatorId, ClientId, Jti, Nonce, UserId};
use crate::rules::channel::Channel;
use crate::rules::destination::Place;
use crate::rules::scope::Scope;
use crate::time::Timestamp;

/// Life of an access token for the `/mfa/` audience, in seconds (contract A4).
pub const MFA_ACCESS_TOKEN_SECONDS: u64 = 600;
/// Life of an id token, in seconds.
pub const ID_TOKEN_SECONDS: u64 = 36_000;
/// Life of an access token where the API says nothing else, in seconds.
pub const ACCESS_TOKEN_SECONDS: u64 = 86_400;
/// The longest life an access token can have, in seconds: 30 days.
pub const ACCESS_TOKEN_SECONDS_MAX: u64 = 30 * 86_400;
/// How long ago MFA may have been for managing factors, in seconds (design §5).
pub const FRESH_MFA_SECONDS: u64 = 600;

/// The `acr` of tokens issued after MFA (contract §8).
pub const MULTI_FACTOR_ACR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/// `gty`: how the subject was authenticated; after MFA, how first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantedBy {
    /// `password` or `password-realm`.
    Password,
    /// A client in its own name.
    ClientCredentials,
    /// A code sent to the user's address or number.
    Passwordless,
    /// A refresh token of an earlier sign-in.
    #[serde(rename = "refresh_token")]
    RefreshToken,
}

/// The second factor that was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A code by email.
    Email,
    /// A code by SMS.
    Sms,
    /// A code by voice call.
    Voice,
    /// A code of an authenticator app.
    Otp,
    /// A recovery code.
    RecoveryCode,
}

impl Method {
    /// The word in `amr`, beside `mfa` (RFC 8176 where it has one).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Otp => "otp",
            Self::RecoveryCode => "recovery-code",
        }
    }
}

impl From<Channel> for Method {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Sms => Self::Sms,
            Channel::Voice => Self::Voice,
        }
    }
}

/// What a login asked for and how long tokens for it live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The API's identifier, or one of the issuer's own audiences.
    pub audience: String,
    /// What was granted of the scopes asked for.
    pub scope: Scope,
    /// Life of the access token, in seconds.
    pub lifetime_seconds: u64,
}

/// The sealed `mfa_token`: the first factor was proven, the second is due.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MfaToken {
    /// This login.
    pub jti: Jti,
    /// The user.
    pub sub: UserId,
    /// The client it was issued to.
    pub client_id: ClientId,
    /// What the tokens will be for.
    pub target: Target,
    /// When the first factor was proven; see [`crate::store::users::Profile::issue_time`].
    pub issued_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
    /// For the id token, if sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What the first factor was.
    #[serde(default = "by_password")]
    pub granted_by: GrantedBy,
    /// The address or number that the first factor's code went to, if it was one: a second code to the same place
    /// proves nothing more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_to: Option<Place>,
}

fn by_password() -> GrantedBy {
    GrantedBy::Password
}

/// What a code is for: part of its MAC, so that a code never works for the other (SEC-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChallengePurpose {
    /// To confirm a new authenticator.
    Enrol,
    /// To prove an active one.
    Verify,
}

impl ChallengePurpose {
    /// The word in MACs and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enrol => "enrol",
            Self::Verify => "verify",
        }
    }
}

/// The sealed `oob_code`: which challenge a code answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OobCode {
    /// The login it belongs to.
    pub jti: Jti,
    /// The authenticator it went to.
    pub authenticator_id: AuthenticatorId,
    /// The challenge's nonce.
    pub nonce: Nonce,
    /// What the code is for.
    pub purpose: ChallengePurpose,
    /// Digits of the code.
    pub digits: usize,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// One audience or several, as RFC 7519 §4.1.3 allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// A string.
    One(String),
    /// An array.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `audience` is among them.
    #[must_use]
    pub fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// The claims of an access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Issuer, with a trailing slash.
    pub iss: String,
    /// User, or `<client_id>@clients`.
    pub sub: String,
    /// For whom.
    pub aud: Audience,
    /// The client.
    pub azp: String,
    /// Issued at.
    pub iat: Timestamp,
    /// Over at.
    pub exp: Timestamp,
    /// Granted scopes, joined by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How the subject was first authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gty: Option<GrantedBy>,
    /// When the last factor was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// After MFA: `mfa` and the method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// After MFA: [`MULTI_FACTOR_ACR`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Only in tokens for the `/mfa/` audience, which name a login's MFA state by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<Jti>,
    /// Never issued; honoured when present (SEC-26).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<Timestamp>,
}

impl AccessClaims {
    /// The scopes as a set.
    #[must_use]
    pub fn scopes(&self) -> Scope {
        self.scope.as_deref().map(Scope::parse).unwrap_or_default()
    }

    /// Whether the token came out of MFA no longer than [`FRESH_MFA_SECONDS`] ago.
    #[must_use]
    pub fn proves_fresh_mfa(&self, now: Timestamp) -> bool {
        let came_out_of_mfa = self.amr.as_ref().is_some_and(|amr| amr.iter().any(|word| word == "mfa"));
        came_out_of_mfa && self.auth_time.is_some_and(|at| now.since(at) <= FRESH_MFA_SECONDS)
    }
}

/// The claims of an id token (OpenID Connect Core §2).
#[derive(Clone, Serialize)]
pub struct IdClaims {
    /// Issuer.
    pub iss: String,
    /// User.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// Issued at.
    pub iat: Timestamp,
    /// Over at.
    pub exp: Timestamp,
    /// When the last factor was proven.
    pub auth_time: Timestamp,
    /// As the client sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// After MFA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// After MFA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Claims of the user by scope.
    #[serde(flatten)]
    pub user: UserClaims,
}

/// Claims about the user, by scope `profile` and `email` (OpenID Connect Core §5.4).
#[derive(Clone, Default, Serialize)]
pub struct UserClaims {
    /// Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Scope `profile`: epoch seconds, as OpenID Connect Core §5.1 has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
}
