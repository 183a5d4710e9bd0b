//! The edge: requests into typed input, refusals into responses, and what surrounds every handler.

mod attempt;
pub mod bearer;
pub mod client_auth;
pub mod edge;
pub mod error;
pub mod fields;
mod language;
pub mod management;
pub mod page;
pub mod paging;
pub mod params;
pub mod presented;
pub mod properties;
pub mod proxy;

pub use attempt::admit_charged;
pub use edge::{RequestContext, serve};
pub use error::method_not_allowed;
pub use params::Params;

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::rules::limit::Quota;

/// A successful answer that must not be kept by anyone (RFC 6749 §5.1, SEC-37).
pub fn private_json<T: Serialize>(body: &T) -> Response {
    let mut response = Json(body).into_response();
    never_stored(&mut response);
    response
}

/// The answer to what was made: 201.
pub fn created_json<T: Serialize>(body: &T) -> Response {
    let mut response = private_json(body);
    *response.status_mut() = StatusCode::CREATED;
    response
}

/// The same as [`private_json`], and tells how a limit stands, in `x-ratelimit-*`.
pub fn private_json_within<T: Serialize>(body: &T, quota: Quota) -> Response {
    let mut response = private_json(body);
    response.extensions_mut().insert(quota);
    response
}

/// Success with nothing to say: 204 with a content type, as Auth0 sends it (contract §5).
#[must_use]
pub fn no_content() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    never_stored(&mut response);
    response
}

/// Marks an answer as not to be kept.
pub fn never_stored(response: &mut Response) {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
}
