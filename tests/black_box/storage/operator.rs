//! The same transactions on an operator's word, and those that only operators make (design §5).

use postern::id::{AuthenticatorId, ClientId};
use postern::rules::channel::PhoneChannel;
use postern::rules::enrolment::{AUTHENTICATORS_MAX, Gate};
use postern::rules::label::Label;
use postern::rules::limit::RECOVERY_CODES_REPLACED;
use postern::rules::notice::NoticeKind;
use postern::rules::phone::PhoneNumber;
use postern::rules::policy::{Factor, TenantSettings};
use postern::rules::random::Random;
use postern::store::Store;
use postern::store::accounts::NewFactors;
use postern::store::mfa::{Authority, Gift, Given, RegenerateStep, Regeneration, Removal, RemoveStep};
use postern::store::notices::{Notice, Recipient};
use postern::store::users::{Authenticator, Labels, NEVER, Profile, Source, State};

use super::fixtures::{association, clock, email_id, enrolled, hash, profile, refused, state, user};
use super::give::give_app;
use super::subjects;
use crate::support::START;

fn notice(kind: NoticeKind) -> Notice {
    let (to, client) = (Recipient::User(user()), ClientId::new("operator"));
    Notice::new(kind, to, Some(Factor::Sms), &client, &Random::system(), START).unwrap()
}

/// A phone with both channels, and a number of its own.
fn phone(device: &str) -> Vec<Authenticator> {
    let destination = PhoneNumber::parse(&format!("+491511234567{}", device.as_bytes()[0] - b'A')).unwrap();
    let sms = Authenticator {
        id: AuthenticatorId::new(format!("sms|dev_{device}")),
        created_at: START,
        source: Source::Sms { destination: destination.clone() },
        state: State::Active { last_used_at: NEVER },
        labels: Labels::default(),
    };
    let voice =
        Authenticator { id: sms.id.twin().unwrap(), source: Source::Voice { destination }, ..sms.clone() };
    vec![sms, voice]
}

/// The same numbers by other ids.
fn renamed(authenticators: Vec<Authenticator>, device: &str) -> Vec<Authenticator> {
    let others = phone(device).into_iter().map(|other| other.id);
    authenticators.into_iter().zip(others).map(|(it, id)| Authenticator { id, ..it }).collect()
}

async fn give(store: &Store, device: &str) -> Given {
    let notice = Some(notice(NoticeKind::FactorAdded));
    let gift = Gift { user: user(), authenticators: phone(device), notice };
    store.give(&gift, &TenantSettings::default(), START).await.unwrap()
}

async fn count(store: &Store) -> (u32, usize) {
    let seen = state(store).await;
    (seen.profile.active_authenticators, seen.active().count())
}

/// Contract §3: the channels of a phone come together or not at all, and both count.
#[tokio::test]
async fn a_phone_is_given_whole() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        assert_eq!((give(store, "A").await, count(store).await), (Given::Done, (2, 2)), "{}", subject.name);
        assert_eq!(give(store, "A").await, Given::Known);
        let again = Gift { user: user(), authenticators: renamed(phone("A"), "C"), notice: None };
        let again = store.give(&again, &TenantSettings::default(), START).await.unwrap();
        assert_eq!(again, Given::Known, "by another id");
        for number in 2..AUTHENTICATORS_MAX - 1 {
            assert_eq!(give_app(store, &user(), number).await, Given::Done);
        }
        assert_eq!(count(store).await, (49, 49));
        assert_eq!(give(store, "B").await, Given::TooMany, "one place is too few");
        assert_eq!(count(store).await, (49, 49));
    }
}

/// Design §5: of a user who is not enrolled no recovery code of old comes back to life; another's stays.
#[tokio::test]
async fn a_recovery_code_of_old_is_gone() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(Profile { email_verified: true, ..profile() }, &[]).await.unwrap();
        let regenerate = async || {
            let (id, notice) =
                (AuthenticatorId::new("recovery-code|dev_new"), notice(NoticeKind::FactorAdded));
            let (seen, limits) = (state(store).await, TenantSettings::default().limits);
            let made = Regeneration::of(&seen, &limits, Authority::Operator, (hash(2), id), notice);
            store.regenerate_recovery_code(&made).await
        };
        assert!(regenerate().await.is_ok(), "{}", subject.name);
        let mut settings = TenantSettings::default();
        let gift = |device| Gift { user: user(), authenticators: phone(device), notice: None };
        assert_eq!(store.give(&gift("A"), &settings, START).await.unwrap(), Given::Done);
        assert!(state(store).await.recovery.is_some(), "the address counted");
        let seen = state(store).await;
        let gone = seen.authenticators.clone();
        let removal = Removal::of(&seen, gone, &settings, Authority::Operator, None);
        store.remove_authenticators(&removal, &clock()).await.unwrap();
        assert!(state(store).await.recovery.is_some(), "and still counts");
        settings.factors.set(Factor::Email, false);
        assert_eq!(store.give(&gift("B"), &settings, START).await.unwrap(), Given::Done);
        assert!(state(store).await.recovery.is_none());
    }
}

