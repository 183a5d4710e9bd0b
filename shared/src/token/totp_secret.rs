//! The secrets of authenticator apps at rest: sealed so that each opens only for its user and authenticator (SEC-4).

use crate::id::{AuthenticatorId, UserId};
use crate::rules::random::Random;
use crate::rules::totp::{TotpSecret, sealing_context};
use crate::store::users::SealedSecret;
use crate::time::Timestamp;
use crate::token::keyring::{KeyError, KeyRing, Purpose};
use crate::token::sealed::{self, NotSealed};

/// Seals a secret under the newest root.
///
/// # Errors
/// When there is no root or no randomness.
pub fn seal(
    ring: &KeyRing,
    user: &UserId,
    authenticator: &AuthenticatorId,
    secret: &TotpSecret,
    random: &Random,
    now: Timestamp,
) -> Result<SealedSecret, KeyError> {
    let context = sealing_context(user.as_str(), authenticator.as_str());
    let sealed = sealed::seal_bytes(ring, Purpose::StoredSecret, &context, secret.as_bytes(), random, now)?;
    Ok(SealedSecret(sealed))
}

/// Opens a secret again.
///
/// # Errors
/// When it was not sealed here, or for another user or authenticator.
pub fn open(
    ring: &KeyRing,
    user: &UserId,
    authenticator: &AuthenticatorId,
    secret: &SealedSecret,
) -> Result<TotpSecret, NotSealed> {
    let context = sealing_context(user.as_str(), authenticator.as_str());
    sealed::open_bytes(ring, Purpose::StoredSecret, &context, &secret.0).map(TotpSecret::from_bytes)
}
