//! Sign-ins without password: the newest code of one client for one address, how often that client guessed wrong since
//! the last right one, and what the address was sent.
//!
//! Nothing here depends on whether anybody has the address: the items of an unknown one are the same.

use std::net::IpAddr;

use serde::Deserialize;

use super::expression::{Write, minus_one, number, text};
pub use super::limits::Begun;
use super::limits::LimitKey;
use super::{Outcome, Store, StoreError, read};
use crate::id::{ClientId, Nonce};
use crate::rules::destination::Destination;
use crate::rules::limit::Bucket;
use crate::rules::otp::OneTimeCode;
use crate::rules::passwordless::{Connection, FAILURES_REMEMBERED_SECONDS, TRIES};
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

    /// How often one source may guess wrong for the address, by whatever client: a stranger's guesses use up the tries
    /// of few of its owner's codes.
    #[must_use]
    pub fn guesses(&self, source: IpAddr, bucket: Bucket) -> LimitKey {
        LimitKey::passwords(self.pk(), source, bucket)
    }

    /// A code with all it is bound to.
    fn with<'a>(&'a self, nonce: &'a Nonce, code: &'a OneTimeCode) -> [&'a str; 5] {
        [self.connection.as_str(), &self.address, self.client.as_str(), nonce.as_str(), code.as_str()]
    }
}

/// A code as it is stored: only as a MAC (SEC-2).
#[derive(Clone, Debug, Deserialize)]
pub struct SignInCode {
    /// Changes with every code.
    pub nonce: Nonce,
    #[serde(flatten)]
    mac: CodeMac,
    /// How often it was tried.
    pub tries: u64,
    /// Wrong codes, of this and earlier ones, since the last right one.
    pub failures: u64,
    /// When it was made, and so sent; the epoch of what an older version made.
    #[serde(default)]
    pub made_at: Timestamp,
    /// Until when it is good. The item is kept for longer where failures are to be remembered.
    good_until: Timestamp,
    /// The request that used it up.
    #[serde(default)]
    used_by: Option<Nonce>,
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
        (now, good_until): (Timestamp, Timestamp),
    ) -> Result<Self, KeyError> {
        let mac = CodeMac::make(ring, Purpose::SignInCodeMac, &key.with(&nonce, code), now)?;
        Ok(Self { nonce, mac, tries: 0, failures: 0, made_at: now, good_until, used_by: None })
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
    /// Wrong codes since the last right one, as they were read.
    pub failures: u64,
    /// What the address may be sent.
    pub sends: Bucket,
    /// When.
    pub now: Timestamp,
}

/// Until when an item is kept: an address nobody guesses at is soon forgotten.
fn kept_until(failures: u64, good_until: Timestamp, now: Timestamp) -> Timestamp {
    if failures == 0 { good_until } else { now.plus(FAILURES_REMEMBERED_SECONDS) }
}

impl NewSignIn {
    /// Stores it over the code before; the failures stay.
    fn write(&self) -> Write {
        let Self { code, failures, now, .. } = self;
        let expires_at = kept_until(*failures, code.good_until, *now);
        let fields = "nonce = :nonce, mac = :mac, kid = :kid, tries = :none, failures = if_not_exists(failures, :none)";
        let times = "made_at = :now, good_until = :good_until, expires_at = :expires_at";
        Write::update(&self.key.pk(), &self.key.sk(), format!("SET {fields}, {times} REMOVE used_by"))
            .value(":nonce", text(code.nonce.as_str()))
            .value(":mac", text(&code.mac.mac))
            .value(":kid", text(code.mac.kid.as_str()))
            .value(":none", number(0))
            .value(":now", number(now.0))
            .value(":good_until", number(code.good_until.0))
            .value(":expires_at", number(expires_at.0))
    }
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

impl Store {
    /// Stores a code over the one before, and counts that it is sent.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn begin_sign_in(&self, new: &NewSignIn) -> Result<Begun, StoreError> {
        self.write_charged(&new.write(), &new.key.sends(new.sends), new.now).await
    }

