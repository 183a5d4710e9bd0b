//! Refresh families: what is left of a sign-in with `offline_access`. One item each, beside the user's state and not
//! part of it. `rules::refresh` says what a presented secret means; here its decisions are written.
//!
//! Rotation is one conditional write on the digest that was seen. Of any number of requests with one secret exactly one
//! writes; the others are shown the item as that one left it, find their secret replaced a moment ago, and compute the
//! same successor without writing. A write that is repeated after a time-out is such an other. Ending a family is one
//! write too, and final: rotation demands that it has not happened, and nothing takes it back.
//!
//! The profile is read beside the family and is no condition of the rotation, and need not be: a password change, a
//! block or an MFA reset in between leaves a family that began before it, and every token issued for the request says a
//! time before it, so none of them is accepted from then on (SEC-42).

use serde::{Deserialize, Serialize};

use super::expression::{Write, number, text, value_of};
use super::{Outcome, Store, StoreError, read, users};
use crate::id::{ClientId, FamilyId, UserId};
use crate::rules::refresh::Chain;
use crate::rules::scope::Scope;
use crate::time::Timestamp;
use crate::token::claims::GrantedBy;

fn sk(family: &FamilyId) -> String {
    format!("REFRESH#{family}")
}

/// A family as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Family {
    /// The client it was issued to, which alone may use it.
    pub client_id: ClientId,
    /// The API its access tokens are for.
    pub audience: String,
    /// What the sign-in was granted.
    pub scope: Scope,
    /// What its first factor was.
    pub granted_by: GrantedBy,
    /// When its last factor was proven.
    pub auth_time: Timestamp,
    /// When it was issued: what ends the user's tokens ends it by this (SEC-42).
    pub issued_at: Timestamp,
    /// When it is over however much it is used.
    pub ends_at: Timestamp,
    /// When it is over unless it is used; also the TTL.
    pub expires_at: Timestamp,
    /// Whether it was ended: by revocation, or because a secret was reused.
    #[serde(default)]
    pub revoked: bool,
    /// Its secrets.
    #[serde(flatten)]
    pub chain: Chain,
}

impl Family {
    /// Whether nothing is given for its tokens any more.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.revoked || self.expires_at.is_past(now) || self.ends_at.is_past(now)
    }
}

/// A family to be begun.
#[derive(Clone, Debug)]
pub struct NewFamily {
    /// Whose.
    pub user: UserId,
    /// Its id.
    pub id: FamilyId,
    /// What is stored.
    pub family: Family,
}

impl NewFamily {
    /// The write that begins it, by itself or within the transaction of a sign-in.
    pub(super) fn begin(&self) -> Result<Write, StoreError> {
        Ok(Write::put(&users::pk(&self.user), &sk(&self.id), &self.family)?.when("attribute_not_exists(pk)"))
    }
}

/// A family's next secret.
#[derive(Clone, Debug)]
pub struct Rotation<'a> {
    /// Whose.
    pub user: &'a UserId,
    /// Which.
    pub id: &'a FamilyId,
    /// The family as it was read.
    pub seen: &'a Family,
    /// Its secrets from now on.
    pub next: Chain,
    /// When it is over unless it is used again.
    pub expires_at: Timestamp,
}

/// What became of a rotation.
#[derive(Debug)]
pub enum Rotated {
    /// The next secret is the current one.
    Done,
    /// Another request changed the family first: this is what it is now.
    Overtaken(Box<Family>),
    /// There is no such family any more.
    Gone,
}

impl Store {
    /// The family of that id, over or not.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn refresh_family(&self, user: &UserId, id: &FamilyId) -> Result<Option<Family>, StoreError> {
        self.get(&users::pk(user), &sk(id)).await?.map(read).transpose()
    }

    /// Begins a family, where no transaction does it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn begin_refresh_family(&self, family: &NewFamily) -> Result<(), StoreError> {
        // Its id is new: what is there already was written by an attempt of ours that was thought to have failed.
        self.write(&family.begin()?).await.map(|_| ())
    }

    /// Makes the next secret the current one, if the one that was seen still is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn rotate_refresh_family(&self, rotation: &Rotation<'_>) -> Result<Rotated, StoreError> {
        let Rotation { user, id, seen, next, expires_at } = rotation;
        let update = "SET secret_digest = :next, replaced = :replaced, expires_at = :over";
        let write = Write::update(&users::pk(user), &sk(id), update)
            .when("secret_digest = :seen")
            .when("attribute_not_exists(revoked) OR revoked = :false")
            .value(":seen", value_of(&seen.chain.secret_digest)?)
            .value(":next", value_of(&next.secret_digest)?)
            .value(":replaced", value_of(&next.replaced)?)
            .value(":over", number(expires_at.0))
            .value(":false", aws_sdk_dynamodb::types::AttributeValue::Bool(false));
        match self.write(&write).await? {
            Outcome::Done(_) => Ok(Rotated::Done),
            Outcome::Refused(Some(old)) => Ok(Rotated::Overtaken(Box::new(read(old)?))),
            Outcome::Refused(None) => Ok(Rotated::Gone),
        }
    }

    /// Ends a family of this client; nothing happens to another's, or where there is none, and that is `false`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn end_refresh_family(
        &self,
        user: &UserId,
        id: &FamilyId,
        client: &ClientId,
    ) -> Result<bool, StoreError> {
        let write = Write::update(&users::pk(user), &sk(id), "SET revoked = :true")
            .when("client_id = :client")
            .value(":client", text(client.as_str()))
            .value(":true", aws_sdk_dynamodb::types::AttributeValue::Bool(true));
        Ok(matches!(self.write(&write).await?, Outcome::Done(_)))
    }
}
