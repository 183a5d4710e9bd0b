//! The link that verifies an address.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use postern::app::App;
use postern::audit::{Event, trail};
use postern::http::Params;
use postern::http::presented::{Presented, Problem, of_link};
use postern::store::tickets::Verifying;
use postern::token::account_ticket::VerifyTicket;
use postern::wire::refusal::Refusal;

use crate::conclude;
use crate::page::Page;

/// Shows the button.
pub(crate) async fn ask(State(app): State<App>, uri: Uri) -> Response {
    let opened = Presented::open(&app, of_link(&uri).as_ref(), app.now(), VerifyTicket::open).await;
    let page = match opened {
        Ok((ticket, _)) => Page::Verify(ticket),
        Err(problem) => Page::NotVerified(problem),
    };
    page.response(&app.config.tenant_name)
}

/// Verifies the address.
pub(crate) async fn verify(State(app): State<App>, params: Result<Params, Refusal>) -> Response {
    let outcome = spend(&app, params.ok()).await;
    let why_not = outcome.as_ref().err().map(|problem| problem.as_str());
    conclude(why_not, Event::EmailVerified, Event::EmailNotVerified);
    let page = match outcome {
        Ok(result_url) => Page::Verified(result_url),
        Err(problem) => Page::NotVerified(problem),
    };
    page.response(&app.config.tenant_name)
}

/// Gives where the page leads on.
async fn spend(app: &App, params: Option<Params>) -> Result<Option<String>, Problem> {
    let now = app.now();
    let (_, ticket) = Presented::open(app, params.as_ref(), now, VerifyTicket::open).await?;
    trail::user(&ticket.user);
    match app.store.verify_email(&ticket, now).await? {
        Verifying::Verified => {
            // The link was followed. One that an operator handed on says nothing of the mailbox.
            if let Some(mailed_at) = ticket.mailed_at {
                app.store.mailbox_is_proven(&ticket.user, &ticket.email, mailed_at).await;
            }
            tracing::info!(event = "email_verified");
            Ok(ticket.result_url)
        }
        Verifying::Before => Ok(ticket.result_url),
        Verifying::Void => Err(Problem::NoTicket),
    }
}
