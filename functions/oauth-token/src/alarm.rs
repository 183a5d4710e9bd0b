//! Telling a user that passwords were wrong too often.

use postern::app::App;
use postern::factors::alarm::raise;
use postern::id::ClientId;
use postern::rules::limit::Charge;
use postern::store::limits::LimitKey;
use postern::store::notices::Recipient;
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
