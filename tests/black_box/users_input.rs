//! What no operator should send to `/api/v2/users`, who may send anything, and what it costs (contract §6, design §7).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Body, USERS, World, new_user, user_path};

const ADDRESS: &str = "ada@example.com";
const UNKNOWN: &str = r#"404 {"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#;

/// §6: each property is named by what is wrong with it, when a user is made and when it is changed; nothing is stored.
#[tokio::test]
async fn properties_that_do_not_fit_are_named() {
    let world = World::new().await;
    let path = user_path(&world.make_user(&new_user(ADDRESS)).await);
    let before = world.stored().await;
    let long = |count: usize| json!("x".repeat(count));
    for (name, value, problem) in [
        ("email", json!(1), "Expected type string"),
        ("email", json!(null), "Expected type string"),
        ("email", json!("ada"), "Object didn't pass validation for format email"),
        ("email", json!("a@b.c\r\nBcc: d@e.fg"), "Object didn't pass validation for format email"),
        ("password", json!(12_345_678), "Expected type string"),
        ("password", json!("1234567"), "String is too short (7 chars), minimum 8"),
        ("password", json!("ééééééé"), "String is too short (7 chars), minimum 8"),
        ("password", long(1025), "String is too long, maximum 1024 bytes"),
        ("email_verified", json!("true"), "Expected type boolean"),
        ("blocked", json!(null), "Expected type boolean"),
        ("verify_email", json!(1), "Expected type boolean"),
        ("connection", json!(1), "Expected type string"),
        ("name", json!([]), "Expected type string"),
        ("name", json!(""), "String is too short (0 chars), minimum 1"),
        ("name", long(301), "String is too long (301 chars), maximum 300"),
        ("nickname", long(301), "String is too long (301 chars), maximum 300"),
        ("given_name", long(151), "String is too long (151 chars), maximum 150"),
        ("family_name", long(151), "String is too long (151 chars), maximum 150"),
        ("picture", json!("javascript:alert(1)"), "Object didn't pass validation for format uri"),
        ("picture", json!("https://"), "Object didn't pass validation for format uri"),
        ("picture", json!("https://a b"), "Object didn't pass validation for format uri"),
        ("picture", long(2049), "String is too long (2049 chars), maximum 2048"),
        ("user_metadata", json!("x"), "Expected type object"),
    ] {
        let expected = format!("Payload validation error: '{problem}' on property {name}.");
        let mut whole = new_user("other@example.com");
        whole[name] = value.clone();
        for (method, path, body) in [("POST", USERS, whole), ("PATCH", &path, json!({ name: value }))] {
            let reply = world.manage(method, path, Some(&body)).await;
            assert_eq!((reply.status, reply.text("message")), (400, expected.clone()), "{method} {name}");
            assert_eq!(reply.text("errorCode"), "invalid_body");
        }
    }
    assert!(world.stored().await == before, "nothing is stored");
}

