//! Key generations: wrapped by KMS, never in the clear (design §4).

use serde::{Deserialize, Serialize};

use super::expression::Write;
use super::{Outcome, Store, StoreError, read};
use crate::id::Kid;
use crate::time::Timestamp;
use crate::token::keyring::KeyUse;

const PK: &str = "KEYS";

/// A key generation as it is stored. The sort key is its place in the sequence, not its random kid: two rotations at
/// once ask for the same place, and one of them gets it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyGeneration {
    /// Its id.
    pub kid: Kid,
    /// What it is for.
    #[serde(rename = "use")]
    pub key_use: KeyUse,
    /// Its place in the sequence of its use, from 1.
    pub generation: u32,
    /// KMS ciphertext, base64: the root's 32 bytes, or the signing key's PKCS#8.
    pub wrapped: String,
    /// The public key of a signing key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<PublicJwk>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on new things are made with it.
    pub not_before: Timestamp,
}

/// The public numbers of an RSA key, base64url (RFC 7518 §6.3.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PublicJwk {
    /// Modulus.
    pub n: String,
    /// Exponent.
    pub e: String,
}

impl Store {
    /// All key generations.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn key_generations(&self) -> Result<Vec<KeyGeneration>, StoreError> {
        self.query(PK, None).await?.into_iter().map(read).collect()
    }

    /// Adds a generation; `false` when its place in the sequence is taken.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn add_key_generation(&self, key: &KeyGeneration) -> Result<bool, StoreError> {
        let write = Write::put(PK, &place(key), key)?.when("attribute_not_exists(pk)");
        Ok(matches!(self.write(&write).await?, Outcome::Done(_)))
    }

    /// Deletes a generation that nothing needs any more.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete_key_generation(&self, key: &KeyGeneration) -> Result<(), StoreError> {
        self.write(&Write::delete(PK, &place(key))).await.map(|_| ())
    }
}

fn place(key: &KeyGeneration) -> String {
    format!("{}#{:06}", key.key_use.as_str(), key.generation)
}
