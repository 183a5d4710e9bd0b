//! DynamoDB: `dynoxide` in this process, behind a front that logs calls and applies faults.
//!
//! Nothing sweeps items whose TTL has passed: on AWS they stay readable for up to days, and code
//! that forgets to check `expires_at` must fail here first (design §3).

mod actions;
mod stream;
mod units;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use dynoxide::Database;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, ORIGIN, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::calls::{Action, Units};
use super::front::{AwsRequest, Endpoint, Stop};
use super::protocol::{REFUSED, json_answer, json_error, target_operation};
use super::{Service, StartError, Storage};

pub use stream::TableStream;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
const TARGET_PREFIX: &str = "DynamoDB_20120810.";
const ERROR_PREFIX: &str = "com.amazonaws.dynamodb.v20120810#";
const FILE_NAME: &str = "dynamodb.sqlite";

/// The front's way to the database.
///
/// dynoxide checks requests in its own HTTP layer, which cannot be called as a function, so the
/// front goes through a second, private listener: a kept-alive loopback hop of under a millisecond even in an
/// unoptimised build.
pub(super) struct DynamoDb {
    client: Client<HttpConnector, Full<Bytes>>,
    inner: Authority,
    /// Whoever answers does not keep the table's file open.
    engine: Weak<Engine>,
}

/// What the twin itself has of the engine.
pub(super) struct Engine {
    pub(super) database: Database,
    /// Told of every write.
    pub(super) written: Arc<Notify>,
}

impl DynamoDb {
    /// Opens the database and starts its private listener.
    pub(super) async fn start(
        storage: &Storage,
        stop: Stop,
    ) -> Result<(Self, Arc<Engine>, JoinHandle<()>), StartError> {
        let database = open(storage)?;
        let engine = Arc::new(Engine { database: database.clone(), written: Arc::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(StartError::Listen)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        let server = tokio::spawn(async move {
            let served = dynoxide::server::serve_with_shutdown(listener, database, stop.stopped()).await;
            if let Err(error) = served {
                tracing::error!(error, "the embedded DynamoDB ended");
            }
        });
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok((Self { client, inner: authority(address)?, engine: Arc::downgrade(&engine) }, engine, server))
    }

    async fn forward(&self, mut parts: Parts, body: Bytes) -> Result<Response, DynamoDbUnreachable> {
        let mut uri = parts.uri.into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.inner.clone());
        parts.uri = Uri::from_parts(uri).map_err(|_| DynamoDbUnreachable)?;
        parts.version = http::Version::HTTP_11;
        for hop in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            parts.headers.remove(hop);
        }
        // dynoxide answers `Access-Control-Allow-Origin: *` to whoever sends an Origin: any web
        // page that guesses the port could read the table.
        parts.headers.remove(ORIGIN);
        let request = http::Request::from_parts(parts, Full::new(body));
        let response = self.client.request(request).await.map_err(|_| DynamoDbUnreachable)?;
        Ok(response.map(Body::new).into_response())
    }

    /// The same, and what it costs is found out, and kept in the response beside what the client gets.
    async fn forward_counting(&self, request: AwsRequest) -> Result<Response, DynamoDbUnreachable> {
        let AwsRequest { operation, parts, body, json } = request;
        let Some(asking) = units::asking(&operation, &json, &body) else {
            return self.forward(parts, body).await;
        };
        let (mut parts, body) = self.forward(parts, asking).await?.into_parts();
        let body = body.collect().await.map_err(|_| DynamoDbUnreachable)?.to_bytes();
        let mut answer = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let units = match (parts.status, &mut answer) {
            (StatusCode::OK, Value::Object(members)) => units::taken_from(&operation, members),
            _ => self
                .engine
                .upgrade()
                .map_or_else(Units::default, |engine| units::of_refused(&engine, &operation, &json, &answer)),
        };
        parts.extensions.insert(units);
        if parts.status != StatusCode::OK {
            return Ok(Response::from_parts(parts, body.into()));
        }
        forget_the_body(&mut parts.headers);
        Ok(Response::from_parts(parts, answer.to_string().into()))
    }
}

/// Removes what is true of another body only.
fn forget_the_body(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    headers.remove("x-amz-crc32");
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Engine")
    }
}

