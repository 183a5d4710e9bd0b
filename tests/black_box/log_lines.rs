//! What never appears in a log line, whatever happens: addresses, codes, links, tokens (SEC-34); and what has to, for an
//! operator to find it.

use aws_sdk_dynamodb::types::AttributeValue;
use postern::rules::settings::SettingValue;
use postern::rules::totp::TotpSecret;
use serde_json::json;

use crate::support::{
    Body, CALLBACK, Log, MFA_SCOPES, OFFLINE, PASSWORD, SECRET, USERS, World, new_user, path_of, text_of,
    user_path,
};

const USER: &str = "user@example.com";
const ADA: &str = "ada@example.com";

fn assert_absent(log: &Log, secrets: &[String]) {
    let written = log.text_without_ids();
    assert!(written.lines().count() > 3, "it was logged at all: {written}");
    assert!(!log.events("audit").is_empty(), "the audit log is among it");
    for secret in secrets {
        assert!(!secret.is_empty() && !written.contains(secret.as_str()), "{secret:?} is logged");
    }
}

/// Says it wherever something can be said without an operator's rights.
async fn say(world: &World, canary: &str, token: &str, access: &str) {
    world.password(canary, "canary-password").await;
    world.associate_email(token, Some(canary)).await;
    world.associate_phone(token, "sms", canary).await;
    world.start_email(canary).await;
    world.start_sms(canary).await;
    world.start(&json!({ canary: canary, "connection": canary })).await;
    world.passwordless("email", canary, "123456").await;
    world.passwordless("sms", canary, canary).await;
    world.passwordless(canary, canary, canary).await;
    world.refresh(canary).await;
    world.revoke(canary).await;
    world.oob(token, canary, canary).await;
    world.otp(canary, canary).await;
    world.challenge(token, canary, canary).await;
    world.delete(access, &canary.replace(|c: char| !c.is_ascii_alphanumeric(), "%0A")).await;
    world.post("/u/unblock", Body::form(&[("ticket", canary)])).await;
    world.confirm(canary).await;
    world.look(&canary.replace(|c: char| !c.is_ascii_alphanumeric(), "%0A")).await;
    world.begin_phone(canary, canary, canary).await;
    world.reset(canary, canary).await;
    world.forget(canary).await;
    world.sign_up(canary).await;
    world.post("/oauth/token", Body::form(&[("grant_type", canary), ("client_id", canary)])).await;
    world.clock.advance(60);
}

/// SEC-34: an address or a number, right or malformed, known or not, at every endpoint that takes one.
#[tokio::test]
async fn no_address_of_bad_input() {
    let log = Log::start();
    let world = World::with_passwordless().await;
    world.set_factor("sms", true).await;
    let token = world.log_in(USER).await.mfa_token;
    let access = world.first_access_token(USER, "enroll remove:authenticators").await;
    let canaries = [
        "canary@example.com",
        "canary@@example.com",
        "canary",
        "canary@example.com\r\nBcc: canary@example.org",
        "canary\u{0}@example.com",
        "+4917698765432canary",
        "canary+4917698765432000",
    ];
    for canary in canaries {
        say(&world, canary, &token, &access).await;
    }
    let management = world.management_token().await;
    for (method, path) in [
        ("PATCH", "/api/v2/guardian/settings"),
        ("PUT", "/api/v2/guardian/factors/sms/providers/twilio"),
        ("POST", "/api/v2/email-templates"),
        ("PATCH", "/api/v2/email-templates/canary"),
        ("POST", "/api/v2/users"),
        ("PATCH", "/api/v2/users/canary"),
        ("GET", "/api/v2/users-by-email?email=canary@example.com"),
        ("GET", "/api/v2/users?q=email:canary@example.com"),
        ("GET", "/api/v2/users?q=canary"),
        ("GET", "/api/v2/logs?q=user_id:canary@example.com"),
        ("GET", "/api/v2/logs/canary"),
        ("GET", "/api/v2/users/canary/logs?sort=canary"),
        ("DELETE", "/api/v2/guardian/enrollments/dev_canary"),
        ("POST", "/api/v2/users/canary/authentication-methods"),
        ("PATCH", "/api/v2/users/canary/authentication-methods/canary"),
        ("DELETE", "/api/v2/users/canary/multifactor/canary"),
        ("GET", "/api/v2/user-blocks/canary"),
        ("POST", "/api/v2/clients"),
        ("PATCH", "/api/v2/clients/canary"),
        ("POST", "/api/v2/clients/canary/rotate-secret"),
        ("POST", "/api/v2/client-grants"),
        ("GET", "/api/v2/client-grants?client_id=canary&audience=canary"),
        ("PATCH", "/api/v2/resource-servers/canary"),
        ("GET", "/canary@example.com?address=canary@example.com"),
    ] {
        let body =
            json!({ "canary": "canary", "default_language": "canary!", "auth_token": "canary canary" });
        world.bearer(method, path, &management, Body::json(&body)).await;
    }
    world.fault("ses", "SendEmail", "error", 0, 2);
    world.associate_email(&token, Some("canary@example.com")).await;
    world.start_email("canary@example.com").await;
    assert_absent(&log, &["canary".into(), "98765432".into(), USER.into(), token, access, management]);
}

