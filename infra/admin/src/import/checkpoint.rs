//! How far an import has come, in a file beside the export, so that a run that ended early can go on.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};

use super::summary::Summary;
use crate::CommandError;

/// What is appended to the export's name.
const SUFFIX: &str = ".postern-import";
/// Bytes at the beginning of an export that tell it from others of its length.
const HEAD_BYTES: u64 = 64 * 1024;

/// What is imported where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Job {
    /// The table, in words.
    into: String,
    export_bytes: u64,
    /// SHA-256 of how it begins.
    export_head: String,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    job: Job,
    report_bytes: u64,
    summary: Summary,
}

/// How far an import has come.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    path: PathBuf,
    job: Job,
    report_bytes: u64,
    summary: Summary,
}

impl Checkpoint {
    /// Where an earlier run of the same job ended, or the beginning.
    ///
    /// A file of another job is not overwritten: that job may still be wanted.
    pub(crate) fn open(export: &Path, into: &str, restart: bool) -> Result<Self, CommandError> {
        let job = Job::of(export, into).map_err(CommandError::file(export))?;
        let mut path = export.as_os_str().to_owned();
        path.push(SUFFIX);
        let path = PathBuf::from(path);
        let new = Self { path: path.clone(), job, report_bytes: 0, summary: Summary::default() };
        if restart {
            return Ok(new);
        }
        let stored = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice::<Stored>(&bytes).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(new),
            Err(error) => return Err(CommandError::file(&path)(error)),
        };
        match stored {
            Some(Stored { job, report_bytes, summary }) if job == new.job => {
                Ok(Self { report_bytes, summary, ..new })
            }
            _ => Err(CommandError::Setting(format!(
                "{} tells of another import: finish that one, or give --restart to begin this one",
                path.display()
            ))),
        }
    }

    pub(crate) fn summary(&self) -> &Summary {
        &self.summary
    }

    pub(crate) fn report_bytes(&self) -> u64 {
        self.report_bytes
    }

    /// Replaces the file as a whole: a crash leaves the old one or the new one.
    pub(crate) fn save(&mut self, summary: &Summary, report_bytes: u64) -> Result<(), CommandError> {
        (self.summary, self.report_bytes) = (summary.clone(), report_bytes);
        let stored = Stored { job: self.job.clone(), report_bytes, summary: summary.clone() };
        let written = self.path.with_extension("postern-import.new");
        let replace = || {
            let mut file = File::create(&written)?;
            file.write_all(&serde_json::to_vec_pretty(&stored).unwrap_or_default())?;
            file.sync_data()?;
            fs::rename(&written, &self.path)
        };
        replace().map_err(CommandError::file(&self.path))
    }

    /// Nothing is left to do.
    pub(crate) fn remove(&self) -> Result<(), CommandError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(CommandError::file(&self.path)(error))
            }
            _ => Ok(()),
        }
    }
}

impl Job {
    fn of(export: &Path, into: &str) -> io::Result<Self> {
        let mut head = Vec::new();
        let file = File::open(export)?;
        let export_bytes = file.metadata()?.len();
        file.take(HEAD_BYTES).read_to_end(&mut head)?;
        let export_head = HEXLOWER.encode(digest::digest(&digest::SHA256, &head).as_ref());
        Ok(Self { into: into.to_owned(), export_bytes, export_head })
    }
}
