//! The transaction that removes an authenticator.

use super::Authority;

use crate::rules::limit::Limits;
use crate::rules::policy::{Factor, TenantSettings};
use crate::store::expression::{Write, number, text, value_of};
use crate::store::limits::{Counter, LimitKey};
use crate::store::notices::Notice;
use crate::store::users::{self, Authenticator, PROFILE, Pending, Profile, RECOVERY, UserState};
use crate::store::{NotWritten, Store, StoreError};

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
    /// On whose word.
    pub authority: Authority,
    /// The profile as it was read.
    pub profile: Profile,
    /// What goes: all confirmed, or all not, and all sharing their consecutive failures. The channels of one phone go
    /// together (contract §3).
    pub authenticators: Vec<Authenticator>,
    /// Whose consecutive failures are forgotten with them; `None` where there are none, or another app shares them.
    pub forgets: Option<Counter>,
    /// Whether the recovery code's are, when it goes too.
    pub forgets_recovery: bool,
    /// Whether the recovery code goes with it, for nothing else would be left that it recovers.
    pub with_recovery: bool,
    /// What the user is told of it.
    pub notice: Option<Notice>,
}

impl Removal {
    /// What else goes with these authenticators of a user, as the user was read.
    #[must_use]
    pub fn of(
        user: &UserState,
        authenticators: Vec<Authenticator>,
        settings: &TenantSettings,
        authority: Authority,
        notice: Option<Notice>,
    ) -> Self {
        Self {
            authority,
            profile: user.profile.clone(),
            forgets: forgets(user, &authenticators, &settings.limits),
            forgets_recovery: user.limit(settings.limits.recovery_codes).counts(&Counter::RecoveryCode),
            with_recovery: are_last(user, &authenticators, settings),
            authenticators,
            notice,
        }
    }

    fn are_active(&self) -> bool {
        self.authenticators.iter().all(Authenticator::is_active)
    }

    fn profile(&self) -> Result<Write, StoreError> {
        let user = users::pk(&self.profile.user_id);
        let write = if self.are_active() {
            // The exact count seen: whether these are the last ones decides about the recovery code.
            let seen = u64::from(self.profile.active_authenticators);
            Write::update(&user, PROFILE, "SET active_authenticators = :left")
                .when("active_authenticators = :seen")
                .value(":seen", number(seen))
                .value(":left", number(seen.saturating_sub(self.authenticators.len() as u64)))
        } else {
            let goes = |pending: &Pending| {
                self.authenticators.iter().any(|authenticator| pending.id.is_same_device(&authenticator.id))
            };
            let left: Vec<Pending> =
                self.profile.pending.iter().filter(|pending| !goes(pending)).cloned().collect();
            Write::update(&user, PROFILE, "SET pending = :left")
                .when("pending = :seen")
                .value(":seen", value_of(&self.profile.pending)?)
                .value(":left", value_of(&left)?)
        };
        Ok(self.authority.demand(write))
    }

    fn steps(&self) -> Result<Vec<(RemoveStep, Write)>, StoreError> {
        let user = users::pk(&self.profile.user_id);
        let state = if self.are_active() { "active" } else { "pending" };
        let mut steps = Vec::with_capacity(self.authenticators.len() + 5);
        for gone in &self.authenticators {
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

/// Whose failures go with authenticators: apps share theirs, so the last one takes them.
fn forgets(user: &UserState, gone: &[Authenticator], limits: &Limits) -> Option<Counter> {
    let counter = gone.first().filter(|first| first.is_active())?.counter();
    let goes = |other: &Authenticator| gone.iter().any(|gone| gone.id.is_same_device(&other.id));
    let is_shared = user.active().any(|other| other.counter() == counter && !goes(other));
    (!is_shared && user.limit(limits.codes).counts(&counter)).then_some(counter)
}

/// With the last authenticator goes the recovery code, which would recover nothing; the next enrolment shows a new one.
fn are_last(user: &UserState, gone: &[Authenticator], settings: &TenantSettings) -> bool {
    let profile = &user.profile;
    let is_verified = profile.email_verified && profile.email.is_some();
    gone.iter().all(Authenticator::is_active)
        && profile.active_authenticators as usize <= gone.len()
        && user.recovery.is_some()
        && !(is_verified && settings.factors.has(Factor::Email))
}

impl Store {
    /// Removes authenticators, with the count, their failures, and the recovery code when they were the last.
    ///
    /// # Errors
    /// The members whose conditions did not hold, or [`StoreError`].
    pub async fn remove_authenticators(&self, removal: &Removal) -> Result<(), NotWritten<RemoveStep>> {
        self.transact(&removal.steps()?).await
    }
}
