//! The transaction that removes an authenticator.

use super::accepting;

use crate::store::expression::{Write, number, text, value_of};
use crate::store::limits::{Counter, LimitKey};
use crate::store::notices::Notice;
use crate::store::users::{self, Authenticator, PROFILE, Pending, Profile, RECOVERY, State};
use crate::store::{NotWritten, Store, StoreError};
use crate::time::Timestamp;

/// The members of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoveStep {
    /// The authenticator.
    Authenticator,
    /// The profile's count and list.
    Profile,
    /// Its consecutive failures.
    Limit,
    /// The recovery code, when the last authenticator goes.
    Recovery,
    /// The notice of it.
    Notice,
}

/// A removal to be made.
#[derive(Clone, Debug)]
pub struct Removal {
    /// When the token was issued that asked for it.
    pub issued_at: Timestamp,
    /// The profile as it was read.
    pub profile: Profile,
    /// What goes.
    pub authenticator: Authenticator,
    /// The same phone by its other channel, which goes with it (contract §3).
    pub twin: Option<Authenticator>,
    /// Whose consecutive failures are forgotten with it; `None` where there are none, or another app shares them.
    pub forgets: Option<Counter>,
    /// Whether the recovery code's are, when it goes too.
    pub forgets_recovery: bool,
    /// Whether the recovery code goes with it, for nothing else would be left that it recovers.
    pub with_recovery: bool,
    /// What the user is told of it.
    pub notice: Option<Notice>,
}

impl Removal {
    fn profile(&self) -> Result<Write, StoreError> {
        let user = users::pk(&self.profile.user_id);
        let write = if self.authenticator.is_active() {
            // The exact count seen: whether this is the last one decides about the recovery code.
            let (seen, gone) = (self.profile.active_authenticators, if self.twin.is_some() { 2 } else { 1 });
            Write::update(&user, PROFILE, "SET active_authenticators = :left")
                .when("active_authenticators = :seen")
                .value(":seen", number(u64::from(seen)))
                .value(":left", number(u64::from(seen.saturating_sub(gone))))
        } else {
            let keep = |pending: &&Pending| !pending.id.is_same_device(&self.authenticator.id);
            let left: Vec<Pending> = self.profile.pending.iter().filter(keep).cloned().collect();
            Write::update(&user, PROFILE, "SET pending = :left")
                .when("pending = :seen")
                .value(":seen", value_of(&self.profile.pending)?)
                .value(":left", value_of(&left)?)
        };
        Ok(accepting(write, self.issued_at))
    }

    fn steps(&self) -> Result<Vec<(RemoveStep, Write)>, StoreError> {
        let user = users::pk(&self.profile.user_id);
        let state =
            if matches!(self.authenticator.state, State::Active { .. }) { "active" } else { "pending" };
        let mut steps = Vec::with_capacity(6);
        for gone in [Some(&self.authenticator), self.twin.as_ref()].into_iter().flatten() {
            let delete = Write::delete(&user, &users::authenticator_sk(&gone.id))
                .when("#state = :state")
                .name("#state", "state")
                .value(":state", text(state));
            steps.push((RemoveStep::Authenticator, delete));
        }
        steps.push((RemoveStep::Profile, self.profile()?));
        if let Some(counter) = &self.forgets {
            steps.push((
                RemoveStep::Limit,
                LimitKey::failures(&self.profile.user_id, counter.clone()).forget(),
            ));
        }
        if self.with_recovery {
            steps.push((RemoveStep::Recovery, Write::delete(&user, RECOVERY)));
        }
        if self.with_recovery && self.forgets_recovery {
            let key = LimitKey::failures(&self.profile.user_id, Counter::RecoveryCode);
            steps.push((RemoveStep::Limit, key.forget()));
        }
        if let Some(notice) = &self.notice {
            steps.push((RemoveStep::Notice, notice.write()?));
        }
        Ok(steps)
    }
}

impl Store {
    /// Removes an authenticator, with the count, its failures, and the recovery code when it was the last.
    ///
    /// # Errors
    /// The members whose conditions did not hold, or [`StoreError`].
    pub async fn remove_authenticator(&self, removal: &Removal) -> Result<(), NotWritten<RemoveStep>> {
        self.transact(&removal.steps()?).await
    }
}
