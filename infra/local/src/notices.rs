//! The table's stream in the twin: what AWS's event source mapping does with it, down to retries and dead letters, for
//! the function `notices`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postern::app::App;
use postern::store::{account_mails, notices as stored};
use postern::time::{Timestamp, pause};
use serde::Serialize;
use serde_json::{Value, json};

use crate::aws::{TableStream, in_request};

/// Changes the function gets at once, as in `infra/template.yaml`.
const BATCH_MAX: usize = 10;
/// Tries before a notice becomes a dead letter. AWS has more, over hours.
const TRIES: u32 = 5;
/// The pause after the first failure; it doubles.
const PAUSE: Duration = Duration::from_millis(10);

/// A notice, or a mail with a link, that could not be mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Its id.
    pub notice: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was given up, in epoch seconds of the twin's clock.
    pub at: Timestamp,
}

/// Takes new notices from the table's stream to the function that mails them. Clones share the place in the stream.
#[derive(Clone, Debug)]
pub struct Notices {
    app: App,
    reader: Arc<tokio::sync::Mutex<Reader>>,
    dead: Arc<Mutex<Vec<DeadLetter>>>,
}

/// The stream, and what was read of it and not mailed yet: whoever delivers may be cancelled at any time.
#[derive(Debug)]
struct Reader {
    stream: TableStream,
    waiting: VecDeque<Value>,
}

impl Notices {
    /// From now on: what was written before is not looked at.
    pub(crate) fn new(app: App, stream: TableStream) -> Self {
        let reader = Reader { stream, waiting: VecDeque::new() };
        Self { app, reader: Arc::new(tokio::sync::Mutex::new(reader)), dead: Arc::default() }
    }

    /// Has every notice written so far mailed, or given up.
    pub async fn deliver(&self) {
        let mut reader = self.reader.lock().await;
        loop {
            let changes = reader.stream.read();
            let is_end = changes.is_empty();
            reader.waiting.extend(changes.into_iter().filter(is_new_notice));
            self.hand_over(&mut reader.waiting).await;
            if is_end {
                return;
            }
        }
    }

    /// The notices given up so far, oldest first.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.dead().clone()
    }

    fn dead(&self) -> MutexGuard<'_, Vec<DeadLetter>> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn hand_over(&self, queue: &mut VecDeque<Value>) {
        let mut tries = 0;
        while !queue.is_empty() {
            let batch: Vec<_> = queue.iter().take(BATCH_MAX).cloned().collect();
            let length = batch.len();
            let Some(failed) = self.first_failure(batch).await else {
                queue.drain(..length);
                tries = 0;
                continue;
            };
            if failed > 0 {
                queue.drain(..failed);
                tries = 0;
            }
            tries += 1;
            if tries < TRIES {
                pause(PAUSE * (1 << tries)).await;
            } else {
                self.give_up(queue.pop_front().as_ref(), tries);
                tries = 0;
            }
        }
    }

    /// The first change of the batch that the function wants again; of a batch it fails over as a whole, the first.
    async fn first_failure(&self, batch: Vec<Value>) -> Option<usize> {
        let numbers: Vec<_> =
            batch.iter().map(|change| change.pointer("/dynamodb/SequenceNumber").cloned()).collect();
        let answer = in_request("notices", notices::handle(&self.app, json!({ "Records": batch }))).await;
        let Ok(answer) = answer else { return Some(0) };
        let failed = answer.pointer("/batchItemFailures/0/itemIdentifier").cloned()?;
        Some(numbers.iter().position(|number| *number == Some(failed.clone())).unwrap_or(0))
    }

    fn give_up(&self, change: Option<&Value>, tries: u32) {
        let pk = change.and_then(|change| key(change, "pk")).unwrap_or_default();
        let notice = pk.split_once('#').map_or("", |(_, id)| id).to_owned();
        tracing::error!(event = "dead_letter", notice, tries);
        self.dead().push(DeadLetter { notice, tries, at: self.app.now() });
    }
}

fn key<'a>(change: &'a Value, name: &str) -> Option<&'a str> {
    change.pointer(&format!("/dynamodb/Keys/{name}/S")).and_then(Value::as_str)
}

/// The filter of the event source mapping in `infra/template.yaml`.
fn is_new_notice(change: &Value) -> bool {
    let mailed = [stored::SORT_KEY, account_mails::SORT_KEY];
    change.get("eventName").and_then(Value::as_str) == Some("INSERT")
        && key(change, "sk").is_some_and(|sk| mailed.contains(&sk))
}
