//! Telling a user that answers were wrong too often: one more write, once for each block, after the answer is decided.

use postern::app::App;
use postern::audit::trail::{self, Fact};
use postern::id::ClientId;
use postern::rules::limit::Charge;
use postern::rules::notice::NoticeKind;
use postern::store::limits::LimitKey;
use postern::store::notices::{Notice, Recipient};
use postern::wire::refusal::Refusal;

/// The refusal of a wrong password; when it spent the budget, whoever has that login is told. Whether anybody has it is
/// not looked at: the work is the same (SEC-35).
pub(crate) async fn wrong_password(
    app: &App,
    limit: &LimitKey,
    charge: &Charge,
    client: &ClientId,
) -> Refusal {
    raise(app, limit, charge, Recipient::Login(limit.blocked_source()), client).await;
    Refusal::WrongPassword
}

/// Leaves a notice when the wrong answer that `charge` was taken for spent the budget or reached the hard cap. That it
/// cannot be written is logged and changes nothing: a budget is spent again soon, and then tells.
pub(crate) async fn raise(app: &App, limit: &LimitKey, charge: &Charge, to: Recipient, client: &ClientId) {
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
