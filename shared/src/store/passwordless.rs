//! Sign-ins without password: the newest code of one client for one address, and what that address was sent.
//!
//! Nothing here depends on whether anybody has the address: the items of an unknown one are the same.

use serde::{Deserialize, Serialize};

use super::expression::{Write, minus_one, number, text};
use super::limits::{LimitKey, LimitState};
use super::{NotWritten, Outcome, Store, StoreError, read};
use crate::id::{ClientId, Nonce};
use crate::rules::destination::Destination;
use crate::rules::limit::Bucket;
use crate::rules::otp::OneTimeCode;
use crate::rules::passwordless::{Connection, TRIES};
use crate::time::Timestamp;
use crate::token::code_mac::CodeMac;
use crate::token::keyring::{KeyError, KeyRing, Purpose};

/// What a code is bound to: connection, address and client.
#[derive(Clone)]
pub struct SignInKey {
    connection: Connection,
    address: String,
    client: ClientId,
}

/// Holds an address.
impl std::fmt::Debug for SignInKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInKey").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl SignInKey {
    /// The key of a client's codes for an address.
    #[must_use]
    pub fn new(connection: Connection, to: &Destination, client: &ClientId) -> Self {
        Self { connection, address: to.as_str().to_owned(), client: client.clone() }
    }

    fn pk(&self) -> String {
        format!("PASSWORDLESS#{}#{}", self.connection.as_str(), self.address)
    }

    fn sk(&self) -> String {
        format!("CODE#{}", self.client)
    }

    /// What the address may be sent, by whatever client.
    #[must_use]
    pub fn sends(&self, bucket: Bucket) -> LimitKey {
        LimitKey::of_anybody(self.pk(), bucket)
    }

    fn with<'a>(&'a self, nonce: &'a Nonce, code: &'a OneTimeCode) -> [&'a str; 5] {
        [self.connection.as_str(), &self.address, self.client.as_str(), nonce.as_str(), code.as_str()]
    }
}

/// A code as it is stored: only as a MAC (SEC-2).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignInCode {
    /// Changes with every code.
    pub nonce: Nonce,
    #[serde(flatten)]
    mac: CodeMac,
    /// How often it was tried.
    pub tries: u64,
    /// When it is over; also the TTL.
    pub expires_at: Timestamp,
}

impl SignInCode {
    /// A code to be stored, with its MAC under the newest root.
    ///
    /// # Errors
    /// When there is no root.
    pub fn new(
        ring: &KeyRing,
        key: &SignInKey,
        nonce: Nonce,
        code: &OneTimeCode,
        (now, expires_at): (Timestamp, Timestamp),
    ) -> Result<Self, KeyError> {
        let mac = CodeMac::make(ring, Purpose::SignInCodeMac, &key.with(&nonce, code), now)?;
        Ok(Self { nonce, mac, tries: 0, expires_at })
    }

    /// Whether `code` is this one, in constant time, under the root it was made with (SEC-3, SEC-6).
    #[must_use]
    pub fn accepts(&self, ring: &KeyRing, key: &SignInKey, code: &OneTimeCode) -> bool {
        self.mac.is_of(ring, Purpose::SignInCodeMac, &key.with(&self.nonce, code))
    }
}

/// A code on its way.
#[derive(Clone, Debug)]
pub struct NewSignIn {
    /// What it is bound to.
    pub key: SignInKey,
    /// The code.
    pub code: SignInCode,
    /// What the address may be sent.
    pub sends: Bucket,
    /// When.
    pub now: Timestamp,
}

/// What became of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The code is stored and counted.
    Written,
    /// The address had its share.
    Spent {
        /// Seconds until a send has come back.
        retry_after: u64,
    },
}

