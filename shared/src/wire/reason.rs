//! What the audit log calls a refusal: its variant, which says more than the code on the wire (SEC-40). Nothing that a
//! variant holds is part of it: that may be what a client typed (SEC-34).

use super::management::ManagementRefusal;
use super::refusal::Refusal;
use super::signup::SignupRefusal;

/// One row for each variant.
macro_rules! reasons {
    ($refusal:ident, $($variant:ident = $reason:literal;)*) => {
        impl $refusal {
            /// The variant's name in snake case.
            #[must_use]
            pub fn reason(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $reason,)*
                }
            }
        }

        #[cfg(test)]
        impl $refusal {
            const REASONS: &[(&str, &str)] = &[$((stringify!($variant), $reason)),*];
        }
    };
}

reasons! {
    Refusal,
    MissingParameter = "missing_parameter";
    InvalidRequest = "invalid_request";
    ClientUnauthorized = "client_unauthorized";
    GrantNotAllowed = "grant_not_allowed";
    UnsupportedGrant = "unsupported_grant";
    WrongPassword = "wrong_password";
    UserBlocked = "user_blocked";
    BadStart = "bad_start";
    WrongSignInCode = "wrong_sign_in_code";
    TooManyTries = "too_many_tries";
    UnknownRefreshToken = "unknown_refresh_token";
    RefreshUserGone = "refresh_user_gone";
    MfaRequired = "mfa_required";
    MalformedMfaToken = "malformed_mfa_token";
    MalformedOobCode = "malformed_oob_code";
    MfaTokenExpired = "mfa_token_expired";
    OobCodeExpired = "oob_code_expired";
    InvalidBindingCode = "invalid_binding_code";
    InvalidOtpCode = "invalid_otp_code";
    RecoveryRejected = "recovery_rejected";
    NoRecoveryCode = "no_recovery_code";
    NotEnrolled = "not_enrolled";
    UnsupportedChallengeType = "unsupported_challenge_type";
    BearerInvalid = "bearer_invalid";
    BearerExpired = "bearer_expired";
    MfaTokenOfAnotherClient = "mfa_token_of_another_client";
    OobCodeMismatch = "oob_code_mismatch";
    AlreadyEnrolled = "already_enrolled";
    FreshMfaNeeded = "fresh_mfa_needed";
    InsufficientScope = "insufficient_scope";
    UnknownAudience = "unknown_audience";
    ClientGrantMissing = "client_grant_missing";
    TooManyCodes = "too_many_codes";
    TooManySends = "too_many_sends";
    TooManyPasswords = "too_many_passwords";
    TooManySignups = "too_many_signups";
    TooManyPending = "too_many_pending";
    AuthenticatorNotFound = "authenticator_not_found";
    ImplicitAuthenticator = "implicit_authenticator";
    FactorOff = "factor_off";
    DeliveryFailed = "delivery_failed";
    Unavailable = "unavailable";
    Busy = "busy";
    Internal = "internal";
    NotFound = "not_found";
    MethodNotAllowed = "method_not_allowed";
    BodyTooLarge = "body_too_large";
    PastTheProxy = "past_the_proxy";
    AccessTokenInvalid = "access_token_invalid";
}

reasons! {
    ManagementRefusal,
    InvalidBody = "invalid_body";
    InvalidUri = "invalid_uri";
    InvalidQuery = "invalid_query";
    Unsupported = "unsupported";
    MissingAuthentication = "missing_authentication";
    InvalidToken = "invalid_token";
    ExpiredToken = "expired_token";
    InsufficientScope = "insufficient_scope";
    Inexistent = "inexistent";
    Conflict = "conflict";
    TooManyEntities = "too_many_entities";
    UserExists = "user_exists";
    NotFound = "not_found";
    MethodNotAllowed = "method_not_allowed";
    BodyTooLarge = "body_too_large";
    PastTheProxy = "past_the_proxy";
    Unavailable = "unavailable";
    Busy = "busy";
    Internal = "internal";
}

impl SignupRefusal {
    /// As of [`Refusal::reason`].
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Disabled => "signup_disabled",
            Self::Invalid => "invalid_signup",
            Self::WeakPassword => "weak_password",
            Self::Refused(refusal) => refusal.reason(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_snake_case(name: &str) -> String {
        let mut snake = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.extend(letter.to_lowercase());
        }
        snake
    }

    #[test]
    fn a_reason_is_the_name_of_its_variant() {
        for (variant, reason) in Refusal::REASONS.iter().chain(ManagementRefusal::REASONS) {
            assert_eq!(in_snake_case(variant), *reason);
        }
    }
}
