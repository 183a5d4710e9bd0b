//! The link to a new password.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use postern::app::App;
use postern::audit::{Event, trail};
use postern::http::Params;
use postern::http::presented::{Presented, Problem, of_link};
use postern::rules::notice::NoticeKind;
use postern::store::logins::PasswordHash;
use postern::store::notices::{Notice, Recipient};
use postern::token::account_ticket::ResetTicket;
use postern::token::password::{Password, Unsuitable, hash_apart};
use postern::wire::refusal::Refusal;

use crate::conclude;
use crate::page::{Page, Remark};

/// Shows the form. The password that the ticket replaces is looked at, so that nobody fills in a form in vain.
pub(crate) async fn ask(State(app): State<App>, uri: Uri) -> Response {
    let page = match open_form(&app, of_link(&uri)).await {
        Ok(ticket) => Page::Reset(ticket, None),
        Err(problem) => Page::NotReset(problem),
    };
    page.response(&app.config.tenant_name)
}

async fn open_form(app: &App, params: Option<Params>) -> Result<Presented, Problem> {
    let (presented, ticket) = Presented::open(app, params.as_ref(), app.now(), ResetTicket::open).await?;
    let login = app.store.login(&ticket.login.key()).await?;
    let is_good = login.is_some_and(|login| ticket.is_about(&login));
    if is_good { Ok(presented) } else { Err(Problem::NoTicket) }
}

/// Takes the new password.
pub(crate) async fn reset(State(app): State<App>, params: Result<Params, Refusal>) -> Response {
    let page = spend(&app, params.ok()).await.unwrap_or_else(Page::NotReset);
    conclude(page.why_not_reset(), Event::PasswordChanged, Event::PasswordNotChanged);
    page.response(&app.config.tenant_name)
}

async fn spend(app: &App, params: Option<Params>) -> Result<Page, Problem> {
    let now = app.now();
    let (presented, ticket) = Presented::open(app, params.as_ref(), now, ResetTicket::open).await?;
    trail::user(&ticket.user);
    trail::connection(ticket.login.key().connection());
    let password = match chosen(params.as_ref()) {
        Ok(password) => password,
        Err(remark) => return Ok(Page::Reset(presented, Some(remark))),
    };
    // Hashing takes a while: nobody has it done by a ticket that is void.
    let seen = app.store.resettable(&ticket, now).await?.ok_or(Problem::NoTicket)?;
    let hash = hash_apart(password, &app.random).await.map_err(|_| Problem::Unavailable)?;
    let to = Recipient::User(ticket.user.clone());
    let notice = Notice::new(NoticeKind::PasswordChanged, to, None, &ticket.client, &app.random, app.now());
    let notice = notice.map_err(|_| Problem::Unavailable)?;
    match app.store.reset_password(&ticket, seen, &PasswordHash(hash), &notice, &app.clock).await? {
        true => {
            tracing::info!(event = "password_reset");
            Ok(Page::Done(ticket.result_url))
        }
        false => Err(Problem::NoTicket),
    }
}

/// The password, typed twice alike.
fn chosen(params: Option<&Params>) -> Result<Password, Remark> {
    let text = |name| params.and_then(|params| params.optional(name).ok().flatten()).unwrap_or_default();
    let (first, second) = (text("password"), text("again"));
    if first != second {
        return Err(Remark::Different);
    }
    Password::chosen(first).map_err(|why| match why {
        Unsuitable::TooShort => Remark::TooShort,
        Unsuitable::TooLong => Remark::TooLong,
    })
}
