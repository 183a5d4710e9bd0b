//! `rotate-keys`, which nobody reaches over HTTP: a schedule invokes it, and CloudFormation at the stack's creation.

use std::sync::{Arc, Mutex};

use postern::rules::random::Random;
use postern::store::Store;
use postern::store::schema::create_table;
use postern::time::{Clock, Timestamp};
use postern::token::rotation::Report;
use serde_json::{Value, json};

use crate::flow::Flow;
use crate::flows::API;
use crate::gateway::Gateway;
use crate::http_server::{Answer, Received, Server};
use crate::support::Body;

/// A pre-signed URL of S3, where CloudFormation waits for the answer.
struct AnswerBox {
    server: Server,
    received: Arc<Mutex<Vec<Received>>>,
}

impl AnswerBox {
    async fn new() -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let server = Server::start(move |request| {
            log.lock().unwrap().push(request);
            async { Answer::new(200, "") }
        })
        .await;
        Self { server, received }
    }

    fn event(&self, request_type: &str) -> Value {
        json!({
            "RequestType": request_type,
            "ServiceToken": "arn:aws:lambda:eu-central-1:123456789012:function:rotate-keys",
            "ResponseURL": format!("{}/stack?X-Amz-Signature=ab%2Fcd&X-Amz-Expires=7200", self.server.url()),
            "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/postern/1",
            "RequestId": format!("id-of-{request_type}"),
            "LogicalResourceId": "FirstKeys",
            "ResourceType": "Custom::FirstKeys",
            "ResourceProperties": { "ServiceToken": "…", "ServiceTimeout": "300" },
        })
    }

    /// The one answer since the last look.
    fn answer(&self) -> Value {
        let mut received = self.received.lock().unwrap();
        assert_eq!(received.len(), 1, "exactly one answer");
        let answer = received.pop().unwrap();
        assert_eq!(
            (&*answer.method, &*answer.target),
            ("PUT", "/stack?X-Amz-Signature=ab%2Fcd&X-Amz-Expires=7200")
        );
        // The URL was signed without one, and S3 compares.
        assert_eq!(answer.headers.get("content-type").map(String::as_str).unwrap_or_default(), "");
        assert_eq!(answer.headers["content-length"], answer.body.len().to_string());
        answer.json()
    }
}

/// A gateway whose functions see a table that nobody has made keys in.
async fn fresh_deployment() -> (Gateway, Store) {
    let gateway = Gateway::with(&[("POSTERN_TABLE", "fresh")]).await;
    let dynamodb = gateway.twin.app.store.dynamodb().clone();
    create_table(&dynamodb, "fresh").await.unwrap();
    let store = Store::new(dynamodb, "fresh", Random::system());
    (gateway, store)
}

async fn kids(store: &Store) -> Vec<String> {
    store.key_generations().await.unwrap().iter().map(|key| key.kid.to_string()).collect()
}

fn schedule() -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-11-22T00:00:00Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/rotate-keys"],
        "detail": {},
    })
}

/// What a person invokes it with.
fn by_hand() -> Value {
    json!({})
}

/// design §9: creation makes the first keys, once; update and deletion make none; each is answered, with the ids
/// CloudFormation asked with and one physical id.
#[tokio::test]
async fn the_custom_resource_makes_the_first_keys_once() {
    let (gateway, store) = fresh_deployment().await;
    let answers = AnswerBox::new().await;
    let mut made = Vec::new();
    for request_type in ["Create", "Create", "Update", "Delete"] {
        gateway.invoke("rotate-keys", answers.event(request_type)).await.unwrap();
        let answer = answers.answer();
        assert_eq!(answer["Status"], "SUCCESS", "{request_type}: {answer}");
        assert_eq!(answer["PhysicalResourceId"], "postern-first-keys");
        assert_eq!(answer["RequestId"], format!("id-of-{request_type}"));
        assert_eq!(answer["LogicalResourceId"], "FirstKeys");
        assert_eq!(answer["StackId"], answers.event("Create")["StackId"]);
        if made.is_empty() {
            made = kids(&store).await;
            assert_eq!(made.len(), 2, "a root and a signing key");
        }
        assert_eq!(kids(&store).await, made, "{request_type} changes nothing");
    }
}

