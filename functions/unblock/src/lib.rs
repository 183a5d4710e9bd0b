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
use postern::http::{Params, method_not_allowed};
use postern::token::keys::KeyNeeds;
use postern::token::sealed;
use postern::token::ticket::UnblockTicket;

use page::{Page, Problem};

/// What this function unwraps: roots, to open tickets.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new().route("/u/unblock", get(ask).post(end)).method_not_allowed_fallback(method_not_allowed)
}

/// Shows the button.
async fn ask(State(app): State<App>, uri: Uri) -> Response {
    let params = Params::parse(uri.query().unwrap_or_default().as_bytes()).ok();
    let page = match open(&app, params.as_ref()).await {
        Ok((text, _)) => Page::Ask { ticket: text },
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
    let ended =
        app.store.end_block(&ticket.blocked, &ticket.notice).await.map_err(|_| Problem::Unavailable)?;
    tracing::info!(event = "unblocked", ended);
    Ok(())
}

/// The ticket, as it came and opened. There is one answer to every ticket that is none, however it fails.
async fn open(app: &App, params: Option<&Params>) -> Result<(String, UnblockTicket), Problem> {
    let text = params.and_then(|params| params.required("ticket").ok()).ok_or(Problem::NoTicket)?;
    let kid = sealed::kid_of(text).ok_or(Problem::NoTicket)?;
    let now = app.now();
    let ring = app.keys.ring_with(Some(&kid), now).await.map_err(|_| Problem::Unavailable)?;
    let ticket = UnblockTicket::open(&ring, text, now).map_err(|_| Problem::NoTicket)?;
    Ok((text.to_owned(), ticket))
}
