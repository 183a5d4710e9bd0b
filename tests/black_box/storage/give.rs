//! Authenticators that were confirmed elsewhere, or that an operator vouches for.

use postern::id::{AuthenticatorId, UserId};
use postern::rules::enrolment::AUTHENTICATORS_MAX;
use postern::rules::policy::TenantSettings;
use postern::rules::totp::Algorithm;
use postern::store::Store;
use postern::store::mfa::{Gift, Given};
use postern::store::users::{Authenticator, Labels, SealedSecret, Source, State};

use super::fixtures::{profile, state, user};
use super::{at_once, subjects};
use crate::support::START;

fn app(number: usize) -> Authenticator {
    Authenticator {
        id: AuthenticatorId::new(format!("totp|dev_{number}")),
        created_at: START,
        source: Source::Otp {
            secret: SealedSecret("sealed".into()),
            algorithm: Algorithm::Sha1,
            last_step: None,
        },
        state: State::Active { last_used_at: START },
        labels: Labels::default(),
    }
}

/// Gives a user an app.
pub(super) async fn give_app(store: &Store, to: &UserId, number: usize) -> Given {
    let gift = Gift { user: to.clone(), authenticators: vec![app(number)], notice: None };
    store.give(&gift, &TenantSettings::default(), START).await.unwrap()
}

/// What is given is active and counted, with no recovery code; the same again changes nothing.
#[tokio::test]
async fn a_gift_is_counted_once() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        for expected in [Given::Done, Given::Known] {
            assert_eq!(give_app(store, &user(), 1).await, expected, "{}", subject.name);
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
        let refused = give_app(store, &nobody, 1).await;
        assert_eq!(refused, Given::NoSuchUser, "{}", subject.name);
        assert!(subject.item("USER#auth0|nobody", "AUTHENTICATOR#totp|dev_1").await.is_none());

        store.create_user(profile(), &[]).await.unwrap();
        for number in 1..AUTHENTICATORS_MAX {
            give_app(store, &user(), number).await;
        }
        let last = at_once(2, |number| {
            let store = store.clone();
            async move { give_app(&store, &user(), 1_000 + number).await }
        })
        .await;
        assert!(last.contains(&Given::Done) && last.contains(&Given::TooMany), "{last:?}");
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
