//! Clients change after a request has read them and before it writes, or at the same moment (design §3).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Body, CLIENTS, Made, ORDERS, Reply, World, at_once, count_of};

async fn with_client() -> (Arc<World>, Made) {
    let world = Arc::new(World::new().await);
    let client = world.make_service().await;
    (world, client)
}

/// A request of the Management API that needs nothing but its own reads.
async fn operator(
    world: &Arc<World>,
    method: &'static str,
    path: &str,
    body: Value,
) -> impl Future<Output = Reply> + Send + 'static {
    let (world, path, token) = (Arc::clone(world), path.to_owned(), world.management_token().await);
    async move { world.bearer(method, &path, &token, Body::json(&body)).await }
}

async fn change(world: &World, client: &Made, body: Value) -> Reply {
    let reply = world.manage("PATCH", &client.path(), Some(&body)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply
}

/// Each changes another property: all are there in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_at_once_are_all_kept() {
    let (world, client) = with_client().await;
    let token = world.management_token().await;
    let bodies = [
        json!({ "name": "Name" }),
        json!({ "description": "Description" }),
        json!({ "logo_uri": "https://logo.example" }),
        json!({ "callbacks": ["https://in.example"] }),
        json!({ "grant_types": ["password"] }),
        json!({ "client_metadata": { "a": "1" } }),
        json!({ "client_metadata": { "b": "2" } }),
        json!({ "token_endpoint_auth_method": "client_secret_basic" }),
    ];
    let replies = at_once(bodies.len(), |number| {
        let (world, token, path, body) =
            (Arc::clone(&world), token.clone(), client.path(), bodies[number].clone());
        async move { world.bearer("PATCH", &path, &token, Body::json(&body)).await }
    })
    .await;
    assert_eq!(count_of(&replies, 200), bodies.len());
    let read = world.manage("GET", &client.path(), None).await.json();
    assert_eq!(read["client_metadata"], json!({ "a": "1", "b": "2" }));
    for body in bodies.iter().filter(|body| body["client_metadata"].is_null()) {
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(read[name], *value, "{name}");
        }
    }
}

/// Members of metadata that come meanwhile stay.
#[tokio::test]
async fn metadata_loses_nothing() {
    let (world, client) = with_client().await;
    change(&world, &client, json!({ "client_metadata": { "a": "1" } })).await;
    let request = operator(&world, "PATCH", &client.path(), json!({ "client_metadata": { "b": "2" } })).await;
    let other = async {
        change(&world, &client, json!({ "client_metadata": { "c": "3", "a": null } })).await;
    };
    let reply = world.overtaken("GetItem", 1, request, other).await;
    assert_eq!(reply.json()["client_metadata"], json!({ "b": "2", "c": "3" }), "{}", reply.body);
}

/// A secret that is replaced while the client's way of authenticating changes stays good, and one that goes stays gone.
#[tokio::test]
async fn a_secret_is_what_was_done_last() {
    let (world, client) = with_client().await;
    let basic = json!({ "token_endpoint_auth_method": "client_secret_basic" });
    let request = operator(&world, "PATCH", &client.path(), basic.clone()).await;
    let mut rotated = String::new();
    let rotate = async {
        let reply = world.manage("POST", &format!("{}/rotate-secret", client.path()), None).await;
        rotated = reply.text("client_secret");
    };
    assert_eq!(world.overtaken("GetItem", 1, request, rotate).await.status, 200);
    world.make_api().await;
    world.granted(&client.id, ORDERS, &[]).await;
    assert_eq!(world.service_token(&client.id, &rotated, ORDERS).await.status, 200);

    let request = operator(&world, "PATCH", &client.path(), basic).await;
    let public = async {
        change(&world, &client, json!({ "token_endpoint_auth_method": "none" })).await;
    };
    let reply = world.overtaken("GetItem", 1, request, public).await;
    let secret = reply.text("client_secret");
    assert_eq!(world.service_token(&client.id, &rotated, ORDERS).await.outcome(), "401 Unauthorized");
    assert_eq!(world.service_token(&client.id, &secret, ORDERS).await.status, 200, "confidential for good");
}

/// A client that is deleted meanwhile is not changed back into being.
#[tokio::test]
async fn a_deleted_client_stays_deleted() {
    let (world, client) = with_client().await;
    let request = operator(&world, "PATCH", &client.path(), json!({ "client_metadata": { "b": "2" } })).await;
    let deletion = async {
        assert_eq!(world.manage("DELETE", &client.path(), None).await.status, 204);
    };
    let reply = world.overtaken("GetItem", 1, request, deletion).await;
    assert_eq!((reply.status, reply.text("errorCode")), (404, "inexistent_client".to_owned()));
    assert!(world.stored().await.keys().all(|(pk, _)| *pk != format!("CLIENT#{}", client.id)));
}

/// A grant that comes while its client is deleted goes with it.
#[tokio::test]
async fn a_deletion_takes_a_new_grant() {
    let (world, client) = with_client().await;
    world.make_api().await;
    let request = operator(&world, "DELETE", &client.path(), json!({})).await;
    let grant = async {
        world.granted(&client.id, ORDERS, &["read:orders"]).await;
    };
    assert_eq!(world.overtaken("Query", 1, request, grant).await.status, 204);
    assert!(world.stored().await.keys().all(|(pk, _)| *pk != format!("CLIENT#{}", client.id)));
}

/// Of many secrets made at once one is good: the one of the write that was last.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_secrets_at_once_one_is_good() {
    let (world, client) = with_client().await;
    world.make_api().await;
    world.granted(&client.id, ORDERS, &[]).await;
    let token = world.management_token().await;
    let replies = at_once(8, |_| {
        let (world, token, path) =
            (Arc::clone(&world), token.clone(), format!("{}/rotate-secret", client.path()));
        async move { world.bearer("POST", &path, &token, Body::none()).await }
    })
    .await;
    assert_eq!(count_of(&replies, 200), 8);
    let mut good = 0;
    for reply in &replies {
        let token = world.service_token(&client.id, &reply.text("client_secret"), ORDERS).await;
        good += usize::from(token.status == 200);
    }
    assert_eq!(good, 1);
}

/// SEC-38: a creation that was done and answered too late is answered when the SDK asks again, with the secret that is
/// good; nothing is made twice.
#[tokio::test]
async fn a_creation_that_timed_out_is_one() {
    let world = World::new().await;
    let before = world.stored().await.len();
    let token = world.management_token().await;
    for (path, body) in
        [(CLIENTS, json!({ "name": "New" })), (crate::support::APIS, json!({ "identifier": ORDERS }))]
    {
        let late = json!({
            "service": "dynamodb", "operation": "PutItem", "mode": "latency", "latency_ms": 60_000, "count": 1,
        });
        world.twin.aws.faults.add(serde_json::from_value(late).unwrap());
        let reply = world.bearer("POST", path, &token, Body::json(&body)).await;
        assert_eq!(reply.status, 201, "{path}: {}", reply.body);
    }
    assert_eq!(world.stored().await.len(), before + 2);
}
