//! Addresses that bounce: the newest mail counts, whatever comes first, and only of users who are there.

use postern::id::UserId;
use postern::rules::address::EmailAddress;
use postern::rules::destination::Destination;
use postern::store::Store;
use postern::store::mailboxes::{KEPT_SECONDS, Mailbox, Marking, Standing};
use postern::time::Timestamp;

use super::fixtures::{login, profile, state, user};
use super::{at_once, subjects};
use crate::support::START;

fn address(number: u64) -> EmailAddress {
    EmailAddress::parse(&format!("ada{number}@example.com")).unwrap()
}

fn told(number: u64, standing: Standing, at: u64) -> Mailbox {
    Mailbox::new(&user(), &address(number), standing, START.plus(at))
}

async fn refuses(store: &Store, number: u64, now: Timestamp) -> bool {
    let user = store.user(&user(), now).await.unwrap().unwrap();
    user.is_unreachable(&Destination::Email(address(number)), now)
}

/// Events come twice, late and all at once: the state is that of the newest mail, and one of them made it.
#[tokio::test]
async fn the_newest_mail_counts_in_any_order() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[login("ada@example.com")]).await.unwrap();
        let marked = at_once(6, |_| {
            let store = store.clone();
            async move { store.mark_mailbox(&told(1, Standing::Bounced, 20)).await.unwrap() }
        })
        .await;
        let count = |marking| marked.iter().filter(|it| **it == marking).count();
        assert_eq!((count(Marking::Marked), count(Marking::Known)), (1, 5), "{}", subject.name);
        for (standing, at, expected, is_refused) in [
            (Standing::Complained, 19, Marking::Known, true),
            (Standing::Complained, 20, Marking::Known, true),
            (Standing::Complained, 21, Marking::Marked, false),
            (Standing::Bounced, 22, Marking::Marked, true),
        ] {
            let marking = store.mark_mailbox(&told(1, standing, at)).await.unwrap();
            assert_eq!(marking, expected, "{} {at}", subject.name);
            assert_eq!(refuses(store, 1, START.plus(30)).await, is_refused, "{} {at}", subject.name);
        }
        assert!(!refuses(store, 2, START.plus(30)).await, "another address");
        let end = START.plus(22 + KEPT_SECONDS);
        assert!(!refuses(store, 1, end).await, "SEC-17: over, and not deleted yet");
    }
}

/// Nothing is made of somebody who is not there.
#[tokio::test]
async fn nobody_is_marked() {
    for subject in subjects().await {
        let store = &subject.store;
        let gone = Mailbox::new(&UserId::new("auth0|gone"), &address(1), Standing::Bounced, START);
        assert_eq!(store.mark_mailbox(&gone).await.unwrap(), Marking::Nobody, "{}", subject.name);
        assert!(store.user(&UserId::new("auth0|gone"), START).await.unwrap().is_none());
    }
}

/// Operators see the newest first, as many as they ask for; what is cleared leaves the list, and stays known for a week,
/// so that an older event does not bring it back.
#[tokio::test]
async fn what_is_marked_is_listed_until_it_is_cleared() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[login("ada@example.com")]).await.unwrap();
        for number in 1..=3 {
            store.mark_mailbox(&told(number, Standing::Bounced, number)).await.unwrap();
        }
        let listed = async |most, now| {
            let found = store.marked_mailboxes(most, now).await.unwrap();
            found.iter().map(|mailbox| mailbox.at.0 - START.0).collect::<Vec<_>>()
        };
        assert_eq!(listed(2, START).await, [3, 2], "{}", subject.name);
        assert_eq!(listed(10, START.plus(2 + KEPT_SECONDS)).await, [3], "{}", subject.name);

        let seen = state(store).await;
        for number in 1..=3 {
            let mailbox = seen.marked(&address(number), START).unwrap();
            assert!(store.pardon_mailbox(mailbox).await.unwrap(), "{}", subject.name);
        }
        assert_eq!(listed(10, START).await, [0; 0], "{}", subject.name);
        assert!(!refuses(store, 1, START.plus(10)).await, "{}", subject.name);
        let late = store.mark_mailbox(&told(1, Standing::Bounced, 1)).await.unwrap();
        assert_eq!(late, Marking::Known, "{}", subject.name);
    }
}

/// What a newer mail told meanwhile stays, no time goes back, and nothing is made of what is not there.
#[tokio::test]
async fn only_what_was_seen_is_cleared() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[login("ada@example.com")]).await.unwrap();
        store.mark_mailbox(&told(1, Standing::Bounced, 20)).await.unwrap();
        let seen = state(store).await.marked(&address(1), START).unwrap().clone();
        store.mark_mailbox(&told(1, Standing::Bounced, 30)).await.unwrap();
        assert!(!store.pardon_mailbox(&seen).await.unwrap(), "{}", subject.name);
        for sent_at in [29, 30] {
            store.mailbox_is_proven(&user(), &address(1), START.plus(sent_at)).await;
            assert!(refuses(store, 1, START.plus(31)).await, "{} {sent_at}", subject.name);
        }
        let seen = state(store).await.marked(&address(1), START).unwrap().clone();
        assert!(store.pardon_mailbox(&seen).await.unwrap(), "{}", subject.name);
        assert_eq!(store.mark_mailbox(&told(1, Standing::Bounced, 30)).await.unwrap(), Marking::Known);
        assert_eq!(store.mark_mailbox(&told(1, Standing::Bounced, 31)).await.unwrap(), Marking::Marked);
        store.mailbox_is_proven(&user(), &address(1), START.plus(32)).await;
        assert!(!refuses(store, 1, START.plus(33)).await, "{}", subject.name);

        store.mailbox_is_proven(&user(), &address(9), START).await;
        let gone = Mailbox::new(&UserId::new("auth0|gone"), &address(1), Standing::Bounced, START);
        assert!(!store.pardon_mailbox(&gone).await.unwrap(), "{}", subject.name);
        assert!(store.user(&UserId::new("auth0|gone"), START).await.unwrap().is_none(), "{}", subject.name);
        let first = store.mark_mailbox(&told(9, Standing::Bounced, 0)).await.unwrap();
        assert_eq!(first, Marking::Marked, "{}: nothing was made", subject.name);
    }
}
