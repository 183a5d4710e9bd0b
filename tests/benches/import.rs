//! Users per second who move in, by the command's own code, into a twin in memory or on the disk, in the profile of
//! `cargo run`:
//!
//! `cargo bench --workspace --profile dev --bench import`, or `… -- 100000 16` for as many rows, and as many
//! transactions at once.
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

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use admin::import::Auth0;
use local::aws::Storage;
use postern::time::{Clock, Stopwatch};
use serde_json::json;
use support::{World, bcrypt_of};

const ROWS: usize = 20_000;
const CONCURRENCY: u16 = 8;

#[tokio::main]
async fn main() {
    // Cargo's own `--bench` comes among them.
    let numbers: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let rows = numbers.first().copied().unwrap_or(ROWS);
    let concurrency = numbers.get(1).map_or(CONCURRENCY, |number| u16::try_from(*number).unwrap());
    let directory = tempfile::tempdir().unwrap();
    let export = directory.path().join("export.json");
    generate(&export, rows);
    let auth0 = Auth0 { concurrency, ..Auth0::of(&export) };
    println!("what                          rows  seconds    users/s");
    let watch = Stopwatch::start();
    let dry = Auth0 { dry_run: true, ..auth0.clone() };
    assert_eq!(dry.run(None, std::future::pending()).await.unwrap().imported, rows as u64);
    report("read and checked", rows, &watch);
    let storages = [
        ("moved into memory", Storage::Memory),
        ("moved onto the disk", Storage::Directory(directory.path().join("twin"))),
    ];
    for (what, storage) in storages {
        let world = World::with(|options| {
            options.storage = storage;
            options.clock = Clock::host();
        })
        .await;
        let watch = Stopwatch::start();
        let summary = auth0.run(Some((world.importer().await, what)), std::future::pending()).await.unwrap();
        report(what, rows, &watch);
        assert_eq!(summary.imported, rows as u64);
    }
}

fn report(what: &str, rows: usize, watch: &Stopwatch) {
    let seconds = watch.elapsed_milliseconds().max(1) as f64 / 1_000.0;
    println!("{what:<24}  {rows:>8}  {seconds:>7.2}  {:>9.0}", rows as f64 / seconds);
}

/// Users as a usual export has them.
fn generate(path: &Path, rows: usize) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let hash = bcrypt_of("pwd");
    for number in 0..rows {
        let row = json!({
            "user_id": format!("auth0|{number:024x}"), "email": format!("user{number}@example.com"),
            "email_verified": true, "name": format!("User {number}"), "nickname": format!("user{number}"),
            "picture": format!("https://s.gravatar.com/avatar/{number:032x}?s=480&r=pg"),
            "created_at": "2019-01-10T21:58:59.123Z", "updated_at": "2020-01-10T21:58:59.123Z",
            "user_metadata": { "lang": "en" }, "password_hash": hash,
        });
        writeln!(file, "{row}").unwrap();
    }
    file.flush().unwrap();
}
