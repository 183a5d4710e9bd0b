//! An operator says what all of a user's authentication methods are.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, objects, user_id};
use postern::http::params::read_body;
use postern::http::private_json;
use postern::rules::enrolment::METHODS_AT_ONCE_MAX;
use postern::rules::notice::NoticeKind;
use postern::rules::policy::Factor;
use postern::store::accounts::NewFactors;
use postern::store::notices::Notice;
use postern::store::users::Authenticator;
use postern::wire::management::ManagementRefusal;

use crate::Notices;
use crate::maker::{Maker, already_exists};
use crate::properties::NewMethod;
use crate::view::{Destinations, Method};

/// Replaces all of them, and ends what was issued (SEC-42). The answer shows what was sent.
pub(crate) async fn replace(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let client = authorize(&app, &headers, "update:authentication_methods").await?;
    let id = user_id(id)?;
    let bodies = objects(read_body(request).await)?;
    if bodies.len() > METHODS_AT_ONCE_MAX {
        let text = format!("Array is too long, maximum {METHODS_AT_ONCE_MAX}");
        return Err(ManagementRefusal::InvalidBody(text));
    }
    let new = bodies.iter().map(NewMethod::of).collect::<Result<Vec<_>, _>>()?;
    let now = app.now();
    let maker = Maker::new(&app, &id, now).await?;
    let made = new.into_iter().map(|new| maker.make(new)).collect::<Result<Vec<_>, _>>()?;
    let notices = Notices { app: &app, user: &id, client: &client, now };
    let authenticators = made.concat();
    if has_twice(&authenticators) {
        return Err(already_exists());
    }
    let factors = NewFactors { notices: added(&notices, &authenticators)?, authenticators };
    let removed = notices.of(NoticeKind::FactorRemoved, None)?;
    if !app.store.replace_factors(&id, &factors, &removed, &app.clock).await? {
        return Err(ManagementRefusal::no_such_user());
    }
    let methods = made.iter().filter_map(|authenticators| Method::made(authenticators));
    let items: Vec<_> = methods.map(|method| method.item(Destinations::Whole)).collect();
    Ok(private_json(&items))
}

/// Whether an address or a number is there twice.
fn has_twice(authenticators: &[Authenticator]) -> bool {
    let to: Vec<_> = authenticators.iter().filter_map(|it| it.source.destination()).collect();
    to.iter().enumerate().any(|(at, one)| to.iter().skip(at + 1).any(|other| other == one))
}

/// What the user is told: one notice of each factor.
fn added(notices: &Notices<'_>, authenticators: &[Authenticator]) -> Result<Vec<Notice>, ManagementRefusal> {
    let has = |factor: Factor| authenticators.iter().any(|authenticator| authenticator.factor() == factor);
    let factors = Factor::ALL.into_iter().filter(|factor| has(*factor));
    factors.map(|factor| notices.of(NoticeKind::FactorAdded, Some(factor))).collect()
}
