//! The transaction that turns a right code into tokens: whoever loses any condition gets nothing (SEC-8).

use postern::id::{AuthenticatorId, Nonce};
use postern::rules::enrolment::Gate;
use postern::rules::limit::Limits;
use postern::store::limits::{Counter, LimitKey};
use postern::store::mfa::{ConfirmStep, Confirmation, Proven, Reseal};
use postern::store::users::{Profile, SealedSecret, Source, State};
use postern::store::{NotWritten, Store};

use super::fixtures::{
    address, association, attempt, email_id, enrolled, enrolment, hash, jti, new_challenge, otp_association,
    owed, profile, refused, state, user,
};
use super::{at_once, subjects};
use crate::support::START;

/// A right code of `email|dev_A` for [`new_challenge`].
async fn verification(store: &Store, login: &str, nonce: &str) -> Confirmation {
    let key = LimitKey::codes(&user(), Counter::Authenticator(email_id("A")), &Limits::DEFAULT);
    let charge = attempt(store, &key).await;
    Confirmation {
        challenge: Some((email_id("A"), Nonce::new(nonce))),
        proven: Proven::Oob(email_id("A")),
        clean: charge.was_the_only_debt(),
        limit: (key, charge),
        ..of_login(store, login).await
    }
}

/// A confirmation of something that has no challenge, with an attempt charged.
async fn of_login(store: &Store, login: &str) -> Confirmation {
    let key = LimitKey::codes(&user(), Counter::RecoveryCode, &Limits::DEFAULT);
    let charge = attempt(store, &key).await;
    store.give_back(&key, &charge).await.unwrap();
    let charge = attempt(store, &key).await;
    Confirmation {
        user: user(),
        jti: jti(login),
        issued_at: START,
        spend_until: Some(START.plus(600)),
        challenge: None,
        notice: None,
        mailbox: None,
        proven: Proven::RecoveryCode { old: hash(1), new: hash(2) },
        clean: charge.was_the_only_debt(),
        limit: (key, charge),
        refresh: None,
        now: START,
    }
}

/// A user with an app, `totp|dev_1`, confirmed with the code of step 100.
async fn with_app(store: &Store) -> AuthenticatorId {
    let id = AuthenticatorId::new("totp|dev_1");
    store.create_user(profile(), &[]).await.unwrap();
    store.associate(&otp_association(&state(store).await, "first", &id)).await.unwrap();
    let pending = state(store).await.profile.pending;
    let proven = Proven::Enrolment {
        id: id.clone(),
        twin: None,
        gate: Gate::OnlyIfNotEnrolled,
        settings: Default::default(),
        pending,
        pending_after: Vec::new(),
        recovery: None,
        recovery_replaces: true,
        step: Some(100),
    };
    store.confirm(&Confirmation { proven, ..of_login(store, "first").await }).await.unwrap();
    id
}

/// SEC-30, design §5: a confirmed authenticator is active for good, counted, with its recovery code; the login is
/// spent, the challenge consumed, the attempt given back.
#[tokio::test]
async fn a_confirmed_enrolment_is_complete() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let seen = state(store).await;
        assert_eq!(seen.profile.active_authenticators, 1, "{}", subject.name);
        assert!(seen.profile.pending.is_empty());
        assert!(
            matches!(seen.authenticators[0].state, State::Active { last_used_at } if last_used_at == START)
        );
        assert!(
            seen.recovery.unwrap().hash.matches(
                &postern::rules::recovery::RecoveryCode::generate(&postern::rules::random::Random::seeded(1))
                    .unwrap()
            )
        );
        assert_eq!(owed(store).await, None);
        let login = store.mfa(&jti("first")).await.unwrap();
        assert!(login.spent && login.challenge(&email_id("A")).is_none());
        assert!(store.is_spent(&jti("first")).await.unwrap());
        let item = subject.item("USER#auth0|1", "AUTHENTICATOR#email|dev_A").await.unwrap();
        for gone in ["expires_at", "jti", "recovery_hash"] {
            assert!(!item.contains_key(gone), "{gone} {}", subject.name);
        }
    }
}

