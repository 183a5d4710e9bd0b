//! What an operator does to an account, each with all its consequences in one write or transaction. A password change, a
//! block and an MFA reset end every token issued before (SEC-42), and so does an operator's removal of one factor
//! (`mfa/remove.rs`): `mfa_token`s, access tokens for `/mfa/` and `/userinfo`, and refresh families say when they were
//! issued, and the profile says until when that is too early.
//!
//! Those times are whole seconds, so the profile's is a clock of its own beside the wall's: it moves to now, or one on
//! when it is there already, and tokens issued after that in the same second take the second after it
//! (`Profile::issue_time`). What was issued before is thereby always refused, what is issued after always accepted, and
//! a second change in the same second ends what was issued between the two.
//!
//! Now is read before the user is, and the write may come seconds later. What was issued in those seconds is ended by
//! one more write, which is needed only then.

use super::expression::{Write, number, text, value_of};
use super::limits::{Counter, LimitKey};
use super::logins::{LoginKey, LoginName, PasswordHash};
use super::notices::Notice;
use super::tickets::PASSWORD_BUDGETS_MAX;
use super::user_changes::{Changed, DoesNotFit, UserChange, done};
use super::users::{self, Authenticator, PROFILE, Profile, RECOVERY, UserState};
use super::{DECISION_TRIES, Store, StoreError, TRANSACTION_MAX};
use crate::id::{AuthenticatorId, UserId};
use crate::rules::enrolment::{AUTHENTICATORS_MAX, METHODS_AT_ONCE_MAX, PENDING_MAX};
use crate::rules::limit::Limits;
use crate::rules::policy::Factor;
use crate::time::{Clock, Timestamp};
use aws_sdk_dynamodb::types::AttributeValue;

/// The most that takes part when all factors are replaced: the profile, what went (two more for each association that
/// ran beside an operator's gift, and what has expired), the recovery code, what comes with a phone's two channels, three
/// budgets, and a notice of what went and of each kind that came.
const REPLACED_MAX: usize =
    1 + AUTHENTICATORS_MAX + 3 * PENDING_MAX + 1 + 2 * METHODS_AT_ONCE_MAX + 3 + 1 + 3;
const _: () = assert!(REPLACED_MAX <= TRANSACTION_MAX, "factors are replaced in one transaction");

/// How the time is moved that tokens must be younger than.
#[derive(Clone, Copy)]
pub(super) enum Ending {
    /// To now.
    Now,
    /// One on: something ended in this second already, or an environment's clock is ahead of ours.
    OneOn,
}

impl Ending {
    pub(super) fn of(profile: &Profile, now: Timestamp) -> Self {
        if profile.tokens_valid_after.is_some_and(|after| after >= now) { Self::OneOn } else { Self::Now }
    }

    /// An update of the profile that ends what was issued, with further assignments and removals.
    pub(super) fn write(self, user: &UserId, now: Timestamp, set: &str, remove: &str) -> Write {
        let (end, condition) = match self {
            Self::Now => (":now", "attribute_not_exists(tokens_valid_after) OR tokens_valid_after < :now"),
            Self::OneOn => ("tokens_valid_after + :one", "tokens_valid_after >= :now"),
        };
        let update = format!("SET tokens_valid_after = {end}, updated_at = :now{set}{remove}");
        let write = Write::update(&users::pk(user), PROFILE, update)
            .when("attribute_exists(pk)")
            .when(condition)
            .value(":now", number(now.0));
        match self {
            Self::Now => write,
            Self::OneOn => write.value(":one", number(1)),
        }
    }
}

/// What takes the place of a user's factors.
#[derive(Clone, Debug, Default)]
pub struct NewFactors {
    /// Confirmed authenticators: an operator vouches for them.
    pub authenticators: Vec<Authenticator>,
    /// What the user is told of them.
    pub notices: Vec<Notice>,
}

