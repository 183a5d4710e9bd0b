//! What can exist once, and what a user's state shows.

use postern::id::UserId;
use postern::store::logins::{LoginKey, LoginName};
use postern::store::user_life::NewLogin;
use postern::store::users::Profile;
use postern::time::Timestamp;

use super::fixtures::{association, email_id, profile, state, user};
use super::{at_once, subjects};
use crate::support::START;

/// A user of that id and with that login, and no other address.
fn user_with(id: &str, connection: &str, name: &str) -> (Profile, [NewLogin; 1]) {
    let login = NewLogin { name: LoginName::new(connection, name), password_hash: None };
    (Profile::new(UserId::new(id), START), [login])
}

/// design §3: an address of a connection belongs to one user, however it is spelled and however many ask at once.
#[tokio::test]
async fn an_address_is_taken_once() {
    for subject in subjects().await {
        let store = &subject.store;
        let created = at_once(64, |i| {
            let store = store.clone();
            async move {
                let spelling = if i % 2 == 0 { "User@Example.com" } else { "user@example.com" };
                let (profile, logins) = user_with(&format!("auth0|{i}"), "db", spelling);
                store.create_user(profile, &logins).await.unwrap().is_some()
            }
        })
        .await;
        assert_eq!(created.iter().filter(|created| **created).count(), 1, "{}", subject.name);
        let winner = created.iter().position(|created| *created).unwrap();
        let stored = store.login(&LoginKey::new("db", "USER@example.com")).await.unwrap().unwrap();
        assert_eq!(stored.user_id, UserId::new(format!("auth0|{winner}")));
        let (profile, logins) = user_with("auth0|other", "other", "user@example.com");
        assert!(store.create_user(profile, &logins).await.unwrap().is_some());
    }
}

/// design §3: so does a user id.
#[tokio::test]
async fn a_user_id_is_taken_once() {
    for subject in subjects().await {
        let store = &subject.store;
        let created = at_once(16, |_| {
            let store = store.clone();
            async move { store.create_user(profile(), &[]).await.unwrap().is_some() }
        })
        .await;
        assert_eq!(created.iter().filter(|created| **created).count(), 1, "{}", subject.name);
    }
}

/// SEC-17: TTL deletion is late, so what has expired is left out although it is still there.
#[tokio::test]
async fn an_expired_pending_authenticator_is_not_seen() {
    for subject in subjects().await {
        let store = &subject.store;
        assert!(store.user(&user(), START).await.unwrap().is_none());
        store.create_user(profile(), &[]).await.unwrap();
        store.associate(&association(&state(store).await, "first", "A")).await.unwrap();
        let seen = |at: Timestamp| async move { store.user(&user(), at).await.unwrap().unwrap() };
        assert_eq!(seen(START.plus(599)).await.authenticators.len(), 1);
        let over = seen(START.plus(600)).await;
        assert!(over.authenticators.is_empty(), "{}", subject.name);
        assert!(over.profile.pending_now(START.plus(600)).is_empty());
        let sk = format!("AUTHENTICATOR#{}", email_id("A"));
        let item = subject.item("USER#auth0|1", &sk).await.expect("still in the table");
        assert_eq!(item["expires_at"].as_n().unwrap(), &(START.0 + 600).to_string());
    }
}

/// design §3: everything about a user is one Query, which refresh families and other users cost nothing.
#[tokio::test]
async fn a_users_state_ends_with_the_recovery_code() {
    use postern::store::expression::text;
    for subject in subjects().await {
        let store = &subject.store;
        super::fixtures::enrolled(store).await;
        for (pk, sk) in [("USER#auth0|1", "REFRESH#f"), ("USER#auth0|10", "PROFILE")] {
            let put = store.dynamodb().put_item().table_name(store.table());
            // Unreadable on purpose: whoever reads it fails.
            put.item("pk", text(pk)).item("sk", text(sk)).send().await.unwrap();
        }
        let seen = state(store).await;
        assert_eq!(seen.authenticators.len(), 1, "{}", subject.name);
        assert!(seen.recovery.is_some());
    }
}
