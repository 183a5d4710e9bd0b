//! `postern`: the operator's command line.

use std::io::{self, Write};
use std::process::ExitCode;

use admin::{Arguments, End};
use clap::Parser;

/// The status of a command whose standard output went away, or that found a deployment unwell.
const FAILED: u8 = 1;
/// Some rows of an import were refused; the others are done.
const INCOMPLETE: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().run().await {
        Ok(done) => {
            let written = io::stdout().write_all(done.text.as_bytes()).and_then(|()| io::stdout().flush());
            match (written, done.end) {
                (Ok(()), End::Complete) => ExitCode::SUCCESS,
                (Ok(()), End::Incomplete) => ExitCode::from(INCOMPLETE),
                (Ok(()), End::Unwell) | (Err(_), _) => ExitCode::from(FAILED),
            }
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "postern: {error}");
            ExitCode::FAILURE
        }
    }
}
