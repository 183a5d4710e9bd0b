//! Giving a user authenticators on an operator's word, without a proof of the user's: those that were confirmed
//! elsewhere, when users move to Postern, and those that an operator adds.

use crate::id::UserId;
use crate::rules::enrolment::AUTHENTICATORS_MAX;
use crate::store::expression::{Write, number};
use crate::store::limits::{Counter, LimitKey};
use crate::store::notices::Notice;
use crate::store::users::{self, Authenticator, PROFILE};
use crate::store::{NotWritten, Store, StoreError};

/// Authenticators to be given. The caller has checked that they are active, and sealed their secrets
/// (`token::totp_secret`).
#[derive(Clone, Debug)]
pub struct Import {
    /// To whom.
    pub user: UserId,
    /// One, or the channels of one phone.
    pub authenticators: Vec<Authenticator>,
    /// Whether failures are counted for apps of old that are all gone: a new one begins without (SEC-20).
    pub forgets: Option<Counter>,
    /// What the user is told of it.
    pub notice: Option<Notice>,
}

/// What became of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The authenticator is the user's, and counts as any other.
    Done,
    /// There is one of that id: it was imported before.
    Known,
    /// There is no such user.
    NoSuchUser,
    /// The user has the largest number of authenticators.
    TooMany,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ImportStep {
    Authenticator,
    Profile,
    Limit,
    Notice,
}

impl Import {
    fn steps(&self) -> Result<Vec<(ImportStep, Write)>, StoreError> {
        let pk = users::pk(&self.user);
        let mut steps = Vec::with_capacity(self.authenticators.len() + 3);
        for authenticator in &self.authenticators {
            let sk = users::authenticator_sk(&authenticator.id);
            let put = Write::put(&pk, &sk, authenticator)?.when("attribute_not_exists(pk)");
            steps.push((ImportStep::Authenticator, put));
        }
        let added = self.authenticators.len();
        let count = Write::update(&pk, PROFILE, "ADD active_authenticators :added")
            .when("attribute_exists(pk)")
            .when("attribute_not_exists(active_authenticators) OR active_authenticators <= :room")
            .value(":added", number(added as u64))
            .value(":room", number(AUTHENTICATORS_MAX.saturating_sub(added) as u64));
        steps.push((ImportStep::Profile, count));
        if let Some(counter) = &self.forgets {
            let key = LimitKey::failures(&self.user, counter.clone());
            steps.push((ImportStep::Limit, key.forget()));
        }
        if let Some(notice) = &self.notice {
            steps.push((ImportStep::Notice, notice.write()?));
        }
        Ok(steps)
    }
}

impl Store {
    /// Gives a user authenticators, in one transaction with the count of them. A user who is enrolled so is not shown a
    /// recovery code: the operator gives one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn import_authenticators(&self, import: &Import) -> Result<Imported, StoreError> {
        match self.transact(&import.steps()?).await {
            Ok(()) => Ok(Imported::Done),
            Err(NotWritten::Failed(error)) => Err(error),
            Err(NotWritten::Refused(refused)) => {
                let is_known = refused.iter().any(|refused| refused.step == ImportStep::Authenticator);
                let is_nobody = refused.iter().all(|refused| refused.old.is_none());
                Ok(match (is_known, is_nobody) {
                    (true, _) => Imported::Known,
                    (false, true) => Imported::NoSuchUser,
                    (false, false) => Imported::TooMany,
                })
            }
        }
    }
}
