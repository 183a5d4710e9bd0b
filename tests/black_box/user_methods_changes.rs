//! Operators give users authentication methods and take them away, and replace recovery codes (contract §6): each act
//! is whole, the user is told of it (SEC-31), and the rules of enrolment hold (design §5).

use std::sync::Arc;

use insta::assert_snapshot;
use local::aws::Channel;
use postern::rules::settings::SettingValue;
use postern::rules::totp::TotpSecret;
use serde_json::{Value, json};

use crate::support::{Body, NUMBER, Reply, SECRET, World, at_once, count_of, path_of, without_devices};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const RECOVERY_CODE: &str = "/recovery-code-regeneration";

fn email() -> Value {
    json!({ "type": "email", "email": "ada@example.com", "name": "Test" })
}

fn app() -> Value {
    json!({ "type": "totp", "totp_secret": SECRET })
}

fn phone() -> Value {
    json!({ "type": "phone", "phone_number": NUMBER })
}

async fn subjects(world: &World, username: &str) -> Vec<String> {
    world.notices(username).await.into_iter().map(|notice| notice.subject.unwrap()).collect()
}

/// The code of the app that operators gave.
fn code(world: &World) -> String {
    world.app_code(&TotpSecret::from_base32(SECRET).unwrap(), 0)
}

