//! Buckets: exactly the budget, whatever the interleaving (design §6, I2).

use postern::rules::limit::{Charge, Limits};
use postern::store::Store;
use postern::store::limits::{Counter, LimitKey, Taken};
use postern::store::logins::LoginKey;
use postern::time::Timestamp;

use super::fixtures::{attempt, email_id, owed, profile, state, user};
use super::{Subject, at_once, subjects};
use crate::support::START;

const REFILL: u64 = Limits::DEFAULT.codes.refill_seconds;

fn key() -> LimitKey {
    LimitKey::codes(&user(), Counter::Otp, &Limits::DEFAULT)
}

async fn take(store: &Store, key: &LimitKey, now: Timestamp) -> Result<Charge, u64> {
    match store.take_attempt(key, now).await.unwrap() {
        Taken::Charged(charge) => Ok(charge),
        Taken::Spent { retry_after } => Err(retry_after),
    }
}

/// How many of 64 attempts at the same moment are charged; the others must all be told to wait `retry_after`.
async fn charged_of_64(subject: &Subject, now: Timestamp, retry_after: u64) -> usize {
    let store = &subject.store;
    let results = at_once(64, |_| {
        let store = store.clone();
        async move { take(&store, &key(), now).await }
    })
    .await;
    for refused in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(*refused, retry_after, "{}", subject.name);
    }
    results.iter().filter(|result| result.is_ok()).count()
}

/// SEC-10, SEC-24: of 64 attempts in parallel exactly ten are charged.
#[tokio::test]
async fn of_64_attempts_in_parallel_exactly_ten_are_charged() {
    for subject in subjects().await {
        assert_eq!(charged_of_64(&subject, START, REFILL).await, 10, "{}", subject.name);
    }
}

/// design §6: the same after a debt that has decayed, where the first write of everybody is refused.
#[tokio::test]
async fn after_decayed_debt_of_64_in_parallel_exactly_ten_are_charged() {
    for subject in subjects().await {
        attempt(&subject.store, &key()).await;
        let later = START.plus(REFILL + 1);
        assert_eq!(charged_of_64(&subject, later, REFILL).await, 10, "{}", subject.name);
    }
}

/// SEC-19: ten at once, then one every six minutes, and not a second earlier.
#[tokio::test]
async fn ten_at_once_then_one_every_six_minutes() {
    for subject in subjects().await {
        let store = &subject.store;
        for spent in 1..=10 {
            assert_eq!(take(store, &key(), START).await.unwrap().tat, START.plus(spent * REFILL));
        }
        assert_eq!(take(store, &key(), START).await.unwrap_err(), REFILL);
        assert_eq!(take(store, &key(), START.plus(REFILL - 1)).await.unwrap_err(), 1);
        take(store, &key(), START.plus(REFILL)).await.unwrap();
        assert_eq!(take(store, &key(), START.plus(REFILL)).await.unwrap_err(), REFILL);
    }
}

/// design §6: debt that has decayed owes nothing: the next attempt starts from now, with ten at hand.
#[tokio::test]
async fn decayed_debt_owes_nothing() {
    for subject in subjects().await {
        let store = &subject.store;
        for _ in 0..3 {
            take(store, &key(), START).await.unwrap();
        }
        // At the very moment it is paid, and long after.
        for now in [START.plus(3 * REFILL), START.plus(100 * REFILL)] {
            let charge = take(store, &key(), now).await.unwrap();
            assert_eq!(charge.tat, now.plus(REFILL), "{}", subject.name);
            assert!(charge.was_the_only_debt());
        }
    }
}

/// SEC-21: giving back the only debt leaves a clean bucket, so that the user stays on the one-write path.
#[tokio::test]
async fn giving_back_the_only_debt_leaves_nothing() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        let charge = attempt(store, &key()).await;
        assert_eq!(owed(store).await, Some(REFILL));
        store.give_back(&key(), &charge).await.unwrap();
        assert_eq!(owed(store).await, None, "{}", subject.name);
        assert!(!state(store).await.limit(Limits::DEFAULT.codes).counts(&Counter::Otp));
    }
}

/// SEC-18, SEC-21: success gives back its own attempt only; what others owe stays, older or newer.
#[tokio::test]
async fn giving_back_takes_only_its_own() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        let first = attempt(store, &key()).await;
        attempt(store, &key()).await;
        let third = attempt(store, &key()).await;
        store.give_back(&key(), &third).await.unwrap();
        assert_eq!(owed(store).await, Some(2 * REFILL), "{}", subject.name);
        // Nothing else was owed when the first was charged, but something is now.
        store.give_back(&key(), &first).await.unwrap();
        assert_eq!(owed(store).await, Some(REFILL), "{}", subject.name);
    }
}

