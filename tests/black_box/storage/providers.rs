//! Accounts at providers: the token keeps, goes or changes with what is beside it, and is sealed anew once.

use postern::rules::twilio::{AccountSid, Sender, TwilioProperties};
use postern::store::Store;
use postern::store::providers::SecretChange;
use postern::store::users::SealedSecret;

use super::{at_once, subjects};

fn properties(from: &str) -> TwilioProperties {
    TwilioProperties {
        from: Sender::parse(from),
        messaging_service_sid: None,
        sid: AccountSid::parse("AC00112233445566778899aabbccddeeff"),
    }
}

fn sealed(text: &str) -> SealedSecret {
    SealedSecret(text.into())
}

async fn stored(store: &Store) -> (TwilioProperties, Option<String>) {
    let stored = store.twilio().await.unwrap().unwrap();
    (stored.properties, stored.auth_token.map(|token| token.0))
}

/// The account is replaced as a whole; what becomes of its token is said beside it.
#[tokio::test]
async fn an_account_is_replaced_and_its_token_as_is_said() {
    for subject in subjects().await {
        let store = &subject.store;
        assert!(store.twilio().await.unwrap().is_none(), "{}", subject.name);
        for (from, change, token) in [
            ("+12065550101", SecretChange::Keep, None),
            ("+12065550102", SecretChange::Replace(sealed("one")), Some("one")),
            ("+12065550103", SecretChange::Keep, Some("one")),
            ("+12065550104", SecretChange::Replace(sealed("two")), Some("two")),
            ("+12065550105", SecretChange::Remove, None),
            ("+12065550106", SecretChange::Remove, None),
        ] {
            store.set_twilio(&properties(from), &change).await.unwrap();
            let expected = (properties(from), token.map(ToOwned::to_owned));
            assert_eq!(stored(store).await, expected, "{}", subject.name);
        }
        store.set_twilio(&TwilioProperties::default(), &SecretChange::Keep).await.unwrap();
        assert_eq!(stored(store).await, (TwilioProperties::default(), None), "{}: all of it", subject.name);
    }
}

/// SEC-44: of many who seal the token anew one does; nobody brings back what was replaced or taken away meanwhile, nor
/// makes an account that is not there.
#[tokio::test]
async fn a_token_is_sealed_anew_once() {
    for subject in subjects().await {
        let store = &subject.store;
        assert!(!store.reseal_twilio(&sealed("one"), &sealed("anew")).await.unwrap(), "{}", subject.name);
        assert!(store.twilio().await.unwrap().is_none(), "{}", subject.name);
        let account = properties("+12065550101");
        store.set_twilio(&account, &SecretChange::Replace(sealed("one"))).await.unwrap();
        let resealed = at_once(8, |number| {
            let (store, anew) = (store.clone(), sealed(&format!("anew {number}")));
            async move { store.reseal_twilio(&sealed("one"), &anew).await.unwrap() }
        })
        .await;
        assert_eq!(resealed.iter().filter(|done| **done).count(), 1, "{}", subject.name);
        let winner = resealed.iter().position(|done| *done).unwrap();
        assert_eq!(
            stored(store).await,
            (account.clone(), Some(format!("anew {winner}"))),
            "{}",
            subject.name
        );
        store.set_twilio(&account, &SecretChange::Remove).await.unwrap();
        assert!(!store.reseal_twilio(&sealed("one"), &sealed("x")).await.unwrap());
        assert_eq!(stored(store).await, (account, None), "{}", subject.name);
    }
}
