//! An API Gateway HTTP API in front of the real binaries: it routes by the template, speaks payload format 2.0, and
//! holds every call to AWS against the rights of the function that made it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex};

use data_encoding::BASE64;
use local::aws::{BUS_ARN, KEY_ARN, KEY_ID};
use local::twin::TABLE;
use local::{Twin, TwinOptions};
use postern::store::Store;
use postern::time::Clock;
use postern::token::key_times::KeyTimes;
use postern::token::rotation::Rotation;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::binaries::built;
use crate::flow::Used;
use crate::function::{Function, Outcome};
use crate::support::{Body, Reply};
use crate::template::{Function as Spec, Route, Template};

/// The address that requests come from unless a test says otherwise.
const SOURCE: &str = "192.0.2.1";

/// A deployment: the twin's AWS, and one environment of each function that was needed so far.
pub(crate) struct Gateway {
    pub(crate) twin: Twin,
    routes: Vec<Route>,
    specs: BTreeMap<String, Spec>,
    running: Mutex<BTreeMap<String, Arc<Function>>>,
    /// Environments that get no requests any more.
    retired: Mutex<Vec<Arc<Function>>>,
    /// What of its role each function used so far.
    used: StdMutex<Used>,
    /// Variables that this deployment sets otherwise.
    changed: BTreeMap<String, String>,
    requests: AtomicUsize,
}

impl Gateway {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A deployment with some variables of its functions changed.
    pub(crate) async fn with(changed: &[(&str, &str)]) -> Self {
        built();
        let template = Template::read();
        let twin = Twin::start(TwinOptions::for_tests(Clock::host())).await.unwrap();
        Self {
            twin,
            routes: template.routes(),
            specs: template.functions(),
            running: Mutex::default(),
            retired: Mutex::default(),
            used: StdMutex::default(),
            changed: changed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            requests: AtomicUsize::new(0),
        }
    }

