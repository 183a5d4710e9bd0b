//! Tickets: what was seen of the account is a condition of what they do.

use postern::id::ClientId;
use postern::store::logins::{DEFAULT_CONNECTION, LoginName, PasswordHash};
use postern::time::Clock;
use postern::token::account_ticket::ResetTicket;

use super::fixtures::{ADDRESS, login, password_notice, profile};
use super::subjects;
use crate::support::START;

/// Two that saw the same password, seconds apart: the later one finds another, whatever the profile's time allows.
#[tokio::test]
async fn a_password_that_changed_since_it_was_seen_is_not_replaced() {
    for subject in subjects().await {
        let (store, name) = (&subject.store, LoginName::new(DEFAULT_CONNECTION, ADDRESS));
        assert!(store.create_user(profile(), &[login(ADDRESS)]).await.unwrap().is_some());
        let stored = store.login(&name.key()).await.unwrap().unwrap();
        let (client, over) = (ClientId::new("app"), START.plus(60));
        let ticket = ResetTicket::of((&name, &stored), None, client, None, (START, over));
        let first = store.resettable(&ticket, START).await.unwrap().unwrap();
        let second = store.resettable(&ticket, START).await.unwrap().unwrap();
        for (seen, hash, seconds, is_done) in [(first, "one", 0, true), (second, "two", 5, false)] {
            let (hash, clock) = (PasswordHash(hash.into()), Clock::fixed(START.plus(seconds)));
            let done = store.reset_password(&ticket, seen, &hash, &password_notice(), &clock).await;
            assert_eq!(done, Ok(is_done), "{}", subject.name);
        }
        let stored = store.login(&name.key()).await.unwrap().unwrap();
        assert_eq!(stored.password_hash.unwrap().0, "one", "{}", subject.name);
    }
}