/// SEC-40: keys that are made, or could not be, are in the audit log, by the invocation's id; a run with nothing to do is
/// not.
#[tokio::test]
async fn keys_that_are_made_are_recorded() {
    let (gateway, _) = fresh_deployment().await;
    let fault = json!({ "service": "kms", "mode": "error", "count": 20 });
    gateway.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    assert!(gateway.invoke("rotate-keys", schedule()).await.is_err());
    gateway.twin.aws.faults.clear();
    for event in [schedule(), schedule(), by_hand()] {
        gateway.invoke("rotate-keys", event).await.unwrap();
    }
    let shown = |line: &Value| {
        let members = ["type", "reason", "route", "status", "ip"].map(|member| line[member].to_string());
        assert!(line["request_id"].as_str().is_some_and(|id| id.starts_with("request-")), "{line}");
        members.join(" ")
    };
    let lines: Vec<_> = gateway.audited().await.iter().map(shown).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    "kms_key_management_failure" "kms_failed" "rotate-keys" 0 ""
    "kms_key_management_success" null "rotate-keys" 0 ""
    "kms_key_management_success" null "rotate-keys" 0 ""
    "#);
}

/// SEC-40: a run that fails half-way leaves a record of the key that it made, and one of its failure.
#[tokio::test]
async fn half_a_rotation_is_recorded() {
    let gateway = Gateway::new().await;
    let fault = json!({ "service": "kms", "operation": "GenerateDataKeyPairWithoutPlaintext", "mode": "error", "count": 20 });
    gateway.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    assert!(gateway.invoke("rotate-keys", by_hand()).await.is_err());
    assert_eq!(kids(&gateway.twin.app.store).await.len(), 3, "a root");
    let audited = gateway.audited().await;
    let codes: Vec<_> = audited.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(codes, ["kms_key_management_success", "kms_key_management_failure"]);
    let metrics = gateway.said("metrics").await;
    let line = metrics.iter().find(|line| line["FunctionName"] == "rotate-keys").unwrap();
    assert_eq!((&line["KeysRotated"], &line["RotationFailures"]), (&json!(1), &json!(1)));
}

/// SEC-29: times that do not go together end the update that brings them, with the reason, whatever the function has in
/// its environment by then; and an update makes no keys.
#[tokio::test]
async fn unsafe_times_of_keys_end_the_update() {
    let update = |answers: &AnswerBox, days: &str, retire: &str| {
        let mut event = answers.event("Update");
        for (name, value) in [("KeyDays", days), ("KeyPublishSeconds", "900"), ("KeyRetireDays", retire)] {
            event["ResourceProperties"][name] = json!(value);
        }
        event
    };
    // As it is before the update reaches the environment, and after it.
    let before = Gateway::new().await;
    let after = Gateway::with(&[("POSTERN_KEY_DAYS", "8"), ("POSTERN_KEY_RETIRE_DAYS", "365")]).await;
    for gateway in [before, after] {
        let answers = AnswerBox::new().await;
        let keys = kids(&gateway.twin.app.store).await;
        gateway.invoke("rotate-keys", update(&answers, "8", "365")).await.unwrap();
        let answer = answers.answer();
        assert_eq!(answer["Status"], "FAILED");
        let told = answer["Reason"].as_str().unwrap();
        assert!(told.contains("KeyRetireDays") && told.contains("more than 16"), "{told}");
        // It is taken back.
        gateway.invoke("rotate-keys", update(&answers, "90", "30")).await.unwrap();
        assert_eq!(answers.answer()["Status"], "SUCCESS");
        assert_eq!(kids(&gateway.twin.app.store).await, keys);
    }
}

