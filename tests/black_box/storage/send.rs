//! The transaction that makes a challenge for an active authenticator, and its inverses.

use postern::rules::address::EmailAddress;
use postern::rules::limit::Limits;
use postern::store::Store;
use postern::store::mfa::{ChallengeStep, NewChallenge, Removal};
use postern::store::users::{Authenticator, Profile};

use super::fixtures::{email_id, enrolled, jti, new_challenge, profile, refused, sends_owed, state};
use super::subjects;
use crate::support::START;

async fn nonce(store: &Store, login: &str) -> Option<String> {
    let login = store.mfa(&jti(login)).await.unwrap();
    login.challenge(&email_id("A")).map(|challenge| challenge.nonce.as_str().to_owned())
}

/// The authenticator `email|dev_A` and what removing it says.
async fn removal(store: &Store) -> Removal {
    let seen = state(store).await;
    let authenticator: Authenticator = seen.authenticators[0].clone();
    Removal {
        issued_at: START,
        profile: seen.profile,
        authenticator,
        twin: None,
        forgets: None,
        forgets_recovery: false,
        with_recovery: true,
        notice: None,
    }
}

/// A challenge of the verified address itself.
fn implicit(address: &str) -> NewChallenge {
    NewChallenge { implicit: EmailAddress::parse(address), ..new_challenge("second", "a") }
}

/// SEC-12: a newer challenge of a login stands over the older one; another login's stays.
#[tokio::test]
async fn a_newer_challenge_replaces_that_of_its_own_login() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        for (login, made) in [("second", "a"), ("third", "b"), ("second", "c")] {
            store.create_challenge(&new_challenge(login, made)).await.unwrap();
        }
        assert_eq!(nonce(store, "second").await.as_deref(), Some("c"), "{}", subject.name);
        assert_eq!(nonce(store, "third").await.as_deref(), Some("b"));
        // One more for the enrolment itself.
        assert_eq!(sends_owed(store).await, Some(4 * Limits::DEFAULT.emails.refill_seconds));
    }
}

/// design §7: each condition of the transaction, refused alone.
#[tokio::test]
async fn each_condition_is_refused_by_name() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let spent = store.create_challenge(&new_challenge("first", "a")).await;
        assert_eq!(refused(spent), [ChallengeStep::Spent], "{}", subject.name);
        store.create_challenge(&new_challenge("second", "1")).await.unwrap();
        let mut narrow = new_challenge("second", "a");
        narrow.sending.window.sends = 1;
        let crowded = store.create_challenge(&narrow).await;
        assert_eq!(refused(crowded), [ChallengeStep::DestinationLimit], "{}", subject.name);
        for sent in 2..20 {
            store.create_challenge(&new_challenge("second", &sent.to_string())).await.unwrap();
        }
        let over = store.create_challenge(&new_challenge("second", "over")).await;
        assert_eq!(refused(over), [ChallengeStep::SendLimit], "{}", subject.name);
        assert_eq!(nonce(store, "second").await.as_deref(), Some("19"), "the refused one replaced nothing");
    }
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        store.remove_authenticator(&removal(store).await).await.unwrap();
        let gone = store.create_challenge(&new_challenge("second", "a")).await;
        assert_eq!(refused(gone), [ChallengeStep::Authenticator], "{}", subject.name);
    }
    for subject in subjects().await {
        let store = &subject.store;
        let later = Profile { tokens_valid_after: Some(START.plus(1)), email_verified: true, ..profile() };
        store.create_user(later, &[]).await.unwrap();
        let stale = implicit("user@example.com");
        assert_eq!(
            refused(store.create_challenge(&stale).await),
            [ChallengeStep::Profile],
            "{}",
            subject.name
        );
    }
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(Profile { email_verified: true, ..profile() }, &[]).await.unwrap();
        let changed = implicit("old@example.com");
        assert_eq!(
            refused(store.create_challenge(&changed).await),
            [ChallengeStep::Profile],
            "{}",
            subject.name
        );
        store.create_challenge(&implicit("user@example.com")).await.unwrap();
    }
}

/// design §7: a challenge that was not sent is undone: the earlier one is good again, the send is given back.
#[tokio::test]
async fn an_undone_challenge_leaves_the_earlier_one() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let first = new_challenge("second", "a");
        store.create_challenge(&first).await.unwrap();
        let earlier = store.mfa(&jti("second")).await.unwrap().challenge_item(&email_id("A"));
        let second = NewChallenge { earlier, ..new_challenge("second", "b") };
        store.create_challenge(&second).await.unwrap();
        store.undo_challenge(&second).await.unwrap();
        assert_eq!(nonce(store, "second").await.as_deref(), Some("a"), "{}", subject.name);
        assert_eq!(sends_owed(store).await, Some(2 * Limits::DEFAULT.emails.refill_seconds));
        store.undo_challenge(&first).await.unwrap();
        assert_eq!(nonce(store, "second").await, None, "{}", subject.name);
        assert_eq!(sends_owed(store).await, Some(Limits::DEFAULT.emails.refill_seconds));
    }
}

/// design §7: a newer challenge is not undone by an older one's failure; only the send comes back.
#[tokio::test]
async fn undoing_leaves_a_newer_challenge_alone() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let first = new_challenge("second", "a");
        store.create_challenge(&first).await.unwrap();
        store.create_challenge(&new_challenge("second", "b")).await.unwrap();
        store.undo_challenge(&first).await.unwrap();
        assert_eq!(nonce(store, "second").await.as_deref(), Some("b"), "{}", subject.name);
        assert_eq!(sends_owed(store).await, Some(2 * Limits::DEFAULT.emails.refill_seconds));
    }
}

/// design §7: after a send that may have happened the challenge is void and the charge stays; a newer one is left.
#[tokio::test]
async fn voiding_takes_only_its_own_challenge() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let (first, second) = (new_challenge("second", "a"), new_challenge("second", "b"));
        store.create_challenge(&first).await.unwrap();
        store.create_challenge(&second).await.unwrap();
        store.void_challenge(&jti("second"), &email_id("A"), &first.challenge).await.unwrap();
        assert_eq!(nonce(store, "second").await.as_deref(), Some("b"), "{}", subject.name);
        store.void_challenge(&jti("second"), &email_id("A"), &second.challenge).await.unwrap();
        assert_eq!(nonce(store, "second").await, None);
        assert_eq!(sends_owed(store).await, Some(3 * Limits::DEFAULT.emails.refill_seconds));
    }
}
