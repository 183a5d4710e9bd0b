//! Bad input to a user's factors (contract §6): refused by its property, and nothing is stored.

use insta::assert_snapshot;
use postern::rules::settings::SettingValue;
use serde_json::{Value, json};

use crate::bad_input::{refused, still_works};
use crate::support::{Body, NUMBER, SECRET, World, path_of, user_path};

const USER: &str = "user@example.com";

/// Method, path under a user, and scope.
const ACTS: [(&str, &str, &str); 12] = [
    ("GET", "/authentication-methods", "read:authentication_methods"),
    ("POST", "/authentication-methods", "create:authentication_methods"),
    ("PUT", "/authentication-methods", "update:authentication_methods"),
    ("DELETE", "/authentication-methods", "delete:authentication_methods"),
    ("GET", "/authentication-methods/email%7Cdev_1", "read:authentication_methods"),
    ("PATCH", "/authentication-methods/email%7Cdev_1", "update:authentication_methods"),
    ("DELETE", "/authentication-methods/email%7Cdev_1", "delete:authentication_methods"),
    ("GET", "/enrollments", "read:users"),
    ("POST", "/recovery-code-regeneration", "update:users"),
    ("DELETE", "/multifactor/duo", "update:users"),
    ("DELETE", "/multifactor/google-authenticator", "update:users"),
    ("POST", "/multifactor/actions/invalidate-remember-browser", "update:users"),
];

fn body_of(method: &str, under: &str) -> Body {
    match (method, under) {
        ("POST", "/authentication-methods") => Body::json(&json!({ "type": "totp", "totp_secret": SECRET })),
        ("PUT", _) => Body::json(&json!([])),
        ("PATCH", _) => Body::json(&json!({ "name": "x" })),
        _ => Body::none(),
    }
}

/// §6: each act has its scope, and no other lets it pass.
#[tokio::test]
async fn each_act_has_its_scope() {
    let world = World::new().await;
    let all = world.client_credentials("").await.text("scope");
    let blocks = [("GET", "read:users"), ("DELETE", "update:users")];
    let blocks =
        blocks.map(|(method, scope)| (method, path_of(USER, "").replace("/users/", "/user-blocks/"), scope));
    let acts = ACTS.map(|(method, under, scope)| (method, path_of(USER, under), scope));
    for (method, path, scope) in acts.into_iter().chain(blocks) {
        let others: Vec<_> = all.split(' ').filter(|other| *other != scope).collect();
        let token = world.token_with_scope(&others.join(" ")).await;
        let reply = world.bearer(method, &path, &token, body_of(method, &path)).await;
        let message = format!("Insufficient scope, expected any of: {scope}");
        assert_eq!((reply.status, reply.text("message")), (403, message), "{method} {path}");
        let token = world.token_with_scope(scope).await;
        let reply = world.bearer(method, &path, &token, Body::none()).await;
        assert!(![401, 403].contains(&reply.status), "{method} {path}: {}", reply.body);
    }
}

/// §6: unknown users, and ids that are none.
#[tokio::test]
async fn users_that_are_not_there() {
    let world = World::new().await;
    let token = world.management_token().await;
    let before = world.stored().await;
    for (method, under, _) in ACTS {
        let path = format!("{}{under}", user_path("auth0|nobody"));
        let reply = world.bearer(method, &path, &token, body_of(method, under)).await;
        assert_eq!(
            reply.snapshot(),
            r#"404 {"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#,
            "{method} {under}"
        );
        for id in ["a%20b", "%FF", "%00"] {
            let reply = world
                .bearer(method, &format!("/api/v2/users/{id}{under}"), &token, body_of(method, under))
                .await;
            refused(&reply, "/api/v2");
            assert_eq!(
                (reply.status, reply.text("errorCode")),
                (400, "invalid_uri".into()),
                "{method} {under}"
            );
        }
    }
    for method in ["GET", "DELETE"] {
        let reply = world.bearer(method, "/api/v2/user-blocks/auth0%7Cnobody", &token, Body::none()).await;
        assert_eq!((reply.status, reply.text("errorCode")), (404, "inexistent_user".into()));
        let reply = world.bearer(method, "/api/v2/user-blocks/%00", &token, Body::none()).await;
        assert_eq!((reply.status, reply.text("errorCode")), (400, "invalid_uri".into()));
    }
    assert!(world.stored().await == before, "nothing is stored");
}

