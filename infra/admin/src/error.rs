//! Why a command failed.

use std::io;
use std::path::{Path, PathBuf};

/// Why a command failed, in words an operator can act on.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A setting is missing or wrong.
    #[error("{0}")]
    Setting(String),
    /// The table failed.
    #[error("{0}: check the table's name, the region and your credentials")]
    Store(#[from] postern::store::StoreError),
    /// Keys could not be made.
    #[error("{0}: check that the KMS key exists, is enabled, and that you may use it")]
    Keys(#[from] postern::token::rotation::RotationError),
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

impl CommandError {
    /// A failure of a file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }
}
