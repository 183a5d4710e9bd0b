//! Key generations: wrapped by KMS, never in the clear (design §4).

use serde::{Deserialize, Serialize};

use super::expression::{Write, number};
use super::{Outcome, Store, StoreError, read};
use crate::id::Kid;
use crate::time::Timestamp;
use crate::token::key_life::Signer;
use crate::token::keyring::KeyUse;

const PK: &str = "KEYS";
/// The condition that a generation is there and was not revoked.
const GOOD: &str = "attribute_exists(pk) AND attribute_not_exists(revoked_at)";

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
    /// How long keys were published before they were used when it was made, in seconds; not known of older ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_seconds: Option<u64>,
    /// Since when what it signed is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
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

    /// Adds a generation; `false` when another one has its place in the sequence.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn add_key_generation(&self, key: &KeyGeneration) -> Result<bool, StoreError> {
        let write = Write::put(PK, &place(key), key)?.when("attribute_not_exists(pk)");
        match self.write(&write).await? {
            Outcome::Done(_) => Ok(true),
            // By an attempt of ours whose answer was lost.
            Outcome::Refused(Some(old)) => Ok(read::<KeyGeneration>(old)?.kid == key.kid),
            Outcome::Refused(None) => Ok(false),
        }
    }

    /// Revokes a generation, on condition that the one that signs is good, and with the time from which it does; `false`
    /// when one of them was revoked or deleted meanwhile.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn revoke_key_generation(
        &self,
        key: &KeyGeneration,
        signer: &Signer<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let revoked = Write::update(PK, &place(key), "SET revoked_at = :now").when(GOOD);
        let signs = match signer {
            Signer::Begun(other) => Write::check(PK, &place(other), GOOD),
            Signer::Promoted(other) => Write::update(PK, &place(other), "SET not_before = :now")
                .when(GOOD)
                .value(":now", number(now.0)),
        };
        self.all_done([revoked.value(":now", number(now.0)), signs]).await
    }

    /// Deletes a generation that nothing needs any more, on condition that its successor is good: were that revoked
    /// meanwhile, this one might have to sign again. `false` when it is not.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete_key_generation(
        &self,
        key: &KeyGeneration,
        successor: &KeyGeneration,
    ) -> Result<bool, StoreError> {
        let is_good = Write::check(PK, &place(successor), GOOD);
        self.all_done([Write::delete(PK, &place(key)), is_good]).await
    }
}

fn place(key: &KeyGeneration) -> String {
    format!("{}#{:06}", key.key_use.as_str(), key.generation)
}
