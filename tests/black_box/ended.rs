//! SEC-42: a password change, a block and an MFA reset end whatever was issued before, also in the same second; what is
//! issued after, also in the same second, is good.

use postern::id::{ClientId, UserId};
use postern::rules::limit::Limits;
use postern::rules::notice::NoticeKind;
use postern::rules::random::Random;
use postern::store::accounts::NewPassword;
use postern::store::logins::PasswordHash;
use postern::store::notices::{Notice, Recipient};
use postern::store::user_changes::{Changed, UserChange};
use postern::token::password::{Password, hash};

use serde_json::json;

use crate::support::{Body, OFFLINE, World, user_path, user_pk};

const USER: &str = "user@example.com";
const API: &str = "https://someapi.com/api";
const INVALID: &str = "401 The mfa_token provided is invalid. Try getting a new token.";
const MALFORMED: &str = "403 Malformed mfa_token";
const UNKNOWN: &str = "403 Unknown or invalid refresh token.";

/// What an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Password,
    BlockAndUnblock,
    Reset,
}

const CHANGES: [Change; 3] = [Change::Password, Change::BlockAndUnblock, Change::Reset];

fn user_id() -> UserId {
    UserId::new(user_pk(USER).strip_prefix("USER#").unwrap())
}

async fn set_password(world: &World, password: &str) {
    set_password_of(world, &user_id(), password).await;
}

/// Past the Management API, which takes none as short as the demo users'.
async fn set_password_of(world: &World, user: &UserId, password: &str) {
    let hash = PasswordHash(hash(&Password::new(password), &Random::system()).unwrap());
    let (store, change) = (&world.twin.app.store, UserChange::default());
    let (to, client, kind) =
        (Recipient::User(user.clone()), ClientId::new("test"), NoticeKind::PasswordChanged);
    let notice = Notice::new(kind, to, None, &client, &Random::system(), world.clock.now()).unwrap();
    let new = NewPassword { hash: &hash, change: &change, notice: &notice };
    let changed = store.set_password(user, new, &world.clock).await.unwrap();
    assert!(matches!(changed, Changed::Done(_)), "{changed:?}");
}

impl Change {
    async fn make(self, world: &World) {
        let path = user_path(user_id().as_str());
        let block = async |blocked: bool| {
            world.manage("PATCH", &path, Some(&json!({ "blocked": blocked }))).await.status
        };
        match self {
            // The same one again, so that the tests go on signing in: an old hash is no old token.
            Self::Password => set_password(world, "pwd").await,
            Self::BlockAndUnblock => {
                assert_eq!(block(true).await, 200);
                assert_eq!(world.password(USER, "pwd").await.outcome(), "403 user is blocked");
                assert_eq!(block(false).await, 200);
            }
            Self::Reset => {
                let factors = format!("{path}/authenticators");
                assert_eq!(world.manage("DELETE", &factors, None).await.status, 204);
            }
        }
    }
}

/// Everything a user may hold.
struct Held {
    id: String,
    recovery_code: String,
    mfa_token: String,
    oob_code: String,
    code: String,
    mfa_access: String,
    access: String,
    refresh: String,
}

impl Held {
    async fn by(world: &World) -> Self {
        let (id, recovery_code) = world.enrol_email(USER).await;
        let tokens = world.sign_in_by_email(USER, &id, API, OFFLINE).await;
        let mfa_access = world.mfa_access_token(USER, &id).await;
        let mfa_token = world.log_in(USER).await.mfa_token;
        let oob_code = world.challenge(&mfa_token, "oob", &id).await.text("oob_code");
        Self {
            id,
            recovery_code,
            mfa_token,
            oob_code,
            code: world.code(USER),
            mfa_access,
            access: tokens.text("access_token"),
            refresh: tokens.text("refresh_token"),
        }
    }

