//! A twin that starts again over what it kept: its tenant is planted at every start, and what operators did meanwhile
//! stays (design §9).

use local::seed::Seed;
use serde_json::{Value, json};

use crate::support::{Log, PASSWORD, World, new_user, user_path, user_pk};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";

fn path_of(username: &str) -> String {
    user_path(user_pk(username).trim_start_matches("USER#"))
}

async fn by_email(world: &World, address: &str) -> Value {
    world.manage("GET", &format!("/api/v2/users-by-email?email={address}"), None).await.json()
}

/// What a start does.
async fn start_again(world: &World) {
    Seed::demo().unwrap().plant(&world.twin.app).await.unwrap();
}

/// A deleted demo user is there again, and what the first was issued does not count for the second (SEC-42).
#[tokio::test]
async fn a_deleted_demo_user_comes_back_without_the_past() {
    let world = World::new().await;
    let before = world.log_in(USER).await.mfa_token;
    assert_eq!(world.manage("DELETE", &path_of(USER), None).await.status, 204);
    start_again(&world).await;
    assert_eq!(world.list(&before).await.status, 401);
    let after = world.log_in(USER).await.mfa_token;
    assert_eq!(world.list(&after).await.status, 200);
}

/// Whoever has a demo user's address by now keeps it, and the start goes on.
#[tokio::test]
async fn an_address_that_was_given_to_another_stays_with_it() {
    let log = Log::start();
    let world = World::new().await;
    assert_eq!(world.manage("DELETE", &path_of(USER), None).await.status, 204);
    let id = world.make_user(&new_user(USER)).await;
    assert_eq!(
        world.manage("PATCH", &path_of(VERIFIED), Some(&json!({ "email": "x@example.com" }))).await.status,
        200
    );
    assert!(log.events("seed_user_not_planted").is_empty());
    start_again(&world).await;
    assert_eq!(log.events("seed_user_not_planted").len(), 1, "{}", log.text());
    assert_eq!(by_email(&world, USER).await[0]["user_id"], json!(id));
    assert_eq!(world.password(USER, PASSWORD).await.text("error"), "mfa_required");
    assert_eq!(by_email(&world, VERIFIED).await, json!([]), "a user who moved is not made again");
}

/// Rows that cannot both be are named, and nothing is planted.
#[tokio::test]
async fn rows_that_exclude_each_other_are_named() {
    let world = World::new().await;
    let before = world.stored().await;
    let row = |email: &str, more: Value| {
        let mut row = json!({ "email": email, "password": "pwd" });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let number = json!({ "phone_number": "+4915112345678" });
    for (first, second) in [
        (row("a@example.com", number.clone()), row("b@example.com", number)),
        (row("a@example.com", json!({ "user_id": "auth0|1" })), row("A@example.com", json!({}))),
        (
            row("a@example.com", json!({ "user_id": "x|1" })),
            row("b@example.com", json!({ "user_id": "x|1" })),
        ),
    ] {
        let seed = json!({ "users": [row("c@example.com", json!({})), first, second] });
        let planted = Seed::parse(&seed.to_string()).unwrap().plant(&world.twin.app).await;
        let problem = planted.unwrap_err().to_string();
        assert!(problem.starts_with("the seed is not valid: users[2] ("), "{problem}");
        assert!(problem.ends_with(") has the id, address or number of users[1]"), "{problem}");
    }
    assert!(world.stored().await == before);
}

/// A connection of codes has no password, and one login.
#[tokio::test]
async fn a_user_of_a_connection_of_codes_has_one_login() {
    let world = World::with_passwordless().await;
    let seed = json!({ "users": [{ "email": "a@example.com", "password": "pwd", "connection": "email" }] });
    Seed::parse(&seed.to_string()).unwrap().plant(&world.twin.app).await.unwrap();
    let found = by_email(&world, "a@example.com").await;
    assert_eq!(found[0]["identities"].as_array().map(Vec::len), Some(1), "{found}");
    world.start_email("a@example.com").await;
    let signed_in = world.passwordless("email", "a@example.com", &world.code("a@example.com")).await;
    assert_eq!(signed_in.text("error"), "mfa_required", "{}", signed_in.body);
    assert_eq!(world.password("a@example.com", "pwd").await.outcome(), "403 Wrong email or password.");
}

/// A directory from before users listed their logins: the next start lists them, so that they move and go with their
/// user.
#[tokio::test]
async fn kept_users_get_their_logins() {
    let world = World::new().await;
    let mut profile = world.user_item(VERIFIED, "PROFILE").await.unwrap();
    let logins = profile.remove("logins").unwrap();
    world.overwrite(profile).await;
    start_again(&world).await;
    assert_eq!(world.user_item(VERIFIED, "PROFILE").await.unwrap()["logins"], logins);
    let moved = json!({ "email": "new@example.com" });
    assert_eq!(world.manage("PATCH", &path_of(VERIFIED), Some(&moved)).await.status, 200);
    assert_eq!(world.password("new@example.com", "pwd").await.text("error"), "mfa_required");
    assert_eq!(world.password(VERIFIED, "pwd").await.outcome(), "403 Wrong email or password.");
    let password = json!({ "password": PASSWORD });
    assert_eq!(world.manage("PATCH", &path_of(VERIFIED), Some(&password)).await.status, 200);
    assert_eq!(world.manage("DELETE", &path_of(VERIFIED), None).await.status, 204);
    assert_eq!(by_email(&world, "new@example.com").await, json!([]));
}
