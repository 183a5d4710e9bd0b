//! What the Lambda binaries cost: size, time from process start to the first response through the Runtime API, and
//! peak memory, beside a bare lambda_http function in the same run. Milliseconds from the start of the process: until it
//! asks for its first event (keys and settings are then read and unwrapped), until its first reply when the event needs
//! no call to AWS, also as so many times that of the bare function, which is started in turns with it; and until its first
//! reply to a full request of its own, with all calls that takes; then another full request. Ends with an error when a
//! binary, its memory or its start is over its budget: to be run on a quiet machine.
//!
//! ```text
//! cargo build --profile shipped -p hello-lambda $(ls functions | sed 's/^/-p /')
//! cargo bench --workspace --bench functions
//! ```
//!
//! Names after `--` choose functions: `… --bench functions -- mfa-challenge`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]
#![allow(dead_code, unused_imports, reason = "the harness of the tests is shared whole")]

#[path = "../../lambda/function.rs"]
mod function;
#[path = "../../black_box/http_server.rs"]
mod http_server;
#[path = "../../black_box/support/mod.rs"]
mod support;

mod cases;
mod measure;

mod binaries {
    use std::path::PathBuf;

    /// Where `--profile shipped` puts a binary; `POSTERN_BINARIES` names another directory.
    pub(crate) fn binary(name: &str) -> PathBuf {
        let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/shipped");
        PathBuf::from(std::env::var("POSTERN_BINARIES").unwrap_or_else(|_| built.to_owned())).join(name)
    }
}

mod template {
    pub(crate) struct Function {
        pub(crate) binary: String,
        pub(crate) timeout: u64,
    }
}

use std::process::ExitCode;

use cases::{Tenant, bare, cases};
use measure::{HEADINGS, Measured, measure};

#[tokio::main]
async fn main() -> ExitCode {
    let tenant = Tenant::new().await;
    println!("{HEADINGS}");
    let bare = bare();
    println!("{}", measure(&tenant.world, &bare, &bare).await.row());
    let mut over = Vec::new();
    let chosen: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    for case in cases(&tenant).await {
        if !chosen.is_empty() && !chosen.iter().any(|name| name == case.binary) {
            continue;
        }
        let measured = measure(&tenant.world, &case, &bare).await;
        println!("{}", measured.row());
        over.extend(measured.over_budget());
    }
    for problem in &over {
        println!("OVER BUDGET: {problem}");
    }
    if over.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
