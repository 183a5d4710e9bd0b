//! The keys of one execution environment: read from the table, unwrapped once, cached (design §3, §4).

use std::sync::Arc;

use aws_sdk_kms::primitives::Blob;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use futures_util::future::try_join_all;
use tokio::sync::Mutex;

use crate::aws::OnDemand;
use crate::id::Kid;
use crate::store::keys::KeyGeneration;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::token::keyring::{KeyRing, KeyUse, Root, SigningKey};

/// How long keys are served without looking again, in seconds.
pub const KEYS_FRESH_SECONDS: u64 = 300;
/// How long they are served when looking again fails, in seconds.
pub const KEYS_USABLE_SECONDS: u64 = 540;
/// At most every so many seconds does an unknown kid force a new look.
const REREAD_SECONDS: u64 = 10;

/// Which private keys an environment unwraps; public halves it always has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyNeeds {
    /// To seal and open tokens and secrets.
    pub roots: bool,
    /// To sign.
    pub signing: bool,
}

impl KeyNeeds {
    /// Public keys only.
    pub const PUBLIC: Self = Self { roots: false, signing: false };
    /// To open and seal tokens.
    pub const ROOTS: Self = Self { roots: true, signing: false };
    /// Everything.
    pub const ALL: Self = Self { roots: true, signing: true };
}

#[derive(Debug)]
struct Loaded {
    ring: Arc<KeyRing>,
    at: Timestamp,
    looked_at: Timestamp,
}

/// The cached keys.
#[derive(Debug)]
pub struct Keys {
    store: Store,
    kms: OnDemand<aws_sdk_kms::Client>,
    needs: KeyNeeds,
    loaded: Mutex<Option<Loaded>>,
}

impl Keys {
    /// Nothing is loaded yet.
    #[must_use]
    pub fn new(store: Store, kms: OnDemand<aws_sdk_kms::Client>, needs: KeyNeeds) -> Self {
        Self { store, kms, needs, loaded: Mutex::new(None) }
    }

    /// What this environment unwraps.
    #[must_use]
    pub fn needs(&self) -> KeyNeeds {
        self.needs
    }

    /// The keys, looked up again when the last look is older than [`KEYS_FRESH_SECONDS`].
    ///
    /// # Errors
    /// When there are none to be had.
    pub async fn ring(&self, now: Timestamp) -> Result<Arc<KeyRing>, StoreError> {
        let mut loaded = self.loaded.lock().await;
        match &*loaded {
            Some(known) if now.since(known.at) < KEYS_FRESH_SECONDS => Ok(Arc::clone(&known.ring)),
            // The last look failed a moment ago: not every request has to wait for the same failure.
            Some(known)
                if now.since(known.looked_at) < REREAD_SECONDS
                    && now.since(known.at) < KEYS_USABLE_SECONDS =>
            {
                Ok(Arc::clone(&known.ring))
            }
            _ => self.look(&mut loaded, now).await,
        }
    }

    /// The keys, looked up again when `kid` is not among them.
    ///
    /// # Errors
    /// As [`Keys::ring`].
    pub async fn ring_with(&self, kid: Option<&Kid>, now: Timestamp) -> Result<Arc<KeyRing>, StoreError> {
        let ring = self.ring(now).await?;
        let Some(kid) = kid.filter(|kid| !ring.knows(kid)) else { return Ok(ring) };
        let mut loaded = self.loaded.lock().await;
        match &*loaded {
            Some(known) if known.ring.knows(kid) || now.since(known.looked_at) < REREAD_SECONDS => {
                Ok(Arc::clone(&known.ring))
            }
            _ => self.look(&mut loaded, now).await,
        }
    }

