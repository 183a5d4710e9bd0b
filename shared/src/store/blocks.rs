//! Sign-ins that are blocked after wrong passwords: the budgets that stand beside a login, one for each source.

use std::cmp::Reverse;

use futures_util::future::try_join_all;

use super::expression::Write;
use super::limits::LimitState;
use super::logins::LoginKey;
use super::{Item, Store, StoreError, TRANSACTION_MAX};
use crate::rules::limit::{Bucket, Standing};
use crate::time::Timestamp;

/// Items beside a login that a change of its password looks at.
const LOOKED_AT_MAX: i32 = 300;
/// Transactions under way at once.
const AT_ONCE: usize = 8;

/// The budget of wrong passwords of a login from one source.
#[derive(Clone)]
pub struct PasswordBudget {
    sk: String,
    tat: Timestamp,
}

/// A source is an address.
impl std::fmt::Debug for PasswordBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordBudget").finish_non_exhaustive()
    }
}

impl PasswordBudget {
    /// The address or network that the passwords came from.
    #[must_use]
    pub fn source(&self) -> &str {
        self.sk.rsplit_once('#').map_or("", |(_, source)| source)
    }

    /// Whether it admits no password now, not even the right one.
    #[must_use]
    pub fn is_spent(&self, bucket: Bucket, now: Timestamp) -> bool {
        matches!(bucket.standing(Some(self.tat), now), Standing::Spent { .. })
    }

    /// Those in a login's partition that owe something: those that owe most first, so that the blocked ones are dealt
    /// with where there is no room or no time for all.
    pub(super) fn all_of(items: &[Item]) -> Vec<Self> {
        let budget = |item: &Item| {
            let sk = item.get("sk")?.as_s().ok()?.clone();
            // What was given back leaves an item that owes nothing.
            let tat = LimitState::of(item).tat?;
            sk.starts_with("LIMIT#").then_some(Self { sk, tat })
        };
        let mut budgets: Vec<_> = items.iter().filter_map(budget).collect();
        budgets.sort_by_key(|budget| Reverse(budget.tat));
        budgets
    }

    pub(super) fn delete(&self, login: &LoginKey) -> Write {
        Write::delete(login.pk(), &self.sk)
    }
}

impl Store {
    /// The budgets of wrong passwords of a login, of the sources that owe something: those that owe most first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn password_budgets(&self, login: &LoginKey) -> Result<Vec<PasswordBudget>, StoreError> {
        Ok(PasswordBudget::all_of(&self.query(login.pk(), None).await?))
    }

    /// Some of them, of one read: where an attacker left thousands, a change of the password does not wait for them.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(super) async fn some_password_budgets(
        &self,
        login: &LoginKey,
    ) -> Result<Vec<PasswordBudget>, StoreError> {
        Ok(PasswordBudget::all_of(&self.query_some(login.pk(), LOOKED_AT_MAX).await?))
    }

    /// Makes the budgets of wrong passwords of a login whole again, for all sources. Where it fails in the middle, a
    /// repetition has less to do.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn end_blocks(&self, login: &LoginKey) -> Result<(), StoreError> {
        let budgets = self.password_budgets(login).await?;
        for some in budgets.chunks(AT_ONCE * TRANSACTION_MAX) {
            let deletes = |budgets: &[PasswordBudget]| -> Vec<Write> {
                budgets.iter().map(|budget| budget.delete(login)).collect()
            };
            let transactions: Vec<_> = some.chunks(TRANSACTION_MAX).map(deletes).collect();
            // Nothing here has a condition.
            try_join_all(transactions.into_iter().map(|writes| self.all_done(writes))).await?;
        }
        Ok(())
    }
}
