//! Users with their logins: made, moved and deleted together or not at all.

use std::sync::Arc;

use postern::id::UserId;
use postern::rules::address::EmailAddress;
use postern::store::Store;
use postern::store::accounts::PasswordChange;
use postern::store::expression::text;
use postern::store::logins::{DEFAULT_CONNECTION, LoginName, PasswordHash};
use postern::store::user_changes::{Changed, NewLogin, UserChange};
use postern::store::users::Profile;
use serde_json::json;

use super::fixtures::{ADDRESS, association, profile, state, user};
use super::{Subject, at_once, subjects};
use crate::support::START;

fn login(address: &str) -> NewLogin {
    let name = LoginName::new(DEFAULT_CONNECTION, address);
    NewLogin { name, password_hash: Some(PasswordHash("old".into())) }
}

fn by_code(address: &str) -> NewLogin {
    NewLogin { name: LoginName::new("email", address), password_hash: None }
}

async fn make(store: &Store) {
    assert!(store.create_user(&profile(), &[login(ADDRESS), by_code(ADDRESS)]).await.unwrap());
}

async fn owner(store: &Store, name: &LoginName) -> Option<String> {
    Some(store.login(&name.key()).await.unwrap()?.user_id.as_str().to_owned())
}

fn to(address: &str) -> UserChange {
    UserChange { email: EmailAddress::parse(address), ..UserChange::default() }
}

/// The items of the user's partition and logins that are left.
async fn left(subject: &Subject) -> Vec<String> {
    let store = &subject.store;
    let mut pages = store.dynamodb().scan().table_name(store.table()).into_paginator().items().send();
    let mut keys = Vec::new();
    while let Some(item) = pages.next().await {
        let item = item.unwrap();
        let (pk, sk) = (item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap());
        if pk.starts_with("USER#") || sk == "LOGIN" {
            keys.push(format!("{pk} {sk}"));
        }
    }
    keys
}

/// Of many at once for one address one is made; no login leads to a user there is not, and no user has lost it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_address_makes_one_user() {
    for subject in subjects().await {
        let store = Arc::new(subject.store.clone());
        let made = at_once(32, |number| {
            let store = Arc::clone(&store);
            async move {
                let profile = Profile::new(UserId::new(format!("auth0|{number}")), START);
                store.create_user(&profile, &[login(ADDRESS), by_code(ADDRESS)]).await.is_ok_and(|made| made)
            }
        })
        .await;
        assert_eq!(made.iter().filter(|made| **made).count(), 1, "{}", subject.name);
        let winner = made.iter().position(|made| *made).unwrap();
        assert_eq!(left(&subject).await.len(), 3, "a profile and its two logins");
        for name in [login(ADDRESS).name, by_code(ADDRESS).name] {
            assert_eq!(owner(&store, &name).await, Some(format!("auth0|{winner}")));
        }
    }
}

/// Several users who move to one address at once: one gets it, the others keep theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_address_is_moved_to_once() {
    for subject in subjects().await {
        let store = Arc::new(subject.store.clone());
        let address = |number: usize| format!("user{number}@example.com");
        for number in 0..8 {
            let email = EmailAddress::parse(&address(number));
            let profile = Profile { email, ..Profile::new(UserId::new(format!("auth0|{number}")), START) };
            assert!(store.create_user(&profile, &[login(&address(number))]).await.unwrap());
        }
        let moved = at_once(8, |number| {
            let store = Arc::clone(&store);
            async move {
                let user = UserId::new(format!("auth0|{number}"));
                matches!(store.change_user(&user, &to("new@example.com"), START).await, Ok(Changed::Done(_)))
            }
        })
        .await;
        assert_eq!(moved.iter().filter(|moved| **moved).count(), 1, "{}", subject.name);
        for (number, moved) in moved.into_iter().enumerate() {
            let (id, old) = (format!("auth0|{number}"), address(number));
            let has = if moved { "new@example.com" } else { &old };
            assert_eq!(owner(&store, &login(has).name).await.as_deref(), Some(&*id));
            let profile = store.profile(&UserId::new(id)).await.unwrap().unwrap();
            assert_eq!(profile.email, EmailAddress::parse(has));
            assert_eq!(profile.logins, [login(has).name]);
        }
        assert_eq!(left(&subject).await.len(), 16);
    }
}

