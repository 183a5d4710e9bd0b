//! `POST /mfa/associate`: begins an enrolment (contract §3, design §5).

mod enrolment;
mod events;
mod oob;
mod otp;
mod request;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use postern::app::App;
use postern::audit::trail;
use postern::http::bearer::MfaPrincipal;
use postern::http::client_auth::PresentedClient;
use postern::http::{Params, method_not_allowed, private_json_within};
use postern::rules::language::RequestedLanguages;
use postern::rules::policy::Factor;
use postern::token::keys::KeyNeeds;
use postern::wire::refusal::Refusal;

use enrolment::Enrolment;
use request::AssociateRequest;

/// What this function unwraps: roots, to open tokens and seal codes and secrets.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new().route("/mfa/associate", post(associate)).method_not_allowed_fallback(method_not_allowed)
}

async fn associate(
    State(app): State<App>,
    languages: RequestedLanguages,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    let outcome = begin(&app, languages, &headers, &params).await;
    trail::conclude(|known| events::events(outcome.as_ref().map(|_| ()), known));
    outcome
}

async fn begin(
    app: &App,
    languages: RequestedLanguages,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, Refusal> {
    let principal = MfaPrincipal::bearer(app, headers, "enroll").await?;
    let client = PresentedClient::if_named(headers, params)?;
    let request = AssociateRequest::parse(params)?;
    match request.channel() {
        Some(channel) => trail::channel(channel),
        None => trail::factor(Factor::Otp),
    }
    let enrolment = Enrolment::begin(app, principal, client.as_ref(), languages, request.is_mailed()).await?;
    let (reply, quota) = match request {
        AssociateRequest::Oob(wanted) => oob::associate(app, enrolment, wanted).await?,
        AssociateRequest::Otp => otp::associate(app, enrolment).await?,
    };
    Ok(private_json_within(&reply, quota))
}
