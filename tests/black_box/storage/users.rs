//! Users with their logins: made, moved and deleted together or not at all.

use std::sync::Arc;

use postern::id::UserId;
use postern::rules::address::EmailAddress;
use postern::store::Store;
use postern::store::accounts::NewPassword;
use postern::store::expression::text;
use postern::store::logins::{LoginName, PasswordHash};
use postern::store::user_changes::{Changed, UserChange};
use postern::store::user_life::NewLogin;
use postern::store::users::Profile;
use postern::token::claims::ACCESS_TOKEN_SECONDS_MAX;
use serde_json::json;

use super::fixtures::{ADDRESS, association, clock, login, password_notice, profile, state, user};
use super::{Subject, at_once, subjects};
use crate::support::START;

fn by_code(address: &str) -> NewLogin {
    NewLogin { name: LoginName::new("email", address), password_hash: None }
}

async fn make(store: &Store) {
    let logins = [login(ADDRESS), by_code(ADDRESS)];
    assert!(store.create_user_by_chosen_id(&profile(), &logins, None, &clock()).await.unwrap().is_some());
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
                let made = store.create_user(profile, &[login(ADDRESS), by_code(ADDRESS)]).await;
                made.is_ok_and(|made| made.is_some())
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
            assert!(store.create_user(profile, &[login(&address(number))]).await.unwrap().is_some());
        }
        let moved = at_once(8, |number| {
            let store = Arc::clone(&store);
            async move {
                let user = UserId::new(format!("auth0|{number}"));
                matches!(
                    store.change_user(&user, &to("new@example.com"), &clock()).await,
                    Ok(Changed::Done(_))
                )
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
                        store.change_user(&user(), &to("new@example.com"), &clock()).await,
                        Ok(Changed::Done(_))
                    );
                }
                let (hash, beside) = (PasswordHash("new".into()), UserChange::default());
                let new = NewPassword { hash: &hash, change: &beside, notice: &password_notice() };
                let changed = store.set_password(&user(), new, &clock()).await;
                matches!(changed, Ok(Changed::Done(_)))
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
                matches!(store.change_user(&user(), &change, &clock()).await, Ok(Changed::Done(_)))
            }
        })
        .await;
        let profile = state(&store).await.profile;
        let kept = profile.user_metadata.map_or(0, |it| it.to_json().as_object().unwrap().len());
        assert_eq!(kept, done.into_iter().filter(|done| *done).count(), "{}", subject.name);
        assert!(kept > 0);
    }
}

/// What is left of the user of the fixtures: that nothing it was issued counts for the next one of its id.
const TOMBSTONE: [&str; 1] = ["USER#auth0|1 TOMBSTONE"];

async fn put_remains(store: &Store, count: usize) {
    for number in 0..count {
        let put = store.dynamodb().put_item().table_name(store.table());
        let sk = text(format!("REFRESH#{number}"));
        put.item("pk", text("USER#auth0|1")).item("sk", sk).send().await.unwrap();
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
            put_remains(store, 230).await;
            store.delete_user(&user(), &clock()).await.unwrap();
            assert_eq!(left(&subject).await, TOMBSTONE, "{}", subject.name);
        }
        let tombstone = subject.item("USER#auth0|1", "TOMBSTONE").await.unwrap();
        let forgotten: u64 = tombstone["expires_at"].as_n().unwrap().parse().unwrap();
        assert!(forgotten >= START.0 + ACCESS_TOKEN_SECONDS_MAX, "it outlives every token");
        store.delete_user(&UserId::new("auth0|nobody"), &clock()).await.unwrap();
        assert_eq!(left(&subject).await, TOMBSTONE, "of nobody there is nothing to remember");
    }
}

/// Whoever is made by an id that was another's inherits nothing: no limit, no token's family, no tombstone.
#[tokio::test]
async fn a_creation_leaves_nothing_of_the_one_before() {
    for subject in subjects().await {
        let store = &subject.store;
        for remains in [3, 230] {
            make(store).await;
            assert!(store.block(&user(), &clock()).await.unwrap());
            store.delete_user(&user(), &clock()).await.unwrap();
            put_remains(store, remains).await;
            make(store).await;
            assert_eq!(left(&subject).await.len(), 3, "a profile and its two logins: {}", subject.name);
            store.delete_user(&user(), &clock()).await.unwrap();
        }
    }
}

/// SEC-42: the time from which tokens count goes on where the one before had ended, however often that was in a second.
#[tokio::test]
async fn the_time_goes_on_over_a_deletion() {
    for subject in subjects().await {
        let store = &subject.store;
        make(store).await;
        assert_eq!(state(store).await.profile.tokens_valid_after, None, "{}", subject.name);
        let mut expected = START;
        for _ in 0..2 {
            // Tokens that were issued after the last of these say the second after it.
            for _ in 0..3 {
                assert!(store.block(&user(), &clock()).await.unwrap());
            }
            let last = state(store).await.profile.tokens_valid_after.unwrap();
            assert!(last >= expected);
            store.delete_user(&user(), &clock()).await.unwrap();
            make(store).await;
            expected = last.plus(1);
            assert_eq!(state(store).await.profile.tokens_valid_after, Some(expected), "{}", subject.name);
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
                    2 => store.delete_user(&user(), &clock()).await.is_ok(),
                    3 => store.change_user(&user(), &to("new@example.com"), &clock()).await.is_ok(),
                    _ => {
                        let Some(seen) = store.user(&user(), START).await.unwrap() else { return false };
                        store.associate(&association(&seen, "first", &format!("D{number}"))).await.is_ok()
                    }
                }
            }
        })
        .await;
        assert!(done[2], "{}", subject.name);
        assert_eq!(left(&subject).await, TOMBSTONE, "{}", subject.name);
    }
}
