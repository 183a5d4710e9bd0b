//! Users as they are made and deleted, each time with their logins in one transaction: an address is unique because its
//! login item is, so a user without it, or an address that leads to nobody, never exists.
//!
//! An id may be chosen, and chosen again after its user was deleted. What the first one was issued must not open the
//! second one's account (SEC-42), so a deletion leaves a tombstone that says until when that was, and whoever is made
//! by that id ends it.

use serde::{Deserialize, Serialize};

use super::account_mails::AccountMail;
use super::expression::{Write, number, text, value_of};
use super::logins::{Login, LoginName, PasswordHash};
use super::users::{self, Authenticator, PROFILE, Profile, RECOVERY};
use super::{DECISION_TRIES, NotWritten, Store, StoreError, TRANSACTION_MAX, read};
use crate::id::UserId;
use crate::time::{Clock, Timestamp};
use crate::token::claims::ACCESS_TOKEN_SECONDS_MAX;

/// Sorts after all that is read of a user.
const TOMBSTONE: &str = "TOMBSTONE";
/// How long it is kept, in seconds: longer than any token that was issued before, a request under way included.
/// Refresh tokens go with their user.
const KEPT_SECONDS: u64 = ACCESS_TOKEN_SECONDS_MAX + 3_600;

/// A login to be created with its user.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// What it is known by.
    pub name: LoginName,
    /// Absent where codes take the password's place.
    pub password_hash: Option<PasswordHash>,
}

/// What is left of a deleted user.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tombstone {
    /// When the user was deleted, or as far as its `tokens_valid_after` ran ahead. The last of its tokens may say the
    /// second after that (`Profile::issue_time`).
    ended: Timestamp,
    /// When it is forgotten; also the TTL.
    expires_at: Timestamp,
}

impl Tombstone {
    fn of(profile: &Profile, now: Timestamp) -> Self {
        let ended = profile.tokens_valid_after.map_or(now, |after| after.max(now));
        Self { ended, expires_at: ended.plus(KEPT_SECONDS) }
    }
}

/// What there is under a user's key.
#[derive(Default)]
struct Partition {
    profile: Option<Profile>,
    tombstone: Option<Tombstone>,
    /// The sort keys of all else, in their order: factors come before refresh tokens.
    others: Vec<String>,
}

/// The members of a creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CreateStep {
    Profile,
    Login,
    Factor,
    Tombstone,
    Remains,
    Mail,
}

