//! Making key generations: the first ones, and their successors (design §4).
//!
//! Which key is current follows from `not_before` alone, so nothing has to be promoted by a later write, and a
//! rotation that is killed halfway, or run twice, leaves a state that is as good as any.
//!
//! What a run has done stands in the [`Report`] that it is handed, also when it failed after that or was ended: keys
//! that were made are recorded however the run went on.

use std::time::Duration;

use aws_sdk_kms::types::DataKeyPairSpec;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use pkcs1::der::Decode;

use crate::id::Kid;
use crate::rules::random::Random;
use crate::store::keys::{KeyGeneration, PublicJwk};
use crate::store::{Store, StoreError};
use crate::time::{Clock, Timestamp};
use crate::token::key_life::successor;
pub use crate::token::key_times::KNOWN_BEFORE_USE_SECONDS;
use crate::token::key_times::{KEY_WRITE_SECONDS_MAX, KeyTimes, SIGNING_KEYS_MAX};
use crate::token::keyring::KeyUse;

/// After that a key is not written any more: its times were taken before.
const WRITE_TIMEOUT: Duration = Duration::from_secs(KEY_WRITE_SECONDS_MAX);

/// Keys could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// KMS failed; the text is the service's error code.
    #[error("KMS did not make a key: {0}")]
    Kms(String),
    /// There are too many signing keys to add one.
    #[error("there are too many signing keys: they go some time after their successors began")]
    TooMany,
    /// No randomness, or a key in an unknown form.
    #[error("the key that KMS made cannot be used")]
    Unusable,
}

impl RotationError {
    /// In the audit log.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Store(_) => "table_failed",
            Self::Kms(_) => "kms_failed",
            Self::TooMany => "too_many_keys",
            Self::Unusable => "unusable_key",
        }
    }

    /// The same where the rotation failed; `None` where it was only refused.
    #[must_use]
    pub fn failure(&self) -> Option<&'static str> {
        (!matches!(self, Self::TooMany)).then(|| self.reason())
    }
}

/// What makes keys.
#[derive(Debug)]
pub struct Rotation<'a> {
    /// Where they are kept.
    pub store: &'a Store,
    /// What wraps them.
    pub kms: &'a aws_sdk_kms::Client,
    /// Under which key.
    pub kms_key: &'a str,
    /// For ids.
    pub random: &'a Random,
    /// What a key's times are taken from, when KMS has answered: however long that took, the key is known long enough.
    pub clock: &'a Clock,
    /// How long keys live and overlap.
    pub times: KeyTimes,
}

/// Which keys a rotation replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// All.
    Every,
    /// Those at the end of their life.
    Due,
}

/// The generation of the first key of a use, which is used at once: nobody knows another one.
const FIRST: u32 = 1;

/// What a rotation did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Generations made.
    pub made: Vec<Kid>,
    /// Signing keys retired.
    pub retired: Vec<Kid>,
}

