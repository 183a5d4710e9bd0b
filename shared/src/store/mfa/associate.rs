//! The transaction that begins an enrolment.

use super::challenge::Sending;
use super::{Challenge, accepting, challenge_sk, pk, through, unspent};
use crate::id::Jti;
use crate::rules::enrolment::Gate;
use crate::rules::limit::Bucket;
use crate::rules::policy::TenantSettings;
use crate::store::expression::{Write, text, value_of};
use crate::store::limits::LimitKey;
use crate::store::users::{self, Authenticator, PROFILE, Pending, Profile};
use crate::store::{Item, NotWritten, Store, StoreError};
use crate::time::Timestamp;

/// The members of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssociateStep {
    /// The pending authenticator.
    Authenticator,
    /// Its challenge.
    Challenge,
    /// The profile's list, and the gate.
    Profile,
    /// The user's budget: sends, or associations of apps.
    Limit,
    /// The destination's.
    DestinationLimit,
    /// That no tokens were issued.
    Spent,
    /// The association that this one replaces.
    Replaced,
}

/// What kind of authenticator is associated, with what that costs.
#[derive(Clone, Debug)]
pub enum NewAuthenticator {
    /// A code is sent.
    Oob {
        /// What is stored of it.
        challenge: Challenge,
        /// What it costs.
        sending: Sending,
    },
    /// An app gets a secret.
    Otp {
        /// The budget of associations.
        bucket: Bucket,
        /// Whether its debt of old has decayed, as it was read.
        decayed: bool,
    },
}

/// An association to be made.
#[derive(Clone, Debug)]
pub struct Association {
    /// The login.
    pub jti: Jti,
    /// When its token was issued.
    pub issued_at: Timestamp,
    /// Whether it is an `mfa_token`, which can be spent.
    pub spendable: bool,
    /// The condition of the enrolment.
    pub gate: Gate,
    /// The tenant's settings the gate depends on.
    pub settings: TenantSettings,
    /// The pending authenticator.
    pub authenticator: Authenticator,
    /// Its kind and cost.
    pub kind: NewAuthenticator,
    /// The profile as it was read.
    pub profile: Profile,
    /// The list after this association.
    pub pending: Vec<Pending>,
    /// What this one replaces: the authenticator and its challenge, as they were read.
    pub replaced: Option<(Authenticator, Option<Item>)>,
    /// When.
    pub now: Timestamp,
}

impl Association {
    fn user_pk(&self) -> String {
        users::pk(&self.profile.user_id)
    }

    /// The list changes only from what was seen: two associations at once cannot both be the fifth.
    fn list(&self, from: &[Pending], to: &[Pending]) -> Result<Write, StoreError> {
        let update =
            Write::update(&self.user_pk(), PROFILE, "SET pending = :to").value(":to", value_of(&to)?);
        let seen = if from.is_empty() {
            update.when("attribute_not_exists(pending) OR pending = :seen")
        } else {
            update.when("pending = :seen")
        };
        Ok(seen.value(":seen", value_of(&from)?))
    }

    fn steps(&self) -> Result<Vec<(AssociateStep, Write)>, StoreError> {
        let user = self.user_pk();
        let sk = users::authenticator_sk(&self.authenticator.id);
        let authenticator = Write::put(&user, &sk, &self.authenticator)?.when("attribute_not_exists(pk)");
        let profile = accepting(self.list(&self.profile.pending, &self.pending)?, self.issued_at);
        let mut steps = vec![
            (AssociateStep::Authenticator, authenticator),
            (AssociateStep::Profile, through(profile, self.gate, &self.settings)),
        ];
        if self.spendable {
            steps.push((AssociateStep::Spent, unspent(&self.jti)));
        }
        match &self.kind {
            NewAuthenticator::Oob { challenge, sending } => {
                let sk = challenge_sk(&self.authenticator.id);
                steps.push((AssociateStep::Challenge, Write::put(&pk(&self.jti), &sk, challenge)?));
                steps.extend(sending.charges(AssociateStep::Limit, AssociateStep::DestinationLimit));
            }
            NewAuthenticator::Otp { bucket, decayed } => {
                let charge = LimitKey::of_user(&self.profile.user_id, *bucket).charge(*decayed, self.now);
                steps.push((AssociateStep::Limit, charge));
            }
        }
        if let Some((replaced, challenge)) = &self.replaced {
            steps.push((
                AssociateStep::Replaced,
                Write::delete(&user, &users::authenticator_sk(&replaced.id)),
            ));
            if challenge.is_some() {
                let delete = Write::delete(&pk(&self.jti), &challenge_sk(&replaced.id));
                steps.push((AssociateStep::Replaced, delete));
            }
        }
        Ok(steps)
    }

    /// The inverse, for a code that was not sent.
    fn inverse(&self) -> Result<Vec<(AssociateStep, Write)>, StoreError> {
        let NewAuthenticator::Oob { challenge, sending } = &self.kind else { return Ok(Vec::new()) };
        let user = self.user_pk();
        let authenticator = Write::delete(&user, &users::authenticator_sk(&self.authenticator.id))
            .when("#state = :pending")
            .name("#state", "state")
            .value(":pending", text("pending"));
        let mine = Write::delete(&pk(&self.jti), &challenge_sk(&self.authenticator.id))
            .when("nonce = :mine")
            .value(":mine", text(challenge.nonce.as_str()));
        let mut steps = vec![
            (AssociateStep::Authenticator, authenticator),
            (AssociateStep::Challenge, mine),
            (AssociateStep::Profile, self.list(&self.pending, &self.profile.pending)?),
        ];
        steps.extend(sending.refunds(AssociateStep::Limit, AssociateStep::DestinationLimit));
        if let Some((replaced, challenge)) = &self.replaced {
            let sk = users::authenticator_sk(&replaced.id);
            steps.push((AssociateStep::Replaced, Write::put(&user, &sk, replaced)?));
            if let Some(item) = challenge {
                let back = Write::put_back(&pk(&self.jti), &challenge_sk(&replaced.id), item.clone());
                steps.push((AssociateStep::Replaced, back));
            }
        }
        Ok(steps)
    }
}

impl Store {
    /// Begins an enrolment.
    ///
    /// # Errors
    /// The members whose conditions did not hold, or [`StoreError`].
    pub async fn associate(&self, association: &Association) -> Result<(), NotWritten<AssociateStep>> {
        self.transact(&association.steps()?).await
    }

    /// Undoes an enrolment whose code was not sent: what it replaced is good again, and the send is given back. When
    /// the user's state moved on meanwhile, only the send is given back and the rest expires by itself.
    ///
    /// # Errors
    /// As [`Store::associate`].
    pub async fn undo_association(&self, association: &Association) -> Result<(), NotWritten<AssociateStep>> {
        let NewAuthenticator::Oob { sending, .. } = &association.kind else { return Ok(()) };
        match self.transact(&association.inverse()?).await {
            Err(NotWritten::Refused(_)) => {
                self.transact(&sending.refunds(AssociateStep::Limit, AssociateStep::DestinationLimit)).await
            }
            other => other,
        }
    }
}