/// SEC-8: of 64 right codes at once exactly one is made final, and the others lose to a condition.
#[tokio::test]
async fn of_64_right_codes_at_once_one_counts() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        store.create_challenge(&new_challenge("second", "a")).await.unwrap();
        let proof = verification(store, "second", "a").await;
        let results = at_once(64, |_| {
            let (store, proof) = (store.clone(), proof.clone());
            async move { store.confirm(&proof).await }
        })
        .await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{}", subject.name);
        for result in results {
            let Err(NotWritten::Refused(steps)) = result else { continue };
            assert!(steps.iter().any(|refused| refused.step == ConfirmStep::Spent), "{}", subject.name);
        }
        assert_eq!(owed(store).await, None, "one attempt was charged, and one given back");
    }
}

/// design §5: of two logins that confirm their first authenticators at once, one is enrolled.
#[tokio::test]
async fn of_two_first_enrolments_one_is_confirmed() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        store.associate(&association(&state(store).await, "owner", "A")).await.unwrap();
        store.associate(&association(&state(store).await, "thief", "B")).await.unwrap();
        // Both were charged before either succeeds.
        let unclean = |proof| Confirmation { clean: false, ..proof };
        let proofs =
            [enrolment(store, "owner", "A").await, enrolment(store, "thief", "B").await].map(unclean);
        let results = at_once(2, |i| {
            let (store, proof) = (store.clone(), proofs[i].clone());
            async move { refused(store.confirm(&proof).await) }
        })
        .await;
        let winner = results.iter().position(Vec::is_empty).expect("one is confirmed");
        let loser = &results[1 - winner];
        assert!(loser.contains(&ConfirmStep::Profile), "{loser:?} {}", subject.name);
        let seen = state(store).await;
        assert_eq!((seen.profile.active_authenticators, seen.active().count()), (1, 1), "{}", subject.name);
    }
}

/// SEC-11, SEC-25, SEC-30: each condition of an enrolment, refused alone; nothing is written.
#[tokio::test]
async fn each_condition_of_an_enrolment_is_refused_by_name() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        store.associate(&association(&state(store).await, "first", "A")).await.unwrap();
        let right = enrolment(store, "first", "A").await;
        let check = |proof: Confirmation| async move { refused(store.confirm(&proof).await) };

        let other_nonce = Confirmation { challenge: Some((email_id("A"), Nonce::new("x"))), ..right.clone() };
        assert_eq!(check(other_nonce).await, [ConfirmStep::Challenge], "{}", subject.name);
        let foreign = Confirmation { jti: jti("other"), challenge: None, ..right.clone() };
        assert_eq!(check(foreign).await, [ConfirmStep::Authenticator], "{}", subject.name);
        let mut stale = right.clone();
        let Proven::Enrolment { pending, .. } = &mut stale.proven else { panic!("an enrolment") };
        pending.clear();
        assert_eq!(check(stale).await, [ConfirmStep::Profile], "{}", subject.name);
        attempt(store, &right.limit.0).await;
        assert_eq!(
            check(right.clone()).await,
            [ConfirmStep::Limit],
            "a charge came between: {}",
            subject.name
        );
        assert_eq!(state(store).await.active().count(), 0);

        store.confirm(&Confirmation { clean: false, ..right.clone() }).await.unwrap();
        assert_eq!(owed(store).await, Some(Limits::DEFAULT.codes.refill_seconds), "{}", subject.name);
        let again = check(Confirmation { clean: false, ..right }).await;
        for step in
            [ConfirmStep::Challenge, ConfirmStep::Spent, ConfirmStep::Authenticator, ConfirmStep::Profile]
        {
            assert!(again.contains(&step), "{step:?} {}", subject.name);
        }
    }
}

/// SEC-42: neither a blocked user nor a token older than the user accepts is given anything.
#[tokio::test]
async fn a_token_that_counts_no_more_confirms_nothing() {
    for (blocked, valid_after) in [(true, None), (false, Some(START.plus(1)))] {
        for subject in subjects().await {
            let store = &subject.store;
            let changed = Profile { blocked, tokens_valid_after: valid_after, ..profile() };
            store.create_user(changed.clone(), &[]).await.unwrap();
            let proof =
                Confirmation { proven: Proven::ImplicitEmail(address()), ..of_login(store, "first").await };
            assert_eq!(refused(store.confirm(&proof).await), [ConfirmStep::Profile], "{}", subject.name);
        }
    }
}

