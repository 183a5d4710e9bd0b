//! `postern`: the operator's command line.

use std::io::{self, Write};
use std::process::ExitCode;

use admin::Arguments;
use clap::Parser;

/// Some rows of an import were refused; the others are done.
const INCOMPLETE: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().run().await {
        Ok(done) => {
            let written = io::stdout().write_all(done.text.as_bytes()).and_then(|()| io::stdout().flush());
            match (written, done.is_complete) {
                (Ok(()), true) => ExitCode::SUCCESS,
                (Ok(()), false) => ExitCode::from(INCOMPLETE),
                (Err(_), _) => ExitCode::FAILURE,
            }
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "postern: {error}");
            ExitCode::FAILURE
        }
    }
}
