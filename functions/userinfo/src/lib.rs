//! `GET` and `POST /userinfo`: the claims that an access token's scopes open (OpenID Connect Core §5.3).

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use postern::app::App;
use postern::http::bearer::bearer_token;
use postern::http::{Params, method_not_allowed, private_json};
use postern::id::UserId;
use postern::token::claims::UserClaims;
use postern::token::issue::user_claims;
use postern::token::jwt;
use postern::token::keys::KeyNeeds;
use postern::wire::refusal::Refusal;
use serde::Serialize;

/// What this function unwraps: nothing; it verifies tokens by public keys.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/userinfo", get(userinfo).post(posted))
        .method_not_allowed_fallback(method_not_allowed)
}

#[derive(Serialize)]
struct Userinfo {
    sub: UserId,
    #[serde(flatten)]
    claims: UserClaims,
}

/// The same by POST; its body has nothing to say, but must be readable.
async fn posted(state: State<App>, headers: HeaderMap, _: Params) -> Result<Response, Refusal> {
    userinfo(state, headers).await
}

async fn userinfo(State(app): State<App>, headers: HeaderMap) -> Result<Response, Refusal> {
    let token = bearer_token(&headers).ok_or(Refusal::AccessTokenInvalid)?;
    let kid = jwt::kid_of(token).ok_or(Refusal::AccessTokenInvalid)?;
    let now = app.now();
    let ring = app.keys.ring_with(Some(&kid), now).await?;
    let issuer = &app.config.issuer;
    let claims = jwt::verify(&ring, token, issuer.as_str(), &issuer.userinfo_audience(), now)
        .map_err(|_| Refusal::AccessTokenInvalid)?;
    let profile = app.store.profile(&UserId::new(claims.sub.clone())).await?;
    let profile =
        profile.filter(|profile| profile.accepts_tokens_of(claims.iat)).ok_or(Refusal::AccessTokenInvalid)?;
    let claims = user_claims(&profile, &claims.scopes());
    Ok(private_json(&Userinfo { sub: profile.user_id, claims }))
}