    async fn assert_ended(&self, world: &World, what: &str) {
        let before = world.stored_without_limits().await;
        for bearer in [&self.mfa_token, &self.mfa_access] {
            assert_eq!(world.list(bearer).await.outcome(), INVALID, "{what}");
            assert_eq!(world.associate_otp(bearer).await.outcome(), INVALID, "{what}");
            assert_eq!(world.associate_email(bearer, None).await.outcome(), INVALID, "{what}");
        }
        assert_eq!(world.delete(&self.mfa_access, &self.id).await.outcome(), INVALID, "{what}");
        assert_eq!(world.challenge(&self.mfa_token, "oob", &self.id).await.outcome(), MALFORMED, "{what}");
        let by_code = world.oob(&self.mfa_token, &self.oob_code, &self.code).await;
        assert_eq!(by_code.outcome(), MALFORMED, "{what}");
        assert_eq!(world.otp(&self.mfa_token, "123456").await.outcome(), MALFORMED, "{what}");
        let recovered = world.recovery(&self.mfa_token, &self.recovery_code).await;
        assert_eq!(recovered.outcome(), MALFORMED, "{what}");
        let mfa = format!("{}mfa/", world.issuer());
        assert_eq!(world.refresh(&self.refresh).await.outcome(), UNKNOWN, "{what}");
        let for_factors = world.refresh_with(&self.refresh, &[("audience", &mfa)]).await;
        assert_eq!(for_factors.outcome(), UNKNOWN, "{what}");
        assert_eq!(world.bearer("GET", "/userinfo", &self.access, Body::none()).await.status, 401, "{what}");
        assert!(world.stored_without_limits().await == before, "{what}: nothing was written");
    }
}

/// Every kind of token at every endpoint that takes it, issued in the very second of the change, and long before it.
#[tokio::test]
async fn what_was_issued_before_is_refused() {
    for change in CHANGES {
        for seconds_later in [0, 100] {
            let world = World::new().await;
            let held = Held::by(&world).await;
            world.clock.advance(seconds_later);
            change.make(&world).await;
            held.assert_ended(&world, &format!("{change:?} {seconds_later} s later")).await;
            world.clock.advance(1);
            held.assert_ended(&world, &format!("{change:?}, a second after it")).await;
        }
    }
}

/// What is issued after it works at once, all the way to a refresh; a second change in that second ends that, too.
#[tokio::test]
async fn what_is_issued_after_is_good() {
    for first in CHANGES {
        for second in CHANGES {
            let world = World::new().await;
            let held = Held::by(&world).await;
            first.make(&world).await;
            let (id, tokens) = match first {
                Change::Reset => {
                    let tokens = world.enrol_offline(USER).await;
                    (world.id_of_type(USER, "email").await, tokens)
                }
                _ => (held.id.clone(), world.sign_in_by_email(USER, &held.id, API, OFFLINE).await),
            };
            assert_eq!(tokens.status, 200, "{first:?}: {}", tokens.body);
            let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
            let userinfo = async || world.bearer("GET", "/userinfo", &access, Body::none()).await.status;
            assert_eq!(userinfo().await, 200, "{first:?}");
            let refreshed = world.refresh(&refresh).await;
            assert_eq!(refreshed.status, 200, "{first:?}");
            let mfa_access = world.mfa_access_token(USER, &id).await;
            assert_eq!(world.list(&mfa_access).await.status, 200, "{first:?}");
            let login = world.log_in(USER).await;
            assert_eq!(world.list(&login.mfa_token).await.status, 200, "{first:?}");

            second.make(&world).await;
            assert_eq!(userinfo().await, 401, "{first:?} {second:?}");
            assert_eq!(world.refresh(&refreshed.text("refresh_token")).await.outcome(), UNKNOWN);
            for bearer in [&mfa_access, &login.mfa_token] {
                assert_eq!(world.list(bearer).await.outcome(), INVALID, "{first:?} {second:?}");
            }
            held.assert_ended(&world, &format!("{first:?} {second:?}")).await;
        }
    }
}

