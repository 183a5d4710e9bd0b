//! `GET` and `POST /mfa/enrollment`: the page that an operator's ticket leads to, where a user enrols a factor without
//! signing in (contract §6 `/guardian/enrollments/ticket`).
//!
//! It needs no script: each step is a form that posts the ticket, and a look at the page changes nothing, for mail scanners
//! follow links. What was begun stands in the table under the ticket's id, as a login's enrolment does under its own, and
//! is enrolled by the same rules and writes. The ticket is spent by the write that confirms the factor.

mod asked;
mod begin;
mod confirm;
mod page;
mod qr;
mod words;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use postern::app::App;
use postern::audit::Event;
use postern::audit::trail::{self, Trail};
use postern::factors::{Enrolment, events};
use postern::http::bearer::MfaPrincipal;
use postern::http::presented::{Presented, Problem, of_link};
use postern::http::{Params, method_not_allowed};
use postern::id::AuthenticatorId;
use postern::rules::language::RequestedLanguages;
use postern::token::enrolment_ticket::EnrolmentTicket;
use postern::token::keys::KeyNeeds;
use postern::wire::refusal::Refusal;

use asked::{Asked, Typed};
use page::{Offered, Page, Shown};
use words::Remark;

/// What this function unwraps: roots, to open tickets and to seal codes and secrets.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/mfa/enrollment", get(look).post(act))
        .method_not_allowed_fallback(method_not_allowed)
}

/// Whoever came by a ticket.
struct Visitor {
    presented: Presented,
    ticket: EnrolmentTicket,
    languages: RequestedLanguages,
}

impl Visitor {
    async fn of(app: &App, params: Option<&Params>, languages: RequestedLanguages) -> Result<Self, Refusal> {
        let opened = Presented::open(app, params, app.now(), EnrolmentTicket::open).await;
        match opened {
            Ok((presented, ticket)) => {
                trail::user(&ticket.user);
                trail::client(&ticket.client);
                Ok(Self { presented, ticket, languages })
            }
            Err(Problem::NoTicket) => Err(Refusal::BearerInvalid),
            Err(Problem::Unavailable) => Err(Refusal::Unavailable),
        }
    }

    /// In whose name things are begun and confirmed now.
    fn principal(&self, app: &App) -> MfaPrincipal {
        MfaPrincipal::of_ticket(self.ticket.clone(), app.now())
    }

    /// The user as it is now, if the ticket still lets it enrol. `is_mailed` as of [`Enrolment::begin`].
    async fn enrolment(&self, app: &App, is_mailed: bool) -> Result<Enrolment, Refusal> {
        let principal = self.principal(app);
        let enrolment = Enrolment::begin(app, principal, None, self.languages.clone(), is_mailed).await?;
        enrolment.gate(app)?;
        Ok(enrolment)
    }
}

/// What the link shows.
async fn look(State(app): State<App>, languages: RequestedLanguages, uri: Uri) -> Response {
    let shown = match Visitor::of(&app, of_link(&uri).as_ref(), languages).await {
        Ok(visitor) => start(&app, &visitor, Typed::default()).await,
        Err(refusal) => Shown::closed(&refusal),
    };
    shown.response(&app.config.tenant_name)
}

/// What a form does.
async fn act(
    State(app): State<App>,
    languages: RequestedLanguages,
    params: Result<Params, Refusal>,
) -> Response {
    let params = params.unwrap_or_default();
    let shown = match Visitor::of(&app, Some(&params), languages).await {
        Ok(visitor) => step(&app, &visitor, &params).await,
        Err(refusal) => {
            told(Err(&refusal), events::begun);
            Shown::closed(&refusal)
        }
    };
    shown.response(&app.config.tenant_name)
}

async fn step(app: &App, visitor: &Visitor, params: &Params) -> Shown {
    let typed = Typed::of(params);
    match Asked::of(params) {
        Ok(Asked::Look) => start(app, visitor, typed).await,
        Ok(Asked::Wait(id)) => waiting(app, visitor, &id, None).await,
        Ok(Asked::Begin(request)) => {
            request.note();
            let begun = begin::begin(app, visitor, request).await;
            told(begun.as_ref().map(|_| ()), events::begun);
            match begun {
                Ok(page) => page.into(),
                Err(refusal) => refused_at_start(app, visitor, typed, &refusal).await,
            }
        }
        Ok(Asked::Confirm(id, code)) => {
            id.factor().into_iter().for_each(trail::factor);
            let confirmed = confirm::confirm(app, visitor, &id, &code).await;
            told(confirmed.as_ref().map(|_| ()), events::confirmed);
            match confirmed {
                Ok(recovery) => Page::Done(recovery).into(),
                Err(refusal) => match Remark::of(&refusal) {
                    Some(_) => waiting(app, visitor, &id, Some(&refusal)).await,
                    None => Shown::closed(&refusal).with_way_back(visitor, Some(&id)),
                },
            }
        }
        Err(refusal) => {
            told(Err(&refusal), events::begun);
            refused_at_start(app, visitor, typed, &refusal).await
        }
    }
}

/// Tells the audit log what a form did (SEC-40), and why not: the page may then be shown for another reason.
fn told(outcome: Result<(), &Refusal>, events: fn(Result<(), &Refusal>, &Trail) -> Vec<Event>) {
    if let Err(refusal) = outcome {
        trail::reason_unless_known(refusal.reason());
    }
    trail::conclude(|known| events(outcome, known));
}

/// The factors there are to choose from.
async fn start(app: &App, visitor: &Visitor, typed: Typed) -> Shown {
    match visitor.enrolment(app, false).await {
        Ok(enrolment) => first_page(visitor, Offered::of(&enrolment.settings, visitor.ticket.factor), typed),
        Err(refusal) => Shown::closed(&refusal).with_way_back(visitor, None),
    }
}

fn first_page(visitor: &Visitor, offered: Offered, typed: Typed) -> Shown {
    match offered.is_nothing() {
        true => Page::NothingOffered.into(),
        false => Page::Start { ticket: visitor.presented.clone(), offered, typed }.into(),
    }
}

/// The same with what was typed, and what is wrong with it.
async fn refused_at_start(app: &App, visitor: &Visitor, typed: Typed, refusal: &Refusal) -> Shown {
    if Remark::of(refusal).is_none() {
        return Shown::closed(refusal).with_way_back(visitor, None);
    }
    match app.settings().await {
        Ok(settings) => {
            let offered = Offered::of(&settings, visitor.ticket.factor);
            first_page(visitor, offered, typed).remarking(refusal)
        }
        Err(_) => Shown::closed(&Refusal::Unavailable).with_way_back(visitor, None),
    }
}

/// What waits for its code, as it was begun; and what is wrong with the last one.
async fn waiting(app: &App, visitor: &Visitor, id: &AuthenticatorId, refusal: Option<&Refusal>) -> Shown {
    let enrolment = match visitor.enrolment(app, false).await {
        Ok(enrolment) => enrolment,
        Err(refusal) => return Shown::closed(&refusal).with_way_back(visitor, Some(id)),
    };
    let shown = match begin::waiting(app, visitor, &enrolment, id) {
        Ok(Some(page)) => Shown::from(page),
        Ok(None) => {
            let offered = Offered::of(&enrolment.settings, visitor.ticket.factor);
            return first_page(visitor, offered, Typed::default()).remarking(&Refusal::OobCodeExpired);
        }
        Err(refusal) => return Shown::closed(&refusal).with_way_back(visitor, Some(id)),
    };
    match refusal {
        Some(refusal) => shown.remarking(refusal),
        None => shown,
    }
}