/// SEC-34: the codes of second factors, the app's secret and the recovery code: enrolled, mistyped, used, guessed, removed.
/// Codes are long where the tenant decides it, lest a time in the log look like one.
#[tokio::test]
async fn no_code_of_a_second_factor() {
    let log = Log::start();
    let world = World::new().await;
    world.configure(&[("code_digits", SettingValue::Number(10))]).await;
    let code = || {
        let text = world.twin.aws.inbox.messages(Some(USER)).remove(0).text;
        let mut groups = text.split(|c: char| !c.is_ascii_digit());
        groups.find(|digits| digits.len() == 10).unwrap().to_owned()
    };
    let login = world.log_in(USER).await.mfa_token;
    let associated = world.associate_email(&login, None).await;
    let oob_code = associated.text("oob_code");
    let recovery_code = associated.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    let mailed = code();
    let wrong = format!("{:010}", (mailed.parse::<u64>().unwrap() + 1) % 10_000_000_000);
    assert_eq!(world.oob(&login, &oob_code, &wrong).await.status, 403);
    let tokens = world.oob(&login, &oob_code, &mailed).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let app = world.first_app(USER, &code).await;
    let next = world.log_in(USER).await.mfa_token;
    assert_eq!(world.recovery(&next, &wrong).await.status, 403);
    let renewed = world.recovery(&next, &recovery_code).await.text("recovery_code");
    world.twin.deliver_notices().await;
    let secrets = [login, next, oob_code, recovery_code, renewed, mailed, wrong, app, USER.to_owned()];
    assert_absent(&log, &secrets);
    assert_absent(&log, &[tokens.text("access_token")]);
}

impl World {
    /// Begins an app by a fresh sign-in with the mailed code; gives its secret.
    async fn first_app(&self, user: &str, code: &impl Fn() -> String) -> String {
        let audience = format!("{}mfa/", self.issuer());
        let login = self.password_for(user, "pwd", &audience, MFA_SCOPES).await.text("mfa_token");
        let oob_code = self.challenge_any(&login).await.text("oob_code");
        let access = self.oob(&login, &oob_code, &code()).await.text("access_token");
        let secret = self.associate_otp(&access).await.text("secret");
        let key = TotpSecret::from_base32(&secret).unwrap();
        assert_eq!(self.otp(&access, &self.app_code(&key, 0)).await.status, 200);
        secret
    }
}

/// SEC-34: a refresh token, however it is used: exchanged, used again, given up, made up; and the tokens beside it.
#[tokio::test]
async fn no_refresh_token() {
    let log = Log::start();
    let world = World::new().await;
    let first = world.enrol_offline(USER).await;
    let mut secrets = vec![first.text("refresh_token"), first.text("access_token"), first.text("id_token")];
    let next = world.refresh(&secrets[0]).await;
    secrets.extend([next.text("refresh_token"), next.text("access_token")]);
    world.clock.advance(100);
    assert_eq!(world.refresh(&secrets[0]).await.status, 403, "used again");
    assert_eq!(log.events("refresh_token_reused").len(), 1, "the operator is told");
    world.without_mfa().await;
    let other = world.log_in_without_mfa(USER, OFFLINE).await.text("refresh_token");
    world.fault("dynamodb", "UpdateItem", "error", 0, 100);
    assert_eq!(world.refresh(&other).await.status, 503);
    world.twin.aws.faults.clear();
    assert_eq!(world.revoke(&other).await.status, 200);
    assert_eq!(world.refresh(&other).await.status, 403);
    let made_up = format!("{other}x");
    world.refresh(&made_up).await;
    world.revoke(&made_up).await;
    secrets.extend([other, made_up]);
    // Nor a part of one: of a refresh token, this is of what makes it good.
    let parts: Vec<_> = secrets.iter().map(|token| token[40..60].to_owned()).collect();
    secrets.extend(parts);
    assert_absent(&log, &secrets);
}

