//! What the OpenAPI document says of the API (issue 4 item 5). That every other answer of these tests fits the document
//! is checked where they are sent.

use serde_json::Value;

use crate::support::{Body, World};

/// A path with something in the place of its parameters.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "email" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// contract §6: each operation of the Management API asks for the scope that the document names, before it looks at
/// anything else, and refuses a token that has all others.
#[tokio::test]
async fn every_operation_asks_for_its_scope() {
    let world = World::new().await;
    let operations = openapi::operations();
    let mut asked = 0;
    for operation in &operations {
        let Some(scope) = operation.management_scope() else { continue };
        let others: Vec<_> = postern::wire::management::SCOPES
            .into_iter()
            .filter(|other| !scope.split(',').any(|it| it == *other))
            .collect();
        let token = world.token_with_scope(&others.join(" ")).await;
        let (method, path) = operation.route();
        let reply = world.bearer(&method, &filled(path), &token, Body::none()).await;
        assert_eq!(
            (reply.status, reply.text("errorCode").as_str()),
            (403, "insufficient_scope"),
            "{method} {path}"
        );
        assert!(reply.text("message").ends_with(&format!(": {scope}")), "{method} {path}: {}", reply.body);
        let none = world.send(&method, &filled(path), &[], Body::none()).await;
        assert_eq!(none.status, 401, "{method} {path}");
        asked += 1;
    }
    assert!(asked > 50, "{asked}");
}

/// The twin serves the document that is committed, but for where it is served.
#[tokio::test]
async fn the_twin_serves_the_document() {
    let world = World::new().await;
    let reply = world.send("GET", "/openapi.json", &[], Body::none()).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    let mut served = reply.json();
    assert_eq!(served["servers"][0]["url"], world.twin.base_url());
    served["servers"] = Value::Null;
    let committed = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json")).unwrap();
    let mut committed: Value = serde_json::from_slice(&committed).unwrap();
    committed["servers"] = Value::Null;
    assert!(served == committed);
}
