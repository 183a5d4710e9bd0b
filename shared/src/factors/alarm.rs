//! Telling a user that answers were wrong too often: one more write, once for each block, after the answer is decided.

use crate::app::App;
use crate::audit::trail::{self, Fact};
use crate::id::ClientId;
use crate::rules::limit::Charge;
use crate::rules::notice::NoticeKind;
use crate::store::limits::LimitKey;
use crate::store::notices::{Notice, Recipient};

/// Leaves a notice when the wrong answer that `charge` was taken for spent the budget or reached the hard cap. That it
/// cannot be written is logged and changes nothing: a budget is spent again soon, and then tells.
pub async fn raise(app: &App, limit: &LimitKey, charge: &Charge, to: Recipient, client: &ClientId) {
    let Some(kind) = limit.alarm(charge) else { return };
    if matches!(kind, NoticeKind::PasswordBlocked | NoticeKind::AuthenticatorLocked) {
        trail::fact(Fact::Blocks);
    }
    let Ok(notice) = Notice::new(kind, to, limit.factor(), client, &app.random, app.now()) else { return };
    // The answer waits for it, a little: what a Lambda has answered may not go on.
    let written =
        tokio::time::timeout(app.config.timeouts.notice, app.store.raise(limit, charge, &notice)).await;
    if !matches!(written, Ok(Ok(_))) {
        tracing::warn!(event = "notice_not_written", kind = kind.as_str());
    }
}
