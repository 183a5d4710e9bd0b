//! Telling a user that answers were wrong too often: one more write, once for each block, after the answer is decided.

use std::time::Duration;

use postern::app::App;
use postern::id::ClientId;
use postern::rules::limit::Charge;
use postern::store::limits::LimitKey;
use postern::store::notices::{Notice, Recipient};

/// How long the answer waits for that write; normally it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// Leaves a notice when the wrong answer that `charge` was taken for spent the budget or reached the hard cap. That it
/// cannot be written is logged and changes nothing: a budget is spent again soon, and then tells.
pub(crate) async fn raise(app: &App, limit: &LimitKey, charge: &Charge, to: Recipient, client: &ClientId) {
    let Some(kind) = limit.alarm(charge) else { return };
    let Ok(notice) = Notice::new(kind, to, limit.factor(), client, &app.random, app.now()) else { return };
    let written = tokio::time::timeout(PATIENCE, app.store.raise(limit, charge, &notice)).await;
    if !matches!(written, Ok(Ok(_))) {
        tracing::warn!(event = "notice_not_written", kind = kind.as_str());
    }
}
