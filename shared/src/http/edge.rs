//! What surrounds every handler: the client's address, the time limit, and one log line.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::Response;
use lambda_http::request::RequestContext as GatewayContext;

use super::error::{ErrorLabel, is_management, refuse};
use super::params::BODY_BYTES_MAX;
use crate::app::App;
use crate::audit::trail::{self, Trail};
use crate::audit::{self, Event};
use crate::config::Config;
use crate::observe;
use crate::rules::limit::Quota;
use crate::time::{Stopwatch, Timestamp};
use crate::wire::management::ManagementRefusal;
use crate::wire::refusal::Refusal;

/// What the front door knows of a request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Where it came from.
    pub source: IpAddr,
    /// The gateway's id of it, for logs.
    pub request_id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or(Refusal::Internal)
    }
}

/// Completes a router: with the state, and with what surrounds every handler.
pub fn serve(routes: Router<App>, app: App) -> Router {
    routes.layer(middleware::from_fn_with_state(app.clone(), surround)).with_state(app)
}

async fn surround(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_past_the_proxy = is_past_the_proxy(&app.config, request.headers());
    // The header is the proxy's word, so it counts for nothing where the proxy was not asked.
    let trusted_header = app.config.client_ip_header.as_deref().filter(|_| !is_past_the_proxy);
    let context = context(&request, trusted_header);
    let request_id = context.request_id.clone();
    let arrival = Arrival { context, is_past_the_proxy };
    observe::watched(&app, &request_id, answer(&app, arrival, request, next)).await
}

/// Whether somebody found the gateway's own address, where requests are to come by the proxy before it.
fn is_past_the_proxy(config: &Config, headers: &HeaderMap) -> bool {
    config.proxy_secrets.as_ref().is_some_and(|secrets| !secrets.are_proven_by(headers))
}

/// How a request came.
struct Arrival {
    context: RequestContext,
    is_past_the_proxy: bool,
}

async fn answer(app: &App, arrival: Arrival, mut request: Request, next: Next) -> Response {
    let Arrival { context, is_past_the_proxy } = arrival;
    let watch = Stopwatch::start();
    let method = request.method().clone();
    let user_agent = user_agent(request.headers());
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    request.extensions_mut().insert(context.clone());
    let answer = async {
        match is_past_the_proxy {
            true => refuse(&path, Refusal::PastTheProxy, ManagementRefusal::PastTheProxy),
            false => handled(app, &path, request, next).await,
        }
    };
    let (mut response, mut trail) = trail::of(answer).await;
    name_charset(&path, &mut response);
    tell_quota(&mut response, app.now());
    // The template, never the path itself: a path holds ids.
    let route = route.as_deref().unwrap_or("(none)");
    let label = response.extensions().get::<ErrorLabel>().copied();
    if is_management(&path) {
        trail.events.extend(operation(&method, &response, &trail));
    }
    let (status, reason) = (response.status().as_u16(), label.map(|label| label.reason));
    observe::happened(Some(&observe::Answer { status, reason }), &trail);
    let request = audit::record::Request {
        at: app.now(),
        hostname: app.config.issuer.host().to_owned(),
        ip: context.source.to_string(),
        request_id: context.request_id.clone(),
        user_agent,
        method: method.as_str().to_owned(),
        route: route.to_owned(),
        status,
        reason,
    };
    app.audit.write(&request, &trail, &app.random);
    let milliseconds = watch.elapsed_milliseconds();
    observe::answered(observe::Answered { route: request.route, status, milliseconds });
    tracing::info!(
        event = "request",
        request_id = context.request_id,
        method = method.as_str(),
        route,
        status,
        error = label.map(|label| label.error),
        duration_milliseconds = milliseconds,
    );
    response
}

/// What the handler answers, in time.
async fn handled(app: &App, path: &str, request: Request, next: Next) -> Response {
    if is_oversized(&request) {
        return refuse(path, Refusal::BodyTooLarge, ManagementRefusal::BodyTooLarge);
    }
    let answered = tokio::time::timeout(app.config.timeouts.request, next.run(request)).await;
    answered.unwrap_or_else(|_| refuse(path, Refusal::Unavailable, ManagementRefusal::Unavailable))
}

/// Longest word of a client for itself that is kept, in characters.
const USER_AGENT_CHARACTERS_MAX: usize = 200;

/// The client's word for itself, without what may be an address (SEC-34).
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    let words: Vec<_> = text.split(' ').filter(|word| !word.contains('@')).collect();
    Some(words.join(" ").chars().take(USER_AGENT_CHARACTERS_MAX).collect())
}

/// What a request to the Management API is in the audit log: every write, and everything that was refused. Reads that
/// were answered are in the request log only, as at Auth0.
///
/// What has no valid token is in the request log only as well: whoever likes could bury the others under it.
fn operation(method: &Method, response: &Response, trail: &Trail) -> Option<Event> {
    if trail.client.is_none() {
        None
    } else if response.status().is_success() {
        (![Method::GET, Method::HEAD].contains(method)).then_some(Event::OperationSucceeded)
    } else {
        Some(Event::OperationFailed)
    }
}

/// Whether the body is known to be too long before it is read: also where nobody would read it (contract A3
/// "oversized body").
fn is_oversized(request: &Request) -> bool {
    request.body().size_hint().lower() > BODY_BYTES_MAX as u64
}

/// JSON of `/mfa/*` and `/api/v2/*` names its charset, that of `/oauth/token` does not (contract §0, §6).
fn name_charset(path: &str, response: &mut Response) {
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|value| value == "application/json");
    if is_json && (path.starts_with("/mfa/") || is_management(path)) {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    }
}

/// `x-ratelimit-*`, where the handler says how a limit stands; the reset is a time in epoch seconds (contract §0).
fn tell_quota(response: &mut Response, now: Timestamp) {
    let Some(Quota { limit, remaining, resets_in }) = response.extensions().get().copied() else { return };
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(now.plus(resets_in).0));
}

fn context(request: &Request, trusted_header: Option<&str>) -> RequestContext {
    let gateway = match request.extensions().get::<GatewayContext>() {
        Some(GatewayContext::ApiGatewayV2(context)) => Some(context),
        _ => None,
    };
    let connected = || request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let from_gateway = || gateway?.http.source_ip.as_deref()?.parse().ok();
    let from_header = || first_address(request.headers(), trusted_header?);
    RequestContext {
        source: from_header()
            .or_else(from_gateway)
            .or_else(connected)
            // Nobody says: all such requests share one budget, the strict reading.
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        request_id: gateway.and_then(|context| context.request_id.clone()).unwrap_or_default(),
    }
}

/// The address in the trusted header. CloudFront's viewer header appends the port.
fn first_address(headers: &HeaderMap, name: &str) -> Option<IpAddr> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    let address = text.parse::<IpAddr>().ok();
    address.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip())).or_else(|| {
        let (host, _) = text.rsplit_once(':')?;
        host.parse().ok()
    })
}