    /// Wrong codes of this client for this address since the last right one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn sign_in_failures(&self, key: &SignInKey) -> Result<u64, StoreError> {
        #[derive(Deserialize)]
        struct Failures {
            #[serde(default)]
            failures: u64,
        }
        let item = self.get(&key.pk(), &key.sk()).await?;
        Ok(item.map(read::<Failures>).transpose()?.map_or(0, |item| item.failures))
    }

    /// Takes a code back that was not, or may not have been, delivered.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn void_sign_in(&self, new: &NewSignIn) -> Result<(), StoreError> {
        let nonce = new.code.nonce.as_str();
        let write = Write::update(&new.key.pk(), &new.key.sk(), "SET used_by = :nobody")
            .when("nonce = :nonce AND attribute_not_exists(used_by)")
            .value(":nobody", text("undelivered"))
            .value(":nonce", text(nonce));
        self.write(&write).await.map(|_| ())
    }

    /// Gives the address the send back that certainly did not happen.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn refund_sign_in(&self, new: &NewSignIn) -> Result<(), StoreError> {
        self.charge(&new.key.sends(new.sends).refund(new.now)).await.map(|_| ())
    }

    /// Counts a try and a failure before the code is looked at (SEC-9), in one write that is refused after [`TRIES`]
    /// (SEC-10), and of a code that is over or used up (SEC-8, SEC-17).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn try_sign_in(&self, key: &SignInKey, now: Timestamp) -> Result<Try, StoreError> {
        let counted = "SET expires_at = :remembered ADD tries :one, failures :one";
        let write = Write::update(&key.pk(), &key.sk(), counted)
            .when("attribute_not_exists(used_by) AND tries < :most AND good_until > :now")
            .value(":remembered", number(now.plus(FAILURES_REMEMBERED_SECONDS).0))
            .value(":one", number(1))
            .value(":most", number(TRIES))
            .value(":now", number(now.0));
        match self.charge(&write).await? {
            Outcome::Done(item) => read(item).map(Try::Counted),
            Outcome::Refused(None) => Ok(Try::NoCode),
            Outcome::Refused(Some(item)) => {
                let code: SignInCode = read(item)?;
                let is_gone = code.used_by.is_some() || code.good_until.is_past(now);
                Ok(if is_gone { Try::NoCode } else { Try::TooMany })
            }
        }
    }

    /// Uses a code up for one request, and forgets the failures before it; `false` when another request did, or a newer
    /// code took its place (SEC-8). Said again by the same request it is still true: a reply may have been lost.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn consume_sign_in(
        &self,
        key: &SignInKey,
        nonce: &Nonce,
        request: &Nonce,
    ) -> Result<bool, StoreError> {
        let used = "SET used_by = :request, expires_at = good_until, failures = :none";
        let write = Write::update(&key.pk(), &key.sk(), used)
            .when("nonce = :nonce")
            .when("attribute_not_exists(used_by) OR used_by = :request")
            .value(":nonce", text(nonce.as_str()))
            .value(":request", text(request.as_str()))
            .value(":none", number(0));
        Ok(matches!(self.write(&write).await?, Outcome::Done(_)))
    }

    /// Makes a code good again that this request tried, or used up, in vain by our fault: `code` is what its try left.
    /// What another request used, and a newer code, stay as they are.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn restore_sign_in(
        &self,
        key: &SignInKey,
        code: &SignInCode,
        request: &Nonce,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // To use it up was to forget the failures before this try.
        let failures = code.failures.saturating_sub(1);
        let used = "SET expires_at = :expires_at REMOVE used_by ADD tries :minus, failures :before";
        let used = Write::update(&key.pk(), &key.sk(), used)
            .when("nonce = :nonce AND used_by = :request")
            .value(":nonce", text(code.nonce.as_str()))
            .value(":request", text(request.as_str()))
            .value(":before", number(failures))
            .value(":expires_at", number(kept_until(failures, code.good_until, now).0))
            .value(":minus", minus_one());
        if let Outcome::Done(_) = self.charge(&used).await? {
            return Ok(());
        }
        // Those of others since this try stay counted.
        let tried = Write::update(&key.pk(), &key.sk(), "ADD tries :minus, failures :minus")
            .when("nonce = :nonce AND attribute_not_exists(used_by)")
            .value(":nonce", text(code.nonce.as_str()))
            .value(":minus", minus_one());
        self.charge(&tried).await.map(|_| ())
    }
}
