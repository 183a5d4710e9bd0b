//! AWS refuses for hours: the KMS key is disabled, SES has suspended the account. Nothing is given away meanwhile, the
//! log says why, and what comes back serves again without anybody's hand (SEC-36).

use postern::time::Clock;
use postern::token::keys::KEYS_FRESH_SECONDS;
use postern::token::rotation::{KNOWN_BEFORE_USE_SECONDS, Report, Rotation, RotationError};

use crate::support::{Body, Log, Reply, World, alarms};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";

/// Contract A3 "AWS fails".
fn assert_unavailable(reply: &Reply, what: &str) {
    assert_eq!(reply.status, 503, "{what}: {}", reply.body);
    assert!(reply.header("retry-after").is_some_and(|value| value.parse::<u64>().unwrap() >= 1), "{what}");
    assert!(!reply.has_tokens(), "{what}: {}", reply.body);
    for word in ["mfa_token\"", "oob_code\"", "KMS", "Disabled", "SES", "Suspended"] {
        assert!(!reply.body.contains(word), "{what}: {}", reply.body);
    }
}

/// A disabled key stops whoever needs a key that it has not unwrapped yet: an environment serves with what it has for as
/// long as it may, then no longer; and serves again when the key is enabled, the login that was under way included.
#[tokio::test]
async fn a_disabled_kms_key() {
    for code in ["DisabledException", "KMSInvalidStateException"] {
        let log = Log::start();
        let world = World::new().await;
        let (id, _) = world.enrol_email(USER).await;
        world.rotate_keys().await;
        world.refuse("kms", "", code);
        let clock = Clock::fixed(world.clock.now().plus(KNOWN_BEFORE_USE_SECONDS));
        let rotation = Rotation { clock: &clock, ..world.rotation() };
        let failed = rotation.rotate(&mut Report::default()).await;
        assert!(matches!(failed, Err(RotationError::Kms(why)) if why == code), "nothing is made: {code}");
        // The new keys are in the table, and cannot be unwrapped.
        world.clock.advance(KEYS_FRESH_SECONDS);
        let login = world.log_in(USER).await.mfa_token;
        let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
        let mail_code = world.code(USER);
        assert!(log.events("keys_not_refreshed").len() == 1, "{}", log.text());
        let said = log.events("aws_call_failed");
        assert!(said.iter().any(|line| line["service"] == "kms" && line["code"] == code), "{}", log.text());
        world.clock.advance(240);
        let before = log.events("metrics").len();
        for _ in 0..2 {
            assert_unavailable(&world.oob(&login, &oob_code, &mail_code).await, code);
            assert_unavailable(&world.password(USER, "pwd").await, code);
            assert_unavailable(&world.challenge(&login, "oob", &id).await, code);
            assert_unavailable(&world.client_credentials("").await, code);
        }
        assert_eq!(alarms(&log.events("metrics")[before..]), ["ErrorRatioAlarm"], "{code}");
        world.twin.aws.faults.clear();
        let reply = world.oob(&login, &oob_code, &mail_code).await;
        assert_eq!(reply.status, 200, "{code}: {}", reply.body);
        assert_eq!(world.password(USER, "pwd").await.status, 403, "{code}");
        world.clock.advance(KNOWN_BEFORE_USE_SECONDS);
        assert_eq!(world.twin.app.store.key_generations().await.unwrap().len(), 4);
        world.rotate_keys().await;
    }
}

/// A suspended account, paused sending, a sender's domain that is not verified any more: the factors that need no mail go
/// on, an earlier code stays good, no budget is spent, and mails go out again when SES takes them.
#[tokio::test]
async fn a_suspended_mail_account() {
    for code in ["AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException"]
    {
        let log = Log::start();
        let world = World::new().await;
        let (id, recovery_code) = world.enrol_email(USER).await;
        let login = world.log_in(USER).await.mfa_token;
        let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
        let mail_code = world.code(USER);
        let owed = world.tat(USER, "SEND-EMAIL").await;
        let before = world.stored_without_limits().await;
        world.refuse("ses", "SendEmail", code);
        let asked = log.events("metrics").len();
        // More often than anybody may ask for a mail.
        for _ in 0..30 {
            world.challenge(&login, "oob", &id).await.assert_not_delivered();
        }
        assert_eq!(world.tat(USER, "SEND-EMAIL").await, owed, "{code}: a budget was spent");
        assert!(world.stored_without_limits().await == before, "{code}: something was written");
        let off = alarms(&log.events("metrics")[asked..]);
        assert_eq!(off, ["DeliveryFailuresAlarm", "ErrorRatioAlarm"], "{code}");
        let said = log.events("delivery_failed");
        assert!(said.iter().any(|line| line["service"] == "ses" && line["code"] == code), "{}", log.text());
        let reply = world.oob(&login, &oob_code, &mail_code).await;
        assert_eq!(reply.status, 200, "{code}: the code that was mailed before: {}", reply.body);
        let other = world.log_in(USER).await.mfa_token;
        assert_eq!(world.recovery(&other, &recovery_code).await.status, 200, "{code}: without a mail");

        world.twin.aws.faults.clear();
        let login = world.log_in(USER).await.mfa_token;
        let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
        assert_eq!(world.oob(&login, &oob_code, &world.code(USER)).await.status, 200, "{code}");
    }
}

/// What is mailed from the table's stream waits for SES: that it refuses is no reason to give a mail up.
#[tokio::test]
async fn mails_that_can_wait_do() {
    let world = World::new().await;
    world.refuse_some("ses", "SendEmail", "AccountSuspendedException", 4);
    assert_eq!(world.forget(VERIFIED).await.status, 200);
    assert_eq!((world.links(VERIFIED).await.len(), world.twin.dead_letters().len()), (1, 0));
    assert!(world.twin.aws.faults.list().is_empty(), "it was tried again and again");
}

/// The table itself refuses everything, as it does while it is restored under another name: no token, no state, and no
/// hand needed afterwards.
#[tokio::test]
async fn a_table_that_is_not_there() {
    let log = Log::start();
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let tokens = world.sign_in_by_email(USER, &id, "https://someapi.com/api", "openid").await;
    let login = world.log_in(USER).await.mfa_token;
    let before = log.events("metrics").len();
    world.refuse("dynamodb", "", "ResourceNotFoundException");
    let what = "no table";
    assert_unavailable(&world.password(USER, "pwd").await, what);
    assert_unavailable(&world.challenge(&login, "oob", &id).await, what);
    assert_unavailable(&world.list(&login).await, what);
    assert_unavailable(
        &world.bearer("GET", "/userinfo", &tokens.text("access_token"), Body::none()).await,
        what,
    );
    assert_eq!(alarms(&log.events("metrics")[before..]), ["ErrorRatioAlarm"]);
    world.twin.aws.faults.clear();
    assert_eq!(world.challenge(&login, "oob", &id).await.status, 200);
    assert_eq!(world.list(&login).await.status, 200);
}
