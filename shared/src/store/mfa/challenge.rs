//! The transaction that makes a challenge: the challenge, the send limits, and the checks that guard them.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Challenge, ChallengePurpose, accepting, challenge_sk, pk, unspent};
use crate::id::{AuthenticatorId, Jti, UserId};
use crate::rules::address::EmailAddress;
use crate::rules::channel::Channel;
use crate::rules::limit::{Bucket, Window};
use crate::store::expression::{Write, minus_one, number, text};
use crate::store::limits::LimitKey;
use crate::store::users::{self, PROFILE};
use crate::store::{Item, NotWritten, Store, StoreError};
use crate::time::Timestamp;

/// The members of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeStep {
    /// The challenge itself.
    Challenge,
    /// The user's send budget.
    SendLimit,
    /// The destination's.
    DestinationLimit,
    /// That no tokens were issued.
    Spent,
    /// That the user accepts this token, and the address is still the account's.
    Profile,
    /// That the authenticator is still there.
    Authenticator,
}

/// What one send is charged to.
#[derive(Clone, Debug)]
pub struct Sending {
    /// Whose budget.
    pub user: UserId,
    /// The user's bucket.
    pub bucket: Bucket,
    /// Whether the bucket's debt of old has decayed, as it was read.
    pub decayed: bool,
    /// By which channel, for what a refusal says.
    pub channel: Channel,
    /// What the code is for: enrolments, which may name anybody's address, have a window of their own, so that they
    /// cannot use up the one of its owner's sign-ins.
    pub purpose: ChallengePurpose,
    /// MAC of the destination.
    pub destination: String,
    /// The destination's limit.
    pub window: Window,
    /// When.
    pub now: Timestamp,
}

impl Sending {
    fn destination_key(&self) -> (String, String) {
        let start = self.window.start(self.now).0;
        let sk = format!("SENDS#{}#{}#{start}", self.bucket.name, self.purpose.as_str());
        (format!("DESTINATION#{}", self.destination), sk)
    }

    /// The two charges.
    pub(super) fn charges<S>(&self, user: S, destination: S) -> [(S, Write); 2] {
        let (pk, sk) = self.destination_key();
        // A counter of a fixed window has one form, whatever it says: no read is needed before.
        let count = Write::update(&pk, &sk, "SET expires_at = :over ADD sends :one")
            .when("attribute_not_exists(sends) OR sends < :most")
            .value(":over", number(self.window.start(self.now).plus(2 * self.window.seconds).0))
            .value(":one", number(1))
            .value(":most", number(self.window.sends));
        [
            (user, LimitKey::of_user(&self.user, self.bucket).charge(self.decayed, self.now)),
            (destination, count),
        ]
    }

    /// Gives both back.
    pub(super) fn refunds<S>(&self, user: S, destination: S) -> [(S, Write); 2] {
        let (pk, sk) = self.destination_key();
        let uncount = Write::update(&pk, &sk, "ADD sends :minus").value(":minus", minus_one());
        [(user, LimitKey::of_user(&self.user, self.bucket).refund(self.now)), (destination, uncount)]
    }
}

/// A challenge to be made for an active authenticator.
#[derive(Clone, Debug)]
pub struct NewChallenge {
    /// The login.
    pub jti: Jti,
    /// When its token was issued.
    pub issued_at: Timestamp,
    /// The authenticator.
    pub authenticator_id: AuthenticatorId,
    /// The address of the implicit one, which has no item of its own: it must still be the account's.
    pub implicit: Option<EmailAddress>,
    /// What is stored.
    pub challenge: Challenge,
    /// What it costs.
    pub sending: Sending,
    /// The challenge it stands in for, as it was read.
    pub earlier: Option<Item>,
}

impl Store {
    /// Makes a challenge: an older one of the same authenticator and login is void with it (SEC-12).
    ///
    /// # Errors
    /// The members whose conditions did not hold, or [`StoreError`].
    pub async fn create_challenge(&self, new: &NewChallenge) -> Result<(), NotWritten<ChallengeStep>> {
        let user = users::pk(&new.sending.user);
        let challenge = Write::put(&pk(&new.jti), &challenge_sk(&new.authenticator_id), &new.challenge)?;
        let mut profile = accepting(Write::check(&user, PROFILE, "attribute_exists(pk)"), new.issued_at);
        if let Some(address) = &new.implicit {
            profile = profile
                .when("email = :email AND email_verified = :true")
                .value(":email", text(address.as_str()))
                .value(":true", AttributeValue::Bool(true));
        }
        let mut steps = vec![
            (ChallengeStep::Challenge, challenge),
            (ChallengeStep::Spent, unspent(&new.jti)),
            (ChallengeStep::Profile, profile),
        ];
        if new.implicit.is_none() {
            let sk = users::authenticator_sk(&new.authenticator_id);
            steps.push((ChallengeStep::Authenticator, Write::check(&user, &sk, "attribute_exists(pk)")));
        }
        steps.extend(new.sending.charges(ChallengeStep::SendLimit, ChallengeStep::DestinationLimit));
        self.transact(&steps).await
    }

    /// Undoes a challenge whose code was not sent: the earlier one is good again and the send is given back, unless
    /// a newer one has come meanwhile.
    ///
    /// # Errors
    /// As [`Store::create_challenge`].
    pub async fn undo_challenge(&self, new: &NewChallenge) -> Result<(), NotWritten<ChallengeStep>> {
        let (pk, sk) = (pk(&new.jti), challenge_sk(&new.authenticator_id));
        let back = match &new.earlier {
            Some(item) => Write::put_back(&pk, &sk, item.clone()),
            None => Write::delete(&pk, &sk),
        };
        let mine = back.when("nonce = :mine").value(":mine", text(new.challenge.nonce.as_str()));
        let refunds = new.sending.refunds(ChallengeStep::SendLimit, ChallengeStep::DestinationLimit);
        let mut steps = vec![(ChallengeStep::Challenge, mine)];
        steps.extend(refunds.clone());
        match self.transact(&steps).await {
            // A newer challenge stands: it stays, only the send is given back.
            Err(NotWritten::Refused(_)) => self.transact(&refunds).await,
            other => other,
        }
    }

    /// Voids a challenge whose code may or may not have been sent.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn void_challenge(
        &self,
        jti: &Jti,
        id: &AuthenticatorId,
        challenge: &Challenge,
    ) -> Result<(), StoreError> {
        let write = Write::delete(&pk(jti), &challenge_sk(id))
            .when("nonce = :mine")
            .value(":mine", text(challenge.nonce.as_str()));
        self.write(&write).await.map(|_| ())
    }
}
