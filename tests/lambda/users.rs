//! Users through the real binary (contract §6).

use serde_json::{Value, json};

use crate::flow::Flow;
use crate::flows::with_client;
use crate::gateway::Gateway;
use crate::support::{PASSWORD, Reply, new_user};

const ADDRESS: &str = "ada@example.com";

/// A deployment's user is made, found, changed in every way, and deleted.
#[tokio::test]
async fn a_user_is_managed() {
    MANAGED.used().await;
}

pub(crate) static MANAGED: Flow = Flow::new(|| Box::pin(managed()));

async fn sign_in(gateway: &Gateway, username: &str, password: &str) -> Reply {
    let pairs = [("grant_type", "password"), ("username", username), ("password", password)];
    gateway.post("/oauth/token", with_client(&pairs)).await
}

async fn managed() -> Gateway {
    let gateway = Gateway::new().await;
    let mut body = new_user(ADDRESS);
    body["user_id"] = json!("ada");
    body["verify_email"] = json!(true);
    let created = gateway.manage("POST", "users", &body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(gateway.manage("POST", "users", &new_user(ADDRESS)).await.status, 409);
    let path = format!("users/{}", created.text("user_id").replace('|', "%7C"));
    let mfa_token = sign_in(&gateway, ADDRESS, PASSWORD).await.text("mfa_token");
    let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"] });
    let associated = gateway.associate(&mfa_token, body).await;
    assert_eq!(associated.status, 200, "{}", associated.body);
    let tokens = gateway.prove(&mfa_token, &associated, ADDRESS).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let found = gateway.manage("GET", "users-by-email?email=ada%40example.com", &Value::Null).await;
    assert_eq!(found.json()[0]["user_id"], created.json()["user_id"]);
    let listed = gateway.manage("GET", "users?include_totals=true&sort=created_at:-1", &Value::Null).await;
    let mut users = listed.json()["users"].as_array().unwrap().clone();
    users.retain(|user| user["user_id"] == created.json()["user_id"]);
    assert_eq!((users.len(), &listed.json()["total"]), (1, &json!(3)), "{}", listed.body);
    for body in [
        json!({ "name": "Ada", "user_metadata": { "lang": "de" } }),
        json!({ "email": "new@example.com" }),
        json!({ "blocked": true }),
        json!({ "blocked": false }),
    ] {
        let changed = gateway.manage("PATCH", &path, &body).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
    assert_eq!(sign_in(&gateway, "new@example.com", PASSWORD).await.text("error"), "mfa_required");
    let password = json!({ "password": "another password" });
    assert_eq!(gateway.manage("PATCH", &path, &password).await.status, 200);
    assert_eq!(sign_in(&gateway, "new@example.com", PASSWORD).await.text("error"), "invalid_grant");
    let factors = format!("{path}/authenticators");
    assert_eq!(gateway.manage("DELETE", &factors, &Value::Null).await.status, 204);
    assert_eq!(gateway.manage("GET", &path, &Value::Null).await.text("name"), "Ada");
    let job = json!({ "user_id": created.text("user_id"), "client_id": "demo-app" });
    let job = gateway.manage("POST", "jobs/verification-email", &job).await;
    assert_eq!(job.status, 201, "{}", job.body);
    let job = gateway.manage("GET", &format!("jobs/{}", job.text("id")), &Value::Null).await;
    assert_eq!(job.text("status"), "pending");
    assert_eq!(gateway.manage("DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(gateway.manage("GET", &path, &Value::Null).await.status, 404);
    crate::login::no_secret_is_logged(&gateway, &[PASSWORD, "another password", ADDRESS, "new@example.com"])
        .await;
    gateway
}
