//! Complete email logins per second through the twin, from user name and password to tokens, in the profile of `cargo
//! run`; with passwords hashed as they are stored, and with hashes that cost nothing, so that what is left is the rest:
//!
//! `cargo bench --workspace --profile dev --bench logins`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]
#![allow(dead_code, unused_imports, reason = "the harness of the tests is shared whole")]

#[path = "../black_box/support/mod.rs"]
mod support;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use aws_sdk_dynamodb::types::AttributeValue;
use postern::store::logins::DEFAULT_CONNECTION;
use postern::time::Stopwatch;
use serde_json::json;
use support::World;

const USERS: usize = 32;
const LOGINS: usize = 256;

#[tokio::main]
async fn main() {
    println!("clients  password hash     logins  seconds  logins/s");
    for (clients, is_hashed) in [(1, true), (16, true), (1, false), (16, false)] {
        let world = Arc::new(seeded_world().await);
        if !is_hashed {
            make_hashes_cheap(&world).await;
        }
        let watch = Stopwatch::start();
        run(&world, clients).await;
        let seconds = watch.elapsed_milliseconds() as f64 / 1_000.0;
        let hash = if is_hashed { "Argon2id, 19 MiB" } else { "costs nothing" };
        println!("{clients:>7}  {hash:<16}  {LOGINS:>6}  {seconds:>7.2}  {:>8.1}", LOGINS as f64 / seconds);
    }
}

fn user(number: usize) -> String {
    format!("bench{}@example.com", number % USERS)
}

/// Users with verified addresses: each is challenged by email at once.
async fn seeded_world() -> World {
    let users: Vec<_> = (0..USERS)
        .map(|number| json!({ "email": user(number), "password": "pwd", "email_verified": true }))
        .collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(json!({ "users": users }).to_string().as_bytes()).unwrap();
    World::with(|options| options.seed = Some(file.path().to_owned())).await
}

/// Gives every user a hash of the same password with the least work there is.
async fn make_hashes_cheap(world: &World) {
    let least = Params::new(Params::MIN_M_COST, Params::MIN_T_COST, Params::MIN_P_COST, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, least);
    let hash: PasswordHash = argon2.hash_password_with_salt(b"pwd", b"a salt of no use").unwrap();
    for number in 0..USERS {
        let login = format!("LOGIN#{DEFAULT_CONNECTION}#{}", user(number));
        let store = &world.twin.app.store;
        let change = store.dynamodb().update_item().table_name(store.table());
        let change = change.key("pk", AttributeValue::S(login)).key("sk", AttributeValue::S("LOGIN".into()));
        let change = change.condition_expression("attribute_exists(password_hash)");
        let change = change.update_expression("SET password_hash = :hash");
        change
            .expression_attribute_values(":hash", AttributeValue::S(hash.to_string()))
            .send()
            .await
            .unwrap();
    }
}

async fn run(world: &Arc<World>, clients: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (world, next) = (Arc::clone(world), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= LOGINS {
                        return;
                    }
                    log_in_by_email(&world, &user(number)).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn log_in_by_email(world: &World, address: &str) {
    let login = world.log_in(address).await;
    let challenge = world.challenge_any(&login.mfa_token).await;
    assert_eq!(challenge.status, 200, "{}", challenge.body);
    let tokens = world.oob(&login.mfa_token, &challenge.text("oob_code"), &world.code(address)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}
