//! Taking over authenticators that were confirmed elsewhere: the secrets of apps, when users move to Postern.

use crate::id::UserId;
use crate::rules::enrolment::AUTHENTICATORS_MAX;
use crate::store::expression::{Write, number};
use crate::store::users::{self, Authenticator, PROFILE};
use crate::store::{NotWritten, Store, StoreError};

/// What became of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The authenticator is the user's, and counts as any other.
    Done,
    /// There is one of that id: it was imported before.
    Known,
    /// There is no such user, or it has the largest number of authenticators.
    NotPossible,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ImportStep {
    Authenticator,
    Profile,
}

impl Store {
    /// Gives a user an authenticator that was confirmed elsewhere, in one transaction with the count of them. The caller
    /// has checked that it is active, and sealed its secret (`token::totp_secret`). A user who is enrolled
    /// so is not shown a recovery code: the operator gives one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn import_authenticator(
        &self,
        user: &UserId,
        authenticator: &Authenticator,
    ) -> Result<Imported, StoreError> {
        let pk = users::pk(user);
        let sk = users::authenticator_sk(&authenticator.id);
        let put = Write::put(&pk, &sk, authenticator)?.when("attribute_not_exists(pk)");
        let count = Write::update(&pk, PROFILE, "ADD active_authenticators :one")
            .when("attribute_exists(pk)")
            .when("attribute_not_exists(active_authenticators) OR active_authenticators < :most")
            .value(":one", number(1))
            .value(":most", number(AUTHENTICATORS_MAX as u64));
        match self.transact(&[(ImportStep::Authenticator, put), (ImportStep::Profile, count)]).await {
            Ok(()) => Ok(Imported::Done),
            Err(NotWritten::Failed(error)) => Err(error),
            Err(NotWritten::Refused(refused)) => {
                let known = refused.iter().any(|refused| refused.step == ImportStep::Authenticator);
                Ok(if known { Imported::Known } else { Imported::NotPossible })
            }
        }
    }
}