/// §6: what is wrong with a method to be made is said of its property.
#[tokio::test]
async fn methods_that_cannot_be_made() {
    let world = World::new().await;
    let before = world.stored().await;
    let make = async |body: Value| world.give_method(USER, &body).await.snapshot();
    assert_snapshot!(make(json!({})).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: type'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(make(json!({ "type": "sms" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'No enum match, expected email, phone or totp' on property type.","errorCode":"invalid_body"}"#);
    assert_snapshot!(make(json!({ "type": "webauthn-roaming", "key_id": "x" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Authentication methods of type webauthn-roaming are not available.","errorCode":"operation_not_supported"}"#);
    assert_snapshot!(make(json!({ "type": "email" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: email'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(make(json!({ "type": "email", "email": "ada" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Object didn't pass validation for format email' on property email.","errorCode":"invalid_body"}"#);
    assert_snapshot!(make(json!({ "type": "phone", "phone_number": "0151" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Object didn't pass validation for format phone-number' on property phone_number.","errorCode":"invalid_body"}"#);
    assert_snapshot!(make(json!({ "type": "phone", "phone_number": "+447012345678" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Codes are not sent to numbers of this kind' on property phone_number.","errorCode":"invalid_body"}"#);
    assert_snapshot!(make(json!({ "type": "totp", "totp_secret": "abc" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected base32 in capitals without padding, 128 to 512 bits' on property totp_secret.","errorCode":"invalid_body"}"#);
    assert_snapshot!(make(json!({ "type": "totp", "email": "a@example.com" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: email'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(make(json!({ "type": "totp", "totp_secret": SECRET, "preferred_authentication_method": "sms" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Only a phone has channels to prefer' on property preferred_authentication_method.","errorCode":"invalid_body"}"#);
    for body in [
        json!({ "type": 1 }),
        json!({ "type": "passkey" }),
        json!({ "type": "push" }),
        json!({ "type": "webauthn-platform" }),
        json!({ "type": "email", "email": ["a@example.com"] }),
        json!({ "type": "phone", "phone_number": NUMBER, "name": "" }),
        json!({ "type": "phone", "phone_number": NUMBER, "preferred_authentication_method": null }),
        json!({ "type": "totp", "totp_secret": "A".repeat(25) }),
        json!({ "type": "totp", "totp_secret": "A".repeat(104) }),
    ] {
        assert_eq!(world.give_method(USER, &body).await.status, 400, "{body}");
    }
    assert!(world.stored().await == before, "nothing is stored");
    still_works(&world).await;
}

/// §6: of many methods each is looked at before any is made, and they are bounded.
#[tokio::test]
async fn methods_that_cannot_be_put() {
    let world = World::new().await;
    world.enrol_email(USER).await;
    let before = world.stored().await;
    let path = path_of(USER, "/authentication-methods");
    let put = async |body: Value| world.manage("PUT", &path, Some(&body)).await.snapshot();
    let email = json!({ "type": "email", "email": "ada@example.com" });
    assert_snapshot!(put(json!([email, { "type": "totp" }])).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: totp_secret'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(put(json!([email, "email"])).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: Expected type object but found another type","errorCode":"invalid_body"}"#);
    assert_snapshot!(put(json!(vec![&email; 11])).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: Array is too long, maximum 10","errorCode":"invalid_body"}"#);
    let twice = r#"[{"type":"email","email":"ada@example.com","email":"eve@example.com"}]"#;
    let token = world.management_token().await;
    let reply = world.bearer("PUT", &path, &token, Body::raw(Some("application/json"), twice)).await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: A property must not be repeated","errorCode":"invalid_body"}"#);
    assert!(world.stored().await == before, "nothing is stored, and nothing taken away");
}

/// SEC-22: a number of a country that codes are not sent to is not taken.
#[tokio::test]
async fn numbers_of_other_countries() {
    let world = World::new().await;
    let countries = SettingValue::Words(vec!["US".to_owned()]);
    world.configure(&[("countries", countries)]).await;
    let reply = world.give_method(USER, &json!({ "type": "phone", "phone_number": NUMBER })).await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Codes are not sent to numbers of this country' on property phone_number.","errorCode":"invalid_body"}"#);
}
