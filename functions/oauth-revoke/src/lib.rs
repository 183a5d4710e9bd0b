//! `POST /oauth/revoke`: a client gives a refresh token up (RFC 7009).

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use postern::app::App;
use postern::audit::{Event, trail};
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

async fn revoke(State(app): State<App>, headers: HeaderMap, params: Params) -> Result<Response, Refusal> {
    let ended = end(&app, &headers, &params).await;
    trail::conclude(|_| [event(ended.as_ref().copied())]);
    // A token that is unknown, or another client's, is the same answer (RFC 7009 §2.2).
    ended.map(|_| {
        let mut response = StatusCode::OK.into_response();
        never_stored(&mut response);
        response
    })
}

/// Ends the family of a refresh token of this client. Any token of the family does: who had an old one has had them all.
/// `false` when there is no such family; `token_type_hint` is not needed.
async fn end(app: &App, headers: &HeaderMap, params: &Params) -> Result<bool, Refusal> {
    let token = RefreshToken::parse(params.required("token")?);
    let presented = PresentedClient::of(headers, params)?;
    let client = presented.authenticate(presented.look_up(&app.store).await?)?;
    let ended = match &token {
        Some(token) => app.store.end_refresh_family(&token.user, &token.family, &client.client_id).await?,
        None => false,
    };
    match token.filter(|_| ended) {
        Some(token) => trail::user(&token.user),
        None => trail::reason(Refusal::UnknownRefreshToken.reason()),
    }
    Ok(ended)
}

/// What it is in the audit log (SEC-40).
fn event(ended: Result<bool, &Refusal>) -> Event {
    match ended {
        Ok(true) => Event::TokenRevoked,
        Ok(false) | Err(_) => Event::RevocationFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer to the second is the first's.
    #[test]
    fn only_what_was_ended_was_revoked() {
        let events = [Ok(true), Ok(false), Err(&Refusal::Busy)].map(event);
        assert_eq!(events, [Event::TokenRevoked, Event::RevocationFailed, Event::RevocationFailed]);
    }
}
