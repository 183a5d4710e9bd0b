//! The way of the audit log in the twin: what CloudWatch Logs' subscription does with the functions' lines, down to
//! retries, for the function `audit`.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use audit::Intake;
use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use postern::audit::Record;
use postern::time::pause;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Mutex, Notify};

use crate::aws::in_request;

/// Lines the function gets at once. AWS fills a megabyte.
const LINES_MAX: usize = 500;
/// Tries before lines are given up, as in AWS: the first, and two more.
const TRIES: u32 = 3;
/// The pause after the first failure; it doubles. AWS's are minutes.
const PAUSE: Duration = Duration::from_millis(10);

/// Takes records from the handlers to the function that keeps them. Clones share the way.
#[derive(Clone, Debug)]
pub struct AuditTrail {
    intake: Intake,
    reader: Arc<Mutex<Reader>>,
    written: Arc<Notify>,
}

/// What the handlers wrote, and what was read of it and not kept yet: whoever delivers may be cancelled at any time.
#[derive(Debug)]
struct Reader {
    records: Option<UnboundedReceiver<Record>>,
    waiting: VecDeque<Record>,
}

impl AuditTrail {
    /// Follows the handlers of the intake's app.
    pub(crate) fn new(intake: Intake) -> Self {
        let reader = Reader { records: intake.app.audit.follow(), waiting: VecDeque::new() };
        Self { intake, reader: Arc::new(Mutex::new(reader)), written: Arc::default() }
    }

    /// Has every record written so far kept, or given up.
    pub async fn deliver(&self) {
        let mut reader = self.reader.lock().await;
        let Reader { records, waiting } = &mut *reader;
        while let Some(record) = records.as_mut().and_then(|records| records.try_recv().ok()) {
            waiting.push_back(record);
        }
        let mut tries = 0;
        while !waiting.is_empty() {
            let batch: Vec<_> = waiting.iter().take(LINES_MAX).cloned().collect();
            tries += 1;
            let taken = in_request("audit", audit::handle(&self.intake, event(&batch))).await.is_ok();
            if !taken && tries < TRIES {
                pause(PAUSE * (1 << tries)).await;
                continue;
            }
            if !taken {
                tracing::error!(event = "audit_records_lost", count = batch.len());
            }
            waiting.drain(..batch.len());
            tries = 0;
        }
    }

    /// Something may have been written.
    pub(crate) fn wake(&self) {
        self.written.notify_one();
    }

    /// Delivers whenever something may have been written.
    pub(crate) async fn follow(&self) {
        loop {
            self.written.notified().await;
            self.deliver().await;
        }
    }
}

/// The lines of those records as a subscription delivers them.
#[must_use]
pub fn event(records: &[Record]) -> Value {
    let lines = records.iter().map(|record| {
        let mut line = serde_json::to_value(record).unwrap_or_default();
        if let Some(line) = line.as_object_mut() {
            line.insert("event".to_owned(), audit::EVENT.into());
        }
        line.to_string()
    });
    event_of_lines(lines)
}

/// Lines as a subscription delivers them.
pub fn event_of_lines(lines: impl IntoIterator<Item = String>) -> Value {
    let lines = lines.into_iter().enumerate();
    let events =
        lines.map(|(number, line)| json!({ "id": number.to_string(), "timestamp": 0, "message": line }));
    let batch = json!({
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": "/aws/lambda/postern",
        "logStream": "twin",
        "subscriptionFilters": ["audit"],
        "logEvents": events.collect::<Vec<_>>(),
    });
    let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail.
    let zipped = zip.write_all(batch.to_string().as_bytes()).and_then(|()| zip.finish()).unwrap_or_default();
    json!({ "awslogs": { "data": BASE64.encode(&zipped) } })
}
