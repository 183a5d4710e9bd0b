//! Keys: that KMS wraps and unwraps as Postern has it do, and that the generations can be worked with.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::KeyState as KmsKeyState;
use postern::store::keys::KeyGeneration;
use postern::time::Timestamp;
use postern::token::key_life::{KeyState, state};
use postern::token::key_times::SIGNING_KEYS_MAX;
use postern::token::keyring::KeyUse;
use postern::token::keys::{KeyNeeds, Keys};

use super::finding::Finding;
use crate::connection::Tenant;

const KEY: &str = "kms-key";
const USE: &str = "kms-use";
const GENERATIONS: &str = "keys";

const DAY_SECONDS: u64 = 86_400;

/// The key, and what is done with it.
pub(super) async fn key(tenant: &Tenant) -> Vec<Finding> {
    let (key, used) = tokio::join!(described(tenant), used(tenant));
    vec![key, used]
}

async fn described(tenant: &Tenant) -> Finding {
    let key = match tenant.clients.kms.describe_key().key_id(&tenant.kms_key).send().await {
        Ok(described) => described.key_metadata,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found_exception()) => {
            let mend = "give the stack's output `KmsKeyArn` by --kms-key, and its region by --region";
            return Finding::fail(KEY, format!("there is no key {}", tenant.kms_key), mend);
        }
        Err(error) => return Finding::call(KEY, "kms:DescribeKey", &error),
    };
    match key.as_ref().and_then(|key| key.key_state()) {
        Some(KmsKeyState::Enabled) => Finding::ok(KEY, format!("{} is enabled", tenant.kms_key)),
        Some(KmsKeyState::PendingDeletion) => {
            let mend = "aws kms cancel-key-deletion, at once, then aws kms enable-key: without it nothing sealed in the \
                        table can ever be read again";
            Finding::fail(KEY, format!("{} is about to be deleted", tenant.kms_key), mend)
        }
        other => {
            let found = format!("{} is {}", tenant.kms_key, other.map_or("in no state", KmsKeyState::as_str));
            Finding::fail(KEY, found, "aws kms enable-key")
        }
    }
}

/// Wraps something under an encryption context as roots have it, and unwraps it.
async fn used(tenant: &Tenant) -> Finding {
    let (kid, root) = (("kid", "doctor"), ("use", KeyUse::Root.as_str()));
    let wrapped = tenant
        .clients
        .kms
        .generate_data_key_without_plaintext()
        .key_id(&tenant.kms_key)
        .number_of_bytes(32)
        .encryption_context(kid.0, kid.1)
        .encryption_context(root.0, root.1);
    let wrapped = match wrapped.send().await {
        Ok(output) => output.ciphertext_blob.unwrap_or_else(|| Blob::new([])),
        Err(error) => return Finding::call(USE, "kms:GenerateDataKeyWithoutPlaintext", &error),
    };
    let unwrapped = tenant.clients.kms.decrypt().ciphertext_blob(wrapped);
    let unwrapped = unwrapped.encryption_context(kid.0, kid.1).encryption_context(root.0, root.1);
    match unwrapped.send().await {
        Ok(_) => Finding::ok(USE, "it wraps, and unwraps, under an encryption context"),
        Err(error) => Finding::call(USE, "kms:Decrypt", &error),
    }
}

/// The generations in the table.
pub(super) async fn generations(tenant: &Tenant) -> Vec<Finding> {
    let keys = match tenant.store.key_generations().await {
        Ok(keys) => keys,
        Err(error) => {
            let mend = "see the table's own check";
            return vec![Finding::fail(GENERATIONS, format!("they cannot be read: {error}"), mend)];
        }
    };
    let ring = Keys::new(tenant.store.clone(), tenant.clients.kms.clone(), KeyNeeds::ALL);
    // Twice what a key lives: a rotation was missed.
    let finding = match judged(&keys, 2 * tenant.key_times.key_days(), tenant.now()) {
        Some(finding) => finding,
        None if ring.ring(tenant.now()).await.is_err() => {
            let found = "they do not unwrap: KMS refuses, or they were wrapped under another key";
            Finding::fail(GENERATIONS, found, "allow your credentials kms:Decrypt on the key that made them")
        }
        None => Finding::ok(GENERATIONS, format!("all {} unwrap", keys.len())),
    };
    vec![finding]
}

/// What is wrong by what the table says alone.
fn judged(keys: &[KeyGeneration], old_days: u64, now: Timestamp) -> Option<Finding> {
    let fail = |found: &str, mend: &str| Some(Finding::fail(GENERATIONS, found, mend));
    let warn = |found: &str, mend: &str| Some(Finding::warn(GENERATIONS, found, mend));
    if keys.is_empty() {
        return fail("there are none: nobody can sign in", "run `postern init`");
    }
    let current =
        |wanted| keys.iter().find(|key| key.key_use == wanted && state(key, keys, now) == KeyState::Current);
    let (Some(root), Some(signing)) = (current(KeyUse::Root), current(KeyUse::Signing)) else {
        let mend = "run `postern init`; if the one there is begins later, check this machine's clock";
        return fail("there is no current root or no current signing key: nobody can sign in", mend);
    };
    let oldest = root.not_before.min(signing.not_before);
    if now.since(oldest) > old_days * DAY_SECONDS {
        let mend =
            "see whether the schedule of the function rotate-keys is on; by hand: `postern keys rotate`";
        return warn(&format!("they have not been rotated for more than {old_days} days"), mend);
    }
    if keys.iter().filter(|key| key.key_use == KeyUse::Signing).count() > SIGNING_KEYS_MAX {
        let mend = "see who calls rotate-keys or POST /api/v2/keys/signing/rotate so often";
        return warn(
            &format!("there are more than {SIGNING_KEYS_MAX} signing keys: every function reads them all"),
            mend,
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use postern::id::Kid;

    use super::*;
    use crate::doctor::finding::State;

    fn key(key_use: KeyUse, generation: u32, not_before: u64) -> KeyGeneration {
        KeyGeneration {
            kid: Kid::new(format!("k{generation}")),
            key_use,
            generation,
            wrapped: String::new(),
            public: None,
            created_at: Timestamp(0),
            not_before: Timestamp(not_before),
            publish_seconds: None,
            revoked_at: None,
        }
    }

    fn state_of(keys: &[KeyGeneration], now: u64) -> Option<State> {
        judged(keys, 180, Timestamp(now)).map(|finding| finding.state)
    }

    #[test]
    fn what_the_table_says_of_keys_is_judged() {
        let pair = |not_before| vec![key(KeyUse::Root, 1, not_before), key(KeyUse::Signing, 1, not_before)];
        assert_eq!(state_of(&[], 1_000), Some(State::Fail), "none");
        assert_eq!(state_of(&pair(1_000), 1_000), None, "as they should be");
        assert_eq!(state_of(&pair(1_001), 1_000), Some(State::Fail), "none that has begun");
        assert_eq!(state_of(&pair(0).split_off(1), 1_000), Some(State::Fail), "no root");
        let mut revoked = pair(0);
        revoked[1].revoked_at = Some(Timestamp(1));
        assert_eq!(state_of(&revoked, 1_000), Some(State::Fail), "none that is good");
        let late = 180 * DAY_SECONDS;
        assert_eq!((state_of(&pair(0), late), state_of(&pair(0), late + 1)), (None, Some(State::Warn)));
        let mut many = pair(0);
        many.extend((2..=17).map(|generation| key(KeyUse::Signing, generation, 0)));
        assert_eq!(state_of(&many, 1_000), Some(State::Warn));
        many.pop();
        assert_eq!(state_of(&many, 1_000), None);
    }
}