impl Rotation<'_> {
    /// Makes the first root and the first signing key unless they are there. Idempotent.
    ///
    /// # Errors
    /// See [`RotationError`]; `report` has what was done before.
    pub async fn ensure_first(&self, report: &mut Report) -> Result<(), RotationError> {
        let generations = self.store.key_generations().await?;
        for key_use in [KeyUse::Root, KeyUse::Signing] {
            if !generations.iter().any(|key| key.key_use == key_use) {
                self.make(key_use, FIRST, self.times.publish_seconds(), report).await?;
            }
        }
        Ok(())
    }

    /// Adds a generation of each use and retires signing keys that no live token needs. Roots are never retired
    /// here: something may still be sealed under them (SEC-44).
    ///
    /// # Errors
    /// As [`Rotation::ensure_first`].
    pub async fn rotate(&self, report: &mut Report) -> Result<(), RotationError> {
        self.replace(Which::Every, report).await
    }

    /// The same of keys that are at the end of their life only: what a schedule asks for, the oftener the better. What a
    /// run that failed left undone the next one does.
    ///
    /// # Errors
    /// As [`Rotation::ensure_first`].
    pub async fn rotate_due(&self, report: &mut Report) -> Result<(), RotationError> {
        self.replace(Which::Due, report).await
    }

    /// Adds a generation of each use, for whoever may not have the deployment's own times: it is published at least as
    /// long as the newest one says keys are, and nothing is retired, for that cannot be taken back.
    ///
    /// # Errors
    /// As [`Rotation::ensure_first`].
    pub async fn make_next(&self, report: &mut Report) -> Result<(), RotationError> {
        if self.has_made_first(report).await? {
            return Ok(());
        }
        let generations = self.store.key_generations().await?;
        for key_use in [KeyUse::Root, KeyUse::Signing] {
            let said = published_seconds(key_use, &generations);
            self.add(key_use, &generations, self.times.publish_seconds().max(said), report).await?;
        }
        Ok(())
    }

    /// Adds a signing key and no root, for whoever asks over the network: roots are never retired, so nobody may make
    /// many of them. Nor of signing keys, of which all but a few come and go by the schedule; those that may go go first.
    ///
    /// # Errors
    /// As [`Rotation::ensure_first`].
    pub async fn rotate_signing(&self, report: &mut Report) -> Result<(), RotationError> {
        let mut generations = self.store.key_generations().await?;
        self.retire(&generations, report).await?;
        generations.retain(|key| !report.retired.contains(&key.kid));
        let signing = generations.iter().filter(|key| key.key_use == KeyUse::Signing);
        if signing.count() >= SIGNING_KEYS_MAX {
            return Err(RotationError::TooMany);
        }
        self.add(KeyUse::Signing, &generations, self.times.publish_seconds(), report).await
    }

    async fn replace(&self, which: Which, report: &mut Report) -> Result<(), RotationError> {
        if self.has_made_first(report).await? {
            return Ok(());
        }
        let generations = self.store.key_generations().await?;
        for key_use in [KeyUse::Root, KeyUse::Signing] {
            if which == Which::Every || self.is_due(key_use, &generations) {
                self.add(key_use, &generations, self.times.publish_seconds(), report).await?;
            }
        }
        self.retire(&generations, report).await
    }

    /// Whether this run made first keys: then there is nothing to replace.
    async fn has_made_first(&self, report: &mut Report) -> Result<bool, RotationError> {
        let before = report.made.len();
        self.ensure_first(report).await?;
        Ok(report.made.len() > before)
    }

    /// Whether the newest good key of a use has come of age. One that is to come is young, and one that was revoked was
    /// replaced.
    fn is_due(&self, key_use: KeyUse, generations: &[KeyGeneration]) -> bool {
        let good = generations.iter().filter(|key| key.key_use == key_use && key.revoked_at.is_none());
        let newest = good.max_by_key(|key| key.generation);
        newest.is_none_or(|key| self.clock.now().since(key.created_at) >= self.times.due_seconds())
    }

    /// A run that is repeated, because its answer was lost or it was killed halfway, adds only what is missing.
    async fn add(
        &self,
        key_use: KeyUse,
        generations: &[KeyGeneration],
        publish_seconds: u64,
        report: &mut Report,
    ) -> Result<(), RotationError> {
        let newest = newest(key_use, generations);
        if newest.is_some_and(|key| key.not_before > self.clock.now() && key.revoked_at.is_none()) {
            return Ok(());
        }
        let generation = newest.map_or(FIRST, |key| key.generation.saturating_add(1));
        self.make(key_use, generation, publish_seconds, report).await
    }

    async fn retire(&self, generations: &[KeyGeneration], report: &mut Report) -> Result<(), RotationError> {
        for (key, successor) in retirable(generations, self.times, self.clock.now()) {
            if self.store.delete_key_generation(key, successor).await? {
                report.retired.push(key.kid.clone());
            }
        }
        Ok(())
    }

    async fn make(
        &self,
        key_use: KeyUse,
        generation: u32,
        publish_seconds: u64,
        report: &mut Report,
    ) -> Result<(), RotationError> {
        let kid = Kid::generate(self.random).map_err(|_| RotationError::Unusable)?;
        let (wrapped, public) = match key_use {
            KeyUse::Root => (self.wrapped_root(&kid).await?, None),
            KeyUse::Signing => {
                self.wrapped_pair(&kid).await.map(|(wrapped, public)| (wrapped, Some(public)))?
            }
        };
        // Not before: KMS may have taken any time, of which the key was known to nobody.
        let now = self.clock.now();
        let waits = if generation == FIRST { 0 } else { publish_seconds };
        let key = KeyGeneration {
            kid: kid.clone(),
            key_use,
            generation,
            wrapped: BASE64.encode(&wrapped),
            public,
            created_at: now,
            not_before: now.plus(waits),
            publish_seconds: Some(publish_seconds),
            revoked_at: None,
        };
        let written = tokio::time::timeout(WRITE_TIMEOUT, self.store.add_key_generation(&key)).await;
        // When another rotation took the place first, its key serves as well as ours.
        if written.map_err(|_| StoreError::Unavailable)?? {
            report.made.push(kid);
        }
        Ok(())
    }

    async fn wrapped_root(&self, kid: &Kid) -> Result<Vec<u8>, RotationError> {
        let call = self
            .kms
            .generate_data_key_without_plaintext()
            .key_id(self.kms_key)
            .number_of_bytes(32)
            .encryption_context("kid", kid.as_str())
            .encryption_context("use", KeyUse::Root.as_str());
        let output = call.send().await.map_err(|error| kms_error(&error))?;
        Ok(output.ciphertext_blob.ok_or(RotationError::Unusable)?.into_inner())
    }

    async fn wrapped_pair(&self, kid: &Kid) -> Result<(Vec<u8>, PublicJwk), RotationError> {
        let call = self
            .kms
            .generate_data_key_pair_without_plaintext()
            .key_id(self.kms_key)
            .key_pair_spec(DataKeyPairSpec::Rsa2048)
            .encryption_context("kid", kid.as_str())
            .encryption_context("use", KeyUse::Signing.as_str());
        let output = call.send().await.map_err(|error| kms_error(&error))?;
        let wrapped = output.private_key_ciphertext_blob.ok_or(RotationError::Unusable)?.into_inner();
        let spki = output.public_key.ok_or(RotationError::Unusable)?.into_inner();
        Ok((wrapped, public_jwk(&spki).ok_or(RotationError::Unusable)?))
    }
}

