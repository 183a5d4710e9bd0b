//! The audit log through the real binaries: what they print, CloudWatch Logs' subscription hands to `audit`, and `logs`
//! shows (SEC-40).

use local::audit::event_of_lines;
use serde_json::{Value, json};

use crate::flow::Flow;
use crate::gateway::Gateway;
use crate::login::no_secret_is_logged;
use crate::support::{PASSWORD, Reply, new_user};

const ADDRESS: &str = "ada@example.com";

/// What operators do is printed, kept once, put on the bus, listed and found.
#[tokio::test]
async fn records_are_kept_and_shown() {
    KEPT.used().await;
}

pub(crate) static KEPT: Flow = Flow::new(|| Box::pin(kept()));

async fn get(gateway: &Gateway, path: &str) -> Reply {
    let reply = gateway.manage("GET", path, &Value::Null).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply
}

async fn kept() -> Gateway {
    let gateway = Gateway::new().await;
    let created = gateway.manage("POST", "users", &new_user(ADDRESS)).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let user = format!("users/{}", created.text("user_id").replace('|', "%7C"));
    assert_eq!(gateway.manage("PATCH", &user, &json!({ "name": "Ada" })).await.status, 200);
    assert_eq!(gateway.manage("DELETE", &user, &Value::Null).await.status, 204);
    assert_eq!(gateway.manage("GET", &user, &Value::Null).await.status, 404);

    // All lines: the subscription's filter is not there to be trusted.
    let event = event_of_lines(gateway.logs().await);
    let kept = gateway.invoke("audit", event.clone()).await.unwrap();
    assert!(kept["records"].as_u64().is_some_and(|count| count >= 4), "{kept}");
    let events = gateway.twin.aws.events.all().len() as u64;
    assert_eq!(Some(events), kept["records"].as_u64());
    let count = async || get(&gateway, "logs?include_totals=true&per_page=100").await.json()["total"].clone();
    let total = count().await;
    assert_eq!(gateway.invoke("audit", event).await.unwrap(), kept, "delivered again");
    assert_eq!(count().await, total);

    let own = get(&gateway, &format!("{user}/logs?sort=date:1")).await.json();
    let entries = own.as_array().unwrap().iter();
    let done: Vec<_> =
        entries.map(|entry| (&entry["type"], &entry["details"]["request"]["method"])).collect();
    for expected in [("sapi", "PATCH"), ("sapi", "DELETE"), ("fapi", "GET")] {
        assert!(done.contains(&(&json!(expected.0), &json!(expected.1))), "{expected:?}: {own}");
    }
    assert_eq!((&own[0]["ip"], &own[0]["user_agent"]), (&json!("192.0.2.1"), &json!("a-test")));
    assert_eq!(own[0]["client_id"], "demo-management");
    let alone = get(&gateway, &format!("logs/{}", own[0]["log_id"].as_str().unwrap())).await;
    assert_eq!(alone.json(), own[0]);
    let found = get(&gateway, "logs?q=type:fapi").await.json();
    assert!(found.as_array().is_some_and(|found| found.iter().all(|entry| entry["type"] == "fapi")));
    let secrets = [ADDRESS, PASSWORD, "demo-management-secret"];
    no_secret_is_logged(&gateway, &secrets).await;
    let shown = get(&gateway, "logs?per_page=100").await.body;
    assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
    gateway
}

/// A line that cannot be read is told of, and what is no event of a subscription is an error, so that it is seen.
#[tokio::test]
async fn what_cannot_be_read_is_told() {
    let gateway = Gateway::new().await;
    let line = json!({ "event": "audit", "log_id": "canary" }).to_string();
    assert_eq!(gateway.invoke("audit", event_of_lines([line])).await.unwrap(), json!({ "records": 0 }));
    assert!(gateway.invoke("audit", json!({ "canary": 1 })).await.is_err());
    let log = gateway.logs().await.join("\n");
    assert!(log.contains("audit_lines_unreadable") && !log.contains("canary"), "{log}");
}

/// A table that fails, fails the invocation: then Lambda repeats it.
#[tokio::test]
async fn a_failing_table_fails_the_invocation() {
    let gateway = Gateway::new().await;
    gateway.manage("PATCH", "users/nobody", &json!({ "name": "x" })).await;
    let event = event_of_lines(gateway.logs().await);
    let fault =
        json!({ "service": "dynamodb", "operation": "BatchWriteItem", "mode": "throttle", "count": 2 });
    gateway.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    assert!(gateway.invoke("audit", event.clone()).await.is_err());
    assert!(gateway.invoke("audit", event).await.is_ok());
}
