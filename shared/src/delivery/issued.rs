//! A code on its way: what is sent, what is stored of it, and what the client gets instead of it.

use crate::app::App;
use crate::http::bearer::MfaPrincipal;
use crate::id::{AuthenticatorId, Nonce};
use crate::rules::destination::Destination;
use crate::rules::otp::{DIGITS, OneTimeCode};
use crate::rules::settings::Lifetimes;
use crate::store::mfa::{Challenge, CodeBinding, destination_mac};
use crate::time::Timestamp;
use crate::token::claims::{ChallengePurpose, OobCode};
use crate::token::keyring::{KeyRing, Purpose};
use crate::token::sealed;
use crate::wire::refusal::Refusal;

/// A code made for one authenticator of one login.
#[derive(Debug)]
pub struct IssuedCode {
    /// What is sent.
    pub code: OneTimeCode,
    /// What is stored: the code only as a MAC (SEC-2).
    pub challenge: Challenge,
    /// What the client gets: the sealed `oob_code`.
    pub oob_code: String,
    /// The MAC of the address or number, for limits and lists.
    pub destination: String,
}

/// What a code is made for.
#[derive(Clone, Copy, Debug)]
pub struct CodeFor<'a> {
    /// The keys.
    pub ring: &'a KeyRing,
    /// The login.
    pub principal: &'a MfaPrincipal,
    /// The authenticator.
    pub authenticator: &'a AuthenticatorId,
    /// Where it goes.
    pub to: &'a Destination,
    /// Whether it confirms the authenticator or proves it.
    pub purpose: ChallengePurpose,
    /// The tenant's.
    pub lifetimes: &'a Lifetimes,
    /// When.
    pub now: Timestamp,
}

impl IssuedCode {
    /// Makes a code. It is not good for longer than the token that it completes.
    ///
    /// # Errors
    /// When there is no root key or no randomness.
    pub fn make(app: &App, wanted: CodeFor<'_>) -> Result<Self, Refusal> {
        let CodeFor { ring, principal, authenticator, to, purpose, lifetimes, now } = wanted;
        let digits = usize::try_from(lifetimes.code_digits).unwrap_or(DIGITS);
        let code = OneTimeCode::generate(&app.random, digits)?;
        let nonce = Nonce::generate(&app.random)?;
        let expires_at = now.plus(lifetimes.code_seconds).min(principal.expires_at);
        let binding = CodeBinding {
            user: &principal.user,
            authenticator,
            jti: &principal.jti,
            client: &principal.client,
        };
        let challenge = Challenge::new(ring, binding, nonce.clone(), purpose, &code, (now, expires_at))?;
        let oob = OobCode {
            jti: principal.jti.clone(),
            authenticator_id: authenticator.clone(),
            nonce,
            purpose,
            digits,
            expires_at,
        };
        let oob_code = sealed::seal(ring, Purpose::OobCode, &oob, &app.random, now)?;
        let destination = destination_mac(ring, to.as_str(), now)?;
        Ok(Self { code, challenge, oob_code, destination })
    }

    /// Seconds it is good for.
    #[must_use]
    pub fn seconds_valid(&self, now: Timestamp) -> u64 {
        self.challenge.expires_at.since(now)
    }
}
