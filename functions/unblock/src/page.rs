//! The pages.

use axum::http::StatusCode;
use axum::response::Response;
use postern::delivery::template::{escape_html, fill};
use postern::http::page::Page as Shown;
use postern::http::presented::{Presented, Problem};

/// Posts to the page's own address without its query; the ticket travels in the body.
const FORM: &str = r#"<form method="post" action="unblock"><input type="hidden" name="ticket" value="{{ticket}}"><button>Unblock sign-in</button></form>
"#;

/// What is shown.
pub(crate) enum Page {
    /// The button.
    Ask {
        /// The ticket, as it came.
        ticket: Presented,
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
            Self::Ask { ticket } => fill(FORM, &[("ticket", ticket.0.clone())], escape_html),
            _ => String::new(),
        };
        Shown { status, heading, text, form }.response(tenant)
    }
}
