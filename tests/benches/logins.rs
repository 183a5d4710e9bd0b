//! Complete email logins per second through the twin, in the profile of `cargo run`:
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

use postern::time::Stopwatch;
use serde_json::json;
use support::{Login, World};

const USERS: usize = 32;
const LOGINS: usize = 256;

#[tokio::main]
async fn main() {
    println!("clients  password  logins  seconds  logins/s");
    for (clients, with_password) in [(1, true), (16, true), (1, false), (16, false)] {
        let world = Arc::new(seeded_world().await);
        let watch;
        if with_password {
            watch = Stopwatch::start();
            run(&world, clients, Vec::new()).await;
        } else {
            // The first factor is proven beforehand: what is measured is the second one alone.
            let mut ready = Vec::with_capacity(LOGINS);
            for number in 0..LOGINS {
                ready.push(world.log_in(&user(number)).await);
            }
            watch = Stopwatch::start();
            run(&world, clients, ready).await;
        }
        let seconds = watch.elapsed_milliseconds() as f64 / 1_000.0;
        let hashed = if with_password { "hashed" } else { "-" };
        println!("{clients:>7}  {hashed:<8}  {LOGINS:>6}  {seconds:>7.2}  {:>8.1}", LOGINS as f64 / seconds);
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

async fn run(world: &Arc<World>, clients: usize, ready: Vec<Login>) {
    let (next, ready) = (Arc::new(AtomicUsize::new(0)), Arc::new(ready));
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (world, next, ready) = (Arc::clone(world), Arc::clone(&next), Arc::clone(&ready));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= LOGINS {
                        return;
                    }
                    log_in_by_email(&world, &user(number), ready.get(number).cloned()).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn log_in_by_email(world: &World, address: &str, login: Option<Login>) {
    let login = match login {
        Some(login) => login,
        None => world.log_in(address).await,
    };
    let challenge = world.challenge_any(&login.mfa_token).await;
    assert_eq!(challenge.status, 200, "{}", challenge.body);
    let tokens = world.oob(&login.mfa_token, &challenge.text("oob_code"), &world.code(address)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}
