//! The languages a request asks for, by its headers (contract §0 "Language header").

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;

use crate::rules::language::RequestedLanguages;

impl<S: Send + Sync> FromRequestParts<S> for RequestedLanguages {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let header = |name: &str| parts.headers.get(name).map(axum::http::HeaderValue::as_bytes);
        Ok(Self::of(header("x-request-language"), header(ACCEPT_LANGUAGE.as_str())))
    }
}
