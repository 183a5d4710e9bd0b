//! What commands do, in the audit log (SEC-40): no log stream leads from here to it, so the command writes it itself.

use std::io::{self, Write};
use std::sync::Mutex;

use postern::app::App;
use postern::audit::{self, Event, Record, of_system, trail};
use postern::id::ClientId;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::CommandError;

/// What the command is called where a client's id stands: in logs, and with the notices that users are mailed. No client
/// that is made has it.
pub(crate) const CLIENT: &str = "postern-command";

/// Digits of the id that the records of one command have in common.
const ID_DIGITS: usize = 32;

/// The audit log, open for a command.
pub(crate) struct Journal {
    pub(crate) app: App,
    /// What was done and not written yet.
    records: Mutex<UnboundedReceiver<Record>>,
}

impl Journal {
    /// Takes down what handlers and commands record on this app from now on.
    pub(crate) fn of(app: App) -> Result<Self, CommandError> {
        let records = Mutex::new(app.audit.follow().ok_or_else(CommandError::unanswered)?);
        Ok(Self { app, records })
    }

    /// Does something that the Management API has no operation for, and records it as one. `command` stands where a
    /// request's route does: as it is typed, without what it is about.
    pub(crate) async fn recorded<T>(
        &self,
        command: &str,
        work: impl Future<Output = Result<T, CommandError>>,
    ) -> Result<T, CommandError> {
        let work = async {
            trail::client(&ClientId::new(CLIENT));
            let done = work.await;
            conclude(done.as_ref().err());
            done
        };
        // An id that other records have as well is better than none of them.
        let id = self.app.random.string(b"0123456789abcdef", ID_DIGITS).unwrap_or_default();
        let done = of_system(&self.app, command, &id, Box::pin(work)).await;
        self.write().await;
        done
    }

    /// Writes what was recorded since the last time.
    pub(crate) async fn write(&self) {
        let records: Vec<_> = match self.records.lock() {
            Ok(mut waiting) => std::iter::from_fn(|| waiting.try_recv().ok()).collect(),
            Err(_) => return,
        };
        let kept = self.app.store.keep_records(&records, self.app.config.audit_days).await;
        if kept.is_err() {
            // What was done may have a secret to be shown: it is no failure of the command.
            let _ =
                writeln!(io::stderr(), "warning: the audit log could not be written: it has nothing of this");
        }
    }
}

/// How a command ended; of keys also what was done before it failed.
fn conclude(error: Option<&CommandError>) {
    let Some(error) = error else { return trail::record(Event::OperationSucceeded) };
    if let Some(reason) = error.reason() {
        trail::reason_unless_known(reason);
    }
    if let CommandError::Keys { error, report } = error {
        audit::rotation(report, error.failure());
    }
    trail::record(Event::OperationFailed);
}
