//! What ends with a user's password, block, factors or existence (SEC-42), by the Management API.

use serde_json::json;

use crate::support::{Body, OFFLINE, PASSWORD, World, new_user, text_of, user_path, user_pk};

const USER: &str = "user@example.com";
const ADDRESS: &str = "ada@example.com";
const API: &str = "https://someapi.com/api";

/// What a user made by the API holds: an `mfa_token`, a refresh token, an access token.
struct Held {
    path: String,
    mfa_token: String,
    refresh: String,
    access: String,
}

impl Held {
    async fn by(world: &World) -> Self {
        let mut body = new_user(ADDRESS);
        body["user_id"] = json!("ada");
        let path = user_path(&world.make_user(&body).await);
        let required = world.password_for(ADDRESS, PASSWORD, API, OFFLINE).await;
        let mfa_token = required.text("mfa_token");
        let oob_code = world.associate_email(&mfa_token, None).await.text("oob_code");
        let tokens = world.oob(&mfa_token, &oob_code, &world.code(ADDRESS)).await;
        let mfa_token = world.password(ADDRESS, PASSWORD).await.text("mfa_token");
        assert_eq!(world.list(&mfa_token).await.status, 200);
        Self { path, mfa_token, refresh: tokens.text("refresh_token"), access: tokens.text("access_token") }
    }

    async fn assert_ended(&self, world: &World, what: &str) {
        assert_eq!(world.list(&self.mfa_token).await.status, 401, "{what}");
        assert_eq!(world.refresh(&self.refresh).await.status, 403, "{what}");
        assert_eq!(world.bearer("GET", "/userinfo", &self.access, Body::none()).await.status, 401, "{what}");
    }
}

/// SEC-42: a password that is changed ends what was issued under the old one, in that second, too.
#[tokio::test]
async fn a_new_password_ends_what_was_issued() {
    let world = World::new().await;
    let held = Held::by(&world).await;
    let before = world.manage("GET", &held.path, None).await;
    let body = json!({ "password": "another password", "connection": "Username-Password-Authentication" });
    let changed = world.manage("PATCH", &held.path, Some(&body)).await;
    assert_eq!((changed.status, &changed.body), (200, &before.body));
    held.assert_ended(&world, "password").await;
    assert_eq!(world.password(ADDRESS, PASSWORD).await.outcome(), "403 Wrong email or password.");
    let again = world.password(ADDRESS, "another password").await;
    assert_eq!(world.list(&again.text("mfa_token")).await.status, 200, "what is issued after it is good");
}

/// SEC-42: a block ends what was issued, whatever is changed beside it; unblocking does not bring it back.
#[tokio::test]
async fn a_block_ends_what_was_issued() {
    let world = World::new().await;
    let held = Held::by(&world).await;
    let blocked = world.manage("PATCH", &held.path, Some(&json!({ "blocked": true, "name": "Ada" }))).await;
    assert_eq!((blocked.text("name"), &blocked.json()["blocked"]), ("Ada".to_owned(), &json!(true)));
    held.assert_ended(&world, "blocked").await;
    assert_eq!(world.password(ADDRESS, PASSWORD).await.outcome(), "403 user is blocked");
    let unblocked = world.manage("PATCH", &held.path, Some(&json!({ "blocked": false }))).await;
    assert_eq!((unblocked.status, unblocked.json().get("blocked")), (200, None));
    held.assert_ended(&world, "unblocked").await;
    assert_eq!(world.password(ADDRESS, PASSWORD).await.text("error"), "mfa_required");
}

/// A change of anything else ends nothing.
#[tokio::test]
async fn other_changes_end_nothing() {
    let world = World::new().await;
    let held = Held::by(&world).await;
    let change = json!({ "name": "Ada", "email": "new@example.com", "user_metadata": { "a": 1 } });
    assert_eq!(world.manage("PATCH", &held.path, Some(&change)).await.status, 200);
    assert_eq!(world.list(&held.mfa_token).await.status, 200);
    assert_eq!(world.refresh(&held.refresh).await.status, 200);
    assert_eq!(world.bearer("GET", "/userinfo", &held.access, Body::none()).await.status, 200);
}

/// SEC-42: all factors go at once, for whoever lost them; the user enrols anew.
#[tokio::test]
async fn a_reset_forgets_all_factors() {
    let world = World::new().await;
    let held = Held::by(&world).await;
    let path = format!("{}/authenticators", held.path);
    let reply = world.manage("DELETE", &path, None).await;
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    held.assert_ended(&world, "reset").await;
    let login = world.password(ADDRESS, PASSWORD).await.text("mfa_token");
    assert_eq!(world.list(&login).await.snapshot(), "200 []");
    assert_eq!(world.associate_email(&login, None).await.status, 200);
}

/// A deleted user leaves nothing behind, and another of the same id and address gets nothing of the first.
#[tokio::test]
async fn a_deleted_user_leaves_nothing() {
    let world = World::new().await;
    let before = world.stored_without_limits().await;
    let held = Held::by(&world).await;
    assert_eq!(world.manage("DELETE", &held.path, None).await.status, 204);
    let left = world.stored_without_limits().await;
    let of_the_user = |(pk, _): &&(String, String)| pk.starts_with("USER#") || pk.starts_with("LOGIN#");
    let partitions =
        |table: &crate::support::Table| -> Vec<_> { table.keys().filter(of_the_user).cloned().collect() };
    assert_eq!(partitions(&left), partitions(&before));
    held.assert_ended(&world, "deleted").await;
    assert_eq!(world.manage("DELETE", &held.path, None).await.status, 204, "again, as if it were there");
    world.clock.advance(1);
    let mut body = new_user(ADDRESS);
    body["user_id"] = json!("ada");
    world.make_user(&body).await;
    held.assert_ended(&world, "made again").await;
    let login = world.password(ADDRESS, PASSWORD).await.text("mfa_token");
    assert_eq!(world.list(&login).await.snapshot(), "200 []");
}

/// A user of the twin's file has logins by code as well: all of them go.
#[tokio::test]
async fn every_login_of_a_deleted_user_goes() {
    let world = World::new().await;
    let id = user_pk(USER).trim_start_matches("USER#").to_owned();
    assert_eq!(world.manage("DELETE", &user_path(&id), None).await.status, 204);
    let stored = world.stored().await;
    let left: Vec<_> = stored.values().filter(|item| text_of(item, "user_id") == id).collect();
    assert!(left.is_empty(), "{} items", left.len());
}

/// design §5: the authenticator that a verified address is by itself goes with the address, and so do its challenges.
#[tokio::test]
async fn a_new_address_voids_the_challenges_of_the_old_one() {
    let world = World::new().await;
    let mut body = new_user(ADDRESS);
    body["email_verified"] = json!(true);
    let path = user_path(&world.make_user(&body).await);
    let login = world.password(ADDRESS, PASSWORD).await.text("mfa_token");
    let challenge = world.challenge_any(&login).await;
    let code = world.code(ADDRESS);
    let change = json!({ "email": "new@example.com", "email_verified": true });
    assert_eq!(world.manage("PATCH", &path, Some(&change)).await.status, 200);
    let refused = world.oob(&login, &challenge.text("oob_code"), &code).await;
    assert_eq!(refused.outcome(), "403 Invalid binding_code.");
    let challenge = world.challenge_any(&login).await;
    let tokens = world.oob(&login, &challenge.text("oob_code"), &world.code("new@example.com")).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}