impl Store {
    /// Creates a user of a new id with its logins, and gives the profile: `None`, and nothing written, when one of the
    /// addresses is taken.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_user(
        &self,
        profile: Profile,
        logins: &[NewLogin],
    ) -> Result<Option<Profile>, StoreError> {
        self.create_user_and_mail(profile, logins, None).await
    }

    /// The same, with a mail to the new user that is asked for in the same transaction.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_user_and_mail(
        &self,
        profile: Profile,
        logins: &[NewLogin],
        mail: Option<&AccountMail>,
    ) -> Result<Option<Profile>, StoreError> {
        let (profile, mut steps) = creation(profile, logins)?;
        steps.extend(mail_step(mail)?);
        match self.transact(&steps).await {
            Ok(()) => Ok(Some(profile)),
            Err(NotWritten::Refused(_)) => Ok(None),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }

    /// The same of a chosen id, which may be taken, or have been another user's: nothing of that one is left to the new
    /// one, and what it was issued is ended.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_user_by_chosen_id(
        &self,
        profile: &Profile,
        logins: &[NewLogin],
        mail: Option<&AccountMail>,
        clock: &Clock,
    ) -> Result<Option<Profile>, StoreError> {
        self.create_with_factors(profile, logins, (&[], mail), clock).await
    }

    /// The same with authenticators, which the profile counts.
    pub(super) async fn create_with_factors(
        &self,
        profile: &Profile,
        logins: &[NewLogin],
        (authenticators, mail): (&[Authenticator], Option<&AccountMail>),
        clock: &Clock,
    ) -> Result<Option<Profile>, StoreError> {
        let user = &profile.user_id;
        for _ in 0..DECISION_TRIES {
            let Partition { profile: taken, tombstone, others } = self.partition(user).await?;
            if taken.is_some() {
                return Ok(None);
            }
            // After the last that was issued, and not before now: a request may have read the old profile just before
            // it went.
            let ended = tombstone.as_ref().map(|it| it.ended.plus(1).max(clock.now()));
            let tokens_valid_after = ended.max(profile.tokens_valid_after);
            let (profile, mut steps) = creation(Profile { tokens_valid_after, ..profile.clone() }, logins)?;
            steps.extend(factors(user, authenticators)?);
            steps.push((CreateStep::Tombstone, without_tombstone(user, tombstone.as_ref())));
            steps.extend(mail_step(mail)?);
            if others.len() > TRANSACTION_MAX.saturating_sub(steps.len()) {
                self.sweep(user, &others).await?;
                continue;
            }
            let pk = users::pk(user);
            steps.extend(others.iter().map(|sk| (CreateStep::Remains, Write::delete(&pk, sk))));
            match self.transact(&steps).await {
                Ok(()) => return Ok(Some(profile)),
                Err(NotWritten::Failed(error)) => return Err(error),
                // Of that id another user was made and deleted meanwhile.
                Err(NotWritten::Refused(refused))
                    if refused.iter().all(|refused| refused.step == CreateStep::Tombstone) => {}
                Err(NotWritten::Refused(_)) => return Ok(None),
            }
        }
        Err(StoreError::Busy)
    }

    /// Deletes a user with all logins, factors and refresh tokens; nothing happens where there is none. The profile
    /// goes in one transaction with the logins and the factors: without it nothing of the rest counts. Where that is
    /// more than a transaction holds, refresh tokens are deleted after it, and by a repetition when that fails. What a
    /// request under way leaves behind still counts for nobody, and goes when the id is chosen again.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete_user(&self, user: &UserId, clock: &Clock) -> Result<(), StoreError> {
        for _ in 0..DECISION_TRIES {
            let Partition { profile, others, .. } = self.partition(user).await?;
            let done = match profile {
                Some(profile) => {
                    let (deletion, rest) = deletion(&profile, &others, clock.now())?;
                    let done = self.all_done(deletion).await?;
                    if done {
                        // Refused only where the id has a new user, and what was left went then.
                        self.sweep(user, rest).await?;
                    }
                    done
                }
                None => self.sweep(user, &others).await?,
            };
            if done {
                return Ok(());
            }
        }
        Err(StoreError::Busy)
    }

    /// Deletes what is left of a user who is no more; `false` when there is a user.
    async fn sweep(&self, user: &UserId, others: &[String]) -> Result<bool, StoreError> {
        let pk = users::pk(user);
        for chunk in others.chunks(TRANSACTION_MAX - 1) {
            let nobody = Write::check(&pk, PROFILE, "attribute_not_exists(pk)");
            let gone = chunk.iter().map(|sk| Write::delete(&pk, sk));
            if !self.all_done(std::iter::once(nobody).chain(gone)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn partition(&self, user: &UserId) -> Result<Partition, StoreError> {
        let mut partition = Partition::default();
        for item in self.query(&users::pk(user), None).await? {
            match item.get("sk").and_then(|sk| sk.as_s().ok()) {
                Some(sk) if sk == PROFILE => partition.profile = Some(read(item)?),
                Some(sk) if sk == TOMBSTONE => partition.tombstone = Some(read(item)?),
                Some(sk) => partition.others.push(sk.clone()),
                None => {}
            }
        }
        Ok(partition)
    }
}

/// Puts a profile with its logins where there are none.
pub(super) fn creation(
    profile: Profile,
    logins: &[NewLogin],
) -> Result<(Profile, Vec<(CreateStep, Write)>), StoreError> {
    let profile = Profile { logins: logins.iter().map(|login| login.name.clone()).collect(), ..profile };
    let new = "attribute_not_exists(pk)";
    let put = Write::put(&users::pk(&profile.user_id), PROFILE, &profile)?
        .listed_user(&profile.user_id, profile.created_at)
        .when(new);
    let mut steps = vec![(CreateStep::Profile, put)];
    for NewLogin { name, password_hash } in logins {
        let login = Login { user_id: profile.user_id.clone(), password_hash: password_hash.clone() };
        steps.push((CreateStep::Login, Write::put(name.key().pk(), "LOGIN", &login)?.when(new)));
    }
    Ok((profile, steps))
}

fn mail_step(mail: Option<&AccountMail>) -> Result<Option<(CreateStep, Write)>, StoreError> {
    mail.map(|mail| Ok((CreateStep::Mail, mail.write()?))).transpose()
}

/// Puts the authenticators of a user who is made in the same transaction.
pub(super) fn factors(
    user: &UserId,
    authenticators: &[Authenticator],
) -> Result<Vec<(CreateStep, Write)>, StoreError> {
    let put = |it| users::put_authenticator(user, it).map(|write| (CreateStep::Factor, write));
    authenticators.iter().map(put).collect()
}

/// Demands that nobody of that id was deleted lately.
pub(super) fn no_tombstone(user: &UserId) -> Write {
    without_tombstone(user, None)
}

/// Takes away the tombstone that was seen, or demands that there is none.
fn without_tombstone(user: &UserId, seen: Option<&Tombstone>) -> Write {
    let pk = users::pk(user);
    match seen {
        Some(tombstone) => {
            Write::delete(&pk, TOMBSTONE).when("ended = :ended").value(":ended", number(tombstone.ended.0))
        }
        None => Write::check(&pk, TOMBSTONE, "attribute_not_exists(pk)"),
    }
}

/// Deletes a profile with the logins and factors that were seen, as far as a transaction holds them; and what it does
/// not hold.
fn deletion<'a>(
    profile: &Profile,
    others: &'a [String],
    now: Timestamp,
) -> Result<(Vec<Write>, &'a [String]), StoreError> {
    let pk = users::pk(&profile.user_id);
    let gone =
        Write::delete(&pk, PROFILE).when("logins = :logins").value(":logins", value_of(&profile.logins)?);
    let mut writes = vec![
        users::with_factors_of(profile, gone)?,
        Write::put(&pk, TOMBSTONE, &Tombstone::of(profile, now))?,
        // Whether one was seen or not: a first one changes nothing of the profile.
        Write::delete(&pk, RECOVERY),
    ];
    writes.extend(profile.logins.iter().map(|name| {
        let write = Write::delete(name.key().pk(), "LOGIN").when("user_id = :user");
        write.value(":user", text(profile.user_id.as_str()))
    }));
    let room = TRANSACTION_MAX.saturating_sub(writes.len()).min(others.len());
    let (first, rest) = others.split_at(room);
    writes.extend(first.iter().filter(|sk| *sk != RECOVERY).map(
        |sk| match sk.starts_with("AUTHENTICATOR#") {
            true => users::without_authenticator(&pk, sk),
            false => Write::delete(&pk, sk),
        },
    ));
    Ok((writes, rest))
}
