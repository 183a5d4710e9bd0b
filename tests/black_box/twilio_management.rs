//! `/api/v2/guardian/factors/{sms,phone}/selected-provider` and `…/providers/twilio` (contract §6).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Body, Reply, TWILIO_SID, TWILIO_TOKEN, World};

const SELECTED: &str = "/api/v2/guardian/factors/sms/selected-provider";
const TWILIO: &str = "/api/v2/guardian/factors/sms/providers/twilio";
const SERVICE: &str = "MG00112233445566778899aabbccddeeff";

async fn get(world: &World, path: &str) -> Reply {
    let token = world.management_token().await;
    world.bearer("GET", path, &token, Body::none()).await
}

async fn put(world: &World, path: &str, body: &Value) -> Reply {
    let token = world.management_token().await;
    world.bearer("PUT", path, &token, Body::json(body)).await
}

/// The provider by Auth0's words; AWS is the one that needs no account.
#[tokio::test]
async fn a_provider_is_selected() {
    let world = World::new().await;
    assert_snapshot!(get(&world, SELECTED).await.snapshot(), @r#"200 {"provider":"auth0"}"#);
    let twilio = put(&world, SELECTED, &json!({ "provider": "twilio" })).await;
    assert_snapshot!(twilio.snapshot(), @r#"200 {"provider":"twilio"}"#);
    let phone = SELECTED.replace("sms", "phone");
    assert_snapshot!(get(&world, &phone).await.snapshot(), @r#"200 {"provider":"twilio"}"#);
    let settings = get(&world, "/api/v2/guardian/settings").await.json();
    assert_eq!(settings["sms_provider"], "twilio");
    let aws = put(&world, &phone, &json!({ "provider": "aws" })).await;
    assert_snapshot!(aws.snapshot(), @r#"200 {"provider":"auth0"}"#);
    assert_snapshot!(get(&world, SELECTED).await.snapshot(), @r#"200 {"provider":"auth0"}"#);
}

/// The account is answered without its token, and a body without one keeps it.
#[tokio::test]
async fn an_account_is_set_and_never_shows_its_token() {
    let world = World::new().await;
    assert_snapshot!(get(&world, TWILIO).await.snapshot(), @r#"200 {"from":null,"messaging_service_sid":null,"sid":null}"#);
    let account = json!({
        "from": "+12065550123", "messaging_service_sid": SERVICE, "auth_token": TWILIO_TOKEN, "sid": TWILIO_SID,
    });
    let set = put(&world, TWILIO, &account).await;
    assert_snapshot!(set.snapshot(), @r#"200 {"from":"+12065550123","messaging_service_sid":"MG00112233445566778899aabbccddeeff","sid":"AC00112233445566778899aabbccddeeff"}"#);
    let shown = get(&world, &TWILIO.replace("sms", "phone")).await;
    assert_eq!(shown.body, set.body);
    let stored = async || world.twin.app.store.twilio().await.unwrap().unwrap().auth_token;
    let sealed = stored().await;
    assert!(sealed.is_some());
    let kept = put(&world, TWILIO, &json!({ "sid": TWILIO_SID, "from": "Acme" })).await;
    assert_snapshot!(kept.snapshot(), @r#"200 {"from":"Acme","messaging_service_sid":null,"sid":"AC00112233445566778899aabbccddeeff"}"#);
    assert_eq!(stored().await, sealed);
    assert_eq!(put(&world, TWILIO, &json!({ "auth_token": null })).await.status, 200);
    assert_eq!(stored().await, None);
}

/// Bad input: a clear 400 that repeats no secret, and nothing is stored.
#[tokio::test]
async fn what_does_not_fit_is_refused_whole() {
    let world = World::new().await;
    assert_snapshot!(put(&world, SELECTED, &json!({ "provider": "pigeon" })).await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'No enum match (expected one of: auth0, aws, twilio)' on property provider.","errorCode":"invalid_body"}"#);
    assert_snapshot!(put(&world, SELECTED, &json!({})).await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: provider' on property provider.","errorCode":"invalid_body"}"#);
    assert_snapshot!(put(&world, SELECTED, &json!({ "provider": "phone-message-hook" })).await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"The phone-message-hook provider is not available: Postern runs no code of the operator's","errorCode":"operation_not_supported"}"#);
    assert_snapshot!(put(&world, TWILIO, &json!({ "sid": "AC/../Accounts" })).await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'must be AC and 32 hexadecimal digits' on property sid.","errorCode":"invalid_body"}"#);
    assert_snapshot!(put(&world, TWILIO, &json!({ "from": "a\r\nb" })).await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'must be a number in E.164 format, a short code or a name' on property from.","errorCode":"invalid_body"}"#);
    assert_snapshot!(put(&world, TWILIO, &json!({ "auth_token": "two words" })).await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'must be 1 to 1000 visible ASCII characters' on property auth_token.","errorCode":"invalid_body"}"#);
    assert_snapshot!(put(&world, TWILIO, &json!({ "token": "x" })).await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: token'.","errorCode":"invalid_body"}"#);
    for wrong in [
        json!({ "sid": 1 }),
        json!({ "messaging_service_sid": TWILIO_SID }),
        json!([]),
        json!({ "provider": 1 }),
    ] {
        assert_eq!(put(&world, TWILIO, &wrong).await.status, 400, "{wrong}");
        assert_eq!(put(&world, SELECTED, &wrong).await.status, 400, "{wrong}");
    }
    assert!(world.twin.app.store.twilio().await.unwrap().is_none());
}

/// §6: the scopes of each operation, and the methods.
#[tokio::test]
async fn scopes_and_methods() {
    let world = World::new().await;
    let token = world.token_with_scope("read:users").await;
    for path in [SELECTED, TWILIO] {
        for (method, scope) in [("GET", "read:guardian_factors"), ("PUT", "update:guardian_factors")] {
            let refused = world.bearer(method, path, &token, Body::json(&json!({}))).await;
            let expected = json!(format!("Insufficient scope, expected any of: {scope}"));
            assert_eq!((refused.status, &refused.json()["message"]), (403, &expected), "{method} {path}");
        }
        let refused = world.bearer("DELETE", path, &token, Body::none()).await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET,HEAD,PUT")));
    }
}