    pub(crate) fn issuer(&self) -> String {
        self.twin.app.config.issuer.as_str().to_owned()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Reply {
        self.send_from(SOURCE, method, target, headers, body).await
    }

    pub(crate) async fn post(&self, path: &str, body: Body) -> Reply {
        self.send("POST", path, &[], body).await
    }

    pub(crate) async fn bearer(&self, method: &str, path: &str, token: &str, body: Body) -> Reply {
        self.send(method, path, &[("authorization", &format!("Bearer {token}"))], body).await
    }

    /// Sends a request from an address to the function that the template routes it to. `target` is the path, with its
    /// percent encoding, and the query.
    pub(crate) async fn send_from(
        &self,
        source: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (route, parameters) = self.route(method, path);
        let spec = &self.specs[&route.function];
        let event = Request { source, method, path, query, headers, body, route: &route.key, parameters };
        let outcome = self.invoke(&spec.binary, event.payload(&self.next_id())).await;
        reply(&outcome.unwrap_or_else(|error| panic!("{method} {target}: the function failed: {error}")))
    }

    /// Invokes a function directly, as a schedule or CloudFormation does.
    pub(crate) async fn invoke(&self, binary: &str, payload: Value) -> Outcome {
        let spec =
            self.specs.values().find(|spec| spec.binary == binary).expect("a function of the template");
        let function = self.function(spec).await;
        self.twin.aws.calls.clear();
        let outcome = function.invoke(&self.next_id(), payload).await;
        self.check_rights(spec);
        outcome
    }

    /// The environment of a function, started by its first request.
    async fn function(&self, spec: &Spec) -> Arc<Function> {
        let mut running = self.running.lock().await;
        if let Some(function) = running.get(&spec.binary) {
            return Arc::clone(function);
        }
        let function = Arc::new(Function::start(spec, &self.variables(spec)).await);
        running.insert(spec.binary.clone(), Arc::clone(&function));
        function
    }

    /// From now on requests meet new environments: they have read neither settings nor keys yet.
    pub(crate) async fn turn_cold(&self) {
        let running = std::mem::take(&mut *self.running.lock().await);
        self.retired.lock().await.extend(running.into_values());
    }

    /// The variables the template names, with the values they have here, and where AWS is.
    fn variables(&self, spec: &Spec) -> BTreeMap<String, String> {
        let aws = &self.twin.aws;
        let mut variables = BTreeMap::from([
            ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), aws.dynamodb_url()),
            ("AWS_ENDPOINT_URL_KMS".to_owned(), aws.kms_url()),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE".to_owned(), aws.event_bridge_url()),
            ("AWS_ENDPOINT_URL_SESV2".to_owned(), aws.ses_url()),
            ("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2".to_owned(), aws.sms_url()),
        ]);
        for name in &spec.variables {
            let value = match name.as_str() {
                "POSTERN_TABLE" => TABLE.to_owned(),
                "POSTERN_ISSUER" => self.issuer(),
                "POSTERN_TENANT_NAME" => "Postern Demo".to_owned(),
                "POSTERN_LOG" => "info".to_owned(),
                "POSTERN_MAIL_FROM" => "mfa@postern.example".to_owned(),
                "POSTERN_SES_CONFIGURATION_SET" => "postern".to_owned(),
                "POSTERN_SMS_ORIGINATION_IDENTITY" => "postern".to_owned(),
                "POSTERN_VOICE_ORIGINATION_IDENTITY" => "+12065550100".to_owned(),
                "POSTERN_SMS_CONFIGURATION_SET" => "postern".to_owned(),
                "POSTERN_TWILIO_URL" => aws.twilio_url(),
                "POSTERN_KMS_KEY" => KEY_ARN.to_owned(),
                "POSTERN_METRICS_NAMESPACE" => "Postern/test".to_owned(),
                "POSTERN_KEY_DAYS" => "90".to_owned(),
                "POSTERN_KEY_PUBLISH_SECONDS" => "900".to_owned(),
                "POSTERN_KEY_RETIRE_DAYS" => "30".to_owned(),
                "POSTERN_AUDIT_DAYS" => "30".to_owned(),
                "POSTERN_AUDIT_EVENT_BUS" => BUS_ARN.to_owned(),
                // Their parameters are empty by default, and then the variables are not set.
                "POSTERN_CLIENT_IP_HEADER" | "POSTERN_PROXY_SECRET_SHA256" => String::new(),
                other => panic!("this test has no value for {other}"),
            };
            variables.insert(name.clone(), self.changed.get(name).cloned().unwrap_or(value));
        }
        variables
    }

    fn next_id(&self) -> String {
        format!("request-{}", self.requests.fetch_add(1, Ordering::SeqCst))
    }

    /// The route of a path, and what its `{}` stand for: an exact path before one with a parameter before `$default`.
    fn route(&self, method: &str, path: &str) -> (&Route, Map<String, Value>) {
        let mut matching: Vec<_> =
            self.routes.iter().filter_map(|route| Some((route, matched(route, method, path)?))).collect();
        matching.sort_by_key(|(route, parameters)| (route.key == "$default", parameters.len()));
        matching.into_iter().next().expect("a $default route")
    }

    /// SEC-39: what the function asked of AWS is what its role allows.
    fn check_rights(&self, spec: &Spec) {
        for call in self.twin.aws.calls.all() {
            for action in &call.actions {
                let used: Vec<_> =
                    spec.rights.iter().flat_map(|statement| statement.used_by(action)).collect();
                assert!(!used.is_empty(), "the role of {} does not allow {action:?}", spec.binary);
                self.used.lock().unwrap().extend(used.into_iter().map(|it| (spec.binary.clone(), it)));
            }
        }
    }

    /// What of its role each function used so far.
    pub(crate) fn used(&self) -> Used {
        self.used.lock().unwrap().clone()
    }

    /// A rotation of the keys in a table, at a time of the test's.
    pub(crate) fn rotation<'a>(&'a self, store: &'a Store, clock: &'a Clock) -> Rotation<'a> {
        let app = &self.twin.app;
        let times = KeyTimes::default();
        Rotation { store, kms: &app.kms, kms_key: KEY_ID, random: &app.random, clock, times }
    }

    /// All that the functions logged.
    pub(crate) async fn logs(&self) -> Vec<String> {
        let (running, retired) = (self.running.lock().await, self.retired.lock().await);
        running
            .values()
            .chain(retired.iter())
            .flat_map(|it| [it.log(), it.errors()])
            .flat_map(|text| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>())
            .collect()
    }

    /// The newest code mailed to an address.
    pub(crate) fn code(&self, to: &str) -> String {
        let messages = self.twin.aws.inbox.messages(Some(to));
        let text = &messages.first().expect("a message").text;
        let mut codes = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 6);
        codes.next().expect("a code").to_owned()
    }
}