/// An operator takes away from a blocked user as well, a user's own old token does not; from nobody nobody does.
#[tokio::test]
async fn removal_by_an_operator() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        store.block(&user(), &clock()).await.unwrap();
        let seen = state(store).await;
        let removal = |authority| {
            let notice = Some(notice(NoticeKind::FactorRemoved));
            Removal::of(&seen, seen.authenticators.clone(), &TenantSettings::default(), authority, notice)
        };
        let own = removal(Authority::Token(START));
        assert_eq!(
            refused(store.remove_authenticators(&own, &clock()).await),
            [RemoveStep::Profile],
            "{}",
            subject.name
        );
        assert_eq!(count(store).await, (1, 1));
        store.remove_authenticators(&removal(Authority::Operator), &clock()).await.unwrap();
        assert_eq!(count(store).await, (0, 0));
        assert!(state(store).await.recovery.is_none(), "it goes with the last");
        store.delete_user(&user(), &clock()).await.unwrap();
        let gone = refused(store.remove_authenticators(&removal(Authority::Operator), &clock()).await);
        assert_eq!(gone, [RemoveStep::Authenticator, RemoveStep::Profile]);
        assert!(store.user(&user(), START).await.unwrap().is_none());
    }
}

/// SEC-42: what an operator takes away takes along what was begun, whichever channel, and what was issued.
#[tokio::test]
async fn removal_by_an_operator_ends_what_was_begun() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let mut pending = association(&state(store).await, "second", "B");
        pending.gate = Gate::Proven;
        store.associate(&pending).await.unwrap();
        let seen = state(store).await;
        let gone: Vec<_> = seen.active().cloned().collect();
        let (settings, authority) = (TenantSettings::default(), Authority::Operator);
        let removal = Removal::of(&seen, gone.clone(), &settings, authority, None);
        assert_eq!(removal.begun, [email_id("B")], "{}", subject.name);
        let own = Removal::of(&seen, gone, &settings, Authority::Token(START), None);
        assert!(own.begun.is_empty());
        store.remove_authenticators(&removal, &clock()).await.unwrap();
        let left = state(store).await;
        assert_eq!((left.authenticators.len(), left.profile.pending.len()), (0, 0));
        assert_eq!(left.profile.tokens_valid_after, Some(START));
    }
}

/// An operator's new code costs the user no budget; without a factor there is none to be had.
#[tokio::test]
async fn a_recovery_code_by_an_operator() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        let regeneration = async |seed: u64| {
            let (id, notice) =
                (AuthenticatorId::new("recovery-code|dev_new"), notice(NoticeKind::FactorAdded));
            let (seen, limits) = (state(store).await, TenantSettings::default().limits);
            Regeneration::of(&seen, &limits, Authority::Operator, (hash(seed), id), notice)
        };
        let early = store.regenerate_recovery_code(&regeneration(2).await).await;
        assert_eq!(refused(early), [RegenerateStep::Profile], "{}", subject.name);
        assert_eq!(give(store, "A").await, Given::Done);
        for seed in 0..2 * RECOVERY_CODES_REPLACED.burst {
            store.regenerate_recovery_code(&regeneration(seed).await).await.unwrap();
        }
        assert!(state(store).await.limit(RECOVERY_CODES_REPLACED).tat.is_none());
    }
}

/// What is noted is noted of both channels or of none, of what is confirmed, and each note for itself.
#[tokio::test]
async fn labels_are_noted() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        assert_eq!(give(store, "A").await, Given::Done);
        let ids: Vec<_> = phone("A").into_iter().map(|it| it.id).collect();
        let name = Labels { name: Label::parse("Phone"), preferred: None };
        let preferred = Labels { name: None, preferred: Some(PhoneChannel::Voice) };
        assert!(store.label(&user(), &ids, &name).await.unwrap(), "{}", subject.name);
        assert!(store.label(&user(), &ids, &preferred).await.unwrap());
        let both = Labels { name: name.name.clone(), ..preferred };
        assert!(state(store).await.authenticators.iter().all(|it| it.labels == both));
        let before = state(store).await.authenticators.len();
        let with_another = [ids[0].clone(), email_id("B")];
        let renamed = Labels { name: Label::parse("Other"), preferred: None };
        assert!(!store.label(&user(), &with_another, &renamed).await.unwrap());
        let seen = state(store).await;
        assert!(
            seen.authenticators.len() == before && seen.authenticators.iter().all(|it| it.labels == both)
        );
    }
}

/// A list takes the place of all there was, unconfirmed ones and the recovery code included.
#[tokio::test]
async fn all_are_replaced() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let mut pending = association(&state(store).await, "second", "B");
        pending.gate = Gate::Proven;
        store.associate(&pending).await.unwrap();
        let new = NewFactors { authenticators: phone("C"), notices: vec![notice(NoticeKind::FactorAdded)] };
        let removed = notice(NoticeKind::FactorRemoved);
        assert!(store.replace_factors(&user(), &new, &removed, &clock()).await.unwrap(), "{}", subject.name);
        let seen = state(store).await;
        let ids: Vec<_> = seen.authenticators.iter().map(|it| it.id.as_str()).collect();
        assert_eq!((ids, seen.profile.pending.len()), (vec!["sms|dev_C", "voice|dev_C"], 0));
        assert_eq!((seen.profile.active_authenticators, seen.recovery.is_some()), (2, false));
        assert_eq!(seen.profile.tokens_valid_after, Some(START));
        assert!(store.reset_mfa(&user(), &removed, &clock()).await.unwrap());
        let seen = state(store).await;
        assert_eq!((seen.profile.active_authenticators, seen.recovery.is_some()), (0, false));
    }
}
