//! The table is restored from a backup of moment T: what holds by itself, what an operator does for the rest
//! (docs/OPERATIONS.md, "When AWS fails"), and what a revoked root still opens (SEC-3, SEC-8, SEC-14, SEC-44).

use postern::rules::totp::TotpSecret;
use postern::token::key_life::{KeyState, state};
use postern::token::keyring::KeyUse;
use postern::token::keys::KEYS_FRESH_SECONDS;
use postern::token::rotation::KNOWN_BEFORE_USE_SECONDS;
use serde_json::json;

use crate::support::{Body, OFFLINE, World, heading};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const API: &str = "https://someapi.com/api";
/// The longest life an `mfa_token` can be given, and so of any code.
const LONGEST_LOGIN: u64 = 3_600;
const MALFORMED: &str = "403 Malformed mfa_token";

/// A user with a mailed code and an app, and a login under way.
struct Held {
    id: String,
    app: TotpSecret,
    mfa_token: String,
    oob_code: String,
    code: String,
}

impl Held {
    async fn begin(world: &World) -> Self {
        let (id, _) = world.enrol_email(USER).await;
        let token = world.mfa_access_token(USER, &id).await;
        let app = TotpSecret::from_base32(&world.associate_otp(&token).await.text("secret")).unwrap();
        assert_eq!(world.otp(&token, &world.app_code(&app, 0)).await.status, 200);
        let mfa_token = world.log_in(USER).await.mfa_token;
        let oob_code = world.challenge(&mfa_token, "oob", &id).await.text("oob_code");
        Self { id, app, mfa_token, oob_code, code: world.code(USER) }
    }

    async fn prove(&self, world: &World) -> String {
        world.oob(&self.mfa_token, &self.oob_code, &self.code).await.outcome()
    }

    /// Somebody signs in by mail and somebody by app.
    async fn signs_in(&self, world: &World) {
        world.clock.advance(30);
        let by_mail = world.sign_in_by_email(USER, &self.id, API, "openid").await;
        assert_eq!(by_mail.status, 200, "{}", by_mail.body);
        let login = world.log_in(USER).await.mfa_token;
        let by_app = world.otp(&login, &world.app_code(&self.app, 0)).await;
        assert_eq!(by_app.status, 200, "{}", by_app.body);
    }
}

/// SEC-8, SEC-14: an hour after T no code that was consumed after T is good again, though the table knows nothing of it.
#[tokio::test]
async fn after_an_hour_no_consumed_code_is_good() {
    let world = World::new().await;
    world.set_number("mfa_token_seconds", LONGEST_LOGIN).await;
    world.set_number("code_seconds", 600).await;
    world.set_number("password_attempts", 100).await;
    let held = Held::begin(&world).await;
    let backup = world.stored().await;
    world.clock.advance(30);
    assert_eq!(held.prove(&world).await, "200");
    let by_app = world.log_in(USER).await.mfa_token;
    let app_code = world.app_code(&held.app, 0);
    assert_eq!(world.otp(&by_app, &app_code).await.status, 200);
    let tokens = world.sign_in_by_email(USER, &held.id, API, OFFLINE).await;

    world.clock.advance(LONGEST_LOGIN - 30);
    world.restore(&backup).await;
    assert_eq!(held.prove(&world).await, "403 mfa_token is expired");
    let login = world.log_in(USER).await.mfa_token;
    let replayed = world.otp(&login, &app_code).await;
    assert_eq!(replayed.outcome(), "403 Invalid otp_code.");
    let refreshed = world.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(
        refreshed.outcome(),
        "403 Unknown or invalid refresh token.",
        "its family is not in the backup"
    );
    let info = world.bearer("GET", "/userinfo", &tokens.text("access_token"), Body::none()).await;
    assert_eq!(info.status, 200, "signed by a key that is in the backup, it lives its time");
    held.signs_in(&world).await;
}

/// Before the hour is over a restored table would take such a code again; revoking the roots of the backup is what stops
/// it, with everything that is under way. What is stored stays readable (SEC-44).
#[tokio::test]
async fn revoked_roots_end_everything_under_way() {
    let world = World::new().await;
    let held = Held::begin(&world).await;
    let ticket = world.reset_ticket(USER).await;
    let backup = world.stored().await;
    assert_eq!(held.prove(&world).await, "200");
    world.restore(&backup).await;
    assert_eq!(held.prove(&world).await, "200", "nobody knows any more that it was consumed");

    world.restore(&backup).await;
    world.rotate_keys().await;
    world.revoke_current_key(KeyUse::Root).await;
    world.clock.advance(KEYS_FRESH_SECONDS);
    assert_eq!(held.prove(&world).await, MALFORMED);
    assert_eq!(world.challenge(&held.mfa_token, "oob", &held.id).await.outcome(), MALFORMED);
    let page = world.reset(&ticket, "a new password of mine").await;
    assert!(heading(&page).starts_with("4"), "a link from before: {}", heading(&page));
    held.signs_in(&world).await;
    // The secret is under the revoked root for good, and opens when that root is the oldest of many.
    for _ in 0..2 {
        world.clock.advance(40 * 86_400);
        world.rotate_keys().await;
        world.clock.advance(KNOWN_BEFORE_USE_SECONDS);
        held.signs_in(&world).await;
    }
}

/// A code that takes a password's place names its root in the table alone: it ends with that as well.
#[tokio::test]
async fn revoked_roots_end_codes_without_password() {
    let world = World::with_passwordless().await;
    world.start_email(USER).await;
    let code = world.code(USER);
    world.rotate_keys().await;
    world.revoke_current_key(KeyUse::Root).await;
    world.clock.advance(KEYS_FRESH_SECONDS - 60);
    assert_eq!(world.passwordless("email", USER, &code).await.status, 403);
    world.start_email(USER).await;
    let reply = world.passwordless("email", USER, &world.code(USER)).await;
    assert!(reply.body.contains("mfa_required"), "{}", reply.body);
}

/// Keys that were made after T are gone with what they made; those of T serve, and are replaced in time. A revocation
/// after T is undone: it has to be made again.
#[tokio::test]
async fn keys_of_the_backup_serve() {
    let world = World::new().await;
    let held = Held::begin(&world).await;
    let backup = world.stored().await;
    world.rotate_keys().await;
    world.clock.advance(60);
    for key_use in [KeyUse::Root, KeyUse::Signing] {
        world.revoke_current_key(key_use).await;
    }
    world.clock.advance(KEYS_FRESH_SECONDS);
    let lost = world.management_token().await;
    let login = world.log_in(USER).await.mfa_token;

    world.clock.advance(LONGEST_LOGIN);
    world.restore(&backup).await;
    world.clock.advance(KEYS_FRESH_SECONDS);
    let refused = world.bearer("GET", "/api/v2/keys/signing", &lost, Body::none()).await;
    assert_eq!(refused.status, 401, "signed by a key that is lost");
    assert_eq!(world.list(&login).await.status, 401, "sealed under a root that is lost");
    held.signs_in(&world).await;
    let all = world.twin.app.store.key_generations().await.unwrap();
    let states: Vec<_> = all.iter().map(|key| state(key, &all, world.clock.now())).collect();
    assert_eq!(states, [KeyState::Current; 2], "as they were at T");
    world.rotate_keys().await;
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS);
    held.signs_in(&world).await;
    assert_eq!(world.manage("GET", "/api/v2/keys/signing", None).await.json()[0]["current"], json!(true));
    assert!(!world.log_in(VERIFIED).await.mfa_token.is_empty());
}