/// A password that an operator sets.
#[derive(Clone, Copy, Debug)]
pub struct NewPassword<'a> {
    /// Its hash.
    pub hash: &'a PasswordHash,
    /// What changes beside it; never the address.
    pub change: &'a UserChange,
    /// What the user is told (SEC-31).
    pub notice: &'a Notice,
}

impl Store {
    /// Sets a user's password, with what changes beside it, tells the user, and ends what was issued under the old
    /// one. Clears the debts of wrong codes and wrong passwords, and unlocks the authenticator that a verified address is
    /// by itself, which cannot be enrolled anew (design §5, §6). Other authenticators at the hard cap stay locked
    /// (SEC-20).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn set_password(
        &self,
        user: &UserId,
        new: NewPassword<'_>,
        clock: &Clock,
    ) -> Result<Changed, StoreError> {
        let NewPassword { hash, change, notice } = new;
        for _ in 0..DECISION_TRIES {
            let now = clock.now();
            let Some(seen) = self.user(user, now).await? else { return Ok(Changed::NoSuchUser) };
            let Some(login) = seen.profile.password_login().map(LoginName::key) else {
                return Ok(Changed::NoPassword);
            };
            let profile = match change.write(&seen.profile, now, true)? {
                Ok(profile) => profile,
                Err(DoesNotFit(kind)) => return Ok(Changed::MetadataDoesNotFit(kind)),
            };
            let new_hash = Write::update(login.pk(), "LOGIN", "SET password_hash = :hash")
                .when("user_id = :user")
                .value(":user", text(user.as_str()))
                .value(":hash", value_of(hash)?);
            let mut writes = vec![new_hash, profile, notice.write()?];
            writes.extend(cleared(&seen));
            writes.extend(self.password_limits(&login).await?);
            // Otherwise the login was moved or deleted meanwhile, or something else was ended.
            if self.all_done(writes).await? {
                self.end_since(user, now, clock).await?;
                return Ok(done(change, seen.profile, now));
            }
        }
        Err(StoreError::Busy)
    }

    /// Ends what was issued since `written`, the time that a change says, and before it was done.
    pub(super) async fn end_since(
        &self,
        user: &UserId,
        written: Timestamp,
        clock: &Clock,
    ) -> Result<(), StoreError> {
        let now = clock.now();
        if now <= written {
            return Ok(());
        }
        let write = Write::update(&users::pk(user), PROFILE, "SET tokens_valid_after = :now")
            .when("tokens_valid_after < :now")
            .value(":now", number(now.0));
        // Refused where something was ended since, or the user is gone.
        self.write(&write).await.map(|_| ())
    }

    /// The buckets of wrong passwords of a login, to be deleted.
    async fn password_limits(&self, login: &LoginKey) -> Result<Vec<Write>, StoreError> {
        let budgets = self.some_password_budgets(login).await?;
        Ok(budgets.iter().take(PASSWORD_BUDGETS_MAX).map(|budget| budget.delete(login)).collect())
    }

    /// Blocks a user and ends what was issued; unblocking does not bring it back. `false` when there is no such user.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn block(&self, user: &UserId, clock: &Clock) -> Result<bool, StoreError> {
        let change = UserChange { blocked: Some(true), ..UserChange::default() };
        Ok(matches!(self.change_user(user, &change, clock).await?, Changed::Done(_)))
    }

    /// Lets a blocked user sign in again. `false` when there is no such user.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn unblock(&self, user: &UserId, clock: &Clock) -> Result<bool, StoreError> {
        let change = UserChange { blocked: Some(false), ..UserChange::default() };
        Ok(matches!(self.change_user(user, &change, clock).await?, Changed::Done(_)))
    }

    /// Forgets all of a user's factors: authenticators, unconfirmed ones included, the recovery code, and the budgets
    /// with their counts; and ends what was issued. A verified address stays an authenticator by itself, with a clean
    /// count. Send budgets stay: they protect mailboxes. `notice` tells the user, where there was something to forget
    /// (SEC-31). `false` when there is no such user.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn reset_mfa(&self, user: &UserId, notice: &Notice, clock: &Clock) -> Result<bool, StoreError> {
        self.replace_factors(user, &NewFactors::default(), notice, clock).await
    }

    /// The same, with other authenticators in the place of those that go. The recovery code goes all the same: whoever
    /// has it would sign in by it still. `false` when there is no such user.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn replace_factors(
        &self,
        user: &UserId,
        new: &NewFactors,
        notice: &Notice,
        clock: &Clock,
    ) -> Result<bool, StoreError> {
        for _ in 0..DECISION_TRIES {
            let now = clock.now();
            let Some(seen) = self.user(user, now).await? else { return Ok(false) };
            let mut writes = reset(&seen, &new.authenticators, now)?;
            for notice in told(&seen, notice).iter().chain(&new.notices) {
                writes.push(notice.write()?);
            }
            // Otherwise an authenticator came or went meanwhile.
            if self.all_done(writes).await? {
                self.end_since(user, now, clock).await?;
                return Ok(true);
            }
        }
        Err(StoreError::Busy)
    }
}

