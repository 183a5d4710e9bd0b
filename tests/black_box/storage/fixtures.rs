//! What the tests of the store begin with: a user, a login, and the values of its transactions.

use std::sync::Arc;

use postern::id::{AuthenticatorId, ClientId, Jti, Kid, Nonce, UserId};
use postern::rules::address::EmailAddress;
use postern::rules::channel::Channel;
use postern::rules::enrolment::Gate;
use postern::rules::limit::{Charge, Limits, Window};
use postern::rules::notice::NoticeKind;
use postern::rules::otp::OneTimeCode;
use postern::rules::policy::TenantSettings;
use postern::rules::random::Random;
use postern::rules::recovery::{RecoveryCode, RecoveryHash};
use postern::rules::totp::Algorithm;
use postern::store::Store;
use postern::store::limits::{LimitKey, Taken};
use postern::store::logins::{DEFAULT_CONNECTION, LoginName, PasswordHash};
use postern::store::mfa::{
    Association, Challenge, ChallengePurpose, CodeBinding, Confirmation, NewAuthenticator, NewChallenge,
    Proven, Sending,
};
use postern::store::notices::{Notice, Recipient};
use postern::store::user_life::NewLogin;
use postern::store::users::{
    Authenticator, AuthenticatorKind, Labels, Pending, Profile, Recovery, SealedSecret, Source, State,
    UserState,
};
use postern::time::Clock;
use postern::token::keyring::{KeyRing, Root};

use crate::support::START;

pub(crate) const ADDRESS: &str = "user@example.com";

pub(crate) fn user() -> UserId {
    UserId::new("auth0|1")
}

/// What a user is told of a new password.
pub(crate) fn password_notice() -> Notice {
    let (to, client) = (Recipient::User(user()), ClientId::new("operator"));
    Notice::new(NoticeKind::PasswordChanged, to, None, &client, &Random::system(), START).unwrap()
}

pub(crate) fn jti(name: &str) -> Jti {
    Jti::new(name)
}

pub(crate) fn email_id(device: &str) -> AuthenticatorId {
    AuthenticatorId::new(format!("email|dev_{device}"))
}

pub(crate) fn address() -> EmailAddress {
    EmailAddress::parse(ADDRESS).unwrap()
}

pub(crate) fn hash(seed: u64) -> RecoveryHash {
    RecoveryCode::generate(&Random::seeded(seed)).unwrap().hash()
}

/// A ring with one root.
pub(crate) fn ring() -> KeyRing {
    KeyRing { roots: vec![Arc::new(Root::new(Kid::new("root"), START, &[7; 32]))], signing: Vec::new() }
}

/// The code every challenge here was made for.
pub(crate) fn code() -> OneTimeCode {
    OneTimeCode::parse("012345", 6).unwrap()
}

pub(crate) fn challenge(
    ring: &KeyRing,
    user: &UserId,
    authenticator: &AuthenticatorId,
    jti: &Jti,
    nonce: &Nonce,
) -> Challenge {
    let client = ClientId::new("demo-app");
    let binding = CodeBinding { user, authenticator, jti, client: &client };
    let times = (START, START.plus(300));
    Challenge::new(ring, binding, nonce.clone(), ChallengePurpose::Enrol, &code(), times).unwrap()
}

/// A login with a password.
pub(crate) fn login(address: &str) -> NewLogin {
    let name = LoginName::new(DEFAULT_CONNECTION, address);
    NewLogin { name, password_hash: Some(PasswordHash("old".into())) }
}

/// The clock that stands at [`START`].
pub(crate) fn clock() -> Clock {
    Clock::fixed(START)
}

/// A user without authenticators, whose address is not verified.
pub(crate) fn profile() -> Profile {
    Profile { email: Some(address()), ..Profile::new(user(), START) }
}

pub(crate) async fn state(store: &Store) -> UserState {
    store.user(&user(), START).await.unwrap().unwrap()
}

pub(crate) fn sending() -> Sending {
    Sending {
        user: user(),
        bucket: Limits::DEFAULT.emails,
        decayed: false,
        channel: Channel::Email,
        purpose: ChallengePurpose::Enrol,
        destination: "destination".into(),
        window: Window { sends: 100, seconds: 3_600 },
        now: START,
    }
}

pub(crate) fn pending(id: &AuthenticatorId, login: &str) -> Pending {
    Pending {
        id: id.clone(),
        jti: jti(login),
        channel: AuthenticatorKind::Email,
        destination: Some("destination".into()),
        expires_at: START.plus(600),
    }
}

