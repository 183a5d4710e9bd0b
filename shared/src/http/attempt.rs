//! An attempt that is charged while it is found out who asks.

use crate::rules::limit::Charge;
use crate::store::Store;
use crate::store::limits::{LimitKey, Taken};
use crate::wire::refusal::Refusal;

/// Lets an attempt go on whose asker is admitted and whose budget had room. Who is refused is told that, whatever the
/// budget says, and pays nothing: what the attempt guards was never looked at.
///
/// # Errors
/// The refusal of the asker, else what `spent` makes of the seconds until an attempt has come back; or a failure to take
/// the charge back.
pub async fn admit_charged<T>(
    store: &Store,
    limit: &LimitKey,
    attempt: Taken,
    admitted: Result<T, Refusal>,
    spent: impl FnOnce(u64) -> Refusal,
) -> Result<(T, Charge), Refusal> {
    match (admitted, attempt) {
        (Ok(admitted), Taken::Charged(charge)) => Ok((admitted, charge)),
        (Ok(_), Taken::Spent { retry_after }) => Err(spent(retry_after)),
        (Err(refusal), Taken::Charged(charge)) => {
            store.undo_attempt(limit, &charge).await?;
            Err(refusal)
        }
        (Err(refusal), Taken::Spent { .. }) => Err(refusal),
    }
}
