//! What became of each row, in the order of the rows whatever order they are done in: the report, the summary, and how
//! far a run that ends early has come.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use postern::store::import::Arrival;
use serde::Serialize;

use super::batch::Row;
use super::checkpoint::Checkpoint;
use super::reason::Reason;
use super::summary::Summary;
use crate::CommandError;

/// Rows between two checkpoints. What is done twice after a sudden end is found to be there already.
const CHECKPOINT_ROWS: u64 = 1_000;

/// A batch that was dealt with: each row with what became of it.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) number: u64,
    pub(crate) rows: Vec<(Row, Result<Arrival, Reason>)>,
}

/// Takes down what became of rows.
pub(crate) struct Ledger {
    /// Of the batch that is next in order.
    next: u64,
    waiting: BTreeMap<u64, Settled>,
    summary: Summary,
    report: Option<Report>,
    checkpoint: Option<Checkpoint>,
    saved_at: u64,
}

impl Ledger {
    /// A new one, or one that goes on where the checkpoint says.
    pub(crate) fn open(report: Option<&Path>, checkpoint: Option<Checkpoint>) -> Result<Self, CommandError> {
        let summary = checkpoint.as_ref().map(|it| it.summary().clone()).unwrap_or_default();
        let length = checkpoint.as_ref().map_or(0, Checkpoint::report_bytes);
        let report = report.map(|path| Report::open(path, length)).transpose()?;
        let saved_at = summary.rows;
        Ok(Self { next: 0, waiting: BTreeMap::new(), summary, report, checkpoint, saved_at })
    }

    pub(crate) fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Takes down a batch, as soon as all before it were.
    pub(crate) fn settle(&mut self, settled: Settled) -> Result<(), CommandError> {
        self.waiting.insert(settled.number, settled);
        while let Some(settled) = self.waiting.remove(&self.next) {
            for (row, outcome) in &settled.rows {
                match outcome {
                    Ok(arrival) => self.summary.settle(row, *arrival),
                    Err(reason) => {
                        self.summary.refuse(reason);
                        if let Some(report) = &mut self.report {
                            report.add(row, reason)?;
                        }
                    }
                }
            }
            self.next += 1;
        }
        if self.summary.rows - self.saved_at >= CHECKPOINT_ROWS { self.save() } else { Ok(()) }
    }

    /// Keeps how far it is.
    pub(crate) fn save(&mut self) -> Result<(), CommandError> {
        let length = self.report.as_mut().map_or(Ok(0), Report::flush)?;
        self.saved_at = self.summary.rows;
        match &mut self.checkpoint {
            Some(checkpoint) => checkpoint.save(&self.summary, length),
            None => Ok(()),
        }
    }

    /// All is done.
    pub(crate) fn end(mut self) -> Result<Summary, CommandError> {
        if let Some(report) = &mut self.report {
            report.flush()?;
        }
        if let Some(checkpoint) = self.checkpoint {
            checkpoint.remove()?;
        }
        Ok(self.summary)
    }
}

/// A refused row as the report has it: never an address, a number or a hash.
#[derive(Serialize)]
struct Refused<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    reason: String,
}

/// The report: a line of JSON for each refused row.
struct Report {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
}

impl Report {
    /// What an earlier run wrote after its last checkpoint is written again.
    fn open(path: &Path, bytes: u64) -> Result<Self, CommandError> {
        let failed = CommandError::file(path);
        let open = || {
            let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(path)?;
            if file.metadata()?.len() < bytes {
                let text =
                    "the report that the earlier run began is not there: name it again, or give --restart";
                return Err(io::Error::new(io::ErrorKind::NotFound, text));
            }
            file.set_len(bytes)?;
            file.seek(SeekFrom::Start(bytes))?;
            Ok(BufWriter::new(file))
        };
        let file = open().map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, bytes })
    }

    fn add(&mut self, row: &Row, reason: &Reason) -> Result<(), CommandError> {
        let user_id = row.user_id.as_ref().map(|id| id.as_str());
        let refused = Refused { line: row.line, user_id, reason: reason.to_string() };
        let mut line = serde_json::to_vec(&refused).unwrap_or_default();
        line.push(b'\n');
        self.bytes += line.len() as u64;
        self.file.write_all(&line).map_err(CommandError::file(&self.path))
    }

    fn flush(&mut self) -> Result<u64, CommandError> {
        let flushed = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        flushed.map_err(CommandError::file(&self.path))?;
        Ok(self.bytes)
    }
}
