//! `postern`, the operator's command: its arguments, and what each subcommand does.

mod connection;
mod error;
pub mod export;
pub mod import;
mod init;
mod keys;
mod progress;

use clap::{CommandFactory, Parser, Subcommand};

use connection::Connection;
pub use error::CommandError;

/// Operates a deployment of Postern: in AWS, or a twin on this machine.
#[derive(Parser)]
#[command(name = "postern", version)]
pub struct Arguments {
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
    /// Move users in from elsewhere, with their passwords and second factors.
    #[command(subcommand)]
    Import(import::Import),
    /// Write all users to a file, in the form that `import auth0` reads.
    Export(export::Export),
    /// Print what completes this command in a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What a command has to say, and how it ends.
#[derive(Debug)]
pub struct Done {
    /// For the standard output.
    pub text: String,
    /// Whether all was done that was asked for; not where rows were refused.
    pub is_complete: bool,
}

impl From<String> for Done {
    fn from(text: String) -> Self {
        Self { text, is_complete: true }
    }
}

impl Arguments {
    /// Does it.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn run(self) -> Result<Done, CommandError> {
        let Self { connection, command } = self;
        match command {
            Command::Init(init) => Ok(init.run(&connection.open().await?).await?.into()),
            Command::Keys(keys) => Ok(keys.run(&connection.open().await?).await?.into()),
            Command::Import(import) => import.run(connection).await,
            Command::Export(export) => Ok(export.run(&connection.open().await?).await?.into()),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Self::command(), "postern", &mut script);
                Ok(String::from_utf8_lossy(&script).into_owned().into())
            }
        }
    }
}
