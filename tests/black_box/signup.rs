//! Signing up (contract §6 `/dbconnections/signup`).

use std::sync::Arc;

use insta::assert_snapshot;
use postern::rules::settings::SettingValue;
use serde_json::{Map, Value, json};

use crate::support::{
    Body, Log, PASSWORD, SIGN_UP, World, at_once, count_of, heading, newcomer, ticket_in, user_path,
};

const ADA: &str = "ada@example.com";
const USER: &str = "user@example.com";

async fn post(world: &World, body: &Value) -> crate::support::Reply {
    world.post(SIGN_UP, Body::json(body)).await
}

/// Signed up, mailed, verified, and asked for that address's code at the next sign-in.
#[tokio::test]
async fn somebody_signs_up_and_verifies_the_address() {
    let world = World::new().await;
    let mut body = newcomer("Ada@Example.com");
    body["given_name"] = json!("Ada");
    body["picture"] = json!("https://example.com/ada.png");
    body["user_metadata"] = json!({ "lang": "de", "plan": "free" });
    world.forget_calls();
    let reply = post(&world, &body).await;
    let id = reply.text("_id");
    assert_eq!((world.round_trips(), id.len()), (2, 24));
    assert_snapshot!(reply.snapshot().replace(&id, "[id]"), @r#"200 {"_id":"[id]","email":"ada@example.com","email_verified":false}"#);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let user = world.manage("GET", &user_path(&format!("auth0|{id}")), None).await;
    assert_snapshot!(user.snapshot().replace(&id, "[id]"), @r#"200 {"created_at":"2030-03-17T17:47:00.000Z","email":"ada@example.com","email_verified":false,"given_name":"Ada","identities":[{"connection":"Username-Password-Authentication","isSocial":false,"provider":"auth0","user_id":"[id]"}],"name":"ada@example.com","nickname":"ada","picture":"https://example.com/ada.png","updated_at":"2030-03-17T17:47:00.000Z","user_id":"auth0|[id]","user_metadata":{"lang":"de","plan":"free"}}"#);
    let mails = world.notices(ADA).await;
    assert_eq!(mails[0].subject.as_deref(), Some("Bestätigen Sie Ihre E-Mail-Adresse für Postern Demo"));
    let login = world.password(ADA, PASSWORD).await;
    assert_eq!(world.list(&login.text("mfa_token")).await.snapshot(), "200 []");
    let ticket = ticket_in(&world.link(ADA).await);
    assert_eq!(heading(&world.confirm(&ticket).await), "200 Your address is confirmed");
    let login = world.password(ADA, PASSWORD).await.text("mfa_token");
    let challenge = world.challenge_any(&login).await;
    assert_eq!(world.oob(&login, &challenge.text("oob_code"), &world.code(ADA)).await.status, 200);
}

/// An address that is taken is refused, whatever its case; its user is not touched and not mailed.
#[tokio::test]
async fn a_taken_address_is_refused() {
    let world = World::new().await;
    let before = world.stored_without_limits().await;
    let mut body = newcomer("User@example.com");
    body["user_metadata"] = json!({ "a": "b" });
    assert_snapshot!(post(&world, &body).await.snapshot(), @r#"400 {"name":"BadRequestError","code":"invalid_signup","description":"Invalid sign up","statusCode":400}"#);
    assert!(world.stored_without_limits().await == before);
    assert!(world.links(USER).await.is_empty());
    assert_eq!(world.password(USER, PASSWORD).await.status, 403);
}

/// One of many at the same moment gets the address.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_address_is_given_once() {
    let world = Arc::new(World::new().await);
    let replies = at_once(8, |_| {
        let world = Arc::clone(&world);
        async move { world.sign_up(ADA).await }
    })
    .await;
    assert_eq!(count_of(&replies, 200), 1);
    assert_eq!(count_of(&replies, 400), 7);
    assert_eq!(world.links(ADA).await.len(), 1);
    let users =
        world.stored().await.into_keys().filter(|(pk, sk)| pk.starts_with("USER#") && sk == "PROFILE");
    assert_eq!(users.count(), 3);
}

/// Strangers write nothing where the tenant does not let them; that is the default of a deployment.
#[tokio::test]
async fn a_tenant_may_have_it_off() {
    assert!(!postern::rules::policy::TenantSettings::default().signup);
    let world = World::new().await;
    world.configure(&[("signup", SettingValue::Switch(false))]).await;
    let before = world.stored().await;
    assert_snapshot!(world.sign_up(ADA).await.snapshot(), @r#"400 {"error":"public signup is disabled"}"#);
    assert!(world.stored().await == before);
}

/// Bad input, to the letter.
#[tokio::test]
async fn sign_ups_that_are_none() {
    let world = World::new().await;
    let with = async |name: &str, value: Value| {
        let mut body = newcomer(ADA);
        body[name] = value;
        post(&world, &body).await.snapshot()
    };
    assert_snapshot!(with("password", json!("1234567")).await, @r#"400 {"name":"PasswordStrengthError","code":"invalid_password","message":"Password is too weak","description":{"rules":[{"code":"lengthAtLeast","message":"At least %d characters in length","format":[8],"verified":false}],"verified":false},"policy":"* At least 8 characters in length","statusCode":400}"#);
    assert_snapshot!(with("password", json!("x".repeat(1_025))).await, @r#"400 {"error":"invalid_request","error_description":"Parameter password is longer than 1024 bytes"}"#);
    assert_snapshot!(with("password", json!(null)).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: password"}"#);
    assert_snapshot!(with("email", json!("ada")).await, @r#"400 {"error":"invalid_request","error_description":"Parameter email must be an email address"}"#);
    assert_snapshot!(with("connection", json!("sms")).await, @r#"400 {"error":"invalid_request","error_description":"The connection does not exist"}"#);
    assert_snapshot!(with("client_id", json!("nobody")).await, @r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
    assert_snapshot!(with("username", json!("ada")).await, @r#"400 {"error":"invalid_request","error_description":"Parameter username is not supported by the connection"}"#);
    assert_snapshot!(with("phone_number", json!("+491")).await, @r#"400 {"error":"invalid_request","error_description":"Parameter phone_number is not supported by the connection"}"#);
    assert_snapshot!(with("name", json!("x".repeat(301))).await, @r#"400 {"error":"invalid_request","error_description":"Parameter name is longer than 300 characters"}"#);
    assert_snapshot!(with("picture", json!("javascript:x")).await, @r#"400 {"error":"invalid_request","error_description":"Parameter picture must be a URL"}"#);
    let eleven: Map<_, _> = (0..11).map(|number| (number.to_string(), json!("x"))).collect();
    for wrong in
        [json!([]), json!({ "a": 1 }), json!({ "a": "x".repeat(501) }), json!(eleven), json!({ "": "x" })]
    {
        assert_eq!(
            with("user_metadata", wrong).await,
            r#"400 {"error":"invalid_request","error_description":"Parameter user_metadata must be an object of at most 10 strings, each of at most 500 characters"}"#
        );
    }
    assert!(world.stored().await.keys().all(|(pk, _)| !pk.contains("ada") && !pk.starts_with("MAIL#")));
    assert_eq!(world.sign_up(ADA).await.status, 200);
}

/// Asking who has an account is slow: twenty tries from a source, then one every three minutes, refused ones included.
#[tokio::test]
async fn asking_who_has_an_account_is_slow() {
    let world = World::new().await;
    for _ in 0..20 {
        assert_eq!(world.sign_up(USER).await.status, 400);
    }
    let spent = world.sign_up(ADA).await;
    assert_snapshot!(spent.snapshot(), @r#"429 {"error":"too_many_attempts","error_description":"Too many sign-ups. Wait for some minutes before retrying."}"#);
    assert_eq!((spent.header("retry-after"), spent.header("x-ratelimit-limit")), (Some("180"), Some("20")));
    world.clock.advance(180);
    assert_eq!(world.sign_up(ADA).await.status, 200);
    assert_eq!(world.sign_up(ADA).await.status, 429);
}

/// SEC-34, SEC-36: AWS that fails is told, nobody is half made, and nothing of it is logged.
#[tokio::test]
async fn a_failure_makes_nobody() {
    let log = Log::start();
    let world = World::new().await;
    let before = world.stored_without_limits().await;
    for (operation, mode) in
        [("TransactWriteItems", "error"), ("UpdateItem", "throttle"), ("GetItem", "timeout")]
    {
        world.fault("dynamodb", operation, mode, 0, 1_000);
        let failed = world.sign_up(ADA).await;
        world.twin.aws.faults.clear();
        assert_eq!((failed.status, failed.header("retry-after")), (503, Some("5")), "{operation}");
        assert!(world.stored_without_limits().await == before, "{operation}");
    }
    assert_eq!(world.sign_up(ADA).await.status, 200);
    let written = log.text();
    for secret in [ADA, PASSWORD] {
        assert!(!written.contains(secret), "{secret} is logged");
    }
}
