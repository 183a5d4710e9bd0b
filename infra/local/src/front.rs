//! What answers on a twin's port: all functions merged, the controls and the pages, with the front door's CORS.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::Response;
use postern::app::App;
use postern::rules::calendar::UtcTime;
use postern::time::Timestamp;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::audit::AuditTrail;
use crate::aws::in_request;
use crate::control::{self, Control};
use crate::{docs, page};

/// Everything that answers on the port.
pub(crate) fn router(app: App, control: Control, base_url: &str) -> Router {
    let functions = Router::new()
        .merge(function("oauth-token", oauth_token::routes()))
        .merge(function("oauth-revoke", oauth_revoke::routes()))
        .merge(function("mfa-associate", mfa_associate::routes()))
        .merge(function("mfa-challenge", mfa_challenge::routes()))
        .merge(function("mfa-enrollment", mfa_enrollment::routes()))
        .merge(function("passwordless-start", passwordless_start::routes()))
        .merge(function("mfa-authenticators", mfa_authenticators::routes()))
        .merge(function("email-templates", email_templates::routes()))
        .merge(function("guardian-factors", guardian_factors::routes()))
        .merge(function("users", users::routes()))
        .merge(function("user-factors", user_factors::routes()))
        .merge(function("signing-keys", signing_keys::routes()))
        .merge(function("clients", clients::routes()))
        .merge(function("client-grants", client_grants::routes()))
        .merge(function("resource-servers", resource_servers::routes()))
        .merge(function("userinfo", userinfo::routes()))
        .merge(function("unblock", unblock::routes()))
        .merge(function("dbconnections", dbconnections::routes()))
        .merge(function("tickets", tickets::routes()))
        .merge(after_audit(control.clone(), function("logs", logs::routes())))
        .merge(function("well-known", well_known::routes()));
    let (random, clock, audit) = (app.random.clone(), app.clock.clone(), control.audit.clone());
    postern::http::serve(functions, app)
        .layer(middleware::from_fn(move |request: Request, next: Next| woken(audit.clone(), request, next)))
        .merge(control::routes(control))
        .merge(docs::routes(random.clone(), base_url))
        .merge(page::routes(random))
        .layer(cors())
        .layer(middleware::map_response(move |response| std::future::ready(dated(response, clock.now()))))
}

/// An answer's date is the twin's time, wherever its clock was moved to: who compares clocks sees it.
fn dated(mut response: Response, now: Timestamp) -> Response {
    let date = UtcTime::of(now).format("%a, %d %b %Y %H:%M:%S GMT");
    if let Some(date) = date.and_then(|date| HeaderValue::from_str(&date).ok()) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

/// Calls to AWS made while a function answers are counted as that function's.
fn function(name: &'static str, routes: Router<App>) -> Router<App> {
    routes.layer(middleware::from_fn(move |request: Request, next: Next| in_request(name, next.run(request))))
}

/// Whoever reads the log sees what was answered before.
fn after_audit(control: Control, routes: Router<App>) -> Router<App> {
    routes.layer(middleware::from_fn(move |request: Request, next: Next| {
        let control = control.clone();
        async move {
            control.settle().await;
            next.run(request).await
        }
    }))
}

/// What was answered may be in the audit log.
async fn woken(audit: AuditTrail, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    audit.wake();
    response
}

/// The front door's CORS, as the template's `CorsConfiguration` has it; here any origin on this machine.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(|origin, _| is_local_origin(origin)))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            HeaderName::from_static("auth0-client"),
            HeaderName::from_static("x-request-language"),
        ])
        .expose_headers([
            RETRY_AFTER,
            HeaderName::from_static("x-ratelimit-limit"),
            HeaderName::from_static("x-ratelimit-remaining"),
            HeaderName::from_static("x-ratelimit-reset"),
        ])
        .max_age(Duration::from_secs(600))
}

/// Whether a page of this machine asks.
pub(crate) fn is_local_origin(origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    host.is_some_and(is_local_host)
}

/// Whether a `host[:port]` names this machine.
pub(crate) fn is_local_host(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_of_this_machine_are_local() {
        for (origin, local) in [
            ("http://localhost:5173", true),
            ("http://127.0.0.1", true),
            ("https://localhost", true),
            ("http://[::1]:3000", true),
            ("http://localhost.evil.example", false),
            ("http://evil.example:80", false),
            ("null", false),
        ] {
            assert_eq!(is_local_origin(&HeaderValue::from_static(origin)), local, "{origin}");
        }
    }
}
