//! What ends when, by the moved clock; and keys that change meanwhile (SEC-3, SEC-7, SEC-17, SEC-25, SEC-29).

use aws_sdk_dynamodb::types::AttributeValue;
use postern::token::rotation::KNOWN_BEFORE_USE_SECONDS;

use crate::support::{Body, World, claims, user_pk};

const USER: &str = "user@example.com";
const API: &str = "https://someapi.com/api";

fn kid(token: &str) -> String {
    let header = data_encoding::BASE64URL_NOPAD.decode(token.split('.').next().unwrap().as_bytes()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn published(world: &World) -> Vec<String> {
    let jwks = world.send("GET", "/.well-known/jwks.json", &[], Body::none()).await.json();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// SEC-7: a code is good at 299 s and over at 300 s, when it enrols and when it signs in, though the login lives on.
#[tokio::test]
async fn a_code_lives_300_seconds() {
    for (age, expected) in [(299, "200"), (300, "403 oob_code is expired"), (599, "403 oob_code is expired")]
    {
        let world = World::new().await;
        let login = world.log_in(USER).await;
        let oob_code = world.associate_email(&login.mfa_token, None).await.text("oob_code");
        let code = world.code(USER);
        world.clock.advance(age);
        assert_eq!(
            world.oob(&login.mfa_token, &oob_code, &code).await.outcome(),
            expected,
            "enrolling at {age} s"
        );

        let world = World::new().await;
        let (id, _) = world.enrol_email(USER).await;
        let login = world.log_in(USER).await;
        let oob_code = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
        let code = world.code(USER);
        world.clock.advance(age);
        assert_eq!(
            world.oob(&login.mfa_token, &oob_code, &code).await.outcome(),
            expected,
            "signing in at {age} s"
        );
    }
}

/// SEC-7: an expired code is not charged, and a new challenge of the same login goes on.
#[tokio::test]
async fn after_an_expired_code_the_login_goes_on() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let oob_code = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
    let code = world.code(USER);
    world.clock.advance(300);
    for _ in 0..11 {
        let reply = world.oob(&login.mfa_token, &oob_code, &code).await;
        assert_eq!(reply.outcome(), "403 oob_code is expired");
    }
    assert_eq!(world.tat(USER, "CODES").await, None);
    let oob_code = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
    assert_eq!(world.oob(&login.mfa_token, &oob_code, &world.code(USER)).await.status, 200);
}

/// SEC-25: an `mfa_token` is good at 599 s and over at 600 s: 403 as a parameter, 401 as the bearer.
#[tokio::test]
async fn an_mfa_token_lives_600_seconds() {
    let world = World::new().await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let token = login.mfa_token.as_str();
    let oob_code = world.challenge(token, "oob", &id).await.text("oob_code");
    let code = world.code(USER);
    world.clock.advance(599);
    assert_eq!(world.list(token).await.status, 200);
    let late = world.challenge(token, "oob", &id).await;
    let late_code = world.code(USER);
    assert_eq!(late.status, 200);
    world.clock.advance(1);
    let (over, over_as_bearer) = ("403 mfa_token is expired", "401 mfa_token is expired");
    assert_eq!(world.oob(token, &oob_code, &code).await.outcome(), over);
    assert_eq!(
        world.oob(token, &late.text("oob_code"), &late_code).await.outcome(),
        over,
        "a code lives no longer"
    );
    assert_eq!(world.otp(token, "123456").await.outcome(), over);
    assert_eq!(world.recovery(token, &recovery_code).await.outcome(), over);
    assert_eq!(world.challenge(token, "oob", &id).await.outcome(), over);
    assert_eq!(world.list(token).await.outcome(), over_as_bearer);
    assert_eq!(world.associate_otp(token).await.outcome(), over_as_bearer);
    assert_eq!(world.delete(token, &id).await.outcome(), over_as_bearer);
}

/// SEC-25: an `mfa_token` gives tokens once; then it is as if malformed, for every use.
#[tokio::test]
async fn an_mfa_token_gives_tokens_once() {
    let world = World::new().await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let token = login.mfa_token.as_str();
    let oob_code = world.challenge(token, "oob", &id).await.text("oob_code");
    let code = world.code(USER);
    assert_eq!(world.oob(token, &oob_code, &code).await.status, 200);
    let (malformed, bearer) =
        ("403 Malformed mfa_token", "401 The mfa_token provided is invalid. Try getting a new token.");
    assert_eq!(world.oob(token, &oob_code, &code).await.outcome(), malformed);
    assert_eq!(world.recovery(token, &recovery_code).await.outcome(), malformed);
    assert_eq!(world.otp(token, "123456").await.outcome(), malformed);
    assert_eq!(world.challenge(token, "oob", &id).await.outcome(), malformed);
    assert_eq!(world.list(token).await.outcome(), bearer);
    assert_eq!(world.associate_otp(token).await.outcome(), bearer);
    assert!(world.tat(USER, "CODES").await.unwrap_or(0) <= world.clock.now().0, "nothing is owed for it");
}

/// Contract A4: access tokens end with their API's time, `/mfa/` ones after 600 s.
#[tokio::test]
async fn access_tokens_end() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.sign_in_by_email(USER, &id, API, "openid").await.text("access_token");
    let jwt = world.mfa_access_token(USER, &id).await;
    let userinfo = || world.bearer("GET", "/userinfo", &token, Body::none());
    world.clock.advance(599);
    assert_eq!(world.list(&jwt).await.status, 200);
    world.clock.advance(1);
    assert_eq!(world.list(&jwt).await.outcome(), "401 mfa_token is expired");
    world.clock.advance(86_399 - 600);
    assert_eq!(userinfo().await.status, 200);
    world.clock.advance(1);
    assert_eq!(userinfo().await.status, 401);
}

/// SEC-17: DynamoDB deletes late; an item past its time is refused by code.
#[tokio::test]
async fn items_past_their_time_are_refused_though_they_are_there() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let oob_code = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
    let code = world.code(USER);
    world.clock.advance(100);
    let table = world.stored().await;
    let (_, challenge) = table.iter().find(|((_, sk), _)| sk.starts_with("CHALLENGE#")).unwrap();
    let mut stale = challenge.clone();
    stale.insert("expires_at".into(), AttributeValue::N(world.clock.now().0.to_string()));
    world.overwrite(stale).await;
    let reply = world.oob(&login.mfa_token, &oob_code, &code).await;
    assert_eq!(reply.outcome(), "403 Invalid binding_code.", "the sealed time alone does not keep it");

    let world = World::new().await;
    let login = world.log_in(USER).await;
    let oob_code = world.associate_email(&login.mfa_token, None).await.text("oob_code");
    let code = world.code(USER);
    world.clock.advance(100);
    let table = world.stored().await;
    let (_, pending) = table.iter().find(|((_, sk), _)| sk.starts_with("AUTHENTICATOR#")).unwrap();
    let mut stale = pending.clone();
    stale.insert("expires_at".into(), AttributeValue::N(world.clock.now().0.to_string()));
    world.overwrite(stale).await;
    assert_eq!(world.oob(&login.mfa_token, &oob_code, &code).await.outcome(), "403 Invalid binding_code.");
    assert_eq!(world.list(&login.mfa_token).await.body, "[]");
}