/// design §9: a failure is answered too, or the stack hangs for an hour, and a deletion succeeds all the same.
#[tokio::test]
async fn the_custom_resource_answers_failures() {
    let gateway = Gateway::with(&[("POSTERN_ISSUER", "no-url")]).await;
    let answers = AnswerBox::new().await;
    gateway.invoke("rotate-keys", answers.event("Create")).await.unwrap();
    let answer = answers.answer();
    assert_eq!(answer["Status"], "FAILED");
    assert!(answer["Reason"].as_str().is_some_and(|reason| reason.contains("POSTERN_ISSUER")), "{answer}");
    gateway.invoke("rotate-keys", answers.event("Delete")).await.unwrap();
    assert_eq!(answers.answer()["Status"], "SUCCESS");
}

/// SEC-29: an overlap that is too short for what is out there is refused before anything is made, with the reason.
#[tokio::test]
async fn unsafe_times_of_keys_end_the_creation() {
    for (variable, value, reason) in [
        ("POSTERN_KEY_RETIRE_DAYS", "29", "for so long may a token live"),
        ("POSTERN_KEY_PUBLISH_SECONDS", "899", "keep the list of keys"),
        ("POSTERN_KEY_DAYS", "7", "8 to 365"),
    ] {
        let gateway = Gateway::with(&[(variable, value)]).await;
        let answers = AnswerBox::new().await;
        gateway.invoke("rotate-keys", answers.event("Create")).await.unwrap();
        let answer = answers.answer();
        assert_eq!(answer["Status"], "FAILED");
        let told = answer["Reason"].as_str().unwrap();
        assert!(told.contains(variable) && told.contains(reason), "{told}");
        assert!(gateway.invoke("rotate-keys", schedule()).await.is_err());
    }
}

/// A role made a moment ago may not be known everywhere: creation tries again before it gives up. This test waits
/// for that pause.
#[tokio::test]
async fn the_custom_resource_survives_a_short_failure() {
    let (gateway, store) = fresh_deployment().await;
    let answers = AnswerBox::new().await;
    let fault = json!({ "service": "kms", "operation": "GenerateDataKeyPairWithoutPlaintext", "mode": "error", "count": 2 });
    gateway.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    gateway.invoke("rotate-keys", answers.event("Create")).await.unwrap();
    assert_eq!(answers.answer()["Status"], "SUCCESS");
    assert_eq!(kids(&store).await.len(), 2);
}

/// design §4: a new stack's keys serve: the functions find them without any hand work on the table.
#[tokio::test]
async fn a_fresh_deployment_publishes_its_first_key() {
    let (gateway, _) = fresh_deployment().await;
    let before = gateway.send("GET", "/.well-known/jwks.json", &[], Body::none()).await;
    assert_eq!(before.status, 503, "{}", before.body);
    assert!(before.header("retry-after").is_some());
    let answers = AnswerBox::new().await;
    gateway.invoke("rotate-keys", answers.event("Create")).await.unwrap();
    let keys = gateway.send("GET", "/.well-known/jwks.json", &[], Body::none()).await;
    assert_eq!((keys.status, keys.json()["keys"].as_array().unwrap().len()), (200, 1), "{}", keys.body);
}

