//! One login's MFA: its challenges and whether tokens were issued. The transactions of design §7.

mod associate;
mod challenge;
mod confirm;
mod give;
mod label;
mod regenerate;
mod remove;

use std::collections::HashMap;

use ring::hmac;
use serde::{Deserialize, Serialize};

pub use associate::{AssociateStep, Association, NewAuthenticator, Replaced};
pub use challenge::{ChallengeStep, NewChallenge, Sending};
pub use confirm::{ConfirmStep, Confirmation, Proven, Reseal};
pub use give::{Gift, Given};
pub use regenerate::{RegenerateStep, Regeneration};
pub use remove::{Removal, RemoveStep};

use super::expression::{Write, number};
use super::{Item, Store, StoreError, read};
use crate::id::{AuthenticatorId, ClientId, Jti, Nonce, UserId};
use crate::rules::enrolment::Gate;
use crate::rules::otp::OneTimeCode;
use crate::rules::policy::{Factor, TenantSettings};
use crate::time::Timestamp;
pub use crate::token::claims::ChallengePurpose;
use crate::token::code_mac::CodeMac;
use crate::token::keyring::{KeyError, KeyRing, Purpose};

const CHALLENGE: &str = "CHALLENGE#";
const SPENT: &str = "SPENT";

fn pk(jti: &Jti) -> String {
    format!("MFA#{jti}")
}

fn challenge_sk(id: &AuthenticatorId) -> String {
    format!("{CHALLENGE}{id}")
}

/// A challenge as it is stored: the code is only there as a MAC (SEC-2).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Challenge {
    /// Changes with every code.
    pub nonce: Nonce,
    #[serde(flatten)]
    mac: CodeMac,
    /// The client it was made for.
    pub client_id: ClientId,
    /// What the code is for.
    pub purpose: ChallengePurpose,
    /// When it was made, and so sent; the epoch of what an older version made.
    #[serde(default)]
    pub made_at: Timestamp,
    /// When the code is over; also the TTL.
    pub expires_at: Timestamp,
}

/// What a code is bound to.
#[derive(Clone, Copy, Debug)]
pub struct CodeBinding<'a> {
    /// The user.
    pub user: &'a UserId,
    /// The authenticator.
    pub authenticator: &'a AuthenticatorId,
    /// The login.
    pub jti: &'a Jti,
    /// The client.
    pub client: &'a ClientId,
}

impl CodeBinding<'_> {
    fn with<'a>(
        &'a self,
        nonce: &'a Nonce,
        purpose: ChallengePurpose,
        code: &'a OneTimeCode,
    ) -> [&'a str; 7] {
        [
            self.user.as_str(),
            self.authenticator.as_str(),
            self.jti.as_str(),
            self.client.as_str(),
            nonce.as_str(),
            purpose.as_str(),
            code.as_str(),
        ]
    }
}

impl Challenge {
    /// A challenge for a code, with its MAC under the newest root.
    ///
    /// # Errors
    /// When there is no root.
    pub fn new(
        ring: &KeyRing,
        binding: CodeBinding<'_>,
        nonce: Nonce,
        purpose: ChallengePurpose,
        code: &OneTimeCode,
        times: (Timestamp, Timestamp),
    ) -> Result<Self, KeyError> {
        let (now, expires_at) = times;
        let mac = CodeMac::make(ring, Purpose::CodeMac, &binding.with(&nonce, purpose, code), now)?;
        Ok(Self { nonce, mac, client_id: binding.client.clone(), purpose, made_at: now, expires_at })
    }

    /// Whether `code` is this challenge's, in constant time, under the root it was made with (SEC-3, SEC-6).
    #[must_use]
    pub fn accepts(&self, ring: &KeyRing, binding: CodeBinding<'_>, code: &OneTimeCode) -> bool {
        self.mac.is_of(ring, Purpose::CodeMac, &binding.with(&self.nonce, self.purpose, code))
    }
}

