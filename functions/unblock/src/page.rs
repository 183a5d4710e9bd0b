//! The pages: one document that fetches nothing, runs nothing, and tells no other site where it came from.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, PRAGMA, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use postern::delivery::template::{escape_html, fill};
use postern::wire::refusal::RETRY_AFTER_FAILURE_SECONDS;

const DOCUMENT: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// Posts to the page's own address without its query; the ticket travels in the body.
const FORM: &str = r#"<form method="post" action="unblock"><input type="hidden" name="ticket" value="{{ticket}}"><button>Unblock sign-in</button></form>
"#;
/// Styles stand in the document; nothing else is let in, sent elsewhere, or framed.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// Why a block was not ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Problem {
    /// No ticket, or one that does not open or is over.
    NoTicket,
    /// AWS fails.
    Unavailable,
}

/// What is shown.
pub(crate) enum Page {
    /// The button.
    Ask {
        /// The ticket, as it came.
        ticket: String,
    },
    /// The block is over.
    Done,
    /// The link leads nowhere.
    NoTicket,
    /// Try again.
    Unavailable,
}

impl From<Problem> for Page {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::NoTicket => Self::NoTicket,
            Problem::Unavailable => Self::Unavailable,
        }
    }
}

impl Page {
    fn words(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Ask { .. } => (
                StatusCode::OK,
                "Unblock sign-in?",
                "Sign-in to your account was blocked after too many wrong passwords. If that was you, unblock it and try again. If it was not you, close this page.",
            ),
            Self::Done => (
                StatusCode::OK,
                "This block is over",
                "You can close this page and sign in. Should sign-in be blocked again, you get another mail.",
            ),
            Self::NoTicket => (
                StatusCode::BAD_REQUEST,
                "This link no longer works",
                "It may have expired or be incomplete. A block ends by itself: wait for some minutes, then sign in again.",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "That did not work",
                "Sign-in could not be unblocked just now. Please try again in a moment.",
            ),
        }
    }

    /// The page as a response.
    pub(crate) fn response(&self, tenant: &str) -> Response {
        let (status, heading, text) = self.words();
        let form = match self {
            Self::Ask { ticket } => fill(FORM, &[("ticket", ticket.clone())], escape_html),
            _ => String::new(),
        };
        let values = [
            ("tenant", escape_html(tenant)),
            ("heading", heading.to_owned()),
            ("text", text.to_owned()),
            ("style", STYLE.to_owned()),
            ("form", form),
        ];
        // The values are HTML already.
        let mut response = (status, fill(DOCUMENT, &values, str::to_owned)).into_response();
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
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_FAILURE_SECONDS));
        }
        response
    }
}
