//! Notices of blocks: one each, whatever the interleaving, and the ticket's delete (issue 3 item 8).

use postern::id::{ClientId, NoticeId};
use postern::rules::limit::{Charge, Limits};
use postern::rules::notice::NoticeKind;
use postern::rules::random::Random;
use postern::store::Store;
use postern::store::limits::{LimitKey, Taken};
use postern::store::logins::LoginKey;
use postern::store::notices::{Notice, Recipient};
use postern::time::Timestamp;

use super::{at_once, subjects};
use crate::support::START;

fn login() -> LoginKey {
    LoginKey::new("db", "nobody@example.com")
}

fn key() -> LimitKey {
    LimitKey::passwords(login().pk().into(), "192.0.2.1".parse().unwrap(), Limits::DEFAULT.passwords)
}

fn notice() -> Notice {
    let to = Recipient::Login(key().blocked_source());
    Notice::new(NoticeKind::PasswordBlocked, to, None, &ClientId::new("app"), &Random::system(), START)
        .unwrap()
}

/// The charges of ten wrong passwords at a time.
async fn ten(store: &Store, now: Timestamp) -> Vec<Charge> {
    let mut charges = Vec::new();
    for _ in 0..10 {
        let Taken::Charged(charge) = store.take_attempt(&key(), now).await.unwrap() else {
            panic!("the budget is spent")
        };
        charges.push(charge);
    }
    charges
}

/// Only the last of the budget alarms, and one of many who try to tell of it at once does.
#[tokio::test]
async fn one_notice_for_each_block() {
    for subject in subjects().await {
        let store = &subject.store;
        let charges = ten(store, START).await;
        let alarms: Vec<_> = charges.iter().map(|charge| key().alarm(charge)).collect();
        assert!(alarms[..9].iter().all(Option::is_none), "{}", subject.name);
        assert_eq!(alarms[9], Some(NoticeKind::PasswordBlocked), "{}", subject.name);
        let last = charges[9].clone();
        let raised = at_once(4, |_| {
            let (store, last) = (store.clone(), last.clone());
            async move { store.raise(&key(), &last, &notice()).await }
        })
        .await;
        let raised = raised.into_iter().filter(|it| matches!(it, Ok(true))).count();
        assert_eq!(raised, 1, "{}", subject.name);

        let Taken::Charged(next) = store.take_attempt(&key(), START.plus(360)).await.unwrap() else {
            panic!()
        };
        assert_eq!(key().alarm(&next), None, "{}: the same block was told of", subject.name);
        let after = ten(store, START.plus(86_400)).await;
        assert_eq!(key().alarm(&after[9]), Some(NoticeKind::PasswordBlocked), "{}", subject.name);
        assert!(store.raise(&key(), &after[9], &notice()).await.unwrap(), "{}: a new block", subject.name);
    }
}

/// A block that was lifted before its notice is written is none.
#[tokio::test]
async fn no_notice_of_a_block_that_does_not_stand() {
    for subject in subjects().await {
        let store = &subject.store;
        let charges = ten(store, START).await;
        store.give_back(&key(), &charges[0]).await.unwrap();
        assert!(!store.raise(&key(), &charges[9], &notice()).await.unwrap(), "{}", subject.name);
    }
}

/// The delete names the notice of its block: another's does nothing, and the same again does nothing.
#[tokio::test]
async fn a_block_is_ended_by_its_own_notice_once() {
    for subject in subjects().await {
        let store = &subject.store;
        let blocked = key().blocked_source();
        assert!(!store.end_block(&blocked, &NoticeId::new("none")).await.unwrap(), "{}", subject.name);
        let (charges, notice) = (ten(store, START).await, notice());
        assert!(store.raise(&key(), &charges[9], &notice).await.unwrap());
        assert!(!store.end_block(&blocked, &NoticeId::new("another")).await.unwrap(), "{}", subject.name);
        assert!(store.end_block(&blocked, &notice.id).await.unwrap(), "{}", subject.name);
        assert!(!store.end_block(&blocked, &notice.id).await.unwrap(), "{}", subject.name);
        assert_eq!(ten(store, START).await.len(), 10, "{}: the budget is whole", subject.name);
    }
}

/// What was mailed is marked, and the mark stays as it was first.
#[tokio::test]
async fn a_notice_is_marked_as_sent_once() {
    for subject in subjects().await {
        let store = &subject.store;
        let (charges, notice) = (ten(store, START).await, notice());
        assert!(store.raise(&key(), &charges[9], &notice).await.unwrap());
        assert_eq!(store.notice(&notice.id).await.unwrap().unwrap().sent_at, None, "{}", subject.name);
        for now in [START, START.plus(60)] {
            store.mark_sent(&notice.id, now).await.unwrap();
        }
        let sent_at = store.notice(&notice.id).await.unwrap().unwrap().sent_at;
        assert_eq!(sent_at, Some(START), "{}", subject.name);
        store.mark_sent(&NoticeId::new("forgotten"), START).await.unwrap();
        assert!(store.notice(&NoticeId::new("forgotten")).await.unwrap().is_none(), "{}", subject.name);
    }
}