/// The old password is over, the new one works, and debts from before, of passwords and of codes, are forgotten.
#[tokio::test]
async fn a_password_change_begins_afresh() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await.mfa_token;
    let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
    let wrong = World::wrong(&world.code(USER));
    for _ in 0..10 {
        assert_eq!(world.oob(&login, &oob_code, &wrong).await.status, 403);
        assert_eq!(world.password(USER, "wrong").await.status, 403);
    }
    assert_eq!(world.oob(&login, &oob_code, &wrong).await.status, 429);
    assert_eq!(world.password(USER, "pwd").await.status, 429);
    let body = json!({ "password": "a new one" });
    let changed = world.manage("PATCH", &user_path(user_id().as_str()), Some(&body)).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(world.password(USER, "pwd").await.outcome(), "403 Wrong email or password.");
    let login = world.password(USER, "a new one").await.text("mfa_token");
    let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
    assert_eq!(world.failures(USER, &id).await, Some(10), "SEC-20: the count of an authenticator stays");
    assert_eq!(world.oob(&login, &oob_code, &world.code(USER)).await.status, 200);
}

/// Design §5: the verified address, which cannot be enrolled anew, is unlocked by a password change and by a reset.
#[tokio::test]
async fn a_locked_verified_address_is_unlocked() {
    const VERIFIED: &str = "verified@example.com";
    for reset in [false, true] {
        let world = World::new().await;
        let user = UserId::new(user_pk(VERIFIED).strip_prefix("USER#").unwrap());
        let id = world.id_of_type(VERIFIED, "email").await;
        let locked = std::collections::HashMap::from([
            ("pk".to_owned(), aws_sdk_dynamodb::types::AttributeValue::S(user_pk(VERIFIED))),
            ("sk".to_owned(), aws_sdk_dynamodb::types::AttributeValue::S("LIMIT#CODES".into())),
            (format!("fails#{id}"), aws_sdk_dynamodb::types::AttributeValue::N("100".into())),
            ("fails#otp".to_owned(), aws_sdk_dynamodb::types::AttributeValue::N("100".into())),
        ]);
        world.overwrite(locked).await;
        let login = world.log_in(VERIFIED).await;
        assert_eq!(world.challenge(&login.mfa_token, "oob", &id).await.status, 429);
        if reset {
            let factors = format!("{}/authenticators", user_path(user.as_str()));
            assert_eq!(world.manage("DELETE", &factors, None).await.status, 204);
        } else {
            set_password_of(&world, &user, "pwd").await;
        }
        let left = world.failures(VERIFIED, "otp").await;
        assert_eq!(
            left,
            (!reset).then_some(Limits::DEFAULT.consecutive_failures),
            "SEC-20: apps stay locked"
        );
        let login = world.log_in(VERIFIED).await;
        assert_eq!(world.challenge(&login.mfa_token, "oob", &id).await.status, 200);
    }
}

/// After a reset the user is as one who never enrolled: nothing is listed, nothing counts, and the recovery code is gone.
#[tokio::test]
async fn a_reset_user_enrols_anew() {
    let world = World::new().await;
    let held = Held::by(&world).await;
    world.associate_otp(&held.mfa_access).await;
    assert_eq!(world.authenticators(USER).await, (1, 1));
    Change::Reset.make(&world).await;
    assert_eq!(world.authenticators(USER).await, (0, 0));
    for gone in ["RECOVERY", "LIMIT#CODES", "LIMIT#RECOVERY", "LIMIT#ENROL-OTP"] {
        assert!(world.user_item(USER, gone).await.is_none(), "{gone}");
    }
    assert!(world.user_item(USER, "LIMIT#SEND-EMAIL").await.is_some(), "mailboxes stay protected");
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.list(&login).await.json(), serde_json::json!([]));
    assert_eq!(
        world.recovery(&login, &held.recovery_code).await.outcome(),
        "403 User does not have a recovery-code."
    );
    let (_, recovery_code) = world.enrol_email(USER).await;
    assert_ne!(recovery_code, held.recovery_code);
}
