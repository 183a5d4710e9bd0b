//! Unwrapped keys in memory: roots, from which everything secret derives, and RSA signing keys (design §4).

use std::fmt;

use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{hkdf, hmac, rand};
use serde::{Deserialize, Serialize};

use crate::id::Kid;
use crate::time::Timestamp;

/// What a key generation is for; also the `use` of its KMS encryption context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    /// 32 bytes, from which sealing and MAC keys derive.
    Root,
    /// RSA-2048, for RS256.
    Signing,
}

impl KeyUse {
    /// The word in the table and in the encryption context.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Signing => "signing",
        }
    }
}

/// What a key derived from a root is used for. Each purpose has a key of its own, so that nothing made for one is
/// ever accepted for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Sealing `mfa_token`s.
    MfaToken,
    /// Sealing `oob_code`s.
    OobCode,
    /// Sealing TOTP secrets and providers' credentials in the table.
    StoredSecret,
    /// The MAC of one-time codes (SEC-2).
    CodeMac,
    /// The MAC of codes of sign-ins without password (SEC-2).
    SignInCodeMac,
    /// The MAC of destinations in limit keys and pending lists.
    Destination,
    /// Computing the secret that replaces a refresh token's.
    RefreshSecret,
    /// Sealing the tickets of unblock links.
    UnblockTicket,
    /// Sealing the tickets of links that verify an address.
    VerifyTicket,
    /// Sealing the tickets of links to a new password.
    ResetTicket,
    /// Sealing the tickets of links to the page that enrols.
    EnrolmentTicket,
}

impl Purpose {
    /// The label in key derivation and in what is authenticated.
    #[must_use]
    pub fn label(self) -> &'static [u8] {
        match self {
            Self::MfaToken => b"postern/v1/mfa-token",
            Self::OobCode => b"postern/v1/oob-code",
            Self::StoredSecret => b"postern/v1/stored-secret",
            Self::CodeMac => b"postern/v1/code-mac",
            Self::SignInCodeMac => b"postern/v1/sign-in-code-mac",
            Self::Destination => b"postern/v1/destination",
            Self::RefreshSecret => b"postern/v1/refresh-secret",
            Self::UnblockTicket => b"postern/v1/unblock-ticket",
            Self::VerifyTicket => b"postern/v1/verify-ticket",
            Self::ResetTicket => b"postern/v1/reset-ticket",
            Self::EnrolmentTicket => b"postern/v1/enrolment-ticket",
        }
    }
}

/// A key could not be made or used.
#[derive(Debug, thiserror::Error)]
#[error("a key could not be used")]
pub struct KeyError;

/// A root key, in the form that derives.
pub struct Root {
    /// Its id.
    pub kid: Kid,
    /// From when on new things are made with it.
    pub not_before: Timestamp,
    /// Whether it opens only what is stored, see [`Root::revoked`].
    pub is_revoked: bool,
    derive: hkdf::Prk,
}

impl Root {
    /// Takes the 32 unwrapped bytes.
    #[must_use]
    pub fn new(kid: Kid, not_before: Timestamp, bytes: &[u8]) -> Self {
        Self {
            kid,
            not_before,
            is_revoked: false,
            derive: hkdf::Salt::new(hkdf::HKDF_SHA256, b"postern/v1/root").extract(bytes),
        }
    }

    /// The same one as somebody else may have it: nothing is made with it any more, and of what was made with it only
    /// what is at rest in the table is taken for ours (SEC-44). Whoever has the root can make tokens and tickets, and
    /// cannot write the table.
    #[must_use]
    pub fn revoked(self) -> Self {
        Self { is_revoked: true, ..self }
    }

    /// Whether something that was made with it for a purpose is ours for sure.
    #[must_use]
    pub fn vouches_for(&self, purpose: Purpose) -> bool {
        !self.is_revoked || matches!(purpose, Purpose::StoredSecret)
    }

