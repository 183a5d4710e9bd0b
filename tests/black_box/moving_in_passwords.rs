//! Passwords that users move in with: they are verified as they are, and rehashed at the next sign-in.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Moving, World, at_once, bcrypt_of, count_of, row, text_of, user_path};

const ADA: &str = "ada@example.com";

async fn with_ada(password: &str) -> World {
    let world = World::new().await;
    let mut ada = row("ada");
    ada["password_hash"] = json!(bcrypt_of(password));
    Moving::of_rows(&[ada]).done_into(&world).await;
    world
}

async fn stored_hash(world: &World) -> String {
    let key = (format!("LOGIN#Username-Password-Authentication#{ADA}"), "LOGIN".to_owned());
    text_of(&world.stored().await[&key], "password_hash").to_owned()
}

/// The first sign-in puts Argon2id in bcrypt's place; wrong passwords and blocked users leave what is there.
#[tokio::test]
async fn a_bcrypt_hash_gives_way_at_the_first_sign_in() {
    let world = with_ada("pwd").await;
    let before = bcrypt_of("pwd");
    assert_eq!(world.password(ADA, "wrong").await.status, 403);
    assert_eq!(stored_hash(&world).await, before);
    let block = json!({ "blocked": true });
    assert_eq!(world.manage("PATCH", &user_path("auth0|ada"), Some(&block)).await.status, 200);
    assert_eq!(world.password(ADA, "pwd").await.outcome(), "403 user is blocked");
    assert_eq!(stored_hash(&world).await, before);
    let unblock = json!({ "blocked": false });
    assert_eq!(world.manage("PATCH", &user_path("auth0|ada"), Some(&unblock)).await.status, 200);

    world.log_in(ADA).await;
    let renewed = stored_hash(&world).await;
    assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    world.log_in(ADA).await;
    assert_eq!(stored_hash(&world).await, renewed, "once");
    assert_eq!(world.password(ADA, "wrong").await.outcome(), "403 Wrong email or password.");
}

/// bcrypt looks at 72 bytes. What is behind them was never checked, and must not become part of the password.
#[tokio::test]
async fn a_password_that_bcrypt_does_not_see_to_its_end_stays_bcrypts() {
    let long = "x".repeat(73);
    let world = with_ada(&long).await;
    assert_eq!(world.password(ADA, &long).await.text("error"), "mfa_required");
    assert_eq!(stored_hash(&world).await, bcrypt_of(&long));
    assert_eq!(world.password(ADA, &long[..71]).await.status, 403);
    assert_eq!(world.password(ADA, &long[..71]).await.text("error"), "invalid_grant");
}

/// The write may fail in any way: the sign-in stands, and the next one tries again.
#[tokio::test]
async fn a_hash_that_is_not_renewed_does_no_harm() {
    for mode in ["error", "throttle", "timeout"] {
        let world = with_ada("pwd").await;
        // Before it the attempt is taken and given back.
        world.fault("dynamodb", "UpdateItem", mode, 2, 10);
        world.log_in(ADA).await;
        assert_eq!(stored_hash(&world).await, bcrypt_of("pwd"), "{mode}");
        world.twin.aws.faults.clear();
        world.log_in(ADA).await;
        assert!(stored_hash(&world).await.starts_with("$argon2id$"), "{mode}");
    }
}

/// Many at once: all sign in, in the very second of the import too, and one hash stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sign_ins_at_once_all_succeed() {
    let world = Arc::new(with_ada("pwd").await);
    let replies = at_once(8, |_| {
        let world = Arc::clone(&world);
        async move { world.password(ADA, "pwd").await }
    })
    .await;
    let asked = replies.iter().filter(|reply| reply.text("error") == "mfa_required").count();
    assert_eq!((asked, count_of(&replies, 403)), (8, 8));
    assert!(stored_hash(&world).await.starts_with("$argon2id$"));
    world.log_in(ADA).await;
}