/// design §4: a person's rotation adds a generation of each use, which is published before it signs; the schedule finds
/// nothing due.
#[tokio::test]
async fn a_person_adds_a_generation() {
    let gateway = Gateway::new().await;
    let before = kids(&gateway.twin.app.store).await;
    let report = gateway.invoke("rotate-keys", schedule()).await.unwrap();
    assert_eq!(report, json!({ "made": [], "retired": [] }), "the keys are new");
    let report = gateway.invoke("rotate-keys", by_hand()).await.unwrap();
    assert_eq!(report["made"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(report["retired"], json!([]));
    let after = kids(&gateway.twin.app.store).await;
    assert_eq!((before.len(), after.len()), (2, 4));
    let keys = gateway.send("GET", "/.well-known/jwks.json", &[], Body::none()).await;
    assert_eq!(keys.json()["keys"].as_array().unwrap().len(), 2, "both are published");
}

/// SEC-29: the schedule retires a signing key that no live token needs, and no root (SEC-44).
#[tokio::test]
async fn the_schedule_retires_a_signing_key() {
    RETIRED.used().await;
}

pub(crate) static RETIRED: Flow = Flow::new(|| Box::pin(retired()));

async fn retired() -> Gateway {
    let (gateway, store) = fresh_deployment().await;
    let answers = AnswerBox::new().await;
    let now = gateway.twin.app.now();
    let long_ago = |days: u64| Clock::fixed(Timestamp(now.0 - days * 86_400));
    let (mut first, mut second) = (Report::default(), Report::default());
    let clocks = [200, 100].map(long_ago);
    gateway.rotation(&store, &clocks[0]).rotate(&mut first).await.unwrap();
    gateway.rotation(&store, &clocks[1]).rotate(&mut second).await.unwrap();
    // CloudFormation asks for first keys, and there are some.
    gateway.invoke("rotate-keys", answers.event("Create")).await.unwrap();
    assert_eq!(answers.answer()["Status"], "SUCCESS");
    let report = gateway.invoke("rotate-keys", schedule()).await.unwrap();
    assert_eq!(report["made"].as_array().unwrap().len(), 2, "{report}");
    let gone = report["retired"].as_array().unwrap();
    assert_eq!((gone.len(), kids(&store).await.len()), (1, 5));
    assert!(first.made.iter().any(|kid| kid.as_str() == gone[0]), "the oldest");
    gateway
}

/// SEC-36: when KMS fails a run fails, so that Lambda's tries and the alarm see it; the log says why.
#[tokio::test]
async fn a_failed_run_is_an_error() {
    let gateway = Gateway::new().await;
    gateway.twin.aws.faults.add(serde_json::from_value(disabled()).unwrap());
    assert!(gateway.invoke("rotate-keys", by_hand()).await.is_err());
    assert_eq!(kids(&gateway.twin.app.store).await.len(), 2);
    let logs = gateway.logs().await;
    let said = |line: &&String| line.contains("keys_not_rotated") && line.contains("DisabledException");
    assert!(logs.iter().any(|line| said(&line)), "{logs:?}");
    gateway.twin.aws.faults.clear();
    let report = gateway.invoke("rotate-keys", by_hand()).await.unwrap();
    assert_eq!(report["made"].as_array().unwrap().len(), 2);
}

/// The KMS key is disabled.
fn disabled() -> Value {
    json!({ "service": "kms", "mode": "refuse", "code": "DisabledException", "count": 1000 })
}

/// SEC-36: environments that start while the KMS key is disabled give nothing away, and the same ones serve when it is
/// enabled. What needs public keys only goes on.
#[tokio::test]
async fn functions_that_start_without_kms_recover() {
    let gateway = Gateway::new().await;
    gateway.twin.aws.faults.add(serde_json::from_value(disabled()).unwrap());
    for _ in 0..2 {
        let reply = gateway.password("pwd", API, "openid").await;
        assert_eq!((reply.status, reply.has_tokens()), (503, false), "{}", reply.body);
        assert!(
            reply.header("retry-after").is_some() && !reply.body.contains("mfa_token\""),
            "{}",
            reply.body
        );
    }
    let keys = gateway.send("GET", "/.well-known/jwks.json", &[], Body::none()).await;
    assert_eq!(keys.status, 200, "{}", keys.body);
    let logs = gateway.logs().await;
    assert!(logs.iter().any(|line| line.contains("DisabledException")), "{logs:?}");
    gateway.twin.aws.faults.clear();
    let (tokens, _) = gateway.enrol_email("openid").await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}
