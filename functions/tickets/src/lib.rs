//! What links in mails open: `GET` and `POST /lo/verify-email`, which verifies an address, and `/lo/reset`, which takes a
//! new password. And the tickets of such links for an operator to hand on: `POST /api/v2/tickets/email-verification` and
//! `POST /api/v2/tickets/password-change` (contract §6).
//!
//! Mail scanners follow links, so a link itself changes nothing: its page has a button, and the button posts the ticket.
//! A ticket is spent by the condition of the very write that it allows.

mod operators;
mod page;
mod reset;
mod verify;

use axum::Router;
use axum::http::Uri;
use axum::routing::{get, post};
use postern::app::App;
use postern::audit::{Event, trail};
use postern::http::{Params, method_not_allowed};
use postern::store::StoreError;
use postern::time::Timestamp;
use postern::token::keyring::KeyRing;
use postern::token::keys::KeyNeeds;
use postern::token::sealed::{self, NotSealed};

/// What this function unwraps: roots, to open and seal tickets.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/lo/verify-email", get(verify::ask).post(verify::verify))
        .route("/lo/reset", get(reset::ask).post(reset::reset))
        .route("/api/v2/tickets/email-verification", post(operators::email_verification))
        .route("/api/v2/tickets/password-change", post(operators::password_change))
        .method_not_allowed_fallback(method_not_allowed)
}

/// Why a ticket does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// There is none, or it does not open, is over, or is void. There is one answer to all of it.
    NoTicket,
    /// AWS fails.
    Unavailable,
}

impl Problem {
    /// In the audit log.
    fn as_str(self) -> &'static str {
        match self {
            Self::NoTicket => "no_ticket",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What a button is in the audit log (SEC-40): one event where it did what it is for, else the other with the reason. A
/// look at a page is none.
pub(crate) fn conclude(why_not: Option<&'static str>, done: Event, not_done: Event) {
    if let Some(reason) = why_not {
        trail::reason(reason);
    }
    trail::conclude(|_| [if why_not.is_none() { done } else { not_done }]);
}

impl From<StoreError> for Problem {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}

/// A ticket as it came.
#[derive(Clone)]
pub(crate) struct Presented(pub(crate) String);

impl Presented {
    /// Opens the ticket among the parameters.
    pub(crate) async fn open<T>(
        app: &App,
        params: Option<&Params>,
        now: Timestamp,
        open: fn(&KeyRing, &str, Timestamp) -> Result<T, NotSealed>,
    ) -> Result<(Self, T), Problem> {
        let text = params.and_then(|params| params.required("ticket").ok()).ok_or(Problem::NoTicket)?;
        let kid = sealed::kid_of(text).ok_or(Problem::NoTicket)?;
        let ring = app.keys.ring_with(Some(&kid), now).await?;
        let ticket = open(&ring, text, now).map_err(|_| Problem::NoTicket)?;
        Ok((Self(text.to_owned()), ticket))
    }
}

/// The parameters of a link.
pub(crate) fn of_link(uri: &Uri) -> Option<Params> {
    Params::parse(uri.query().unwrap_or_default().as_bytes()).ok()
}
