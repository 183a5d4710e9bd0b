//! What an operator does to an account, each with all its consequences in one write or transaction. A password change, a
//! block and an MFA reset end every token issued before (SEC-42): `mfa_token`s, access tokens for `/mfa/` and
//! `/userinfo`, and refresh families say when they were issued, and the profile says until when that is too early.
//!
//! Those times are whole seconds, so the profile's is a clock of its own beside the wall's: it moves to now, or one on
//! when it is there already, and tokens issued after that in the same second take the second after it
//! (`Profile::issue_time`). What was issued before is thereby always refused, what is issued after always accepted, and
//! a second change in the same second ends what was issued between the two.

use super::expression::{Write, number, text, value_of};
use super::limits::{Counter, LimitKey};
use super::logins::{LoginKey, PasswordHash};
use super::user_changes::{Changed, UserChange};
use super::users::{self, PROFILE, Profile, RECOVERY, UserState, profile_of};
use super::{DECISION_TRIES, NotWritten, RefusedStep, Store, StoreError};
use crate::id::UserId;
use crate::rules::limit::Limits;
use crate::time::Timestamp;
use aws_sdk_dynamodb::types::AttributeValue;

/// Password limits cleared with a password change at most: a transaction holds a hundred writes. Any beyond, from as many
/// networks, decay by themselves.
const PASSWORD_LIMITS_MAX: usize = 80;

/// A new password.
#[derive(Clone)]
pub struct PasswordChange<'a> {
    /// The user as it was read.
    pub seen: &'a UserState,
    /// Its login.
    pub login: &'a LoginKey,
    /// Of the new password.
    pub hash: &'a PasswordHash,
    /// When.
    pub now: Timestamp,
}

/// A login's key holds an address.
impl std::fmt::Debug for PasswordChange<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordChange").field("user", &self.seen.profile.user_id).finish_non_exhaustive()
    }
}

/// The members of the transactions here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AccountStep {
    Login,
    Profile,
    Limit,
    Authenticator,
    Recovery,
}

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

impl Store {
    /// Sets a user's password and ends what was issued under the old one. Clears the debts of wrong codes and wrong
    /// passwords, and unlocks the authenticator that a verified address is by itself, which cannot be enrolled anew
    /// (design §5, §6). Other authenticators at the hard cap stay locked (SEC-20). `false` when there is no such user,
    /// or the login is not that user's.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn set_password(&self, change: &PasswordChange<'_>) -> Result<bool, StoreError> {
        let PasswordChange { seen, login, hash, now } = change;
        let user = &seen.profile.user_id;
        let new_hash = Write::update(login.pk(), "LOGIN", "SET password_hash = :hash")
            .when("user_id = :user")
            .value(":user", text(user.as_str()))
            .value(":hash", value_of(hash)?);
        let mut limits = cleared(seen);
        limits.extend(self.password_limits(login).await?);
        let mut ending = Ending::of(&seen.profile, *now);
        for _ in 0..DECISION_TRIES {
            let mut steps = vec![
                (AccountStep::Login, new_hash.clone()),
                (AccountStep::Profile, ending.write(user, *now, "", "")),
            ];
            steps.extend(limits.iter().map(|write| (AccountStep::Limit, write.clone())));
            match self.transact(&steps).await {
                Ok(()) => return Ok(true),
                Err(NotWritten::Failed(error)) => return Err(error),
                Err(NotWritten::Refused(refused)) => match refused_profile(refused)? {
                    Some(profile) => ending = Ending::of(&profile, *now),
                    None => return Ok(false),
                },
            }
        }
        Err(StoreError::Busy)
    }

    /// The buckets of wrong passwords of a login, to be deleted.
    async fn password_limits(&self, login: &LoginKey) -> Result<Vec<Write>, StoreError> {
        let items = self.query(login.pk(), None).await?;
        let keys = items.iter().filter_map(|item| item.get("sk")?.as_s().ok());
        let limits = keys.filter(|sk| sk.starts_with("LIMIT#")).take(PASSWORD_LIMITS_MAX);
        Ok(limits.map(|sk| Write::delete(login.pk(), sk)).collect())
    }

    /// Blocks a user and ends what was issued; unblocking does not bring it back. `false` when there is no such user.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn block(&self, user: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        let change = UserChange { blocked: Some(true), ..UserChange::default() };
        Ok(matches!(self.change_user(user, &change, now).await?, Changed::Done(_)))
    }

    /// Lets a blocked user sign in again. `false` when there is no such user.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn unblock(&self, user: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        let change = UserChange { blocked: Some(false), ..UserChange::default() };
        Ok(matches!(self.change_user(user, &change, now).await?, Changed::Done(_)))
    }

    /// Forgets all of a user's factors: authenticators, unconfirmed ones included, the recovery code, and the budgets
    /// with their counts; and ends what was issued. A verified address stays an authenticator by itself, with a clean
    /// count. Send budgets stay: they protect mailboxes. `false` when there is no such user.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn reset_mfa(&self, user: &UserId, now: Timestamp) -> Result<bool, StoreError> {
        for _ in 0..DECISION_TRIES {
            let Some(seen) = self.user(user, now).await? else { return Ok(false) };
            match self.transact(&reset(&seen, now)?).await {
                Ok(()) => return Ok(true),
                Err(NotWritten::Failed(error)) => return Err(error),
                // An authenticator came or went meanwhile.
                Err(NotWritten::Refused(_)) => {}
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

/// The profile that a password change was refused by; `None` when the login refused it, or there is no profile.
fn refused_profile(refused: Vec<RefusedStep<AccountStep>>) -> Result<Option<Profile>, StoreError> {
    if refused.iter().any(|refused| refused.step == AccountStep::Login) {
        return Ok(None);
    }
    refused.into_iter().find_map(|refused| refused.old).map(profile_of).transpose()
}

fn reset(seen: &UserState, now: Timestamp) -> Result<Vec<(AccountStep, Write)>, StoreError> {
    let profile = &seen.profile;
    let user = &profile.user_id;
    let pk = users::pk(user);
    // The list and the count that were seen: an authenticator that came meanwhile must not stay behind.
    let cleared = Ending::of(profile, now)
        .write(
            user,
            now,
            ", active_authenticators = :none, pending = :empty",
            " REMOVE implicit_last_used_at",
        )
        .when("attribute_not_exists(active_authenticators) OR active_authenticators = :active")
        .when("attribute_not_exists(pending) OR pending = :pending")
        .value(":none", number(0))
        .value(":active", number(u64::from(profile.active_authenticators)))
        .value(":pending", value_of(&profile.pending)?)
        .value(":empty", AttributeValue::L(Vec::new()));
    let listed = profile.pending.iter().map(|pending| &pending.id);
    let mut ids: Vec<_> = seen.authenticators.iter().map(|it| &it.id).chain(listed).collect();
    ids.sort();
    ids.dedup();
    let mut steps = vec![(AccountStep::Profile, cleared)];
    steps.extend(
        ids.into_iter()
            .map(|id| (AccountStep::Authenticator, Write::delete(&pk, &users::authenticator_sk(id)))),
    );
    steps.push((AccountStep::Recovery, Write::delete(&pk, RECOVERY)));
    let Limits { codes, recovery_codes, otp_associations, .. } = Limits::DEFAULT;
    let buckets = [codes, recovery_codes, otp_associations];
    steps.extend(buckets.map(|bucket| (AccountStep::Limit, LimitKey::of_user(user, bucket).delete())));
    Ok(steps)
}