/// SEC-17: pending authenticators that DynamoDB has not deleted yet take no room and are never listed.
#[tokio::test]
async fn expired_pending_authenticators_take_no_room() {
    let world = World::new().await;
    for round in 0..3 {
        for _ in 0..5 {
            let login = world.log_in(USER).await;
            assert_eq!(world.associate_otp(&login.mfa_token).await.status, 200, "round {round}");
        }
        let login = world.log_in(USER).await;
        assert_eq!(world.list(&login.mfa_token).await.json().as_array().unwrap().len(), 5);
        world.clock.advance(3_600);
    }
    assert_eq!(world.authenticators(USER).await, (0, 15), "the twin's table sweeps nothing");
    let profile = world.user_item(USER, "PROFILE").await.unwrap();
    assert_eq!(profile["pending"].as_l().unwrap().len(), 5, "the list is cleared of them");
    let login = world.log_in(USER).await;
    assert_eq!(world.list(&login.mfa_token).await.body, "[]");
}

/// Design §3: a confirmed authenticator has no time to live any more, and nothing of its pending state.
#[tokio::test]
async fn a_confirmed_authenticator_stays() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let item = world.stored().await.remove(&(user_pk(USER), format!("AUTHENTICATOR#{id}"))).unwrap();
    for gone in ["expires_at", "jti", "recovery_hash"] {
        assert!(!item.contains_key(gone), "{gone}");
    }
    world.clock.advance(366 * 86_400);
    assert_eq!(world.sign_in_by_email(USER, &id, API, "read:sample").await.status, 200);
}

