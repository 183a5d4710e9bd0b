//! Lists: what is in them, in which order, and how much of it a page reads.

use postern::id::{DeviceId, UserId};
use postern::store::Store;
use postern::store::listing::{Order, Part};
use postern::store::users::Profile;

use super::fixtures::{association, clock, profile, state, user};
use super::{at_once, subjects};
use crate::support::START;

/// More than one BatchGetItem takes (100).
const MANY: usize = 230;

fn id(number: usize) -> UserId {
    UserId::new(format!("auth0|{number}"))
}

async fn ids(store: &Store, order: Order, start: usize, count: usize) -> Vec<UserId> {
    let part = Part { order, start, size: count, is_counted: false };
    let listed = store.users_in(part).await.unwrap();
    assert_eq!(listed.total, None);
    listed.items.into_iter().map(|profile| profile.user_id).collect()
}

async fn total(store: &Store) -> Option<usize> {
    let part = Part { order: Order::Ascending, start: 0, size: 0, is_counted: true };
    store.users_in(part).await.unwrap().total
}

/// Pages of hundreds come in order, from lists that are several partitions, and the count is of all.
#[tokio::test]
async fn users_are_listed_by_time() {
    for subject in subjects().await {
        let store = &subject.store;
        at_once(MANY, |number| {
            let store = store.clone();
            async move {
                let profile = Profile::new(id(number), START.plus(number as u64));
                store.create_user(profile, &[]).await.unwrap().unwrap();
            }
        })
        .await;
        assert_eq!(total(store).await, Some(MANY), "{}", subject.name);
        let oldest: Vec<_> = (0..MANY).map(id).collect();
        assert_eq!(ids(store, Order::Ascending, 0, 1_000).await, oldest);
        let newest: Vec<_> = (0..MANY).rev().map(id).collect();
        assert_eq!(ids(store, Order::Descending, 0, 1_000).await, newest);
        assert_eq!(ids(store, Order::Descending, 15, 120).await, newest[15..135]);
        assert_eq!(ids(store, Order::Ascending, 229, 5).await, oldest[229..]);
        assert_eq!(ids(store, Order::Ascending, 230, 5).await, []);
        store.delete_user(&id(3), &clock()).await.unwrap();
        assert_eq!(ids(store, Order::Ascending, 2, 2).await, [id(2), id(4)]);
        assert_eq!(total(store).await, Some(MANY - 1));
    }
}

/// A device leads to its user, and to nobody else.
#[tokio::test]
async fn a_device_leads_to_its_user() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        let begun = association(&state(store).await, "login", "device");
        store.associate(&begun).await.unwrap();
        let device = DeviceId::parse(begun.authenticator.id.device()).unwrap();
        assert_eq!(store.owner_of(&device).await.unwrap(), Some(user()), "{}", subject.name);
        let other = DeviceId::parse("dev_other").unwrap();
        assert_eq!(store.owner_of(&other).await.unwrap(), None);
        store.delete_user(&user(), &clock()).await.unwrap();
        assert_eq!(store.owner_of(&device).await.unwrap(), None);
    }
}
