//! The state moves after a request has read it and before it writes: what the answer rests on is a condition of the
//! write (design §3, §5, SEC-27, SEC-42).

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::{MFA_SCOPES, Reply, START, World};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const ENROLLED: &str = "403 User is already enrolled.";
const MALFORMED: &str = "403 Malformed mfa_token";
const WRONG: &str = "403 Invalid binding_code.";

/// Sends a request whose queries are answered only when they have been made and the state has been changed.
async fn overtaken(
    world: &Arc<World>,
    reads: usize,
    request: impl Future<Output = Reply> + Send + 'static,
    change: impl Future<Output = ()>,
) -> Reply {
    world.overtaken("Query", reads, request, change).await
}

/// Sets an attribute of a profile.
async fn set(world: &World, username: &str, name: &str, value: AttributeValue) {
    let mut profile = world.user_item(username, "PROFILE").await.unwrap();
    profile.insert(name.to_owned(), value);
    world.overwrite(profile).await;
}

fn after_the_start() -> AttributeValue {
    AttributeValue::N((START.0 + 1).to_string())
}

/// A login that was challenged: `mfa_token`, `oob_code`, code.
async fn challenged(world: &World, username: &str, id: &str) -> [String; 3] {
    let mfa_token = world.log_in(username).await.mfa_token;
    let oob_code = world.challenge(&mfa_token, "oob", id).await.text("oob_code");
    [mfa_token, oob_code, world.code(username)]
}

async fn oob(world: Arc<World>, [mfa_token, oob_code, code]: [String; 3]) -> Reply {
    world.oob(&mfa_token, &oob_code, &code).await
}

/// Design §5: the gate is a condition of the confirmation itself.
#[tokio::test]
async fn an_enrolment_is_not_confirmed_past_a_gate_that_has_just_closed() {
    for with_jwt in [false, true] {
        let world = Arc::new(World::new().await);
        let token = match with_jwt {
            true => world.first_access_token(USER, MFA_SCOPES).await,
            false => world.log_in(USER).await.mfa_token,
        };
        let oob_code = world.associate_email(&token, None).await.text("oob_code");
        let request = oob(Arc::clone(&world), [token, oob_code, world.code(USER)]);
        let verified = set(&world, USER, "email_verified", AttributeValue::Bool(true));
        let reply = overtaken(&world, 2, request, verified).await;
        assert_eq!(reply.outcome(), ENROLLED, "JWT: {with_jwt}");
        assert_eq!(world.authenticators(USER).await, (0, 1));
        assert!(world.user_item(USER, "RECOVERY").await.is_none());
    }
}

/// Design §5: and of the association; nothing is mailed.
#[tokio::test]
async fn nothing_is_associated_past_a_gate_that_has_just_closed() {
    let world = Arc::new(World::new().await);
    let token = world.log_in(USER).await.mfa_token;
    let request = {
        let (world, token) = (Arc::clone(&world), token);
        async move { world.associate_email(&token, None).await }
    };
    let verified = set(&world, USER, "email_verified", AttributeValue::Bool(true));
    assert_eq!(overtaken(&world, 2, request, verified).await.outcome(), ENROLLED);
    assert_eq!((world.authenticators(USER).await, world.mails(USER)), ((0, 0), 0));
}

/// SEC-42: a reset or a block that comes in between is obeyed by every write.
#[tokio::test]
async fn a_reset_in_between_is_obeyed() {
    let world = Arc::new(World::new().await);
    let (id, _) = world.enrol_email(USER).await;
    let sent = challenged(&world, USER, &id).await;
    let mails = world.mails(USER);
    let mfa_token = sent[0].clone();
    let before = world.user_item(USER, "PROFILE").await.unwrap();

    let reset = set(&world, USER, "tokens_valid_after", after_the_start());
    let reply = overtaken(&world, 2, oob(Arc::clone(&world), sent.clone()), reset).await;
    assert_eq!(reply.outcome(), MALFORMED);
    world.overwrite(before.clone()).await;

    let blocked = set(&world, USER, "blocked", AttributeValue::Bool(true));
    let reply = overtaken(&world, 2, oob(Arc::clone(&world), sent.clone()), blocked).await;
    assert_eq!(reply.outcome(), MALFORMED);
    world.overwrite(before.clone()).await;

    let request = {
        let (world, id) = (Arc::clone(&world), id.clone());
        async move { world.challenge(&mfa_token, "oob", &id).await }
    };
    let reset = set(&world, USER, "tokens_valid_after", after_the_start());
    assert_eq!(overtaken(&world, 2, request, reset).await.outcome(), MALFORMED);
    assert_eq!(world.mails(USER), mails, "nothing was sent");
    world.overwrite(before).await;
    assert_eq!(oob(Arc::clone(&world), sent).await.status, 200, "and nothing else was changed");
}

/// SEC-18, I2: a success gives back its own attempt; what others were charged in between stays owed.
#[tokio::test]
async fn guesses_in_between_stay_owed() {
    let world = Arc::new(World::new().await);
    let (id, _) = world.enrol_email(USER).await;
    let [thief, thiefs_oob_code, _] = challenged(&world, USER, &id).await;
    let sent = challenged(&world, USER, &id).await;
    let wrong = World::wrong(&sent[2]);
    let guesses = async {
        while world.tat(USER, "CODES").await.is_none() {
            tokio::task::yield_now().await;
        }
        for _ in 0..9 {
            world.oob(&thief, &thiefs_oob_code, &wrong).await;
        }
    };
    assert_eq!(overtaken(&world, 2, oob(Arc::clone(&world), sent), guesses).await.status, 200);
    assert_eq!(world.tat(USER, "CODES").await, Some(START.0 + 9 * 360));
    assert_eq!(world.oob(&thief, &thiefs_oob_code, &wrong).await.outcome(), WRONG, "the tenth");
    assert_eq!(world.oob(&thief, &thiefs_oob_code, &wrong).await.status, 429);
}

