//! What can happen, by Auth0's event codes where there is one (contract §7).

/// An act worth remembering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A write through the Management API that was done.
    OperationSucceeded,
    /// A request to the Management API that was refused.
    OperationFailed,
    /// The second factor is due.
    MfaRequired,
    /// A password was exchanged for tokens.
    PasswordExchanged,
    /// A password was wrong, or nobody has the login.
    WrongPassword,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 5] = [
        Self::OperationSucceeded,
        Self::OperationFailed,
        Self::MfaRequired,
        Self::PasswordExchanged,
        Self::WrongPassword,
    ];

    /// Its code, the `type` of a log entry.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// What it means, for people.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::OperationSucceeded => ("sapi", "Success API Operation"),
            Self::OperationFailed => ("fapi", "Failed API Operation"),
            Self::MfaRequired => ("mfar", "MFA required"),
            Self::PasswordExchanged => ("sepft", "Success exchange of password for access token"),
            Self::WrongPassword => ("fp", "Wrong password, or no such user"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_events_share_a_code() {
        let codes: HashSet<_> = Event::ALL.map(Event::code).into();
        assert_eq!(codes.len(), Event::ALL.len());
    }
}