/// A password that is changed while the address moves is not lost, in whatever order they come.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_move_keeps_a_password_that_changes_meanwhile() {
    for subject in subjects().await {
        let store = Arc::new(subject.store.clone());
        make(&store).await;
        let done = at_once(2, |number| {
            let store = Arc::clone(&store);
            async move {
                if number == 0 {
                    return matches!(
                        store.change_user(&user(), &to("new@example.com"), START).await,
                        Ok(Changed::Done(_))
                    );
                }
                let seen = state(&store).await;
                let (key, hash) = (seen.profile.password_login().unwrap().key(), PasswordHash("new".into()));
                let change = PasswordChange { seen: &seen, login: &key, hash: &hash, now: START };
                store.set_password(&change).await.unwrap()
            }
        })
        .await;
        assert!(done[0], "{}", subject.name);
        let stored = store.login(&login("new@example.com").name.key()).await.unwrap().unwrap();
        let expected = if done[1] { "new" } else { "old" };
        assert_eq!(stored.password_hash.unwrap().0, expected, "a change that was told of is there");
        assert_eq!(owner(&store, &login(ADDRESS).name).await, None);
        assert_eq!(owner(&store, &by_code("new@example.com").name).await.as_deref(), Some("auth0|1"));
    }
}

/// Of members of the metadata that are set at once none is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn metadata_that_is_merged_at_once() {
    for subject in subjects().await {
        let store = Arc::new(subject.store.clone());
        make(&store).await;
        let done = at_once(4, |number| {
            let store = Arc::clone(&store);
            async move {
                let members = json!({ format!("m{number}"): 0.5 }).as_object().cloned();
                let change = UserChange { user_metadata: members, ..UserChange::default() };
                matches!(store.change_user(&user(), &change, START).await, Ok(Changed::Done(_)))
            }
        })
        .await;
        let profile = state(&store).await.profile;
        let kept = profile.user_metadata.map_or(0, |it| it.to_json().as_object().unwrap().len());
        assert_eq!(kept, done.into_iter().filter(|done| *done).count(), "{}", subject.name);
        assert!(kept > 0);
    }
}

/// More items than a transaction holds: all of them go, and a deletion that was broken off is completed by the next.
#[tokio::test]
async fn a_deletion_leaves_nothing() {
    for subject in subjects().await {
        let store = &subject.store;
        for with_profile in [true, false] {
            if with_profile {
                make(store).await;
                store.associate(&association(&state(store).await, "first", "A")).await.unwrap();
            }
            for number in 0..230 {
                let put = store.dynamodb().put_item().table_name(store.table());
                let sk = text(format!("REFRESH#{number}"));
                put.item("pk", text("USER#auth0|1")).item("sk", sk).send().await.unwrap();
            }
            store.delete_user(&user()).await.unwrap();
            assert_eq!(left(&subject).await, [""; 0], "{}", subject.name);
        }
    }
}

/// A deletion at once with associations and a move: nothing is left, whatever the order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_at_once_with_changes() {
    for subject in subjects().await {
        let store = Arc::new(subject.store.clone());
        make(&store).await;
        let done = at_once(6, |number| {
            let store = Arc::clone(&store);
            async move {
                match number {
                    2 => store.delete_user(&user()).await.is_ok(),
                    3 => store.change_user(&user(), &to("new@example.com"), START).await.is_ok(),
                    _ => {
                        let Some(seen) = store.user(&user(), START).await.unwrap() else { return false };
                        store.associate(&association(&seen, "first", &format!("D{number}"))).await.is_ok()
                    }
                }
            }
        })
        .await;
        assert!(done[2], "{}", subject.name);
        let mut left = left(&subject).await;
        // A send that was charged is nobody's.
        left.retain(|key| !key.contains(" LIMIT#"));
        assert_eq!(left, [""; 0], "{}", subject.name);
    }
}
