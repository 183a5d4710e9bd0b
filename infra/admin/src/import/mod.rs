//! `postern import`: users move in from elsewhere.
//!
//! A thread reads the export and hands rows on in batches; several batches are written at once, each by one transaction;
//! what became of them is taken down in the order of the rows.

mod batch;
mod checkpoint;
mod factors;
mod hash;
mod ledger;
mod reason;
mod row;
mod rows;
mod summary;
mod worker;

use std::path::{Path, PathBuf};
use std::pin::pin;

use clap::{Args, Subcommand};
use postern::time::Stopwatch;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::output::{Answer, Output};
use crate::progress::Progress;
use crate::terminal::interrupted;
use crate::{CommandError, Done, End};
use batch::{Batch, Feeder};
use checkpoint::Checkpoint;
use ledger::Ledger;
use rows::Rows;
pub use summary::Summary;
pub use worker::Importer;

/// Batches that are read ahead of the writing.
const AHEAD: usize = 32;

/// From where users move in.
#[derive(Subcommand)]
pub enum Import {
    /// From Auth0: an export of users or of their password hashes, or a file as its bulk import takes it.
    ///
    /// Ends with status 0 when all rows are done, 3 when some were refused, and 1 when it could not go on; then the same
    /// command goes on where it was.
    #[command(
        after_help = "Examples:\n  postern import auth0 users.ndjson.gz --dry-run\n  postern import auth0 users.ndjson.gz --report refused.ndjson"
    )]
    Auth0(Auth0),
}

/// How to move users in from Auth0.
#[derive(Args, Clone, Debug)]
pub struct Auth0 {
    /// The file: lines of JSON or a JSON array, plain or compressed by gzip.
    #[arg(value_name = "EXPORT")]
    pub export: PathBuf,
    /// Write a line of JSON for each refused row: its line, the user's id, and why.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Only check the rows; nothing is written, and no table is needed.
    #[arg(long)]
    pub dry_run: bool,
    /// Transactions at once.
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub concurrency: u16,
    /// Tries of a transaction, over some seconds, before giving up.
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=30))]
    pub tries: u32,
    /// Take users whose second factors the export does not have: their password alone lets them in, and enrols.
    #[arg(long)]
    pub without_factors: bool,
    /// Begin anew, though an earlier run did not come to its end.
    #[arg(long)]
    pub restart: bool,
}

impl Import {
    pub(crate) async fn run(self, connection: Connection, output: Output) -> Result<Done, CommandError> {
        let Self::Auth0(auth0) = self;
        let stop = interrupted();
        if auth0.dry_run {
            let summary = auth0.run(None, stop).await?;
            return Ok(done(&summary, dry(&summary), output));
        }
        let tenant = connection.open().await?;
        let journal = tenant.journal()?;
        let watch = Stopwatch::start();
        let moved = async {
            let (ring, settings) = (tenant.ring().await?, tenant.store.tenant_settings().await?);
            let importer = Importer::new(tenant.store, ring, settings, tenant.random, tenant.clock);
            auth0.run(Some((importer, &tenant.place)), stop).await
        };
        let summary = journal.recorded("postern import auth0", moved).await?;
        let seconds = watch.elapsed_milliseconds() as f64 / 1_000.0;
        let text = format!("{summary}It took {seconds:.1} s.\n");
        Ok(done(&summary, text, output))
    }
}

fn done(summary: &Summary, text: String, output: Output) -> Done {
    let end = if summary.refused == 0 { End::Complete } else { End::Incomplete };
    Done { text: Answer::new(json!(summary), text).written(output), end }
}

fn dry(summary: &Summary) -> String {
    format!("Nothing was written. If the table were empty:\n{summary}")
}

impl Auth0 {
    /// The usual way for that file.
    #[must_use]
    pub fn of(export: &Path) -> Self {
        Self {
            export: export.to_owned(),
            report: None,
            dry_run: false,
            concurrency: 8,
            tries: 8,
            without_factors: false,
            restart: false,
        }
    }

    /// Moves users in by an importer, which goes by the name that is given with it, or, without one, only checks the
    /// rows. Ends early when `stop` does.
    ///
    /// # Errors
    /// When it could not come to its end: [`CommandError::Interrupted`] where it can go on.
    pub async fn run(
        &self,
        importer: Option<(Importer, &str)>,
        stop: impl Future<Output = ()>,
    ) -> Result<Summary, CommandError> {
        let (importer, into) = importer.unzip();
        let open = |into| Checkpoint::open(&self.export, into, self.restart);
        let mut ledger = Ledger::open(self.report.as_deref(), into.map(open).transpose()?)?;
        let failed = CommandError::file(&self.export);
        let (rows, bytes) = Rows::open(&self.export).map_err(CommandError::file(&self.export))?;
        let mut progress = Progress::new(bytes);
        let done = ledger.summary().rows;
        let (sender, batches) = mpsc::channel(AHEAD);
        let clock = importer.as_ref().map(|it| it.clock().clone()).unwrap_or_else(postern::time::Clock::host);
        let feeder = Feeder::new(rows, clock, self.without_factors, sender);
        let feeder = tokio::task::spawn_blocking(move || feeder.run(done));
        let written = self.write(importer, batches, &mut ledger, &mut progress, stop).await;
        let read = feeder.await.map_err(|_| CommandError::Stopped).and_then(|read| read.map_err(failed));
        progress.end();
        match written.and(read) {
            Ok(()) => ledger.end(),
            Err(error) => {
                ledger.save()?;
                let rows = ledger.summary().rows;
                Err(if into.is_some() {
                    CommandError::Interrupted { rows, error: Box::new(error) }
                } else {
                    error
                })
            }
        }
    }

    /// Writes batches as they come, and takes down what became of them. What was begun when something fails is brought to
    /// its end.
    async fn write(
        &self,
        importer: Option<Importer>,
        mut batches: mpsc::Receiver<Batch>,
        ledger: &mut Ledger,
        progress: &mut Progress,
        stop: impl Future<Output = ()>,
    ) -> Result<(), CommandError> {
        let mut stop = pin!(stop);
        let mut writing = JoinSet::new();
        let mut result = Ok(());
        let mut is_over = false;
        loop {
            let has_room = !is_over && writing.len() < usize::from(self.concurrency);
            tokio::select! {
                biased;
                Some(done) = writing.join_next() => {
                    let settled = match done {
                        Ok(Ok(settled)) => ledger.settle(settled),
                        Ok(Err(error)) => Err(error),
                        Err(_) => Err(CommandError::Stopped),
                    };
                    progress.show(ledger.summary().rows);
                    is_over |= settled.is_err();
                    result = result.and(settled);
                }
                () = &mut stop, if !is_over => {
                    is_over = true;
                    result = Err(CommandError::Stopped);
                }
                batch = batches.recv(), if has_room => match batch {
                    Some(batch) => {
                        let (importer, tries) = (importer.clone(), self.tries);
                        writing.spawn(async move { worker::write(importer, batch, tries).await });
                    }
                    None => is_over = true,
                },
                else => return result,
            }
        }
    }
}
