//! What ends with a user's password, block, factors or existence (SEC-42), by the Management API.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Body, OFFLINE, PASSWORD, World, new_user, text_of, user_path, user_pk};

const USER: &str = "user@example.com";
const ADDRESS: &str = "ada@example.com";
const API: &str = "https://someapi.com/api";

/// Makes a user with a chosen id; gives the id.
async fn make_ada(world: &World) -> String {
    let mut body = new_user(ADDRESS);
    body["user_id"] = json!("ada");
    world.make_user(&body).await
}

/// What a user made by the API holds: an `mfa_token`, a refresh token, an access token.
struct Held {
    path: String,
    mfa_token: String,
    refresh: String,
    access: String,
}

impl Held {
    async fn by(world: &World) -> Self {
        let path = user_path(&make_ada(world).await);
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

/// What changes beside a password changes with it, in one step; a `client_id` is nobody's business here.
#[tokio::test]
async fn a_password_is_changed_beside_other_things() {
    let world = World::new().await;
    let held = Held::by(&world).await;
    let metadata = json!({ "user_metadata": { "a": 1 } });
    assert_eq!(world.manage("PATCH", &held.path, Some(&metadata)).await.status, 200);
    let all = json!({
        "password": "another password", "name": "Ada", "nickname": null, "picture": "https://example.com/a.png",
        "blocked": true, "user_metadata": { "b": 2 }, "connection": "Username-Password-Authentication",
        "verify_email": false, "client_id": "demo-app",
    });
    let changed = world.manage("PATCH", &held.path, Some(&all)).await;
    assert_snapshot!(changed.snapshot(), @r#"200 {"blocked":true,"created_at":"2030-03-17T17:47:00.000Z","email":"ada@example.com","email_verified":false,"identities":[{"connection":"Username-Password-Authentication","isSocial":false,"provider":"auth0","user_id":"ada"}],"name":"Ada","nickname":"ada","picture":"https://example.com/a.png","updated_at":"2030-03-17T17:47:00.000Z","user_id":"auth0|ada","user_metadata":{"a":1,"b":2}}"#);
    assert_eq!(world.manage("GET", &held.path, None).await.body, changed.body);
    assert_eq!(world.password(ADDRESS, "another password").await.outcome(), "403 user is blocked");
    assert_eq!(world.manage("PATCH", &held.path, Some(&json!({ "blocked": false }))).await.status, 200);
    held.assert_ended(&world, "password and block").await;

    let too_long = json!({ "password": "third password", "user_metadata": { "x": "x".repeat(4_090) } });
    assert_eq!(world.manage("PATCH", &held.path, Some(&too_long)).await.text("errorCode"), "invalid_body");
    assert_eq!(world.password(ADDRESS, "another password").await.text("error"), "mfa_required");
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

/// SEC-42: all factors go at once, for whoever lost them; the user is told (SEC-31), and enrols anew.
#[tokio::test]
async fn a_reset_forgets_all_factors() {
    let world = World::new().await;
    let held = Held::by(&world).await;
    world.notices(ADDRESS).await;
    world.twin.aws.inbox.clear();
    let path = format!("{}/authenticators", held.path);
    let reply = world.manage("DELETE", &path, None).await;
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    held.assert_ended(&world, "reset").await;
    let notices = world.notices(ADDRESS).await;
    assert_eq!(notices.len(), 1);
    assert_snapshot!(notices[0].text, @"
    A verification method was removed

    It can no longer be used as the second step when you sign in.

    Account: ***@exam*******
    Method: Email
    Application: Demo Management
    Time: 2030-03-17 17:47 UTC

    This was not you? Then somebody else may have access to your account. Change your password now, set up the second step again and contact Postern Demo.
    ");
    assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
    assert_eq!(world.notices(ADDRESS).await.len(), 1, "nothing was there any more");
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
    let mut expected = partitions(&before);
    expected.push(("USER#auth0|ada".to_owned(), "TOMBSTONE".to_owned()));
    expected.sort();
    assert_eq!(partitions(&left), expected);
    held.assert_ended(&world, "deleted").await;
    assert_eq!(world.manage("DELETE", &held.path, None).await.status, 204, "again, as if it were there");
    make_ada(&world).await;
    held.assert_ended(&world, "made again").await;
    let login = world.password(ADDRESS, PASSWORD).await.text("mfa_token");
    assert_eq!(world.list(&login).await.snapshot(), "200 []");
}

/// SEC-42: changes in one second make tokens say a later one; whoever is made anew in that very second accepts none of
/// them either, and its own at once.
#[tokio::test]
async fn a_user_made_again_in_the_same_second_accepts_nothing_of_the_first() {
    let world = World::new().await;
    let path = user_path(&make_ada(&world).await);
    for _ in 0..3 {
        for blocked in [true, false] {
            assert_eq!(
                world.manage("PATCH", &path, Some(&json!({ "blocked": blocked }))).await.status,
                200,
                "{blocked}"
            );
        }
    }
    let login = world.password(ADDRESS, PASSWORD).await.text("mfa_token");
    assert_eq!(world.list(&login).await.status, 200);
    assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
    make_ada(&world).await;
    assert_eq!(world.list(&login).await.status, 401);
    let own = world.password(ADDRESS, PASSWORD).await.text("mfa_token");
    assert_eq!(world.list(&own).await.status, 200);
}

/// Who tries a code by a token of a deleted user is charged, and nobody who is made by that id inherits the debt.
#[tokio::test]
async fn a_user_made_again_inherits_no_debt() {
    let world = World::new().await;
    let held = Held::by(&world).await;
    let oob_code = world.challenge_any(&held.mfa_token).await.text("oob_code");
    assert_eq!(world.manage("DELETE", &held.path, None).await.status, 204);
    for _ in 0..10 {
        assert!(world.oob(&held.mfa_token, &oob_code, "123456").await.status >= 400);
    }
    make_ada(&world).await;
    let stored = world.stored().await;
    let of_ada: Vec<_> = stored.keys().filter(|(pk, _)| pk == "USER#auth0|ada").map(|(_, sk)| sk).collect();
    assert_eq!(of_ada, ["PROFILE"]);
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
    let of_the_user: Vec<_> =
        stored.keys().filter(|(pk, _)| *pk == user_pk(USER)).map(|(_, sk)| sk).collect();
    assert_eq!(of_the_user, ["TOMBSTONE"]);
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