/// SEC-14: a time step is used once per authenticator, by whatever login; a resealed secret is in the same write.
#[tokio::test]
async fn a_time_step_is_used_once() {
    for subject in subjects().await {
        let store = &subject.store;
        let id = with_app(store).await;
        let of = |step, reseal| Proven::Otp { id: id.clone(), step, reseal };
        for (login, step, expected) in [
            ("second", 100, vec![ConfirmStep::Authenticator]),
            ("second", 99, vec![ConfirmStep::Authenticator]),
            ("second", 101, vec![]),
            ("third", 101, vec![ConfirmStep::Authenticator]),
        ] {
            let proof = Confirmation { proven: of(step, None), ..of_login(store, login).await };
            assert_eq!(refused(store.confirm(&proof).await), expected, "{login} {step} {}", subject.name);
            let (key, charge) = &proof.limit;
            if !expected.is_empty() {
                store.undo_attempt(key, charge).await.unwrap();
            }
        }
        let anew = Reseal(SealedSecret("anew".into()));
        store
            .confirm(&Confirmation { proven: of(102, Some(anew)), ..of_login(store, "third").await })
            .await
            .unwrap();
        let app = state(store).await.authenticators[0].source.clone();
        let Source::Otp { secret, last_step, .. } = app else { panic!("an app") };
        assert_eq!((secret.0.as_str(), last_step), ("anew", Some(102)), "{}", subject.name);
    }
}

/// SEC-5: of 16 uses of a recovery code at once, each by a login of its own, one replaces it.
#[tokio::test]
async fn a_recovery_code_is_used_once() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let proof = of_login(store, "second").await;
        let results = at_once(16, |i| {
            let proof = Confirmation { jti: jti(&format!("login-{i}")), clean: false, ..proof.clone() };
            let store = store.clone();
            async move { refused(store.confirm(&proof).await) }
        })
        .await;
        assert_eq!(results.iter().filter(|steps| steps.is_empty()).count(), 1, "{}", subject.name);
        for steps in results.iter().filter(|steps| !steps.is_empty()) {
            assert_eq!(*steps, [ConfirmStep::Recovery], "{}", subject.name);
        }
        let next = Confirmation {
            proven: Proven::RecoveryCode { old: hash(2), new: hash(3) },
            ..of_login(store, "third").await
        };
        store.confirm(&next).await.unwrap();
    }
}

/// design §5: the implicit authenticator is good only while the address is the account's and verified.
#[tokio::test]
async fn the_implicit_authenticator_ends_with_its_address() {
    use postern::rules::address::EmailAddress;
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(Profile { email_verified: true, ..profile() }, &[]).await.unwrap();
        let old = EmailAddress::parse("old@example.com").unwrap();
        let stale = Confirmation { proven: Proven::ImplicitEmail(old), ..of_login(store, "first").await };
        assert_eq!(refused(store.confirm(&stale).await), [ConfirmStep::Profile], "{}", subject.name);
        store.undo_attempt(&stale.limit.0, &stale.limit.1).await.unwrap();
        let right =
            Confirmation { proven: Proven::ImplicitEmail(address()), ..of_login(store, "first").await };
        store.confirm(&right).await.unwrap();
        assert_eq!(state(store).await.profile.implicit_last_used_at, Some(START), "{}", subject.name);
    }
}

/// design §5: an `/mfa/` access token is never spent: its challenge is the single use.
#[tokio::test]
async fn an_access_token_is_not_spent() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        store.create_challenge(&new_challenge("second", "a")).await.unwrap();
        let proof = Confirmation { spend_until: None, ..verification(store, "second", "a").await };
        store.confirm(&proof).await.unwrap();
        assert!(!store.is_spent(&jti("second")).await.unwrap(), "{}", subject.name);
        assert_eq!(refused(store.confirm(&proof).await), [ConfirmStep::Challenge, ConfirmStep::Limit]);
    }
}
