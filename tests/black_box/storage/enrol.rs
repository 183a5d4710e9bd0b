//! The transaction that begins an enrolment, each of its conditions, and its inverse (design §5).

use postern::id::AuthenticatorId;
use postern::rules::limit::{Limits, Window};
use postern::rules::policy::Factor;
use postern::store::Store;
use postern::store::mfa::{AssociateStep, Association, NewAuthenticator, Replaced};

use super::fixtures::{
    association, code, email_id, enrolled, enrolment, jti, otp_association, profile, refused, ring,
    sends_owed, state, user,
};
use super::subjects;
use crate::support::START;

async fn begun(store: &Store) -> Association {
    store.create_user(profile(), &[]).await.unwrap();
    association(&state(store).await, "first", "A")
}

/// design §7: the authenticator, its challenge, the list and the charge are written together.
#[tokio::test]
async fn an_association_writes_all_its_parts() {
    for subject in subjects().await {
        let store = &subject.store;
        let association = begun(store).await;
        store.associate(&association).await.unwrap();
        let seen = state(store).await;
        assert_eq!(seen.profile.pending, association.pending, "{}", subject.name);
        assert_eq!(seen.authenticators.len(), 1);
        assert_eq!(seen.active().count(), 0);
        assert_eq!(sends_owed(store).await, Some(Limits::DEFAULT.emails.refill_seconds));
        let login = store.mfa(&jti("first")).await.unwrap();
        let stored = login.challenge(&email_id("A")).unwrap();
        let (user, id, login) = (user(), email_id("A"), jti("first"));
        let client = stored.client_id.clone();
        let binding = postern::store::mfa::CodeBinding {
            user: &user,
            authenticator: &id,
            jti: &login,
            client: &client,
        };
        assert!(stored.accepts(&ring(), binding, &code()));
    }
}

/// design §5: the list changes only from what was seen, so that two at once cannot both be the fifth.
#[tokio::test]
async fn a_stale_list_is_refused() {
    for subject in subjects().await {
        let store = &subject.store;
        let first = begun(store).await;
        let second = association(&state(store).await, "second", "B");
        store.associate(&first).await.unwrap();
        assert_eq!(refused(store.associate(&second).await), [AssociateStep::Profile], "{}", subject.name);
        assert_eq!(state(store).await.authenticators.len(), 1, "nothing of it was written");
        assert_eq!(
            sends_owed(store).await,
            Some(Limits::DEFAULT.emails.refill_seconds),
            "and nothing charged"
        );
        let again = association(&state(store).await, "second", "B");
        store.associate(&again).await.unwrap();
        assert_eq!(state(store).await.profile.pending.len(), 2);
    }
}

/// SEC-27: the gate is a condition of the write: closed once an authenticator is active or the address verified,
/// unless the email factor is off; open for who proved MFA.
#[tokio::test]
async fn the_gate_is_a_condition_of_the_write() {
    use postern::rules::enrolment::Gate;
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let mut late = association(&state(store).await, "second", "B");
        assert_eq!(refused(store.associate(&late).await), [AssociateStep::Profile], "{}", subject.name);
        late.gate = Gate::Proven;
        store.associate(&late).await.unwrap();
    }
    for subject in subjects().await {
        let store = &subject.store;
        let verified = postern::store::users::Profile { email_verified: true, ..profile() };
        store.create_user(verified, &[]).await.unwrap();
        let mut implicit = association(&state(store).await, "first", "A");
        assert_eq!(refused(store.associate(&implicit).await), [AssociateStep::Profile], "{}", subject.name);
        implicit.settings.factors.set(Factor::Email, false);
        store.associate(&implicit).await.unwrap();
    }
}

/// SEC-25, SEC-42: a spent login, a blocked user, and a token older than the user accepts begin nothing.
#[tokio::test]
async fn a_login_that_counts_no_more_begins_nothing() {
    for subject in subjects().await {
        let store = &subject.store;
        enrolled(store).await;
        let mut spent = association(&state(store).await, "first", "B");
        spent.gate = postern::rules::enrolment::Gate::Proven;
        assert_eq!(refused(store.associate(&spent).await), [AssociateStep::Spent], "{}", subject.name);
    }
    for (blocked, valid_after) in [(true, None), (false, Some(START.plus(1)))] {
        for subject in subjects().await {
            let store = &subject.store;
            let changed =
                postern::store::users::Profile { blocked, tokens_valid_after: valid_after, ..profile() };
            store.create_user(changed.clone(), &[]).await.unwrap();
            let late = association(&state(store).await, "first", "A");
            assert_eq!(refused(store.associate(&late).await), [AssociateStep::Profile], "{}", subject.name);
        }
    }
}

