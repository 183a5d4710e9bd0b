//! What a change of one's own factors is in the audit log (SEC-40). A list is a read, and none.

use postern::audit::Event;
use postern::wire::refusal::Refusal;

/// A change that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// An authenticator goes.
    Remove,
    /// The recovery code is replaced.
    Replace,
}

/// The event of a request.
pub(crate) fn event(change: Change, outcome: Result<(), &Refusal>) -> Event {
    match (change, outcome) {
        (Change::Remove, Ok(())) => Event::Unenrolled,
        (Change::Replace, Ok(())) => Event::FactorChanged,
        (_, Err(_)) => Event::ChangeRejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_event() {
        let changes = [Change::Remove, Change::Replace];
        assert_eq!(changes.map(|it| event(it, Ok(())).code()), ["gd_unenroll", "gd_update_device_account"]);
        let refused = changes.map(|it| event(it, Err(&Refusal::BearerInvalid)).code());
        assert_eq!(refused, ["gd_change_rejected"; 2]);
    }
}
