//! `POST /mfa/associate`: begins an enrolment (contract §3, design §5).

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use postern::app::App;
use postern::audit::trail;
use postern::factors::{AssociateRequest, Enrolment, events, oob, otp};
use postern::http::bearer::MfaPrincipal;
use postern::http::client_auth::PresentedClient;
use postern::http::{Params, method_not_allowed, private_json_within};
use postern::rules::language::RequestedLanguages;
use postern::rules::limit::Quota;
use postern::token::keys::KeyNeeds;
use postern::wire::mfa::AssociateReply;
use postern::wire::refusal::Refusal;

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
    trail::conclude(|known| events::begun(outcome.as_ref().map(|_| ()), known));
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
    request.note();
    let enrolment = Enrolment::begin(app, principal, client.as_ref(), languages, request.is_mailed()).await?;
    let (reply, quota) = match request {
        AssociateRequest::Oob(wanted) => of_oob(oob::associate(app, enrolment, wanted).await?),
        AssociateRequest::Otp => of_otp(otp::associate(app, enrolment).await?),
    };
    Ok(private_json_within(&reply, quota))
}

fn of_oob(begun: oob::Begun) -> (AssociateReply, Quota) {
    let reply = AssociateReply::Oob {
        authenticator_type: "oob",
        binding_method: "prompt",
        recovery_codes: begun.recovery_codes,
        oob_channel: begun.to.channel(),
        oob_code: begun.oob_code,
    };
    (reply, begun.quota)
}

fn of_otp(begun: otp::Begun) -> (AssociateReply, Quota) {
    let reply = AssociateReply::Otp {
        authenticator_type: "otp",
        secret: begun.secret.to_base32(),
        barcode_uri: begun.barcode_uri,
        recovery_codes: begun.recovery_codes,
    };
    (reply, begun.quota)
}