/// Metadata that the table cannot hold, unknown names, what is missing, what is not to be had yet.
#[tokio::test]
async fn bodies_that_do_not_fit_are_refused() {
    let world = World::new().await;
    let path = user_path(&world.make_user(&new_user(ADDRESS)).await);
    let before = world.stored().await;
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let deep: Value = serde_json::from_str(&deep).unwrap();
    for metadata in
        [json!({ "x": "x".repeat(4096) }), json!({ "": 1 }), json!({ "a": 1e300 }), json!({ "a": deep })]
    {
        for kind in ["user_metadata", "app_metadata"] {
            let mut whole = new_user("other@example.com");
            whole[kind] = metadata.clone();
            for (method, path, body) in [("POST", USERS, whole), ("PATCH", &path, json!({ kind: metadata }))]
            {
                let reply = world.manage(method, path, Some(&body)).await;
                let code = reply.text("errorCode");
                assert_eq!((reply.status, code.as_str()), (400, "invalid_body"), "{method}");
                assert!(reply.text("message").ends_with(&format!("on property {kind}.")), "{}", reply.body);
            }
        }
    }
    for name in ["username", "phone_number", "created_at", "tokens_valid_after", "logins"] {
        let expected = format!("Payload validation error: 'Additional properties not allowed: {name}'.");
        let mut whole = new_user("other@example.com");
        whole[name] = json!({});
        for (method, path, body) in [("POST", USERS, whole), ("PATCH", &path, json!({ name: {} }))] {
            let reply = world.manage(method, path, Some(&body)).await;
            assert_eq!((reply.status, reply.text("message")), (400, expected.clone()), "{method}");
        }
    }
    for name in ["connection", "email", "password"] {
        let mut body = new_user("other@example.com");
        body.as_object_mut().unwrap().remove(name);
        let reply = world.manage("POST", USERS, Some(&body)).await;
        let expected = format!("Payload validation error: 'Missing required property: {name}'.");
        assert_eq!((reply.status, reply.text("message")), (400, expected));
    }
    let post = async |name: &str, value: Value| {
        let mut body = new_user("other@example.com");
        body[name] = value;
        world.manage("POST", USERS, Some(&body)).await.snapshot()
    };
    assert_snapshot!(post("connection", json!("email")).await, @r#"404 {"statusCode":404,"error":"Not Found","message":"The connection does not exist","errorCode":"inexistent_connection"}"#);
    assert_snapshot!(post("user_id", json!("a/b")).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Object didn't pass validation for format user-id' on property user_id.","errorCode":"invalid_body"}"#);
    let patch = async |body: Value| world.manage("PATCH", &path, Some(&body)).await.snapshot();
    assert_snapshot!(patch(json!({ "user_id": "x" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: user_id'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(json!({ "email": "x@example.com", "password": "long enough" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Cannot update password and email simultaneously'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(json!({ "password": "long enough", "email_verified": true })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Cannot update password and email_verified simultaneously'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(json!({ "client_id": 1 })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type string' on property client_id.","errorCode":"invalid_body"}"#);
    assert_snapshot!(post("client_id", json!("demo-app")).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: client_id'.","errorCode":"invalid_body"}"#);
    assert!(world.stored().await == before, "nothing is stored");
}

/// §6: 404 `inexistent_user` where there is none, but for a deletion; 400 where there cannot be one.
#[tokio::test]
async fn users_there_are_not() {
    let world = World::new().await;
    let before = world.stored().await;
    let unknown = user_path("auth0|nobody");
    let factors = format!("{unknown}/authenticators");
    for (method, path, body) in [
        ("GET", &unknown, None),
        ("PATCH", &unknown, Some(json!({ "name": "x" }))),
        ("PATCH", &unknown, Some(json!({ "blocked": true }))),
        ("PATCH", &unknown, Some(json!({ "email": "x@example.com" }))),
        ("PATCH", &unknown, Some(json!({ "password": "long enough" }))),
        ("DELETE", &factors, None),
    ] {
        assert_eq!(world.manage(method, path, body.as_ref()).await.snapshot(), UNKNOWN, "{method} {body:?}");
    }
    assert_eq!(world.manage("DELETE", &unknown, None).await.status, 204);
    for garbage in ["%00", "%FF", "a%20b", "%C3%A9", "%0D%0A", &"a".repeat(129)] {
        for method in ["GET", "PATCH", "DELETE"] {
            let reply = world.manage(method, &format!("{USERS}/{garbage}"), Some(&json!({}))).await;
            assert_eq!((reply.status, reply.text("errorCode")), (400, "invalid_uri".to_owned()), "{garbage}");
        }
    }
    assert!(world.stored().await == before, "nobody is changed into being");
}

/// §6: each operation has its scope.
#[tokio::test]
async fn scopes() {
    let world = World::new().await;
    let id = user_path(&world.make_user(&new_user(ADDRESS)).await);
    let factors = format!("{id}/authenticators");
    for (method, path, scope) in [
        ("POST", USERS, "create:users"),
        ("GET", &id, "read:users"),
        ("GET", USERS, "read:users"),
        ("GET", "/api/v2/users-by-email?email=ada@example.com", "read:users"),
        ("PATCH", &id, "update:users"),
        ("DELETE", &id, "delete:users"),
        ("DELETE", &factors, "delete:guardian_enrollments"),
    ] {
        let others =
            ["create:users", "read:users", "update:users", "delete:users", "delete:guardian_enrollments"];
        let others: Vec<_> = others.into_iter().filter(|other| *other != scope).collect();
        let narrow = world.token_with_scope(&others.join(" ")).await;
        let reply = world.bearer(method, path, &narrow, Body::none()).await;
        let expected = format!("Insufficient scope, expected any of: {scope}");
        assert_eq!((reply.status, reply.text("message")), (403, expected), "{method} {path}");
        assert_eq!(world.send(method, path, &[], Body::none()).await.status, 401, "{method} {path}");
    }
    assert_eq!(world.manage("GET", &id, None).await.status, 200, "still there");
}

/// design §7: sequential round trips of each operation.
#[tokio::test]
async fn trips() {
    let world = World::new().await;
    let token = world.management_token().await;
    let id = user_path(&world.make_user(&new_user(ADDRESS)).await);
    let mut chosen = new_user("third@example.com");
    chosen["user_id"] = json!("third");
    for (method, path, body, trips) in [
        ("POST", USERS, Some(new_user("other@example.com")), 1),
        ("POST", USERS, Some(new_user("other@example.com")), 1),
        ("POST", USERS, Some(chosen), 2),
        ("GET", &id, None, 1),
        ("GET", "/api/v2/users-by-email?email=ada@example.com", None, 2),
        ("GET", "/api/v2/users?include_totals=true", None, 2),
        ("GET", "/api/v2/users?per_page=0&include_totals=true", None, 1),
        ("GET", "/api/v2/users?q=email:ada@example.com", None, 2),
        ("GET", "/api/v2/users?q=user_id:nobody", None, 1),
        ("PATCH", &id, Some(json!({ "name": "Ada", "user_metadata": { "a": 1 }, "blocked": false })), 2),
        ("PATCH", &id, Some(json!({ "blocked": true })), 2),
        ("PATCH", &id, Some(json!({ "email": "new@example.com" })), 3),
        ("PATCH", &id, Some(json!({ "password": "long enough" })), 3),
        ("DELETE", &format!("{id}/authenticators"), None, 2),
        ("DELETE", &id, None, 2),
        ("DELETE", &id, None, 1),
    ] {
        world.forget_calls();
        let body = body.as_ref().map_or_else(Body::none, Body::json);
        let reply = world.bearer(method, path, &token, body).await;
        assert!(reply.status < 300 || reply.status == 409, "{method} {path}: {}", reply.body);
        assert_eq!(world.round_trips(), trips, "{method} {path}: {:?}", world.operations());
    }
}
