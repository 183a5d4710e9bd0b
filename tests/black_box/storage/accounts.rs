//! Password changes, blocks and resets: each one write or transaction with all its consequences (SEC-42).

use std::sync::Arc;

use postern::id::{AuthenticatorId, ClientId};
use postern::rules::limit::Limits;
use postern::rules::notice::NoticeKind;
use postern::rules::policy::Factor;
use postern::rules::random::Random;
use postern::store::accounts::NewPassword;
use postern::store::expression::text;
use postern::store::limits::{Counter, LimitKey};
use postern::store::logins::{DEFAULT_CONNECTION, LoginKey, PasswordHash};
use postern::store::mfa::Association;
use postern::store::notices::{Notice, Recipient};
use postern::store::user_changes::{Changed, UserChange};
use postern::store::users::Recovery;
use postern::store::{Store, StoreError};
use postern::time::{Clock, Timestamp};

use super::fixtures::{
    ADDRESS, association, attempt, clock, email_id, enrolled, hash, login, profile, refused, state, user,
};
use super::give::give_app;
use super::{at_once, subjects};
use crate::support::START;

const LIMITS: Limits = Limits::DEFAULT;

async fn set_password_at(store: &Store, now: Timestamp) -> Result<Changed, StoreError> {
    let (hash, change, notice) = (PasswordHash("new".into()), UserChange::default(), notice());
    let new = NewPassword { hash: &hash, change: &change, notice: &notice };
    store.set_password(&user(), new, &Clock::fixed(now)).await
}

async fn set_password(store: &Store, now: Timestamp) -> bool {
    matches!(set_password_at(store, now).await.unwrap(), Changed::Done(_))
}

async fn reset_at(store: &Store, now: Timestamp) -> Result<bool, StoreError> {
    store.reset_mfa(&user(), &notice(), &Clock::fixed(now)).await
}

fn notice() -> Notice {
    let (to, client) = (Recipient::User(user()), ClientId::new("operator"));
    Notice::new(NoticeKind::FactorRemoved, to, None, &client, &Random::system(), START).unwrap()
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
        assert!(store.block(&user(), &clock()).await.unwrap());
        assert_eq!(valid_after(store).await, Some(START), "{}", subject.name);
        assert!(store.unblock(&user(), &clock()).await.unwrap());
        assert_eq!(valid_after(store).await, Some(START), "what ended stays ended");
        assert!(set_password(store, START).await);
        assert_eq!(valid_after(store).await, Some(START.plus(1)));
        assert!(reset_at(store, START).await.unwrap());
        assert_eq!(valid_after(store).await, Some(START.plus(2)));
        assert!(
            store.block(&user(), &Clock::fixed(Timestamp(START.0 - 5))).await.unwrap(),
            "a clock behind ours"
        );
        assert_eq!(valid_after(store).await, Some(START.plus(3)));
        assert!(store.block(&user(), &Clock::fixed(START.plus(60))).await.unwrap());
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
            async move { store.block(&user(), &clock()).await.unwrap() }
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
        assert!(!store.block(&user(), &clock()).await.unwrap(), "{}", subject.name);
        assert!(!store.unblock(&user(), &clock()).await.unwrap());
        assert!(!reset_at(store, START).await.unwrap());
        assert!(store.user(&user(), START).await.unwrap().is_none());
        store.create_user(profile(), &[]).await.unwrap();
        let refused = set_password_at(store, START).await.unwrap();
        assert!(matches!(refused, Changed::NoPassword), "{refused:?}");
        store.delete_user(&user(), &clock()).await.unwrap();
        store.create_user(profile(), &[login(ADDRESS)]).await.unwrap();
        let put = store.dynamodb().put_item().table_name(store.table()).item("user_id", text("auth0|2"));
        let put = put.item("pk", text(login(ADDRESS).name.key().pk())).item("sk", text("LOGIN"));
        put.item("password_hash", text("old")).send().await.unwrap();
        assert_eq!(set_password_at(store, START).await.unwrap_err(), StoreError::Busy, "another's login");
        assert_eq!((hash_of(store).await, valid_after(store).await), ("old".into(), None));
    }
}

/// A password change clears debts, not counts, and unblocks nobody.
#[tokio::test]
async fn a_password_change_clears_debts() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let codes = |counter| LimitKey::codes(&user(), counter, &LIMITS);
        attempt(store, &codes(Counter::Authenticator(email_id("A")))).await;
        attempt(store, &codes(Counter::RecoveryCode)).await;
        let login = LoginKey::new(DEFAULT_CONNECTION, ADDRESS);
        for source in ["192.0.2.1", "192.0.2.2"] {
            let key = LimitKey::passwords(login.pk().into(), source.parse().unwrap(), LIMITS.passwords);
            attempt(store, &key).await;
        }
        assert!(store.block(&user(), &clock()).await.unwrap());
        assert!(set_password(store, START).await);
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
        assert!(reset_at(store, later).await.unwrap());
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
        store.create_user(profile(), &[]).await.unwrap();
        let results = at_once(8, |number| {
            let store = Arc::clone(&store);
            async move {
                if number == 3 {
                    return reset_at(&store, START).await.is_ok_and(|done| done);
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

/// SEC-31: a reset is told with its factor, if it was one; not where nothing counted.
#[tokio::test]
async fn a_reset_is_told() {
    for subject in subjects().await {
        let store = &subject.store;
        let told = async || {
            let notice = notice();
            assert!(store.reset_mfa(&user(), &notice, &clock()).await.unwrap(), "{}", subject.name);
            store.notice(&notice.id).await.unwrap().map(|notice| notice.factor)
        };
        enrolled(store).await;
        give_app(store, &user(), 1).await;
        assert_eq!(told().await, Some(None), "several");
        for number in [2, 3] {
            give_app(store, &user(), number).await;
        }
        assert_eq!(told().await, Some(Some(Factor::Otp)));
        assert_eq!(told().await, None);

        let later = Association { issued_at: START.plus(9), ..association(&state(store).await, "x", "B") };
        store.associate(&later).await.unwrap();
        assert_eq!(told().await, None, "it was never confirmed");

        let recovery =
            Recovery { id: AuthenticatorId::new("recovery-code|dev_1"), hash: hash(1), created_at: START };
        let item = serde_dynamo::to_item(&recovery).unwrap();
        let put = store.dynamodb().put_item().table_name(store.table()).set_item(Some(item));
        put.item("pk", text("USER#auth0|1")).item("sk", text("RECOVERY")).send().await.unwrap();
        assert_eq!(told().await, Some(Some(Factor::RecoveryCode)), "it recovered a verified address");
    }
}
