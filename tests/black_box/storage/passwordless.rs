//! Codes of sign-ins without password (SEC-8, SEC-9, SEC-10, SEC-12, SEC-17).

use postern::id::{ClientId, Nonce};
use postern::rules::limit::{Bucket, Limits};
use postern::rules::otp::OneTimeCode;
use postern::rules::passwordless::Connection;
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
    NewSignIn { key: key(client), code, sends: SENDS, now }
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

/// SEC-8, SEC-12: a code is used up once, and not any more when a newer one took its place.
#[tokio::test]
async fn a_code_is_used_up_once() {
    for subject in subjects().await {
        begin(&subject, "one", START).await;
        let consumed = at_once(16, |_| {
            let store = subject.store.clone();
            async move { store.consume_sign_in(&key("app"), &Nonce::new("one")).await.unwrap() }
        })
        .await;
        assert_eq!(consumed.iter().filter(|consumed| **consumed).count(), 1, "{}", subject.name);
        begin(&subject, "two", START).await;
        begin(&subject, "three", START).await;
        assert!(!subject.store.consume_sign_in(&key("app"), &Nonce::new("two")).await.unwrap());
        assert!(subject.store.consume_sign_in(&key("app"), &Nonce::new("three")).await.unwrap());
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

/// A try that never came to the code is taken back; a code that is taken back is gone.
#[tokio::test]
async fn what_did_not_happen_is_taken_back() {
    for subject in subjects().await {
        let store = &subject.store;
        let made = new(&subject, "app", "one", START).await;
        assert_eq!(store.begin_sign_in(&made).await.unwrap(), Begun::Written);
        for _ in 0..5 {
            let tried = counted(&subject, START).await;
            assert_eq!(tried.tries, 1, "{}", subject.name);
            store.untry_sign_in(&key("app"), &tried).await.unwrap();
        }
        store.void_sign_in(&made).await.unwrap();
        assert!(
            matches!(store.try_sign_in(&key("app"), START).await.unwrap(), Try::NoCode),
            "{}",
            subject.name
        );
        store.untry_sign_in(&key("app"), &made.code).await.unwrap();
        assert!(
            matches!(store.try_sign_in(&key("app"), START).await.unwrap(), Try::NoCode),
            "{}",
            subject.name
        );
    }
}

/// What failed by our fault is as it was before, used up or not; a newer code is left alone.
#[tokio::test]
async fn a_code_can_be_good_again() {
    for subject in subjects().await {
        let store = &subject.store;
        begin(&subject, "one", START).await;
        counted(&subject, START).await;
        let second = counted(&subject, START).await;
        assert_eq!(second.tries, 2);
        store.restore_sign_in(&key("app"), &second).await.unwrap();
        let second = counted(&subject, START).await;
        assert_eq!(second.tries, 2, "it was still there");
        assert!(store.consume_sign_in(&key("app"), &second.nonce).await.unwrap());
        store.restore_sign_in(&key("app"), &second).await.unwrap();
        assert_eq!(counted(&subject, START).await.tries, 2, "it was gone");
        begin(&subject, "two", START).await;
        store.restore_sign_in(&key("app"), &second).await.unwrap();
        store.untry_sign_in(&key("app"), &second).await.unwrap();
        let newer = counted(&subject, START).await;
        assert_eq!((newer.nonce.as_str(), newer.tries), ("two", 1));
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
