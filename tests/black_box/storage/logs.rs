//! The audit log: its order over partitions, what is searched for, and that a record is there once.

use postern::audit::{LogId, Record};
use postern::store::listing::{Order, Part};
use postern::store::logs::{Search, Window};
use postern::time::Timestamp;

use super::{Subject, subjects};
use crate::support::{START, ids_of, records};

/// More than one BatchWriteItem takes (25), and than one read of keys (100).
const MANY: u64 = 130;
const DAYS: u64 = 30;

fn now() -> Timestamp {
    START.plus(86_400)
}

fn part(order: Order, start: usize, size: usize) -> Part {
    Part { order, start, size, is_counted: true }
}

async fn listed(subject: &Subject, search: Option<&Search>, part: Part) -> (Vec<String>, Option<usize>) {
    let window = Window::kept(DAYS, now());
    let listed = subject.store.log_records(&window, search, part, now()).await.unwrap();
    (ids_of(&listed.items), listed.total)
}

fn made() -> Vec<Record> {
    let mut records = records(MANY);
    for (number, record) in records.iter_mut().enumerate() {
        record.code = ["sapi", "fapi"][number % 2].to_owned();
        record.client_id = (number % 3 == 0).then(|| "app".to_owned());
        record.user_id = (number % 5 > 0).then(|| "auth0|1".to_owned());
    }
    records
}

/// What is in several partitions is one log; a user's part of it another; both are counted whole.
#[tokio::test]
async fn records_are_listed_by_time() {
    for subject in subjects().await {
        let all = made();
        // Twice, and a part of them at once with the whole: what is there stays.
        let store = &subject.store;
        let (one, other) = tokio::join!(store.keep_records(&all, DAYS), store.keep_records(&all[..40], DAYS));
        assert_eq!((one, other), (Ok(()), Ok(())), "{}", subject.name);
        let total = Some(130);
        let ids = ids_of(&all);
        let newest: Vec<_> = ids.iter().rev().cloned().collect();
        assert_eq!(listed(&subject, None, part(Order::Ascending, 0, 500)).await, (ids.clone(), total));
        assert_eq!(listed(&subject, None, part(Order::Descending, 0, 500)).await, (newest.clone(), total));
        let (page, _) = listed(&subject, None, part(Order::Descending, 99, 20)).await;
        assert_eq!(page, newest[99..119]);
        assert_eq!(listed(&subject, None, part(Order::Descending, 130, 5)).await, (vec![], total));
        let of = |is_it: fn(&Record) -> bool| ids_of(all.iter().filter(|record| is_it(record)));
        let searched = [
            (Search::Code("fapi".into()), of(|record| record.code == "fapi")),
            (Search::Client("app".into()), of(|record| record.client_id.is_some())),
            (Search::User("auth0|1".into()), of(|record| record.user_id.is_some())),
            (Search::User("auth0|2".into()), vec![]),
        ];
        for (search, expected) in searched {
            let total = Some(expected.len());
            let all = listed(&subject, Some(&search), part(Order::Ascending, 0, 500)).await;
            assert_eq!(all, (expected.clone(), total), "{} {search:?}", subject.name);
            let (some, _) = listed(&subject, Some(&search), part(Order::Descending, 1, 2)).await;
            let newest: Vec<_> = expected.iter().rev().skip(1).take(2).cloned().collect();
            assert_eq!(some, newest, "{search:?}");
        }
    }
}

/// A window ends before its end and begins after a record, and with what is kept.
#[tokio::test]
async fn a_window_of_records() {
    for subject in subjects().await {
        let all = records(20);
        subject.store.keep_records(&all, DAYS).await.unwrap();
        let ids = ids_of(&all);
        let of = async |window: Window, limit: usize, now: Timestamp| {
            ids_of(&subject.store.log_records_in(&window, limit, now).await.unwrap())
        };
        let kept = || Window::kept(DAYS, now());
        assert_eq!(of(kept(), 3, now()).await, ids[..3], "{}", subject.name);
        let after = kept().after(&LogId::parse(&ids[4]).unwrap());
        assert_eq!(of(after.clone(), 3, now()).await, ids[5..8]);
        assert_eq!(of(after.before(START.plus(7)), 9, now()).await, ids[5..7]);
        let later = START.plus(DAYS * 86_400 + 4);
        assert_eq!(of(Window::kept(DAYS, later), 50, later).await, ids[5..], "the others are over");
        assert_eq!(of(Window::kept(2 * DAYS, later), 50, later).await, ids[5..], "kept longer from now on");
        for (number, is_there) in [(0, false), (4, false), (5, true)] {
            let id = LogId::parse(&ids[number]).unwrap();
            let found = subject.store.log_record(&id, later).await.unwrap();
            assert_eq!(found.is_some(), is_there, "{number}");
        }
        let id = LogId::parse(&ids[3]).unwrap();
        assert_eq!(subject.store.log_record(&id, now()).await.unwrap().as_ref(), Some(&all[3]));
    }
}
