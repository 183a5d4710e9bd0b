//! A code works only where it belongs (SEC-11, SEC-12).

use aws_sdk_dynamodb::types::AttributeValue;
use postern::id::{AuthenticatorId, ClientId, Jti, Nonce, UserId};
use postern::rules::otp::OneTimeCode;
use postern::store::mfa::{Challenge, ChallengePurpose, CodeBinding};

use crate::support::{Body, World};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const WRONG: &str = "403 Invalid binding_code.";
const MISMATCH: &str = "400 The oob_code doesn't match the mfa_token";

/// A login that was challenged: `mfa_token`, `oob_code`, code.
struct Sent {
    mfa_token: String,
    oob_code: String,
    code: String,
}

async fn challenged(world: &World, username: &str, id: &str, address: &str) -> Sent {
    let mfa_token = world.log_in(username).await.mfa_token;
    challenged_again(world, mfa_token, id, address).await
}

async fn challenged_again(world: &World, mfa_token: String, id: &str, address: &str) -> Sent {
    let challenge = world.challenge(&mfa_token, "oob", id).await;
    assert_eq!(challenge.status, 200, "{}", challenge.body);
    Sent { mfa_token, oob_code: challenge.text("oob_code"), code: world.code(address) }
}

/// A user with two addresses: their ids.
async fn two_addresses(world: &World) -> (String, String) {
    let (first, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &first).await;
    let associated = world.associate_email(&token, Some("second@example.com")).await;
    let code = world.code("second@example.com");
    assert_eq!(world.oob(&token, &associated.text("oob_code"), &code).await.status, 200);
    let list = world.list(&token).await.json();
    let other = |item: &&serde_json::Value| item["type"] == "email" && item["id"] != first.as_str();
    let second = list.as_array().unwrap().iter().find(other).unwrap()["id"].as_str().unwrap().to_owned();
    (first, second)
}

/// SEC-11: a code with another `oob_code`, login, user, authenticator or client: no token, the same state after, the
/// texts of contract A3; then it works where it belongs.
#[tokio::test]
async fn a_code_works_only_where_it_belongs() {
    let world = World::new().await;
    let (first, second) = two_addresses(&world).await;
    let login = challenged(&world, USER, &first, USER).await;
    let same_login = challenged_again(&world, login.mfa_token.clone(), &second, "second@example.com").await;
    let other_login = challenged(&world, USER, &first, USER).await;
    let implicit = world.id_of_type(VERIFIED, "email").await;
    let other_user = challenged(&world, VERIFIED, &implicit, VERIFIED).await;
    let before = world.stored_without_limits().await;

    let rows = [
        ("another authenticator's oob_code", &login.mfa_token, &same_login.oob_code, WRONG),
        ("another login's oob_code", &login.mfa_token, &other_login.oob_code, MISMATCH),
        ("another login's mfa_token", &other_login.mfa_token, &login.oob_code, MISMATCH),
        ("another login's both", &other_login.mfa_token, &other_login.oob_code, WRONG),
        ("another user's oob_code", &login.mfa_token, &other_user.oob_code, MISMATCH),
        ("another user's mfa_token", &other_user.mfa_token, &login.oob_code, MISMATCH),
        ("another user's both", &other_user.mfa_token, &other_user.oob_code, WRONG),
    ];
    for (what, mfa_token, oob_code, expected) in rows {
        assert_eq!(world.oob(mfa_token, oob_code, &login.code).await.outcome(), expected, "{what}");
        assert!(world.stored_without_limits().await == before, "{what}: something was written");
    }
    let as_spa = Body::form(&[
        ("grant_type", "http://auth0.com/oauth/grant-type/mfa-oob"),
        ("mfa_token", &login.mfa_token),
        ("oob_code", &login.oob_code),
        ("binding_code", &login.code),
        ("client_id", "demo-spa"),
    ]);
    let reply = world.post("/oauth/token", as_spa).await;
    assert_eq!(reply.outcome(), "400 mfa_token not issued to this client");
    assert!(world.stored_without_limits().await == before);
    assert_eq!(world.oob(&login.mfa_token, &login.oob_code, &login.code).await.status, 200);
    for sent in [&other_login, &other_user] {
        assert_eq!(world.oob(&sent.mfa_token, &sent.oob_code, &sent.code).await.status, 200);
    }
}

/// SEC-11: a code is no other factor's code.
#[tokio::test]
async fn a_code_is_of_one_factor() {
    let world = World::new().await;
    let secret = world.enrol_otp(USER).await;
    let audience = format!("{}mfa/", world.issuer());
    let required = world.password_for(USER, "pwd", &audience, "enroll").await;
    let token =
        world.otp(&required.text("mfa_token"), &world.app_code(&secret, 0)).await.text("access_token");
    let associated = world.associate_email(&token, None).await;
    assert_eq!(world.oob(&token, &associated.text("oob_code"), &world.code(USER)).await.status, 200);
    world.clock.advance(30);
    let id = world.id_of_type(USER, "email").await;
    let login = challenged(&world, USER, &id, USER).await;
    assert_eq!(world.otp(&login.mfa_token, &login.code).await.outcome(), "403 Invalid otp_code.");
    let by_app = world.oob(&login.mfa_token, &login.oob_code, &world.app_code(&secret, 0)).await;
    assert_eq!(by_app.outcome(), WRONG);
}