/// §6: what an operator gives counts as confirmed, and is shown masked.
#[tokio::test]
async fn a_method_is_given() {
    let world = World::new().await;
    world.forget_calls();
    let given = world.give_method(USER, &email()).await;
    assert_eq!(world.round_trips(), 2);
    assert_snapshot!(without_devices(&given), @r#"201 {"id":"email|dev_1","type":"email","name":"Test","email":"***@exam*******","created_at":"2030-03-17T17:47:00.000Z"}"#);
    assert_eq!(given.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
    let given = world.give_method(USER, &app()).await;
    assert_snapshot!(without_devices(&given), @r#"201 {"id":"totp|dev_1","type":"totp","created_at":"2030-03-17T17:47:00.000Z"}"#);
    let given = world.give_method(USER, &phone()).await;
    assert_snapshot!(without_devices(&given), @r#"201 {"id":"phone|dev_1","type":"phone","phone_number":"XXXXXXXXX5678","created_at":"2030-03-17T17:47:00.000Z","preferred_authentication_method":"sms","authentication_methods":[{"id":"sms|dev_1","type":"sms"}]}"#);
    assert_eq!(world.authenticators(USER).await, (3, 0));
}

/// Design §5: whoever was given one is enrolled: a password alone enrols nothing past it, and what it began before
/// cannot be confirmed any more (SEC-27).
#[tokio::test]
async fn who_was_given_a_method_is_enrolled() {
    let world = World::new().await;
    let thief = world.log_in(USER).await.mfa_token;
    let begun = world.associate_email(&thief, Some("thief@evil.example")).await.text("oob_code");
    assert_eq!(world.give_method(USER, &app()).await.status, 201);
    let late = world.oob(&thief, &begun, &world.code("thief@evil.example")).await;
    assert_eq!(late.outcome(), "403 User is already enrolled.");
    assert_eq!(world.associate_otp(&thief).await.outcome(), "403 User is already enrolled.");
    assert!(world.user_item(USER, "RECOVERY").await.is_none());
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.otp(&login, &code(&world)).await.status, 200);
    let methods = world.methods(USER).await.json();
    assert_eq!(methods[0]["last_auth_at"], "2030-03-17T17:47:00.000Z");
}

/// Contract §3: a phone is both its channels where the tenant calls, or where calls are preferred; they live and die
/// together.
#[tokio::test]
async fn a_phone_is_given_with_its_channels() {
    let world = World::with_phones(true).await;
    assert_eq!(world.give_method(USER, &phone()).await.status, 201);
    assert_eq!(world.authenticators(USER).await, (2, 0));
    let login = world.log_in(USER).await.mfa_token;
    for channel in ["sms", "voice"] {
        let id = world.id_of_channel(USER, channel).await;
        assert_eq!(world.challenge(&login, "oob", &id).await.status, 200, "{channel}");
    }
    let path = world.path_of_method(USER, "phone").await;
    assert_eq!(world.manage("DELETE", &path, None).await.snapshot(), "204 ");
    assert_eq!(world.authenticators(USER).await, (0, 0));

    let world = World::with_phones(false).await;
    let mut calls = phone();
    calls["preferred_authentication_method"] = json!("voice");
    let given = world.give_method(USER, &calls).await.json();
    assert_eq!(
        (&given["preferred_authentication_method"], world.authenticators(USER).await),
        (&json!("voice"), (2, 0))
    );
}

/// §6: a phone that was never used is texted, as the list shows; called only where calls are preferred, and where its
/// owner used them last.
#[tokio::test]
async fn a_phone_that_was_given_is_reached_as_preferred() {
    let world = World::with_phones(true).await;
    let given = world.give_method(USER, &phone()).await.json();
    assert_eq!(given["preferred_authentication_method"], "sms");
    let challenged = async || {
        let login = world.log_in(USER).await.mfa_token;
        let challenge = world.challenge_any(&login).await;
        assert_eq!(challenge.status, 200, "{}", challenge.body);
        (login, challenge.text("oob_code"), world.newest_message(NUMBER).0)
    };
    assert_eq!(challenged().await.2, Channel::Sms);
    let path = world.path_of_method(USER, "phone").await;
    let calls = json!({ "preferred_authentication_method": "voice" });
    assert_eq!(world.manage("PATCH", &path, Some(&calls)).await.status, 200);
    let (login, oob_code, channel) = challenged().await;
    assert_eq!(channel, Channel::Voice);
    assert_eq!(world.oob(&login, &oob_code, &world.code(NUMBER)).await.status, 200);
    let texts = json!({ "preferred_authentication_method": "sms" });
    assert_eq!(world.manage("PATCH", &path, Some(&texts)).await.status, 200);
    assert_eq!(challenged().await.2, Channel::Voice, "what was used last goes before");
}

/// SEC-31: the user is told of each, at the account's address.
#[tokio::test]
async fn the_user_is_told() {
    let world = World::new().await;
    world.give_method(USER, &email()).await;
    let notices = world.notices(USER).await;
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_snapshot!(notices[0].text, @"
    A verification method was added

    From now on it can be used as the second step when you sign in.

    Account: ****@exam*******
    Method: Email
    Application: Demo Management
    Time: 2030-03-17 17:47 UTC

    This was not you? Then somebody else may have access to your account. Change your password now, remove the method and contact Postern Demo.
    ");
    world.give_method(USER, &app()).await;
    world.manage("POST", &path_of(USER, RECOVERY_CODE), None).await;
    let path = world.path_of_method(USER, "email").await;
    world.manage("DELETE", &path, None).await;
    world.manage("DELETE", &path, None).await;
    world.manage("DELETE", &path_of(USER, "/multifactor/google-authenticator"), None).await;
    world.manage("DELETE", &path_of(USER, "/multifactor/google-authenticator"), None).await;
    world.manage("DELETE", &path_of(USER, "/multifactor/duo"), None).await;
    let told = subjects(&world, USER).await;
    let added = "A verification method was added to your Postern Demo account";
    let removed = "A verification method was removed from your Postern Demo account";
    assert_eq!(told, [added, added, added, removed, removed], "and of what changed nothing, nothing");
}

/// Design §5: with the last one goes the recovery code; what other methods share stays.
#[tokio::test]
async fn methods_are_taken_away_one_by_one() {
    let world = World::new().await;
    world.enrol_email(USER).await;
    world.give_method(USER, &app()).await;
    let (mail, app) = (world.path_of_method(USER, "email").await, world.path_of_method(USER, "totp").await);
    world.forget_calls();
    let taken = world.manage("DELETE", &mail, None).await;
    assert_eq!((taken.snapshot().as_str(), world.round_trips()), ("204 ", 2));
    assert!(world.user_item(USER, "RECOVERY").await.is_some(), "an app is left to recover");
    let again = world.manage("DELETE", &mail, None).await;
    assert_eq!((again.status, again.text("errorCode")), (404, "inexistent_authentication_method".to_owned()));
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.manage("DELETE", &app, None).await.status, 204);
    let late = world.otp(&login, &code(&world)).await;
    assert_eq!(late.outcome(), "403 Malformed mfa_token", "what was issued by it ends");
    assert_eq!(world.authenticators(USER).await, (0, 0));
    assert!(world.user_item(USER, "RECOVERY").await.is_none());
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_email(&login, None).await.status, 200, "and may be enrolled anew");
}

/// SEC-20: an authenticator at the hard cap is unlocked by taking it away and giving it anew.
#[tokio::test]
async fn failures_go_with_what_they_were_counted_for() {
    let world = World::new().await;
    world.configure(&[("consecutive_failures", SettingValue::Number(5))]).await;
    world.give_method(USER, &app()).await;
    let login = world.log_in(USER).await.mfa_token;
    let wrong = World::wrong(&code(&world));
    for _ in 0..5 {
        assert_eq!(world.otp(&login, &wrong).await.status, 403);
    }
    assert_eq!(world.otp(&login, &code(&world)).await.status, 429);
    assert_eq!(world.failures(USER, "otp").await, Some(5));
    let apps = path_of(USER, "/multifactor/google-authenticator");
    assert_eq!(world.manage("DELETE", &apps, None).await.status, 204);
    assert_eq!(world.failures(USER, "otp").await, None);
    world.give_method(USER, &app()).await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.otp(&login, &code(&world)).await.status, 200);
}

/// §6: the recovery code is replaced, not removed, and has no name.
#[tokio::test]
async fn a_recovery_code_is_not_taken_away_by_itself() {
    let world = World::new().await;
    let (_, code) = world.enrol_email(USER).await;
    let path = world.path_of_method(USER, "recovery-code").await;
    assert_snapshot!(world.manage("DELETE", &path, None).await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"A recovery code cannot be removed by itself; it is replaced by recovery-code-regeneration.","errorCode":"operation_not_supported"}"#);
    let named = world.manage("PATCH", &path, Some(&json!({ "name": "Code" }))).await;
    assert_snapshot!(named.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"A recovery code has no name.","errorCode":"operation_not_supported"}"#);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.recovery(&login, &code).await.status, 200);
}

/// §6, SEC-42: all of them go at once, with the recovery code, and what was issued before ends.
#[tokio::test]
async fn all_methods_are_taken_away() {
    let world = World::new().await;
    let tokens = world.enrol_offline(USER).await;
    world.give_method(USER, &app()).await;
    let login = world.log_in(USER).await.mfa_token;
    let methods = path_of(USER, "/authentication-methods");
    for _ in 0..2 {
        assert_eq!(world.manage("DELETE", &methods, None).await.snapshot(), "204 ");
        assert_eq!(world.methods(USER).await.snapshot(), "200 []");
    }
    assert_eq!(world.otp(&login, &code(&world)).await.outcome(), "403 Malformed mfa_token");
    assert_eq!(world.refresh(&tokens.text("refresh_token")).await.status, 403);
    assert_eq!(world.authenticators(USER).await, (0, 0));
    assert!(world.user_item(USER, "RECOVERY").await.is_none());
}

/// §6: of Google Authenticator it takes the apps away, of Duo nothing.
#[tokio::test]
async fn a_provider_is_taken_away() {
    let world = World::new().await;
    world.enrol_email(USER).await;
    world.give_method(USER, &app()).await;
    world.give_method(USER, &json!({ "type": "totp", "totp_secret": "A".repeat(32) })).await;
    let provider = async |name: &str| {
        world.manage("DELETE", &path_of(USER, &format!("/multifactor/{name}")), None).await
    };
    assert_eq!(provider("duo").await.snapshot(), "204 ");
    assert_eq!(world.authenticators(USER).await, (3, 0));
    assert_snapshot!(provider("guardian").await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Path validation error: 'No enum match, expected duo or google-authenticator' on property provider.","errorCode":"invalid_uri"}"#);
    for _ in 0..2 {
        assert_eq!(provider("google-authenticator").await.snapshot(), "204 ");
        assert_eq!(world.authenticators(USER).await, (1, 0));
    }
    let browsers = path_of(USER, "/multifactor/actions/invalidate-remember-browser");
    assert_eq!(world.manage("POST", &browsers, None).await.snapshot(), "204 ");
}

/// §6, SEC-5: shown once, of 24 characters; the one before is dead at once, and only the hash is stored.
#[tokio::test]
async fn a_recovery_code_is_replaced() {
    let world = World::new().await;
    let (_, old) = world.enrol_email(USER).await;
    let listed = world.id_of_type(USER, "recovery-code").await;
    world.forget_calls();
    let reply = world.manage("POST", &path_of(USER, RECOVERY_CODE), Some(&json!({}))).await;
    assert_eq!(
        (reply.snapshot().as_str(), world.round_trips()),
        (r#"200 {"recovery_code":"[recovery_code]"}"#, 2)
    );
    assert_eq!(reply.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
    let new = reply.text("recovery_code");
    assert_eq!((new.len(), world.id_of_type(USER, "recovery-code").await), (24, listed));
    assert!(!format!("{:?}", world.stored().await).contains(&new));
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.recovery(&login, &old).await.outcome(), "403 MFA Authorization rejected.");
    assert_eq!(world.recovery(&login, &new).await.status, 200);
}

/// A3: who was given a method has no code until an operator makes one; who is not enrolled gets none, for it would
/// recover nothing; a verified address is enough.
#[tokio::test]
async fn who_gets_a_recovery_code() {
    let world = World::new().await;
    let make = async |username: &str| world.manage("POST", &path_of(username, RECOVERY_CODE), None).await;
    assert_snapshot!(make(USER).await.snapshot(), @r#"404 {"statusCode":404,"error":"Not Found","message":"Enrollment not found","errorCode":"enrollment_not_found"}"#);
    assert!(world.user_item(USER, "RECOVERY").await.is_none());
    assert_eq!(make(VERIFIED).await.status, 200);
    world.give_method(USER, &app()).await;
    let code = make(USER).await.text("recovery_code");
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.recovery(&login, &code).await.status, 200);
    for _ in 0..20 {
        assert_eq!(make(USER).await.status, 200, "an operator's cost the user no budget");
    }
    world.set_factor("recovery-code", false).await;
    assert_snapshot!(make(USER).await.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"The recovery-code factor is not enabled.","errorCode":"operation_not_supported"}"#);
}

/// Design §5: a code from when a verified address counted does not come back to life with a new method.
#[tokio::test]
async fn a_recovery_code_of_old_does_not_come_back() {
    let world = World::new().await;
    let made = world.manage("POST", &path_of(VERIFIED, RECOVERY_CODE), None).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let moved = json!({ "email_verified": false });
    assert_eq!(world.manage("PATCH", &path_of(VERIFIED, ""), Some(&moved)).await.status, 200);
    assert!(world.user_item(VERIFIED, "RECOVERY").await.is_some());
    assert_eq!(world.give_method(VERIFIED, &app()).await.status, 201);
    assert!(world.user_item(VERIFIED, "RECOVERY").await.is_none(), "who was not enrolled has none");
    let login = world.log_in(VERIFIED).await.mfa_token;
    assert_eq!(world.recovery(&login, &made.text("recovery_code")).await.status, 403);
}

/// Design §5: nobody gets more than anybody may have, a phone's two channels included; of what fails nothing is left.
#[tokio::test]
async fn nobody_gets_too_many() {
    let world = World::with_phones(true).await;
    for _ in 0..49 {
        assert_eq!(world.give_method(USER, &app()).await.status, 201);
    }
    let before = world.stored_without_limits().await;
    assert_snapshot!(world.give_method(USER, &phone()).await.snapshot(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"You reached the limit of entities of this type for this user."}"#);
    assert!(world.stored_without_limits().await == before);
    assert_eq!(world.give_method(USER, &email()).await.status, 201);
    assert_eq!(world.give_method(USER, &app()).await.status, 403);
    assert_eq!(world.authenticators(USER).await, (50, 0));
    let rest = world.manage("GET", &path_of(USER, "/authentication-methods?include_totals=true"), None).await;
    assert_eq!(rest.json()["total"], 50);
}

/// Design §5: the bound is a condition of the write: of many at once so many are made as fit.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn methods_given_at_once_stay_within_the_bound() {
    let world = Arc::new(World::new().await);
    for _ in 0..46 {
        assert_eq!(world.give_method(USER, &app()).await.status, 201);
    }
    let token = world.management_token().await;
    let path = path_of(USER, "/authentication-methods");
    let replies = at_once(16, |_| {
        let (world, token, path) = (Arc::clone(&world), token.clone(), path.clone());
        async move { world.bearer("POST", &path, &token, Body::json(&app())).await }
    })
    .await;
    let made = count_of(&replies, 201);
    // Whoever kept colliding is asked to come again.
    assert_eq!(made + count_of(&replies, 403) + count_of(&replies, 429), 16);
    assert!(made <= 4, "{made}");
    assert_eq!(world.authenticators(USER).await, (46 + made, 0));
    for _ in made..4 {
        assert_eq!(world.give_method(USER, &app()).await.status, 201, "the places that are left");
    }
    assert_eq!(world.give_method(USER, &app()).await.status, 403);
    assert_eq!(world.authenticators(USER).await, (50, 0));
}

/// Of many who take the same away at once one does, and the count is right.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_method_taken_away_at_once_goes_once() {
    let world = Arc::new(World::with_phones(true).await);
    world.give_method(USER, &phone()).await;
    world.give_method(USER, &app()).await;
    world.notices(USER).await;
    world.twin.aws.inbox.clear();
    let (token, path) = (world.management_token().await, world.path_of_method(USER, "phone").await);
    let replies: Vec<Reply> = at_once(16, |_| {
        let (world, token, path) = (Arc::clone(&world), token.clone(), path.clone());
        async move { world.bearer("DELETE", &path, &token, Body::none()).await }
    })
    .await;
    let gone = count_of(&replies, 204);
    assert_eq!(gone + count_of(&replies, 404) + count_of(&replies, 429), 16);
    assert!(gone <= 1, "{gone}");
    world.manage("DELETE", &path, None).await;
    assert_eq!(world.authenticators(USER).await, (1, 0));
    assert_eq!(world.notices(USER).await.len(), 1, "and is told once");
}
