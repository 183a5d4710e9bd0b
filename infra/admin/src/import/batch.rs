//! Rows are put together until they are as many as a transaction takes.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io;

use postern::id::UserId;
use postern::store::import::Newcomer;
use postern::store::logins::LoginName;
use postern::time::Clock;
use tokio::sync::mpsc::Sender;

use super::reason::Reason;
use super::row::{self, Incoming};
use super::rows::{RawRow, Rows};

/// Rows of one batch, however many of them are refused.
const ROWS_MAX: usize = 200;
/// Members of a transaction that a factor may be: a phone has two channels.
const MEMBERS_OF_FACTOR: usize = 2;

/// A row that was read.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) user_id: Option<UserId>,
    pub(crate) incoming: Result<Box<Incoming>, Reason>,
}

/// Rows whose users move in together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// From 0, without a gap.
    pub(crate) number: u64,
    pub(crate) rows: Vec<Row>,
}

/// Reads rows on a thread of its own and hands them on in batches.
pub(crate) struct Feeder {
    rows: Rows,
    clock: Clock,
    accepts_lost_factors: bool,
    batches: Sender<Batch>,
    seen: Seen,
    next: Batch,
    members: usize,
}

impl Feeder {
    pub(crate) fn new(rows: Rows, clock: Clock, accepts_lost_factors: bool, batches: Sender<Batch>) -> Self {
        Self {
            rows,
            clock,
            accepts_lost_factors,
            batches,
            seen: Seen::default(),
            next: Batch::default(),
            members: 0,
        }
    }

    /// Reads to the end, or until nobody takes batches any more. The first `done` rows are passed over: an earlier run
    /// has dealt with them.
    pub(crate) fn run(mut self, done: u64) -> io::Result<()> {
        for _ in 0..done {
            self.rows.next()?;
        }
        loop {
            match self.rows.next() {
                Ok(Some(raw)) => {
                    if !self.add(raw) {
                        return Ok(());
                    }
                }
                // What came before a failure is dealt with.
                end => {
                    self.hand_on();
                    return end.map(|_| ());
                }
            }
        }
    }

    /// `false` when nobody takes it.
    fn add(&mut self, RawRow { line, json }: RawRow) -> bool {
        let row = match json {
            Some(json) => {
                let row::Read { user_id, incoming } =
                    row::read(&json, self.clock.now(), self.accepts_lost_factors);
                let incoming = incoming.and_then(|incoming| self.seen.first(incoming));
                Row { line, user_id, incoming }
            }
            None => Row { line, user_id: None, incoming: Err(Reason::TooLong) },
        };
        let members = row.incoming.as_ref().map_or(0, |incoming| most_members(incoming));
        let is_full = !Newcomer::has_room(self.members, members) || self.next.rows.len() >= ROWS_MAX;
        if is_full && !self.hand_on() {
            return false;
        }
        self.members += members;
        self.next.rows.push(row);
        true
    }

    fn hand_on(&mut self) -> bool {
        if self.next.rows.is_empty() {
            return true;
        }
        self.members = 0;
        let following = Batch { number: self.next.number + 1, rows: Vec::new() };
        self.batches.blocking_send(std::mem::replace(&mut self.next, following)).is_ok()
    }
}

fn most_members(incoming: &Incoming) -> usize {
    Newcomer::members_of(incoming.logins.len(), MEMBERS_OF_FACTOR * incoming.factors.len())
}

/// Ids and addresses of the rows so far, of which each may occur once: the first row has it. Only hashes of them, of 64
/// bits under a key of this run, so that a million rows take some tens of megabytes.
#[derive(Default)]
struct Seen {
    keyed: RandomState,
    hashes: HashSet<u64>,
}

impl Seen {
    fn first(&mut self, incoming: Box<Incoming>) -> Result<Box<Incoming>, Reason> {
        let names = incoming.logins.iter().map(|login| LoginName::key(&login.name).pk().to_owned());
        let keys = names.chain(std::iter::once(incoming.profile.user_id.to_string()));
        let hashes: Vec<_> = keys.map(|key| self.keyed.hash_one(key)).collect();
        if hashes.iter().any(|hash| self.hashes.contains(hash)) {
            return Err(Reason::Repeated);
        }
        self.hashes.extend(hashes);
        Ok(incoming)
    }
}
