//! The handles under `/_local`, over HTTP (design §9): others' tests are written against them.

use serde_json::{Value, json};

use crate::client::Body;
use crate::process::{Twin, USER, code_of};

const HANDLES: [(&str, &str, &str); 13] = [
    ("GET", "/_local/inbox", ""),
    ("DELETE", "/_local/inbox", ""),
    ("GET", "/_local/clock", ""),
    ("POST", "/_local/clock", r#"{"advance_seconds":1}"#),
    ("GET", "/_local/faults", ""),
    ("POST", "/_local/faults", r#"{"service":"kms","mode":"error"}"#),
    ("DELETE", "/_local/faults", ""),
    ("GET", "/_local/calls", ""),
    ("DELETE", "/_local/calls", ""),
    ("GET", "/_local/dead-letters", ""),
    ("GET", "/_local/aws/v2/email/account", ""),
    ("GET", "/_local/events", ""),
    ("DELETE", "/_local/events", ""),
];

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

async fn delete(twin: &Twin, path: &str) {
    let reply = twin.send("DELETE", path, &[], Body::none()).await;
    assert_eq!((reply.status, &*reply.body), (204, ""), "{path}");
}

/// Newest first, complete once the request that sent a message is answered, by recipient in any case, and gone when it
/// is deleted.
#[tokio::test]
async fn the_inbox_shows_every_message() {
    let twin = Twin::new().await;
    assert_eq!(twin.get("/_local/inbox").await.body, "[]");
    twin.enrol(USER).await;
    let mail = twin.inbox("USER@example.com").await;
    let is_code: Vec<_> = mail.iter().map(|message| code_of(message).is_some()).collect();
    assert_eq!(is_code, [false, true], "the notice of the enrolment is newer than its code");
    for message in &mail {
        let names = ["channel", "to", "from", "subject", "text", "html", "received_at"];
        assert_eq!(members(message), names, "{message}");
        assert_eq!((&message["channel"], &message["to"]), (&json!("email"), &json!(USER)));
        assert!(message["html"].as_str().unwrap().starts_with("<!DOCTYPE html>"));
        assert!(message["received_at"].is_u64());
    }
    assert_eq!(twin.get("/_local/inbox").await.json(), json!(mail), "all, when no recipient is named");
    assert_eq!(twin.inbox("nobody@example.com").await, [json!(null); 0]);
    delete(&twin, "/_local/inbox").await;
    assert_eq!(twin.get("/_local/inbox").await.body, "[]");
}

/// The events of the audit log, complete once the request that they are about is answered, and gone when deleted.
#[tokio::test]
async fn the_bus_shows_every_event() {
    let twin = Twin::new().await;
    assert_eq!(twin.get("/_local/events").await.body, "[]");
    let wrong = [
        ("grant_type", "password"),
        ("username", USER),
        ("password", "wrong"),
        ("client_id", "demo-app"),
        ("client_secret", "demo-secret"),
    ];
    assert_eq!(twin.send("POST", "/oauth/token", &[], Body::form(&wrong)).await.status, 403);
    let events = twin.get("/_local/events").await.json();
    assert_eq!(members(&events[0]), ["id", "source", "detail-type", "time", "detail"]);
    assert_eq!((&events[0]["source"], &events[0]["detail-type"]), (&json!("postern"), &json!("fp")));
    assert_eq!(events.as_array().unwrap().len(), 1);
    delete(&twin, "/_local/events").await;
    assert_eq!(twin.get("/_local/events").await.body, "[]");
}

/// The README's own example: after 301 seconds a code is over.
#[tokio::test]
async fn the_clock_moves_time_for_every_handler() {
    let twin = Twin::new().await;
    let now = async || twin.get("/_local/clock").await.json()["now"].as_u64().unwrap();
    let before = now().await;
    let mfa_token = twin.log_in(USER).await;
    let oob_code = twin.associate(&mfa_token).await.text("oob_code");
    let code = code_of(&twin.inbox(USER).await[0]).unwrap().to_owned();
    let moved = twin.tell("/_local/clock", r#"{"advance_seconds":301}"#).await;
    assert_eq!((moved.status, members(&moved.json())), (200, vec!["now"]));
    assert!(moved.json()["now"].as_u64().unwrap() >= before + 301);
    assert!(now().await >= before + 301);
    let late = twin.oob(&mfa_token, &oob_code, &code).await;
    assert_eq!(late.status, 403, "{}", late.body);
    assert_eq!(late.json()["error"], "expired_token", "{}", late.body);
    for wrong in [r#"{"advance_seconds":-1}"#, r#"{"advance":1}"#, "{}", "now", ""] {
        let refused = twin.tell("/_local/clock", wrong).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_request")), "{wrong}");
    }
}

/// `skip` calls pass, `count` are hit, the list shows what is still to come, and `DELETE` ends it.
#[tokio::test]
async fn faults_break_aws_until_they_are_spent_or_deleted() {
    let twin = Twin::new().await;
    let fault = r#"{"service":"ses","operation":"SendEmail","mode":"throttle"}"#;
    let planned = json!({ "service": "ses", "operation": "SendEmail", "mode": "throttle", "skip": 0, "count": 1, "latency_ms": 0 });
    assert_eq!(twin.tell("/_local/faults", fault).await.status, 204);
    assert_eq!(twin.get("/_local/faults").await.json(), json!([planned]));
    let token = twin.log_in(USER).await;
    let refused = twin.associate(&token).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(twin.get("/_local/faults").await.body, "[]", "it is spent");
    assert_eq!(twin.associate(&token).await.status, 200);

    let lasting = r#"{"service":"ses","mode":"error","skip":1,"count":1000}"#;
    assert_eq!(twin.tell("/_local/faults", lasting).await.status, 204);
    let statuses = [twin.associate(&token).await.status, twin.associate(&token).await.status];
    assert_eq!(statuses, [200, 503], "one passes");
    delete(&twin, "/_local/faults").await;
    assert_eq!(twin.get("/_local/faults").await.body, "[]");
    assert_eq!(twin.associate(&token).await.status, 200);

    let slow = r#"{"service":"dynamodb","mode":"latency","latency_ms":1,"count":1}"#;
    assert_eq!(twin.tell("/_local/faults", slow).await.status, 204);
    twin.log_in(USER).await;
    assert_eq!(twin.get("/_local/faults").await.body, "[]");
    for wrong in [
        r#"{"service":"s3","mode":"error"}"#,
        r#"{"service":"ses"}"#,
        r#"{"service":"ses","mode":"error","cuont":2}"#,
    ] {
        let reply = twin.tell("/_local/faults", wrong).await;
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("invalid_request")), "{wrong}");
    }
}

/// Every call with its function, round trip and IAM actions; each request starts anew at 1.
#[tokio::test]
async fn calls_are_listed_by_function_and_round_trip() {
    let twin = Twin::new().await;
    assert_eq!(twin.get("/_local/calls").await.body, "[]", "what start-up called is nobody's request");
    let token = twin.log_in(USER).await;
    delete(&twin, "/_local/calls").await;
    for _ in 0..2 {
        twin.bearer("GET", "/mfa/authenticators", &token, Body::none()).await;
    }
    let calls = twin.get("/_local/calls").await.json();
    let calls = calls.as_array().unwrap();
    for call in calls {
        assert_eq!(
            members(call),
            ["function", "service", "operation", "round_trip", "actions", "units"],
            "{call}"
        );
        assert_eq!(call["function"], "mfa-authenticators");
        assert_eq!((&call["service"], &call["round_trip"]), (&json!("dynamodb"), &json!(1)), "{call}");
        assert_eq!(call["actions"][0]["table"], "postern", "{call}");
    }
    let mut actions: Vec<_> =
        calls.iter().map(|call| call["actions"][0]["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["dynamodb:GetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Query"]);
    delete(&twin, "/_local/calls").await;
    assert_eq!(twin.get("/_local/calls").await.body, "[]");
}

/// A notice that cannot be mailed is listed, and nothing else is troubled.
#[tokio::test]
async fn dead_letters_are_the_notices_nobody_got() {
    let twin = Twin::new().await;
    assert_eq!(twin.get("/_local/dead-letters").await.body, "[]");
    let fault = r#"{"service":"ses","operation":"SendEmail","mode":"error","count":1000}"#;
    assert_eq!(twin.tell("/_local/faults", fault).await.status, 204);
    for _ in 0..10 {
        assert_eq!(twin.password(USER, "wrong").await.status, 403);
    }
    let dead = twin.get("/_local/dead-letters").await.json();
    assert_eq!(dead.as_array().map(Vec::len), Some(1), "{dead}");
    assert_eq!(members(&dead[0]), ["notice", "tries", "at"]);
    assert_eq!(dead[0]["tries"], 5);
    assert_eq!(twin.get("/_local/inbox").await.body, "[]");
}

/// A page of somewhere else, open in the same browser, can neither read codes nor move time: not by its origin, nor by
/// a name of its own that leads to this machine.
#[tokio::test]
async fn only_pages_of_this_machine_may_use_them() {
    let twin = Twin::new().await;
    let port = twin.base.rsplit(':').next().unwrap().to_owned();
    let (by_name, rebound) = (format!("localhost:{port}"), format!("evil.example:{port}"));
    for (method, path, body) in HANDLES {
        for (header, value, allowed) in [
            ("origin", "http://localhost:5173", true),
            ("host", &by_name, true),
            ("origin", "https://evil.example", false),
            ("origin", "null", false),
            ("host", &rebound, false),
        ] {
            let what = format!("{method} {path} with {header}: {value}");
            let reply = twin.send(method, path, &[(header, value)], Body::raw(None, body)).await;
            assert_eq!(reply.status == 403, !allowed, "{what}: {}", reply.body);
            assert!(!allowed || (200..300).contains(&reply.status), "{what}: {}", reply.body);
            assert!(allowed || reply.header("access-control-allow-origin").is_none(), "{what}");
            assert_eq!(reply.header("cache-control") == Some("no-store"), allowed, "{what}");
        }
    }
}
