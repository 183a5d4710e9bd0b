//! Refusals that pass by themselves: each 429 and 503 of contract A3, with its `Retry-After`.

use insta::assert_snapshot;
use postern::rules::settings::SettingValue;

use crate::support::{MFA_SCOPES, NUMBER, OFFLINE, Reply, World};

const USER: &str = "user@example.com";
const CODES_SPENT: &str = r#"429 {"error":"too_many_attempts","error_description":"Too many failed codes. Wait for some minutes before retrying."} retry-after 360 rate 10 0 +360"#;

/// The answer, when to come back and, of a budget, how it stands: what it allows, what is left, when there is more.
fn shown(world: &World, reply: &Reply) -> String {
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let retry_after = reply.header("retry-after").unwrap_or("(absent)");
    let told = format!("{} retry-after {retry_after}", reply.snapshot());
    match rate_headers(reply) {
        [None, None, None] => told,
        [Some(limit), Some(remaining), Some(reset)] => {
            format!("{told} rate {limit} {remaining} +{}", reset - world.clock.now().0)
        }
        partial => panic!("{partial:?}"),
    }
}

/// A3 "the eleventh password after ten wrong ones", even the right one, known address or not; one attempt comes back
/// every 6 minutes.
#[tokio::test]
async fn passwords() {
    let world = World::new().await;
    for username in [USER, "nobody@example.com"] {
        for _ in 0..10 {
            assert_eq!(world.password(username, "wrong").await.status, 403);
        }
        for password in ["pwd", "wrong"] {
            let reply = world.password(username, password).await;
            assert_eq!(
                shown(&world, &reply),
                r#"429 {"error":"too_many_attempts","error_description":"Your account has been blocked after multiple consecutive login attempts. We've sent you a notification via your preferred contact method with instructions on how to unblock it."} retry-after 360 rate 10 0 +360"#
            );
        }
    }
    world.clock.advance(360);
    assert_eq!(world.password(USER, "pwd").await.text("error"), "mfa_required");
}

/// A3 "failed-code budget spent", even for the right code; "order of checks": limits after tokens, before the code.
#[tokio::test]
async fn codes() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let oob_code = world.challenge(&login.mfa_token, "oob", &id).await.text("oob_code");
    let code = world.code(USER);
    for _ in 0..10 {
        assert_eq!(world.oob(&login.mfa_token, &oob_code, &World::wrong(&code)).await.status, 403);
    }
    assert_eq!(shown(&world, &world.oob(&login.mfa_token, &oob_code, &code).await), CODES_SPENT);
    let reply = world.oob(&login.mfa_token, "x", &code).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Malformed oob_code"}"#);
    let other = world.log_in(USER).await;
    let reply = world.oob(&other.mfa_token, &oob_code, &code).await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"error":"invalid_request","error_description":"The oob_code doesn't match the mfa_token"}"#);
}

/// A3 "failed-code budget spent" at mfa-otp.
#[tokio::test]
async fn codes_of_an_app() {
    let world = World::new().await;
    let secret = world.enrol_otp(USER).await;
    let login = world.log_in(USER).await;
    let code = world.app_code(&secret, 0);
    for _ in 0..10 {
        assert_eq!(world.otp(&login.mfa_token, &World::wrong(&code)).await.status, 403);
    }
    assert_eq!(shown(&world, &world.otp(&login.mfa_token, &code).await), CODES_SPENT);
}

/// A3 "recovery-code guesses": a budget of their own.
#[tokio::test]
async fn recovery_codes() {
    let world = World::new().await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    for _ in 0..10 {
        assert_eq!(world.recovery(&login.mfa_token, "N3BGPZZWJ85JLCNPZBDW6QXC").await.status, 403);
    }
    assert_eq!(shown(&world, &world.recovery(&login.mfa_token, &recovery_code).await), CODES_SPENT);
    let reply = world.sign_in_by_email(USER, &id, "https://someapi.com/api", "read:sample").await;
    assert_eq!(reply.status, 200, "codes have their own: {}", reply.body);
}

