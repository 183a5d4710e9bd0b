//! What a mail is in the audit log (SEC-40).

use postern::audit::Event;

use crate::mail::Outcome;

/// What was to be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mailed {
    /// A security notice, or a link to a new password or to the page that enrols.
    Notification,
    /// A link that verifies an address.
    Verification,
}

/// The event of a mail. What was not to be mailed is none; nor is what is tried again, until it is given up as a dead
/// letter, which has a queue of its own.
pub(crate) fn event(mailed: Mailed, outcome: Outcome) -> Option<Event> {
    match (outcome, mailed) {
        (Outcome::Sent, Mailed::Notification) => Some(Event::NotificationSent),
        (Outcome::Sent, Mailed::Verification) => Some(Event::VerificationMailed),
        (Outcome::Refused, Mailed::Notification) => Some(Event::NotificationFailed),
        (Outcome::Refused, Mailed::Verification) => Some(Event::VerificationNotMailed),
        (Outcome::Over | Outcome::SwitchedOff | Outcome::Needless | Outcome::Nobody | Outcome::Enough, _) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_mailed_or_cannot_be_has_an_event() {
        let codes = |outcome| {
            [Mailed::Notification, Mailed::Verification].map(|it| event(it, outcome).map(Event::code))
        };
        assert_eq!(codes(Outcome::Sent), [Some("sn"), Some("svr")]);
        assert_eq!(codes(Outcome::Refused), [Some("fn"), Some("fvr")]);
        assert_eq!(codes(Outcome::Nobody), [None, None]);
    }
}