/// SEC-11: the MAC binds user, authenticator, login, client, nonce and purpose, each by itself.
#[tokio::test]
async fn the_mac_binds_each_part() {
    let world = World::new().await;
    let app = &world.twin.app;
    let ring = app.keys.ring(app.now()).await.unwrap();
    let (user, other_user) = (UserId::new("auth0|a"), UserId::new("auth0|b"));
    let (authenticator, other_authenticator) =
        (AuthenticatorId::parse("email|dev_a").unwrap(), AuthenticatorId::parse("email|dev_b").unwrap());
    let (jti, other_jti) = (Jti::new("a"), Jti::new("b"));
    let (client, other_client) = (ClientId::new("a"), ClientId::new("b"));
    let binding = CodeBinding { user: &user, authenticator: &authenticator, jti: &jti, client: &client };
    let code = OneTimeCode::parse("123456", 6).unwrap();
    let times = (app.now(), app.now().plus(300));
    let challenge =
        Challenge::new(&ring, binding, Nonce::new("n"), ChallengePurpose::Enrol, &code, times).unwrap();
    assert!(challenge.accepts(&ring, binding, &code));
    let swapped = [
        CodeBinding { user: &other_user, ..binding },
        CodeBinding { authenticator: &other_authenticator, ..binding },
        CodeBinding { jti: &other_jti, ..binding },
        CodeBinding { client: &other_client, ..binding },
    ];
    for (number, other) in swapped.into_iter().enumerate() {
        assert!(!challenge.accepts(&ring, other, &code), "part {number}");
    }
    assert!(!challenge.accepts(&ring, binding, &OneTimeCode::parse("123457", 6).unwrap()));
    let mut other_purpose = challenge.clone();
    other_purpose.purpose = ChallengePurpose::Verify;
    assert!(!other_purpose.accepts(&ring, binding, &code));
    let mut other_nonce = challenge;
    other_nonce.nonce = Nonce::new("m");
    assert!(!other_nonce.accepts(&ring, binding, &code));
}

/// SEC-11: a code that was sent to enrol does not sign in, even if the table said so.
#[tokio::test]
async fn a_code_has_one_purpose() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let oob_code = world.associate_email(&login.mfa_token, None).await.text("oob_code");
    let code = world.code(USER);
    let table = world.stored().await;
    let (_, challenge) = table.iter().find(|((_, sk), _)| sk.starts_with("CHALLENGE#")).unwrap();
    let mut changed = challenge.clone();
    changed.insert("purpose".into(), AttributeValue::S("verify".into()));
    world.overwrite(changed).await;
    assert_eq!(world.oob(&login.mfa_token, &oob_code, &code).await.outcome(), WRONG);
    world.overwrite(challenge.clone()).await;
    assert_eq!(world.oob(&login.mfa_token, &oob_code, &code).await.status, 200);
}

/// SEC-12, first half: a new challenge of the same authenticator and login voids the code before; the old code does
/// not work with the new `oob_code` either.
#[tokio::test]
async fn a_new_challenge_voids_the_code_before() {
    let world = World::new().await;
    let (first, second) = two_addresses(&world).await;
    let old = challenged(&world, USER, &first, USER).await;
    let beside = challenged_again(&world, old.mfa_token.clone(), &second, "second@example.com").await;
    let new = challenged_again(&world, old.mfa_token.clone(), &first, USER).await;
    assert_eq!(world.oob(&old.mfa_token, &old.oob_code, &old.code).await.outcome(), WRONG);
    if old.code != new.code {
        assert_eq!(world.oob(&old.mfa_token, &new.oob_code, &old.code).await.outcome(), WRONG);
        assert_eq!(world.oob(&old.mfa_token, &old.oob_code, &new.code).await.outcome(), WRONG);
    }
    let reply = world.oob(&old.mfa_token, &beside.oob_code, &beside.code).await;
    assert_eq!(reply.status, 200, "another authenticator's challenge stands");
}

/// SEC-12, second half: a thief who keeps asking cannot void the victim's code.
#[tokio::test]
async fn another_logins_challenges_void_nothing() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let victim = challenged(&world, USER, &id, USER).await;
    for _ in 0..10 {
        challenged(&world, USER, &id, USER).await;
    }
    assert_eq!(world.oob(&victim.mfa_token, &victim.oob_code, &victim.code).await.status, 200);
}

/// SEC-8: a code works once; using it again is answered by what became of the login.
#[tokio::test]
async fn a_code_works_once() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let sent = challenged(&world, USER, &id, USER).await;
    assert_eq!(world.oob(&sent.mfa_token, &sent.oob_code, &sent.code).await.status, 200);
    let again = world.oob(&sent.mfa_token, &sent.oob_code, &sent.code).await;
    assert_eq!(again.outcome(), "403 Malformed mfa_token");
    assert!(
        !world.stored().await.keys().any(|(_, sk)| sk.starts_with("CHALLENGE#")),
        "the challenge is consumed"
    );
}
