//! Errors and bodies of the Management API (contract §6).

use std::borrow::Cow;

use serde::Serialize;

use super::refusal::{PAST_THE_PROXY, shown};
use crate::rules::calendar::UtcTime;
use crate::rules::scope::Scope;
use crate::time::Timestamp;

/// A point in time as ISO 8601 has it, with the milliseconds that clients expect.
#[must_use]
pub fn instant(at: Timestamp) -> String {
    UtcTime::of(at).format("%Y-%m-%dT%H:%M:%S.000Z").unwrap_or_default()
}

/// Reads what [`instant`] writes, with or without the milliseconds, which are dropped.
#[must_use]
pub fn instant_of(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_fraction = fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    UtcTime::parse(seconds).filter(|_| is_fraction && seconds.contains('T'))?.timestamp()
}

/// A factor as `GET /api/v2/guardian/factors` lists it.
#[derive(Serialize)]
pub struct FactorItem {
    /// The factor's name.
    pub name: &'static str,
    /// Whether users may use it.
    pub enabled: bool,
    /// Always false: there is no trial.
    pub trial_expired: bool,
}

/// The body and the answer of `PUT /api/v2/guardian/factors/{name}`.
#[derive(Serialize)]
pub struct FactorState {
    /// Whether users may use it.
    pub enabled: bool,
}

/// The body and the answer of `PUT /api/v2/guardian/factors/{sms,phone}/selected-provider`.
#[derive(Serialize)]
pub struct SelectedProvider {
    /// Who delivers text messages and calls.
    pub provider: &'static str,
}

/// Why the Management API refused a request.
#[derive(Debug)]
pub enum ManagementRefusal {
    /// The body does not fit; the text names the property.
    InvalidBody(String),
    /// A path parameter does not fit.
    InvalidUri(String),
    /// A parameter of the query does not fit.
    InvalidQuery(String),
    /// What was asked for is not to be had here.
    Unsupported(String),
    /// No bearer token.
    MissingAuthentication,
    /// Not a token of ours for this audience.
    InvalidToken,
    /// Over.
    ExpiredToken,
    /// Without the scope, or any of those, joined by commas.
    InsufficientScope(&'static str),
    /// Something that does not exist, with its own message and code.
    Inexistent {
        /// The message.
        message: String,
        /// The code.
        code: &'static str,
    },
    /// Something that is there already; the text names it.
    Conflict(String),
    /// A user has as many of these as one may have.
    TooManyEntities,
    /// A user has that address, or that id.
    UserExists,
    /// Unknown path.
    NotFound,
    /// Wrong method.
    MethodNotAllowed,
    /// Over 16 KiB.
    BodyTooLarge,
    /// The request came past the proxy that stands before the service.
    PastTheProxy,
    /// AWS failed.
    Unavailable,
    /// A write kept colliding.
    Busy,
    /// Something stored cannot be read.
    Internal,
}

/// The body of a refusal.
#[derive(Serialize)]
pub struct ManagementRefusalBody<'a> {
    /// The status again.
    #[serde(rename = "statusCode")]
    pub status_code: u16,
    /// The status in words.
    pub error: &'a str,
    /// What is wrong.
    pub message: &'a str,
    /// A code for programs.
    #[serde(rename = "errorCode", skip_serializing_if = "Option::is_none")]
    pub error_code: Option<&'a str>,
}

impl ManagementRefusal {
    /// A property of the body that does not fit.
    #[must_use]
    pub fn property(name: &str, problem: &str) -> Self {
        Self::InvalidBody(format!("'{problem}' on property {name}."))
    }

    /// A property of the body that is not of its format.
    #[must_use]
    pub fn malformed(name: &str, format: &str) -> Self {
        Self::InvalidBody(not_of_format(name, format))
    }

    /// The same of a parameter of the query.
    #[must_use]
    pub fn malformed_in_query(name: &str, format: &str) -> Self {
        Self::InvalidQuery(not_of_format(name, format))
    }

    /// The same of a parameter of the path.
    #[must_use]
    pub fn malformed_in_path(name: &str, format: &str) -> Self {
        Self::InvalidUri(not_of_format(name, format))
    }

    /// A property of the body that must be there.
    #[must_use]
    pub fn missing(name: &str) -> Self {
        Self::InvalidBody(format!("'Missing required property: {name}'."))
    }

    /// A property of the body that there is not.
    #[must_use]
    pub fn additional(name: &str) -> Self {
        Self::InvalidBody(format!("'Additional properties not allowed: {}'.", shown(name)))
    }

    /// A client there is not.
    #[must_use]
    pub fn no_such_client() -> Self {
        Self::Inexistent { message: "The client does not exist".to_owned(), code: "inexistent_client" }
    }

