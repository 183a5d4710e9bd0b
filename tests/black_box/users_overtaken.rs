//! A user changes after a request of the Management API has read it and before it writes: each condition of the write,
//! alone (design §3, SEC-30, SEC-42).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{
    Body, NUMBER, PASSWORD, Reply, USERS, World, give_number, new_user, text_of, user_path, user_pk,
};

const ADDRESS: &str = "ada@example.com";
const OTHER: &str = "other@example.com";
const ADA: &str = "auth0|ada";
const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";

fn ada() -> Value {
    let mut body = new_user(ADDRESS);
    body["user_id"] = json!("ada");
    body
}

/// A request of the Management API that needs nothing but its own reads of users.
async fn operator(
    world: &Arc<World>,
    method: &'static str,
    path: String,
    body: Value,
) -> impl Future<Output = Reply> + Send + 'static {
    let (world, token) = (Arc::clone(world), world.management_token().await);
    async move { world.bearer(method, &path, &token, Body::json(&body)).await }
}

async fn with_ada() -> Arc<World> {
    let world = Arc::new(World::new().await);
    world.make_user(&ada()).await;
    world
}

async fn change(world: &World, body: Value) {
    let changed = world.manage("PATCH", &user_path(ADA), Some(&body)).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}

/// The sort keys that a user's partition has.
async fn left(world: &World, pk: &str) -> Vec<String> {
    world.stored().await.into_keys().filter(|(of, _)| of == pk).map(|(_, sk)| sk).collect()
}

/// A proof of one address is no proof of another one that the user moves to meanwhile.
#[tokio::test]
async fn an_address_is_not_verified_by_the_proof_of_another() {
    let world = with_ada().await;
    let body = json!({ "email": ADDRESS, "email_verified": true });
    let verified = operator(&world, "PATCH", user_path(ADA), body).await;
    let reply = world.overtaken("GetItem", 1, verified, change(&world, json!({ "email": OTHER }))).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let user = world.manage("GET", &user_path(ADA), None).await.json();
    assert_eq!((&user["email"], &user["email_verified"]), (&json!(ADDRESS), &json!(true)));
    assert_eq!(world.password(ADDRESS, PASSWORD).await.text("error"), "mfa_required", "the login moved, too");
    assert_eq!(world.password(OTHER, PASSWORD).await.outcome(), "403 Wrong email or password.");
}

/// A password that changes after a move has read the login is the one that moves.
#[tokio::test]
async fn a_move_keeps_a_new_password() {
    let world = with_ada().await;
    let moved = operator(&world, "PATCH", user_path(ADA), json!({ "email": OTHER })).await;
    let changed = change(&world, json!({ "password": "another password" }));
    let reply = world.overtaken_after("GetItem", 1, 1, moved, changed).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(world.password(OTHER, "another password").await.text("error"), "mfa_required");
    assert_eq!(world.password(OTHER, PASSWORD).await.outcome(), "403 Wrong email or password.");
}

