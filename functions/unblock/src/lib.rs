//! `GET` and `POST /u/unblock`: the link in the mail about a sign-in that is blocked after wrong passwords (contract
//! A3, a Postern endpoint).
//!
//! Mail scanners follow links, so the link itself changes nothing: it shows a button, and the button posts the ticket.
//! The ticket ends the one block it was mailed for. Used again, or when that block is over, it changes nothing and is
//! answered alike; a block that came later has a ticket of its own.

mod page;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use postern::app::App;
use postern::audit::{Event, trail};
use postern::http::presented::{Presented, Problem, of_link};
use postern::http::{Params, method_not_allowed};
use postern::token::keys::KeyNeeds;
use postern::token::ticket::UnblockTicket;

use page::Page;

/// What this function unwraps: roots, to open tickets.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new().route("/u/unblock", get(ask).post(end)).method_not_allowed_fallback(method_not_allowed)
}

/// Shows the button.
async fn ask(State(app): State<App>, uri: Uri) -> Response {
    let page = match open(&app, of_link(&uri).as_ref()).await {
        Ok((ticket, _)) => Page::Ask { ticket },
        Err(problem) => problem.into(),
    };
    page.response(&app.config.tenant_name)
}

/// Ends the block.
async fn end(State(app): State<App>, params: Result<Params, postern::wire::refusal::Refusal>) -> Response {
    let outcome = unblock(&app, params.ok()).await;
    if let Err(problem) = outcome {
        trail::reason(problem.as_str());
    }
    trail::conclude(|_| [event(outcome)]);
    let page = match outcome {
        Ok(()) => Page::Done,
        Err(problem) => problem.into(),
    };
    page.response(&app.config.tenant_name)
}

/// What it is in the audit log (SEC-40). Who has the login is not looked up for it.
fn event(outcome: Result<(), Problem>) -> Event {
    match outcome {
        Ok(()) => Event::BlockReleased,
        Err(_) => Event::BlockNotReleased,
    }
}

async fn unblock(app: &App, params: Option<Params>) -> Result<(), Problem> {
    let (_, ticket) = open(app, params.as_ref()).await?;
    let ended = app.store.end_block(&ticket.blocked, &ticket.notice).await?;
    tracing::info!(event = "unblocked", ended);
    Ok(())
}

async fn open(app: &App, params: Option<&Params>) -> Result<(Presented, UnblockTicket), Problem> {
    Presented::open(app, params, app.now(), UnblockTicket::open).await
}
