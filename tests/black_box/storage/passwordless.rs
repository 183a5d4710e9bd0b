//! Codes of sign-ins without password (SEC-8, SEC-9, SEC-10, SEC-12, SEC-17).

use postern::id::{ClientId, Nonce};
use postern::rules::limit::{Bucket, Limits};
use postern::rules::otp::OneTimeCode;
use postern::rules::passwordless::Connection;
use postern::store::Store;
use postern::store::passwordless::{Begun, NewSignIn, SignInCode, SignInKey, Try};
use postern::time::Timestamp;

use super::{Subject, at_once, subjects};
use crate::support::START;

const SENDS: Bucket = Limits::DEFAULT.passwordless_sends;

fn key(client: &str) -> SignInKey {
    let to = Connection::Email.destination("user@example.com").unwrap();
    SignInKey::new(Connection::Email, &to, &ClientId::new(client))
}

fn typed() -> OneTimeCode {
    OneTimeCode::parse("042917", 6).unwrap()
}

async fn new(subject: &Subject, client: &str, nonce: &str, now: Timestamp) -> NewSignIn {
    let ring = subject.twin.app.keys.ring(now).await.unwrap();
    let times = (now, now.plus(180));
    let code = SignInCode::new(&ring, &key(client), Nonce::new(nonce), &typed(), times).unwrap();
    let failures = subject.store.sign_in_failures(&key(client)).await.unwrap();
    NewSignIn { key: key(client), code, failures, sends: SENDS, now }
}

async fn consume(store: &Store, code: &str, request: &str) -> bool {
    store.consume_sign_in(&key("app"), &Nonce::new(code), &Nonce::new(request)).await.unwrap()
}

async fn restore(store: &Store, code: &SignInCode, request: &str) {
    store.restore_sign_in(&key("app"), code, &Nonce::new(request), START).await.unwrap();
}

async fn begin(subject: &Subject, nonce: &str, now: Timestamp) -> Begun {
    let new = new(subject, "app", nonce, now).await;
    subject.store.begin_sign_in(&new).await.unwrap()
}

async fn counted(subject: &Subject, now: Timestamp) -> SignInCode {
    match subject.store.try_sign_in(&key("app"), now).await.unwrap() {
        Try::Counted(code) => code,
        other => panic!("{}: {other:?}", subject.name),
    }
}

/// SEC-10, SEC-17: of 64 tries at once three are counted; none of a code that is over, or that never was.
#[tokio::test]
async fn three_tries_are_counted() {
    for subject in subjects().await {
        assert!(matches!(subject.store.try_sign_in(&key("app"), START).await.unwrap(), Try::NoCode));
        assert_eq!(begin(&subject, "one", START).await, Begun::Written);
        let tries = at_once(64, |_| {
            let store = subject.store.clone();
            async move { store.try_sign_in(&key("app"), START).await.unwrap() }
        })
        .await;
        let counted = tries.iter().filter(|tried| matches!(tried, Try::Counted(_))).count();
        let too_many = tries.iter().filter(|tried| matches!(tried, Try::TooMany)).count();
        assert_eq!((counted, too_many), (3, 61), "{}", subject.name);
        let over = START.plus(180);
        assert!(matches!(subject.store.try_sign_in(&key("app"), over).await.unwrap(), Try::NoCode));
        assert!(matches!(subject.store.try_sign_in(&key("spa"), START).await.unwrap(), Try::NoCode));
    }
}

/// SEC-8, SEC-12: a code is used up once, by one request, however often that says so; not any more when a newer one took
/// its place.
#[tokio::test]
async fn a_code_is_used_up_once() {
    for subject in subjects().await {
        begin(&subject, "one", START).await;
        let consumed = at_once(16, |number| {
            let store = subject.store.clone();
            async move { consume(&store, "one", &number.to_string()).await }
        })
        .await;
        assert_eq!(consumed.iter().filter(|consumed| **consumed).count(), 1, "{}", subject.name);
        let winner = consumed.iter().position(|consumed| *consumed).unwrap().to_string();
        assert!(consume(&subject.store, "one", &winner).await, "a reply was lost");
        let tried = subject.store.try_sign_in(&key("app"), START).await.unwrap();
        assert!(matches!(tried, Try::NoCode), "{tried:?}");
        begin(&subject, "two", START).await;
        begin(&subject, "three", START).await;
        assert!(!consume(&subject.store, "two", "r").await);
        assert!(consume(&subject.store, "three", "r").await);
    }
}

/// A code is the one that was made, for its own client only.
#[tokio::test]
async fn a_code_is_bound_to_its_key() {
    for subject in subjects().await {
        begin(&subject, "one", START).await;
        let stored = counted(&subject, START).await;
        let ring = subject.twin.app.keys.ring(START).await.unwrap();
        assert!(stored.accepts(&ring, &key("app"), &typed()));
        assert!(!stored.accepts(&ring, &key("spa"), &typed()));
        assert!(!stored.accepts(&ring, &key("app"), &OneTimeCode::parse("042918", 6).unwrap()));
    }
}

