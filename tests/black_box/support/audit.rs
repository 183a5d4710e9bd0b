//! What the audit log says of a test's requests: records are sent before the answer, so nothing has to be waited for.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Mutex;

use postern::audit::Record;
use tokio::sync::OnceCell;
use tokio::sync::mpsc::UnboundedReceiver;

use super::World;

/// Codes of events.
pub(crate) type Codes = BTreeSet<String>;

/// The records since it was begun.
pub(crate) struct Audit {
    records: Mutex<UnboundedReceiver<Record>>,
    codes: Mutex<Codes>,
}

impl World {
    pub(crate) fn audit(&self) -> Audit {
        let records = self.twin.app.audit.follow().expect("nobody of this test follows yet");
        Audit { records: Mutex::new(records), codes: Mutex::default() }
    }
}

impl Audit {
    /// The records since the last look.
    pub(crate) fn taken(&self) -> Vec<Record> {
        let mut receiver = self.records.lock().unwrap();
        let records: Vec<_> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
        self.codes.lock().unwrap().extend(records.iter().map(|record| record.code.clone()));
        records
    }

    /// The same, a line each: `code user client factor reason`, with `-` for what is not known.
    pub(crate) fn lines(&self) -> String {
        let lines: Vec<_> = self.taken().iter().map(line).collect();
        lines.join("\n")
    }

    /// All codes there were.
    pub(crate) fn codes(self) -> Codes {
        self.taken();
        self.codes.into_inner().unwrap()
    }
}

fn line(record: &Record) -> String {
    let user = record.user_id.as_ref().map_or("-", |_| "user");
    let [client, factor, reason] =
        [&record.client_id, &record.factor, &record.reason].map(|member| member.as_deref().unwrap_or("-"));
    format!("{} {user} {client} {factor} {reason}", record.code)
}

/// A flow that two tests look at: its own, and the one that counts which events there are.
pub(crate) struct Recorded {
    run: fn() -> Pin<Box<dyn Future<Output = Codes>>>,
    codes: OnceCell<Codes>,
}

impl Recorded {
    pub(crate) const fn new(run: fn() -> Pin<Box<dyn Future<Output = Codes>>>) -> Self {
        Self { run, codes: OnceCell::const_new() }
    }

    /// Whichever test comes first runs it.
    pub(crate) async fn codes(&self) -> &Codes {
        self.codes.get_or_init(|| async { (self.run)().await }).await
    }
}
