//! Sealed tokens and secrets: AES-256-GCM under a key derived for each one, named by the root's kid (design §4).
//!
//! Text form: `<kid>.<base64url(salt ‖ ciphertext ‖ tag)>`. The 24 random bytes of salt go into the derivation of
//! key and nonce together, so the number of tokens under one root is not bounded by a 96-bit random nonce.

use data_encoding::BASE64URL_NOPAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce as AeadNonce, UnboundKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::id::Kid;
use crate::rules::random::Random;
use crate::time::Timestamp;
use crate::token::keyring::{KeyError, KeyRing, Purpose, Root};

const SALT_BYTES: usize = 24;
const KEY_BYTES: usize = 32;
/// Longest sealed text that is looked at, in bytes: what fits into a request body of 16 KiB beside the rest.
const SEALED_BYTES_MAX: usize = 12 * 1024;

/// Why a sealed text was not opened: it is not ours, or not for this purpose and context. There is one answer to
/// all of it, so that nothing can be learnt from the difference.
#[derive(Debug, thiserror::Error)]
#[error("not something that was sealed here for this purpose")]
pub struct NotSealed;

/// Seals bytes for a purpose. `context` must be given again to open: a stored secret names its user and factor.
///
/// # Errors
/// When there is no root, or no randomness.
pub fn seal_bytes(
    ring: &KeyRing,
    purpose: Purpose,
    context: &[u8],
    plain: &[u8],
    random: &Random,
    now: Timestamp,
) -> Result<String, KeyError> {
    let root = ring.root(now)?;
    let salt: [u8; SALT_BYTES] = random.array().map_err(|_| KeyError)?;
    let (key, nonce) = derive(root, purpose, &salt)?;
    let mut sealed = plain.to_vec();
    key.seal_in_place_append_tag(nonce, Aad::from(context), &mut sealed).map_err(|_| KeyError)?;
    let mut bytes = salt.to_vec();
    bytes.append(&mut sealed);
    let text = format!("{}.{}", root.kid, BASE64URL_NOPAD.encode(&bytes));
    // What could not be opened again must not be issued.
    if text.len() > SEALED_BYTES_MAX { Err(KeyError) } else { Ok(text) }
}

/// The kid a sealed text names, if it has the form of one.
#[must_use]
pub fn kid_of(sealed: &str) -> Option<Kid> {
    if sealed.len() > SEALED_BYTES_MAX {
        return None;
    }
    let (kid, payload) = sealed.split_once('.')?;
    // Two dots would be a JWT.
    if payload.contains('.') {
        return None;
    }
    Kid::parse(kid)
}

/// Opens what [`seal_bytes`] sealed.
///
/// # Errors
/// See [`NotSealed`].
pub fn open_bytes(
    ring: &KeyRing,
    purpose: Purpose,
    context: &[u8],
    sealed: &str,
) -> Result<Vec<u8>, NotSealed> {
    let kid = kid_of(sealed).ok_or(NotSealed)?;
    let root = ring.root_of(&kid).filter(|root| root.vouches_for(purpose)).ok_or(NotSealed)?;
    let (_, payload) = sealed.split_once('.').ok_or(NotSealed)?;
    let bytes = BASE64URL_NOPAD.decode(payload.as_bytes()).map_err(|_| NotSealed)?;
    let (salt, ciphertext) = bytes.split_at_checked(SALT_BYTES).ok_or(NotSealed)?;
    let (key, nonce) = derive(root, purpose, salt).map_err(|_| NotSealed)?;
    let mut buffer = ciphertext.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(context), &mut buffer).map_err(|_| NotSealed)?;
    Ok(plain.to_vec())
}

/// Seals a value as JSON.
///
/// # Errors
/// As [`seal_bytes`].
pub fn seal<T: Serialize>(
    ring: &KeyRing,
    purpose: Purpose,
    value: &T,
    random: &Random,
    now: Timestamp,
) -> Result<String, KeyError> {
    let plain = serde_json::to_vec(value).map_err(|_| KeyError)?;
    seal_bytes(ring, purpose, b"", &plain, random, now)
}