/// What a password change clears of the user's own budgets, where there is something to clear.
fn cleared(seen: &UserState) -> Vec<Write> {
    let user = &seen.profile.user_id;
    // Only the names of the buckets matter here.
    let Limits { codes: bucket, recovery_codes, .. } = Limits::DEFAULT;
    let mut writes = Vec::new();
    let codes = seen.limit(bucket);
    let implicit = seen.profile.implicit_id().map(Counter::Authenticator);
    match implicit.filter(|counter| codes.counts(counter)) {
        Some(counter) => writes.push(LimitKey::failures(user, counter).clear()),
        None if codes.tat.is_some() => writes.push(LimitKey::of_user(user, bucket).clear()),
        None => {}
    }
    if seen.limit(recovery_codes).tat.is_some() {
        writes.push(LimitKey::of_user(user, recovery_codes).clear());
    }
    writes
}

/// What the user is told of a reset, with the factor if it was one: nothing where nothing counted.
fn told(seen: &UserState, notice: &Notice) -> Option<Notice> {
    let mut factors = seen.active().map(Authenticator::factor);
    let factor = match factors.next() {
        Some(first) => factors.all(|factor| factor == first).then_some(first),
        None => Some(seen.recovery.as_ref().map(|_| Factor::RecoveryCode)?),
    };
    Some(Notice { factor, ..notice.clone() })
}

fn reset(seen: &UserState, new: &[Authenticator], now: Timestamp) -> Result<Vec<Write>, StoreError> {
    let profile = &seen.profile;
    let user = &profile.user_id;
    let pk = users::pk(user);
    let cleared = Ending::of(profile, now)
        .write(user, now, ", active_authenticators = :new, pending = :empty", " REMOVE implicit_last_used_at")
        .value(":new", number(new.len() as u64))
        .value(":empty", AttributeValue::L(Vec::new()));
    let mut writes = vec![users::with_factors_of(profile, cleared)?];
    let sk = users::authenticator_sk;
    writes.extend(seen.authenticators.iter().map(|it| users::without_authenticator(&pk, &sk(&it.id))));
    // Those that have expired may be gone already.
    let is_seen = |id: &AuthenticatorId| seen.authenticators.iter().any(|it| it.id == *id);
    let listed = profile.pending.iter().map(|pending| &pending.id).filter(|id| !is_seen(id));
    writes.extend(listed.map(|id| Write::delete(&pk, &sk(id))));
    // Whether one was seen or not: it may have been replaced or made meanwhile, which changes nothing of the profile.
    writes.push(Write::delete(&pk, RECOVERY));
    for authenticator in new {
        writes.push(users::put_authenticator(user, authenticator)?);
    }
    let Limits { codes, recovery_codes, otp_associations, .. } = Limits::DEFAULT;
    let buckets = [codes, recovery_codes, otp_associations];
    writes.extend(buckets.map(|bucket| LimitKey::of_user(user, bucket).delete()));
    Ok(writes)
}