/// An email association by an `mfa_token` of `login`, on top of what the user has now.
pub(crate) fn association(seen: &UserState, login: &str, device: &str) -> Association {
    let id = email_id(device);
    let mut list = seen.profile.pending.clone();
    list.push(pending(&id, login));
    Association {
        jti: jti(login),
        issued_at: START,
        spendable: true,
        gate: Gate::OnlyIfNotEnrolled,
        settings: TenantSettings::default(),
        authenticator: Authenticator {
            id: id.clone(),
            created_at: START,
            source: Source::Email { destination: address() },
            state: State::Pending {
                jti: jti(login),
                recovery_hash: Some(hash(1)),
                expires_at: START.plus(600),
            },
            labels: Labels::default(),
        },
        twin: None,
        kind: NewAuthenticator::Oob {
            challenge: challenge(&ring(), &user(), &id, &jti(login), &Nonce::new(format!("nonce-{device}"))),
            sending: sending(),
        },
        profile: seen.profile.clone(),
        pending: list,
        replaced: None,
        now: START,
    }
}

/// The same for an authenticator app.
pub(crate) fn otp_association(seen: &UserState, login: &str, id: &AuthenticatorId) -> Association {
    let mut association = association(seen, login, "unused");
    association.authenticator.id = id.clone();
    association.authenticator.source =
        Source::Otp { secret: SealedSecret("sealed".into()), algorithm: Algorithm::Sha1, last_step: None };
    let bucket = Limits::DEFAULT.otp_associations;
    association.kind = NewAuthenticator::Otp { bucket, decayed: false, forgets: false };
    association.pending = seen.profile.pending.clone();
    association.pending.push(Pending {
        channel: AuthenticatorKind::Otp,
        destination: None,
        ..pending(id, login)
    });
    association
}

/// An attempt charged for an authenticator.
pub(crate) async fn attempt(store: &Store, key: &LimitKey) -> Charge {
    match store.take_attempt(key, START).await.unwrap() {
        Taken::Charged(charge) => charge,
        Taken::Spent { .. } => panic!("the budget is spent"),
    }
}

/// The confirmation of [`association`], with its attempt charged.
pub(crate) async fn enrolment(store: &Store, login: &str, device: &str) -> Confirmation {
    let seen = state(store).await;
    let id = email_id(device);
    let key = LimitKey::codes(
        &user(),
        postern::store::limits::Counter::Authenticator(id.clone()),
        &Limits::DEFAULT,
    );
    let charge = attempt(store, &key).await;
    let clean = charge.was_the_only_debt();
    let pending_after = seen.profile.pending.iter().filter(|it| it.id != id).cloned().collect();
    Confirmation {
        user: user(),
        jti: jti(login),
        issued_at: START,
        spend_until: Some(START.plus(600)),
        challenge: Some((id.clone(), Nonce::new(format!("nonce-{device}")))),
        proven: Proven::Enrolment {
            id,
            twin: None,
            gate: Gate::OnlyIfNotEnrolled,
            settings: Default::default(),
            pending: seen.profile.pending.clone(),
            pending_after,
            recovery: Some(Recovery {
                id: AuthenticatorId::new("recovery-code|dev_1"),
                hash: hash(1),
                created_at: START,
            }),
            recovery_replaces: true,
            step: None,
        },
        limit: (key, charge),
        clean,
        refresh: None,
        notice: None,
        mailbox: None,
        now: START,
    }
}

/// A user with one confirmed email authenticator, `email|dev_A`, and a recovery code.
pub(crate) async fn enrolled(store: &Store) {
    assert!(store.create_user(profile(), &[login(ADDRESS)]).await.unwrap().is_some());
    store.associate(&association(&state(store).await, "first", "A")).await.unwrap();
    store.confirm(&enrolment(store, "first", "A").await).await.unwrap();
}

/// A challenge of `email|dev_A` by another login.
pub(crate) fn new_challenge(login: &str, nonce: &str) -> NewChallenge {
    NewChallenge {
        jti: jti(login),
        issued_at: START,
        authenticator_id: email_id("A"),
        implicit: None,
        challenge: challenge(&ring(), &user(), &email_id("A"), &jti(login), &Nonce::new(nonce)),
        sending: Sending { purpose: ChallengePurpose::Verify, ..sending() },
        earlier: None,
    }
}

/// The steps whose conditions did not hold.
pub(crate) fn refused<S: Copy>(result: Result<(), postern::store::NotWritten<S>>) -> Vec<S> {
    match result {
        Err(postern::store::NotWritten::Refused(steps)) => steps.iter().map(|refused| refused.step).collect(),
        Err(postern::store::NotWritten::Failed(error)) => panic!("failed: {error}"),
        Ok(()) => Vec::new(),
    }
}

/// The codes bucket as a number of seconds owed at [`START`]; `None` when it is clean.
pub(crate) async fn owed(store: &Store) -> Option<u64> {
    state(store).await.limit(Limits::DEFAULT.codes).tat.map(|tat| tat.since(START))
}

/// The same of the send bucket.
pub(crate) async fn sends_owed(store: &Store) -> Option<u64> {
    state(store).await.limit(Limits::DEFAULT.emails).tat.map(|tat| tat.since(START))
}
