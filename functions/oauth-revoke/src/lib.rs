//! `POST /oauth/revoke`: a client gives a refresh token up (RFC 7009).

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use postern::app::App;
use postern::http::client_auth::PresentedClient;
use postern::http::{Params, method_not_allowed, never_stored};
use postern::token::keys::KeyNeeds;
use postern::token::refresh::RefreshToken;
use postern::wire::refusal::Refusal;

/// What this function unwraps: nothing; it makes no token and opens none.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new().route("/oauth/revoke", post(revoke)).method_not_allowed_fallback(method_not_allowed)
}

/// Ends the family of a refresh token of this client. Any token of the family does: who had an old one has had them all.
/// A token that is unknown, or another client's, is the same answer (RFC 7009 §2.2); `token_type_hint` is not needed.
async fn revoke(State(app): State<App>, headers: HeaderMap, params: Params) -> Result<Response, Refusal> {
    let token = RefreshToken::parse(params.required("token")?);
    let presented = PresentedClient::of(&headers, &params)?;
    let client = presented.authenticate(presented.look_up(&app.store).await?)?;
    if let Some(token) = token {
        app.store.end_refresh_family(&token.user, &token.family, &client.client_id).await?;
    }
    let mut response = StatusCode::OK.into_response();
    never_stored(&mut response);
    Ok(response)
}
