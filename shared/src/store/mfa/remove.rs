//! The transaction that removes authenticators.

use aws_sdk_dynamodb::types::AttributeValue;

use super::Authority;
use crate::id::AuthenticatorId;
use crate::rules::limit::Limits;
use crate::rules::policy::{Factor, TenantSettings};
use crate::store::accounts::Ending;
use crate::store::expression::{Write, number, text, value_of};
use crate::store::limits::{Counter, LimitKey};
use crate::store::notices::Notice;
use crate::store::users::{self, Authenticator, PROFILE, Pending, Profile, RECOVERY, UserState};
use crate::store::{NotWritten, Store, StoreError};
use crate::time::{Clock, Timestamp};

/// The members of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoveStep {
    /// The authenticator.
    Authenticator,
    /// An enrolment that was begun.
    Begun,
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
    /// What was begun and goes as well, on an operator's word: who is thrown out must not come back by it.
    pub begun: Vec<AuthenticatorId>,
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
            begun: match authority {
                Authority::Token(_) => Vec::new(),
                Authority::Operator => begun(user),
            },
            authenticators,
            notice,
        }
    }

    fn are_active(&self) -> bool {
        self.authenticators.iter().all(Authenticator::is_active)
    }

    /// How many confirmed ones are left.
    fn left(&self) -> AttributeValue {
        let seen = u64::from(self.profile.active_authenticators);
        number(seen.saturating_sub(self.authenticators.len() as u64))
    }

    /// What an operator takes away may be a thief's: what was issued by it ends, and what was begun (SEC-42).
    fn ending(&self, now: Timestamp) -> Result<Write, StoreError> {
        let profile = &self.profile;
        let set = ", active_authenticators = :left, pending = :empty";
        let write = Ending::of(profile, now)
            .write(&profile.user_id, now, set, "")
            .value(":left", self.left())
            .value(":empty", AttributeValue::L(Vec::new()));
        users::with_factors_of(profile, write)
    }

    /// The user's own: what was issued stays good.
    fn own(&self) -> Result<Write, StoreError> {
        let user = users::pk(&self.profile.user_id);
        Ok(if self.are_active() {
            // The exact count seen: whether these are the last ones decides about the recovery code.
            Write::update(&user, PROFILE, "SET active_authenticators = :left")
                .when("active_authenticators = :seen")
                .value(":seen", number(u64::from(self.profile.active_authenticators)))
                .value(":left", self.left())
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
        })
    }

    fn profile(&self, now: Timestamp) -> Result<Write, StoreError> {
        match self.authority {
            Authority::Token(_) => Ok(self.authority.demand(self.own()?)),
            Authority::Operator => self.ending(now),
        }
    }

    fn steps(&self, now: Timestamp) -> Result<Vec<(RemoveStep, Write)>, StoreError> {
        let user = users::pk(&self.profile.user_id);
        let state = if self.are_active() { "active" } else { "pending" };
        let mut steps = Vec::with_capacity(self.authenticators.len() + self.begun.len() + 5);
        for gone in &self.authenticators {
            let delete = Write::delete(&user, &users::authenticator_sk(&gone.id))
                .when("#state = :state")
                .name("#state", "state")
                .value(":state", text(state));
            steps.push((RemoveStep::Authenticator, delete));
        }
        // The profile's list is as it was seen, so none of them is confirmed by now; one that expired may be gone.
        steps.extend(self.begun.iter().map(|id| {
            let delete = Write::delete(&user, &users::authenticator_sk(id));
            (RemoveStep::Begun, delete)
        }));
        steps.push((RemoveStep::Profile, self.profile(now)?));
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

/// What a user has begun: both channels of a phone, and what is listed but has expired.
fn begun(user: &UserState) -> Vec<AuthenticatorId> {
    let pending = user.authenticators.iter().filter(|it| !it.is_active()).map(|it| &it.id);
    let is_seen = |id: &AuthenticatorId| user.authenticators.iter().any(|it| it.id == *id);
    let listed = user.profile.pending.iter().map(|pending| &pending.id);
    pending.chain(listed.filter(|id| !is_seen(id))).cloned().collect()
}

/// With the last authenticator goes the recovery code, which would recover nothing; the next enrolment shows a new one.
/// Whether there was one when the user was read says nothing: an operator may make one meanwhile.
fn are_last(user: &UserState, gone: &[Authenticator], settings: &TenantSettings) -> bool {
    let profile = &user.profile;
    let is_verified = profile.email_verified && profile.email.is_some();
    gone.iter().all(Authenticator::is_active)
        && profile.active_authenticators as usize <= gone.len()
        && !(is_verified && settings.factors.has(Factor::Email))
}

impl Store {
    /// Removes authenticators, with the count, their failures, and the recovery code when they were the last; on an
    /// operator's word also what was begun, and what was issued.
    ///
    /// # Errors
    /// The members whose conditions did not hold, or [`StoreError`].
    pub async fn remove_authenticators(
        &self,
        removal: &Removal,
        clock: &Clock,
    ) -> Result<(), NotWritten<RemoveStep>> {
        let now = clock.now();
        self.transact(&removal.steps(now)?).await?;
        if removal.authority == Authority::Operator {
            self.end_since(&removal.profile.user_id, now, clock).await?;
        }
        Ok(())
    }
}
