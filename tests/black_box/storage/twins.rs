//! The transactions of a phone's two channels: made, undone, confirmed and removed together (contract §3); and the
//! counter of a country.

use postern::id::AuthenticatorId;
use postern::rules::channel::SendPurpose;
use postern::rules::limit::Window;
use postern::rules::phone::{Country, PhoneNumber};
use postern::store::Store;
use postern::store::limits::{Counter, LimitKey};
use postern::store::mfa::{
    AssociateStep, Association, ConfirmStep, Confirmation, Proven, Removal, RemoveStep, Replaced,
};
use postern::store::users::{Authenticator, AuthenticatorKind, Source, UserState};

use super::fixtures::{association, attempt, enrolment, jti, pending, profile, refused, state, user};
use super::subjects;
use crate::support::START;

fn number() -> PhoneNumber {
    PhoneNumber::parse("+4915112345678").unwrap()
}

fn sms_id(device: &str) -> AuthenticatorId {
    AuthenticatorId::new(format!("sms|dev_{device}"))
}

/// [`association`] of both channels of a phone, asked for by SMS.
fn phone(seen: &UserState, login: &str, device: &str) -> Association {
    let mut made = association(seen, login, device);
    let id = sms_id(device);
    made.authenticator.id = id.clone();
    made.authenticator.source = Source::Sms { destination: number() };
    made.twin = Some(Authenticator {
        id: id.twin().unwrap(),
        source: Source::Voice { destination: number() },
        ..made.authenticator.clone()
    });
    made.pending = seen.profile.pending.clone();
    let mut mine = pending(&id, login);
    mine.channel = AuthenticatorKind::Phone;
    made.pending.push(mine);
    made
}

/// [`enrolment`] of [`phone`].
async fn confirmation(store: &Store, login: &str, device: &str) -> Confirmation {
    let mut made = enrolment(store, login, device).await;
    let (mine, key) = (sms_id(device), LimitKey::of_user(&user(), made.limit.0.bucket()));
    made.challenge = made.challenge.map(|(_, nonce)| (mine.clone(), nonce));
    made.limit = (key.clone(), attempt(store, &key).await);
    made.clean = false;
    if let Proven::Enrolment { id, twin, pending, pending_after, .. } = &mut made.proven {
        pending_after.clone_from(&pending.iter().filter(|it| it.id != mine).cloned().collect());
        *twin = mine.twin();
        *id = mine;
    }
    made
}

fn ids(state: &UserState) -> Vec<(&str, bool)> {
    state.authenticators.iter().map(|it| (it.id.as_str(), it.is_active())).collect()
}

fn removal(seen: &UserState, removed: &str) -> Removal {
    let authenticator = seen.authenticators.iter().find(|it| it.id.as_str() == removed).unwrap().clone();
    Removal {
        issued_at: START,
        profile: seen.profile.clone(),
        twin: seen.twin_of(&authenticator).cloned(),
        authenticator,
        forgets: Some(Counter::of(&sms_id("A"))),
        forgets_recovery: false,
        with_recovery: true,
        notice: None,
    }
}

#[tokio::test]
async fn twins_are_made_confirmed_and_removed_together() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        store.associate(&phone(&state(store).await, "first", "A")).await.unwrap();
        let seen = state(store).await;
        assert_eq!(ids(&seen), [("sms|dev_A", false), ("voice|dev_A", false)], "{}", subject.name);
        assert_eq!(seen.profile.pending.len(), 1, "one phone is one entry");
        store.confirm(&confirmation(store, "first", "A").await).await.unwrap();
        let seen = state(store).await;
        assert_eq!(ids(&seen), [("sms|dev_A", true), ("voice|dev_A", true)]);
        assert_eq!((seen.profile.active_authenticators, seen.profile.pending.len()), (2, 0));
        let removed = removal(&seen, "voice|dev_A");
        store.remove_authenticator(&removed).await.unwrap();
        let left = state(store).await;
        assert_eq!((ids(&left).len(), left.profile.active_authenticators), (0, 0));
        assert!(left.recovery.is_none());
        let again = refused(store.remove_authenticator(&removed).await);
        assert_eq!(again, [RemoveStep::Authenticator, RemoveStep::Authenticator, RemoveStep::Profile]);
    }
}

