//! The twin's own pages, under a content security policy that lets nothing in from outside.

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use postern::rules::random::Random;

const PAGE: &str = include_str!("../web/index.html");
const NONCE_CHARACTERS: usize = 24;

/// What the demo page does beside being shown: it runs its script, calls the twin, and draws QR codes.
const DEMO: &str = "script-src 'nonce-__NONCE__'; connect-src 'self'; img-src data:; ";

/// The route of the demo page.
pub(crate) fn routes(random: Random) -> Router {
    Router::new().route("/", get(page)).with_state(random)
}

async fn page(State(random): State<Random>) -> Response {
    shut(&random, DEMO, PAGE)
}

/// A page with a nonce where it says `__NONCE__`. It may have its own styles, and what `also` lets it.
pub(crate) fn shut(random: &Random, also: &str, html: &str) -> Response {
    let Ok(nonce) =
        random.string(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", NONCE_CHARACTERS)
    else {
        return axum::http::StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let policy = format!(
        "default-src 'none'; {also}style-src 'nonce-__NONCE__'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, policy.replace("__NONCE__", &nonce)),
        (CACHE_CONTROL, "no-store".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (headers, html.replace("__NONCE__", &nonce)).into_response()
}