/// SEC-3: codes and tokens made under a root verify under its successor; new ones are made with the newest.
#[tokio::test]
async fn a_rotation_between_challenge_and_verification() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    world.rotate_keys().await;
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS - 1);
    let login = world.log_in(USER).await;
    let oob_code = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
    let code = world.code(USER);
    world.clock.advance(1);
    let after = world.log_in(USER).await;
    let root = |token: &str| token.split_once('.').unwrap().0.to_owned();
    assert_ne!(root(&login.mfa_token), root(&after.mfa_token), "new things use the newest root");
    let mac = || async {
        let table = world.stored().await;
        let (_, item) = table.into_iter().find(|((_, sk), _)| sk.starts_with("CHALLENGE#")).unwrap();
        item["kid"].as_s().unwrap().clone()
    };
    assert_eq!(mac().await, root(&login.mfa_token));
    assert_eq!(world.oob(&login.mfa_token, &oob_code, &code).await.status, 200);
    let oob_code = world.challenge(&after.mfa_token, "oob", &id).await.text("oob_code");
    assert_eq!(mac().await, root(&after.mfa_token));
    assert_eq!(world.oob(&after.mfa_token, &oob_code, &world.code(USER)).await.status, 200);
}

/// Design §3: an environment that does not know a new root yet looks it up when a token names it.
#[tokio::test]
async fn an_unknown_root_is_looked_up() {
    let world = World::new().await;
    world.rotate_keys().await;
    let app = &world.twin.app;
    // Another environment, which has just started, issues under the new root.
    let needs = postern::token::keys::KeyNeeds::ALL;
    let fresh = postern::token::keys::Keys::new(app.store.clone(), app.kms.clone(), needs);
    let ring = fresh.ring(app.now()).await.unwrap();
    let begun = app.now().plus(KNOWN_BEFORE_USE_SECONDS);
    let login = world.log_in(USER).await;
    let old = app.keys.ring(app.now()).await.unwrap();
    let purpose = postern::token::keyring::Purpose::MfaToken;
    let token: postern::token::claims::MfaToken =
        postern::token::sealed::open(&old, purpose, &login.mfa_token).unwrap();
    let moved = postern::token::sealed::seal(&ring, purpose, &token, &app.random, begun).unwrap();
    assert_ne!(moved.split_once('.').unwrap().0, login.mfa_token.split_once('.').unwrap().0);
    world.clock.advance(10);
    assert_eq!(world.list(&moved).await.status, 200);
}

/// SEC-29: a new signing key is published before it signs; the old one stays published, and its tokens verify.
#[tokio::test]
async fn signing_keys_overlap() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let sign_in = || world.sign_in_by_email(USER, &id, API, "openid");
    let old = sign_in().await.text("access_token");
    let first = published(&world).await;
    assert_eq!(first, [kid(&old)]);
    world.rotate_keys().await;
    world.clock.advance(300);
    let both = published(&world).await;
    assert_eq!((both.len(), both.contains(&first[0])), (2, true));
    assert_eq!(kid(&sign_in().await.text("access_token")), first[0], "published, not signing yet");
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS - 300);
    let new = sign_in().await.text("access_token");
    assert!(kid(&new) != first[0] && both.contains(&kid(&new)));
    for token in [&old, &new] {
        claims(&world, token).await;
        assert_eq!(world.bearer("GET", "/userinfo", token, Body::none()).await.status, 200);
    }
    world.clock.advance(31 * 86_400);
    world.rotate_keys().await;
    world.clock.advance(300);
    let later = published(&world).await;
    assert!(!later.contains(&first[0]), "retired when no token of it can be live");
    assert!(later.contains(&kid(&new)));
}
