//! Every refusal of the Authentication API, with the status, code and text the SDKs compare (contract A3, §1.4).

use std::borrow::Cow;

use super::mfa_due::MfaDue;
use super::passwordless::StartFault;
use crate::rules::channel::Channel;

/// Why a request was refused. Each variant names the contract row it is.
#[derive(Debug)]
pub enum Refusal {
    /// "missing parameter".
    MissingParameter(&'static str),
    /// A parameter that is repeated, of a wrong type, or malformed; the text names it.
    InvalidRequest(String),
    /// "unknown client, wrong secret, a confidential client without its secret".
    ClientUnauthorized,
    /// "grant not enabled".
    GrantNotAllowed(&'static str),
    /// "unknown grant"; holds what was asked for.
    UnsupportedGrant(String),
    /// §1.4 bad password, or no such user.
    WrongPassword,
    /// §1.4 blocked user.
    UserBlocked,
    /// §9 a start that is wrong in itself.
    BadStart(StartFault),
    /// §1.4 wrong code of a sign-in without password, or no such user; holds how codes are sent.
    WrongSignInCode(Channel),
    /// §1.4 a code of a sign-in without password was tried too often.
    TooManyTries,
    /// §1.4 a refresh token that is unknown, over, ended, reused, or another client's.
    UnknownRefreshToken,
    /// §1.4 the refresh token's user was deleted.
    RefreshUserGone,
    /// §1.3 the second factor is due; holds the `mfa_token`.
    MfaRequired(MfaDue),
    /// "undecodable `mfa_token`", and one already used.
    MalformedMfaToken,
    /// "undecodable `oob_code`".
    MalformedOobCode,
    /// "expired `mfa_token`" where it is a parameter.
    MfaTokenExpired,
    /// "expired code".
    OobCodeExpired,
    /// "wrong code", by email, SMS or voice.
    InvalidBindingCode,
    /// §1.4 wrong code of an app.
    InvalidOtpCode,
    /// "wrong recovery code".
    RecoveryRejected,
    /// §1.4 the user has no recovery code.
    NoRecoveryCode,
    /// "no active authenticator at all".
    NotEnrolled,
    /// "challenge of a type the user lacks"; holds the type asked for.
    UnsupportedChallengeType(String),
    /// §1.4 the bearer check of `/mfa/*`.
    BearerInvalid,
    /// "expired `mfa_token`" where it is the bearer.
    BearerExpired,
    /// "`mfa_token` of another client".
    MfaTokenOfAnotherClient,
    /// "`oob_code` of another `mfa_token`".
    OobCodeMismatch,
    /// "a user already enrolled".
    AlreadyEnrolled,
    /// "an `/mfa/` JWT without proof of MFA, or older than 600 s since it"; holds the audience to sign in for.
    FreshMfaNeeded(String),
    /// "JWT without the scope on `/mfa/*`"; holds the scope.
    InsufficientScope(&'static str),
    /// A4 "unknown audience".
    UnknownAudience(String),
    /// `client_credentials` for an API the client has no grant for.
    ClientGrantMissing(String),
    /// "failed-code budget spent", and an authenticator at the hard cap.
    TooManyCodes {
        /// Seconds until an attempt has come back.
        retry_after: u64,
        /// How many are admitted at once.
        limit: u64,
    },
    /// "send budget spent".
    TooManySends {
        /// What was to be sent.
        channel: Channel,
        /// Seconds until a send has come back.
        retry_after: u64,
        /// How many are admitted at once.
        limit: u64,
    },
    /// "the eleventh password after ten wrong ones".
    TooManyPasswords {
        /// Seconds until an attempt has come back.
        retry_after: u64,
        /// How many are admitted at once.
        limit: u64,
    },
    /// §6 sign-ups from one source.
    TooManySignups {
        /// Seconds until an attempt has come back.
        retry_after: u64,
        /// How many are admitted at once.
        limit: u64,
    },
    /// Five unconfirmed authenticators wait already (design §5), or mail to five addresses of the user's bounced.
    TooManyPending {
        /// Seconds until the first of them expires.
        retry_after: u64,
        /// How many are admitted at once.
        limit: u64,
    },
    /// "unknown or foreign `authenticator_id`".
    AuthenticatorNotFound,
    /// "implicit verified-email authenticator deleted".
    ImplicitAuthenticator,
    /// "factor switched off"; holds the Management API's name.
    FactorOff(&'static str),
    /// "delivery refused" and "delivery timed out".
    DeliveryFailed,
    /// "AWS fails or hangs".
    Unavailable,
    /// A write that kept colliding with others.
    Busy,
    /// Something stored cannot be read: our fault, never told in detail (SEC-36).
    Internal,
    /// "unknown path".
    NotFound,
    /// "wrong method".
    MethodNotAllowed,
    /// "oversized body".
    BodyTooLarge,
    /// The request came past the proxy that stands before the service.
    PastTheProxy,
    /// `/userinfo` without a good access token (RFC 6750 §3).
    AccessTokenInvalid,
}

/// Seconds after which a client may retry when AWS failed.
pub const RETRY_AFTER_FAILURE_SECONDS: u64 = 5;
/// Seconds after which a client may retry when it lost against its own other requests.
pub const RETRY_AFTER_CONFLICT_SECONDS: u64 = 1;

/// What is told of a request that came past the proxy.
pub(super) const PAST_THE_PROXY: &str = "The service is reached by its own domain only.";

/// A word of the client's as a refusal may repeat it: short and printable.
#[must_use]
pub fn shown(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(64).collect()
}

impl Refusal {
    /// Status, `error` and `error_description`.
    #[must_use]
    pub fn wire(&self) -> (u16, &'static str, Cow<'static, str>) {
        match self {
            Self::MissingParameter(_)
            | Self::InvalidRequest(_)
            | Self::MfaTokenOfAnotherClient
            | Self::OobCodeMismatch
            | Self::FactorOff(_)
            | Self::ImplicitAuthenticator
            | Self::BadStart(_) => self.request_wire(),
            Self::ClientUnauthorized
            | Self::GrantNotAllowed(_)
            | Self::UnsupportedGrant(_)
            | Self::UnknownAudience(_)
            | Self::ClientGrantMissing(_)
            | Self::InsufficientScope(_)
            | Self::FreshMfaNeeded(_)
            | Self::UnsupportedChallengeType(_) => self.access_wire(),
            Self::WrongPassword
            | Self::WrongSignInCode(_)
            | Self::TooManyTries
            | Self::UserBlocked
            | Self::MfaRequired(_)
            | Self::UnknownRefreshToken
            | Self::RefreshUserGone => self.sign_in_wire(),
            Self::TooManyCodes { .. }
            | Self::TooManySends { .. }
            | Self::TooManyPasswords { .. }
            | Self::TooManySignups { .. }
            | Self::TooManyPending { .. } => self.limit_wire(),
            Self::DeliveryFailed | Self::Unavailable | Self::Busy | Self::Internal => self.failure_wire(),
            Self::NotFound
            | Self::MethodNotAllowed
            | Self::BodyTooLarge
            | Self::PastTheProxy
            | Self::AccessTokenInvalid => self.http_wire(),
            Self::MalformedMfaToken
            | Self::MalformedOobCode
            | Self::MfaTokenExpired
            | Self::OobCodeExpired
            | Self::InvalidBindingCode
            | Self::InvalidOtpCode
            | Self::RecoveryRejected
            | Self::NoRecoveryCode
            | Self::NotEnrolled
            | Self::BearerInvalid
            | Self::BearerExpired
            | Self::AlreadyEnrolled
            | Self::AuthenticatorNotFound => self.mfa_wire(),
        }
    }

    fn request_wire(&self) -> (u16, &'static str, Cow<'static, str>) {
        let (code, text) = match self {
            Self::MissingParameter(name) => ("invalid_request", format!("Missing required parameter: {name}").into()),
            Self::InvalidRequest(text) => ("invalid_request", text.clone().into()),
            Self::MfaTokenOfAnotherClient => ("invalid_request", "mfa_token not issued to this client".into()),
            Self::OobCodeMismatch => ("invalid_request", "The oob_code doesn't match the mfa_token".into()),
            Self::FactorOff(factor) => ("invalid_request", format!("The {factor} factor is not enabled").into()),
            Self::BadStart(fault) => fault.wire(),
            _ => (
                "invalid_request",
                "This authenticator is the user's verified email address and cannot be deleted while the email factor is enabled".into(),
            ),
        };
        (400, code, text)
    }

    fn access_wire(&self) -> (u16, &'static str, Cow<'static, str>) {
        match self {
            Self::GrantNotAllowed(grant) => {
                (403, "unauthorized_client", format!("Grant type '{grant}' not allowed for the client.").into())
            }
            Self::UnsupportedGrant(grant) => {
                (403, "unsupported_grant_type", format!("Unsupported grant type: {grant}").into())
            }
            Self::UnknownAudience(audience) => {
                (403, "access_denied", format!("Service not enabled within domain: {audience}").into())
            }
            Self::ClientGrantMissing(audience) => (
                403,
                "access_denied",
                format!("Client is not authorized to access \"{audience}\". Create a client grant for this API first.")
                    .into(),
            ),
            Self::InsufficientScope(scope) => {
                (403, "insufficient_scope", format!("Insufficient scope, expected any of: {scope}").into())
            }
            Self::FreshMfaNeeded(audience) => (
                403,
                "access_denied",
                format!(
                    "This needs an access token issued after MFA within the last 10 minutes. Sign in with MFA for the audience {audience}, by a password or a refresh_token grant, to get one."
                )
                .into(),
            ),
            Self::UnsupportedChallengeType(asked) => (
                401,
                "unsupported_challenge_type",
                format!("User does not have any enrolled authenticator with the supported challenge type ({asked})")
                    .into(),
            ),
            _ => (401, "access_denied", "Unauthorized".into()),
        }
    }

    fn sign_in_wire(&self) -> (u16, &'static str, Cow<'static, str>) {
        match self {
            Self::UserBlocked => (403, "unauthorized", "user is blocked".into()),
            Self::WrongSignInCode(Channel::Email) => {
                (403, "invalid_grant", "Wrong email or verification code.".into())
            }
            Self::WrongSignInCode(_) => {
                (403, "invalid_grant", "Wrong phone number or verification code.".into())
            }
            Self::TooManyTries => (
                403,
                "invalid_grant",
                "You've reached the maximum number of attempts. Please try to login again.".into(),
            ),
            Self::MfaRequired(_) => (403, "mfa_required", "Multifactor authentication required".into()),
            Self::UnknownRefreshToken => (403, "invalid_grant", "Unknown or invalid refresh token.".into()),
            Self::RefreshUserGone => (
                403,
                "invalid_grant",
                "The refresh_token was generated for a user who doesn't exist anymore.".into(),
            ),
            _ => (403, "invalid_grant", "Wrong email or password.".into()),
        }
    }

    fn mfa_wire(&self) -> (u16, &'static str, Cow<'static, str>) {
        let (status, code, text) = match self {
            Self::MalformedOobCode => (403, "invalid_grant", "Malformed oob_code"),
            Self::MfaTokenExpired => (403, "expired_token", "mfa_token is expired"),
            Self::BearerExpired => (401, "expired_token", "mfa_token is expired"),
            Self::OobCodeExpired => (403, "expired_token", "oob_code is expired"),
            Self::InvalidBindingCode => (403, "invalid_grant", "Invalid binding_code."),
            Self::InvalidOtpCode => (403, "invalid_grant", "Invalid otp_code."),
            Self::RecoveryRejected => (403, "invalid_grant", "MFA Authorization rejected."),
            Self::NoRecoveryCode => {
                (403, "unsupported_challenge_type", "User does not have a recovery-code.")
            }
            Self::NotEnrolled => (
                401,
                "unsupported_challenge_type",
                "User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.",
            ),
            Self::BearerInvalid => {
                (401, "invalid_grant", "The mfa_token provided is invalid. Try getting a new token.")
            }
            Self::AlreadyEnrolled => (403, "access_denied", "User is already enrolled."),
            Self::AuthenticatorNotFound => (404, "invalid_authenticator", "Authenticator not found"),
            _ => (403, "invalid_grant", "Malformed mfa_token"),
        };
        (status, code, text.into())
    }

    fn limit_wire(&self) -> (u16, &'static str, Cow<'static, str>) {
        let text = match self {
            Self::TooManySends { channel: Channel::Email, .. } => {
                "Too many emails sent by the user. Wait for some minutes before retrying."
            }
            Self::TooManySends { .. } => {
                "Too many SMS sent by the user. Wait for some minutes before retrying."
            }
            Self::TooManyPasswords { .. } => {
                "Your account has been blocked after multiple consecutive login attempts. We've sent you a notification via your preferred contact method with instructions on how to unblock it."
            }
            Self::TooManySignups { .. } => "Too many sign-ups. Wait for some minutes before retrying.",
            Self::TooManyPending { .. } => {
                "Too many unconfirmed authenticators. Wait for some minutes before retrying."
            }
            _ => "Too many failed codes. Wait for some minutes before retrying.",
        };
        (429, "too_many_attempts", text.into())
    }

    fn failure_wire(&self) -> (u16, &'static str, Cow<'static, str>) {
        match self {
            Self::DeliveryFailed => (
                503,
                "temporarily_unavailable",
                "The code could not be delivered. Please retry in a moment.".into(),
            ),
            Self::Busy => (
                429,
                "too_many_requests",
                "Too many requests at once for this user. Please retry in a moment.".into(),
            ),
            Self::Internal => (500, "server_error", "The request could not be completed.".into()),
            _ => (
                503,
                "temporarily_unavailable",
                "The service is temporarily unavailable. Please retry in a moment.".into(),
            ),
        }
    }

    fn http_wire(&self) -> (u16, &'static str, Cow<'static, str>) {
        match self {
            Self::MethodNotAllowed => {
                (405, "method_not_allowed", "The method is not allowed for this path.".into())
            }
            Self::BodyTooLarge => (413, "invalid_request", "The request body is larger than 16 KiB.".into()),
            Self::PastTheProxy => (403, "access_denied", PAST_THE_PROXY.into()),
            Self::AccessTokenInvalid => {
                (401, "invalid_token", "The access token is missing, expired or invalid.".into())
            }
            _ => (404, "not_found", "There is nothing at this path.".into()),
        }
    }

    /// The limit that is spent, where one is: how many it admits at once, and seconds until one has come back.
    fn spent(&self) -> Option<(u64, u64)> {
        match self {
            Self::TooManyCodes { limit, retry_after }
            | Self::TooManySends { limit, retry_after, .. }
            | Self::TooManyPasswords { limit, retry_after }
            | Self::TooManySignups { limit, retry_after }
            | Self::TooManyPending { limit, retry_after } => Some((*limit, *retry_after)),
            _ => None,
        }
    }

    /// How many the limit admits at once, where one is spent: `x-ratelimit-limit`.
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        self.spent().map(|(limit, _)| limit)
    }

    /// Seconds for `Retry-After`, where the refusal passes by itself.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::DeliveryFailed | Self::Unavailable => Some(RETRY_AFTER_FAILURE_SECONDS),
            Self::Busy => Some(RETRY_AFTER_CONFLICT_SECONDS),
            _ => self.spent().map(|(_, retry_after)| retry_after.max(1)),
        }
    }
}
