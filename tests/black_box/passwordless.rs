//! Signing in without password: what is asked, sent and answered (contract §1.1, §1.4, §9).

use insta::assert_snapshot;
use local::aws::Channel;
use postern::rules::policy::MfaPolicy;
use postern::rules::settings::SettingValue;
use serde_json::{Value, json};

use crate::support::{Body, CALLBACK, DEMO_APP, NUMBER, PASSWORDLESS, World, as_client, claims};

const USER: &str = "user@example.com";

/// Contract §9, by mail: start, code, and the second factor is due as after a password.
#[tokio::test]
async fn by_mail_with_mfa() {
    let world = World::with_passwordless().await;
    let started = world.start_email("User@Example.com").await;
    assert_snapshot!(started.snapshot(), @r#"200 {"_id":"d0fc695c9ee336205709ba16","email":"user@example.com","email_verified":false}"#);
    assert_eq!(started.header("cache-control"), Some("no-store"));
    let mail = world.twin.aws.inbox.messages(Some(USER)).remove(0);
    let code = world.code(USER);
    assert!(mail.text.contains("valid for 3 minutes"), "{}", mail.text);
    let required = world.passwordless("email", "USER@example.com", &code).await;
    assert_snapshot!(required.snapshot(), @r#"403 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"[mfa_token]"}"#);
    let mfa_token = required.text("mfa_token");
    let associated = world.associate_otp(&mfa_token).await;
    let secret = postern::rules::totp::TotpSecret::from_base32(&associated.text("secret")).unwrap();
    let tokens = world.otp(&mfa_token, &world.app_code(&secret, 0)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let claims = claims(&world, &tokens.text("access_token")).await;
    assert_eq!((&claims["gty"], &claims["amr"]), (&json!("passwordless"), &json!(["mfa", "otp"])));
}

/// Whoever reads one mailbox has one factor: a second code to it completes the login, but proves no MFA, and changes no
/// factors (SEC-27). Another factor of the same user does.
#[tokio::test]
async fn a_second_code_to_the_same_place_is_no_second_factor() {
    let world = World::with_passwordless().await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    let sign_in = async || {
        world.start_email(USER).await;
        let fields = [("grant_type", PASSWORDLESS), ("realm", "email"), ("username", USER)];
        let audience = format!("{}mfa/", world.issuer());
        let code = world.code(USER);
        let more = [("otp", code.as_str()), ("audience", &audience), ("scope", crate::support::MFA_SCOPES)];
        world.token_as_app(&[&fields[..], &more[..]].concat()).await.text("mfa_token")
    };
    let login = sign_in().await;
    let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
    let token = world.oob(&login, &oob_code, &world.code(USER)).await.text("access_token");
    let once = claims(&world, &token).await;
    assert!(once["amr"].is_null() && once["acr"].is_null(), "{once}");
    assert_eq!(world.delete(&token, &id).await.status, 403);
    assert_eq!(world.associate_otp(&token).await.status, 403);

    // Nor by way of a refresh token, which no longer knows where the first code went.
    let tokens = {
        world.start_email(USER).await;
        let login = world.passwordless("email", USER, &world.code(USER)).await.text("mfa_token");
        let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
        world.oob(&login, &oob_code, &world.code(USER)).await
    };
    let audience = format!("{}mfa/", world.issuer());
    let login =
        world.refresh_with(&tokens.text("refresh_token"), &[("audience", &audience)]).await.text("mfa_token");
    let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
    let token = world.oob(&login, &oob_code, &world.code(USER)).await.text("access_token");
    assert!(claims(&world, &token).await["amr"].is_null());
    assert_eq!(world.delete(&token, &id).await.status, 403);

    let login = sign_in().await;
    let token = world.recovery(&login, &recovery_code).await.text("access_token");
    assert_eq!(claims(&world, &token).await["amr"], json!(["mfa", "recovery-code"]));
    assert_eq!(world.delete(&token, &id).await.status, 204);
}

/// Nor is the place where the first code went when it is enrolled with the tokens of that sign-in, renewed or not.
#[tokio::test]
async fn enrolling_the_place_of_the_first_code_proves_no_second_factor() {
    for renewed in [false, true] {
        let world = World::with_passwordless().await;
        world.without_mfa().await;
        world.start_email(USER).await;
        let audience = format!("{}mfa/", world.issuer());
        let signed_in = if renewed {
            let tokens = world.passwordless("email", USER, &world.code(USER)).await;
            world.refresh_with(&tokens.text("refresh_token"), &[("audience", &audience)]).await
        } else {
            let code = world.code(USER);
            let fields =
                [("grant_type", PASSWORDLESS), ("realm", "email"), ("username", USER), ("otp", &code)];
            let target = [("audience", audience.as_str()), ("scope", crate::support::MFA_SCOPES)];
            world.token_as_app(&[&fields[..], &target[..]].concat()).await
        };
        let token = signed_in.text("access_token");
        let oob_code = world.associate_email(&token, None).await.text("oob_code");
        let enrolled = world.oob(&token, &oob_code, &world.code(USER)).await.text("access_token");
        assert!(claims(&world, &enrolled).await["amr"].is_null(), "renewed: {renewed}");
        assert_eq!(world.associate_otp(&enrolled).await.status, 403, "renewed: {renewed}");
    }
}

/// Without MFA the code is worth tokens: `gty`, `auth_time`, a refresh token, and no proof of an address.
#[tokio::test]
async fn tokens_where_mfa_is_not_asked_for() {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    world.start_email(USER).await;
    let tokens = world.passwordless("email", USER, &world.code(USER)).await;
    assert_snapshot!(tokens.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","refresh_token":"[refresh_token]","scope":"openid read:sample offline_access","expires_in":86400,"token_type":"Bearer"}"#);
    let access = claims(&world, &tokens.text("access_token")).await;
    assert_eq!((&access["gty"], &access["auth_time"]), (&json!("passwordless"), &json!(world.clock.now().0)));
    assert!(access["amr"].is_null());
    let profile = world.user_item(USER, "PROFILE").await.unwrap();
    assert_eq!(profile["email_verified"].as_bool().ok(), Some(&false), "our decision");
    assert_eq!(world.refresh(&tokens.text("refresh_token")).await.status, 200);
}

/// Contract A2 at the start: a form is as good as JSON, but that it cannot hold `authParams`.
#[tokio::test]
async fn by_a_form() {
    let world = World::with_passwordless().await;
    let form = |pairs: &[(&str, &str)]| as_client(&DEMO_APP, pairs);
    let code = form(&[("connection", "email"), ("email", USER), ("send", "code")]);
    for content_type in [Some("application/x-www-form-urlencoded"), Some("application/json"), None] {
        let body = code.clone().declared(content_type);
        let started = world.post("/passwordless/start", body).await;
        assert_eq!(
            started.snapshot(),
            r#"200 {"_id":"d0fc695c9ee336205709ba16","email":"user@example.com","email_verified":false}"#
        );
    }
    let required = world.passwordless("email", USER, &world.code(USER)).await;
    assert_eq!(required.text("error"), "mfa_required");
    let sms = form(&[("connection", "sms"), ("phone_number", NUMBER), ("email", ""), ("send", "")]);
    assert_eq!(world.post("/passwordless/start", sms).await.status, 200);
    assert_eq!(world.mails(NUMBER), 1);
    let link = form(&[("connection", "email"), ("email", USER), ("authParams", "{}")]);
    assert_snapshot!(world.post("/passwordless/start", link).await.snapshot(), @r#"400 {"error":"bad.authParams","error_description":"authParams must be an object"}"#);
}

/// Contract §9, by SMS: the number finds the user whose login it is; `send` means nothing there.
#[tokio::test]
async fn by_sms() {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    let started = world.start_sms(NUMBER).await;
    assert_snapshot!(started.snapshot(), @r#"200 {"_id":"b70fb8e5d1e8868e2014fc6a","phone_number":"+4915112345678","phone_verified":false,"request_language":null}"#);
    let message = world.twin.aws.inbox.messages(Some(NUMBER)).remove(0);
    let code = world.code(NUMBER);
    assert_eq!(message.channel, Channel::Sms);
    assert!(message.text.starts_with(&code) && message.text.contains("Demo App"), "{}", message.text);
    let wrong = world.passwordless("sms", NUMBER, &World::wrong(&code)).await;
    assert_snapshot!(wrong.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Wrong phone number or verification code."}"#);
    let tokens = world.passwordless("sms", NUMBER, &code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let body =
        json!({ "client_id": "demo-spa", "connection": "sms", "phone_number": NUMBER, "send": "link" });
    let headers = [("x-request-language", "de")];
    let started = world.send("POST", "/passwordless/start", &headers, Body::json(&body)).await;
    assert_snapshot!(started.snapshot(), @r#"200 {"_id":"b70fb8e5d1e8868e2014fc6a","phone_number":"+4915112345678","phone_verified":false,"request_language":"de"}"#);
    let german = world.twin.aws.inbox.messages(Some(NUMBER)).remove(0).text;
    assert!(german.contains("Demo Single-Page App") && !german.contains("your"), "{german}");
}

/// Contract §9: a link is the default of mails. It leads to where the client registered, with the code in the fragment.
#[tokio::test]
async fn a_link_brings_the_code_to_the_application() {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    let params = json!({ "redirect_uri": CALLBACK, "state": "a&b", "scope": "openid" });
    let started = world.start(&json!({ "connection": "email", "email": USER, "authParams": params })).await;
    assert_eq!(started.status, 200, "{}", started.body);
    let mail = world.twin.aws.inbox.messages(Some(USER)).remove(0);
    assert_eq!(world.mails(USER), 0, "no group of six digits is in a mail with a link");
    let link = mail.text.split_whitespace().find(|word| word.starts_with(CALLBACK)).unwrap();
    let (to, fragment) = link.split_once('#').unwrap();
    assert_eq!(to, CALLBACK);
    let decoded = |text: &str| percent_decode(text);
    let fields: Vec<_> = fragment.split('&').map(|field| field.split_once('=').unwrap()).collect();
    assert_eq!(
        fields.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["connection", "email", "code", "state"]
    );
    assert_eq!((decoded(fields[1].1), decoded(fields[3].1)), (USER.to_owned(), "a&b".to_owned()));
    let tokens = world.passwordless(fields[0].1, &decoded(fields[1].1), &decoded(fields[2].1)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let hex = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// Contract §9 "errors 400": what is wrong with a start, in the order it is looked at; nothing is sent.
#[tokio::test]
async fn starts_that_are_wrong() {
    let world = World::with_passwordless().await;
    let start = async |members: Value| world.start(&members).await.snapshot();
    let none = world.post("/passwordless/start", Body::json(&json!({ "connection": "email" }))).await;
    assert_snapshot!(none.snapshot(), @r#"400 {"error":"bad.client_id","error_description":"Missing required property: client_id"}"#);
    assert_snapshot!(start(json!({})).await, @r#"400 {"error":"bad.connection","error_description":"Missing required property: connection"}"#);
    assert_snapshot!(start(json!({ "connection": "fax" })).await, @r#"400 {"error":"bad.connection","error_description":"Connection does not exist"}"#);
    assert_snapshot!(start(json!({ "connection": "email", "zip": 1, "fax": 2 })).await, @r#"400 {"error":"bad.request","error_description":"the following properties are not allowed: fax, zip"}"#);
    assert_snapshot!(start(json!({ "connection": "email" })).await, @r#"400 {"error":"bad.email","error_description":"Missing required property: email"}"#);
    assert_snapshot!(start(json!({ "connection": "email", "email": "a@b" })).await, @r#"400 {"error":"bad.email","error_description":"Object didn't pass validation for format email"}"#);
    assert_snapshot!(start(json!({ "connection": "email", "email": "a@example.com\r\nBcc: b@example.com" })).await, @r#"400 {"error":"bad.email","error_description":"Object didn't pass validation for format email"}"#);
    assert_snapshot!(start(json!({ "connection": "sms" })).await, @r#"400 {"error":"bad.phone_number","error_description":"Missing required property: phone_number"}"#);
    assert_snapshot!(start(json!({ "connection": "sms", "phone_number": "0151" })).await, @r#"400 {"error":"bad.phone_number","error_description":"String does not match pattern: ^\\+[0-9]{1,15}$"}"#);
    assert_snapshot!(start(json!({ "connection": "sms", "phone_number": "+449012345678" })).await, @r#"400 {"error":"bad.phone_number","error_description":"Codes are not sent to phone numbers of this kind"}"#);
    assert_snapshot!(start(json!({ "connection": "email", "email": USER, "send": "pigeon" })).await, @r#"400 {"error":"bad.request","error_description":"send must be code or link"}"#);
    assert_snapshot!(start(json!({ "connection": "email", "email": USER, "authParams": "x" })).await, @r#"400 {"error":"bad.authParams","error_description":"authParams must be an object"}"#);
    assert_snapshot!(start(json!({ "connection": "email", "email": USER })).await, @r#"400 {"error":"bad.authParams","error_description":"authParams needs a redirect_uri for the link to lead to"}"#);
    let evil = json!({ "redirect_uri": "https://evil.example/" });
    assert_snapshot!(start(json!({ "connection": "email", "email": USER, "authParams": evil })).await, @r#"400 {"error":"bad.authParams","error_description":"redirect_uri in authParams is not among the callbacks of the client"}"#);
    world.configure(&[("countries", SettingValue::Words(vec!["FR".into()]))]).await;
    assert_snapshot!(world.start_sms(NUMBER).await.snapshot(), @r#"400 {"error":"bad.phone_number","error_description":"Codes are not sent to phone numbers of this country"}"#);
    assert!(world.twin.aws.inbox.messages(None).is_empty());
    assert!(!world.stored().await.keys().any(|(pk, _)| pk.starts_with("PASSWORDLESS#")));
    let wrong = world.send("GET", "/passwordless/start", &[], Body::none()).await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST")));
}

/// Enabled per client and per connection, at the start and at the grant.
#[tokio::test]
async fn only_where_it_is_enabled() {
    let world = World::new().await;
    let off = world.start_email(USER).await;
    assert_snapshot!(off.snapshot(), @r#"400 {"error":"bad.connection","error_description":"Connection is disabled"}"#);
    let off = world.passwordless("sms", NUMBER, "123456").await;
    assert_snapshot!(off.snapshot(), @r#"400 {"error":"invalid_request","error_description":"The sms connection is not enabled"}"#);
    world.configure(&[("passwordless_email", SettingValue::Switch(true))]).await;
    assert_eq!(world.start_email(USER).await.status, 200);
    assert_eq!(world.start_sms(NUMBER).await.outcome(), "400 Connection is disabled");
    let management = [("client_id", "demo-management"), ("client_secret", "demo-management-secret")];
    let body = json!({ "client_id": "demo-management", "client_secret": "demo-management-secret", "connection": "email", "email": USER, "send": "code" });
    let other = world.post("/passwordless/start", Body::json(&body)).await;
    assert_snapshot!(other.snapshot(), @r#"403 {"error":"unauthorized_client","error_description":"Grant type 'http://auth0.com/oauth/grant-type/passwordless/otp' not allowed for the client."}"#);
    let fields = [("grant_type", PASSWORDLESS), ("realm", "email"), ("username", USER), ("otp", "123456")];
    let other = world.post("/oauth/token", as_client(&management, &fields)).await;
    assert_eq!(other.status, 403, "{}", other.body);
    let unproven = json!({ "client_id": "demo-app", "connection": "email", "email": USER, "send": "code" });
    let unproven = world.post("/passwordless/start", Body::json(&unproven)).await;
    assert_snapshot!(unproven.snapshot(), @r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
}

/// Contract §1.4 at the grant: what is missing, wrong or cannot be.
#[tokio::test]
async fn grants_that_are_wrong() {
    let world = World::with_passwordless().await;
    let token = async |fields: &[(&str, &str)]| {
        let all: Vec<_> = [("grant_type", PASSWORDLESS)].iter().chain(fields).copied().collect();
        world.post("/oauth/token", as_client(&DEMO_APP, &all)).await.snapshot()
    };
    assert_snapshot!(token(&[("realm", "email"), ("otp", "1")]).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: username"}"#);
    assert_snapshot!(token(&[("username", USER), ("otp", "1")]).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: realm"}"#);
    assert_snapshot!(token(&[("realm", "email"), ("username", USER)]).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: otp"}"#);
    assert_snapshot!(token(&[("realm", "fax"), ("username", USER), ("otp", "1")]).await, @r#"400 {"error":"invalid_request","error_description":"Parameter realm must be email or sms"}"#);
    assert_snapshot!(world.passwordless("email", USER, "123456").await.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Wrong email or verification code."}"#);
    world.start_email(USER).await;
    for cannot_be in ["12345", "12345678901", "１２３４５６", "abcdef"] {
        assert_eq!(
            world.passwordless("email", USER, cannot_be).await.outcome(),
            "403 Wrong email or verification code."
        );
    }
    assert_eq!(world.passwordless("email", "not an address", "123456").await.status, 403);
    let code = world.code(USER);
    let unknown_api =
        token(&[("realm", "email"), ("username", USER), ("otp", &code), ("audience", "https://x/")]).await;
    assert_snapshot!(unknown_api, @r#"403 {"error":"access_denied","error_description":"Service not enabled within domain: https://x/"}"#);
    let right = world.passwordless("email", USER, &code).await;
    assert!(right.body.contains("mfa_required"), "none of these cost a try: {}", right.body);
}

/// SEC-8, SEC-11, SEC-12: a code works once, while it is the newest, for its client, connection and address.
#[tokio::test]
async fn a_code_is_bound_and_works_once() {
    let world = World::with_passwordless().await;
    world.without_mfa().await;
    world.start_email(USER).await;
    let old = world.code(USER);
    world.start_email(USER).await;
    let code = world.code(USER);
    let wrong = "403 Wrong email or verification code.";
    assert_eq!(world.passwordless("email", USER, &old).await.outcome(), wrong, "replaced");
    assert_eq!(world.passwordless("email", "verified@example.com", &code).await.outcome(), wrong);
    assert_eq!(world.passwordless("sms", NUMBER, &code).await.status, 403);
    let fields = [("grant_type", PASSWORDLESS), ("realm", "email"), ("username", USER), ("otp", &code)];
    let spa = world.post("/oauth/token", as_client(&[("client_id", "demo-spa")], &fields)).await;
    assert_eq!(spa.outcome(), wrong, "another client's");
    let body = json!({ "client_id": "demo-spa", "connection": "email", "email": USER, "send": "code" });
    assert_eq!(world.post("/passwordless/start", Body::json(&body)).await.status, 200);
    assert_eq!(
        world.passwordless("email", USER, &code).await.status,
        200,
        "another client's start voids nothing"
    );
    assert_eq!(world.passwordless("email", USER, &code).await.outcome(), wrong, "used");
}

/// SEC-3, SEC-7, SEC-17: a code is good for three minutes and not longer, by whatever root it was made.
#[tokio::test]
async fn a_code_lives_three_minutes() {
    let world = World::with_passwordless().await;
    world.twin.app.store.set_policy(MfaPolicy::Never).await.unwrap();
    world.clock.advance(60);
    world.start_email(USER).await;
    world.clock.advance(180);
    let late = world.passwordless("email", USER, &world.code(USER)).await;
    assert_eq!(late.outcome(), "403 Wrong email or verification code.");
    world.start_email(USER).await;
    world.rotate_keys().await;
    world.clock.advance(179);
    assert_eq!(world.passwordless("email", USER, &world.code(USER)).await.status, 200);
}

/// A blocked user is told so only with the right code; what is asked for then is answered alike and arrives nowhere.
#[tokio::test]
async fn a_blocked_user() {
    let world = World::with_passwordless().await;
    world.start_email(USER).await;
    world.set_profile(USER, "blocked", aws_sdk_dynamodb::types::AttributeValue::Bool(true)).await;
    let code = world.code(USER);
    let wrong = world.passwordless("email", USER, &World::wrong(&code)).await;
    assert_eq!(wrong.outcome(), "403 Wrong email or verification code.");
    assert_eq!(world.passwordless("email", USER, &code).await.outcome(), "403 user is blocked");
    assert_eq!(world.start_email(USER).await.status, 200);
    assert_eq!(world.mails(USER), 1);
}

/// A login by codes has no password: none is right for it.
#[tokio::test]
async fn no_password_opens_a_login_by_codes() {
    let world = World::with_passwordless().await;
    for (realm, username) in [("email", USER), ("sms", NUMBER)] {
        for password in [" ", "pwd", "hash"] {
            let reply = world
                .token_as_app(&[
                    ("grant_type", crate::support::PASSWORD_REALM),
                    ("realm", realm),
                    ("username", username),
                    ("password", password),
                ])
                .await;
            assert_eq!(reply.outcome(), "403 Wrong email or password.", "{realm}");
        }
    }
}

/// The operator's own texts, of mails and of SMS; a template of SMS is one line, by language.
#[tokio::test]
async fn templates() {
    let world = World::with_passwordless().await;
    let token = world.management_token().await;
    let create = async |name: &str, body: &str| {
        let template = json!({ "template": name, "body": body, "subject": "Hello", "syntax": "liquid", "enabled": true });
        world.bearer("POST", "/api/v2/email-templates", &token, Body::json(&template)).await
    };
    let refused = create("sms_passwordless", "Hello {{ application.name }}").await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("does not show the code"), "{}", refused.body);
    let long = create("sms_passwordless", &"{{ code }} ".repeat(40)).await;
    assert_eq!(long.status, 400, "{}", long.body);
    let text = "{% if locale == 'de' %}Der Code für {{ application.name }}\nist {{ code }}.{% else %}Your <code> & all: {{ code }}{% endif %}";
    assert_eq!(create("sms_passwordless", text).await.status, 200);
    let mail =
        "<p>{{ connection.name }} {% if send == 'link' %}{{ link }}{% else %}{{ code }}{% endif %}</p>";
    assert_eq!(create("auth_email_by_code", mail).await.status, 200);
    assert_eq!(create("auth_email_by_code", "<p>nothing</p>").await.status, 400);
    world.clock.advance(60);
    let language = [("x-request-language", "de")];
    let body = json!({ "client_id": "demo-spa", "connection": "sms", "phone_number": NUMBER });
    world.send("POST", "/passwordless/start", &language, Body::json(&body)).await;
    let code = world.code(NUMBER);
    let newest = |to: &str| world.twin.aws.inbox.messages(Some(to)).remove(0).text;
    assert_eq!(newest(NUMBER), format!("Der Code für Demo Single-Page App ist {code}."));
    world.start_sms(NUMBER).await;
    assert_eq!(newest(NUMBER), format!("Your <code> & all: {}", world.code(NUMBER)));
    world.start_email(USER).await;
    assert_eq!(newest(USER).trim(), format!("email {}", world.code(USER)));
    world.without_mfa().await;
    world.start_link(USER).await;
    let link = newest(USER);
    let link = link.trim().strip_prefix("email ").expect("the template's words");
    let code = link.split(['#', '&']).find_map(|field| field.strip_prefix("code=")).expect("a code");
    assert!(link.starts_with(&format!("{CALLBACK}#")), "{link}");
    let tokens = world.passwordless("email", USER, &percent_decode(code)).await;
    assert_eq!(tokens.status, 200, "the link is a good one: {}", tokens.body);
}
