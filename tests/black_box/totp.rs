//! Codes of authenticator apps (SEC-13, SEC-14, SEC-44, RFC 6238).

use postern::rules::totp::TotpSecret;
use postern::token::rotation::KNOWN_BEFORE_USE_SECONDS;

use crate::support::{Reply, World, text_of, user_pk};

const USER: &str = "user@example.com";
const WRONG: &str = "403 Invalid otp_code.";

async fn sign_in(world: &World, code: &str) -> Reply {
    let login = world.log_in(USER).await;
    world.otp(&login.mfa_token, code).await
}

/// The root under which each of the user's secrets is sealed.
async fn sealed_under(world: &World) -> Vec<String> {
    let table = world.stored().await;
    let apps =
        table.iter().filter(|((pk, sk), _)| *pk == user_pk(USER) && sk.starts_with("AUTHENTICATOR#totp"));
    apps.map(|(_, item)| text_of(item, "secret").split_once('.').unwrap().0.to_owned()).collect()
}

/// A second app for a user who has one; gives its secret.
async fn add_app(world: &World, first: &TotpSecret) -> TotpSecret {
    let audience = format!("{}mfa/", world.issuer());
    let required = world.password_for(USER, "pwd", &audience, "enroll").await;
    let token = world.otp(&required.text("mfa_token"), &world.app_code(first, 0)).await.text("access_token");
    let secret = TotpSecret::from_base32(&world.associate_otp(&token).await.text("secret")).unwrap();
    assert_eq!(world.otp(&token, &world.app_code(&secret, 0)).await.status, 200);
    world.clock.advance(30);
    secret
}

/// SEC-13: the current step and one before, never after.
#[tokio::test]
async fn the_current_step_and_the_one_before() {
    let world = World::new().await;
    let secret = world.enrol_otp(USER).await;
    for (steps, expected) in [(-2, WRONG), (-1, "200"), (0, "200"), (1, WRONG)] {
        world.clock.advance(3_600);
        let reply = sign_in(&world, &world.app_code(&secret, steps)).await;
        assert_eq!(reply.outcome(), expected, "{steps} steps away");
    }
}

/// SEC-13: the step before is good to the last second of the current one, and enrolment follows the same rule.
#[tokio::test]
async fn a_step_ends_on_the_second() {
    let world = World::new().await;
    for (age, expected) in [(59, "200"), (60, WRONG)] {
        world.clock.advance(3_600 - world.clock.now().0 % 3_600);
        let id = world.id_of_type("verified@example.com", "email").await;
        let token = world.mfa_access_token("verified@example.com", &id).await;
        let secret = TotpSecret::from_base32(&world.associate_otp(&token).await.text("secret")).unwrap();
        let code = world.app_code(&secret, 0);
        world.clock.advance(age);
        assert_eq!(world.otp(&token, &code).await.outcome(), expected, "{age} s");
    }
}

/// SEC-14: a step is good once, also over two logins, and neither is an older one after it.
#[tokio::test]
async fn a_step_is_good_once() {
    let world = World::new().await;
    let secret = world.enrol_otp(USER).await;
    world.clock.advance(30);
    let (older, code) = (world.app_code(&secret, -1), world.app_code(&secret, 0));
    let (first, second) = (world.log_in(USER).await, world.log_in(USER).await);
    assert_eq!(world.otp(&first.mfa_token, &code).await.status, 200);
    assert_eq!(world.otp(&second.mfa_token, &code).await.outcome(), WRONG, "replayed in another login");
    assert_eq!(
        world.otp(&second.mfa_token, &older).await.outcome(),
        WRONG,
        "an older step after a newer one"
    );
    assert_eq!(world.otp(&first.mfa_token, &code).await.outcome(), "403 Malformed mfa_token", "a used login");
    world.clock.advance(30);
    assert_eq!(world.otp(&second.mfa_token, &code).await.outcome(), WRONG, "still within its time");
    assert_eq!(world.otp(&second.mfa_token, &world.app_code(&secret, 0)).await.status, 200);
}

