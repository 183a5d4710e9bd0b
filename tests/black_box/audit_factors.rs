//! The audit log of second factors (SEC-40): enrolled, asked for, proven, guessed, removed.

use insta::assert_snapshot;

use serde_json::json;

use crate::support::{Body, Codes, Recorded, World, secret_on};

const USER: &str = "user@example.com";
const RECOVERY_CODE: &str = "/mfa/recovery-code";

pub(crate) static FLOWS: [&Recorded; 4] = [&EMAIL, &APP, &PAGE, &OWN];

/// Enrolled and used; a wrong code, and the budget of them.
#[tokio::test]
async fn codes_by_mail() {
    EMAIL.codes().await;
}

static EMAIL: Recorded = Recorded::new(|| Box::pin(by_mail()));

async fn by_mail() -> Codes {
    let world = World::new().await;
    let audit = world.audit();
    let login = world.log_in(USER).await.mfa_token;
    let oob_code = world.associate_email(&login, None).await.text("oob_code");
    let code = world.code(USER);
    world.oob(&login, &oob_code, &World::wrong(&code)).await;
    assert_eq!(world.oob(&login, &oob_code, &code).await.status, 200);
    assert_snapshot!(audit.lines(), @"
    mfar user demo-app - mfa_required
    gd_start_enroll user demo-app email -
    gd_send_email user demo-app email -
    gd_auth_failed user demo-app email invalid_binding_code
    feoobft user demo-app email invalid_binding_code
    gd_enrollment_complete user demo-app email -
    seoobft user demo-app email -
    ");
    let login = world.log_in(USER).await.mfa_token;
    let oob_code = world.challenge_any(&login).await.text("oob_code");
    assert_eq!(world.oob(&login, &oob_code, &world.code(USER)).await.status, 200);
    world.oob(&login, &oob_code, &world.code(USER)).await;
    world.oob("made up", "made up", "123456").await;
    assert_snapshot!(audit.lines(), @"
    mfar user demo-app - mfa_required
    gd_start_auth user demo-app email -
    gd_send_email user demo-app email -
    gd_auth_succeed user demo-app email -
    seoobft user demo-app email -
    feoobft user demo-app email malformed_mfa_token
    feoobft - demo-app - malformed_mfa_token
    ");
    let login = world.log_in(USER).await.mfa_token;
    let oob_code = world.challenge_any(&login).await.text("oob_code");
    world.clock.advance(301);
    audit.taken();
    world.oob(&login, &oob_code, "123456").await;
    world.associate_email(&login, None).await;
    world.challenge_any("made up").await;
    assert_snapshot!(audit.lines(), @"
    gd_auth_rejected user demo-app email oob_code_expired
    feoobft user demo-app email oob_code_expired
    gd_start_enroll_failed user demo-app email already_enrolled
    gd_auth_rejected - demo-app - malformed_mfa_token
    ");
    audit.codes()
}

/// An app, and its guesses.
#[tokio::test]
async fn codes_of_an_app() {
    APP.codes().await;
}

static APP: Recorded = Recorded::new(|| Box::pin(by_app()));

async fn by_app() -> Codes {
    let world = World::new().await;
    let audit = world.audit();
    let secret = world.enrol_otp(USER).await;
    let login = world.log_in(USER).await.mfa_token;
    world.challenge_any(&login).await;
    let code = world.app_code(&secret, 0);
    assert_eq!(world.otp(&login, &code).await.status, 200);
    assert_snapshot!(audit.lines(), @"
    mfar user demo-app - mfa_required
    gd_start_enroll user demo-app otp -
    gd_enrollment_complete user demo-app otp -
    seotpft user demo-app otp -
    mfar user demo-app - mfa_required
    gd_start_auth user demo-app otp -
    gd_auth_succeed user demo-app otp -
    seotpft user demo-app otp -
    ");
    let login = world.log_in(USER).await.mfa_token;
    for _ in 0..9 {
        world.otp(&login, &World::wrong(&code)).await;
    }
    audit.taken();
    world.otp(&login, &World::wrong(&code)).await;
    assert_eq!(world.otp(&login, &code).await.status, 429);
    assert_snapshot!(audit.lines(), @"
    gd_auth_failed user demo-app otp invalid_otp_code
    feotpft user demo-app otp invalid_otp_code
    gd_otp_rate_limit_exceed user demo-app otp too_many_codes
    feotpft user demo-app otp too_many_codes
    ");
    audit.codes()
}

/// On the page of an operator's ticket; a look at it is no event.
#[tokio::test]
async fn on_a_page() {
    PAGE.codes().await;
}

static PAGE: Recorded = Recorded::new(|| Box::pin(by_page()));

async fn by_page() -> Codes {
    let world = World::with_phones(false).await;
    let audit = world.audit();
    let ticket = world.enrolment_ticket(USER, &json!({})).await;
    world.look("made-up").await;
    world.look(&ticket).await;
    world.begin_phone(&ticket, "sms", "+4917698765432").await;
    let page = world.begin_app(&ticket).await;
    let code = world.app_code(&secret_on(&page), 0);
    world.give_code(&ticket, &page, &World::wrong(&code)).await;
    assert_eq!(world.give_code(&ticket, &page, &code).await.status, 200);
    world.begin_app(&ticket).await;
    world.begin_app("made-up").await;
    assert_snapshot!(audit.lines(), @"
    seccft - demo-management - -
    sapi user demo-management - -
    gd_start_enroll user demo-management sms -
    gd_send_sms user demo-management sms -
    gd_start_enroll user demo-management otp -
    gd_auth_failed user demo-management otp invalid_otp_code
    gd_enrollment_complete user demo-management otp -
    gd_start_enroll_failed user demo-management otp bearer_invalid
    gd_start_enroll_failed - - - bearer_invalid
    ");
    audit.codes()
}

/// The recovery code, used, guessed, replaced; a factor removed, and not by a password alone.
#[tokio::test]
async fn ones_own_factors() {
    OWN.codes().await;
}

static OWN: Recorded = Recorded::new(|| Box::pin(own()));

async fn own() -> Codes {
    let world = World::new().await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let login = world.log_in(USER).await.mfa_token;
    let audit = world.audit();
    let wrong = "N3BGPZZWJ85JLCNPZBDW6QXC";
    world.recovery(&login, wrong).await;
    assert_eq!(world.recovery(&login, &recovery_code).await.status, 200);
    assert_snapshot!(audit.lines(), @"
    gd_recovery_failed user demo-app recovery-code recovery_rejected
    fercft user demo-app recovery-code recovery_rejected
    gd_recovery_succeed user demo-app recovery-code -
    sercft user demo-app recovery-code -
    ");
    let login = world.log_in(USER).await.mfa_token;
    while world.recovery(&login, wrong).await.status == 403 {
        audit.taken();
    }
    assert_snapshot!(audit.lines(), @"
    gd_recovery_rate_limit_exceed user demo-app recovery-code too_many_codes
    fercft user demo-app recovery-code too_many_codes
    ");
    for bearer in [&login, &token] {
        world.bearer("POST", RECOVERY_CODE, bearer, Body::none()).await;
        world.delete(bearer, &id).await;
    }
    world.delete("made up", &id).await;
    assert_snapshot!(audit.lines(), @"
    gd_change_rejected user demo-app recovery-code fresh_mfa_needed
    gd_change_rejected user demo-app - bearer_invalid
    gd_update_device_account user demo-app recovery-code -
    gd_unenroll user demo-app email -
    gd_change_rejected - - - bearer_invalid
    ");
    audit.codes()
}