/// A twin that is gone, or another login's, is a condition of the confirmation: never one channel without the other.
#[tokio::test]
async fn one_twin_is_not_confirmed_without_the_other() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        let mut alone = phone(&state(store).await, "first", "A");
        alone.twin = None;
        store.associate(&alone).await.unwrap();
        let half = store.confirm(&confirmation(store, "first", "A").await).await;
        assert_eq!(refused(half), [ConfirmStep::Authenticator], "{}", subject.name);
        assert_eq!(state(store).await.profile.active_authenticators, 0);
    }
}

/// design §7: undoing an association undoes both channels and restores both that it replaced.
#[tokio::test]
async fn an_undone_association_restores_the_twins_it_replaced() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        store.associate(&phone(&state(store).await, "first", "A")).await.unwrap();
        let seen = state(store).await;
        let mut second = phone(&seen, "first", "B");
        second.pending.remove(0);
        second.replaced = Some(Replaced {
            authenticator: seen.authenticators[0].clone(),
            twin: Some(seen.authenticators[1].clone()),
            challenge: store.mfa(&jti("first")).await.unwrap().challenge_item(&sms_id("A")),
        });
        store.associate(&second).await.unwrap();
        assert_eq!(ids(&state(store).await), [("sms|dev_B", false), ("voice|dev_B", false)]);
        store.undo_association(&second).await.unwrap();
        let restored = state(store).await;
        assert_eq!(ids(&restored), [("sms|dev_A", false), ("voice|dev_A", false)], "{}", subject.name);
        assert_eq!(restored.profile.pending, seen.profile.pending);
        store.confirm(&confirmation(store, "first", "A").await).await.unwrap();
        assert_eq!(state(store).await.profile.active_authenticators, 2);
    }
}

/// The id of a twin that is taken refuses the whole.
#[tokio::test]
async fn a_twin_never_overwrites() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        store.associate(&phone(&state(store).await, "first", "A")).await.unwrap();
        let again = store.associate(&phone(&state(store).await, "second", "A")).await;
        assert_eq!(refused(again), [AssociateStep::Authenticator, AssociateStep::Authenticator]);
    }
}

const VERIFY: SendPurpose = SendPurpose::Verify;

/// SEC-22: whatever share a send falls into, the country's limit is exact, in each window, and what is given back can be sent.
#[tokio::test]
async fn a_country_s_limit_is_exact() {
    let country = |code: &str| Country::parse(code).unwrap();
    for subject in subjects().await {
        let store = &subject.store;
        for sends in [0, 1, 3, 4, 10] {
            let window = Window { sends, seconds: 3_600 };
            let now = START.plus(sends * 3_600);
            let mut charged = Vec::new();
            while let Some(charge) = store.charge_country(&country("LV"), VERIFY, window, now).await.unwrap()
            {
                charged.push(charge);
                assert!(charged.len() <= 10);
            }
            assert_eq!(charged.len() as u64, sends, "{}", subject.name);
            let Some(last) = charged.pop() else { continue };
            store.refund_country(&last).await.unwrap();
            assert!(store.charge_country(&country("LV"), VERIFY, window, now).await.unwrap().is_some());
            assert!(store.charge_country(&country("LV"), VERIFY, window, now).await.unwrap().is_none());
            assert!(store.charge_country(&country("EE"), VERIFY, window, now).await.unwrap().is_some());
            let strangers = SendPurpose::Passwordless;
            let other = store.charge_country(&country("LV"), strangers, window, now).await.unwrap();
            assert!(other.is_some(), "what anybody may ask for has a counter of its own");
        }
    }
}
