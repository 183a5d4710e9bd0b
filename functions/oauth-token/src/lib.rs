//! `POST /oauth/token`: a module per grant (contract §1).

mod alarm;
mod client_credentials;
mod confirm;
mod events;
mod first_factor;
mod offline;
mod oob;
mod otp;
mod password;
mod passwordless;
mod recovery;
mod refresh;
mod requirements;
mod target;
mod verification;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use postern::app::App;
use postern::audit::trail;
use postern::http::client_auth::PresentedClient;
use postern::http::{Params, RequestContext, method_not_allowed, private_json, private_json_within};
use postern::store::clients::Client;
use postern::token::keys::KeyNeeds;
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

/// What this function unwraps: roots to open and seal tokens, the signing key to issue them.
pub const KEYS: KeyNeeds = KeyNeeds::ALL;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new().route("/oauth/token", post(token)).method_not_allowed_fallback(method_not_allowed)
}

/// Longest unknown grant type that is repeated in the refusal, in characters.
const GRANT_TYPE_SHOWN_MAX: usize = 100;

async fn token(
    State(app): State<App>,
    context: RequestContext,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    let outcome = exchange(&app, &context, &headers, &params).await;
    let asked = params.required("grant_type").ok().and_then(Grant::parse);
    trail::conclude(|known| events::events(asked, outcome.as_ref().map(|_| ()), known));
    outcome
}

async fn exchange(
    app: &App,
    context: &RequestContext,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, Refusal> {
    let grant_type = params.required("grant_type")?;
    let client = PresentedClient::of(headers, params)?;
    let Some(grant) = Grant::parse(grant_type) else {
        // An unknown client learns nothing about grants.
        client.authenticate(client.look_up(&app.store).await?)?;
        return Err(Refusal::UnsupportedGrant(grant_type.chars().take(GRANT_TYPE_SHOWN_MAX).collect()));
    };
    let (reply, quota) = match grant {
        Grant::Password | Grant::PasswordRealm => {
            password::sign_in(app, context, &client, grant, params).await?
        }
        Grant::MfaOob => oob::verify(app, &client, params).await?,
        Grant::MfaOtp => otp::verify(app, &client, params).await?,
        Grant::MfaRecoveryCode => recovery::verify(app, &client, params).await?,
        Grant::PasswordlessOtp => passwordless::sign_in(app, context, &client, params).await?,
        // What these are checked by has no budget: nobody guesses it.
        Grant::RefreshToken => return refresh::issue(app, &client, params).await.map(unlimited),
        Grant::ClientCredentials => {
            return client_credentials::issue(app, &client, params).await.map(unlimited);
        }
    };
    Ok(private_json_within(&reply, quota))
}

fn unlimited(reply: TokenReply) -> Response {
    private_json(&reply)
}

/// Lets a client pass that is who it says and may use the grant.
fn admit(presented: &PresentedClient, client: Option<Client>, grant: Grant) -> Result<Client, Refusal> {
    let client = presented.authenticate(client)?;
    if client.may_use(grant) { Ok(client) } else { Err(Refusal::GrantNotAllowed(grant.as_str())) }
}
