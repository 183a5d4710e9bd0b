//! The audit log of what is sent (SEC-40): by every channel, to nobody, and not at all.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Codes, NUMBER, Recorded, World};

const USER: &str = "user@example.com";
const NOBODY: &str = "nobody@example.com";

pub(crate) static FLOWS: [&Recorded; 2] = [&CHANNELS, &PASSWORDLESS];

/// Text messages and calls, sent and failed; mail that failed; and the budget of messages.
#[tokio::test]
async fn messages_of_every_channel() {
    CHANNELS.codes().await;
}

static CHANNELS: Recorded = Recorded::new(|| Box::pin(by_channel()));

async fn by_channel() -> Codes {
    let world = World::with_phones(true).await;
    let login = world.log_in(USER).await.mfa_token;
    let audit = world.audit();
    for (channel, service, operation) in
        [("sms", "sms", "SendTextMessage"), ("voice", "sms", "SendVoiceMessage")]
    {
        assert_eq!(world.associate_phone(&login, channel, NUMBER).await.status, 200);
        world.fault(service, operation, "error", 0, 1);
        world.associate_phone(&login, channel, NUMBER).await.assert_not_delivered();
    }
    world.fault("ses", "SendEmail", "error", 0, 1);
    world.associate_email(&login, None).await.assert_not_delivered();
    assert_snapshot!(audit.lines(), @"
    gd_start_enroll user demo-app sms -
    gd_send_sms user demo-app sms -
    gd_start_enroll_failed user demo-app sms delivery_failed
    gd_send_sms_failure user demo-app sms delivery_failed
    gd_start_enroll user demo-app sms -
    gd_send_voice user demo-app sms -
    gd_start_enroll_failed user demo-app sms delivery_failed
    gd_send_voice_failure user demo-app sms delivery_failed
    gd_start_enroll_failed user demo-app email delivery_failed
    gd_send_email_failure user demo-app email delivery_failed
    ");
    world.enrol_email(USER).await;
    let login = world.log_in(USER).await.mfa_token;
    audit.taken();
    world.fault("ses", "SendEmail", "error", 0, 1);
    world.challenge_any(&login).await.assert_not_delivered();
    assert_snapshot!(audit.lines(), @"
    gd_auth_rejected user demo-app email delivery_failed
    gd_send_email_failure user demo-app email delivery_failed
    ");
    while world.challenge_any(&login).await.status == 200 {
        audit.taken();
    }
    assert_snapshot!(audit.lines(), @"limit_sends user demo-app email too_many_sends");
    audit.codes()
}

/// Codes and links that take a password's place: to somebody and to nobody, right and wrong. What is told of nobody's is
/// what is told of somebody's, but for who it is (SEC-35).
#[tokio::test]
async fn without_password() {
    PASSWORDLESS.codes().await;
}

static PASSWORDLESS: Recorded = Recorded::new(|| Box::pin(passwordless()));

async fn passwordless() -> Codes {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    let audit = world.audit();
    for address in [USER, NOBODY] {
        world.start_email(address).await;
        world.start_link(address).await;
        world.passwordless("email", address, "1234567").await;
    }
    assert_snapshot!(audit.lines(), @"
    cs user demo-app email -
    cls user demo-app email -
    fepotpft user demo-app email wrong_sign_in_code
    cs - demo-app email -
    cls - demo-app email -
    fepotpft - demo-app email wrong_sign_in_code
    ");
    world.start_sms(NUMBER).await;
    assert_eq!(world.passwordless("sms", NUMBER, &world.code(NUMBER)).await.status, 200);
    world.start(&json!({ "connection": "made up" })).await;
    world.fault("ses", "SendEmail", "error", 0, 1);
    world.start_email(USER).await.assert_not_delivered();
    assert_snapshot!(audit.lines(), @"
    cs user demo-app sms -
    sepotpft user demo-app sms -
    f - - - bad_start
    fn user demo-app email delivery_failed
    ");
    while world.start_email(NOBODY).await.status == 200 {
        audit.taken();
    }
    assert_snapshot!(audit.lines(), @"limit_sends - demo-app email too_many_sends");
    audit.codes()
}
