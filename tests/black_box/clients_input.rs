//! What no operator should send to `/api/v2/clients`, who may send what, and what it costs (contract §6, design §7).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Body, CLIENTS, World};

/// §6: each property is named by what is wrong with it, when a client is made and when it is changed; nothing is stored.
#[tokio::test]
async fn properties_that_do_not_fit_are_named() {
    let world = World::new().await;
    let path = world.make_service().await.path();
    let before = world.stored().await;
    let long = |count: usize| json!("x".repeat(count));
    let uri = "Object didn't pass validation for format uri";
    let app_types = "No enum match, expected one of: native, spa, regular_web, non_interactive";
    let methods = "No enum match, expected one of: none, client_secret_post, client_secret_basic";
    for (name, value, problem) in [
        ("name", json!(1), "Expected type string"),
        ("name", json!(""), "String is too short (0 chars), minimum 1"),
        ("name", long(151), "String is too long (151 chars), maximum 150"),
        ("name", json!("a\nb"), "String has a control character"),
        ("name", json!("<b>"), "String does not match pattern ^[^<>]+$"),
        ("description", long(141), "String is too long (141 chars), maximum 140"),
        ("description", json!([]), "Expected type string"),
        ("logo_uri", json!("javascript:alert(1)"), uri),
        ("logo_uri", json!("com.example.app://logo"), uri),
        ("initiate_login_uri", json!("app"), uri),
        ("app_type", json!("sso_integration"), app_types),
        ("app_type", json!(null), "Expected type string"),
        ("token_endpoint_auth_method", json!("private_key_jwt"), methods),
        ("token_endpoint_auth_method", json!(null), "Expected type string"),
        ("grant_types", json!("password"), "Expected type array"),
        ("grant_types", json!(null), "Expected type array"),
        ("grant_types", json!([1]), "Expected type string"),
        ("grant_types", json!(["passwords"]), "No enum match"),
        ("grant_types", json!(vec!["password"; 22]), "Array is too long (22), maximum 21"),
        ("callbacks", json!("https://app.example"), "Expected type array"),
        ("callbacks", json!(["data:text/html,x"]), uri),
        ("callbacks", json!(["https://*.app.example/in"]), uri),
        ("callbacks", json!([null]), "Expected type string"),
        ("callbacks", json!(vec!["https://a.b"; 101]), "Array is too long (101), maximum 100"),
        (
            "callbacks",
            json!([format!("https://{}", "a".repeat(2041))]),
            "String is too long (2049 chars), maximum 2048",
        ),
        ("allowed_logout_urls", json!(["x"]), uri),
        ("allowed_origins", json!(["a b"]), "Object didn't pass validation for format origin"),
        ("web_origins", json!([""]), "String is too short (0 chars), minimum 1"),
        ("client_metadata", json!([]), "Expected type object"),
        ("client_metadata", json!({ "": "x" }), "Names have 1 to 255 characters, none for control"),
        ("client_metadata", json!({ "a\n": "x" }), "Names have 1 to 255 characters, none for control"),
        ("jwt_configuration", json!(null), "Expected type object"),
        ("refresh_token", json!("x"), "Expected type object"),
    ] {
        let expected = format!("Payload validation error: '{problem}' on property {name}.");
        for (method, path) in [("POST", CLIENTS), ("PATCH", &*path)] {
            let mut body = json!({ "name": "App" });
            body[name] = value.clone();
            let reply = world.manage(method, path, Some(&body)).await;
            assert_eq!((reply.status, reply.text("message")), (400, expected.clone()), "{method} {name}");
            assert_eq!(reply.text("errorCode"), "invalid_body");
        }
    }
    for (value, member, problem) in [
        (json!({ "a": 1 }), "a", "Expected type string"),
        (json!({ "a": "x".repeat(256) }), "a", "String is too long (256 chars), maximum 255"),
        (
            json!({ "mfa_policy": "no" }),
            "mfa_policy",
            "No enum match, expected one of: never, all-applications",
        ),
    ] {
        let body = json!({ "client_metadata": value });
        let expected = format!("Payload validation error: '{problem}' on property client_metadata.{member}.");
        assert_eq!(world.manage("PATCH", &path, Some(&body)).await.text("message"), expected);
    }
    assert!(world.stored().await == before, "nothing is stored");
}

