//! Users as an operator makes, changes and deletes them, each time with their logins in one transaction: an address is
//! unique because its login item is, so a user without it, or an address that leads to nobody, never exists.

use futures_util::future::try_join_all;

use super::expression::{Write, number, text, value_of};
use super::logins::{Login, LoginName, PasswordHash};
use super::user_change::has_address;
pub use super::user_change::{ProfileText, UserChange};
use super::users::{self, PROFILE, Profile, profile_of};
use super::{DECISION_TRIES, NotWritten, Outcome, RefusedStep, Store, StoreError, read};
use crate::id::UserId;
use crate::rules::address::EmailAddress;
use crate::time::Timestamp;

/// Writes that a transaction holds.
const TRANSACTION_MAX: usize = 100;

/// A login to be created with its user.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// What it is known by.
    pub name: LoginName,
    /// Absent where codes take the password's place.
    pub password_hash: Option<PasswordHash>,
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed {
    /// Written; the profile as it is now.
    Done(Box<Profile>),
    /// There is no such user.
    NoSuchUser,
    /// The address is somebody else's.
    AddressTaken,
    /// The metadata would not fit.
    MetadataDoesNotFit,
}

/// The members of the transactions here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UserStep {
    Profile,
    OldLogin,
    NewLogin,
    Other,
}

impl Store {
    /// Creates a user with its logins: `false`, and nothing written, when the id or one of the addresses is taken.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_user(&self, profile: &Profile, logins: &[NewLogin]) -> Result<bool, StoreError> {
        let user_id = &profile.user_id;
        let profile =
            Profile { logins: logins.iter().map(|login| login.name.clone()).collect(), ..profile.clone() };
        let new = "attribute_not_exists(pk)";
        let mut steps =
            vec![(UserStep::Profile, Write::put(&users::pk(user_id), PROFILE, &profile)?.when(new))];
        for NewLogin { name, password_hash } in logins {
            let login = Login { user_id: user_id.clone(), password_hash: password_hash.clone() };
            steps.push((UserStep::NewLogin, Write::put(name.key().pk(), "LOGIN", &login)?.when(new)));
        }
        match self.transact(&steps).await {
            Ok(()) => Ok(true),
            Err(NotWritten::Refused(_)) => Ok(false),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }

    /// Changes a user. What was read is a condition of the write wherever the change depends on it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change_user(
        &self,
        user: &UserId,
        change: &UserChange,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        for _ in 0..DECISION_TRIES {
            let Some(seen) = self.profile(user).await? else { return Ok(Changed::NoSuchUser) };
            let Some(profile) = change.write(&seen, now)? else { return Ok(Changed::MetadataDoesNotFit) };
            let Some(address) = change.new_address(&seen) else {
                if let Outcome::Done(item) = self.write(&profile).await? {
                    return profile_of(item).map(Box::new).map(Changed::Done);
                }
                continue;
            };
            // A login that is not there was moved since the profile was read.
            let Some(moves) = self.moves(&seen, address).await? else { continue };
            let steps: Vec<_> = std::iter::once((UserStep::Profile, profile)).chain(moves).collect();
            match self.transact(&steps).await {
                Ok(()) => return Ok(done(change, seen, now)),
                Err(NotWritten::Failed(error)) => return Err(error),
                Err(NotWritten::Refused(refused)) if is_taken(&refused) => return Ok(Changed::AddressTaken),
                Err(NotWritten::Refused(_)) => {}
            }
        }
        Err(StoreError::Busy)
    }

    /// The logins that have the user's address, each away from there and to the new one; `None` when one is missing.
    async fn moves(
        &self,
        seen: &Profile,
        address: &EmailAddress,
    ) -> Result<Option<Vec<(UserStep, Write)>>, StoreError> {
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
            steps.extend([(UserStep::OldLogin, old), (UserStep::NewLogin, new)]);
        }
        Ok(Some(steps))
    }

    /// Deletes a user with all logins, factors and refresh tokens; nothing happens where there is none. The profile
    /// goes in one transaction with the logins and the factors: without it nothing of the rest counts. Where that is
    /// more than a transaction holds, refresh tokens are deleted after it, and by a repetition when that fails.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete_user(&self, user: &UserId) -> Result<(), StoreError> {
        let pk = users::pk(user);
        for _ in 0..DECISION_TRIES {
            let (mut profile, mut others) = (None, Vec::new());
            // In the order of their keys: factors come before refresh tokens.
            for item in self.query(&pk, None).await? {
                match item.get("sk").and_then(|sk| sk.as_s().ok()) {
                    Some(sk) if sk == PROFILE => profile = Some(read::<Profile>(item)?),
                    Some(sk) => others.push((UserStep::Other, Write::delete(&pk, sk))),
                    None => {}
                }
            }
            let mut steps = profile.as_ref().map_or_else(|| Ok(Vec::new()), deletion)?;
            let room = TRANSACTION_MAX.saturating_sub(steps.len()).min(others.len());
            let rest = others.split_off(room);
            steps.extend(others);
            if self.all_done(&steps).await? {
                for chunk in rest.chunks(TRANSACTION_MAX) {
                    self.all_done(chunk).await?;
                }
                return Ok(());
            }
        }
        Err(StoreError::Busy)
    }

    /// Whether the steps were done; `false` when the user changed meanwhile.
    async fn all_done(&self, steps: &[(UserStep, Write)]) -> Result<bool, StoreError> {
        if steps.is_empty() {
            return Ok(true);
        }
        match self.transact(steps).await {
            Ok(()) => Ok(true),
            Err(NotWritten::Refused(_)) => Ok(false),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }
}

/// What a move answers: the transaction does not say, and to read it again could fail after all is done.
fn done(change: &UserChange, seen: Profile, now: Timestamp) -> Changed {
    let mut profile = Profile { logins: change.moved(&seen), updated_at: now, ..seen };
    if change.apply_to(&mut profile) { Changed::Done(Box::new(profile)) } else { Changed::MetadataDoesNotFit }
}

/// Whether a move was refused by the new address and by nothing else: the user is as it was read.
fn is_taken(refused: &[RefusedStep<UserStep>]) -> bool {
    refused.iter().all(|refused| refused.step == UserStep::NewLogin)
}

/// Deletes a profile with the logins and factors that were seen: one that came meanwhile must not stay behind.
fn deletion(profile: &Profile) -> Result<Vec<(UserStep, Write)>, StoreError> {
    let gone = Write::delete(&users::pk(&profile.user_id), PROFILE)
        .when("attribute_not_exists(active_authenticators) OR active_authenticators = :active")
        .when("attribute_not_exists(pending) OR pending = :pending")
        .when("attribute_not_exists(logins) OR logins = :logins")
        .value(":active", number(u64::from(profile.active_authenticators)))
        .value(":pending", value_of(&profile.pending)?)
        .value(":logins", value_of(&profile.logins)?);
    let login = |name: &LoginName| {
        let write = Write::delete(name.key().pk(), "LOGIN").when("user_id = :user");
        (UserStep::OldLogin, write.value(":user", text(profile.user_id.as_str())))
    };
    Ok(std::iter::once((UserStep::Profile, gone)).chain(profile.logins.iter().map(login)).collect())
}