/// SEC-34: the codes and links of a sign-in without password, sent, refused, failed, mistyped and used. The codes are
/// long, lest a time in the log look like one.
#[tokio::test]
async fn no_code_and_no_link_of_a_sign_in() {
    let log = Log::start();
    let world = World::with_passwordless().await;
    world.configure(&[("code_digits", SettingValue::Number(10))]).await;
    let newest = |to: &str| world.twin.aws.inbox.messages(Some(to)).remove(0).text;
    let code_of = |text: String| {
        text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 10).unwrap().to_owned()
    };
    assert_eq!(world.start_email(USER).await.status, 200);
    let mailed = code_of(newest(USER));
    assert_eq!(world.start_sms("+4915112345678").await.status, 200);
    let texted = code_of(newest("+4915112345678"));
    let wrong = format!("{:010}", (mailed.parse::<u64>().unwrap() + 1) % 10_000_000_000);
    assert_eq!(world.passwordless("email", USER, &wrong).await.status, 403);
    // The source is charged, the try counted; the code cannot be used up.
    world.fault("dynamodb", "UpdateItem", "error", 2, 100);
    assert_eq!(world.passwordless("email", USER, &mailed).await.status, 503);
    world.twin.aws.faults.clear();
    let required = world.passwordless("email", USER, &mailed).await;
    assert_eq!(required.text("error"), "mfa_required", "{}", required.body);
    let params = json!({ "redirect_uri": CALLBACK, "state": "canary-of-a-state" });
    let link = json!({ "connection": "email", "email": USER, "authParams": params });
    world.fault("ses", "SendEmail", "throttle", 0, 1);
    assert_eq!(world.start(&link).await.status, 503);
    assert_eq!(world.start(&link).await.status, 200);
    let mail = newest(USER);
    let link = mail.split_whitespace().find(|word| word.starts_with(CALLBACK)).unwrap().to_owned();
    // Its digits are escaped there, so that it is not taken for a code.
    let linked = code_of(link.replace("%3", ""));
    let required = world.passwordless("email", USER, &linked).await;
    assert_eq!(required.text("error"), "mfa_required", "{}", required.body);
    let (_, fragment) = link.split_once('#').unwrap();
    assert_absent(&log, &[mailed, texted, wrong, linked, fragment.to_owned(), CALLBACK.into(), USER.into()]);
    assert_absent(&log, &["canary-of-a-state".into()]);
    assert_absent(&log, &["15112345678".into(), required.text("mfa_token")]);
}

/// ARCHITECTURE "An operator's template": what cannot be used says so, by name, property and place, and without a word
/// of its content; the built-in text goes out meanwhile.
#[tokio::test]
async fn a_template_that_cannot_be_used_says_so() {
    let world = World::new().await;
    let template = json!({
        "template": "mfa_oob_code", "body": "{{ code }}", "subject": "Hello", "syntax": "liquid", "enabled": true,
    });
    let token = world.management_token().await;
    let path = "/api/v2/email-templates";
    assert_eq!(world.bearer("POST", path, &token, Body::json(&template)).await.status, 200);
    let key = ("TENANT".to_owned(), "TEMPLATE#mfa_oob_code".to_owned());
    let good = world.stored().await.remove(&key).unwrap();
    let log_of = async |attribute: &str, text: &str| {
        let mut item = good.clone();
        item.insert(attribute.to_owned(), AttributeValue::S(text.to_owned()));
        world.overwrite(item).await;
        world.clock.advance(601);
        let log = Log::start();
        let login = world.log_in(USER).await.mfa_token;
        assert_eq!(world.associate_email(&login, None).await.status, 200);
        let subject = world.twin.aws.inbox.messages(Some(USER)).remove(0).subject.unwrap();
        let events = |name: &str| -> Vec<String> {
            let place = |line: &serde_json::Value| {
                let members = ["level", "template", "property", "line", "column"];
                members.map(|member| line[member].to_string()).join(" ")
            };
            log.events(name).iter().map(place).collect()
        };
        assert!(!log.text().contains("canary"), "{}", log.text());
        (subject == "Hello", events("template_broken"), events("template_failed"))
    };
    let nothing = Vec::<String>::new();
    let fine = log_of("body", "{{ code }}").await;
    assert_eq!(fine, (true, nothing.clone(), nothing.clone()));
    let broken = log_of("body", "<p>canary\n {{ code | canary }}").await;
    let place = r#""ERROR" "mfa_oob_code" "body" 2 12"#.to_owned();
    assert_eq!(broken, (false, vec![place], nothing.clone()));
    let broken = log_of("subject", "{% canary %}").await;
    let place = r#""ERROR" "mfa_oob_code" "subject" 1 1"#.to_owned();
    assert_eq!(broken, (false, vec![place], nothing.clone()));
    let failed = log_of("body", "canary {% if user.name == 'x' %}{{ code }}{% endif %}").await;
    let name = r#""ERROR" "mfa_oob_code" null null null"#.to_owned();
    assert_eq!(failed, (false, nothing.clone(), vec![name.clone()]));
    let failed = log_of("body", "{{ code }}{% for i in (1..99999) %}canary{% endfor %}").await;
    assert_eq!(failed, (false, nothing, vec![name]));
}

