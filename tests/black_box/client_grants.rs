//! `/api/v2/client-grants`: what clients may get of APIs in their own name (contract §6).

use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{APIS, Body, GRANTS, Made, ORDERS, Reply, World, at_once, count_of};

const DEMO_API: &str = "https://someapi.com/api";

async fn with_client() -> (Arc<World>, Made) {
    let world = Arc::new(World::new().await);
    world.make_api().await;
    let client = world.make_service().await;
    (world, client)
}

/// A reply with the client's random id named, and the grant's.
fn shown(reply: &Reply, client: &Made) -> String {
    let id = reply.json()["id"].as_str().unwrap_or("-").to_owned();
    reply.snapshot().replace(&id, "[id]").replace(&client.id, "[client_id]")
}

/// §6: from nothing to nothing, as an operator goes; each step is what the client gets from the next request on.
#[tokio::test]
async fn a_grant_is_made_read_changed_and_deleted() {
    let (world, client) = with_client().await;
    let token = async || world.service_token(&client.id, &client.secret, ORDERS).await;
    let missing = r#"Client is not authorized to access "https://orders.example/api". Create a client grant for this API first."#;
    assert_eq!(token().await.outcome(), format!("403 {missing}"));
    let created = world.grant_scopes(&client.id, ORDERS, &["read:orders", "read:orders"]).await;
    assert_snapshot!(shown(&created, &client), @r#"201 {"audience":"https://orders.example/api","client_id":"[client_id]","id":"[id]","scope":["read:orders"],"subject_type":"client"}"#);
    assert!(created.text("id").starts_with("cgr_"));
    assert_eq!(token().await.text("scope"), "read:orders");
    let path = format!("{GRANTS}/{}", created.text("id"));
    assert_eq!(world.manage("GET", &path, None).await.body, created.body);

    let changed = world.manage("PATCH", &path, Some(&json!({ "scope": ["write:orders"] }))).await;
    assert_snapshot!(shown(&changed, &client), @r#"200 {"audience":"https://orders.example/api","client_id":"[client_id]","id":"[id]","scope":["write:orders"],"subject_type":"client"}"#);
    assert_eq!(world.manage("GET", &path, None).await.body, changed.body);
    assert_eq!(world.manage("PATCH", &path, Some(&json!({}))).await.body, changed.body);
    assert_eq!(token().await.text("scope"), "write:orders");
    let again = world.grant_scopes(&client.id, ORDERS, &[]).await;
    assert_snapshot!(again.snapshot(), @r#"409 {"statusCode":409,"error":"Conflict","message":"The client has a grant to this API already."}"#);

    let deleted = world.manage("DELETE", &path, None).await;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    assert_eq!(token().await.outcome(), format!("403 {missing}"));
    assert_snapshot!(world.manage("GET", &path, None).await.snapshot(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The client grant does not exist.","errorCode":"inexistent_client_grant"}"#);
    assert_eq!(world.manage("PATCH", &path, Some(&json!({ "scope": [] }))).await.status, 404);
    assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
    assert_eq!(world.grant_scopes(&client.id, ORDERS, &[]).await.status, 201);
}

/// What a grant names must be there, and its scopes the API's; each misfit is named, and nothing is stored.
#[tokio::test]
async fn grants_that_do_not_fit_are_refused() {
    let (world, client) = with_client().await;
    let path = world.granted(&client.id, ORDERS, &["read:orders"]).await;
    let before = world.stored().await;
    let post = async |body: Value| world.manage("POST", GRANTS, Some(&body)).await.snapshot();
    let of = |client: &str, audience: &str, scope: Value| json!({ "client_id": client, "audience": audience, "scope": scope });
    assert_snapshot!(post(of("nobody", ORDERS, json!([]))).await, @r#"404 {"statusCode":404,"error":"Not Found","message":"The client does not exist","errorCode":"inexistent_client"}"#);
    assert_snapshot!(post(of("a b", ORDERS, json!([]))).await, @r#"404 {"statusCode":404,"error":"Not Found","message":"The client does not exist","errorCode":"inexistent_client"}"#);
    assert_snapshot!(post(of("demo-app", "https://nowhere", json!([]))).await, @r#"404 {"statusCode":404,"error":"Not Found","message":"The resource server does not exist.","errorCode":"inexistent_resource_server"}"#);
    for own in ["mfa/", "userinfo"] {
        let audience = format!("{}{own}", world.issuer());
        assert!(post(of("demo-app", &audience, json!([]))).await.contains("inexistent_resource_server"));
    }
    assert_snapshot!(post(of("demo-app", ORDERS, json!(["admin"]))).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'The API does not know the scope admin' on property scope.","errorCode":"invalid_body"}"#);
    let patched = world.manage("PATCH", &path, Some(&json!({ "scope": ["admin"] }))).await;
    assert_snapshot!(patched.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'The API does not know the scope admin' on property scope.","errorCode":"invalid_body"}"#);
    for (name, value, problem) in [
        ("scope", json!("read:orders"), "'Expected type array' on property scope."),
        ("scope", json!([1]), "'Expected type string' on property scope."),
        ("scope", json!(["a b"]), "'Object didn't pass validation for format scope' on property scope."),
        (
            "scope",
            json!(["x".repeat(281)]),
            "'String is too long (281 chars), maximum 280' on property scope.",
        ),
        ("scope", json!(vec!["x"; 501]), "'Array is too long (501), maximum 500' on property scope."),
        ("organizations", json!([]), "'Additional properties not allowed: organizations'."),
    ] {
        let mut whole = of("demo-app", ORDERS, json!([]));
        whole[name] = value.clone();
        for (method, path, body) in [("POST", GRANTS, whole), ("PATCH", &*path, json!({ name: value }))] {
            let reply = world.manage(method, path, Some(&body)).await;
            let expected = format!("Payload validation error: {problem}");
            assert_eq!((reply.status, reply.text("message")), (400, expected), "{method} {name}");
        }
    }
    for (name, value) in [
        ("client_id", json!(1)),
        ("audience", json!(1)),
        ("audience", json!("")),
        ("audience", json!("x".repeat(601))),
        ("subject_type", json!("user")),
        ("organization_usage", json!("allow")),
        ("allow_any_organization", json!(true)),
        ("allow_all_scopes", json!(true)),
        ("authorization_details_types", json!(["payment"])),
    ] {
        let mut whole = of("demo-app", ORDERS, json!([]));
        whole[name] = value;
        let reply = world.manage("POST", GRANTS, Some(&whole)).await;
        assert!(reply.status == 400 && reply.text("message").contains(name), "{name}: {}", reply.body);
    }
    for name in ["client_id", "audience", "scope"] {
        let mut whole = of("demo-app", ORDERS, json!([]));
        whole.as_object_mut().unwrap().remove(name);
        let expected = format!("Payload validation error: 'Missing required property: {name}'.");
        assert_eq!(world.manage("POST", GRANTS, Some(&whole)).await.text("message"), expected);
    }
    for renamed in ["client_id", "audience"] {
        let reply = world.manage("PATCH", &path, Some(&json!({ renamed: "x" }))).await;
        assert_eq!(reply.status, 400, "{}", reply.body);
    }
    for id in ["x", "cgr_", "cgr_!", "cgr_eA", "%00", "%FF"] {
        let reply = world.manage("GET", &format!("{GRANTS}/{id}"), None).await;
        assert_eq!((reply.status, reply.text("errorCode")), (400, "invalid_uri".to_owned()), "{id}");
    }
    assert!(world.stored().await == before, "nothing is stored");
}

/// All, one client's, those to one API, and both; in numbered pages, and read on from where the last one ended.
#[tokio::test]
async fn grants_are_listed() {
    let (world, client) = with_client().await;
    world.granted(&client.id, ORDERS, &["read:orders"]).await;
    world.granted(&client.id, DEMO_API, &["read:sample"]).await;
    world.granted("demo-app", ORDERS, &[]).await;
    let management = format!("{}api/v2/", world.issuer());
    let client_id = format!("client_id={}", client.id);
    let get = async |query: &str| {
        let reply = world.manage("GET", &format!("{GRANTS}?{query}"), None).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        reply.json()
    };
    let named = |items: &Value| -> Vec<String> {
        let name = |item: &Value| {
            let client = item["client_id"].as_str().unwrap().replace(&client.id, "new");
            format!("{client} {}", item["audience"].as_str().unwrap().replace(&management, "management"))
        };
        let mut names: Vec<_> = items.as_array().unwrap().iter().map(name).collect();
        names.sort_unstable();
        names
    };
    let [app, own, new_orders, new_demo] = [
        format!("demo-app {ORDERS}"),
        "demo-management management".to_owned(),
        format!("new {ORDERS}"),
        format!("new {DEMO_API}"),
    ];
    let all = vec![app.clone(), own.clone(), new_orders.clone(), new_demo.clone()];
    assert_eq!(named(&get("").await), all);
    assert_eq!(named(&get(&client_id).await), [new_orders.clone(), new_demo]);
    assert_eq!(named(&get(&format!("audience={ORDERS}")).await), [app, new_orders.clone()]);
    assert_eq!(named(&get(&format!("{client_id}&audience={ORDERS}")).await), [new_orders]);
    for slash in ["", "/"] {
        let audience = format!("audience={}{slash}", management.trim_end_matches('/'));
        assert_eq!(named(&get(&audience).await), std::slice::from_ref(&own));
    }
    for nothing in ["client_id=nobody", "client_id=a%20b", "audience=x", "subject_type=user"] {
        assert_eq!(get(nothing).await, json!([]), "{nothing}");
    }

    let page = get("per_page=3&page=1&include_totals=true").await;
    assert_eq!((&page["total"], &page["start"], &page["limit"]), (&json!(4), &json!(3), &json!(3)));
    assert_eq!(page["client_grants"].as_array().map(Vec::len), Some(1));
    let mut found = Vec::new();
    let mut query = "take=3&include_totals=true".to_owned();
    loop {
        let stretch = get(&query).await;
        found.extend(stretch["client_grants"].as_array().unwrap().clone());
        let Some(next) = stretch["next"].as_str() else { break };
        query = format!("take=3&from={next}");
    }
    assert_eq!((named(&json!(found)), found.len()), (all, 4));
    for bad in ["take=0", "take=101", "take=x", "from=x", "default_for=x", "include_totals=1"] {
        let reply = world.manage("GET", &format!("{GRANTS}?{bad}"), None).await;
        assert_eq!(reply.status, 400, "{bad}: {}", reply.body);
    }
}

/// Of many at once one is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_16_times_at_once_is_made_once() {
    let (world, client) = with_client().await;
    let token = world.management_token().await;
    let replies = at_once(16, |_| {
        let (world, token, id) = (Arc::clone(&world), token.clone(), client.id.clone());
        async move {
            let body = json!({ "client_id": id, "audience": ORDERS, "scope": [] });
            world.bearer("POST", GRANTS, &token, Body::json(&body)).await
        }
    })
    .await;
    assert_eq!(count_of(&replies, 201), 1);
    // Whoever kept colliding is asked to come again.
    assert_eq!(count_of(&replies, 409) + count_of(&replies, 429), 15);
}

/// A client, an API or a grant that goes after a request has read it, and an API that changes: the answer is of what is.
#[tokio::test]
async fn what_a_grant_was_decided_on_still_holds() {
    let (world, client) = with_client().await;
    let (token, id) = (world.management_token().await, client.id.clone());
    let request = |method: &'static str, path: String, scopes: Value| {
        let (world, token, id) = (Arc::clone(&world), token.clone(), id.clone());
        async move {
            let body = match method {
                "POST" => json!({ "client_id": id, "audience": ORDERS, "scope": scopes }),
                _ => json!({ "scope": scopes }),
            };
            world.bearer(method, &path, &token, Body::json(&body)).await
        }
    };
    let api = format!("{APIS}/{}", ORDERS.replace(':', "%3A").replace('/', "%2F"));
    let scopes = async |words: Value| {
        let reply = world.manage("PATCH", &api, Some(&json!({ "scopes": words }))).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    };
    let post = || request("POST", GRANTS.to_owned(), json!(["write:orders"]));
    let less = scopes(json!([{ "value": "read:orders" }]));
    let reply = world.overtaken("GetItem", 1, post(), less).await;
    assert_eq!(reply.status, 400, "the API knows the scope no more: {}", reply.body);
    scopes(json!([{ "value": "read:orders" }, { "value": "write:orders" }])).await;
    let path = world.granted(&client.id, ORDERS, &["read:orders"]).await;

    let patch = || request("PATCH", path.clone(), json!(["write:orders"]));
    let less = scopes(json!([{ "value": "read:orders" }]));
    assert_eq!(world.overtaken("GetItem", 2, patch(), less).await.status, 400);
    scopes(json!([{ "value": "read:orders" }, { "value": "write:orders" }])).await;
    let deletion = async {
        assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
    };
    assert_eq!(world.overtaken("GetItem", 2, patch(), deletion).await.status, 404);
    let deletion = async {
        assert_eq!(world.manage("DELETE", &api, None).await.status, 204);
    };
    let reply = world.overtaken("GetItem", 1, post(), deletion).await;
    assert_eq!((reply.status, reply.text("errorCode")), (404, "inexistent_resource_server".to_owned()));
    world.make_api().await;
    let deletion = async {
        assert_eq!(world.manage("DELETE", &client.path(), None).await.status, 204);
    };
    let reply = world.overtaken("GetItem", 1, post(), deletion).await;
    assert_eq!((reply.status, reply.text("errorCode")), (404, "inexistent_client".to_owned()));
    assert!(world.stored().await.keys().all(|(pk, _)| *pk != format!("CLIENT#{}", client.id)));
}
