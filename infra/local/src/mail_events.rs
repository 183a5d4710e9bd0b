//! What SES tells of mails in the twin: what EventBridge's rule and Lambda do with it, down to retries and dead letters,
//! for the function `mail-events`.

use std::sync::Arc;
use std::time::Duration;

use postern::app::App;
use postern::time::pause;
use serde_json::Value;
use tokio::sync::{Mutex, Notify};

use crate::aws::{Feedback, handed_over, in_request};

/// Tries before an event is given up, as in AWS: the first, and two more.
const TRIES: u32 = 3;
/// The pause after the first failure; it doubles. AWS's are minutes.
const PAUSE: Duration = Duration::from_millis(10);

/// Takes events from SES to the function that marks addresses. Clones share the way.
#[derive(Clone, Debug)]
pub struct MailEvents {
    app: App,
    feedback: Feedback,
    /// The event that is being taken in: whoever delivers may be cancelled at any time.
    current: Arc<Mutex<Option<Value>>>,
    /// Those that were given up.
    dead: Arc<std::sync::Mutex<Vec<Value>>>,
}

impl MailEvents {
    pub(crate) fn new(app: App, feedback: Feedback) -> Self {
        Self { app, feedback, current: Arc::default(), dead: Arc::default() }
    }

    /// Has every event so far taken in, or given up.
    pub async fn deliver(&self) {
        let mut current = self.current.lock().await;
        loop {
            if current.is_none() {
                *current = self.feedback.take().as_ref().map(handed_over);
            }
            let Some(event) = current.clone() else { return };
            self.hand_over(event).await;
            *current = None;
        }
    }

    /// The events given up so far, oldest first.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<Value> {
        self.dead.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Told of every event.
    pub(crate) fn told(&self) -> Arc<Notify> {
        self.feedback.told()
    }

    async fn hand_over(&self, event: Value) {
        for tried in 1..=TRIES {
            let taken = mail_events::handle(&self.app, event.clone());
            if in_request("mail-events", taken).await.is_ok() {
                return;
            }
            if tried < TRIES {
                pause(PAUSE * (1 << tried)).await;
            }
        }
        tracing::error!(event = "mail_event_dead_letter", tries = TRIES);
        self.dead.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event);
    }
}
