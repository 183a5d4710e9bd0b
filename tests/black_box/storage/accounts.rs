//! Password changes, blocks and resets: each one write or transaction with all its consequences (SEC-42).

use std::sync::Arc;

use postern::rules::limit::Limits;
use postern::store::Store;
use postern::store::accounts::PasswordChange;
use postern::store::limits::{Counter, LimitKey};
use postern::store::logins::{DEFAULT_CONNECTION, Login, LoginKey, PasswordHash};
use postern::time::Timestamp;

use super::fixtures::{ADDRESS, association, attempt, email_id, enrolled, profile, refused, state, user};
use super::{at_once, subjects};
use crate::support::START;

const LIMITS: Limits = Limits::DEFAULT;

async fn login_of(store: &Store, owner: &str) {
    let login =
        Login { user_id: postern::id::UserId::new(owner), password_hash: Some(PasswordHash("old".into())) };
    assert!(store.create_login(&LoginKey::new(DEFAULT_CONNECTION, ADDRESS), &login).await.unwrap());
}

async fn set_password(store: &Store, now: Timestamp) -> bool {
    let seen = state(store).await;
    let (login, hash) = (LoginKey::new(DEFAULT_CONNECTION, ADDRESS), PasswordHash("new".into()));
    store.set_password(&PasswordChange { seen: &seen, login: &login, hash: &hash, now }).await.unwrap()
}

async fn valid_after(store: &Store) -> Option<Timestamp> {
    state(store).await.profile.tokens_valid_after
}

async fn hash_of(store: &Store) -> String {
    let login = LoginKey::new(DEFAULT_CONNECTION, ADDRESS);
    store.login(&login).await.unwrap().unwrap().password_hash.unwrap().0
}

/// The time tokens must be younger than only grows: to now, or by one when it is there already.
#[tokio::test]
async fn the_time_only_grows() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        login_of(store, "auth0|1").await;
        assert!(store.block(&user(), START).await.unwrap());
        assert_eq!(valid_after(store).await, Some(START), "{}", subject.name);
        assert!(store.unblock(&user(), START).await.unwrap());
        assert_eq!(valid_after(store).await, Some(START), "what ended stays ended");
        assert!(set_password(store, START).await);
        assert_eq!(valid_after(store).await, Some(START.plus(1)));
        assert!(store.reset_mfa(&user(), START).await.unwrap());
        assert_eq!(valid_after(store).await, Some(START.plus(2)));
        assert!(store.block(&user(), Timestamp(START.0 - 5)).await.unwrap(), "a clock behind ours");
        assert_eq!(valid_after(store).await, Some(START.plus(3)));
        assert!(store.block(&user(), START.plus(60)).await.unwrap());
        assert_eq!(valid_after(store).await, Some(START.plus(60)));
    }
}

/// Of changes in one second each counts: a token between any two of them is ended by the later one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_at_once_all_count() {
    for subject in subjects().await {
        let store = Arc::new(subject.store.clone());
        enrolled(&store).await;
        let done = at_once(4, |_| {
            let store = Arc::clone(&store);
            async move { store.block(&user(), START).await.unwrap() }
        })
        .await;
        assert_eq!(done, [true; 4], "{}", subject.name);
        assert_eq!(valid_after(&store).await, Some(START.plus(3)));
    }
}

/// Nobody is blocked, unblocked or reset into being; a login of somebody else's keeps its password.
#[tokio::test]
async fn users_there_are_not() {
    for subject in subjects().await {
        let store = &subject.store;
        assert!(!store.block(&user(), START).await.unwrap(), "{}", subject.name);
        assert!(!store.unblock(&user(), START).await.unwrap());
        assert!(!store.reset_mfa(&user(), START).await.unwrap());
        assert!(store.user(&user(), START).await.unwrap().is_none());
        store.create_profile(&profile()).await.unwrap();
        assert!(!set_password(store, START).await, "no login");
        login_of(store, "auth0|2").await;
        assert!(!set_password(store, START).await, "another's login");
        assert_eq!((hash_of(store).await, valid_after(store).await), ("old".into(), None));
    }
}

