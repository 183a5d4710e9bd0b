//! The transaction that begins an enrolment.

use super::challenge::Sending;
use super::{Challenge, accepting, challenge_sk, pk, through, unspent};
use crate::id::Jti;
use crate::rules::enrolment::Gate;
use crate::rules::limit::Bucket;
use crate::rules::policy::TenantSettings;
use crate::store::expression::{Write, text, value_of};
use crate::store::limits::{Counter, LimitKey};
use crate::store::users::{self, Authenticator, PROFILE, Pending, Profile, profile_of};
use crate::store::{Item, NotWritten, RefusedStep, Store, StoreError};
use crate::time::Timestamp;

/// Tries of undoing, when the list of pending authenticators moves meanwhile.
const UNDO_TRIES: u32 = 4;

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
    /// Failures counted for apps of old.
    Failures,
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
        /// Whether failures are counted for apps of old that are all gone: enrolling anew forgets them (SEC-20).
        forgets: bool,
    },
}

/// An association that another one of the same login and destination replaces, as it was read.
#[derive(Clone, Debug)]
pub struct Replaced {
    /// The pending authenticator.
    pub authenticator: Authenticator,
    /// The same phone by its other channel.
    pub twin: Option<Authenticator>,
    /// Its challenge's item; an app has none.
    pub challenge: Option<Item>,
}

impl Replaced {
    fn authenticators(&self) -> impl Iterator<Item = &Authenticator> {
        [Some(&self.authenticator), self.twin.as_ref()].into_iter().flatten()
    }
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
    /// The same phone by its other channel, confirmed with it (contract §3).
    pub twin: Option<Authenticator>,
    /// Its kind and cost.
    pub kind: NewAuthenticator,
    /// The profile as it was read.
    pub profile: Profile,
    /// The list after this association.
    pub pending: Vec<Pending>,
    /// What this one replaces.
    pub replaced: Option<Replaced>,
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
        let profile = accepting(self.list(&self.profile.pending, &self.pending)?, self.issued_at);
        let mut steps = Vec::with_capacity(10);
        for authenticator in [Some(&self.authenticator), self.twin.as_ref()].into_iter().flatten() {
            let put = users::put_authenticator(&self.profile.user_id, authenticator)?;
            steps.push((AssociateStep::Authenticator, put));
        }
        steps.push((AssociateStep::Profile, through(profile, self.gate, &self.settings)));
        if self.spendable {
            steps.push((AssociateStep::Spent, unspent(&self.jti)));
        }
        match &self.kind {
            NewAuthenticator::Oob { challenge, sending } => {
                let sk = challenge_sk(&self.authenticator.id);
                steps.push((AssociateStep::Challenge, Write::put(&pk(&self.jti), &sk, challenge)?));
                steps.extend(sending.charges(AssociateStep::Limit, AssociateStep::DestinationLimit));
            }
            NewAuthenticator::Otp { bucket, decayed, forgets } => {
                let charge = LimitKey::of_user(&self.profile.user_id, *bucket).charge(*decayed, self.now);
                steps.push((AssociateStep::Limit, charge));
                if *forgets {
                    let key = LimitKey::failures(&self.profile.user_id, Counter::Otp);
                    steps.push((AssociateStep::Failures, key.forget()));
                }
            }
        }
        if let Some(replaced) = &self.replaced {
            for gone in replaced.authenticators() {
                let delete = Write::delete(&user, &users::authenticator_sk(&gone.id));
                steps.push((AssociateStep::Replaced, delete));
            }
            if replaced.challenge.is_some() {
                let delete = Write::delete(&pk(&self.jti), &challenge_sk(&replaced.authenticator.id));
                steps.push((AssociateStep::Replaced, delete));
            }
        }
        Ok(steps)
    }

    /// The inverse, for a code that was not sent, from the list as it now is: without this association, and with the
    /// one it replaced.
    fn inverse(&self, listed: &[Pending]) -> Result<Vec<(AssociateStep, Write)>, StoreError> {
        let NewAuthenticator::Oob { challenge, sending } = &self.kind else { return Ok(Vec::new()) };
        let was_replaced = |other: &&Pending| {
            self.replaced.as_ref().is_some_and(|replaced| replaced.authenticator.id == other.id)
        };
        let others = listed.iter().filter(|other| other.id != self.authenticator.id);
        let restored: Vec<_> =
            others.chain(self.profile.pending.iter().filter(was_replaced)).cloned().collect();
        let user = self.user_pk();
        let unmade = |authenticator: &Authenticator| {
            let delete = Write::delete(&user, &users::authenticator_sk(&authenticator.id))
                .when("#state = :pending")
                .name("#state", "state")
                .value(":pending", text("pending"));
            (AssociateStep::Authenticator, delete)
        };
        let mine = Write::delete(&pk(&self.jti), &challenge_sk(&self.authenticator.id))
            .when("nonce = :mine")
            .value(":mine", text(challenge.nonce.as_str()));
        let mut steps = vec![
            unmade(&self.authenticator),
            (AssociateStep::Challenge, mine),
            (AssociateStep::Profile, self.list(listed, &restored)?),
        ];
        steps.extend(self.twin.as_ref().map(unmade));
        steps.extend(sending.refunds(AssociateStep::Limit, AssociateStep::DestinationLimit));
        if let Some(replaced) = &self.replaced {
            for back in replaced.authenticators() {
                let back = users::put_back_authenticator(&self.profile.user_id, back)?;
                steps.push((AssociateStep::Replaced, back));
            }
            if let Some(item) = &replaced.challenge {
                let sk = challenge_sk(&replaced.authenticator.id);
                let back = Write::put_back(&pk(&self.jti), &sk, item.clone());
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
    /// the authenticator itself moved on meanwhile, only the send is given back and the rest expires by itself.
    ///
    /// # Errors
    /// As [`Store::associate`].
    pub async fn undo_association(&self, association: &Association) -> Result<(), NotWritten<AssociateStep>> {
        let NewAuthenticator::Oob { sending, .. } = &association.kind else { return Ok(()) };
        let mut listed = association.pending.clone();
        for _ in 0..UNDO_TRIES {
            let refused = match self.transact(&association.inverse(&listed)?).await {
                Err(NotWritten::Refused(refused)) => refused,
                other => return other,
            };
            let [RefusedStep { step: AssociateStep::Profile, old: Some(old) }] = refused.as_slice() else {
                break;
            };
            // Another login's association came or went: the list is decided again from what it is now.
            listed = profile_of(old.clone())?.pending;
        }
        self.transact(&sending.refunds(AssociateStep::Limit, AssociateStep::DestinationLimit)).await
    }
}