/// A3 "send budget spent", at associate and at challenge: 20, then one per minute.
#[tokio::test]
async fn sends() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    for _ in 0..19 {
        assert_eq!(world.challenge(&login.mfa_token, "oob", &id).await.status, 200);
    }
    let reply = world.challenge(&login.mfa_token, "oob", &id).await;
    assert_snapshot!(shown(&world, &reply), @r#"429 {"error":"too_many_attempts","error_description":"Too many emails sent by the user. Wait for some minutes before retrying."} retry-after 60 rate 20 0 +60"#);
    let mails = world.mails(USER);
    world.clock.advance(60);
    let token = world.mfa_access_token(USER, &id).await;
    let reply = world.associate_email(&token, Some("other@example.com")).await;
    assert_snapshot!(shown(&world, &reply), @r#"429 {"error":"too_many_attempts","error_description":"Too many emails sent by the user. Wait for some minutes before retrying."} retry-after 60 rate 20 0 +60"#);
    assert_eq!(
        (world.mails(USER), world.mails("other@example.com")),
        (mails + 1, 0),
        "a refusal sends nothing"
    );
}

/// A3 "send budget spent" of texts and calls, at associate and at challenge: 10, then one an hour.
#[tokio::test]
async fn texts_and_calls() {
    const SPENT: &str = r#"429 {"error":"too_many_attempts","error_description":"Too many SMS sent by the user. Wait for some minutes before retrying."} retry-after 3600 rate 10 0 +3600"#;
    let world = World::with_phones(true).await;
    let id = world.enrol_phone(USER, "voice", NUMBER).await;
    let login = world.log_in(USER).await.mfa_token;
    let now = world.clock.now().0;
    let second = world.challenge(&login, "oob", &id).await;
    assert_eq!(rate_headers(&second), [Some(10), Some(8), Some(now + 3_600)]);
    for _ in 0..8 {
        assert_eq!(world.challenge(&login, "oob", &id).await.status, 200);
    }
    assert_eq!(shown(&world, &world.challenge(&login, "oob", &id).await), SPENT);
    let other = World::with_phones(false).await;
    let login = other.log_in(USER).await.mfa_token;
    for _ in 0..10 {
        assert_eq!(other.associate_phone(&login, "sms", NUMBER).await.status, 200);
    }
    assert_eq!(shown(&other, &other.associate_phone(&login, "sms", NUMBER).await), SPENT);
}

/// What a number or a country is sent is told as any other limit: which it was, and when the next hour begins.
#[tokio::test]
async fn texts_to_a_number_and_to_a_country() {
    for setting in ["sms_sends_per_number", "sms_sends_per_country"] {
        let world = World::with_phones(false).await;
        world.configure(&[(setting, SettingValue::Number(2))]).await;
        let login = world.log_in(USER).await.mfa_token;
        for _ in 0..2 {
            assert_eq!(world.associate_phone(&login, "sms", NUMBER).await.status, 200);
        }
        let refused = world.associate_phone(&login, "sms", NUMBER).await;
        let left = 3_600 - world.clock.now().0 % 3_600;
        let expected = format!(
            r#"429 {{"error":"too_many_attempts","error_description":"Too many SMS sent by the user. Wait for some minutes before retrying."}} retry-after {left} rate 2 0 +{left}"#
        );
        assert_eq!(shown(&world, &refused), expected, "{setting}");
    }
}

/// Starts without password: a success tells how its source stands, a refusal which budget was spent: an address's,
/// known or not, or the source's.
#[tokio::test]
async fn starts_without_password() {
    let world = World::with_passwordless().await;
    let now = world.clock.now().0;
    for (number, address) in [(1, USER), (2, "nobody@example.com"), (3, "not an address")] {
        let reply = world.start_email(address).await;
        let expected = match reply.status {
            200 => [Some(50), Some(50 - number), Some(now + 72)],
            _ => [None; 3],
        };
        assert_eq!((rate_headers(&reply), reply.status == 200), (expected, number < 3), "{address}");
    }
    let first_text = world.start_sms(NUMBER).await;
    assert_eq!(rate_headers(&first_text), [Some(50), Some(47), Some(now + 72)]);
    for _ in 0..9 {
        assert_eq!(world.start_email(USER).await.status, 200);
        assert_eq!(world.start_sms(NUMBER).await.status, 200);
    }
    assert_snapshot!(shown(&world, &world.start_email(USER).await), @r#"429 {"error":"too_many_attempts","error_description":"Too many emails sent by the user. Wait for some minutes before retrying."} retry-after 600 rate 10 0 +600"#);
    assert_snapshot!(shown(&world, &world.start_sms(NUMBER).await), @r#"429 {"error":"too_many_attempts","error_description":"Too many SMS sent by the user. Wait for some minutes before retrying."} retry-after 600 rate 10 0 +600"#);
    let mut number = 0;
    let spent = loop {
        let reply = world.start_email(&format!("a{number}@example.com")).await;
        number += 1;
        if reply.status != 200 {
            break reply;
        }
        assert!(number < 50);
    };
    assert_snapshot!(shown(&world, &spent), @r#"429 {"error":"too_many_attempts","error_description":"Too many emails sent by the user. Wait for some minutes before retrying."} retry-after 72 rate 50 0 +72"#);
}

/// A3 "TOTP associations 10 then 1 per 6 min (429, the text of failed codes)".
#[tokio::test]
async fn associations_of_an_app() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    for _ in 0..10 {
        let reply = world.associate_otp(&login.mfa_token).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    assert_eq!(shown(&world, &world.associate_otp(&login.mfa_token).await), CODES_SPENT);
}

/// design §5: five unconfirmed authenticators at most; a place is free again when the first of them expires.
#[tokio::test]
async fn unconfirmed_authenticators() {
    let world = World::new().await;
    let token = world.first_access_token(USER, MFA_SCOPES).await;
    for n in 0..5 {
        assert_eq!(world.associate_email(&token, Some(&format!("a{n}@example.com"))).await.status, 200);
    }
    world.clock.advance(100);
    let reply = world.associate_email(&token, Some("a5@example.com")).await;
    assert_snapshot!(shown(&world, &reply), @r#"429 {"error":"too_many_attempts","error_description":"Too many unconfirmed authenticators. Wait for some minutes before retrying."} retry-after 500 rate 5 0 +500"#);
    assert_eq!(world.mails("a5@example.com"), 0);
}

/// A3 "delivery refused (SES, SMS)": 503, and the way it says so.
#[tokio::test]
async fn mail_that_is_refused() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    for mode in ["error", "throttle"] {
        world.fault("ses", "SendEmail", mode, 0, 1);
        let reply = world.associate_email(&login.mfa_token, None).await;
        assert_eq!(
            shown(&world, &reply),
            r#"503 {"error":"temporarily_unavailable","error_description":"The code could not be delivered. Please retry in a moment."} retry-after 5"#
        );
    }
    assert_eq!(world.associate_email(&login.mfa_token, None).await.status, 200);
}

/// A3 "delivery timed out (it may have gone)": the same answer, at associate and at challenge.
#[tokio::test]
async fn mail_that_may_have_gone() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let access = world.mfa_access_token(USER, &id).await;
    let login = world.log_in(USER).await;
    world.fault("ses", "SendEmail", "timeout", 0, 2);
    for reply in [
        world.challenge(&login.mfa_token, "oob", &id).await,
        world.associate_email(&access, Some("other@example.com")).await,
    ] {
        assert_eq!(
            shown(&world, &reply),
            r#"503 {"error":"temporarily_unavailable","error_description":"The code could not be delivered. Please retry in a moment."} retry-after 5"#
        );
    }
    assert_eq!(world.challenge(&login.mfa_token, "oob", &id).await.status, 200);
}

/// A3 "AWS fails": 503 in this format at every endpoint, in the Management API's under `/api/v2/`, with no token.
#[tokio::test]
async fn a_table_that_fails() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let access = world.mfa_access_token(USER, &id).await;
    let management = world.management_token().await;
    world.fault("dynamodb", "", "error", 0, 10_000);
    for reply in [
        world.password(USER, "pwd").await,
        world.oob(&login.mfa_token, "x", "123456").await,
        world.challenge(&login.mfa_token, "oob", &id).await,
        world.associate_email(&access, None).await,
        world.list(&login.mfa_token).await,
        world.delete(&access, &id).await,
    ] {
        assert_eq!(
            shown(&world, &reply),
            r#"503 {"error":"temporarily_unavailable","error_description":"The service is temporarily unavailable. Please retry in a moment."} retry-after 5"#
        );
    }
    let reply =
        world.bearer("GET", "/api/v2/guardian/factors", &management, crate::support::Body::none()).await;
    assert_snapshot!(shown(&world, &reply), @r#"503 {"statusCode":503,"error":"Service Unavailable","message":"The service is temporarily unavailable. Please retry in a moment.","errorCode":"temporarily_unavailable"} retry-after 5"#);
    world.twin.aws.faults.clear();
    assert_eq!(world.list(&login.mfa_token).await.status, 200);
}

fn rate_headers(reply: &Reply) -> [Option<u64>; 3] {
    ["limit", "remaining", "reset"].map(|name| {
        let value = reply.header(&format!("x-ratelimit-{name}"));
        value.map(|value| value.parse::<u64>().unwrap())
    })
}

/// Contract §0 "Rate headers": a send says what is left of the budget, a refusal when the next one has come back.
#[tokio::test]
async fn rate_headers_tell_how_a_budget_stands() {
    let world = World::new().await;
    let told = rate_headers;
    let login = world.log_in("verified@example.com").await.mfa_token;
    let now = world.clock.now().0;
    let first = world.challenge_any(&login).await;
    assert_eq!(told(&first), [Some(20), Some(19), Some(now + 60)]);
    for _ in 0..19 {
        world.challenge_any(&login).await;
    }
    world.clock.advance(10);
    let spent = world.challenge_any(&login).await;
    assert_eq!(spent.status, 429);
    assert_eq!(told(&spent), [Some(20), Some(0), Some(now + 60)]);
    assert_eq!(spent.header("retry-after"), Some("50"));
    let associated = world.associate_email(&world.log_in("user@example.com").await.mfa_token, None).await;
    assert_eq!(told(&associated), [Some(20), Some(19), Some(now + 70)]);
    assert_eq!(told(&world.password("user@example.com", "wrong").await), [None, None, None]);
}

/// The same of grants: a success gives back what it took, and tells what earlier failures left.
#[tokio::test]
async fn rate_headers_of_tokens_tell_what_failures_left() {
    let world = World::new().await;
    let told = rate_headers;
    let login = world.log_in("verified@example.com").await.mfa_token;
    let challenge = world.challenge_any(&login).await;
    let oob_code = challenge.text("oob_code");
    let code = world.code("verified@example.com");
    let now = world.clock.now().0;
    assert_eq!(world.oob(&login, &oob_code, &World::wrong(&code)).await.status, 403);
    let by_code = world.oob(&login, &oob_code, &code).await;
    assert_eq!((by_code.status, told(&by_code)), (200, [Some(10), Some(9), Some(now + 360)]));
    let newcomer = world.log_in("user@example.com").await.mfa_token;
    assert_eq!(told(&world.associate_otp(&newcomer).await), [Some(10), Some(9), Some(now + 360)]);
    world.without_mfa().await;
    let now = world.clock.now().0;
    assert_eq!(world.password("verified@example.com", "wrong").await.status, 403);
    let by_password = world.log_in_without_mfa("verified@example.com", OFFLINE).await;
    assert_eq!(told(&by_password), [Some(10), Some(9), Some(now + 360)]);
    let refreshed = world.refresh(&by_password.text("refresh_token")).await;
    assert_eq!((refreshed.status, told(&refreshed)), (200, [None, None, None]));
}