/// A password change decided on a profile that moved on is decided again, and clears debts, not counts.
#[tokio::test]
async fn a_password_change_clears_debts() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        login_of(store, "auth0|1").await;
        let codes = |counter| LimitKey::codes(&user(), counter, &LIMITS);
        attempt(store, &codes(Counter::Authenticator(email_id("A")))).await;
        attempt(store, &codes(Counter::RecoveryCode)).await;
        let login = LoginKey::new(DEFAULT_CONNECTION, ADDRESS);
        for source in ["192.0.2.1", "192.0.2.2"] {
            let key = LimitKey::passwords(login.pk().into(), source.parse().unwrap(), LIMITS.passwords);
            attempt(store, &key).await;
        }
        let seen = state(store).await;
        // Somebody is quicker: the form that moves the time to now is refused.
        assert!(store.block(&user(), START).await.unwrap());
        let hash = PasswordHash("new".into());
        let change = PasswordChange { seen: &seen, login: &login, hash: &hash, now: START };
        assert!(store.set_password(&change).await.unwrap());
        assert_eq!(hash_of(store).await, "new");
        assert_eq!(valid_after(store).await, Some(START.plus(1)));
        let left = state(store).await;
        assert!(left.profile.blocked, "a new password does not unblock");
        assert_eq!((left.limit(LIMITS.codes).tat, left.limit(LIMITS.recovery_codes).tat), (None, None));
        assert!(left.limit(LIMITS.codes).counts(&Counter::Authenticator(email_id("A"))), "SEC-20");
        for source in ["192.0.2.1", "192.0.2.2"] {
            let sk = format!("LIMIT#PASSWORD#{source}");
            assert!(subject.item(login.pk(), &sk).await.is_none(), "{}", subject.name);
        }
    }
}

/// A reset leaves no authenticator, pending, active or expired, no recovery code and no count, and nothing that was
/// begun before it can be confirmed.
#[tokio::test]
async fn a_reset_leaves_nothing() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let mut second = association(&state(store).await, "second", "B");
        second.gate = postern::rules::enrolment::Gate::Proven;
        store.associate(&second).await.unwrap();
        let begun = super::fixtures::enrolment(store, "second", "B").await;
        attempt(store, &LimitKey::codes(&user(), Counter::RecoveryCode, &LIMITS)).await;
        let later = START.plus(1_000);
        assert!(store.reset_mfa(&user(), later).await.unwrap());
        let left = state(store).await;
        assert!(left.authenticators.is_empty() && left.recovery.is_none(), "{}", subject.name);
        assert!(left.profile.pending.is_empty() && left.profile.active_authenticators == 0);
        for bucket in [LIMITS.codes, LIMITS.recovery_codes] {
            assert_eq!(left.limit(bucket).tat, None);
        }
        assert!(left.limit(LIMITS.emails).tat.is_some(), "mailboxes stay protected");
        for sk in ["AUTHENTICATOR#email|dev_A", "AUTHENTICATOR#email|dev_B", "LIMIT#CODES"] {
            assert!(subject.item("USER#auth0|1", sk).await.is_none(), "{sk} {}", subject.name);
        }
        let steps = refused(store.confirm(&begun).await);
        assert!(steps.contains(&postern::store::mfa::ConfirmStep::Profile), "{steps:?}");
        assert!(state(store).await.authenticators.is_empty());
    }
}

/// A reset at once with associations: whatever the order, nothing that was begun before it stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reset_at_once_with_associations() {
    for subject in subjects().await {
        let store = Arc::new(subject.store.clone());
        store.create_profile(&profile()).await.unwrap();
        let results = at_once(8, |number| {
            let store = Arc::clone(&store);
            async move {
                if number == 3 {
                    return store.reset_mfa(&user(), START).await.is_ok_and(|done| done);
                }
                let seen = state(&store).await;
                store.associate(&association(&seen, "first", &format!("D{number}"))).await.is_ok()
            }
        })
        .await;
        assert!(results[3], "{}", subject.name);
        let left = state(&store).await;
        // A token of that second begins nothing after it, and what it began before is gone.
        assert!(left.authenticators.is_empty() && left.profile.pending.is_empty(), "{}", subject.name);
    }
}
