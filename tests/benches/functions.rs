//! What the Lambda binaries cost: size, time from process start to the first response through the Runtime API, and
//! peak memory, beside a bare lambda_http function in the same run. Milliseconds from the start of the process: until it
//! asks for its first event (keys and settings are then read and unwrapped), until its first reply when the event needs
//! no call to AWS, and until its first reply to a full request of its own, with all calls that takes; then the same full
//! request again.
//!
//! ```text
//! cargo build --profile shipped -p hello-lambda -p oauth-token -p mfa-associate -p mfa-challenge \
//!   -p mfa-authenticators -p guardian-factors -p oauth-revoke -p well-known -p userinfo
//! cargo bench --workspace --profile dev --bench functions
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]
#![allow(dead_code, unused_imports, reason = "the harness of the tests is shared whole")]

#[path = "../lambda/function.rs"]
mod function;
#[path = "../black_box/http_server.rs"]
mod http_server;
#[path = "../black_box/support/mod.rs"]
mod support;

mod binaries {
    use std::path::PathBuf;

    /// Where `--profile shipped` puts a binary; `POSTERN_BINARIES` names another directory.
    pub(crate) fn binary(name: &str) -> PathBuf {
        let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/shipped");
        PathBuf::from(std::env::var("POSTERN_BINARIES").unwrap_or_else(|_| built.to_owned())).join(name)
    }
}

mod template {
    pub(crate) struct Function {
        pub(crate) binary: String,
        pub(crate) timeout: u64,
    }
}

use std::collections::BTreeMap;
use std::time::Duration;

use data_encoding::BASE64;
use local::{Twin, TwinOptions};
use postern::time::{Clock, Stopwatch};
use serde_json::{Value, json};

use function::Function;
use support::World;

const STARTS: usize = 15;

#[tokio::main]
async fn main() {
    let world = World::with(|options| options.clock = Clock::host()).await;
    println!(
        "{:<20} {:>8} {:>8} {:>15} {:>14} {:>13} {:>12}",
        "function", "size MB", "init ms", "first reply ms", "full reply ms", "then full ms", "peak RSS MB"
    );
    measure(&world, "hello-lambda", event("GET", "/", &[], "")).await;
    let login = world.log_in("verified@example.com").await;
    let challenge =
        json!({ "mfa_token": login.mfa_token, "client_id": "demo-app", "client_secret": "demo-secret" });
    let associate = json!({ "authenticator_types": ["otp"] });
    let newcomer = format!("Bearer {}", world.log_in("user@example.com").await.mfa_token);
    let management = format!("Bearer {}", world.management_token().await);
    let bearer = format!("Bearer {}", login.mfa_token);
    let client = format!(
        "grant_type=client_credentials&client_id=demo-management&client_secret=demo-management-secret&audience={}api/v2/",
        world.issuer()
    );
    for (name, event) in [
        ("well-known", event("GET", "/.well-known/jwks.json", &[], "")),
        ("userinfo", event("GET", "/userinfo", &[], "")),
        ("guardian-factors", event("GET", "/api/v2/guardian/factors", &[("authorization", &management)], "")),
        ("mfa-authenticators", event("GET", "/mfa/authenticators", &[("authorization", &bearer)], "")),
        ("mfa-challenge", event("POST", "/mfa/challenge", &[], &challenge.to_string())),
        (
            "mfa-associate",
            event("POST", "/mfa/associate", &[("authorization", &newcomer)], &associate.to_string()),
        ),
        ("oauth-token", event("POST", "/oauth/token", &[], &client)),
        ("oauth-revoke", event("POST", "/oauth/revoke", &[], &format!("{client}&token=v1.unknown"))),
    ] {
        measure(&world, name, event).await;
    }
}

/// An event as API Gateway's HTTP API sends it, format 2.0.
fn event(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let headers: BTreeMap<_, _> = headers.iter().copied().collect();
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "mfa.example.com",
            "domainPrefix": "mfa",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "bench" },
            "requestId": "request",
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:00:00:00 +0000",
            "timeEpoch": 1_795_305_600_000_u64
        },
        "body": BASE64.encode(body.as_bytes()),
        "isBase64Encoded": true
    })
}

async fn measure(world: &World, name: &str, event: Value) {
    let spec = template::Function { binary: name.to_owned(), timeout: 20 };
    let size = std::fs::metadata(binaries::binary(name)).expect("build it first").len();
    let (mut ready, mut first, mut request, mut next, mut peak) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), 0);
    // What every function answers without a call to AWS: a method it does not have.
    let mut trivial = event.clone();
    trivial["requestContext"]["http"]["method"] = json!("TRACE");
    for _ in 0..STARTS {
        let watch = Stopwatch::start();
        let function = Function::start(&spec, &variables(world)).await;
        function.ready().await;
        ready.push(watch.elapsed_microseconds());
        function.invoke("trivial", trivial.clone()).await.unwrap();
        first.push(watch.elapsed_microseconds());

        let watch = Stopwatch::start();
        let function = Function::start(&spec, &variables(world)).await;
        let reply = function.invoke("first", event.clone()).await.unwrap();
        request.push(watch.elapsed_microseconds());
        assert!(reply["statusCode"].as_u64().unwrap() < 500, "{reply}");
        let watch = Stopwatch::start();
        function.invoke("second", event.clone()).await.unwrap();
        next.push(watch.elapsed_microseconds());
        peak = peak.max(function.peak_memory_bytes().await.unwrap_or(0));
    }
    let megabytes = |bytes: u64| bytes as f64 / 1_000_000.0;
    println!(
        "{name:<20} {:>8.2} {:>8.2} {:>15.2} {:>14.2} {:>13.2} {:>12.1}",
        megabytes(size),
        median(ready),
        median(first),
        median(request),
        median(next),
        megabytes(peak)
    );
}

/// In milliseconds.
fn median(mut microseconds: Vec<u64>) -> f64 {
    microseconds.sort_unstable();
    microseconds[microseconds.len() / 2] as f64 / 1_000.0
}

fn variables(world: &World) -> BTreeMap<String, String> {
    let aws = &world.twin.aws;
    let pairs = [
        ("POSTERN_TABLE", "postern".to_owned()),
        ("POSTERN_ISSUER", world.issuer()),
        ("POSTERN_MAIL_FROM", "mfa@postern.example".to_owned()),
        ("POSTERN_LOG", "error".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", aws.dynamodb_url()),
        ("AWS_ENDPOINT_URL_SESV2", aws.ses_url()),
        ("AWS_ENDPOINT_URL_KMS", aws.kms_url()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
