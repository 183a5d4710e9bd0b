//! Users who move in, several in one transaction: each refusal is of the one it belongs to, and the others are there.

use postern::id::UserId;
use postern::rules::address::EmailAddress;
use postern::store::import::{Arrival, Newcomer, Try};
use postern::store::logins::{DEFAULT_CONNECTION, LoginKey, PasswordHash};
use postern::store::users::Profile;
use postern::time::Timestamp;

use super::fixtures::{clock, login};
use super::{at_once, subjects};
use crate::support::START;

fn newcomer(id: &str, address: &str) -> Newcomer {
    let email = EmailAddress::parse(address);
    let tokens_valid_after = Some(Timestamp(START.0 - 1));
    let profile = Profile { email, tokens_valid_after, ..Profile::new(UserId::new(id), START) };
    Newcomer { profile, logins: vec![login(address)], authenticators: Vec::new() }
}

fn many(count: usize) -> Vec<Newcomer> {
    (0..count).map(|n| newcomer(&format!("auth0|{n}"), &format!("u{n}@example.com"))).collect()
}

/// All answers there are, in one call.
#[tokio::test]
async fn each_newcomer_has_its_own_answer() {
    for subject in subjects().await {
        let store = &subject.store;
        assert_eq!(store.move_in(&[], Try::First, &clock()).await.unwrap(), []);
        let there = [newcomer("auth0|a", "a@example.com"), newcomer("auth0|b", "b@example.com")];
        assert_eq!(
            store.move_in(&there, Try::First, &clock()).await.unwrap(),
            [Arrival::Done; 2],
            "{}",
            subject.name
        );
        let gone = newcomer("auth0|gone", "gone@example.com");
        assert_eq!(
            store.move_in(std::slice::from_ref(&gone), Try::First, &clock()).await.unwrap(),
            [Arrival::Done]
        );
        store.delete_user(&gone.profile.user_id, &clock()).await.unwrap();

        let mut known = newcomer("auth0|a", "a@example.com");
        known.profile.name = Some("Another".into());
        let answers = store
            .move_in(
                &[
                    newcomer("auth0|new", "new@example.com"),
                    known,
                    newcomer("auth0|b", "other@example.com"),
                    newcomer("auth0|c", "b@example.com"),
                    gone.clone(),
                    newcomer("auth0|last", "last@example.com"),
                ],
                Try::First,
                &clock(),
            )
            .await
            .unwrap();
        use Arrival::{AddressTaken, Done, IdTaken, Known};
        assert_eq!(answers, [Done, Known, IdTaken, AddressTaken, Done, Done], "{}", subject.name);
        assert!(store.profile(&UserId::new("auth0|c")).await.unwrap().is_none());
        let other = LoginKey::new(DEFAULT_CONNECTION, "other@example.com");
        assert!(store.login(&other).await.unwrap().is_none());
        let again = store.profile(&gone.profile.user_id).await.unwrap().unwrap();
        assert_eq!(again.tokens_valid_after, Some(START.plus(1)), "SEC-42: after the last that was issued");
        let name = store.profile(&UserId::new("auth0|a")).await.unwrap().unwrap().name;
        assert_eq!(name, None, "who is there stays as is");
    }
}

/// As many as a transaction holds, all written at once by several: each is there once, and told so by all.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_newcomers_at_once() {
    for subject in subjects().await {
        let all = at_once(3, |_| {
            let store = subject.store.clone();
            async move {
                // A transaction that collides too often is given up; the import tries it again.
                let mut answers = store.move_in(&many(33), Try::First, &clock()).await;
                while answers.is_err() {
                    answers = store.move_in(&many(33), Try::Again, &clock()).await;
                }
                answers.unwrap()
            }
        })
        .await;
        let is_here = |answer: &Arrival| [Arrival::Done, Arrival::Known].contains(answer);
        assert!(all.iter().flatten().all(is_here), "{}: {all:?}", subject.name);
        assert!(all.iter().any(|answers| answers.contains(&Arrival::Done)), "{}", subject.name);
        for newcomer in many(33) {
            let there = subject.store.profile(&newcomer.profile.user_id).await.unwrap().unwrap();
            assert_eq!(there.logins.len(), 1);
        }
    }
}

/// What a try left open is settled by the next one: exactly what was to be written is there.
#[tokio::test]
async fn who_moved_in_by_a_lost_answer_is_told_to_have() {
    for subject in subjects().await {
        let store = &subject.store;
        let first = store.move_in(&many(2), Try::First, &clock()).await.unwrap();
        let again = store.move_in(&many(3), Try::Again, &clock()).await.unwrap();
        assert_eq!((first, again), (vec![Arrival::Done; 2], vec![Arrival::Done; 3]), "{}", subject.name);
        let mut other = many(1);
        other[0].profile.name = Some("Another".into());
        let known = store.move_in(&other, Try::Again, &clock()).await.unwrap();
        assert_eq!(known, [Arrival::Known], "{}", subject.name);
        let later = store.move_in(&many(1), Try::First, &clock()).await.unwrap();
        assert_eq!(later, [Arrival::Known], "{}", subject.name);
    }
}

/// A hash gives way only to one of the same password: what was set meanwhile stays.
#[tokio::test]
async fn a_hash_is_renewed_while_it_is_the_one_that_was_verified() {
    for subject in subjects().await {
        let store = &subject.store;
        store.move_in(&many(1), Try::First, &clock()).await.unwrap();
        let key = LoginKey::new(DEFAULT_CONNECTION, "u0@example.com");
        let hash = |text: &str| PasswordHash(text.to_owned());
        let renew = async |verified: &str, renewed: &str| {
            store.renew_password_hash(&key, &hash(verified), &hash(renewed)).await.unwrap()
        };
        assert!(!renew("another", "lost").await, "{}", subject.name);
        assert!(renew("old", "new").await && !renew("old", "lost").await, "{}", subject.name);
        let stored = store.login(&key).await.unwrap().unwrap();
        assert_eq!(stored.password_hash.unwrap().0, "new", "{}", subject.name);
        let nobody = LoginKey::new(DEFAULT_CONNECTION, "nobody@example.com");
        assert!(!store.renew_password_hash(&nobody, &hash("old"), &hash("new")).await.unwrap());
        assert!(store.login(&nobody).await.unwrap().is_none());
    }
}