/// The private listener did not answer, which happens while the twin stops.
struct DynamoDbUnreachable;

impl Endpoint for DynamoDb {
    const SERVICE: Service = Service::Dynamodb;

    fn operation(&self, parts: &Parts) -> Option<String> {
        target_operation(&parts.headers, TARGET_PREFIX)
    }

    fn actions(&self, operation: &str, request: &Value) -> Vec<Action> {
        actions::actions(operation, request)
    }

    /// What an on-demand table answers.
    fn throttled(&self) -> Response {
        error(
            StatusCode::BAD_REQUEST,
            "ThrottlingException",
            "Throughput exceeds the current capacity of your table or index.",
        )
    }

    fn broken(&self) -> Response {
        error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal server error")
    }

    fn refused(&self, code: &str) -> Response {
        error(StatusCode::BAD_REQUEST, code, REFUSED)
    }

    async fn handle_in_part(&self, mut request: AwsRequest) -> Response {
        let Some(unprocessed) = keep_first(&request.operation, &mut request.json) else {
            return self.handle(request).await;
        };
        request.body = request.json.to_string().into();
        let answer = self.handle(request).await;
        match answer.status() {
            StatusCode::OK => {
                let units = answer.extensions().get::<Units>().copied().unwrap_or_default();
                let answer = json!({ "UnprocessedItems": unprocessed });
                let mut answer = json_answer(StatusCode::OK, CONTENT_TYPE, &answer);
                answer.extensions_mut().insert(units);
                answer
            }
            _ => answer,
        }
    }

    async fn handle(&self, request: AwsRequest) -> Response {
        let is_write = writes(&request.operation);
        match self.forward_counting(request).await {
            Ok(response) => {
                if let Some(engine) =
                    self.engine.upgrade().filter(|_| response.status().is_success() && is_write)
                {
                    engine.written.notify_one();
                }
                response
            }
            Err(DynamoDbUnreachable) => self.broken(),
        }
    }
}

/// Leaves of each table's writes in a batch the first; the others, if it is a batch.
fn keep_first(operation: &str, request: &mut Value) -> Option<Value> {
    if operation != "BatchWriteItem" {
        return None;
    }
    let tables = request.get_mut("RequestItems")?.as_object_mut()?;
    let left = tables.iter_mut().filter_map(|(table, writes)| {
        let writes = writes.as_array_mut()?;
        let left = writes.split_off(writes.len().min(1));
        (!left.is_empty()).then(|| (table.clone(), Value::Array(left)))
    });
    Some(Value::Object(left.collect()))
}

/// Whether an operation may change items.
fn writes(operation: &str) -> bool {
    ["PutItem", "UpdateItem", "TransactWriteItems"].contains(&operation)
}

fn error(status: StatusCode, name: &str, message: &str) -> Response {
    json_error(status, CONTENT_TYPE, &format!("{ERROR_PREFIX}{name}"), message)
}

fn authority(address: SocketAddr) -> Result<Authority, StartError> {
    address.to_string().parse().map_err(|_| StartError::Database("no address".to_owned()))
}

fn open(storage: &Storage) -> Result<Database, StartError> {
    let name = match storage {
        Storage::Memory => name_in_memory(),
        Storage::Directory(directory) => file(directory)?,
    };
    let database = Database::new(&name).map_err(|error| StartError::Database(error.to_string()))?;
    order_stream(&name).map_err(|error| StartError::Database(error.to_string()))?;
    Ok(database)
}

/// A database of this process alone, which a second connection reaches by its name.
fn name_in_memory() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("file:postern-{}?mode=memory&cache=shared", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The engine keeps every change of a table and, at each write, looks for the last one among them: without an index that
/// takes longer the more was ever written, and a table that many users move into would soon be stuck.
fn order_stream(name: &str) -> Result<(), rusqlite::Error> {
    const ORDER: &str = "CREATE INDEX IF NOT EXISTS postern_stream_order
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
    rusqlite::Connection::open(name)?.execute_batch(ORDER)
}

fn file(directory: &Path) -> Result<String, StartError> {
    let path = directory.join(FILE_NAME).into_os_string().into_string();
    path.map_err(|_| StartError::Database("the directory's name is not Unicode".to_owned()))
}
