//! `/api/v2/resource-servers`: the APIs that tokens are issued for (contract §6, A4).

use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{APIS, Body, OFFLINE, ORDERS, Reply, World, at_once, count_of};

const USER: &str = "user@example.com";

/// The reply with the id, which is made of the identifier, named.
fn shown(reply: &Reply) -> String {
    let id = reply.text("id");
    assert!(id.starts_with("api_"), "{id}");
    reply.snapshot().replace(&id, "[id]")
}

fn by_identifier(identifier: &str) -> String {
    format!("{APIS}/{}", identifier.replace(':', "%3A").replace('/', "%2F"))
}

/// §6: from nothing to nothing, as an operator goes, by the id and by the identifier.
#[tokio::test]
async fn an_api_is_made_read_changed_and_deleted() {
    let world = World::new().await;
    world.without_mfa().await;
    let scope_of = async || {
        let reply = world.password_for(USER, "pwd", ORDERS, "").await;
        let json = reply.json();
        (reply.status, json["scope"].as_str().unwrap_or_default().to_owned(), json["expires_in"].as_u64())
    };
    assert_eq!(scope_of().await, (403, String::new(), None));
    let body = json!({
        "identifier": ORDERS, "name": "Orders", "token_lifetime": 600,
        "scopes": [{ "value": "read:orders", "description": "Read orders" }, { "value": "write:orders" }],
    });
    let created = world.manage("POST", APIS, Some(&body)).await;
    assert_snapshot!(shown(&created), @r#"201 {"allow_offline_access":false,"enforce_policies":false,"id":"[id]","identifier":"https://orders.example/api","is_system":false,"name":"Orders","scopes":[{"description":"Read orders","value":"read:orders"},{"value":"write:orders"}],"signing_alg":"RS256","skip_consent_for_verifiable_first_party_clients":true,"token_dialect":"access_token","token_lifetime":600}"#);
    assert_eq!(scope_of().await, (200, "read:orders write:orders".to_owned(), Some(600)));
    let paths = [format!("{APIS}/{}", created.text("id")), by_identifier(ORDERS)];
    for path in &paths {
        assert_eq!(world.manage("GET", path, None).await.body, created.body);
    }
    let change = json!({ "scopes": [{ "value": "write:orders" }], "name": "Orders 2", "token_lifetime": 60 });
    let changed = world.manage("PATCH", &paths[1], Some(&change)).await;
    assert_snapshot!(shown(&changed), @r#"200 {"allow_offline_access":false,"enforce_policies":false,"id":"[id]","identifier":"https://orders.example/api","is_system":false,"name":"Orders 2","scopes":[{"value":"write:orders"}],"signing_alg":"RS256","skip_consent_for_verifiable_first_party_clients":true,"token_dialect":"access_token","token_lifetime":60}"#);
    assert_eq!(world.manage("PATCH", &paths[0], Some(&json!({}))).await.body, changed.body);
    assert_eq!(scope_of().await, (200, "write:orders".to_owned(), Some(60)));
    let twice = world.manage("POST", APIS, Some(&body)).await;
    assert_snapshot!(twice.snapshot(), @r#"409 {"statusCode":409,"error":"Conflict","message":"A resource server with the same identifier already exists."}"#);
    let fields = world.manage("GET", &format!("{}?fields=identifier,token_lifetime", paths[0]), None).await;
    assert_snapshot!(fields.snapshot(), @r#"200 {"identifier":"https://orders.example/api","token_lifetime":60}"#);

    let deleted = world.manage("DELETE", &paths[0], None).await;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    assert_eq!(scope_of().await, (403, String::new(), None));
    for path in &paths {
        let text = r#"404 {"statusCode":404,"error":"Not Found","message":"The resource server does not exist.","errorCode":"inexistent_resource_server"}"#;
        assert_eq!(world.manage("GET", path, None).await.snapshot(), text);
        assert_eq!(world.manage("PATCH", path, Some(&json!({ "name": "x" }))).await.status, 404);
        assert_eq!(world.manage("DELETE", path, None).await.status, 204);
    }
}

/// A sign-in leaves a refresh token where its API says so; the twin's own API says nothing, and does.
#[tokio::test]
async fn refresh_tokens_are_the_apis_to_allow() {
    let world = World::new().await;
    world.without_mfa().await;
    let path = world.make_api().await;
    let has_one = async |audience: &str| {
        let reply = world.password_for(USER, "pwd", audience, OFFLINE).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let json = reply.json();
        let granted = json["scope"].as_str().unwrap_or_default().contains("offline_access");
        assert_eq!(granted, json["refresh_token"].is_string());
        granted
    };
    assert!(has_one("https://someapi.com/api").await && !has_one(ORDERS).await);
    for allowed in [true, false] {
        let body = json!({ "allow_offline_access": allowed });
        let reply = world.manage("PATCH", &path, Some(&body)).await;
        assert_eq!((reply.status, &reply.json()["allow_offline_access"]), (200, &json!(allowed)));
        assert_eq!(has_one(ORDERS).await, allowed);
    }
}

/// With an API go the grants to it, and of a later one of the same identifier nothing is granted: not even by a grant that
/// the list of grants did not have yet.
#[tokio::test]
async fn a_deletion_ends_what_was_granted() {
    let world = World::new().await;
    let path = world.make_api().await;
    let client = world.make_service().await;
    let grant = world.granted(&client.id, ORDERS, &["read:orders"]).await;
    let key = (format!("CLIENT#{}", client.id), format!("GRANT#{ORDERS}"));
    let late = world.stored().await[&key].clone();
    assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
    assert!(!world.stored().await.contains_key(&key));
    world.overwrite(late).await;
    world.make_api().await;
    let token = async || world.service_token(&client.id, &client.secret, ORDERS).await.status;
    assert_eq!(token().await, 403, "it was granted of another API");
    assert_eq!(world.manage("PATCH", &grant, Some(&json!({ "scope": [] }))).await.status, 404);
    assert_eq!(world.grant_scopes(&client.id, ORDERS, &["read:orders"]).await.status, 201, "made anew");
    assert_eq!(token().await, 200);
}

/// A scope that the API does not know any more is not issued, whatever is granted.
#[tokio::test]
async fn scopes_that_are_gone_are_not_issued() {
    let world = World::new().await;
    let path = world.make_api().await;
    let client = world.make_service().await;
    let grant = world.granted(&client.id, ORDERS, &["read:orders", "write:orders"]).await;
    let less = json!({ "scopes": [{ "value": "write:orders" }] });
    assert_eq!(world.manage("PATCH", &path, Some(&less)).await.status, 200);
    let token = world.service_token(&client.id, &client.secret, ORDERS).await;
    assert_eq!(token.text("scope"), "write:orders");
    let kept = json!({ "scope": ["read:orders"] });
    assert_eq!(world.manage("PATCH", &grant, Some(&kept)).await.status, 200, "what is there may stay");
}

/// Of many at once one is made, and of those that delete and make it again one is there or none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_api_16_times_at_once_is_made_once() {
    let world = Arc::new(World::new().await);
    let token = world.management_token().await;
    let replies = at_once(16, |number| {
        let (world, token) = (Arc::clone(&world), token.clone());
        async move {
            let body = json!({ "identifier": ORDERS, "name": number.to_string() });
            world.bearer("POST", APIS, &token, Body::json(&body)).await
        }
    })
    .await;
    assert_eq!((count_of(&replies, 201), count_of(&replies, 409)), (1, 15));
    let made = replies.iter().find(|reply| reply.status == 201).unwrap();
    assert_eq!(world.manage("GET", &by_identifier(ORDERS), None).await.body, made.body);
    assert_eq!(world.stored().await.keys().filter(|(pk, _)| *pk == format!("API#{ORDERS}")).count(), 1);
}

/// An API that is made again while its deletion is on its way stays, with what is granted of it.
#[tokio::test]
async fn a_deletion_takes_the_api_that_it_saw() {
    let world = Arc::new(World::new().await);
    let path = world.make_api().await;
    let client = world.make_service().await;
    let request = {
        let (world, token, path) = (Arc::clone(&world), world.management_token().await, path.clone());
        async move { world.bearer("DELETE", &path, &token, Body::none()).await }
    };
    let again = async {
        assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
        world.make_api().await;
        world.granted(&client.id, ORDERS, &["read:orders"]).await;
    };
    // Seen anew, it is deleted as well: that is what was asked for.
    assert_eq!(world.overtaken("GetItem", 1, request, again).await.status, 204);
    assert!(world.stored().await.keys().all(|(pk, sk)| !pk.contains(ORDERS) && !sk.contains(ORDERS)));
}
