//! SEC-42: an operator takes a method away because it is lost or stolen. Who got in by it is out: the tokens that were
//! issued end, and what was begun with them does not come back.

use serde_json::{Value, json};

use crate::support::{SECRET, World, path_of};

const USER: &str = "user@example.com";
const APPS: &str = "/multifactor/google-authenticator";
const THIEF: &str = "thief@evil.example";

fn app() -> Value {
    json!({ "type": "totp", "totp_secret": SECRET })
}

/// An access token for `/mfa/`, a refresh token, and an association that was begun, of one who has the user's mailbox.
async fn intruder(world: &World) -> (String, String, String) {
    let tokens = world.enrol_offline(USER).await.text("refresh_token");
    let id = world.id_of_type(USER, "email").await;
    let access = world.mfa_access_token(USER, &id).await;
    let begun = world.associate_email(&access, Some(THIEF)).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    (access, tokens, begun.text("oob_code"))
}

/// Nothing of what an intruder has is good any more, and nothing of it was confirmed.
async fn is_out(world: &World, intruder: (String, String, String), active: usize) {
    let (access, refresh, begun) = intruder;
    assert_eq!(world.authenticators(USER).await, (active, 0), "what was begun is gone");
    let late = world.oob(&access, &begun, &world.code(THIEF)).await;
    assert!(late.status >= 400 && !late.has_tokens(), "{}", late.body);
    assert_eq!(world.list(&access).await.status, 401);
    assert_eq!(world.associate_email(&access, Some(THIEF)).await.status, 401);
    assert_eq!(world.refresh(&refresh).await.status, 403);
    assert_eq!(world.authenticators(USER).await, (active, 0));
}

/// One method among others.
#[tokio::test]
async fn with_one_method_ends_what_was_issued() {
    let world = World::new().await;
    let intruder = intruder(&world).await;
    assert_eq!(world.give_method(USER, &app()).await.status, 201);
    let path = world.path_of_method(USER, "email").await;
    assert_eq!(world.manage("DELETE", &path, None).await.snapshot(), "204 ");
    is_out(&world, intruder, 1).await;
}

/// All apps.
#[tokio::test]
async fn with_a_provider_ends_what_was_issued() {
    let world = World::new().await;
    let intruder = intruder(&world).await;
    assert_eq!(world.give_method(USER, &app()).await.status, 201);
    assert_eq!(world.manage("DELETE", &path_of(USER, APPS), None).await.snapshot(), "204 ");
    is_out(&world, intruder, 1).await;
}

/// An app that was only begun is one of the apps; nothing is told of what never counted.
#[tokio::test]
async fn an_app_that_was_begun_goes_with_its_provider() {
    let world = World::new().await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_otp(&login).await.status, 200);
    assert_eq!(world.authenticators(USER).await, (0, 1));
    assert_eq!(world.manage("DELETE", &path_of(USER, "/multifactor/duo"), None).await.snapshot(), "204 ");
    assert_eq!(world.authenticators(USER).await, (0, 1));
    assert_eq!(world.manage("DELETE", &path_of(USER, APPS), None).await.snapshot(), "204 ");
    assert_eq!(world.authenticators(USER).await, (0, 0));
    assert_eq!(world.list(&login).await.status, 401);
    assert_eq!(world.notices(USER).await.len(), 0);
}
