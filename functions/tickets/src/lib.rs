//! What links in mails open: `GET` and `POST /lo/verify-email`, which verifies an address, and `/lo/reset`, which takes a
//! new password. And the tickets of such links for an operator to hand on: `POST /api/v2/tickets/email-verification` and
//! `POST /api/v2/tickets/password-change`, and `POST /api/v2/guardian/enrollments/ticket` for the page that enrols, which
//! is another function's (contract §6).
//!
//! Mail scanners follow links, so a link itself changes nothing: its page has a button, and the button posts the ticket.
//! A ticket is spent by the condition of the very write that it allows.

mod enrolment;
mod operators;
mod page;
mod reset;
mod verify;

use axum::Router;
use axum::routing::{get, post};
use postern::app::App;
use postern::audit::{Event, trail};
use postern::http::method_not_allowed;
use postern::token::keys::KeyNeeds;

/// What this function unwraps: roots, to open and seal tickets.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/lo/verify-email", get(verify::ask).post(verify::verify))
        .route("/lo/reset", get(reset::ask).post(reset::reset))
        .route("/api/v2/tickets/email-verification", post(operators::email_verification))
        .route("/api/v2/tickets/password-change", post(operators::password_change))
        .route("/api/v2/guardian/enrollments/ticket", post(enrolment::ticket))
        .method_not_allowed_fallback(method_not_allowed)
}

/// What a button is in the audit log (SEC-40): one event where it did what it is for, else the other with the reason. A
/// look at a page is none.
pub(crate) fn conclude(why_not: Option<&'static str>, done: Event, not_done: Event) {
    if let Some(reason) = why_not {
        trail::reason(reason);
    }
    trail::conclude(|_| [if why_not.is_none() { done } else { not_done }]);
}
