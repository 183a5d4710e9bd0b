//! `POST /mfa/recovery-code`: a signed-in user replaces the recovery code, after fresh MFA.

use std::sync::Arc;

use insta::assert_snapshot;

use crate::support::{Body, Reply, World, at_once};

const USER: &str = "user@example.com";
const PATH: &str = "/mfa/recovery-code";

async fn regenerate(world: &World, token: &str) -> Reply {
    world.bearer("POST", PATH, token, Body::none()).await
}

/// SEC-5: shown once, the old one dead at once, the new one good.
#[tokio::test]
async fn the_new_code_takes_the_place_of_the_old() {
    let world = World::new().await;
    let (id, old) = world.enrol_email(USER).await;
    let listed = world.id_of_type(USER, "recovery-code").await;
    let token = world.mfa_access_token(USER, &id).await;
    world.forget_calls();
    let reply = regenerate(&world, &token).await;
    assert_eq!((reply.status, world.round_trips()), (200, 2));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let new = reply.text("recovery_code");
    assert_eq!((new.len(), reply.json().as_object().unwrap().len()), (24, 1));
    let login = world.log_in(USER).await.mfa_token;
    assert_snapshot!(world.recovery(&login, &old).await.outcome(), @"403 MFA Authorization rejected.");
    assert_eq!(world.recovery(&login, &new).await.status, 200);
    assert_eq!(world.id_of_type(USER, "recovery-code").await, listed, "it is the same authenticator");
}

/// SEC-31: the user is told of the new one when it is made, whatever becomes of it.
#[tokio::test]
async fn a_new_code_is_told() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    world.notices(USER).await;
    world.twin.aws.inbox.clear();
    assert_eq!(regenerate(&world, &token).await.status, 200);
    let notices = world.notices(USER).await;
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_snapshot!(notices[0].text, @"
    A verification method was added

    From now on it can be used as the second step when you sign in.

    Account: ****@exam*******
    Method: Recovery code
    Application: Demo App
    Time: 2030-03-17 17:47 UTC

    This was not you? Then somebody else may have access to your account. Change your password now, remove the method and contact Postern Demo.
    ");
}

/// SEC-31: a password alone, MFA of long ago, or a token without the scope replace nothing.
#[tokio::test]
async fn only_fresh_mfa_replaces_it() {
    let world = World::new().await;
    let (id, code) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await.mfa_token;
    let refused = regenerate(&world, &login).await;
    assert_eq!(refused.status, 403);
    let text = refused.text("error_description");
    assert!(text.contains("Sign in with MFA for the audience"), "{text}");
    let audience = format!("{}mfa/", world.issuer());
    let narrow = world.sign_in_by_email(USER, &id, &audience, "read:authenticators").await;
    assert_snapshot!(regenerate(&world, &narrow.text("access_token")).await.outcome(), @"403 Insufficient scope, expected any of: enroll");
    assert_snapshot!(regenerate(&world, "x").await.outcome(), @"401 The mfa_token provided is invalid. Try getting a new token.");
    assert_eq!(
        world.recovery(&world.log_in(USER).await.mfa_token, &code).await.status,
        200,
        "the old one is good"
    );
}

/// Each new code is a mail: ten at once, then one every six minutes.
#[tokio::test]
async fn new_codes_have_a_budget() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    for left in (0..10).rev() {
        let reply = regenerate(&world, &token).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.header("x-ratelimit-remaining"), Some(left.to_string().as_str()));
    }
    let spent = regenerate(&world, &token).await;
    assert_eq!((spent.status, spent.header("retry-after")), (429, Some("360")), "{}", spent.body);
    world.clock.advance(360);
    assert_eq!(regenerate(&world, &token).await.status, 200);
    assert_eq!(regenerate(&world, &token).await.status, 429);
}

/// A3 "unreadable body": none is read, so whatever a client sends is as good as nothing.
#[tokio::test]
async fn a_body_means_nothing() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    for body in
        [&b"{"[..], b"\xff\xfe", b"a=1&a=2", b"[]", br#"{"recovery_code":"N3BGPZZWJ85JLCNPZBDW6QXC"}"#]
    {
        for content_type in [Some("application/json"), None] {
            let reply = world.bearer("POST", PATH, &token, Body::raw(content_type, body)).await;
            assert_eq!(reply.snapshot(), r#"200 {"recovery_code":"[recovery_code]"}"#);
            assert_ne!(reply.text("recovery_code"), "N3BGPZZWJ85JLCNPZBDW6QXC");
        }
    }
}

#[tokio::test]
async fn not_while_the_factor_is_off() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    world.set_factor("recovery-code", false).await;
    let token = world.mfa_access_token(USER, &id).await;
    assert_snapshot!(regenerate(&world, &token).await.outcome(), @"400 The recovery-code factor is not enabled");
}

/// Of several at once exactly those that were written show a code, and the last shown is the one that works.
#[tokio::test]
async fn a_race_shows_no_code_that_was_replaced_unseen() {
    let world = Arc::new(World::new().await);
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let replies = at_once(16, |_| {
        let (world, token) = (world.clone(), token.clone());
        async move { regenerate(&world, &token).await }
    })
    .await;
    let mut good = 0;
    for reply in &replies {
        assert!([200, 429].contains(&reply.status), "{}", reply.body);
        if reply.status == 200 {
            let login = world.log_in(USER).await.mfa_token;
            good += usize::from(world.recovery(&login, &reply.text("recovery_code")).await.status == 200);
            if good == 1 {
                break;
            }
        }
    }
    assert_eq!(good, 1, "one of the codes that were shown is the user's");
}

/// The user began without one: enrolled while the factor was off.
#[tokio::test]
async fn who_had_none_gets_a_first_one() {
    let world = World::new().await;
    world.set_factor("recovery-code", false).await;
    let login = world.log_in(USER).await.mfa_token;
    let sent = world.associate_email(&login, None).await;
    assert_eq!(world.oob(&login, &sent.text("oob_code"), &world.code(USER)).await.status, 200);
    world.set_factor("recovery-code", true).await;
    let id = world.id_of_type(USER, "email").await;
    let token = world.mfa_access_token(USER, &id).await;
    let new = regenerate(&world, &token).await.text("recovery_code");
    assert_eq!(world.recovery(&world.log_in(USER).await.mfa_token, &new).await.status, 200);
}

/// A recovery code recovers a factor: who has none left gets none.
#[tokio::test]
async fn who_is_not_enrolled_gets_none() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    assert_eq!(world.delete(&token, &id).await.status, 204);
    assert_snapshot!(regenerate(&world, &token).await.outcome(), @"401 User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.");
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(
        world.recovery(&login, "N3BGPZZWJ85JLCNPZBDW6QXC").await.outcome(),
        "403 User does not have a recovery-code."
    );
}
