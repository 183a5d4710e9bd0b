//! The transaction that removes an authenticator.

use postern::rules::enrolment::Gate;
use postern::rules::limit::Limits;
use postern::store::Store;
use postern::store::limits::{Counter, LimitKey};
use postern::store::mfa::{Authority, Proven, Removal, RemoveStep};

use super::fixtures::{association, attempt, clock, email_id, enrolled, enrolment, refused, state, user};
use super::subjects;
use crate::support::START;

async fn removal(store: &Store, device: &str) -> Removal {
    let seen = state(store).await;
    let authenticator = seen.authenticators.iter().find(|it| it.id == email_id(device)).unwrap().clone();
    let with_recovery = authenticator.is_active() && seen.profile.active_authenticators == 1;
    let counter = authenticator.counter();
    let forgets = seen.limit(Limits::DEFAULT.codes).counts(&counter).then_some(counter);
    let forgets_recovery = seen.limit(Limits::DEFAULT.recovery_codes).counts(&Counter::RecoveryCode);
    Removal {
        authority: Authority::Token(START),
        profile: seen.profile,
        authenticators: vec![authenticator],
        begun: Vec::new(),
        forgets,
        forgets_recovery,
        with_recovery,
        notice: None,
    }
}

async fn second_enrolled(store: &Store) {
    let mut second = association(&state(store).await, "second", "B");
    second.gate = Gate::Proven;
    store.associate(&second).await.unwrap();
    let mut proof = enrolment(store, "second", "B").await;
    let Proven::Enrolment { gate, recovery, .. } = &mut proof.proven else { panic!("an enrolment") };
    *gate = Gate::Proven;
    *recovery = None;
    store.confirm(&proof).await.unwrap();
}

/// design §5: the count goes down with each; the recovery code goes with the last.
#[tokio::test]
async fn the_recovery_code_goes_with_the_last() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        second_enrolled(store).await;
        assert_eq!(state(store).await.profile.active_authenticators, 2);
        store.remove_authenticators(&removal(store, "A").await, &clock()).await.unwrap();
        let left = state(store).await;
        assert_eq!(
            (left.profile.active_authenticators, left.recovery.is_some()),
            (1, true),
            "{}",
            subject.name
        );
        store.remove_authenticators(&removal(store, "B").await, &clock()).await.unwrap();
        let left = state(store).await;
        assert_eq!(
            (left.profile.active_authenticators, left.recovery.is_some()),
            (0, false),
            "{}",
            subject.name
        );
        assert!(left.authenticators.is_empty());
    }
}

/// design §3: what was decided on a state that has changed is refused: the last one must not go as a middle one.
#[tokio::test]
async fn a_stale_removal_is_refused() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        second_enrolled(store).await;
        let (a, b) = (removal(store, "A").await, removal(store, "B").await);
        store.remove_authenticators(&a, &clock()).await.unwrap();
        let stale = refused(store.remove_authenticators(&b, &clock()).await);
        assert_eq!(stale, [RemoveStep::Profile], "{}", subject.name);
        assert_eq!(state(store).await.active().count(), 1);
        let twice = refused(store.remove_authenticators(&a, &clock()).await);
        assert_eq!(twice, [RemoveStep::Authenticator, RemoveStep::Profile], "{}", subject.name);
        store.remove_authenticators(&removal(store, "B").await, &clock()).await.unwrap();
    }
}

/// SEC-20: its consecutive failures are forgotten with it; those of others, and the budget, stay.
#[tokio::test]
async fn its_failures_are_forgotten_with_it() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let of = |counter| LimitKey::codes(&user(), counter, &Limits::DEFAULT);
        attempt(store, &of(Counter::Authenticator(email_id("A")))).await;
        attempt(store, &of(Counter::Otp)).await;
        attempt(store, &of(Counter::RecoveryCode)).await;
        store.remove_authenticators(&removal(store, "A").await, &clock()).await.unwrap();
        let limit = state(store).await.limit(Limits::DEFAULT.codes);
        assert!(!limit.counts(&Counter::Authenticator(email_id("A"))), "{}", subject.name);
        assert!(limit.counts(&Counter::Otp));
        assert_eq!(limit.tat, Some(START.plus(2 * Limits::DEFAULT.codes.refill_seconds)));
        let recovery = state(store).await.limit(Limits::DEFAULT.recovery_codes);
        assert!(!recovery.counts(&Counter::RecoveryCode), "the recovery code went too");
        assert_eq!(recovery.tat, Some(START.plus(Limits::DEFAULT.recovery_codes.refill_seconds)));
    }
}

/// design §5: removing a pending one changes the list and not the count.
#[tokio::test]
async fn removing_a_pending_one_changes_the_list() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let mut second = association(&state(store).await, "second", "B");
        second.gate = Gate::Proven;
        store.associate(&second).await.unwrap();
        store.remove_authenticators(&removal(store, "B").await, &clock()).await.unwrap();
        let left = state(store).await;
        assert_eq!(left.profile.active_authenticators, 1, "{}", subject.name);
        assert!(left.profile.pending.is_empty() && left.authenticators.len() == 1);
    }
}
