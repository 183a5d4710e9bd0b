//! The ticket in an unblock link: whoever has it can end one block, and nothing else.

use serde::{Deserialize, Serialize};

use super::keyring::{KeyError, KeyRing, Purpose};
use super::sealed::{self, NotSealed};
use crate::id::NoticeId;
use crate::rules::random::Random;
use crate::store::notices::BlockedSource;
use crate::time::Timestamp;

/// Life of a ticket from the block on, in seconds. A block is over by itself sooner, unless somebody keeps trying.
pub const UNBLOCK_TICKET_SECONDS: u64 = 86_400;

/// A ticket, in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnblockTicket {
    /// Whose sign-in from where.
    pub blocked: BlockedSource,
    /// The notice of the block: a later block has another.
    pub notice: NoticeId,
    /// When it is over.
    pub expires_at: Timestamp,
}

impl UnblockTicket {
    /// A ticket for a block that began at `at`.
    #[must_use]
    pub fn new(blocked: BlockedSource, notice: NoticeId, at: Timestamp) -> Self {
        Self { blocked, notice, expires_at: at.plus(UNBLOCK_TICKET_SECONDS) }
    }

    /// The ticket as text that can stand in a URL as it is.
    ///
    /// # Errors
    /// When there is no root, or no randomness.
    pub fn seal(&self, ring: &KeyRing, random: &Random, now: Timestamp) -> Result<String, KeyError> {
        sealed::seal(ring, Purpose::UnblockTicket, self, random, now)
    }

    /// Opens a ticket; one that is over is no ticket.
    ///
    /// # Errors
    /// See [`NotSealed`].
    pub fn open(ring: &KeyRing, text: &str, now: Timestamp) -> Result<Self, NotSealed> {
        let ticket: Self = sealed::open(ring, Purpose::UnblockTicket, text)?;
        if ticket.expires_at.is_past(now) { Err(NotSealed) } else { Ok(ticket) }
    }
}
