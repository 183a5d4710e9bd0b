//! The transaction that gives a user a new recovery code (SEC-5).

use postern::id::{AuthenticatorId, ClientId};
use postern::rules::limit::{Limits, RECOVERY_CODES_REPLACED};
use postern::rules::notice::NoticeKind;
use postern::rules::policy::Factor;
use postern::rules::random::Random;
use postern::rules::recovery::{RecoveryCode, RecoveryHash};
use postern::store::Store;
use postern::store::limits::{Counter, LimitKey};
use postern::store::mfa::{Confirmation, RegenerateStep, Regeneration};
use postern::store::notices::{Notice, Recipient};
use postern::store::users::Profile;

use super::fixtures::{association, attempt, enrolled, enrolment, hash, profile, refused, state, user};
use super::{at_once, subjects};
use crate::support::START;

fn regeneration(old: Option<RecoveryHash>, new: RecoveryHash) -> Regeneration {
    let (to, client) = (Recipient::User(user()), ClientId::new("demo-app"));
    let factor = Some(Factor::RecoveryCode);
    Regeneration {
        user: user(),
        issued_at: START,
        old,
        new,
        id: AuthenticatorId::new("recovery-code|dev_new"),
        forgets: false,
        decayed: false,
        notice: Notice::new(NoticeKind::FactorAdded, to, factor, &client, &Random::system(), START).unwrap(),
        now: START.plus(60),
    }
}

/// The user's recovery code, if it is the one of [`hash`].
async fn has_code(store: &Store, seed: u64) -> bool {
    let code = RecoveryCode::generate(&Random::seeded(seed)).unwrap();
    state(store).await.recovery.is_some_and(|recovery| recovery.hash.matches(&code))
}

async fn steps(store: &Store, regeneration: &Regeneration) -> Vec<RegenerateStep> {
    refused(store.regenerate_recovery_code(regeneration).await)
}

/// The new code takes the old one's place, which keeps its id and its age; the notice is written with it, and the
/// failures of the old one go (SEC-20) while the debt stays (SEC-19).
#[tokio::test]
async fn a_new_code_takes_the_old_ones_place() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let key = LimitKey::codes(&user(), Counter::RecoveryCode, &Limits::DEFAULT);
        attempt(store, &key).await;
        let regeneration = Regeneration { forgets: true, ..regeneration(Some(hash(1)), hash(2)) };
        assert_eq!(steps(store, &regeneration).await, [], "{}", subject.name);
        let seen = state(store).await;
        let limit = seen.limit(Limits::DEFAULT.recovery_codes);
        assert!(limit.tat.is_some() && !limit.counts(&Counter::RecoveryCode), "{}", subject.name);
        assert!(has_code(store, 2).await, "{}", subject.name);
        let recovery = seen.recovery.unwrap();
        assert_eq!((recovery.id.to_string().as_str(), recovery.created_at), ("recovery-code|dev_1", START));
        let notice = store.notice(&regeneration.notice.id).await.unwrap().unwrap();
        assert_eq!(notice.kind, NoticeKind::FactorAdded, "{}", subject.name);
    }
}

/// Who has none gets a first one; not when one came meanwhile.
#[tokio::test]
async fn a_first_code_is_the_only_one() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        store.associate(&association(&state(store).await, "first", "A")).await.unwrap();
        let mut proof = enrolment(store, "first", "A").await;
        let postern::store::mfa::Proven::Enrolment { recovery, .. } = &mut proof.proven else { panic!() };
        *recovery = None;
        store.confirm(&Confirmation { ..proof }).await.unwrap();
        assert!(state(store).await.recovery.is_none(), "{}", subject.name);
        assert_eq!(steps(store, &regeneration(None, hash(2))).await, [], "{}", subject.name);
        assert!(has_code(store, 2).await, "{}", subject.name);
        let recovery = state(store).await.recovery.unwrap();
        assert_eq!(
            (recovery.id.to_string().as_str(), recovery.created_at),
            ("recovery-code|dev_new", START.plus(60))
        );
        assert_eq!(steps(store, &regeneration(None, hash(3))).await, [RegenerateStep::Recovery]);
    }
}

/// SEC-5: of 16 at once that saw the same code one is written, with its notice; the others write nothing at all.
#[tokio::test]
async fn of_many_at_once_one_is_written() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let made: Vec<_> = (0..16).map(|number| regeneration(Some(hash(1)), hash(100 + number))).collect();
        let results = at_once(16, |number| {
            let (store, regeneration) = (store.clone(), made[number].clone());
            // Who kept colliding got no answer, and wrote nothing.
            async move { store.regenerate_recovery_code(&regeneration).await.is_ok() }
        })
        .await;
        assert_eq!(results.iter().filter(|written| **written).count(), 1, "{}", subject.name);
        let winner = results.iter().position(|written| *written).unwrap();
        assert!(has_code(store, 100 + winner as u64).await, "{}", subject.name);
        for (number, regeneration) in made.iter().enumerate() {
            let notice = store.notice(&regeneration.notice.id).await.unwrap();
            assert_eq!(notice.is_some(), number == winner, "{}", subject.name);
        }
    }
}

/// A user has so many new codes at once; the next is refused with its notice, until the debt has decayed.
#[tokio::test]
async fn new_codes_have_a_budget() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let burst = RECOVERY_CODES_REPLACED.burst;
        for number in 1..=burst {
            let next = regeneration(Some(hash(number)), hash(number + 1));
            assert_eq!(steps(store, &next).await, [], "{} {number}", subject.name);
        }
        let one_more = regeneration(Some(hash(burst + 1)), hash(0));
        assert_eq!(steps(store, &one_more).await, [RegenerateStep::Budget], "{}", subject.name);
        assert!(has_code(store, burst + 1).await, "{}", subject.name);
        assert!(store.notice(&one_more.notice.id).await.unwrap().is_none(), "{}", subject.name);
        let later = START.plus(RECOVERY_CODES_REPLACED.memory_seconds());
        let decayed = Regeneration { decayed: true, now: later, ..one_more };
        assert_eq!(steps(store, &decayed).await, [], "{}", subject.name);
    }
}

/// SEC-42, SEC-5: nothing for a blocked user, for a token older than the user accepts, or for who has no factor left.
#[tokio::test]
async fn a_token_that_counts_no_more_gets_no_code() {
    let enrolled = Profile { email_verified: true, ..profile() };
    for (changed, expected) in [
        (enrolled.clone(), vec![]),
        (Profile { active_authenticators: 1, ..profile() }, vec![]),
        (profile(), vec![RegenerateStep::Profile]),
        (Profile { blocked: true, ..enrolled.clone() }, vec![RegenerateStep::Profile]),
        (Profile { tokens_valid_after: Some(START), ..enrolled }, vec![RegenerateStep::Profile]),
    ] {
        for subject in subjects().await {
            let store = &subject.store;
            store.create_user(changed.clone(), &[]).await.unwrap();
            assert_eq!(steps(store, &regeneration(None, hash(2))).await, expected, "{}", subject.name);
            assert_eq!(state(store).await.recovery.is_some(), expected.is_empty(), "{}", subject.name);
        }
    }
}