/// A code that was not delivered is not good; a newer one is left alone.
#[tokio::test]
async fn what_was_not_delivered_is_void() {
    for subject in subjects().await {
        let made = new(&subject, "app", "one", START).await;
        assert_eq!(subject.store.begin_sign_in(&made).await.unwrap(), Begun::Written);
        subject.store.void_sign_in(&made).await.unwrap();
        let tried = subject.store.try_sign_in(&key("app"), START).await.unwrap();
        assert!(matches!(tried, Try::NoCode), "{}: {tried:?}", subject.name);
        assert!(!consume(&subject.store, "one", "r").await, "{}", subject.name);
        begin(&subject, "two", START).await;
        subject.store.void_sign_in(&made).await.unwrap();
        assert_eq!(counted(&subject, START).await.nonce.as_str(), "two", "{}", subject.name);
    }
}

/// What failed by our fault is as it was before, used up or not; what another request used up stays used up (SEC-8), and
/// a newer code is left alone.
#[tokio::test]
async fn a_code_can_be_good_again() {
    for subject in subjects().await {
        let store = &subject.store;
        begin(&subject, "one", START).await;
        let first = counted(&subject, START).await;
        let second = counted(&subject, START).await;
        assert_eq!((first.tries, second.tries, second.failures), (1, 2, 2));
        restore(store, &first, "mine").await;
        let again = counted(&subject, START).await;
        assert_eq!((again.tries, again.failures), (2, 2), "it was not used up, and another's failure stays");
        assert!(consume(store, "one", "mine").await);
        restore(store, &again, "mine").await;
        let again = counted(&subject, START).await;
        assert_eq!((again.tries, again.failures), (2, 2), "it was used up");
        assert!(consume(store, "one", "theirs").await);
        restore(store, &again, "mine").await;
        assert!(matches!(store.try_sign_in(&key("app"), START).await.unwrap(), Try::NoCode));
        begin(&subject, "two", START).await;
        restore(store, &again, "theirs").await;
        let newer = counted(&subject, START).await;
        assert_eq!((newer.nonce.as_str(), newer.tries), ("two", 1));
    }
}

/// SEC-20: wrong codes are remembered over new codes, until a right one; an address nobody guesses at is soon forgotten.
#[tokio::test]
async fn failures_outlive_their_code() {
    for subject in subjects().await {
        let store = &subject.store;
        let failures = async || store.sign_in_failures(&key("app")).await.unwrap();
        let kept_until = async || {
            let code = subject.item("PASSWORDLESS#email#user@example.com", "CODE#app").await.unwrap();
            crate::support::number_of(&code, "expires_at").unwrap()
        };
        assert_eq!(failures().await, 0);
        begin(&subject, "one", START).await;
        assert_eq!(kept_until().await, START.0 + 180);
        counted(&subject, START).await;
        assert_eq!((failures().await, kept_until().await), (1, START.0 + 30 * 86_400));
        let later = START.plus(86_400);
        begin(&subject, "two", later).await;
        counted(&subject, later).await;
        assert_eq!((failures().await, kept_until().await), (2, later.0 + 30 * 86_400));
        assert!(consume(store, "two", "r").await);
        assert_eq!((failures().await, kept_until().await), (0, later.0 + 180));
    }
}

/// SEC-22: of 32 starts at once ten are written, for all clients together; a refund makes room.
#[tokio::test]
async fn ten_codes_are_written() {
    for subject in subjects().await {
        let mut made = Vec::new();
        for number in 0..32 {
            let client = if number % 2 == 0 { "app" } else { "spa" };
            made.push(new(&subject, client, &number.to_string(), START).await);
        }
        let begun = at_once(32, |number| {
            let (store, new) = (subject.store.clone(), made[number].clone());
            async move { store.begin_sign_in(&new).await }
        })
        .await;
        // Who kept colliding got no answer, and wrote nothing.
        let written = begun.iter().filter(|begun| matches!(begun, Ok(Begun::Written))).count();
        assert!((1..=10).contains(&written), "{}: {written}", subject.name);
        for _ in written..10 {
            assert_eq!(begin(&subject, "more", START).await, Begun::Written);
        }
        assert_eq!(begin(&subject, "x", START).await, Begun::Spent { retry_after: 600 });
        subject.store.refund_sign_in(&made[0]).await.unwrap();
        assert_eq!(begin(&subject, "x", START).await, Begun::Written);
        assert_eq!(begin(&subject, "x", START).await, Begun::Spent { retry_after: 600 });
        assert_eq!(begin(&subject, "x", START.plus(86_400)).await, Begun::Written, "decayed");
    }
}
