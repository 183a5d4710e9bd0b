//! The pages. None names an account: whoever looks over a shoulder, or is sent a link by mistake, learns nothing.

use axum::http::StatusCode;
use axum::response::Response;
use postern::delivery::template::{escape_html, fill};
use postern::http::page::Page as Shown;
use postern::http::presented::{Presented, Problem};

/// Posts to the page's own address without its query; the ticket travels in the body.
const VERIFY: &str = r#"<form method="post" action="verify-email"><input type="hidden" name="ticket" value="{{ticket}}"><button>Confirm the address</button></form>
"#;
/// Two fields, for what is typed is not shown.
const RESET: &str = r#"<form method="post" action="reset"><input type="hidden" name="ticket" value="{{ticket}}"><label>New password<input type="password" name="password" autocomplete="new-password" minlength="8" required autofocus></label><label>The same once more<input type="password" name="again" autocomplete="new-password" minlength="8" required></label><button>Set the password</button></form>
"#;
const ONWARD: &str = r#"<p><a href="{{url}}" rel="noreferrer">Continue</a></p>
"#;

/// What is shown.
pub(crate) enum Page {
    /// The button that verifies.
    Verify(Presented),
    /// It is verified; and where that leads on.
    Verified(Option<String>),
    /// It is not.
    NotVerified(Problem),
    /// The form for a new password, and what was wrong with the last one.
    Reset(Presented, Option<Remark>),
    /// The password is set; and where that leads on.
    Done(Option<String>),
    /// It is not.
    NotReset(Problem),
}

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remark {
    /// The two differ.
    Different,
    /// Too short.
    TooShort,
    /// Too long.
    TooLong,
}

impl Remark {
    /// In the audit log.
    fn as_str(self) -> &'static str {
        match self {
            Self::Different => "passwords_differ",
            Self::TooShort => "password_too_short",
            Self::TooLong => "password_too_long",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Different => "The two passwords are not the same. Please type them again.",
            Self::TooShort => "That password is too short. It needs at least 8 characters.",
            Self::TooLong => "That password is too long. It may have at most 1024 bytes.",
        }
    }
}

impl Page {
    /// Why the password is not set, in the audit log.
    pub(crate) fn why_not_reset(&self) -> Option<&'static str> {
        match self {
            Self::Reset(_, Some(remark)) => Some(remark.as_str()),
            Self::NotReset(problem) => Some(problem.as_str()),
            _ => None,
        }
    }

    fn words(&self) -> (StatusCode, &'static str, &'static str) {
        const OVER: &str = "This link no longer works";
        match self {
            Self::Verify(_) => (
                StatusCode::OK,
                "Confirm your email address?",
                "If you signed up, or were asked to confirm your address, press the button. If not, close this page.",
            ),
            Self::Verified(_) => {
                (StatusCode::OK, "Your address is confirmed", "You can close this page and sign in.")
            }
            Self::NotVerified(Problem::NoTicket) => (
                StatusCode::BAD_REQUEST,
                OVER,
                "It may have expired or be incomplete, or your address is another one by now. Ask for a new link.",
            ),
            Self::NotVerified(Problem::Unavailable) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "That did not work",
                "Your address could not be confirmed just now. Please try again in a moment.",
            ),
            Self::Reset(_, None) => (
                StatusCode::OK,
                "Choose a new password",
                "It needs at least 8 characters; a long one is a good one. You will be signed out wherever you are signed in.",
            ),
            Self::Reset(_, Some(remark)) => (StatusCode::BAD_REQUEST, "Choose a new password", remark.text()),
            Self::Done(_) => (
                StatusCode::OK,
                "Your password is changed",
                "You can close this page and sign in with the new password.",
            ),
            Self::NotReset(Problem::NoTicket) => (
                StatusCode::BAD_REQUEST,
                OVER,
                "It may have been used, have expired or be incomplete. Ask for a new link where you sign in.",
            ),
            Self::NotReset(Problem::Unavailable) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "That did not work",
                "Your password could not be changed just now. Please try again in a moment.",
            ),
        }
    }

    /// The page as a response.
    pub(crate) fn response(&self, tenant: &str) -> Response {
        let (status, heading, text) = self.words();
        let filled =
            |form: &str, name: &str, value: &str| fill(form, &[(name, value.to_owned())], escape_html);
        let form = match self {
            Self::Verify(Presented(ticket)) => filled(VERIFY, "ticket", ticket),
            Self::Reset(Presented(ticket), _) => filled(RESET, "ticket", ticket),
            Self::Verified(Some(url)) | Self::Done(Some(url)) => filled(ONWARD, "url", url),
            _ => String::new(),
        };
        Shown { status, heading, text, form }.response(tenant)
    }
}
