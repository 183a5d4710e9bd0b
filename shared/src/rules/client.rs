//! What a client is and how its secret is checked (RFC 6749 §2.1, §2.3).

use std::fmt;

use ring::digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// Whether a client can keep a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientKind {
    /// It can, and must show it.
    Confidential,
    /// It cannot: a browser or a device; a secret it sends is ignored.
    Public,
}

/// A client's secret as it was presented; never shown.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Takes what was presented or generated.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its SHA-256: enough, because secrets are generated with at least 256 bits.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(
            data_encoding::HEXLOWER.encode(digest::digest(&digest::SHA256, self.0.as_bytes()).as_ref()),
        )
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// The SHA-256 of a client's secret, in lower-case hex.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(String);

impl SecretHash {
    /// Whether `secret` is the one hashed here, in constant time (SEC-6).
    #[must_use]
    pub fn matches(&self, secret: &ClientSecret) -> bool {
        self.0.as_bytes().ct_eq(secret.hash().0.as_bytes()).into()
    }

    /// The hash of no secret, compared for unknown clients so that the work is the same (SEC-35).
    #[must_use]
    pub fn of_nobody() -> Self {
        Self("0".repeat(64))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_itself_matches_and_nothing_shows_it() {
        let secret = ClientSecret::new("demo-secret");
        assert!(secret.hash().matches(&secret));
        assert!(!secret.hash().matches(&ClientSecret::new("demo-secret ")));
        assert!(!SecretHash::of_nobody().matches(&secret));
        assert!(!format!("{secret:?} {:?}", secret.hash()).contains("demo"));
    }
}