    async fn look(&self, loaded: &mut Option<Loaded>, now: Timestamp) -> Result<Arc<KeyRing>, StoreError> {
        let known = loaded.as_ref().map(|known| Arc::clone(&known.ring)).unwrap_or_default();
        match self.load(&known).await {
            Ok(ring) => {
                let ring = Arc::new(ring);
                *loaded = Some(Loaded { ring: Arc::clone(&ring), at: now, looked_at: now });
                Ok(ring)
            }
            Err(error) => match loaded {
                Some(known) if now.since(known.at) < KEYS_USABLE_SECONDS => {
                    known.looked_at = now;
                    tracing::warn!(event = "keys_not_refreshed", "serving the keys of the last look");
                    Ok(Arc::clone(&known.ring))
                }
                _ => Err(error),
            },
        }
    }

    /// Reads all generations and unwraps those not known yet, all at once.
    async fn load(&self, known: &KeyRing) -> Result<KeyRing, StoreError> {
        let generations = self.store.key_generations().await?;
        if generations.is_empty() {
            tracing::error!(event = "no_keys", "there are no keys: run rotate-keys, or `postern init`, once");
            return Err(StoreError::Unavailable);
        }
        // What a revoked key signed is as good as signed by nobody; what is stored under a revoked root is still needed.
        let is_good = |key: &&KeyGeneration| key.key_use == KeyUse::Root || key.revoked_at.is_none();
        let of_use = |wanted| {
            generations.iter().filter(is_good).filter(move |key: &&KeyGeneration| key.key_use == wanted)
        };
        let roots =
            try_join_all(of_use(KeyUse::Root).filter(|_| self.needs.roots).map(|key| self.root(key, known)));
        let signing = try_join_all(of_use(KeyUse::Signing).map(|key| self.signing_key(key, known)));
        let (roots, signing) = tokio::try_join!(roots, signing)?;
        Ok(KeyRing { roots, signing })
    }

    async fn root(&self, key: &KeyGeneration, known: &KeyRing) -> Result<Arc<Root>, StoreError> {
        let is_revoked = key.revoked_at.is_some();
        let same = |other: &&Arc<Root>| {
            other.kid == key.kid && other.not_before == key.not_before && other.is_revoked == is_revoked
        };
        if let Some(root) = known.roots.iter().find(same) {
            return Ok(Arc::clone(root));
        }
        let bytes = self.unwrap_key(key).await?;
        let root = Root::new(key.kid.clone(), key.not_before, &bytes);
        Ok(Arc::new(if is_revoked { root.revoked() } else { root }))
    }

    async fn signing_key(&self, key: &KeyGeneration, known: &KeyRing) -> Result<Arc<SigningKey>, StoreError> {
        let same = |other: &&Arc<SigningKey>| other.kid == key.kid && other.not_before == key.not_before;
        if let Some(signing) = known.signing.iter().find(same) {
            return Ok(Arc::clone(signing));
        }
        let public = key.public.as_ref().ok_or(StoreError::Corrupt)?;
        let number = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| StoreError::Corrupt);
        let public =
            SigningKey::public(key.kid.clone(), key.not_before, number(&public.n)?, number(&public.e)?);
        if !self.needs.signing {
            return Ok(Arc::new(public));
        }
        let pkcs8 = self.unwrap_key(key).await?;
        public.with_private(&pkcs8).map(Arc::new).map_err(|_| StoreError::Corrupt)
    }

    async fn unwrap_key(&self, key: &KeyGeneration) -> Result<Vec<u8>, StoreError> {
        let wrapped = BASE64.decode(key.wrapped.as_bytes()).map_err(|_| StoreError::Corrupt)?;
        let call = self
            .kms
            .decrypt()
            .ciphertext_blob(Blob::new(wrapped))
            .encryption_context("kid", key.kid.as_str())
            .encryption_context("use", key.key_use.as_str());
        let output = call.send().await.map_err(|error| {
            let code = aws_sdk_kms::error::ProvideErrorMetadata::code(&error);
            tracing::warn!(event = "aws_call_failed", service = "kms", operation = "Decrypt", code);
            StoreError::Unavailable
        })?;
        Ok(output.plaintext.ok_or(StoreError::Unavailable)?.into_inner())
    }
}