/// The last key of a use, whatever became of it.
fn newest(key_use: KeyUse, generations: &[KeyGeneration]) -> Option<&KeyGeneration> {
    generations.iter().filter(|key| key.key_use == key_use).max_by_key(|key| key.generation)
}

/// How long keys of a use are published before they are used, in seconds, as far as they tell: what the newest was made
/// by; of keys made before that was stored, the longest that one was. The first one was used at once, and so may be one
/// that took the place of a revoked key.
fn published_seconds(key_use: KeyUse, generations: &[KeyGeneration]) -> u64 {
    let of_use = generations.iter().filter(|key| key.key_use == key_use);
    let longest = of_use.map(|key| key.not_before.since(key.created_at)).max();
    newest(key_use, generations).and_then(|key| key.publish_seconds).or(longest).unwrap_or_default()
}

/// Signing keys whose successor began so long ago that no token they signed can still be live, with that one. One that
/// was revoked succeeds nobody.
fn retirable(
    generations: &[KeyGeneration],
    times: KeyTimes,
    now: Timestamp,
) -> Vec<(&KeyGeneration, &KeyGeneration)> {
    let signing = generations.iter().filter(|key| key.key_use == KeyUse::Signing);
    let superseded = signing.filter_map(|key| {
        let successor = successor(key, generations)?;
        let is_over = successor.not_before.plus(times.retire_seconds()).is_past(now);
        is_over.then_some((key, successor))
    });
    superseded.collect()
}

/// The numbers of an RSA public key in SubjectPublicKeyInfo form (RFC 5280 §4.1.2.7).
fn public_jwk(spki: &[u8]) -> Option<PublicJwk> {
    let info = spki::SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    let key = pkcs1::RsaPublicKey::from_der(info.subject_public_key.as_bytes()?).ok()?;
    let encode = |number: pkcs1::UintRef<'_>| BASE64URL_NOPAD.encode(number.as_bytes());
    Some(PublicJwk { n: encode(key.modulus), e: encode(key.public_exponent) })
}

fn kms_error<E, R>(error: &aws_sdk_kms::error::SdkError<E, R>) -> RotationError
where
    E: aws_sdk_kms::error::ProvideErrorMetadata,
{
    RotationError::Kms(
        aws_sdk_kms::error::ProvideErrorMetadata::code(error).unwrap_or("no answer").to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::claims::ACCESS_TOKEN_SECONDS_MAX;

    fn signing(generation: u32, not_before: u64) -> KeyGeneration {
        KeyGeneration {
            kid: Kid::new(format!("k{generation}")),
            key_use: KeyUse::Signing,
            generation,
            wrapped: String::new(),
            public: None,
            created_at: Timestamp(0),
            not_before: Timestamp(not_before),
            publish_seconds: None,
            revoked_at: None,
        }
    }

    /// What the newest key says counts, also less than was; keys that say nothing tell by their times.
    #[test]
    fn keys_tell_how_long_they_are_published() {
        let mut keys = vec![signing(1, 0), signing(2, 604_800), signing(3, 60)];
        assert_eq!(published_seconds(KeyUse::Signing, &keys), 604_800, "the third took a place at once");
        assert_eq!(published_seconds(KeyUse::Root, &keys), 0, "there is none");
        keys[2].publish_seconds = Some(7_200);
        keys[1].publish_seconds = Some(604_800);
        assert_eq!(published_seconds(KeyUse::Signing, &keys), 7_200);
    }

    /// SEC-29: a signing key is retired only after every token it signed is over; the newest never is.
    #[test]
    fn only_a_key_superseded_long_ago_is_retired() {
        let keys = [signing(1, 0), signing(2, 1_000), signing(3, 50_000)];
        let over = Timestamp(1_000 + ACCESS_TOKEN_SECONDS_MAX);
        let times = KeyTimes::default();
        assert!(retirable(&keys, times, Timestamp(over.0 - 1)).is_empty());
        let retired: Vec<_> = retirable(&keys, times, over).iter().map(|(key, _)| key.generation).collect();
        assert_eq!(retired, [1]);
        assert_eq!(retirable(&keys, times, Timestamp(u64::MAX)).len(), 2);
        let longer = KeyTimes::new(90, 900, 31).unwrap();
        assert!(retirable(&keys, longer, over).is_empty(), "as the operator says");
        assert_eq!(retirable(&keys, longer, over.plus(86_400)).len(), 1);
    }
}