    /// An API there is not.
    #[must_use]
    pub fn no_such_resource_server() -> Self {
        let message = "The resource server does not exist.".to_owned();
        Self::Inexistent { message, code: "inexistent_resource_server" }
    }

    /// An entry of the audit log there is not, or no more.
    #[must_use]
    pub fn no_such_log() -> Self {
        Self::Inexistent { message: "The log event does not exist.".to_owned(), code: "inexistent_log" }
    }

    /// A user there is not.
    #[must_use]
    pub fn no_such_user() -> Self {
        Self::Inexistent { message: "The user does not exist.".to_owned(), code: "inexistent_user" }
    }

    /// Status, its words, message and error code.
    #[must_use]
    pub fn wire(&self) -> (u16, &'static str, Cow<'static, str>, Option<&'static str>) {
        match self {
            Self::InvalidBody(text) => {
                (400, "Bad Request", format!("Payload validation error: {text}").into(), Some("invalid_body"))
            }
            Self::InvalidUri(text) => {
                (400, "Bad Request", format!("Path validation error: {text}").into(), Some("invalid_uri"))
            }
            Self::InvalidQuery(text) => (
                400,
                "Bad Request",
                format!("Query validation error: {text}").into(),
                Some("invalid_query_string"),
            ),
            Self::Unsupported(text) => {
                (400, "Bad Request", text.clone().into(), Some("operation_not_supported"))
            }
            Self::MissingAuthentication => (401, "Unauthorized", "Missing authentication".into(), None),
            Self::InvalidToken => (401, "Unauthorized", "Invalid token".into(), None),
            Self::ExpiredToken => {
                (401, "Unauthorized", "Expired token received for JSON Web Token validation".into(), None)
            }
            Self::InsufficientScope(scope) => (
                403,
                "Forbidden",
                format!("Insufficient scope, expected any of: {scope}").into(),
                Some("insufficient_scope"),
            ),
            Self::Inexistent { message, code } => (404, "Not Found", message.clone().into(), Some(code)),
            Self::Conflict(text) => (409, "Conflict", text.clone().into(), None),
            Self::TooManyEntities => (
                403,
                "Forbidden",
                "You reached the limit of entities of this type for this user.".into(),
                None,
            ),
            Self::UserExists => (409, "Conflict", "The user already exists.".into(), Some("auth0_idp_error")),
            Self::NotFound => (404, "Not Found", "Not Found".into(), None),
            Self::MethodNotAllowed => (405, "Method Not Allowed", "Method Not Allowed".into(), None),
            Self::PastTheProxy => (403, "Forbidden", PAST_THE_PROXY.into(), None),
            Self::BodyTooLarge => (
                413,
                "Payload Too Large",
                "The request body is larger than 16 KiB.".into(),
                Some("invalid_body"),
            ),
            Self::Unavailable => (
                503,
                "Service Unavailable",
                "The service is temporarily unavailable. Please retry in a moment.".into(),
                Some("temporarily_unavailable"),
            ),
            Self::Busy => (
                429,
                "Too Many Requests",
                "Too many requests at once. Please retry.".into(),
                Some("too_many_requests"),
            ),
            Self::Internal => {
                (500, "Internal Server Error", "The request could not be completed.".into(), None)
            }
        }
    }
}

fn not_of_format(name: &str, format: &str) -> String {
    format!("'Object didn't pass validation for format {format}' on property {name}.")
}

/// The scopes of the Management API as a set.
#[must_use]
pub fn management_scopes() -> Scope {
    Scope::parse(&SCOPES.join(" "))
}

/// Every scope of the Management API that a client can be granted.
pub const SCOPES: [&str; 41] = [
    "read:guardian_factors",
    "update:guardian_factors",
    "read:mfa_policies",
    "update:mfa_policies",
    "create:guardian_enrollment_tickets",
    "read:guardian_enrollments",
    "delete:guardian_enrollments",
    "read:users",
    "create:users",
    "update:users",
    "delete:users",
    "read:authentication_methods",
    "create:authentication_methods",
    "update:authentication_methods",
    "delete:authentication_methods",
    "read:clients",
    "create:clients",
    "update:clients",
    "delete:clients",
    "read:client_keys",
    "update:client_keys",
    "read:client_grants",
    "create:client_grants",
    "update:client_grants",
    "delete:client_grants",
    "read:resource_servers",
    "create:resource_servers",
    "update:resource_servers",
    "delete:resource_servers",
    "read:email_templates",
    "create:email_templates",
    "update:email_templates",
    "delete:email_templates",
    "read:signing_keys",
    "create:signing_keys",
    "update:signing_keys",
    "create:user_tickets",
    "read:tenant_settings",
    "update:tenant_settings",
    "read:logs",
    "read:logs_users",
];
