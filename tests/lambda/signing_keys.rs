//! Signing keys through the real binary (contract §6).

use postern::store::expression::{number, text};
use postern::time::{Clock, Timestamp};
use postern::token::rotation::Report;
use serde_json::Value;

use crate::flow::Flow;
use crate::gateway::Gateway;

/// A deployment's keys are listed, rotated, revoked, and retired when nothing needs them.
#[tokio::test]
async fn signing_keys_are_managed() {
    MANAGED.used().await;
}

pub(crate) static MANAGED: Flow = Flow::new(|| Box::pin(managed()));

async fn managed() -> Gateway {
    let gateway = Gateway::new().await;
    let app = &gateway.twin.app;
    let long_ago = |days: u64| Clock::fixed(Timestamp(app.now().0 - days * 86_400));
    // The twin's first key is of this moment: it becomes one that no live token needs when the next has begun.
    let first = app.store.dynamodb().update_item().table_name(app.store.table());
    let first = first.key("pk", text("KEYS")).key("sk", text("signing#000001"));
    let first = first.update_expression("SET not_before = :then");
    first.expression_attribute_values(":then", number(long_ago(200).now().0)).send().await.unwrap();
    gateway.rotation(&app.store, &long_ago(100)).rotate(&mut Report::default()).await.unwrap();
    let manage = async |method: &str, path: &str| {
        let reply = gateway.manage(method, &format!("keys/signing{path}"), &Value::Null).await;
        assert!(reply.status < 300, "{method} {path}: {}", reply.body);
        reply
    };
    let listed = manage("GET", "").await.json();
    let [current, old] = [0, 1].map(|place| listed[place]["kid"].as_str().unwrap().to_owned());
    let next = manage("POST", "/rotate").await.text("kid");
    assert_eq!(
        gateway.manage("GET", &format!("keys/signing/{old}"), &Value::Null).await.status,
        404,
        "retired"
    );
    assert_eq!(manage("PUT", &format!("/{current}/revoke")).await.text("kid"), current);
    assert_eq!(manage("GET", &format!("/{next}")).await.json()["current"], true);
    let another = manage("POST", "/rotate").await.text("kid");
    manage("PUT", &format!("/{another}/revoke")).await;
    gateway
}
