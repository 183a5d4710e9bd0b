//! Key generations: a place in the sequence is taken once, so that making the first keys is idempotent (design §9).

use local::aws::KEY_ID;
use postern::id::Kid;
use postern::rules::random::Random;
use postern::store::keys::KeyGeneration;
use postern::time::Clock;
use postern::token::key_life::Signer;
use postern::token::key_times::KeyTimes;
use postern::token::keyring::KeyUse;
use postern::token::rotation::{Report, Rotation};

use super::{Subject, at_once, subjects};
use crate::support::START;

fn generation(kid: &str, key_use: KeyUse, generation: u32) -> KeyGeneration {
    KeyGeneration {
        kid: Kid::new(kid),
        key_use,
        generation,
        wrapped: String::new(),
        public: None,
        created_at: START,
        not_before: START,
        publish_seconds: None,
        revoked_at: None,
    }
}

async fn places(subject: &Subject) -> Vec<(&'static str, u32)> {
    let generations = subject.store.key_generations().await.unwrap();
    let mut places: Vec<_> = generations.iter().map(|key| (key.key_use.as_str(), key.generation)).collect();
    places.sort_unstable();
    places
}

/// design §4: of two rotations at once, one makes the next generation.
#[tokio::test]
async fn a_place_in_the_sequence_is_taken_once() {
    for subject in subjects().await {
        let store = &subject.store;
        let added = at_once(32, |i| {
            let store = store.clone();
            let key = generation(&format!("k{i}"), KeyUse::Signing, 1);
            async move { store.add_key_generation(&key).await.unwrap() }
        })
        .await;
        assert_eq!(added.iter().filter(|added| **added).count(), 1, "{}", subject.name);
        let next = generation("next", KeyUse::Signing, 2);
        assert!(store.add_key_generation(&next).await.unwrap());
        assert!(store.add_key_generation(&next).await.unwrap(), "an attempt whose answer was lost was ours");
        assert!(store.add_key_generation(&generation("root", KeyUse::Root, 1)).await.unwrap());
        assert_eq!(places(&subject).await, [("root", 1), ("signing", 1), ("signing", 2)]);
        let (first, second) =
            (generation("first", KeyUse::Signing, 1), generation("next", KeyUse::Signing, 2));
        assert!(store.delete_key_generation(&first, &second).await.unwrap());
        assert_eq!(places(&subject).await, [("root", 1), ("signing", 2)]);
    }
}

/// A key is not retired by a rotation that read its successor before that was revoked: it may have to sign again.
#[tokio::test]
async fn a_key_without_a_good_successor_stays() {
    for subject in subjects().await {
        let store = &subject.store;
        let (first, second) = (generation("k1", KeyUse::Signing, 1), generation("k2", KeyUse::Signing, 2));
        for key in [&first, &second] {
            assert!(store.add_key_generation(key).await.unwrap());
        }
        assert!(store.revoke_key_generation(&second, &Signer::Begun(&first), START).await.unwrap());
        assert!(!store.delete_key_generation(&first, &second).await.unwrap(), "{}", subject.name);
        assert_eq!(places(&subject).await, [("signing", 1), ("signing", 2)]);
        assert!(!store.revoke_key_generation(&first, &Signer::Begun(&second), START).await.unwrap());
    }
}

/// design §9: the first keys are made once, however often and however concurrently that is asked for.
#[tokio::test]
async fn the_first_keys_are_made_once() {
    for subject in subjects().await {
        let made = at_once(8, |_| {
            let (store, kms) = (subject.store.clone(), subject.twin.app.kms.clone());
            async move {
                let (random, clock) = (Random::system(), Clock::fixed(START));
                let rotation = Rotation {
                    store: &store,
                    kms: &kms,
                    kms_key: KEY_ID,
                    random: &random,
                    clock: &clock,
                    times: KeyTimes::default(),
                };
                let mut report = Report::default();
                rotation.ensure_first(&mut report).await.unwrap();
                report.made.len()
            }
        })
        .await;
        assert_eq!(made.iter().sum::<usize>(), 2, "{}", subject.name);
        assert_eq!(places(&subject).await, [("root", 1), ("signing", 1)], "{}", subject.name);
    }
}
