//! Who may grant what: nobody more of the Management API than they have (SECURITY-MODEL "operators"); and what it costs.

use serde_json::json;

use crate::support::{Body, GRANTS, ORDERS, World};

fn refused(scope: &str) -> (u16, String) {
    (403, format!("Insufficient scope, expected any of: {scope}"))
}

/// Granting the Management API is not having all of it: not to another client, and not to one's own.
#[tokio::test]
async fn nobody_grants_more_than_they_have() {
    let world = World::new().await;
    let management = format!("{}api/v2/", world.issuer());
    let client = world.make_service().await;
    let narrow =
        world.token_with_scope("create:client_grants update:client_grants read:clients read:users").await;
    let post = async |audience: &str, scopes: &[&str]| {
        let body = json!({ "client_id": client.id, "audience": audience, "scope": scopes });
        let reply = world.bearer("POST", GRANTS, &narrow, Body::json(&body)).await;
        (reply.status, reply.json()["message"].as_str().unwrap_or_default().to_owned())
    };
    let without_slash = management.trim_end_matches('/');
    for audience in [&*management, without_slash] {
        assert_eq!(post(audience, &["read:users", "update:users"]).await, refused("update:users"));
    }
    let unknown = "Payload validation error: 'The API does not know the scope admin' on property scope.";
    assert_eq!(post(&management, &["admin"]).await, (400, unknown.to_owned()));
    assert_eq!(post(without_slash, &["read:users"]).await.0, 201);
    let token = world.service_token(&client.id, &client.secret, &management).await;
    assert_eq!(token.text("scope"), "read:users");

    let grants = world.manage("GET", &format!("{GRANTS}?client_id={}", client.id), None).await.json();
    assert_eq!(grants[0]["audience"], management.as_str(), "one name for one API");
    let path = format!("{GRANTS}/{}", grants[0]["id"].as_str().unwrap());
    let patch = async |scopes: &[&str]| {
        let reply = world.bearer("PATCH", &path, &narrow, Body::json(&json!({ "scope": scopes }))).await;
        (reply.status, reply.json()["message"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(patch(&["read:users", "delete:users"]).await, refused("delete:users"));
    let wider = json!({ "scope": ["read:users", "delete:users"] });
    assert_eq!(world.manage("PATCH", &path, Some(&wider)).await.status, 200);
    assert_eq!(patch(&["delete:users", "read:clients"]).await.0, 200, "what is there may stay");
    assert_eq!(patch(&["delete:users", "read:users", "read:logs"]).await, refused("read:logs"));
    assert_eq!(patch(&[]).await.0, 200);
    assert_eq!(patch(&["delete:users"]).await, refused("delete:users"), "and what is gone is gone");
}

/// §6: each operation has its scope.
#[tokio::test]
async fn scopes() {
    let world = World::new().await;
    world.make_api().await;
    let path = world.granted("demo-app", ORDERS, &[]).await;
    const ALL: [&str; 4] =
        ["create:client_grants", "read:client_grants", "update:client_grants", "delete:client_grants"];
    for (method, path, scope) in [
        ("POST", GRANTS, "create:client_grants"),
        ("GET", GRANTS, "read:client_grants"),
        ("GET", &path, "read:client_grants"),
        ("PATCH", &path, "update:client_grants"),
        ("DELETE", &path, "delete:client_grants"),
    ] {
        let others: Vec<_> = ALL.into_iter().filter(|other| *other != scope).collect();
        let narrow = world.token_with_scope(&others.join(" ")).await;
        let reply = world.bearer(method, path, &narrow, Body::none()).await;
        assert_eq!((reply.status, reply.text("message")), refused(scope), "{method} {path}");
        assert_eq!(world.send(method, path, &[], Body::none()).await.status, 401, "{method} {path}");
    }
    assert_eq!(world.manage("GET", &path, None).await.status, 200, "still there");
}

/// design §7: sequential round trips of each operation.
#[tokio::test]
async fn trips() {
    let world = World::new().await;
    let token = world.management_token().await;
    world.make_api().await;
    let body = json!({ "client_id": "demo-app", "audience": ORDERS, "scope": ["read:orders"] });
    let path = world.granted("demo-spa", ORDERS, &[]).await;
    for (method, path, body, trips) in [
        ("POST", GRANTS, Some(body), 2),
        ("GET", GRANTS, None, 2),
        ("GET", "/api/v2/client-grants?client_id=demo-app", None, 2),
        ("GET", &path, None, 1),
        ("PATCH", &path, Some(json!({ "scope": ["read:orders"] })), 2),
        ("DELETE", &path, None, 1),
    ] {
        world.forget_calls();
        let body = body.as_ref().map_or_else(Body::none, Body::json);
        let reply = world.bearer(method, path, &token, body).await;
        assert!(reply.status < 300, "{method} {path}: {}", reply.body);
        assert_eq!(world.round_trips(), trips, "{method} {path}: {:?}", world.operations());
    }
}