/// The MAC of a destination: what limits and pending lists hold instead of the address.
///
/// # Errors
/// When there is no root.
pub fn destination_mac(ring: &KeyRing, destination: &str, now: Timestamp) -> Result<String, KeyError> {
    let key = ring.root(now)?.mac_key(Purpose::Destination)?;
    Ok(data_encoding::HEXLOWER.encode(hmac::sign(&key, destination.as_bytes()).as_ref()))
}

/// One login's MFA as it was read.
#[derive(Clone, Debug, Default)]
pub struct MfaState {
    /// Whether tokens were issued for it.
    pub spent: bool,
    challenges: HashMap<String, (Challenge, Item)>,
}

impl MfaState {
    /// The challenge of an authenticator, expired or not: what decides is the nonce and the sealed expiry.
    #[must_use]
    pub fn challenge(&self, id: &AuthenticatorId) -> Option<&Challenge> {
        self.challenges.get(&challenge_sk(id)).map(|(challenge, _)| challenge)
    }

    /// Its item as it was read, to put it back when a newer code could not be delivered.
    #[must_use]
    pub fn challenge_item(&self, id: &AuthenticatorId) -> Option<Item> {
        self.challenges.get(&challenge_sk(id)).map(|(_, item)| item.clone())
    }
}

impl Store {
    /// One login's MFA, by one Query.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn mfa(&self, jti: &Jti) -> Result<MfaState, StoreError> {
        let mut state = MfaState::default();
        for item in self.query(&pk(jti), None).await? {
            let sk = item.get("sk").and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
            if sk == SPENT {
                state.spent = true;
            } else if sk.starts_with(CHALLENGE) {
                state.challenges.insert(sk, (read(item.clone())?, item));
            }
        }
        Ok(state)
    }

    /// Whether tokens were issued for a login.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn is_spent(&self, jti: &Jti) -> Result<bool, StoreError> {
        Ok(self.get(&pk(jti), SPENT).await?.is_some())
    }
}

/// Demands that the login's `mfa_token` has not been used to get tokens.
fn unspent(jti: &Jti) -> Write {
    Write::check(&pk(jti), SPENT, "attribute_not_exists(pk)")
}

/// Demands of the profile what holds for every use of a token: that the user exists, is not blocked, and accepts
/// tokens of that time (SEC-42).
pub(super) fn accepting(write: Write, issued_at: Timestamp) -> Write {
    write
        .when("attribute_exists(pk)")
        .when("attribute_not_exists(blocked) OR blocked = :false")
        .when("attribute_not_exists(tokens_valid_after) OR tokens_valid_after < :issued_at")
        .value(":false", aws_sdk_dynamodb::types::AttributeValue::Bool(false))
        .value(":issued_at", number(issued_at.0))
}

/// On whose word a user's factors change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The user's own, by a token issued then: it must still be accepted when the change is written (SEC-42).
    Token(Timestamp),
    /// An operator's, of a blocked user as well: it is enough that there is the user.
    Operator,
}

impl Authority {
    /// Demands of the profile what the change rests on.
    fn demand(self, profile: Write) -> Write {
        match self {
            Self::Token(issued_at) => accepting(profile, issued_at),
            Self::Operator => profile.when("attribute_exists(pk)"),
        }
    }
}

/// Demands of the profile that the gate of an enrolment is still open (design §5, SEC-27). Needs `:false` to be
/// given, as [`accepting`] does.
fn through(write: Write, gate: Gate, settings: &TenantSettings) -> Write {
    if gate == Gate::Proven {
        return write;
    }
    let write = write
        .when("attribute_not_exists(active_authenticators) OR active_authenticators = :none")
        .value(":none", number(0));
    if settings.factors.has(Factor::Email) {
        // A verified address is an authenticator by itself while the factor is on.
        write.when(
            "attribute_not_exists(email_verified) OR email_verified = :false OR attribute_not_exists(email)",
        )
    } else {
        write
    }
}
