//! Providers' credentials: sealed in the table, opened where they are used, and sealed anew when their root is no
//! longer the newest (SEC-44).

use std::sync::Arc;

use crate::rules::random::Random;
use crate::rules::twilio::{AuthToken, SEALING_CONTEXT, TwilioAccount};
use crate::store::users::SealedSecret;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::token::keyring::{KeyError, KeyRing, Purpose};
use crate::token::keys::Keys;
use crate::token::sealed;

/// Seals an auth token of Twilio.
///
/// # Errors
/// When there is no root or no randomness.
pub fn seal_auth_token(
    ring: &KeyRing,
    token: &AuthToken,
    random: &Random,
    now: Timestamp,
) -> Result<SealedSecret, KeyError> {
    let plain = token.expose().as_bytes();
    sealed::seal_bytes(ring, Purpose::StoredSecret, SEALING_CONTEXT, plain, random, now).map(SealedSecret)
}

/// The Twilio account, opened; `None` when it lacks its id or its token.
///
/// # Errors
/// See [`StoreError`]; a token that does not open is corrupt.
pub async fn twilio_account(
    store: &Store,
    keys: &Keys,
    random: &Random,
    now: Timestamp,
) -> Result<Option<Arc<TwilioAccount>>, StoreError> {
    let Some(stored) = store.twilio().await? else { return Ok(None) };
    let properties = stored.properties;
    let (Some(sid), Some(sealed)) = (properties.sid, stored.auth_token) else { return Ok(None) };
    let ring = keys.ring_with(sealed::kid_of(&sealed.0).as_ref(), now).await?;
    let auth_token = open(&ring, &sealed).ok_or(StoreError::Corrupt)?;
    reseal(store, &ring, &sealed, &auth_token, random, now).await;
    let (from, messaging_service) = (properties.from, properties.messaging_service_sid);
    Ok(Some(Arc::new(TwilioAccount { sid, auth_token, from, messaging_service })))
}

fn open(ring: &KeyRing, sealed: &SealedSecret) -> Option<AuthToken> {
    let plain = sealed::open_bytes(ring, Purpose::StoredSecret, SEALING_CONTEXT, &sealed.0).ok()?;
    AuthToken::parse(&String::from_utf8(plain).ok()?)
}

/// Using a credential writes nothing, so this is a write of its own, once after a rotation. What fails is tried again
/// with the next look.
async fn reseal(
    store: &Store,
    ring: &KeyRing,
    sealed: &SealedSecret,
    token: &AuthToken,
    random: &Random,
    now: Timestamp,
) {
    let newest = ring.root(now).map(|root| &root.kid);
    if newest.ok() == sealed::kid_of(&sealed.0).as_ref() {
        return;
    }
    let done = match seal_auth_token(ring, token, random, now) {
        Ok(anew) => store.reseal_twilio(sealed, &anew).await.is_ok(),
        Err(KeyError) => false,
    };
    if !done {
        tracing::warn!(event = "not_resealed", secret = "twilio");
    }
}
