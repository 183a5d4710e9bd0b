//! How long the built twin takes from the start of its process to its first reply, and whether that is within its budget
//! of a second; in the profile of `cargo run`:
//!
//! `cargo bench --workspace --profile dev --bench start`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]
#![allow(dead_code, reason = "the harness of the tests is shared whole")]

#[path = "../lambda/binaries.rs"]
mod binaries;
#[path = "../black_box/support/client.rs"]
mod client;

use std::path::Path;
use std::process::{ExitCode, Stdio};

use client::{Body, Client};
use postern::time::Stopwatch;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const STARTS: usize = 9;
/// Issue 2 "Budgets".
const BUDGET_MILLISECONDS: u64 = 1_000;

#[tokio::main]
async fn main() -> ExitCode {
    let binary = binaries::binary("local");
    let kept = tempfile::tempdir().unwrap();
    // So that there is something to open.
    start(&binary, kept.path(), &["--data", "kept"]).await;
    println!("the twin's first reply                 median ms   most ms   starts");
    let mut is_over = false;
    for (label, flags) in [
        ("--memory", &["--memory"][..]),
        ("--data, a directory of another run", &["--data", "kept"]),
        ("--data, a new directory", &["--data", "new"]),
    ] {
        let mut milliseconds = Vec::new();
        for _ in 0..STARTS {
            let fresh = tempfile::tempdir().unwrap();
            let home = if flags.contains(&"kept") { kept.path() } else { fresh.path() };
            milliseconds.push(start(&binary, home, flags).await);
        }
        milliseconds.sort_unstable();
        let (median, most) = (milliseconds[STARTS / 2], milliseconds[STARTS - 1]);
        println!("{label:<38} {median:>9} {most:>9} {STARTS:>8}");
        is_over |= median > BUDGET_MILLISECONDS;
    }
    if is_over {
        println!("OVER BUDGET: more than {BUDGET_MILLISECONDS} ms");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Milliseconds from the start of the process until the discovery document has been answered.
async fn start(binary: &Path, home: &Path, flags: &[&str]) -> u64 {
    let mut command = Command::new(binary);
    command.args(flags).args(["--port", "0"]).current_dir(home).env_remove("POSTERN_ISSUER");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let watch = Stopwatch::start();
    let mut process = command.spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().expect("the twin starts");
    let url = format!("{}/.well-known/openid-configuration", first.rsplit(' ').next().unwrap());
    let reply = Client::new().send("GET", &url, &[], Body::none()).await;
    let milliseconds = watch.elapsed_milliseconds();
    assert_eq!(reply.status, 200, "{}", reply.body);
    process.kill().await.unwrap();
    milliseconds
}