/// What became of a try.
#[derive(Debug)]
pub enum Try {
    /// It is counted: the code may be looked at.
    Counted(SignInCode),
    /// The code was tried too often.
    TooMany,
    /// There is no code, or it is over.
    NoCode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BeginStep {
    Code,
    Sends,
}

impl Store {
    /// Stores a code over the one before, and counts that it is sent: one transaction, a second one only after a debt of
    /// the address that has decayed.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn begin_sign_in(&self, new: &NewSignIn) -> Result<Begun, StoreError> {
        let sends = new.key.sends(new.sends);
        for decayed in [false, true, false] {
            let steps = [
                (BeginStep::Code, Write::put(&new.key.pk(), &new.key.sk(), &new.code)?),
                (BeginStep::Sends, sends.charge(decayed, new.now)),
            ];
            let refused = match self.transact(&steps).await {
                Ok(()) => return Ok(Begun::Written),
                Err(NotWritten::Failed(error)) => return Err(error),
                Err(NotWritten::Refused(refused)) => refused,
            };
            let old = refused.into_iter().find(|refused| refused.step == BeginStep::Sends);
            let state = old.and_then(|refused| refused.old).as_ref().map(LimitState::of).unwrap_or_default();
            if let Some(retry_after) = sends.refusal(&state, new.now) {
                return Ok(Begun::Spent { retry_after });
            }
        }
        Ok(Begun::Spent { retry_after: new.sends.refill_seconds })
    }

    /// Takes a code back that was not, or may not have been, delivered.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn void_sign_in(&self, new: &NewSignIn) -> Result<(), StoreError> {
        self.consume_sign_in(&new.key, &new.code.nonce).await.map(|_| ())
    }

    /// Gives the address the send back that certainly did not happen.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn refund_sign_in(&self, new: &NewSignIn) -> Result<(), StoreError> {
        self.charge(&new.key.sends(new.sends).refund(new.now)).await.map(|_| ())
    }

    /// Counts a try before the code is looked at (SEC-9), in one write that is refused after [`TRIES`] (SEC-10), and of a
    /// code that is over (SEC-17).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn try_sign_in(&self, key: &SignInKey, now: Timestamp) -> Result<Try, StoreError> {
        let write = Write::update(&key.pk(), &key.sk(), "ADD tries :one")
            .when("attribute_exists(pk) AND tries < :most AND expires_at > :now")
            .value(":one", number(1))
            .value(":most", number(TRIES))
            .value(":now", number(now.0));
        match self.charge(&write).await? {
            Outcome::Done(item) => read(item).map(Try::Counted),
            Outcome::Refused(None) => Ok(Try::NoCode),
            Outcome::Refused(Some(item)) => {
                let code: SignInCode = read(item)?;
                Ok(if code.expires_at.is_past(now) { Try::NoCode } else { Try::TooMany })
            }
        }
    }

    /// Takes a try back that never came to the code, if it is still that code.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn untry_sign_in(&self, key: &SignInKey, code: &SignInCode) -> Result<(), StoreError> {
        let write = Write::update(&key.pk(), &key.sk(), "ADD tries :minus")
            .when("nonce = :nonce")
            .value(":minus", minus_one())
            .value(":nonce", text(code.nonce.as_str()));
        self.charge(&write).await.map(|_| ())
    }

    /// Uses a code up; `false` when somebody else did, or a newer one took its place (SEC-8).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn consume_sign_in(&self, key: &SignInKey, nonce: &Nonce) -> Result<bool, StoreError> {
        let write =
            Write::delete(&key.pk(), &key.sk()).when("nonce = :nonce").value(":nonce", text(nonce.as_str()));
        Ok(matches!(self.write(&write).await?, Outcome::Done(_)))
    }

    /// Makes a right code good again whose sign-in then failed by our fault, and takes its try back. A newer code stays.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn restore_sign_in(&self, key: &SignInKey, code: &SignInCode) -> Result<(), StoreError> {
        // An update that makes the item where it is gone: one write for both states it can be in.
        let fields = "nonce = :nonce, mac = :mac, kid = :kid, expires_at = :expires_at";
        let tries = "tries = if_not_exists(tries, :tries) - :one";
        let write = Write::update(&key.pk(), &key.sk(), format!("SET {fields}, {tries}"))
            .when("attribute_not_exists(pk) OR nonce = :nonce")
            .value(":nonce", text(code.nonce.as_str()))
            .value(":mac", text(&code.mac.mac))
            .value(":kid", text(code.mac.kid.as_str()))
            .value(":expires_at", number(code.expires_at.0))
            .value(":tries", number(code.tries))
            .value(":one", number(1));
        self.charge(&write).await.map(|_| ())
    }
}
