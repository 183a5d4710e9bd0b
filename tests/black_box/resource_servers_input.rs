//! What no operator should send to `/api/v2/resource-servers`, who may send what, and what it costs (contract §6,
//! design §7).

use serde_json::{Value, json};

use crate::support::{APIS, Body, World};

const NEW: &str = "https://new.example";

/// §6: each property is named by what is wrong with it, when an API is made and when it is changed; nothing is stored.
#[tokio::test]
async fn properties_that_do_not_fit_are_named() {
    let world = World::new().await;
    let path = world.make_api().await;
    let before = world.stored().await;
    let scope = |value: Value| json!([{ "value": "a" }, value]);
    for (name, value, message) in [
        ("name", json!(1), "'Expected type string' on property name."),
        ("name", json!(""), "'String is too short (0 chars), minimum 1' on property name."),
        ("name", json!("x".repeat(201)), "'String is too long (201 chars), maximum 200' on property name."),
        ("name", json!("a>b"), "'String does not match pattern ^[^<>]+$' on property name."),
        ("token_lifetime", json!("60"), "'Expected type integer' on property token_lifetime."),
        ("token_lifetime", json!(1.5), "'Expected type integer' on property token_lifetime."),
        ("token_lifetime", json!(0), "'Value 0 is less than minimum 1' on property token_lifetime."),
        (
            "token_lifetime",
            json!(2_592_001),
            "'Value 2592001 is greater than maximum 2592000' on property token_lifetime.",
        ),
        ("allow_offline_access", json!(1), "'Expected type boolean' on property allow_offline_access."),
        ("scopes", json!({}), "'Expected type array' on property scopes."),
        ("scopes", json!(["a"]), "'Expected type object' on property scopes[0]."),
        (
            "scopes",
            json!(vec![json!({ "value": "a" }); 251]),
            "'Array is too long (251), maximum 250' on property scopes.",
        ),
        ("scopes", scope(json!({})), "'Missing required property: scopes[1].value'."),
        ("scopes", scope(json!({ "value": 1 })), "'Expected type string' on property scopes[1].value."),
        (
            "scopes",
            scope(json!({ "value": "a b" })),
            "'Object didn't pass validation for format scope' on property scopes[1].value.",
        ),
        (
            "scopes",
            scope(json!({ "value": "a" })),
            "'A scope must not be repeated' on property scopes[1].value.",
        ),
        (
            "scopes",
            scope(json!({ "value": "x".repeat(281) })),
            "'String is too long (281 chars), maximum 280' on property scopes[1].value.",
        ),
        (
            "scopes",
            scope(json!({ "value": "b", "description": "x".repeat(501) })),
            "'String is too long (501 chars), maximum 500' on property scopes[1].description.",
        ),
        ("scopes", scope(json!({ "value": "b", "x": 1 })), "'Additional properties not allowed: x'."),
        ("made", json!("x"), "'Additional properties not allowed: made'."),
        ("signing_secret", json!("x"), "'Additional properties not allowed: signing_secret'."),
    ] {
        let expected = format!("Payload validation error: {message}");
        for (method, path) in [("POST", APIS), ("PATCH", &*path)] {
            let mut body = json!({ name: value });
            if method == "POST" {
                body["identifier"] = json!(NEW);
            }
            let reply = world.manage(method, path, Some(&body)).await;
            assert_eq!((reply.status, reply.text("message")), (400, expected.clone()), "{method} {name}");
            assert_eq!(reply.text("errorCode"), "invalid_body");
        }
    }
    for (name, value) in [
        ("signing_alg", json!("HS256")),
        ("token_dialect", json!("access_token_authz")),
        ("skip_consent_for_verifiable_first_party_clients", json!(false)),
        ("enforce_policies", json!(true)),
        ("consent_policy", json!("transactional-authorization-with-mfa")),
    ] {
        let reply = world.manage("PATCH", &path, Some(&json!({ name: value }))).await;
        assert_eq!((reply.status, reply.text("errorCode")), (400, "operation_not_supported".to_owned()));
        assert!(reply.text("message").starts_with(&format!("{name} can only be ")), "{}", reply.body);
    }
    assert!(world.stored().await == before, "nothing is stored");
}