/// Whether a route takes a request, and its parameters.
fn matched(route: &Route, method: &str, path: &str) -> Option<Map<String, Value>> {
    let Some((verb, pattern)) = route.key.split_once(' ') else {
        return (route.key == "$default").then(Map::new);
    };
    let (wanted, given): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    if wanted.len() != given.len() || (verb != "ANY" && verb != method) {
        return None;
    }
    let mut parameters = Map::new();
    for (wanted, given) in wanted.iter().zip(given) {
        match wanted.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            Some(name) if !given.is_empty() => {
                drop(parameters.insert(name.to_owned(), json!(decoded(given))))
            }
            Some(_) => return None,
            None if *wanted == given => {}
            None => return None,
        }
    }
    Some(parameters)
}

struct Request<'a> {
    source: &'a str,
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: Body,
    route: &'a str,
    parameters: Map<String, Value>,
}

impl Request<'_> {
    /// The event, payload format 2.0. The gateway decodes the path and lower-cases the names of headers.
    fn payload(&self, id: &str) -> Value {
        let host = "abc123.execute-api.eu-central-1.amazonaws.com";
        let path = decoded(self.path);
        let mut headers = Map::from_iter([
            ("host".to_owned(), json!(host)),
            ("content-length".to_owned(), json!(self.body.bytes.len().to_string())),
            ("user-agent".to_owned(), json!("a-test")),
            ("x-forwarded-for".to_owned(), json!(self.source)),
            ("x-forwarded-port".to_owned(), json!("443")),
            ("x-forwarded-proto".to_owned(), json!("https")),
        ]);
        let declared = self.body.content_type.as_deref().map(|it| ("content-type", it));
        for (name, value) in declared.iter().chain(self.headers) {
            headers.insert(name.to_ascii_lowercase(), json!(value));
        }
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route,
            "rawPath": path,
            "rawQueryString": self.query,
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abc123",
                "domainName": host,
                "domainPrefix": "abc123",
                "http": {
                    "method": self.method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": self.source,
                    "userAgent": "a-test",
                },
                "requestId": id,
                "routeKey": self.route,
                "stage": "$default",
                "time": "22/Nov/2026:00:00:00 +0000",
                "timeEpoch": 1_795_305_600_000_u64,
            },
            "isBase64Encoded": false,
        });
        if !self.parameters.is_empty() {
            event["pathParameters"] = json!(self.parameters);
        }
        if !self.body.bytes.is_empty() {
            event["body"] = json!(BASE64.encode(&self.body.bytes));
            event["isBase64Encoded"] = json!(true);
        }
        event
    }
}

pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair =
            tail.get(..2).and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        match (first, pair) {
            (b'%', Some(byte)) => (bytes.push(byte), rest = &tail[2..]).1,
            _ => (bytes.push(*first), rest = tail).1,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The response the gateway makes of a function's answer.
fn reply(answer: &Value) -> Reply {
    let status = answer["statusCode"].as_u64().and_then(|it| u16::try_from(it).ok()).expect("a status code");
    let mut headers = http::HeaderMap::new();
    let single =
        answer["headers"].as_object().into_iter().flatten().map(|(name, value)| (name, value.clone()));
    let several = answer["multiValueHeaders"].as_object().into_iter().flatten();
    let several = several
        .flat_map(|(name, values)| values.as_array().unwrap().iter().map(move |it| (name, it.clone())));
    for (name, value) in single.chain(several) {
        let name: http::HeaderName = name.parse().unwrap();
        headers.insert(name, value.as_str().unwrap().parse().unwrap());
    }
    let body = answer["body"].as_str().unwrap_or_default();
    let body = if answer["isBase64Encoded"] == true {
        String::from_utf8(BASE64.decode(body.as_bytes()).unwrap()).unwrap()
    } else {
        body.to_owned()
    };
    Reply { status, headers, body }
}
