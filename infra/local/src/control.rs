//! `/_local/*`: the handles a person or a test moves the twin by (design §9).

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use postern::time::Clock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::audit::AuditTrail;
use crate::aws::{CallLog, EventBus, Fault, Faults, Inbox};
use crate::front::{is_local_host, is_local_origin};
use crate::mail_events::MailEvents;
use crate::notices::Notices;

/// Where all of the embedded AWS is while the twin listens on this machine only: an endpoint for every tool that takes
/// one, at an address that stays.
pub const AWS: &str = "/_local/aws";

/// What the handles move.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) notices: Notices,
    pub(crate) mail_events: MailEvents,
    pub(crate) audit: AuditTrail,
    pub(crate) events: EventBus,
    pub(crate) inbox: Inbox,
    pub(crate) faults: Faults,
    pub(crate) calls: CallLog,
    pub(crate) clock: Clock,
    /// The embedded AWS, at one address.
    pub(crate) aws: Router,
    /// Whether the twin listens on this machine only: then so must the name it is called by.
    pub(crate) loopback: bool,
}

impl Control {
    /// Everything that was told and written so far is kept: what SES tells of mails has records of its own.
    pub(crate) async fn settle(&self) {
        self.mail_events.deliver().await;
        self.audit.deliver().await;
    }
}

/// The routes under `/_local`.
pub(crate) fn routes(control: Control) -> Router {
    let handles = Router::new()
        .route("/_local/inbox", get(read_inbox).delete(empty_inbox))
        .route("/_local/dead-letters", get(read_dead_letters))
        .route("/_local/events", get(read_events).delete(forget_events))
        .route("/_local/clock", post(advance_clock).get(read_clock))
        .route("/_local/faults", post(add_fault).get(list_faults).delete(clear_faults))
        .route("/_local/calls", get(read_calls).delete(clear_calls));
    // The table and its keys stay on this machine, whoever may look into the inbox.
    let handles = match control.loopback {
        true => handles.nest_service(AWS, control.aws.clone()),
        false => handles,
    };
    handles.layer(axum::middleware::from_fn_with_state(control.clone(), only_local_pages)).with_state(control)
}

/// A page of somewhere else, open in the developer's browser, may not read codes or move the clock: neither by its
/// origin, nor by a name of its own that it points at this machine (DNS rebinding).
async fn only_local_pages(
    State(control): State<Control>,
    headers: HeaderMap,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let foreign = headers.get(ORIGIN).is_some_and(|origin| !is_local_origin(origin));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let rebound = control.loopback && !is_local_host(host);
    if foreign || rebound {
        let text = "only pages of this machine may use /_local";
        return Problem(StatusCode::FORBIDDEN, text.to_owned()).into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What is wrong with a request to `/_local`.
struct Problem(StatusCode, String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": "invalid_request", "error_description": self.1 }))).into_response()
    }
}

/// JSON whatever the content type: `curl -d` says it is a form.
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem(StatusCode::BAD_REQUEST, error.to_string()))
}

#[derive(Deserialize)]
struct InboxQuery {
    to: Option<String>,
}

/// The notices of every request that has been answered are in it.
async fn read_inbox(State(control): State<Control>, Query(query): Query<InboxQuery>) -> Response {
    control.notices.deliver().await;
    Json(control.inbox.messages(query.to.as_deref())).into_response()
}

async fn empty_inbox(State(control): State<Control>) -> StatusCode {
    control.notices.deliver().await;
    control.inbox.clear();
    StatusCode::NO_CONTENT
}

async fn read_dead_letters(State(control): State<Control>) -> Response {
    control.notices.deliver().await;
    Json(control.notices.dead_letters()).into_response()
}

/// The records of every request that has been answered are in it.
async fn read_events(State(control): State<Control>) -> Response {
    control.settle().await;
    Json(control.events.all()).into_response()
}

async fn forget_events(State(control): State<Control>) -> StatusCode {
    control.settle().await;
    control.events.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

#[derive(Serialize)]
struct Now {
    now: u64,
}

async fn advance_clock(State(control): State<Control>, body: Bytes) -> Result<Json<Now>, Problem> {
    let Advance { advance_seconds } = parse(&body)?;
    control.clock.advance(advance_seconds);
    Ok(Json(Now { now: control.clock.now().0 }))
}

async fn read_clock(State(control): State<Control>) -> Json<Now> {
    Json(Now { now: control.clock.now().0 })
}

async fn add_fault(State(control): State<Control>, body: Bytes) -> Result<StatusCode, Problem> {
    let fault = parse::<Fault>(&body)?;
    if let Some(problem) = fault.problem() {
        return Err(Problem(StatusCode::BAD_REQUEST, problem.to_owned()));
    }
    // It is for what comes, not for the notices and records of what was before.
    control.notices.deliver().await;
    control.settle().await;
    control.faults.add(fault);
    Ok(StatusCode::NO_CONTENT)
}

async fn list_faults(State(control): State<Control>) -> Response {
    Json(control.faults.list()).into_response()
}

async fn clear_faults(State(control): State<Control>) -> StatusCode {
    control.faults.clear();
    StatusCode::NO_CONTENT
}

async fn read_calls(State(control): State<Control>) -> Response {
    Json(control.calls.all()).into_response()
}

async fn clear_calls(State(control): State<Control>) -> StatusCode {
    control.notices.deliver().await;
    control.settle().await;
    control.calls.clear();
    StatusCode::NO_CONTENT
}