/// SEC-34: what an operator gives a user, and the codes and names of it.
#[tokio::test]
async fn nothing_of_what_an_operator_gives() {
    let log = Log::start();
    let world = World::new().await;
    let phone = json!({ "type": "phone", "phone_number": "+4915112345678", "name": "canary's phone" });
    for body in [
        phone,
        json!({ "type": "email", "email": "canary@example.com" }),
        json!({ "type": "totp", "totp_secret": SECRET }),
    ] {
        assert_eq!(world.give_method(USER, &body).await.status, 201);
    }
    let code = world.manage("POST", &path_of(USER, "/recovery-code-regeneration"), None).await;
    let path = world.path_of_method(USER, "phone").await;
    world.manage("PATCH", &path, Some(&json!({ "name": "canary" }))).await;
    world.fault("dynamodb", "TransactWriteItems", "error", 0, 100);
    world.manage("DELETE", &path, None).await;
    world.twin.aws.faults.clear();
    world.manage("DELETE", &path, None).await;
    let blocks = path_of(USER, "").replace("/users/", "/user-blocks/");
    world.manage("GET", &blocks, None).await;
    world.twin.deliver_notices().await;
    let secrets = ["canary", "15112345678", SECRET, "dev_", USER].map(ToOwned::to_owned);
    assert_absent(&log, &secrets);
    assert_absent(&log, &[code.text("recovery_code")]);
}

/// SEC-34: a password and its hash are in no reply and no line of the log; nor is the address logged.
#[tokio::test]
async fn no_password_and_no_hash_is_told() {
    let log = Log::start();
    let world = World::new().await;
    let mut replies = vec![world.manage("POST", USERS, Some(&new_user(ADA))).await];
    let path = user_path(&replies[0].text("user_id"));
    replies.push(world.manage("POST", USERS, Some(&new_user(ADA))).await);
    replies.push(world.manage("PATCH", &path, Some(&json!({ "password": "canary canary" }))).await);
    replies.push(world.manage("PATCH", &path, Some(&json!({ "password": "canary" }))).await);
    replies.push(world.manage("PATCH", &path, Some(&json!({ "email": "canary@@example.com" }))).await);
    replies.push(world.manage("GET", &path, None).await);
    replies.push(world.manage("GET", "/api/v2/users-by-email?email=ada@example.com", None).await);
    let stored = world.stored().await;
    let login = &stored[&(format!("LOGIN#Username-Password-Authentication#{ADA}"), "LOGIN".to_owned())];
    let hash = text_of(login, "password_hash").to_owned();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "as a sign-in verifies it");
    let secrets = [hash.as_str(), "$argon2id", "canary", PASSWORD];
    for reply in &replies {
        assert!(secrets.iter().all(|secret| !reply.body.contains(secret)), "{}", reply.body);
    }
    let written = log.text();
    assert!(written.lines().count() > 3, "it was logged at all: {written}");
    for secret in secrets.iter().chain(&[ADA, path.as_str()]) {
        assert!(!written.contains(secret), "{secret} is logged");
    }
}