/// An identifier is printable ASCII that is not an API's id and not the service itself; it is never changed.
#[tokio::test]
async fn identifiers() {
    let world = World::new().await;
    let path = world.make_api().await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let before = world.stored().await;
    for identifier in
        [json!(1), json!(""), json!("a b"), json!("é"), json!("a\n"), json!("x".repeat(601)), json!(id)]
    {
        let reply = world.manage("POST", APIS, Some(&json!({ "identifier": identifier }))).await;
        assert_eq!((reply.status, reply.text("errorCode")), (400, "invalid_body".to_owned()), "{identifier}");
    }
    let missing = world.manage("POST", APIS, Some(&json!({ "name": "x" }))).await;
    assert_eq!(missing.text("message"), "Payload validation error: 'Missing required property: identifier'.");
    for own in ["api/v2/", "api/v2", "mfa/", "mfa", "userinfo", "userinfo/"] {
        let body = json!({ "identifier": format!("{}{own}", world.issuer()) });
        assert_eq!(world.manage("POST", APIS, Some(&body)).await.status, 409, "{own}");
    }
    let renamed = world.manage("PATCH", &path, Some(&json!({ "identifier": NEW }))).await;
    assert_eq!(renamed.status, 400, "{}", renamed.body);
    assert!(world.stored().await == before, "nothing is stored");
    for identifier in ["x", "api_users", "urn:orders#v1", &"x".repeat(600)] {
        let made = world.manage("POST", APIS, Some(&json!({ "identifier": identifier }))).await;
        assert_eq!(made.status, 201, "{identifier}: {}", made.body);
        let path = format!("{APIS}/{}", made.text("id"));
        assert_eq!(world.manage("GET", &path, None).await.body, made.body);
        assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
    }
    for garbage in ["%FF", &"a".repeat(601)] {
        let reply = world.manage("GET", &format!("{APIS}/{garbage}"), None).await;
        assert_eq!((reply.status, reply.text("errorCode")), (400, "invalid_uri".to_owned()), "{garbage}");
    }
}

/// The Management API is shown by its identifier, and is nobody's to change.
#[tokio::test]
async fn the_management_api_is_not_changed() {
    let world = World::new().await;
    let before = world.stored().await;
    let identifier = format!("{}api/v2/", world.issuer());
    let path = format!("{APIS}/{}", identifier.replace(':', "%3A").replace('/', "%2F"));
    let read = world.manage("GET", &path, None).await.json();
    assert_eq!((&read["identifier"], &read["is_system"]), (&json!(identifier), &json!(true)));
    assert!(read["scopes"].as_array().unwrap().contains(&json!({ "value": "read:resource_servers" })));
    let by_id = format!("{APIS}/{}", read["id"].as_str().unwrap());
    for path in [&path, &by_id, &path.trim_end_matches("%2F").to_owned()] {
        for (method, body) in [("PATCH", json!({ "token_lifetime": 1 })), ("DELETE", json!({}))] {
            let reply = world.manage(method, path, Some(&body)).await;
            let text = r#"400 {"statusCode":400,"error":"Bad Request","message":"The Management API cannot be changed.","errorCode":"operation_not_supported"}"#;
            assert_eq!(reply.snapshot(), text, "{method} {path}");
        }
    }
    assert!(world.stored().await == before);
}

/// §6: each operation has its scope.
#[tokio::test]
async fn scopes() {
    let world = World::new().await;
    let path = world.make_api().await;
    const ALL: [&str; 4] = [
        "create:resource_servers",
        "read:resource_servers",
        "update:resource_servers",
        "delete:resource_servers",
    ];
    for (method, path, scope) in [
        ("POST", APIS, ALL[0]),
        ("GET", APIS, ALL[1]),
        ("GET", &path, ALL[1]),
        ("PATCH", &path, ALL[2]),
        ("DELETE", &path, ALL[3]),
    ] {
        let others: Vec<_> = ALL.into_iter().filter(|other| *other != scope).collect();
        let narrow = world.token_with_scope(&others.join(" ")).await;
        let reply = world.bearer(method, path, &narrow, Body::none()).await;
        let expected = format!("Insufficient scope, expected any of: {scope}");
        assert_eq!((reply.status, reply.text("message")), (403, expected), "{method} {path}");
        assert_eq!(world.send(method, path, &[], Body::none()).await.status, 401, "{method} {path}");
    }
    assert_eq!(world.manage("GET", &path, None).await.status, 200, "still there");
}

/// design §7: sequential round trips of each operation.
#[tokio::test]
async fn trips() {
    let world = World::new().await;
    let token = world.management_token().await;
    let path = world.make_api().await;
    world.granted("demo-app", crate::support::ORDERS, &[]).await;
    for (method, path, body, trips) in [
        ("POST", APIS, Some(json!({ "identifier": NEW })), 1),
        ("GET", APIS, None, 2),
        ("GET", &path, None, 1),
        ("PATCH", &path, Some(json!({ "name": "x", "scopes": [] })), 1),
        ("DELETE", &path, None, 2),
        ("DELETE", &path, None, 1),
    ] {
        world.forget_calls();
        let body = body.as_ref().map_or_else(Body::none, Body::json);
        let reply = world.bearer(method, path, &token, body).await;
        assert!(reply.status < 300, "{method} {path}: {}", reply.body);
        assert_eq!(world.round_trips(), trips, "{method} {path}: {:?}", world.operations());
    }
}