/// What asks for something that is not done here is refused, and not kept as if it were.
#[tokio::test]
async fn what_is_not_done_is_refused() {
    let world = World::new().await;
    let path = world.make_service().await.path();
    let before = world.stored().await;
    let tenants = "is a setting of the tenant here: see PATCH /api/v2/guardian/settings.";
    for (body, message) in [
        (json!({ "is_first_party": false }), "is_first_party can only be true here.".to_owned()),
        (json!({ "oidc_conformant": false }), "oidc_conformant can only be true here.".to_owned()),
        (
            json!({ "is_token_endpoint_ip_header_trusted": true }),
            "is_token_endpoint_ip_header_trusted can only be false here.".to_owned(),
        ),
        (
            json!({ "cross_origin_authentication": true }),
            "cross_origin_authentication can only be false here.".to_owned(),
        ),
        (
            json!({ "jwt_configuration": { "alg": "HS256" } }),
            r#"jwt_configuration.alg can only be "RS256" here."#.to_owned(),
        ),
        (
            json!({ "jwt_configuration": { "lifetime_in_seconds": 60 } }),
            "jwt_configuration.lifetime_in_seconds can only be 36000 here.".to_owned(),
        ),
        (
            json!({ "refresh_token": { "rotation_type": "non-rotating" } }),
            r#"refresh_token.rotation_type can only be "rotating" here."#.to_owned(),
        ),
        (
            json!({ "refresh_token": { "infinite_token_lifetime": true } }),
            "refresh_token.infinite_token_lifetime can only be false here.".to_owned(),
        ),
        (json!({ "refresh_token": { "leeway": 30 } }), format!("refresh_token.leeway {tenants}")),
        (
            json!({ "client_secret": "mine" }),
            "A client's secret is generated: POST /api/v2/clients/{id}/rotate-secret makes another."
                .to_owned(),
        ),
    ] {
        let reply = world.manage("PATCH", &path, Some(&body)).await;
        assert_eq!(
            (reply.text("errorCode"), reply.text("message")),
            ("operation_not_supported".into(), message)
        );
    }
    for (body, name) in [
        (json!({ "addons": {} }), "addons"),
        (json!({ "client_id": "x" }), "client_id"),
        (json!({ "kind": "public" }), "kind"),
        (json!({ "secret_hash": "0" }), "secret_hash"),
        (json!({ "refresh_token": { "policies": [] } }), "refresh_token.policies"),
    ] {
        let reply = world.manage("PATCH", &path, Some(&body)).await;
        let expected = format!("Payload validation error: 'Additional properties not allowed: {name}'.");
        assert_eq!((reply.status, reply.text("message")), (400, expected));
    }
    let nameless = world.manage("POST", CLIENTS, Some(&json!({}))).await;
    assert_snapshot!(nameless.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: name'.","errorCode":"invalid_body"}"#);
    assert!(world.stored().await == before, "nothing is stored");
}

/// §6: 404 `inexistent_client` where there is none, but for a deletion; 400 where there cannot be one.
#[tokio::test]
async fn clients_there_are_not() {
    let world = World::new().await;
    let before = world.stored().await;
    for (method, path, body) in [
        ("GET", "nobody", None),
        ("PATCH", "nobody", Some(json!({ "name": "x" }))),
        ("PATCH", "nobody", Some(json!({ "client_metadata": {} }))),
        ("POST", "nobody/rotate-secret", None),
    ] {
        let reply = world.manage(method, &format!("{CLIENTS}/{path}"), body.as_ref()).await;
        assert_eq!(
            (reply.status, reply.text("errorCode")),
            (404, "inexistent_client".to_owned()),
            "{method}"
        );
    }
    assert_eq!(world.manage("DELETE", &format!("{CLIENTS}/nobody"), None).await.status, 204);
    for garbage in ["%00", "%FF", "a%20b", "%C3%A9", &"a".repeat(65)] {
        for method in ["GET", "PATCH", "DELETE"] {
            let reply = world.manage(method, &format!("{CLIENTS}/{garbage}"), Some(&json!({}))).await;
            assert_eq!((reply.status, reply.text("errorCode")), (400, "invalid_uri".to_owned()), "{garbage}");
        }
    }
    assert!(world.stored().await == before, "nobody is changed into being");
}

/// §6: each operation has its scope.
#[tokio::test]
async fn scopes() {
    let world = World::new().await;
    let path = world.make_service().await.path();
    let rotate = format!("{path}/rotate-secret");
    const ALL: [&str; 6] = [
        "create:clients",
        "read:clients",
        "update:clients",
        "delete:clients",
        "update:client_keys",
        "read:client_keys",
    ];
    for (method, path, scope) in [
        ("POST", CLIENTS, "create:clients"),
        ("GET", CLIENTS, "read:clients"),
        ("GET", &path, "read:clients"),
        ("PATCH", &path, "update:clients"),
        ("POST", &rotate, "update:client_keys"),
        ("DELETE", &path, "delete:clients"),
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

/// SECURITY-MODEL "operators": who may only make and update clients makes no secret of one that is there, and so becomes
/// none, and switches the second factor off for none.
#[tokio::test]
async fn whoever_updates_clients_becomes_none_of_them() {
    let world = World::new().await;
    let client = world.make_service().await;
    let narrow = world.token_with_scope("create:clients read:clients update:clients").await;
    let patch = async |body: Value| {
        let reply = world.bearer("PATCH", &client.path(), &narrow, Body::json(&body)).await;
        (reply.status, reply.json()["message"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |scope: &str| (403, format!("Insufficient scope, expected any of: {scope}"));
    assert_eq!(patch(json!({ "token_endpoint_auth_method": "client_secret_basic" })).await.0, 200);
    assert_eq!(patch(json!({ "token_endpoint_auth_method": "none" })).await.0, 200);
    let secret = json!({ "token_endpoint_auth_method": "client_secret_post", "name": "x" });
    assert_eq!(patch(secret).await, refused("update:client_keys"));
    let policy = json!({ "client_metadata": { "a": "b", "mfa_policy": "never" } });
    assert_eq!(patch(policy.clone()).await, refused("update:mfa_policies"));
    let mut new = policy.clone();
    new["name"] = json!("New");
    let reply = world.bearer("POST", CLIENTS, &narrow, Body::json(&new)).await;
    assert_eq!((reply.status, reply.text("message")), refused("update:mfa_policies"));

    assert_eq!(world.manage("PATCH", &client.path(), Some(&policy)).await.status, 200);
    for taken_away in
        [json!(null), json!({ "mfa_policy": null }), json!({ "mfa_policy": "all-applications" })]
    {
        assert_eq!(patch(json!({ "client_metadata": taken_away })).await, refused("update:mfa_policies"));
    }
    assert_eq!(patch(json!({ "client_metadata": { "a": "c", "mfa_policy": "never" } })).await.0, 200);
}

/// design §7: sequential round trips of each operation.
#[tokio::test]
async fn trips() {
    let world = World::new().await;
    let token = world.management_token().await;
    world.make_api().await;
    let client = world.make_service().await;
    world.granted(&client.id, crate::support::ORDERS, &[]).await;
    let path = client.path();
    for (method, path, body, trips) in [
        ("POST", CLIENTS, Some(json!({ "name": "New" })), 1),
        ("GET", CLIENTS, None, 2),
        ("GET", "/api/v2/clients?include_totals=true", None, 2),
        ("GET", &path, None, 1),
        ("PATCH", &path, Some(json!({})), 1),
        ("PATCH", &path, Some(json!({ "name": "x", "callbacks": [], "description": null })), 1),
        ("PATCH", &path, Some(json!({ "client_metadata": { "a": "b" } })), 2),
        ("PATCH", &path, Some(json!({ "token_endpoint_auth_method": "client_secret_basic" })), 2),
        ("POST", &format!("{path}/rotate-secret"), None, 1),
        ("DELETE", &path, None, 2),
    ] {
        world.forget_calls();
        let body = body.as_ref().map_or_else(Body::none, Body::json);
        let reply = world.bearer(method, path, &token, body).await;
        assert!(reply.status < 300, "{method} {path}: {}", reply.body);
        assert_eq!(world.round_trips(), trips, "{method} {path}: {:?}", world.operations());
    }
}
