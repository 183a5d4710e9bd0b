//! `postern`: the operator's command line.

mod connection;
mod init;
mod keys;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use connection::Connection;

/// Operates a deployment of Postern: in AWS, or a twin on this machine.
#[derive(Parser)]
#[command(name = "postern", version)]
struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the first keys and the first client of the Management API, whose secret is printed once.
    Init(init::Init),
    /// List key generations, or add new ones.
    #[command(subcommand)]
    Keys(keys::Keys),
}

/// Why a command failed, in words an operator can act on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// A setting is missing or wrong.
    #[error("{0}")]
    Setting(String),
    /// The table failed.
    #[error("{0}: check the table's name, the region and your credentials")]
    Store(#[from] postern::store::StoreError),
    /// Keys could not be made.
    #[error("{0}: check that the KMS key exists, is enabled, and that you may use it")]
    Keys(#[from] postern::token::rotation::RotationError),
    /// No randomness.
    #[error("the operating system gave no randomness")]
    Random,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(text) => {
            let written = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "postern: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<String, CommandError> {
    let tenant = arguments.connection.open().await?;
    match arguments.command {
        Command::Init(init) => init.run(&tenant).await,
        Command::Keys(keys) => keys.run(&tenant).await,
    }
}
