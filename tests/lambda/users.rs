//! Users through the real binary, each call held against the function's role.

use serde_json::json;

use crate::gateway::Gateway;
use crate::support::{Body, OFFLINE, PASSWORD, USERS, new_user, user_path};

const ADDRESS: &str = "ada@example.com";

/// Contract §6: a deployment's user is made, found, changed in every way, and deleted; what it was issued is ended.
#[tokio::test]
async fn a_user_is_managed() {
    let gateway = Gateway::new().await;
    let token = gateway.management_token().await;
    let manage = async |method: &str, path: &str, body: serde_json::Value| {
        let body = if body.is_null() { Body::none() } else { Body::json(&body) };
        gateway.bearer(method, path, &token, body).await
    };
    let created = manage("POST", USERS, new_user(ADDRESS)).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(manage("POST", USERS, new_user(ADDRESS)).await.status, 409);
    let path = user_path(&created.text("user_id"));
    let sign_in = async |username: &str| {
        let pairs = [
            ("grant_type", "password"),
            ("username", username),
            ("password", PASSWORD),
            ("scope", OFFLINE),
            ("client_id", "demo-app"),
            ("client_secret", "demo-secret"),
        ];
        gateway.post("/oauth/token", Body::form(&pairs)).await
    };
    let mfa_token = sign_in(ADDRESS).await.text("mfa_token");
    let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"] });
    let associated = gateway.bearer("POST", "/mfa/associate", &mfa_token, Body::json(&body)).await;
    assert_eq!(associated.status, 200, "{}", associated.body);
    let found = manage("GET", "/api/v2/users-by-email?email=ada%40example.com", json!(null)).await;
    assert_eq!(found.json()[0]["user_id"], created.json()["user_id"]);
    for body in [
        json!({ "name": "Ada", "user_metadata": { "lang": "de" } }),
        json!({ "email": "new@example.com" }),
        json!({ "blocked": true }),
        json!({ "blocked": false }),
    ] {
        let changed = manage("PATCH", &path, body).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
    assert_eq!(sign_in("new@example.com").await.text("error"), "mfa_required");
    assert_eq!(manage("PATCH", &path, json!({ "password": "another password" })).await.status, 200);
    assert_eq!(sign_in("new@example.com").await.status, 403);
    assert_eq!(manage("DELETE", &format!("{path}/authenticators"), json!(null)).await.status, 204);
    assert_eq!(manage("GET", &path, json!(null)).await.text("name"), "Ada");
    assert_eq!(manage("DELETE", &path, json!(null)).await.status, 204);
    assert_eq!(manage("GET", &path, json!(null)).await.status, 404);
}
