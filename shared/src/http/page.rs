//! The pages that links in mails open: one document that fetches nothing, runs nothing, and tells no other site where it
//! came from.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, PRAGMA, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::delivery::template::{escape_html, fill};
use crate::wire::refusal::RETRY_AFTER_FAILURE_SECONDS;

const DOCUMENT: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// Styles stand in the document; nothing else is let in, sent elsewhere, or framed.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// A page. Its words are Postern's own; only `form` may hold what came from elsewhere, escaped by whoever filled it in.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status.
    pub status: StatusCode,
    /// The title, and the heading.
    pub heading: &'static str,
    /// What it says.
    pub text: &'static str,
    /// What follows, as HTML: a form or a link, or nothing.
    pub form: String,
}

impl Page {
    /// A page that only says something.
    #[must_use]
    pub fn saying(status: StatusCode, heading: &'static str, text: &'static str) -> Self {
        Self { status, heading, text, form: String::new() }
    }

    /// The page as a response.
    #[must_use]
    pub fn response(&self, tenant: &str) -> Response {
        let values = [
            ("tenant", escape_html(tenant)),
            ("heading", self.heading.to_owned()),
            ("text", self.text.to_owned()),
            ("style", STYLE.to_owned()),
            ("form", self.form.clone()),
        ];
        // The values are HTML already.
        let mut response = (self.status, fill(DOCUMENT, &values, str::to_owned)).into_response();
        let headers = response.headers_mut();
        for (name, value) in [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CONTENT_SECURITY_POLICY, POLICY),
            (CACHE_CONTROL, "no-store"),
            (PRAGMA, "no-cache"),
            (REFERRER_POLICY, "no-referrer"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_FAILURE_SECONDS));
        }
        response
    }
}
