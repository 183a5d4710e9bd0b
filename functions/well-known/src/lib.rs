//! `GET /.well-known/…`: discovery and signing keys (contract §8); and the answer to every unknown path.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use data_encoding::BASE64URL_NOPAD;
use postern::app::App;
use postern::http::error::not_found;
use postern::http::method_not_allowed;
use postern::token::keys::{KEYS_FRESH_SECONDS, KeyNeeds};
use postern::wire::oauth::Grant;
use postern::wire::refusal::Refusal;
use serde_json::{Value, json};

/// What this function unwraps: nothing; it publishes public keys.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function, and the fallback for unknown paths.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/.well-known/openid-configuration", get(configuration))
        .route("/.well-known/oauth-authorization-server", get(configuration))
        .route("/.well-known/jwks.json", get(jwks))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
}

/// Discovery (OpenID Connect Discovery §3, RFC 8414). It names what is served, nothing more.
async fn configuration(State(app): State<App>) -> Response {
    let issuer = &app.config.issuer;
    cacheable(json!({
        "issuer": issuer.as_str(),
        "token_endpoint": issuer.endpoint("oauth/token"),
        "revocation_endpoint": issuer.endpoint("oauth/revoke"),
        "userinfo_endpoint": issuer.endpoint("userinfo"),
        "mfa_challenge_endpoint": issuer.endpoint("mfa/challenge"),
        "jwks_uri": issuer.endpoint(".well-known/jwks.json"),
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        // Discovery demands the member; there is no authorization endpoint that could answer any.
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "claims_supported": [
            "aud", "auth_time", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name",
            "nickname", "picture", "sub", "acr", "amr",
        ],
        "request_uri_parameter_supported": false,
        "request_parameter_supported": false,
        "grant_types_supported": Grant::ALL.map(Grant::as_str),
    }))
}

/// The signing keys, those not yet in use included (RFC 7517 §5).
async fn jwks(State(app): State<App>) -> Result<Response, Refusal> {
    let ring = app.keys.ring(app.now()).await?;
    let keys: Vec<Value> = ring
        .signing
        .iter()
        .map(|key| {
            json!({
                "kty": "RSA",
                "use": "sig",
                "alg": "RS256",
                "kid": key.kid.as_str(),
                "n": BASE64URL_NOPAD.encode(&key.modulus),
                "e": BASE64URL_NOPAD.encode(&key.exponent),
            })
        })
        .collect();
    Ok(cacheable(json!({ "keys": keys })))
}

fn cacheable(body: Value) -> Response {
    let mut response = Json(body).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("public, max-age={KEYS_FRESH_SECONDS}")) {
        response.headers_mut().insert(CACHE_CONTROL, value);
    }
    response
}
