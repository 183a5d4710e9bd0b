//! `postern`, the operator's command: its arguments, and what each subcommand does.

mod apis;
mod bounces;
mod clients;
mod clock;
mod connection;
mod doctor;
mod error;
pub mod export;
mod factors;
pub mod import;
mod init;
mod journal;
mod keys;
mod management;
mod output;
mod progress;
mod properties;
mod templates;
mod terminal;
mod users;

use clap::{CommandFactory, Parser, Subcommand};

use connection::{Connection, Tenant};
pub use error::CommandError;
use output::{Answer, Output};

/// Operates a deployment of Postern: in AWS, or a twin on this machine.
#[derive(Parser)]
#[command(
    name = "postern",
    version,
    after_help = "Examples:
  postern --twin clients list
  POSTERN_TABLE=… POSTERN_KMS_KEY=… POSTERN_ISSUER=https://login.example.com postern doctor

A new tenant: init, apis create, clients create, factors enable, factors policy, users create or import, doctor.
Each command says more by --help."
)]
pub struct Arguments {
    /// How to answer.
    #[arg(long, short, value_enum, default_value_t, global = true)]
    output: Output,
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Group(Group),
    /// Move users in from elsewhere, with their passwords and second factors.
    #[command(subcommand)]
    Import(import::Import),
    /// Write all users to a file, in the form that `import auth0` reads.
    #[command(after_help = "Example:\n  postern export users.ndjson.gz")]
    Export(export::Export),
    /// Check a deployment end to end, and say how to mend what is wrong.
    #[command(
        after_help = "Example:\n  postern doctor --mail-from login@example.com --mail-to me@example.com"
    )]
    Doctor(doctor::Doctor),
    /// Print what completes this command in a shell.
    #[command(
        after_help = "Example:\n  postern completions bash > ~/.local/share/bash-completion/completions/postern"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What answers by data.
#[derive(Subcommand)]
enum Group {
    /// Make the first keys and the first client of the Management API, whose secret is printed once.
    #[command(after_help = "Example:\n  postern --twin init --name 'My tools'")]
    Init(init::Init),
    /// The APIs that tokens are for.
    #[command(subcommand)]
    Apis(apis::Apis),
    /// The tenant's applications, and which APIs they may get in their own name.
    #[command(subcommand)]
    Clients(clients::Clients),
    /// Which second factors users may use, and when one is asked for.
    #[command(subcommand)]
    Factors(factors::Factors),
    /// The tenant's lifetimes, limits and switches.
    #[command(subcommand)]
    Settings(factors::Settings),
    /// The mails that users get.
    #[command(subcommand)]
    Templates(templates::Templates),
    /// Users, one at a time. A user is named by id or by email address.
    #[command(subcommand)]
    Users(users::Users),
    /// The key generations.
    #[command(subcommand)]
    Keys(keys::Keys),
}

/// What a command has to say, and how it ends.
#[derive(Debug)]
pub struct Done {
    /// For the standard output.
    pub text: String,
    /// How well it went.
    pub end: End,
}

/// How a command ends that could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All is well.
    Complete,
    /// Some rows of an import were refused; the others are done.
    Incomplete,
    /// A check of the deployment failed.
    Unwell,
}

impl From<String> for Done {
    fn from(text: String) -> Self {
        Self { text, end: End::Complete }
    }
}

impl Arguments {
    /// Does it.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn run(self) -> Result<Done, CommandError> {
        let Self { connection, output, command } = self;
        match command {
            Command::Import(import) => import.run(connection, output).await,
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Self::command(), "postern", &mut script);
                Ok(String::from_utf8_lossy(&script).into_owned().into())
            }
            Command::Doctor(doctor) => doctor.run(&connection.open().await?, output).await,
            Command::Export(export) => Ok(export.run(&connection.open().await?).await?.into()),
            Command::Group(group) => {
                Ok(group.answer(&connection.open().await?).await?.written(output).into())
            }
        }
    }
}

impl Group {
    async fn answer(self, tenant: &Tenant) -> Result<Answer, CommandError> {
        match self {
            Self::Init(init) => init.run(tenant).await,
            Self::Clients(clients) => clients.run(tenant).await,
            Self::Apis(apis) => apis.run(tenant).await,
            Self::Users(users) => users.run(tenant).await,
            Self::Factors(factors) => factors.run(tenant).await,
            Self::Settings(settings) => settings.run(tenant).await,
            Self::Templates(templates) => templates.run(tenant).await,
            Self::Keys(keys) => keys.run(tenant).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever asks for help sees how it is done.
    #[test]
    fn every_help_has_an_example() {
        fn check(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            let children: Vec<_> =
                command.get_subcommands().filter(|child| child.get_name() != "help").collect();
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(!children.is_empty() || help.contains("postern "), "{path}");
            children.into_iter().for_each(|child| check(child, &path));
        }
        let command = Arguments::command();
        command.clone().debug_assert();
        check(&command, "");
    }
}
