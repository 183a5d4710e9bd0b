//! Why a command failed.

use std::io;
use std::path::{Path, PathBuf};

use postern::id::Kid;
use postern::token::rotation::{Report, RotationError};
use serde_json::Value;

use crate::output::harmless;

/// Why a command failed, in words an operator can act on.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A setting is missing or wrong.
    #[error("{0}")]
    Setting(String),
    /// The Management API's rules refused it.
    #[error("{message}{}", mend.map(|mend| format!(": {mend}")).unwrap_or_default())]
    Refused {
        /// The HTTP status that a client of the API would see.
        status: u64,
        /// What is wrong.
        message: String,
        /// What to do about it.
        mend: Option<&'static str>,
    },
    /// The table failed.
    #[error("{0}: check the table's name, the region and your credentials")]
    Store(#[from] postern::store::StoreError),
    /// Keys could not be made.
    #[error("{error}{}: check {}", made_before(&report.made), checks(error))]
    Keys {
        /// Why.
        #[source]
        error: RotationError,
        /// What was done before it failed.
        report: Report,
    },
    /// A secret could not be sealed or opened.
    #[error("a secret of a user could not be sealed or opened: check `postern keys list`")]
    Secret,
    /// No randomness.
    #[error("the operating system gave no randomness")]
    Random,
    /// A file failed.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// How.
        #[source]
        error: io::Error,
    },
    /// An import did not come to its end.
    #[error("{error}; {rows} rows are done: run the same command again, and it goes on from there")]
    Interrupted {
        /// Rows that need not be looked at again.
        rows: u64,
        /// Why.
        #[source]
        error: Box<CommandError>,
    },
    /// Somebody asked a command to stop.
    #[error("stopped")]
    Stopped,
}

/// What to look at when keys could not be made.
fn checks(error: &RotationError) -> &'static str {
    match error {
        RotationError::Store(_) => "the table's name, the region and your credentials",
        _ => "that the KMS key exists, is enabled, and that you may use it",
    }
}

fn made_before(made: &[Kid]) -> String {
    let kids: Vec<_> = made.iter().map(Kid::as_str).collect();
    if kids.is_empty() { String::new() } else { format!(" (made before: {})", kids.join(", ")) }
}

impl CommandError {
    /// There is no key to work with.
    pub(crate) fn no_keys() -> Self {
        let text = "the keys cannot be had: run `postern init` once; after that, `postern doctor` says what is wrong";
        Self::Setting(text.to_owned())
    }

    /// Something was answered that is no answer.
    pub(crate) fn unanswered() -> Self {
        Self::Setting("the request could not be completed: see `postern doctor`".to_owned())
    }

    /// A refusal of the Management API, by its body.
    pub(crate) fn refused(body: &Value) -> Self {
        let text = |name| body.get(name).and_then(Value::as_str);
        Self::Refused {
            status: body.get("statusCode").and_then(Value::as_u64).unwrap_or_default(),
            message: harmless(text("message").unwrap_or("refused").trim_end_matches('.')),
            mend: text("errorCode").and_then(mend),
        }
    }

    /// Why it is in the audit log; nothing where only words say it.
    pub(crate) fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Self::Setting(_) | Self::Refused { .. } => return None,
            Self::Store(_) => "table_failed",
            Self::Keys { error, .. } => error.reason(),
            Self::Secret => "secret_failed",
            Self::Random => "no_randomness",
            Self::File { .. } => "file_failed",
            Self::Interrupted { error, .. } => return error.reason(),
            Self::Stopped => "stopped",
        })
    }

    /// A failure of a file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }
}

/// What to do about a refusal of the Management API.
fn mend(code: &str) -> Option<&'static str> {
    Some(match code {
        "inexistent_client" => "see `postern clients list`",
        "inexistent_client_grant" => "see `postern clients grants`",
        "inexistent_resource_server" => "see `postern apis list`",
        "inexistent_user" => "see `postern users list`, or give the user's address",
        "temporarily_unavailable" => "AWS did not answer as it should: see `postern doctor`",
        "too_many_requests" => "somebody else changes the same: try again",
        _ => return None,
    })
}
