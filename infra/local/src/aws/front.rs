//! The front of every service of the twin: reads the request, logs it, applies faults, and only
//! then lets the service act.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::serve::ListenerExt as _;
use http::StatusCode;
use http::request::Parts;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use super::Service;
use super::calls::{Action, CallLog, Units};
use super::faults::{Failure, Faults, Verdict};
use super::held::HeldCalls;

/// The largest request body that any of the services takes: DynamoDB's 16 MB.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// No client of Postern waits so long: its sends are given up after 5 s, its other calls sooner (design §3).
const HELD_FROM: Duration = Duration::from_secs(10);

/// A request as a service sees it.
pub(super) struct AwsRequest {
    /// AWS's name of the operation; empty when the request names none.
    pub(super) operation: String,
    pub(super) parts: Parts,
    pub(super) body: Bytes,
    /// The body, or null when it is not JSON.
    pub(super) json: Value,
}

/// One AWS service.
pub(super) trait Endpoint: Send + Sync + 'static {
    /// Its name in faults and in the call log.
    const SERVICE: Service;

    /// AWS's name of the operation that a request asks for.
    fn operation(&self, parts: &Parts) -> Option<String>;

    /// What IAM would have to allow.
    fn actions(&self, operation: &str, request: &Value) -> Vec<Action>;

    /// The service's throttling error.
    fn throttled(&self) -> Response;

    /// The service's HTTP 500.
    fn broken(&self) -> Response;

    /// The service's exception of that name.
    fn refused(&self, code: &str) -> Response;

    /// Does what is asked.
    fn handle(&self, request: AwsRequest) -> impl Future<Output = Response> + Send;

    /// Does of a batch only the first, and says so.
    fn handle_in_part(&self, request: AwsRequest) -> impl Future<Output = Response> + Send {
        self.handle(request)
    }
}

/// What the services of one twin share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) faults: Faults,
    pub(super) held: HeldCalls,
    pub(super) calls: CallLog,
    pub(super) stop: Stop,
}

/// Resolves when the twin is dropped.
#[derive(Clone)]
pub(super) struct Stop(pub(super) watch::Receiver<()>);

impl Stop {
    pub(super) async fn stopped(mut self) {
        // Nothing is ever sent: the end of the channel is the signal.
        while self.0.changed().await.is_ok() {}
    }
}

struct Front<E> {
    endpoint: E,
    shared: Shared,
}

/// What answers for a service.
pub(super) fn router<E: Endpoint>(endpoint: E, shared: Shared) -> Router {
    Router::new()
        .fallback(answer::<E>)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::new(Front { endpoint, shared }))
}

/// Serves it on a free port of `host` until the twin stops.
async fn serve(
    host: IpAddr,
    service: Service,
    router: Router,
    stop: Stop,
) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind((host, 0)).await?;
    let address = listener.local_addr()?;
    // Best effort: without it an answer may wait for the client's delayed acknowledgement.
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop.stopped()).await {
            tracing::error!(%error, ?service, "an AWS endpoint of the twin ended");
        }
    });
    Ok((address, server))
}

/// All services at one address, told apart as no client can mix them up: JSON services by the name before their
/// operation, SES by its paths. Where the address is, is the caller's to say.
#[derive(Clone, Debug)]
pub(super) struct Doors {
    pub(super) dynamodb: Router,
    pub(super) kms: Router,
    pub(super) ses: Router,
    pub(super) sms: Router,
    pub(super) events: Router,
}

/// Where each service is, and Twilio.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    pub(super) dynamodb: SocketAddr,
    pub(super) ses: SocketAddr,
    pub(super) sms: SocketAddr,
    pub(super) twilio: SocketAddr,
    pub(super) kms: SocketAddr,
    pub(super) event_bridge: SocketAddr,
}

impl Doors {
    /// Serves each on a port of its own, and Twilio, until the twin stops.
    pub(super) async fn open(
        &self,
        twilio: &Router,
        host: IpAddr,
        stop: &Stop,
    ) -> io::Result<(Addresses, Vec<JoinHandle<()>>)> {
        let mut servers = Vec::new();
        let mut open = async |service, router: &Router| {
            let (address, server) = serve(host, service, router.clone(), stop.clone()).await?;
            servers.push(server);
            Ok::<_, io::Error>(address)
        };
        let addresses = Addresses {
            dynamodb: open(Service::Dynamodb, &self.dynamodb).await?,
            ses: open(Service::Ses, &self.ses).await?,
            sms: open(Service::Sms, &self.sms).await?,
            twilio: open(Service::Sms, twilio).await?,
            kms: open(Service::Kms, &self.kms).await?,
            event_bridge: open(Service::Events, &self.events).await?,
        };
        Ok((addresses, servers))
    }

    pub(super) fn router(self) -> Router {
        Router::new().fallback(enter).with_state(self)
    }

    fn of(&self, request: &Request) -> Option<&Router> {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        match target.and_then(|target| target.split_once('.')).map(|(service, _)| service) {
            Some("DynamoDB_20120810") => Some(&self.dynamodb),
            Some("TrentService") => Some(&self.kms),
            Some("PinpointSMSVoiceV2") => Some(&self.sms),
            Some("AWSEvents") => Some(&self.events),
            None if request.uri().path().starts_with("/v2/email/") => Some(&self.ses),
            _ => None,
        }
    }
}

async fn enter(State(doors): State<Doors>, request: Request) -> Response {
    match doors.of(&request) {
        Some(door) => match door.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn answer<E: Endpoint>(State(front): State<Arc<Front<E>>>, parts: Parts, body: Bytes) -> Response {
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let Some(operation) = front.endpoint.operation(&parts) else {
        return front.endpoint.handle(AwsRequest { operation: String::new(), parts, body, json }).await;
    };
    let shared = &front.shared;
    let call = shared
        .calls
        .record(&parts.headers, E::SERVICE, &operation, || front.endpoint.actions(&operation, &json));
    let hurried = shared.faults.hurried();
    let Verdict { failure, is_partial, is_lost, latency } = shared.faults.judge(E::SERVICE, &operation);
    let response = match failure {
        None if is_partial => {
            front.endpoint.handle_in_part(AwsRequest { operation, parts, body, json }).await
        }
        None => front.endpoint.handle(AwsRequest { operation, parts, body, json }).await,
        Some(Failure::Throttle) => front.endpoint.throttled(),
        Some(Failure::Error) => front.endpoint.broken(),
        Some(Failure::Refuse(code)) => front.endpoint.refused(&code),
        Some(Failure::Timeout) => {
            hold(shared).await;
            return front.endpoint.broken();
        }
    };
    if let Some(units) = response.extensions().get::<Units>() {
        shared.calls.charge(call, *units);
    }
    if is_lost {
        hold(shared).await;
    }
    if !latency.is_zero() {
        late(latency, hurried, shared).await;
    }
    response
}

/// Holds a call: hyper drops this future when the client goes away; else it ends with the twin.
async fn hold(shared: &Shared) {
    tokio::select! {
        () = shared.held.hold() => {}
        () = shared.stop.clone().stopped() => {}
    }
}

/// Waits for `latency`, or until it is cut short, or for the end of the twin.
async fn late(latency: Duration, mut hurried: watch::Receiver<()>, shared: &Shared) {
    #[allow(
        clippy::disallowed_methods,
        reason = "the delay is the feature: a client's time-outs are tested against it"
    )]
    let delay = tokio::time::sleep(latency);
    tokio::select! {
        () = delay => {}
        _ = hurried.changed() => {}
        () = shared.held.hold(), if latency >= HELD_FROM => {}
        () = shared.stop.clone().stopped() => {}
    }
}
