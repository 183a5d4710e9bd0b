//! Refresh families: begun once, rotated from what was seen, ended for good.

use std::sync::Arc;

use postern::id::{ClientId, FamilyId, Kid};
use postern::rules::refresh::{Chain, RefreshSecret};
use postern::rules::scope::Scope;
use postern::store::Store;
use postern::store::refresh::{Family, NewFamily, Rotated, Rotation};
use postern::token::claims::GrantedBy;

use super::fixtures::{association, enrolment, profile, refused, state, user};
use super::{at_once, subjects};
use crate::support::START;

fn secret(byte: u8) -> RefreshSecret {
    RefreshSecret::from_bytes([byte; 32])
}

fn id() -> FamilyId {
    FamilyId::new("f")
}

fn client() -> ClientId {
    ClientId::new("demo-app")
}

fn family() -> NewFamily {
    let family = Family {
        client_id: client(),
        audience: "https://api".into(),
        scope: Scope::parse("openid offline_access"),
        granted_by: GrantedBy::Password,
        auth_time: START,
        issued_at: START,
        ends_at: START.plus(1_000),
        expires_at: START.plus(500),
        revoked: false,
        chain: Chain::begin(&secret(0)),
    };
    NewFamily { user: user(), id: id(), family }
}

async fn stored(store: &Store) -> Family {
    store.refresh_family(&user(), &id()).await.unwrap().unwrap()
}

async fn rotate(store: &Store, seen: &Family, next: u8) -> Rotated {
    let (user, id) = (user(), id());
    let rotation = Rotation {
        user: &user,
        id: &id,
        seen,
        next: seen.chain.rotated(&secret(next), &Kid::new("root"), START.plus(10), 30),
        expires_at: START.plus(510),
    };
    store.rotate_refresh_family(&rotation).await.unwrap()
}

/// A family is as it was written; a rotation changes its secrets and its idle end, and nothing else.
#[tokio::test]
async fn a_rotation_changes_the_secret() {
    for subject in subjects().await {
        let store = &subject.store;
        assert!(store.refresh_family(&user(), &id()).await.unwrap().is_none());
        store.begin_refresh_family(&family()).await.unwrap();
        let seen = stored(store).await;
        assert_eq!(
            (seen.scope.to_string(), seen.audience.clone()),
            ("openid offline_access".into(), "https://api".into())
        );
        assert!(matches!(rotate(store, &seen, 1).await, Rotated::Done), "{}", subject.name);
        let now = stored(store).await;
        assert!(now.chain.secret_digest.matches(&secret(1).digest()));
        assert!(now.chain.replaced[0].digest.matches(&secret(0).digest()));
        assert_eq!((now.expires_at, now.ends_at, now.issued_at), (START.plus(510), START.plus(1_000), START));
        assert!(!now.is_over(START.plus(509)) && now.is_over(START.plus(510)));
    }
}

/// A rotation decided on what is no more is shown what is.
#[tokio::test]
async fn a_stale_rotation_is_overtaken() {
    for subject in subjects().await {
        let store = &subject.store;
        store.begin_refresh_family(&family()).await.unwrap();
        let seen = stored(store).await;
        rotate(store, &seen, 1).await;
        let Rotated::Overtaken(newer) = rotate(store, &seen, 2).await else { panic!("{}", subject.name) };
        assert!(newer.chain.secret_digest.matches(&secret(1).digest()));
        assert!(!newer.revoked);
    }
}

/// An ended family is not rotated, nor brought back by anything; another client, or none, ends nothing.
#[tokio::test]
async fn an_ended_family_stays_ended() {
    for subject in subjects().await {
        let store = &subject.store;
        store.end_refresh_family(&user(), &id(), &client()).await.unwrap();
        assert!(store.refresh_family(&user(), &id()).await.unwrap().is_none(), "{}", subject.name);
        store.begin_refresh_family(&family()).await.unwrap();
        store.end_refresh_family(&user(), &id(), &ClientId::new("other")).await.unwrap();
        let seen = stored(store).await;
        assert!(!seen.revoked);
        store.end_refresh_family(&user(), &id(), &client()).await.unwrap();
        let Rotated::Overtaken(newer) = rotate(store, &seen, 1).await else { panic!("{}", subject.name) };
        assert!(newer.revoked && newer.is_over(START));
        store.begin_refresh_family(&family()).await.unwrap();
        assert!(stored(store).await.revoked);
    }
}

/// What is not there is not made by a rotation.
#[tokio::test]
async fn nothing_is_rotated_into_being() {
    for subject in subjects().await {
        let store = &subject.store;
        assert!(matches!(rotate(store, &family().family, 1).await, Rotated::Gone), "{}", subject.name);
        assert!(store.refresh_family(&user(), &id()).await.unwrap().is_none());
    }
}

/// Of many rotations of one secret at once one is written; every other is shown it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_rotation_of_many_is_written() {
    for subject in subjects().await {
        let store = Arc::new(subject.store.clone());
        store.begin_refresh_family(&family()).await.unwrap();
        let seen = stored(&store).await;
        let results = at_once(16, |_| {
            let (store, seen) = (Arc::clone(&store), seen.clone());
            async move { rotate(&store, &seen, 1).await }
        })
        .await;
        let done = results.iter().filter(|result| matches!(result, Rotated::Done)).count();
        assert_eq!(done, 1, "{}", subject.name);
        for result in results {
            if let Rotated::Overtaken(newer) = result {
                assert!(newer.chain.secret_digest.matches(&secret(1).digest()));
            }
        }
        assert_eq!(stored(&store).await.chain.replaced.len(), 1);
    }
}

/// SEC-8: a family is begun with the code that is used up, or not at all.
#[tokio::test]
async fn a_family_is_begun_with_its_sign_in() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        store.associate(&association(&state(store).await, "first", "A")).await.unwrap();
        let mut proof = enrolment(store, "first", "A").await;
        proof.refresh = Some(family());
        store.confirm(&proof).await.unwrap();
        assert!(!stored(store).await.revoked, "{}", subject.name);
        proof.refresh = Some(NewFamily { id: FamilyId::new("g"), ..family() });
        assert!(!refused(store.confirm(&proof).await).is_empty());
        assert!(store.refresh_family(&user(), &FamilyId::new("g")).await.unwrap().is_none());
    }
}
