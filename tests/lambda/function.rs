//! One execution environment: a binary as a process of its own, and the Lambda Runtime API it asks for events.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};

use crate::binaries::binary;
use crate::http_server::{Answer, Received, Server};
use crate::template::Function as Spec;

const API: &str = "/2018-06-01/runtime";

/// What the function made of an event: its answer, or the error it reported.
pub(crate) type Outcome = Result<Value, Value>;

struct Event {
    id: String,
    payload: Value,
    answer: oneshot::Sender<Outcome>,
}

/// The Runtime API's memory: events not asked for yet, and the one being worked on.
struct Queue {
    events: Mutex<mpsc::UnboundedReceiver<Event>>,
    /// Told when the function asks for an event.
    asked: Notify,
    current: Mutex<Option<Event>>,
}

/// A running function.
pub(crate) struct Function {
    name: String,
    timeout: Duration,
    events: mpsc::UnboundedSender<Event>,
    queue: Arc<Queue>,
    process: Mutex<Child>,
    output: TempDir,
    _api: Server,
}

impl Function {
    /// Starts the binary with exactly these variables and those that Lambda sets.
    pub(crate) async fn start(spec: &Spec, variables: &BTreeMap<String, String>) -> Self {
        let name = &*spec.binary;
        let path = binary(name);
        let (events, receiver) = mpsc::unbounded_channel();
        let queue =
            Arc::new(Queue { events: Mutex::new(receiver), asked: Notify::new(), current: Mutex::new(None) });
        let shared = Arc::clone(&queue);
        let api = Server::start(move |request| answer(Arc::clone(&shared), request)).await;
        let output = tempfile::tempdir().unwrap();
        let file = |name: &str| Stdio::from(File::create(output.path().join(name)).unwrap());
        let process = Command::new(path)
            .env_clear()
            .envs(variables)
            .env("AWS_LAMBDA_RUNTIME_API", api.authority())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "an-access-key")
            .env("AWS_SECRET_ACCESS_KEY", "a-secret-key")
            .env("AWS_SESSION_TOKEN", "a-session-token")
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let timeout = Duration::from_secs(spec.timeout);
        Self {
            name: name.to_owned(),
            timeout,
            events,
            queue,
            process: Mutex::new(process),
            output,
            _api: api,
        }
    }

    /// Has it work on one event; fails the test when it ends or takes longer than Lambda would let it.
    pub(crate) async fn invoke(&self, id: &str, payload: Value) -> Outcome {
        let (answer, answered) = oneshot::channel();
        assert!(
            self.events.send(Event { id: id.to_owned(), payload, answer }).is_ok(),
            "the Runtime API runs"
        );
        let mut process = self.process.lock().await;
        let outcome = async {
            tokio::select! {
                outcome = answered => outcome.expect("the Runtime API runs"),
                status = process.wait() => panic!("{} ended ({status:?}): {}", self.name, self.errors()),
            }
        };
        let Ok(outcome) = tokio::time::timeout(self.timeout, outcome).await else {
            panic!("{} did not answer: {}{}", self.name, self.errors(), self.log())
        };
        outcome
    }

    /// Waits until it asks for its first event: Lambda's init phase is over.
    #[allow(dead_code, reason = "the benchmark asks")]
    pub(crate) async fn ready(&self) {
        self.queue.asked.notified().await;
    }

    /// The most memory it has had resident, in bytes; only Linux tells.
    #[allow(dead_code, reason = "the benchmark asks")]
    pub(crate) async fn peak_memory_bytes(&self) -> Option<u64> {
        let id = self.process.lock().await.id()?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kibibytes * 1024)
    }

    /// What it wrote to standard output, which is its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.output.path().join("stdout")).unwrap()
    }

    /// What it wrote to standard error.
    pub(crate) fn errors(&self) -> String {
        std::fs::read_to_string(self.output.path().join("stderr")).unwrap()
    }
}

async fn answer(queue: Arc<Queue>, request: Received) -> Answer {
    let path = request.target.strip_prefix(API).expect("the Runtime API's paths");
    let words: Vec<_> = path.trim_start_matches('/').split('/').collect();
    match (request.method.as_str(), words.as_slice()) {
        ("GET", ["invocation", "next"]) => {
            queue.asked.notify_one();
            match queue.events.lock().await.recv().await {
                Some(event) => next(&queue, event).await,
                None => Answer::Silence,
            }
        }
        ("POST", ["invocation", id, kind @ ("response" | "error")]) => {
            let event = queue.current.lock().await.take().expect("an event is being worked on");
            assert_eq!(event.id, *id);
            let value = request.json();
            let _ = event.answer.send(if *kind == "response" { Ok(value) } else { Err(value) });
            Answer::new(202, "")
        }
        (method, words) => panic!("the Runtime API has no {method} {words:?}"),
    }
}

async fn next(queue: &Queue, event: Event) -> Answer {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", event.id.clone()),
        ("lambda-runtime-deadline-ms", "4102444800000".to_owned()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:f".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned()),
    ];
    let body = event.payload.to_string();
    *queue.current.lock().await = Some(event);
    Answer::Reply { status: 200, headers, body }
}