/// A login that comes after a move has read the profile stays the user's.
#[tokio::test]
async fn a_move_keeps_a_new_login() {
    let world = with_ada().await;
    let moved = operator(&world, "PATCH", user_path(ADA), json!({ "email": OTHER })).await;
    let reply = world.overtaken("GetItem", 1, moved, give_number(&world.twin.app.store, ADA)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let user = world.manage("GET", &user_path(ADA), None).await.json();
    assert_eq!(user["identities"].as_array().map(Vec::len), Some(2), "{user}");
    assert_eq!(world.password(OTHER, PASSWORD).await.text("error"), "mfa_required");
}

/// A password and metadata beside it are written over what was read, or read again.
#[tokio::test]
async fn a_password_loses_no_metadata() {
    let world = with_ada().await;
    let body =
        json!({ "password": "another password", "user_metadata": { "a": 1 }, "app_metadata": { "a": 1 } });
    let request = operator(&world, "PATCH", user_path(ADA), body).await;
    let other = change(&world, json!({ "user_metadata": { "b": 2 }, "app_metadata": { "b": 2 } }));
    let reply = world.overtaken("Query", 1, request, other).await;
    for kind in ["user_metadata", "app_metadata"] {
        assert_eq!(reply.json()[kind], json!({ "a": 1, "b": 2 }), "{}", reply.body);
    }
    assert_eq!(world.manage("GET", &user_path(ADA), None).await.body, reply.body);
}

/// A deletion leaves no login that came after it had read the user: it would lead to nobody, and be taken for good.
#[tokio::test]
async fn a_deletion_takes_a_new_login() {
    let world = with_ada().await;
    let deletion = operator(&world, "DELETE", user_path(ADA), json!({})).await;
    let reply = world.overtaken("Query", 1, deletion, give_number(&world.twin.app.store, ADA)).await;
    assert_eq!(reply.status, 204, "{}", reply.body);
    let stored = world.stored().await;
    assert!(!stored.contains_key(&(format!("LOGIN#sms#{NUMBER}"), "LOGIN".to_owned())));
    assert!(stored.values().all(|item| text_of(item, "user_id") != ADA));
}

/// Nor a factor, whether it was confirmed elsewhere (which moves only the count) or is only begun.
#[tokio::test]
async fn a_deletion_takes_a_new_factor() {
    for imported in [true, false] {
        let world = Arc::new(World::new().await);
        let login = world.log_in(USER).await.mfa_token;
        let path = user_path(user_pk(USER).trim_start_matches("USER#"));
        let deletion = operator(&world, "DELETE", path, json!({})).await;
        let factor = async {
            match imported {
                true => crate::totp_import::import_one(&world).await,
                false => assert_eq!(world.associate_otp(&login).await.status, 200),
            }
        };
        assert_eq!(world.overtaken("Query", 1, deletion, factor).await.status, 204);
        assert_eq!(left(&world, &user_pk(USER)).await, ["TOMBSTONE"], "imported: {imported}");
    }
}

/// Nor a recovery code, be it the user's first, of which the profile says nothing, or the next.
#[tokio::test]
async fn a_deletion_takes_a_new_recovery_code() {
    for username in [VERIFIED, USER] {
        let world = Arc::new(World::new().await);
        if username == USER {
            world.enrol_email(USER).await;
        }
        let id = world.id_of_type(username, "email").await;
        let token = world.mfa_access_token(username, &id).await;
        let path = user_path(user_pk(username).trim_start_matches("USER#"));
        let deletion = operator(&world, "DELETE", path, json!({})).await;
        let renewed = async {
            let reply = world.bearer("POST", "/mfa/recovery-code", &token, Body::none()).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        };
        assert_eq!(world.overtaken("Query", 1, deletion, renewed).await.status, 204);
        let mut left = left(&world, &user_pk(username)).await;
        // The budget of new codes, which counts for nobody and goes when the id is chosen again.
        left.retain(|sk| !sk.starts_with("LIMIT#"));
        assert_eq!(left, ["TOMBSTONE"], "{username}");
    }
}

/// A factor that took the place of another is one that came: the count alone does not tell.
#[tokio::test]
async fn a_factor_in_the_place_of_another_goes_as_well() {
    for deleted in [true, false] {
        let world = Arc::new(World::new().await);
        let (id, _) = world.enrol_email(USER).await;
        let token = world.mfa_access_token(USER, &id).await;
        let path = user_path(user_pk(USER).trim_start_matches("USER#"));
        let path = if deleted { path } else { format!("{path}/authenticators") };
        let request = operator(&world, "DELETE", path, json!({})).await;
        let exchange = async {
            assert_eq!(world.delete(&token, &id).await.status, 204);
            world.enrol_email(USER).await;
        };
        assert_eq!(world.overtaken("Query", 1, request, exchange).await.status, 204);
        let left = left(&world, &user_pk(USER)).await;
        let factors: Vec<_> =
            left.iter().filter(|sk| sk.starts_with("AUTHENTICATOR#") || *sk == "RECOVERY").collect();
        assert!(factors.is_empty(), "deleted: {deleted}: {factors:?}");
    }
}

/// SEC-42: what is issued while a change is on its way, seconds after it began, is ended by it all the same.
#[tokio::test]
async fn what_is_issued_meanwhile_is_ended() {
    let path = user_path(ADA);
    let factors = format!("{path}/authenticators");
    for (method, path, body, read) in [
        ("PATCH", &path, json!({ "password": "another password" }), "Query"),
        ("PATCH", &path, json!({ "blocked": true }), "GetItem"),
        ("PATCH", &path, json!({ "blocked": true, "email": OTHER }), "GetItem"),
        ("DELETE", &factors, json!({}), "Query"),
    ] {
        let what = format!("{method} {body}");
        let world = with_ada().await;
        let request = operator(&world, method, path.clone(), body).await;
        let mut issued = String::new();
        let sign_in = async {
            world.clock.advance(5);
            issued = world.password(ADDRESS, PASSWORD).await.text("mfa_token");
            assert_eq!(world.list(&issued).await.status, 200, "{what}");
        };
        let reply = world.overtaken(read, 1, request, sign_in).await;
        assert!(reply.status < 300, "{what}: {}", reply.body);
        change(&world, json!({ "blocked": false })).await;
        assert_eq!(world.list(&issued).await.status, 401, "{what}");
        let password = if what.contains("another") { "another password" } else { PASSWORD };
        let address = if what.contains(OTHER) { OTHER } else { ADDRESS };
        let after = world.password(address, password).await.text("mfa_token");
        assert_eq!(world.list(&after).await.status, 200, "{what}");
    }
}

/// SEC-42: a user of the same id who was made, signed in and was deleted while another was on the way is a user before.
#[tokio::test]
async fn a_creation_ends_what_a_user_in_between_was_issued() {
    let world = Arc::new(World::new().await);
    let request = operator(&world, "POST", USERS.to_owned(), ada()).await;
    let mut issued = String::new();
    let in_between = async {
        world.make_user(&ada()).await;
        issued = world.password(ADDRESS, PASSWORD).await.text("mfa_token");
        assert_eq!(world.list(&issued).await.status, 200);
        assert_eq!(world.manage("DELETE", &user_path(ADA), None).await.status, 204);
    };
    assert_eq!(world.overtaken("Query", 1, request, in_between).await.status, 201);
    assert_eq!(world.list(&issued).await.status, 401);
}

/// Of two who choose one id the first has it, however the second's reading went.
#[tokio::test]
async fn an_id_that_is_taken_in_between_is_taken() {
    let world = Arc::new(World::new().await);
    let mut other = ada();
    other["email"] = json!(OTHER);
    let request = operator(&world, "POST", USERS.to_owned(), other).await;
    let first = async {
        world.make_user(&ada()).await;
    };
    assert_eq!(world.overtaken("Query", 1, request, first).await.status, 409);
    assert_eq!(world.manage("GET", &user_path(ADA), None).await.text("email"), ADDRESS);
}

/// Design §5: an operator who says that an address is verified closes the gate for whoever is enrolling by the password
/// alone, before the confirmation or while it is on its way.
#[tokio::test]
async fn a_verified_address_closes_the_gate() {
    for meanwhile in [false, true] {
        let world = with_ada().await;
        let login = world.password(ADDRESS, PASSWORD).await.text("mfa_token");
        let oob_code = world.associate_email(&login, None).await.text("oob_code");
        let (confirmation, code) = (Arc::clone(&world), world.code(ADDRESS));
        let confirmation = async move { confirmation.oob(&login, &oob_code, &code).await };
        let verified = change(&world, json!({ "email_verified": true }));
        let reply = match meanwhile {
            true => world.overtaken("Query", 2, confirmation, verified).await,
            false => {
                verified.await;
                confirmation.await
            }
        };
        assert_eq!(reply.outcome(), "403 User is already enrolled.", "meanwhile: {meanwhile}");
    }
}
