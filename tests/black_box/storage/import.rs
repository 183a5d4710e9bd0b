//! Authenticators that were confirmed elsewhere.

use postern::id::{AuthenticatorId, UserId};
use postern::rules::enrolment::AUTHENTICATORS_MAX;
use postern::rules::totp::Algorithm;
use postern::store::mfa::Imported;
use postern::store::users::{Authenticator, SealedSecret, Source, State};

use super::fixtures::{profile, state, user};
use super::{at_once, subjects};
use crate::support::START;

pub(super) fn app(number: usize) -> Authenticator {
    Authenticator {
        id: AuthenticatorId::new(format!("totp|dev_{number}")),
        created_at: START,
        source: Source::Otp {
            secret: SealedSecret("sealed".into()),
            algorithm: Algorithm::Sha1,
            last_step: None,
        },
        state: State::Active { last_used_at: START },
    }
}

/// An imported authenticator is active and counted, with no recovery code; the same again changes nothing.
#[tokio::test]
async fn an_import_is_counted_once() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        for expected in [Imported::Done, Imported::Known] {
            assert_eq!(
                store.import_authenticator(&user(), &app(1)).await.unwrap(),
                expected,
                "{}",
                subject.name
            );
            let seen = state(store).await;
            assert_eq!(
                (seen.profile.active_authenticators, seen.active().count()),
                (1, 1),
                "{}",
                subject.name
            );
            assert!(seen.recovery.is_none());
        }
    }
}

/// Nobody's authenticator is written, nor one more than a user may have; of two at once for the last place one is.
#[tokio::test]
async fn what_is_not_possible_leaves_nothing() {
    for subject in subjects().await {
        let store = &subject.store;
        let nobody = UserId::new("auth0|nobody");
        let refused = store.import_authenticator(&nobody, &app(1)).await.unwrap();
        assert_eq!(refused, Imported::NotPossible, "{}", subject.name);
        assert!(subject.item("USER#auth0|nobody", "AUTHENTICATOR#totp|dev_1").await.is_none());

        store.create_user(profile(), &[]).await.unwrap();
        for number in 1..AUTHENTICATORS_MAX {
            store.import_authenticator(&user(), &app(number)).await.unwrap();
        }
        let last = at_once(2, |number| {
            let store = store.clone();
            async move { store.import_authenticator(&user(), &app(1_000 + number)).await.unwrap() }
        })
        .await;
        assert!(last.contains(&Imported::Done) && last.contains(&Imported::NotPossible), "{last:?}");
        let seen = state(store).await;
        let counted = usize::try_from(seen.profile.active_authenticators).unwrap();
        assert_eq!(
            (counted, seen.active().count()),
            (AUTHENTICATORS_MAX, AUTHENTICATORS_MAX),
            "{}",
            subject.name
        );
    }
}
