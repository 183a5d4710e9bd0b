//! Users as an operator changes them, where the address changes with their logins in one transaction.

use futures_util::future::try_join_all;

use super::expression::{Write, text, value_of};
use super::logins::LoginName;
use super::user_change::has_address;
pub use super::user_change::{DoesNotFit, ProfileText, TextFlaw, UserChange};
use super::users::{Profile, profile_of};
use super::{DECISION_TRIES, NotWritten, Outcome, RefusedStep, Store, StoreError};
use crate::id::UserId;
use crate::rules::address::EmailAddress;
use crate::rules::metadata::MetadataKind;
use crate::time::{Clock, Timestamp};

/// What became of a change.
#[derive(Debug)]
pub enum Changed {
    /// Written; the profile as it is now. What a transaction changed is shown as it was read before, and with the
    /// change: the transaction does not say, and to read it again could fail after all is done.
    Done(Box<Profile>),
    /// There is no such user.
    NoSuchUser,
    /// The user does not sign in by a password.
    NoPassword,
    /// The address is somebody else's.
    AddressTaken,
    /// The metadata would not fit.
    MetadataDoesNotFit(MetadataKind),
}

/// The members of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MoveStep {
    Profile,
    OldLogin,
    NewLogin,
}

impl Store {
    /// Changes a user. What was read is a condition of the write wherever the change depends on it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change_user(
        &self,
        user: &UserId,
        change: &UserChange,
        clock: &Clock,
    ) -> Result<Changed, StoreError> {
        for _ in 0..DECISION_TRIES {
            let now = clock.now();
            let Some(seen) = self.profile(user).await? else { return Ok(Changed::NoSuchUser) };
            let Some(changed) = self.try_change(seen, change, now).await? else { continue };
            if change.ends() && matches!(changed, Changed::Done(_)) {
                self.end_since(user, now, clock).await?;
            }
            return Ok(changed);
        }
        Err(StoreError::Busy)
    }

    /// `None` when the user changed since it was read.
    async fn try_change(
        &self,
        seen: Profile,
        change: &UserChange,
        now: Timestamp,
    ) -> Result<Option<Changed>, StoreError> {
        let profile = match change.write(&seen, now, change.ends())? {
            Ok(profile) => profile,
            Err(DoesNotFit(kind)) => return Ok(Some(Changed::MetadataDoesNotFit(kind))),
        };
        let Some(address) = change.new_address(&seen) else {
            return match self.write(&profile).await? {
                Outcome::Done(item) => Ok(Some(Changed::Done(Box::new(profile_of(item)?)))),
                Outcome::Refused(_) => Ok(None),
            };
        };
        // A login that is not there was moved since the profile was read.
        let Some(moves) = self.moves(&seen, address).await? else { return Ok(None) };
        let steps: Vec<_> = std::iter::once((MoveStep::Profile, profile)).chain(moves).collect();
        match self.transact(&steps).await {
            Ok(()) => Ok(Some(done(change, seen, now))),
            Err(NotWritten::Failed(error)) => Err(error),
            Err(NotWritten::Refused(refused)) if is_taken(&refused) => Ok(Some(Changed::AddressTaken)),
            Err(NotWritten::Refused(_)) => Ok(None),
        }
    }

    /// The logins that have the user's address, each away from there and to the new one; `None` when one is missing.
    async fn moves(
        &self,
        seen: &Profile,
        address: &EmailAddress,
    ) -> Result<Option<Vec<(MoveStep, Write)>>, StoreError> {
        let names: Vec<_> = seen.logins.iter().filter(|login| has_address(login, seen)).collect();
        let logins = names.iter().map(|name| async { self.login(&name.key()).await });
        let mut steps = Vec::new();
        for (name, login) in names.iter().zip(try_join_all(logins).await?) {
            let Some(login) = login else { return Ok(None) };
            let old = Write::delete(name.key().pk(), "LOGIN")
                .when("user_id = :user")
                .value(":user", text(seen.user_id.as_str()));
            // A password that is set meanwhile must not be lost.
            let old = match &login.password_hash {
                Some(hash) => old.when("password_hash = :hash").value(":hash", value_of(hash)?),
                None => old.when("attribute_not_exists(password_hash)"),
            };
            let to = LoginName::new(&name.connection, address.as_str());
            let new = Write::put(to.key().pk(), "LOGIN", &login)?.when("attribute_not_exists(pk)");
            steps.extend([(MoveStep::OldLogin, old), (MoveStep::NewLogin, new)]);
        }
        Ok(Some(steps))
    }
}

/// What a change by transaction answers.
pub(super) fn done(change: &UserChange, seen: Profile, now: Timestamp) -> Changed {
    let mut profile = Profile { logins: change.moved(&seen), updated_at: now, ..seen };
    match change.apply_to(&mut profile) {
        Ok(()) => Changed::Done(Box::new(profile)),
        Err(DoesNotFit(kind)) => Changed::MetadataDoesNotFit(kind),
    }
}

/// Whether a move was refused by the new address and by nothing else: the user is as it was read.
fn is_taken(refused: &[RefusedStep<MoveStep>]) -> bool {
    refused.iter().all(|refused| refused.step == MoveStep::NewLogin)
}