/// SEC-22: a spent budget, the user's or the destination's, refuses the whole, and the refusal burns nothing.
#[tokio::test]
async fn a_spent_budget_refuses_the_whole() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        for device in 0..20 {
            let next = association(&state(store).await, "first", &format!("D{device}"));
            store.associate(&next).await.unwrap();
        }
        let over = association(&state(store).await, "first", "A");
        assert_eq!(refused(store.associate(&over).await), [AssociateStep::Limit], "{}", subject.name);
        assert_eq!(sends_owed(store).await, Some(20 * Limits::DEFAULT.emails.refill_seconds));
    }
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        let narrow = |mut association: Association| {
            let NewAuthenticator::Oob { sending, .. } = &mut association.kind else { panic!("an email") };
            sending.window = Window { sends: 1, seconds: 3_600 };
            association
        };
        store.associate(&narrow(association(&state(store).await, "first", "A"))).await.unwrap();
        let second = narrow(association(&state(store).await, "first", "B"));
        assert_eq!(
            refused(store.associate(&second).await),
            [AssociateStep::DestinationLimit],
            "{}",
            subject.name
        );
        assert_eq!(sends_owed(store).await, Some(Limits::DEFAULT.emails.refill_seconds));
    }
}

/// design §5: apps have a budget of associations too.
#[tokio::test]
async fn apps_have_a_budget_of_associations() {
    for subject in subjects().await {
        let store = &subject.store;
        store.create_user(profile(), &[]).await.unwrap();
        for device in 0..=10_u64 {
            let id = AuthenticatorId::new(format!("totp|dev_{device}"));
            let next = otp_association(&state(store).await, "first", &id);
            let steps = refused(store.associate(&next).await);
            let expected: &[AssociateStep] =
                if device < Limits::DEFAULT.otp_associations.burst { &[] } else { &[AssociateStep::Limit] };
            assert_eq!(steps, expected, "{}", subject.name);
        }
    }
}

/// design §7: when the code could not be sent, all is as it was: the list, the budget, and what was replaced.
#[tokio::test]
async fn an_undone_association_was_never_made() {
    for subject in subjects().await {
        let store = &subject.store;
        let first = begun(store).await;
        store.associate(&first).await.unwrap();
        let seen = state(store).await;
        let earlier = store.mfa(&jti("first")).await.unwrap().challenge_item(&email_id("A"));
        let mut second = association(&seen, "first", "B");
        second.pending.remove(0);
        second.replaced =
            Some(Replaced { authenticator: seen.authenticators[0].clone(), twin: None, challenge: earlier });
        store.associate(&second).await.unwrap();
        let ids: Vec<_> = state(store).await.authenticators.iter().map(|it| it.id.clone()).collect();
        assert_eq!(ids, [email_id("B")], "{}", subject.name);

        store.undo_association(&second).await.unwrap();
        let back = state(store).await;
        assert_eq!(back.profile.pending, first.pending, "{}", subject.name);
        assert_eq!(back.authenticators.len(), 1);
        assert_eq!(back.authenticators[0].id, email_id("A"));
        assert_eq!(sends_owed(store).await, Some(Limits::DEFAULT.emails.refill_seconds));
        let login = store.mfa(&jti("first")).await.unwrap();
        assert!(login.challenge(&email_id("B")).is_none());
        store.confirm(&enrolment(store, "first", "A").await).await.unwrap();
    }
}

/// design §7: another login's association that came meanwhile stays.
#[tokio::test]
async fn undoing_leaves_another_logins_association() {
    for subject in subjects().await {
        let store = &subject.store;
        let first = begun(store).await;
        store.associate(&first).await.unwrap();
        store.associate(&association(&state(store).await, "second", "B")).await.unwrap();
        store.undo_association(&first).await.unwrap();
        let seen = state(store).await;
        let listed: Vec<_> = seen.profile.pending.iter().map(|it| it.id.clone()).collect();
        assert_eq!(listed, [email_id("B")], "{}", subject.name);
        assert_eq!(seen.authenticators.len(), 1);
        assert_eq!(sends_owed(store).await, Some(Limits::DEFAULT.emails.refill_seconds));
    }
}

/// design §7: when the authenticator itself moved on meanwhile it stays, and only the send is given back.
#[tokio::test]
async fn undoing_too_late_gives_only_the_send_back() {
    for subject in subjects().await {
        let store = &subject.store;
        let first = begun(store).await;
        store.associate(&first).await.unwrap();
        store.confirm(&enrolment(store, "first", "A").await).await.unwrap();
        store.undo_association(&first).await.unwrap();
        assert_eq!(state(store).await.active().count(), 1, "{}", subject.name);
        assert_eq!(sends_owed(store).await, Some(0), "{}", subject.name);
    }
}