/// SEC-14: the code that confirms an enrolment is used up by it.
#[tokio::test]
async fn the_code_of_the_enrolment_is_used_up() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let secret =
        TotpSecret::from_base32(&world.associate_otp(&login.mfa_token).await.text("secret")).unwrap();
    let code = world.app_code(&secret, 0);
    assert_eq!(world.otp(&login.mfa_token, &code).await.status, 200);
    assert_eq!(sign_in(&world, &code).await.outcome(), WRONG);
}

/// mfa-otp names no authenticator: any of the user's apps will do, each with steps of its own.
#[tokio::test]
async fn several_apps_work_side_by_side() {
    let world = World::new().await;
    let first = world.enrol_otp(USER).await;
    let second = add_app(&world, &first).await;
    assert_eq!(world.authenticators(USER).await, (2, 0));
    for secret in [&first, &second] {
        assert_eq!(sign_in(&world, &world.app_code(secret, 0)).await.status, 200);
    }
    for secret in [&first, &second] {
        assert_eq!(sign_in(&world, &world.app_code(secret, 0)).await.outcome(), WRONG);
    }
    assert_eq!(world.failures(USER, "otp").await, Some(2), "their failures count together");
}

/// SEC-4: 160 bits in base32, the same in the URI.
#[tokio::test]
async fn a_secret_has_160_bits() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let associated = world.associate_otp(&login.mfa_token).await;
    let secret = associated.text("secret");
    assert_eq!(TotpSecret::from_base32(&secret).unwrap().as_bytes().len(), 20);
    let uri = associated.text("barcode_uri");
    assert!(uri.starts_with("otpauth://totp/Postern%20Demo:user%40example.com?"), "{uri}");
    assert!(
        uri.contains(&format!("secret={secret}")) && uri.contains("algorithm=SHA1&digits=6&period=30"),
        "{uri}"
    );
}

/// SEC-44: after a rotation old secrets still verify, and are sealed under the newest root by that very use.
#[tokio::test]
async fn rotation_reseals_a_secret_when_it_is_used() {
    let world = World::new().await;
    let first = world.enrol_otp(USER).await;
    let second = add_app(&world, &first).await;
    let before = sealed_under(&world).await;
    assert_eq!(before[0], before[1]);
    world.rotate_keys().await;
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS);
    assert_eq!(sign_in(&world, &World::wrong(&world.app_code(&first, 0))).await.outcome(), WRONG);
    assert_eq!(sealed_under(&world).await, before, "a wrong code changes nothing");
    assert_eq!(sign_in(&world, &world.app_code(&first, 0)).await.status, 200);
    let after = sealed_under(&world).await;
    assert_eq!(after.iter().filter(|kid| **kid == before[0]).count(), 1, "the one that was used: {after:?}");
    world.clock.advance(30);
    for secret in [&first, &second] {
        assert_eq!(sign_in(&world, &world.app_code(secret, 0)).await.status, 200);
    }
    let after = sealed_under(&world).await;
    assert!(after[0] == after[1] && after[0] != before[0], "{after:?}");
}

/// SEC-44: rotation, month after month, never makes a stored secret unreadable, used in between or not; the same for
/// one that is still pending.
#[tokio::test]
async fn an_old_secret_survives_many_rotations() {
    let world = World::new().await;
    let secret = world.enrol_otp(USER).await;
    for _ in 0..4 {
        world.rotate_keys().await;
        world.clock.advance(31 * 86_400);
    }
    assert_eq!(sign_in(&world, &world.app_code(&secret, 0)).await.status, 200);

    let world = World::new().await;
    world.rotate_keys().await;
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS - 10);
    let login = world.log_in(USER).await;
    let secret =
        TotpSecret::from_base32(&world.associate_otp(&login.mfa_token).await.text("secret")).unwrap();
    world.clock.advance(310);
    assert_eq!(world.otp(&login.mfa_token, &world.app_code(&secret, 0)).await.status, 200);
}
