//! The one place where refusals become responses.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::never_stored;
use crate::rules::limit::Quota;
use crate::rules::random::RandomUnavailable;
use crate::store::StoreError;
use crate::token::keyring::KeyError;
use crate::token::password::HashingFailed;
use crate::wire::management::{ManagementRefusal, ManagementRefusalBody};
use crate::wire::refusal::{RETRY_AFTER_CONFLICT_SECONDS, RETRY_AFTER_FAILURE_SECONDS, Refusal};
use crate::wire::refusal_body::RefusalBody;
use crate::wire::signup::{LegacyBody, SignupRefusal, WeakPasswordBody};

/// What is wrong, for the log line of a request and for the audit log.
#[derive(Clone, Copy, Debug)]
pub struct ErrorLabel {
    /// The error code of the response.
    pub error: &'static str,
    /// The refusal, which several may answer with one code.
    pub reason: &'static str,
}

/// Whether a path belongs to the Management API, whose errors look different.
#[must_use]
pub fn is_management(path: &str) -> bool {
    path.starts_with("/api/v2/") || path == "/api/v2"
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, description) = self.wire();
        let due = if let Self::MfaRequired(due) = &self { Some(due) } else { None };
        let body = RefusalBody {
            error,
            error_description: &description,
            mfa_token: due.map(|due| due.mfa_token.0.as_str()),
            mfa_requirements: due.and_then(|due| due.requirements.as_ref()),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        never_stored(&mut response);
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = challenge(&self) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(limit) = self.limit() {
            let resets_in = self.retry_after().unwrap_or_default();
            response.extensions_mut().insert(Quota { limit, remaining: 0, resets_in });
        }
        response.extensions_mut().insert(ErrorLabel { error, reason: self.reason() });
        response
    }
}

/// `WWW-Authenticate` (RFC 6750 §3, RFC 6749 §5.2).
fn challenge(refusal: &Refusal) -> Option<HeaderValue> {
    match refusal {
        Refusal::InsufficientScope(scope) => {
            HeaderValue::from_str(&format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"")).ok()
        }
        Refusal::BearerInvalid | Refusal::BearerExpired | Refusal::AccessTokenInvalid => {
            Some(HeaderValue::from_static("Bearer error=\"invalid_token\""))
        }
        Refusal::ClientUnauthorized => Some(HeaderValue::from_static("Basic realm=\"token endpoint\"")),
        _ => None,
    }
}

impl IntoResponse for SignupRefusal {
    fn into_response(self) -> Response {
        let reason = self.reason();
        let (error, body) = match self {
            Self::Refused(refusal) => return refusal.into_response(),
            Self::Disabled => ("signup_disabled", Json(SignupRefusal::disabled()).into_response()),
            Self::Invalid => ("invalid_signup", Json(LegacyBody::invalid_signup()).into_response()),
            Self::WeakPassword => ("invalid_password", Json(WeakPasswordBody::default()).into_response()),
        };
        let mut response = (StatusCode::BAD_REQUEST, body).into_response();
        never_stored(&mut response);
        response.extensions_mut().insert(ErrorLabel { error, reason });
        response
    }
}

impl IntoResponse for ManagementRefusal {
    fn into_response(self) -> Response {
        let (status_code, error, message, error_code) = self.wire();
        let body = ManagementRefusalBody { status_code, error, message: &message, error_code };
        let status = StatusCode::from_u16(status_code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        never_stored(&mut response);
        let retry_after = match self {
            Self::Unavailable => Some(RETRY_AFTER_FAILURE_SECONDS),
            Self::Busy => Some(RETRY_AFTER_CONFLICT_SECONDS),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        let challenge = match self {
            Self::MissingAuthentication | Self::InvalidToken | Self::ExpiredToken => {
                Some("Bearer".to_owned())
            }
            Self::InsufficientScope(scope) => {
                Some(format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))
            }
            _ => None,
        };
        if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, value);
        }
        // What there is not has a code that says what.
        let reason = if let Self::Inexistent { code, .. } = &self { code } else { self.reason() };
        response.extensions_mut().insert(ErrorLabel { error: error_code.unwrap_or(error), reason });
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Self::Unavailable,
            StoreError::Busy => Self::Busy,
            StoreError::Corrupt => Self::Internal,
        }
    }
}

impl From<StoreError> for SignupRefusal {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<RandomUnavailable> for SignupRefusal {
    fn from(error: RandomUnavailable) -> Self {
        Self::Refused(error.into())
    }
}

impl From<HashingFailed> for SignupRefusal {
    fn from(error: HashingFailed) -> Self {
        Self::Refused(error.into())
    }
}

impl From<StoreError> for ManagementRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Self::Unavailable,
            StoreError::Busy => Self::Busy,
            StoreError::Corrupt => Self::Internal,
        }
    }
}

impl From<KeyError> for Refusal {
    fn from(_: KeyError) -> Self {
        Self::Unavailable
    }
}

impl From<KeyError> for ManagementRefusal {
    fn from(_: KeyError) -> Self {
        Self::Unavailable
    }
}

impl From<RandomUnavailable> for Refusal {
    fn from(_: RandomUnavailable) -> Self {
        Self::Unavailable
    }
}

impl From<RandomUnavailable> for ManagementRefusal {
    fn from(_: RandomUnavailable) -> Self {
        Self::Unavailable
    }
}

impl From<HashingFailed> for ManagementRefusal {
    fn from(_: HashingFailed) -> Self {
        Self::Unavailable
    }
}

impl From<HashingFailed> for Refusal {
    fn from(_: HashingFailed) -> Self {
        Self::Unavailable
    }
}

/// A refusal in the format of the path's API.
#[must_use]
pub fn refuse(path: &str, refusal: Refusal, management: ManagementRefusal) -> Response {
    if is_management(path) { management.into_response() } else { refusal.into_response() }
}

/// The answer to a method a path does not have; axum adds `Allow`.
pub async fn method_not_allowed(uri: Uri) -> Response {
    refuse(uri.path(), Refusal::MethodNotAllowed, ManagementRefusal::MethodNotAllowed)
}

/// The answer to a path that does not exist.
pub async fn not_found(uri: Uri) -> Response {
    refuse(uri.path(), Refusal::NotFound, ManagementRefusal::NotFound)
}