/// SEC-21: ten attempts given back in parallel are all there again.
#[tokio::test]
async fn what_is_given_back_in_parallel_is_there_again() {
    for subject in subjects().await {
        let store = &subject.store;
        let mut charges = Vec::new();
        for _ in 0..10 {
            charges.push(attempt(store, &key()).await);
        }
        at_once(10, |i| {
            let (store, charge) = (store.clone(), charges[i].clone());
            async move { store.give_back(&key(), &charge).await.unwrap() }
        })
        .await;
        assert_eq!(charged_of_64(&subject, START, REFILL).await, 10, "{}", subject.name);
    }
}

/// SEC-20: at a hundred consecutive failures only that authenticator is refused, budget or not; a success before
/// that counts from nought again, and an undone attempt takes one back.
#[tokio::test]
async fn the_cap_is_a_hundred_consecutive_failures_of_one_authenticator() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        let mut now = START;
        let mut last = None;
        for _ in 0..Limits::DEFAULT.consecutive_failures {
            now = now.plus(REFILL);
            last = Some(take(store, &key(), now).await.unwrap());
        }
        now = now.plus(REFILL);
        assert!(state(store).await.is_locked(&Counter::Otp, &Limits::DEFAULT), "{}", subject.name);
        assert_eq!(take(store, &key(), now).await.unwrap_err(), REFILL);

        let other = LimitKey::codes(&user(), Counter::Authenticator(email_id("A")), &Limits::DEFAULT);
        let charge = take(store, &other, now).await.unwrap();
        store.give_back(&other, &charge).await.unwrap();
        assert!(
            state(store).await.is_locked(&Counter::Otp, &Limits::DEFAULT),
            "another's success frees nothing"
        );

        store.undo_attempt(&key(), &last.unwrap()).await.unwrap();
        assert!(!state(store).await.is_locked(&Counter::Otp, &Limits::DEFAULT));
        let hundredth = take(store, &key(), now).await.unwrap();
        assert!(state(store).await.is_locked(&Counter::Otp, &Limits::DEFAULT));
        store.give_back(&key(), &hundredth).await.unwrap();
        assert!(!state(store).await.limit(Limits::DEFAULT.codes).counts(&Counter::Otp), "{}", subject.name);
    }
}

/// design §6: an attempt that never came to its check is undone exactly: the time, and the count.
#[tokio::test]
async fn an_undone_attempt_was_never_made() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        attempt(store, &key()).await;
        let second = attempt(store, &key()).await;
        store.undo_attempt(&key(), &second).await.unwrap();
        assert_eq!(owed(store).await, Some(REFILL), "{}", subject.name);
        assert!(
            state(store).await.limit(Limits::DEFAULT.codes).counts(&Counter::Otp),
            "the first failure is still counted"
        );
    }
}

/// SEC-19: recovery codes have a bucket of their own; all other codes of a user share one.
#[tokio::test]
async fn recovery_codes_have_a_bucket_of_their_own() {
    for subject in subjects().await {
        let store = &subject.store;
        for _ in 0..10 {
            attempt(store, &key()).await;
        }
        let email = LimitKey::codes(&user(), Counter::Authenticator(email_id("A")), &Limits::DEFAULT);
        assert_eq!(take(store, &email, START).await.unwrap_err(), REFILL, "{}", subject.name);
        let recovery = LimitKey::codes(&user(), Counter::RecoveryCode, &Limits::DEFAULT);
        for _ in 0..10 {
            attempt(store, &recovery).await;
        }
        assert_eq!(take(store, &recovery, START).await.unwrap_err(), REFILL, "{}", subject.name);
    }
}

/// contract A3: passwords are limited per address and source; the item is forgotten once it cannot matter.
#[tokio::test]
async fn passwords_are_limited_per_address_and_source() {
    for subject in subjects().await {
        let store = &subject.store;
        let login = LoginKey::new("db", "nobody@example.com");
        let from = |source: &str| {
            LimitKey::passwords(login.pk().into(), source.parse().unwrap(), Limits::DEFAULT.passwords)
        };
        for _ in 0..10 {
            attempt(store, &from("192.0.2.1")).await;
        }
        take(store, &from("192.0.2.1"), START).await.unwrap_err();
        take(store, &from("192.0.2.2"), START).await.unwrap();
        let item = subject.item(login.pk(), "LIMIT#PASSWORD#192.0.2.1").await.unwrap();
        let forgotten: u64 = item["expires_at"].as_n().unwrap().parse().unwrap();
        let clean: u64 = item["tat"].as_n().unwrap().parse().unwrap();
        assert!(forgotten >= clean, "{}", subject.name);
    }
}
