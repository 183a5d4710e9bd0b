//! Clients, their grants and the APIs through the real binaries (contract §6).

use postern::id::ClientId;
use postern::rules::scope::Scope;
use serde_json::{Value, json};

use crate::flow::Flow;
use crate::gateway::Gateway;
use crate::support::{Body, Reply};

const API: &str = "https://orders.example/api";
/// More grants than a transaction holds.
const MANY: usize = 101;

/// A deployment's operator makes an API and a client that may use it, changes both, and takes them away.
#[tokio::test]
async fn a_client_an_api_and_a_grant_are_managed() {
    MANAGED.used().await;
}

pub(crate) static MANAGED: Flow = Flow::new(|| Box::pin(managed()));

async fn token(gateway: &Gateway, client: &str, secret: &str) -> Reply {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret),
        ("audience", API),
    ];
    gateway.post("/oauth/token", Body::form(&fields)).await
}

async fn managed() -> Gateway {
    let gateway = Gateway::new().await;
    let manage = async |method: &str, path: &str, body: Value, status: u16| {
        let reply = gateway.manage(method, path, &body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.body);
        reply
    };
    let scopes = json!([{ "value": "read:orders", "description": "Read" }, { "value": "write:orders" }]);
    let api = manage("POST", "resource-servers", json!({ "identifier": API, "scopes": scopes }), 201).await;
    let api = format!("resource-servers/{}", api.text("id"));
    manage("PATCH", &api, json!({ "token_lifetime": 600 }), 200).await;
    assert_eq!(manage("GET", &api, Value::Null, 200).await.json()["token_lifetime"], 600);
    let body = json!({ "name": "Orders", "app_type": "non_interactive" });
    let client = manage("POST", "clients", body, 201).await;
    let (id, secret) = (client.text("client_id"), client.text("client_secret"));
    let path = format!("clients/{id}");
    let grant = json!({ "client_id": id, "audience": API, "scope": ["read:orders"] });
    let grant = manage("POST", "client-grants", grant, 201).await;
    let grant = format!("client-grants/{}", grant.text("id"));
    assert_eq!(token(&gateway, &id, &secret).await.text("scope"), "read:orders");
    manage("PATCH", &grant, json!({ "scope": ["write:orders"] }), 200).await;
    assert_eq!(manage("GET", &grant, Value::Null, 200).await.json()["scope"], json!(["write:orders"]));
    manage("PATCH", &path, json!({ "name": "Orders 2" }), 200).await;
    manage("PATCH", &path, json!({ "client_metadata": { "team": "orders" } }), 200).await;
    let rotated = manage("POST", &format!("{path}/rotate-secret"), Value::Null, 200).await;
    let rotated = rotated.text("client_secret");
    assert_eq!(token(&gateway, &id, &secret).await.status, 401);
    assert_eq!(token(&gateway, &id, &rotated).await.text("scope"), "write:orders");

    for (list, name, count) in [
        ("clients", "clients", 4),
        ("resource-servers", "resource_servers", 2),
        ("client-grants", "client_grants", 2),
    ] {
        let listed = manage("GET", &format!("{list}?include_totals=true"), Value::Null, 200).await;
        let listed = listed.json();
        assert_eq!((&listed["total"], listed[name].as_array().unwrap().len()), (&json!(count), count));
    }
    let of_client = format!("client-grants?client_id={id}");
    assert_eq!(manage("GET", &of_client, Value::Null, 200).await.json().as_array().unwrap().len(), 1);
    manage("DELETE", &grant, Value::Null, 204).await;
    manage("POST", "client-grants", json!({ "client_id": id, "audience": API, "scope": [] }), 201).await;
    manage("DELETE", &path, Value::Null, 204).await;
    assert_eq!(manage("GET", "client-grants", Value::Null, 200).await.json().as_array().unwrap().len(), 1);
    assert_eq!(token(&gateway, &id, &rotated).await.status, 401);

    let store = &gateway.twin.app.store;
    for number in 0..MANY {
        store.put_client_grant(&ClientId::new(number.to_string()), API, &Scope::default()).await.unwrap();
    }
    manage("DELETE", &api, Value::Null, 204).await;
    manage("GET", &api, Value::Null, 404).await;
    assert_eq!(manage("GET", "client-grants", Value::Null, 200).await.json().as_array().unwrap().len(), 1);
    crate::login::no_secret_is_logged(&gateway, &[&secret, &rotated]).await;
    gateway
}
