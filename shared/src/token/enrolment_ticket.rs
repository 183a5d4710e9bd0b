//! The ticket in a link to the page that enrols: whoever has it may add a factor to one user's account, once.

use serde::{Deserialize, Serialize};

use super::keyring::{KeyError, KeyRing, Purpose};
use super::sealed::{self, NotSealed};
use crate::id::{ClientId, Jti, UserId};
use crate::rules::random::Random;
use crate::store::users::AuthenticatorKind;
use crate::time::Timestamp;

/// Life of a ticket, in seconds, as Auth0 has it.
pub const TICKET_SECONDS: u64 = 432_000;
/// How long an enrolment that was begun on the page waits for its code, in seconds.
pub const ENROLMENT_SECONDS: u64 = 1_800;

/// A ticket, in the clear. None of it is a secret: without the key nobody makes a link of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentTicket {
    /// Its id: what is begun with it, and that it was used up, stands under this name, as a login's does under its own.
    pub id: Jti,
    /// Whose factor.
    pub user: UserId,
    /// The client of the operator who made it.
    pub client: ClientId,
    /// The only kind that may be enrolled, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<AuthenticatorKind>,
    /// Whether it is good for a user who has a factor.
    pub several: bool,
    /// When it was made: whatever ends tokens of then ends it too (SEC-42).
    pub issued_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

impl EnrolmentTicket {
    /// The ticket as text that can stand in a URL as it is.
    ///
    /// # Errors
    /// When there is no root, or no randomness.
    pub fn seal(&self, ring: &KeyRing, random: &Random, now: Timestamp) -> Result<String, KeyError> {
        sealed::seal(ring, Purpose::EnrolmentTicket, self, random, now)
    }

    /// Opens a ticket; one that is over is no ticket.
    ///
    /// # Errors
    /// See [`NotSealed`].
    pub fn open(ring: &KeyRing, text: &str, now: Timestamp) -> Result<Self, NotSealed> {
        let ticket: Self = sealed::open(ring, Purpose::EnrolmentTicket, text)?;
        if ticket.expires_at.is_past(now) { Err(NotSealed) } else { Ok(ticket) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::id::Kid;
    use crate::token::account_ticket::VerifyTicket;
    use crate::token::keyring::Root;

    const NOW: Timestamp = Timestamp(1_000);

    /// SEC-4: it is no ticket of another kind, and does not outlive its time.
    #[test]
    fn a_ticket_is_good_for_its_own_thing_and_time() {
        let root = Root::new(Kid::new("1"), Timestamp(0), &[1; 32]);
        let ring = KeyRing { roots: vec![Arc::new(root)], signing: vec![] };
        let random = Random::seeded(1);
        let ticket = EnrolmentTicket {
            id: Jti::generate(&random).unwrap(),
            user: UserId::new("auth0|a"),
            client: ClientId::new("app"),
            factor: Some(AuthenticatorKind::Otp),
            several: false,
            issued_at: NOW,
            expires_at: NOW.plus(10),
        };
        let text = ticket.seal(&ring, &random, NOW).unwrap();
        assert_eq!(EnrolmentTicket::open(&ring, &text, NOW.plus(9)).unwrap(), ticket);
        assert!(EnrolmentTicket::open(&ring, &text, NOW.plus(10)).is_err());
        assert!(VerifyTicket::open(&ring, &text, NOW).is_err());
    }
}