/// An authenticator that is removed in between gives no token.
#[tokio::test]
async fn a_removal_in_between_is_obeyed() {
    let world = Arc::new(World::new().await);
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let sent = challenged(&world, USER, &id).await;
    let removed = async {
        assert_eq!(world.delete(&token, &id).await.status, 204);
    };
    let reply = overtaken(&world, 2, oob(Arc::clone(&world), sent), removed).await;
    assert_eq!(reply.outcome(), WRONG);
}

/// Design §5: an address that changes in between voids the implicit authenticator's code, and gets no mail for it.
#[tokio::test]
async fn a_change_of_address_in_between_is_obeyed() {
    let world = Arc::new(World::new().await);
    let id = world.id_of_type(VERIFIED, "email").await;
    let sent = challenged(&world, VERIFIED, &id).await;
    let mails = world.mails(VERIFIED);
    let mfa_token = sent[0].clone();
    let before = world.user_item(VERIFIED, "PROFILE").await.unwrap();
    let change = || set(&world, VERIFIED, "email", AttributeValue::S("new@example.com".into()));

    let reply = overtaken(&world, 2, oob(Arc::clone(&world), sent), change()).await;
    assert_eq!(reply.outcome(), WRONG);
    world.overwrite(before).await;
    let request = {
        let world = Arc::clone(&world);
        async move { world.challenge(&mfa_token, "oob", &id).await }
    };
    assert_eq!(overtaken(&world, 2, request, change()).await.outcome(), "404 Authenticator not found");
    assert_eq!(world.mails(VERIFIED), mails);
}

/// SEC-12: a challenge that replaces the code in between voids it.
#[tokio::test]
async fn a_newer_challenge_in_between_is_obeyed() {
    let world = Arc::new(World::new().await);
    let (id, _) = world.enrol_email(USER).await;
    let sent = challenged(&world, USER, &id).await;
    let mfa_token = sent[0].clone();
    // The newer challenge's own reads are not late: the fault has hit its two calls by then.
    let newer = async {
        assert_eq!(world.challenge(&mfa_token, "oob", &id).await.status, 200);
    };
    let reply = overtaken(&world, 2, oob(Arc::clone(&world), sent), newer).await;
    assert_eq!(reply.outcome(), WRONG);
}

/// Design §5: which removal is the last is decided by the count that is written, so the recovery code never outlives
/// the last authenticator, and goes with no other.
#[tokio::test]
async fn the_last_removal_is_decided_by_the_count() {
    let world = Arc::new(World::new().await);
    let (id, recovery_code) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let app = world.associate_otp(&token).await;
    let secret = postern::rules::totp::TotpSecret::from_base32(&app.text("secret")).unwrap();
    let request = {
        let (world, token, id) = (Arc::clone(&world), token.clone(), id.clone());
        async move { world.delete(&token, &id).await }
    };
    let confirmed = async {
        assert_eq!(world.otp(&token, &world.app_code(&secret, 0)).await.status, 200);
    };
    assert_eq!(overtaken(&world, 1, request, confirmed).await.status, 204);
    assert_eq!(world.authenticators(USER).await, (1, 0));
    let login = world.log_in(USER).await;
    assert_eq!(world.recovery(&login.mfa_token, &recovery_code).await.status, 200, "it was not the last");
}

/// An association that another login's overtakes is decided again: both stand.
#[tokio::test]
async fn an_association_in_between_is_taken_in() {
    let world = Arc::new(World::new().await);
    let (mine, other) = (world.log_in(USER).await, world.log_in(USER).await);
    let request = {
        let (world, token) = (Arc::clone(&world), mine.mfa_token.clone());
        async move { world.associate_email(&token, Some("mine@example.com")).await }
    };
    let begun = async {
        assert_eq!(world.associate_email(&other.mfa_token, Some("other@example.com")).await.status, 200);
    };
    let reply = overtaken(&world, 2, request, begun).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(world.authenticators(USER).await, (0, 2));
    let sent = [mine.mfa_token, reply.text("oob_code"), world.code("mine@example.com")];
    assert_eq!(oob(Arc::clone(&world), sent).await.status, 200);
    let profile: HashMap<_, _> = world.user_item(USER, "PROFILE").await.unwrap();
    assert_eq!(profile["pending"].as_l().unwrap().len(), 1);
}

/// Design §5: so is a taking over by the operator: an enrolment that was begun before is not confirmed past it.
#[tokio::test]
async fn an_import_in_between_is_obeyed() {
    let world = Arc::new(World::new().await);
    let token = world.log_in(USER).await.mfa_token;
    let oob_code = world.associate_email(&token, None).await.text("oob_code");
    let request = oob(Arc::clone(&world), [token, oob_code, world.code(USER)]);
    let reply = overtaken(&world, 2, request, crate::totp_import::import_one(&world)).await;
    assert_eq!(reply.outcome(), ENROLLED);
    assert_eq!(world.authenticators(USER).await, (1, 1));
    assert!(world.user_item(USER, "RECOVERY").await.is_none());
}