    /// Derives `N` bytes for a purpose and a context (RFC 5869 §2.3).
    ///
    /// # Errors
    /// When `N` is beyond what HKDF yields.
    pub fn derive<const N: usize>(&self, purpose: Purpose, context: &[u8]) -> Result<[u8; N], KeyError> {
        struct Length(usize);
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                self.0
            }
        }
        let mut bytes = [0; N];
        let info = [purpose.label(), context];
        let output = self.derive.expand(&info, Length(N)).map_err(|_| KeyError)?;
        output.fill(&mut bytes).map_err(|_| KeyError)?;
        Ok(bytes)
    }

    /// The HMAC-SHA-256 key of a purpose.
    ///
    /// # Errors
    /// As [`Root::derive`].
    pub fn mac_key(&self, purpose: Purpose) -> Result<hmac::Key, KeyError> {
        Ok(hmac::Key::new(hmac::HMAC_SHA256, &self.derive::<32>(purpose, b"")?))
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// An RSA key: always its public half, and the private one in functions that sign.
pub struct SigningKey {
    /// Its id, in the JOSE header and the JWKS.
    pub kid: Kid,
    /// From when on tokens are signed with it; it is published before.
    pub not_before: Timestamp,
    /// Modulus, big-endian.
    pub modulus: Vec<u8>,
    /// Public exponent, big-endian.
    pub exponent: Vec<u8>,
    pair: Option<RsaKeyPair>,
}

impl SigningKey {
    /// The public half only.
    #[must_use]
    pub fn public(kid: Kid, not_before: Timestamp, modulus: Vec<u8>, exponent: Vec<u8>) -> Self {
        Self { kid, not_before, modulus, exponent, pair: None }
    }

    /// Adds the private half, PKCS#8 DER.
    ///
    /// # Errors
    /// When the bytes are no RSA key.
    pub fn with_private(mut self, pkcs8: &[u8]) -> Result<Self, KeyError> {
        self.pair = Some(RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError)?);
        Ok(self)
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    ///
    /// # Errors
    /// When this environment holds only the public half.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let pair = self.pair.as_ref().ok_or(KeyError)?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &rand::SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyError)?;
        Ok(signature)
    }

    /// Whether `signature` is this key's over `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        PublicKeyComponents { n: &self.modulus, e: &self.exponent }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }

    fn can_sign(&self) -> bool {
        self.pair.is_some()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// All key generations in use.
#[derive(Debug, Default)]
pub struct KeyRing {
    /// Roots; empty in functions that unwrap none.
    pub roots: Vec<std::sync::Arc<Root>>,
    /// Signing keys, oldest first.
    pub signing: Vec<std::sync::Arc<SigningKey>>,
}

impl KeyRing {
    /// The root that new things are made with: the newest that has begun.
    ///
    /// # Errors
    /// When there is none.
    pub fn root(&self, now: Timestamp) -> Result<&Root, KeyError> {
        let begun = self.roots.iter().filter(|root| root.not_before <= now && !root.is_revoked);
        begun.max_by_key(|root| root.not_before).map(AsRef::as_ref).ok_or(KeyError)
    }

    /// The root of that id, however old: what was made with it stays readable (SEC-3, SEC-44).
    #[must_use]
    pub fn root_of(&self, kid: &Kid) -> Option<&Root> {
        self.roots.iter().find(|root| root.kid == *kid).map(AsRef::as_ref)
    }

    /// The key that tokens are signed with now: the newest that has begun.
    ///
    /// # Errors
    /// When there is none with its private half.
    pub fn signer(&self, now: Timestamp) -> Result<&SigningKey, KeyError> {
        let begun = self.signing.iter().filter(|key| key.not_before <= now && key.can_sign());
        begun.max_by_key(|key| key.not_before).map(AsRef::as_ref).ok_or(KeyError)
    }

    /// The signing key of that id.
    #[must_use]
    pub fn verifier(&self, kid: &Kid) -> Option<&SigningKey> {
        self.signing.iter().find(|key| key.kid == *kid).map(AsRef::as_ref)
    }

    /// Whether this ring knows the id at all.
    #[must_use]
    pub fn knows(&self, kid: &Kid) -> bool {
        self.root_of(kid).is_some() || self.verifier(kid).is_some()
    }
}
