//! Charging a limit and giving it back (design §6), each one conditional write.

use std::collections::BTreeMap;

use super::expression::Write;
use super::limit_key::FAILURES;
use super::{Item, NotWritten, Outcome, Store, StoreError};
use crate::rules::limit::Charge;
use crate::time::Timestamp;

pub use super::limit_key::{Counter, LimitKey};

/// A bucket's item as it was read.
#[derive(Clone, Debug, Default)]
pub struct LimitState {
    /// The theoretical arrival time.
    pub tat: Option<Timestamp>,
    failures: BTreeMap<String, u64>,
}

impl LimitState {
    /// Reads a bucket's item.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        let numbers =
            || item.iter().filter_map(|(name, value)| Some((name, value.as_n().ok()?.parse::<u64>().ok()?)));
        let failures = numbers().filter(|(name, _)| name.starts_with(FAILURES));
        Self {
            tat: numbers().find(|(name, _)| *name == "tat").map(|(_, tat)| Timestamp(tat)),
            failures: failures.map(|(name, count)| (name.clone(), count)).collect(),
        }
    }

    /// Whether failures are counted for an authenticator.
    #[must_use]
    pub fn counts(&self, counter: &Counter) -> bool {
        self.failures.contains_key(&counter.attribute())
    }

    /// Consecutive failures counted for an authenticator.
    #[must_use]
    pub fn failures_of(&self, counter: &Counter) -> u64 {
        self.failures.get(&counter.attribute()).copied().unwrap_or_default()
    }

    /// Whether the authenticator is at the hard cap of consecutive failures (SEC-20).
    #[must_use]
    pub fn is_locked(&self, counter: &Counter, cap: u64) -> bool {
        self.failures_of(counter) >= cap
    }
}

/// What became of an attempt.
#[derive(Debug)]
pub enum Taken {
    /// It was charged: the check it guards may run.
    Charged(Charge),
    /// The budget is spent.
    Spent {
        /// Seconds until an attempt has come back.
        retry_after: u64,
    },
}

/// What became of a write that a budget had to have room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is written and counted.
    Written,
    /// The budget is spent, and nothing is written.
    Spent {
        /// Seconds until one has come back.
        retry_after: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChargedStep {
    Written,
    Budget,
}

impl Store {
    /// Writes something and charges a budget for it, both or neither: one transaction, a second one only after a debt that
    /// has decayed. The write itself has no condition.
    pub(super) async fn write_charged(
        &self,
        write: &Write,
        budget: &LimitKey,
        now: Timestamp,
    ) -> Result<Begun, StoreError> {
        for decayed in [false, true, false] {
            let charge = budget.charge(decayed, now);
            let steps = [(ChargedStep::Written, write.clone()), (ChargedStep::Budget, charge)];
            let refused = match self.transact(&steps).await {
                Ok(()) => return Ok(Begun::Written),
                Err(NotWritten::Failed(error)) => return Err(error),
                Err(NotWritten::Refused(refused)) => refused,
            };
            let old = refused.into_iter().find(|refused| refused.step == ChargedStep::Budget);
            let state = old.and_then(|refused| refused.old).as_ref().map(LimitState::of).unwrap_or_default();
            if let Some(retry_after) = budget.refusal(&state, now) {
                return Ok(Begun::Spent { retry_after });
            }
        }
        Ok(Begun::Spent { retry_after: budget.bucket().refill_seconds })
    }

    /// Takes an attempt: one write for the clean user and for the one in debt, a second only after a debt that has
    /// decayed. Whoever loses that second write to a parallel attempt tries the first once more.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn take_attempt(&self, key: &LimitKey, now: Timestamp) -> Result<Taken, StoreError> {
        for decayed in [false, true, false] {
            let state = match self.charge(&key.charge(decayed, now)).await? {
                Outcome::Done(item) => {
                    return key.charged(&item, now).map(Taken::Charged);
                }
                Outcome::Refused(old) => old.as_ref().map(LimitState::of).unwrap_or_default(),
            };
            if let Some(retry_after) = key.refusal(&state, now) {
                return Ok(Taken::Spent { retry_after });
            }
        }
        Ok(Taken::Spent { retry_after: key.bucket().refill_seconds })
    }

    /// Gives an attempt back after success, where no transaction does it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn give_back(&self, key: &LimitKey, charge: &Charge) -> Result<(), StoreError> {
        if charge.was_the_only_debt()
            && let Outcome::Done(_) = self.charge(&key.give_back(charge, true)).await?
        {
            return Ok(());
        }
        self.charge(&key.give_back(charge, false)).await.map(|_| ())
    }

    /// Undoes an attempt that never came to the check it guards.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn undo_attempt(&self, key: &LimitKey, charge: &Charge) -> Result<(), StoreError> {
        self.charge(&key.undo(charge)).await.map(|_| ())
    }
}