/// Opens a value that [`seal`] sealed.
///
/// # Errors
/// See [`NotSealed`].
pub fn open<T: DeserializeOwned>(ring: &KeyRing, purpose: Purpose, sealed: &str) -> Result<T, NotSealed> {
    let plain = open_bytes(ring, purpose, b"", sealed)?;
    serde_json::from_slice(&plain).map_err(|_| NotSealed)
}

fn derive(root: &Root, purpose: Purpose, salt: &[u8]) -> Result<(LessSafeKey, AeadNonce), KeyError> {
    let material: [u8; KEY_BYTES + NONCE_LEN] = root.derive(purpose, salt)?;
    let (key, nonce) = material.split_at_checked(KEY_BYTES).ok_or(KeyError)?;
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| KeyError)?;
    let nonce = AeadNonce::try_assume_unique_for_key(nonce).map_err(|_| KeyError)?;
    Ok((LessSafeKey::new(key), nonce))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn ring() -> KeyRing {
        let root = |kid: &str, byte, at| Arc::new(Root::new(Kid::new(kid), Timestamp(at), &[byte; 32]));
        KeyRing {
            roots: vec![root("old", 1, 0), root("new", 2, 500), root("next", 3, 5_000)],
            signing: vec![],
        }
    }

    /// SEC-3, SEC-44: what an older root sealed still opens; new things use the newest root that has begun.
    #[test]
    fn old_roots_open_and_the_newest_begun_one_seals() {
        let (ring, random) = (ring(), Random::seeded(1));
        let old = seal_bytes(&ring, Purpose::StoredSecret, b"c", b"secret", &random, Timestamp(100)).unwrap();
        let new = seal_bytes(&ring, Purpose::StoredSecret, b"c", b"secret", &random, NOW).unwrap();
        assert_eq!(kid_of(&old), Some(Kid::new("old")));
        assert_eq!(kid_of(&new), Some(Kid::new("new")));
        for sealed in [old, new] {
            assert_eq!(open_bytes(&ring, Purpose::StoredSecret, b"c", &sealed).unwrap(), b"secret");
        }
    }

    /// SEC-4, SEC-11: purpose and context are part of the seal, and one changed bit is noticed.
    #[test]
    fn nothing_opens_for_another_purpose_context_or_after_tampering() {
        let (ring, random) = (ring(), Random::seeded(1));
        let sealed = seal_bytes(&ring, Purpose::MfaToken, b"a", b"x", &random, NOW).unwrap();
        assert!(open_bytes(&ring, Purpose::OobCode, b"a", &sealed).is_err());
        assert!(open_bytes(&ring, Purpose::MfaToken, b"b", &sealed).is_err());
        for position in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(open_bytes(&ring, Purpose::MfaToken, b"a", &changed).is_err(), "position {position}");
        }
    }

    /// SEC-44: a root that was revoked makes nothing, opens what is stored, and no token.
    #[test]
    fn a_revoked_root_opens_only_what_is_stored() {
        let (before, random) = (ring(), Random::seeded(1));
        let seal = |purpose| seal_bytes(&before, purpose, b"c", b"x", &random, NOW).unwrap();
        let (stored, token) = (seal(Purpose::StoredSecret), seal(Purpose::MfaToken));
        let revoked = |root: Root| if root.kid == Kid::new("new") { root.revoked() } else { root };
        let roots = ring().roots.into_iter().map(|root| Arc::new(revoked(Arc::into_inner(root).unwrap())));
        let after = KeyRing { roots: roots.collect(), signing: vec![] };
        assert!(open_bytes(&after, Purpose::StoredSecret, b"c", &stored).is_ok());
        assert!(open_bytes(&after, Purpose::MfaToken, b"c", &token).is_err());
        assert_eq!(after.root(NOW).unwrap().kid, Kid::new("old"), "until the next one has begun");
        assert_eq!(after.root(Timestamp(5_000)).unwrap().kid, Kid::new("next"));
    }

    proptest::proptest! {
        /// Any text at all is refused without a panic.
        #[test]
        fn arbitrary_text_is_refused(text in ".*") {
            proptest::prop_assert!(open_bytes(&ring(), Purpose::MfaToken, b"", &text).is_err());
        }
    }
}
