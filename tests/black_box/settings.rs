//! The tenant's policy and settings: what the Management API takes, and that the flow follows (contract §6, SEC-7,
//! SEC-20, SEC-25).

use insta::assert_snapshot;
use postern::id::ClientId;
use serde_json::{Value, json};

use crate::support::{Body, NUMBER, World};

const USER: &str = "user@example.com";
const POLICIES: &str = "/api/v2/guardian/policies";
const SETTINGS: &str = "/api/v2/guardian/settings";

async fn put_policies(world: &World, body: &Value) -> String {
    let token = world.management_token().await;
    world.bearer("PUT", POLICIES, &token, Body::json(body)).await.snapshot()
}

async fn patch(world: &World, body: &Value) -> String {
    let token = world.management_token().await;
    world.bearer("PATCH", SETTINGS, &token, Body::json(body)).await.snapshot()
}

/// Changes settings and lets the caches expire.
async fn with_settings(body: Value) -> World {
    let world = World::new().await;
    let reply = patch(&world, &body).await;
    assert!(reply.starts_with("200"), "{reply}");
    world.clock.advance(60);
    world
}

/// §6: the list is the policy, `PUT` echoes it, and sign-ins follow within a minute.
#[tokio::test]
async fn the_policy_decides_whether_mfa_is_asked_for() {
    let world = World::new().await;
    let token = world.management_token().await;
    let get = async || world.bearer("GET", POLICIES, &token, Body::none()).await.snapshot();
    assert_snapshot!(get().await, @r#"200 ["all-applications"]"#);
    assert_snapshot!(put_policies(&world, &json!([])).await, @"200 []");
    assert_snapshot!(get().await, @"200 []");
    world.clock.advance(60);
    assert_eq!(world.password(USER, "pwd").await.status, 200, "tokens at once");
    assert_snapshot!(put_policies(&world, &json!(["all-applications"])).await, @r#"200 ["all-applications"]"#);
    world.clock.advance(60);
    assert_eq!(world.password(USER, "pwd").await.status, 403);
}

/// §6: lists that are no policy.
#[tokio::test]
async fn policies_that_cannot_be_set() {
    let world = World::new().await;
    assert_snapshot!(put_policies(&world, &json!(["confidence-score"])).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"The confidence-score policy is not available: Postern keeps no history to judge a sign-in by","errorCode":"operation_not_supported"}"#);
    assert_snapshot!(put_policies(&world, &json!(["sometimes"])).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'No enum match' on item 0 (expected all-applications or confidence-score).","errorCode":"invalid_body"}"#);
    assert_snapshot!(put_policies(&world, &json!(["all-applications", "all-applications"])).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Array is too long, maximum 1' on the list of policies.","errorCode":"invalid_body"}"#);
    assert_snapshot!(put_policies(&world, &json!([1])).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type string' on an item of the list of policies.","errorCode":"invalid_body"}"#);
    assert_snapshot!(put_policies(&world, &json!({})).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: Expected type array but found another type","errorCode":"invalid_body"}"#);
    let token = world.management_token().await;
    let broken = world.bearer("PUT", POLICIES, &token, Body::raw(Some("application/json"), "[")).await;
    assert_snapshot!(broken.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: The body is not valid JSON","errorCode":"invalid_body"}"#);
    let unchanged = world.bearer("GET", POLICIES, &token, Body::none()).await;
    assert_eq!(unchanged.json(), json!(["all-applications"]));
}

/// The defaults are Auth0's figures (contract A3 "defaults"); they are what the API answers before any change.
#[tokio::test]
async fn settings_are_listed_with_their_defaults() {
    let world = World::new().await;
    let token = world.management_token().await;
    let reply = world.bearer("GET", SETTINGS, &token, Body::none()).await;
    assert_snapshot!(reply.snapshot(), @r#"200 {"code_seconds":300,"code_digits":6,"mfa_token_seconds":600,"refresh_token_seconds":2592000,"refresh_token_idle_seconds":1296000,"refresh_token_leeway_seconds":30,"code_attempts":10,"code_attempt_seconds":360,"recovery_attempts":10,"recovery_attempt_seconds":360,"consecutive_failures":100,"password_attempts":10,"password_attempt_seconds":360,"bcrypt_cost":0,"email_sends":20,"email_send_seconds":60,"sms_sends":10,"sms_send_seconds":3600,"otp_associations":10,"otp_association_seconds":360,"email_sends_per_address":100,"sms_sends_per_number":30,"sms_sends_per_country":1000,"passwordless_email":false,"passwordless_sms":false,"passwordless_code_seconds":180,"passwordless_sends":10,"passwordless_send_seconds":600,"passwordless_starts":50,"passwordless_start_seconds":72,"voice":false,"sms_provider":"aws","countries":null,"web_otp_domain":null,"default_language":null,"mfa_requirements":false,"notice_factor_added":true,"notice_factor_removed":true,"notice_recovery_code_used":true,"notice_password_blocked":true,"notice_authenticator_locked":true,"notice_codes_failing":true,"notice_password_changed":true,"signup":true,"signups":20,"signup_seconds":180,"password_resets":5,"password_reset_seconds":600,"password_reset_requests":20,"password_reset_request_seconds":180}"#);
    let changed = patch(&world, &json!({ "code_digits": 8, "countries": ["DE", "FR"], "voice": true })).await;
    assert!(
        changed.contains(r#""code_digits":8,"#) && changed.contains(r#""countries":["DE","FR"]"#),
        "{changed}"
    );
    let back = patch(&world, &json!({ "code_digits": null, "countries": null })).await;
    assert!(back.contains(r#""code_digits":6,"#) && back.contains(r#""countries":null"#), "{back}");
    assert!(back.contains(r#""voice":true"#), "what is not named stays: {back}");
    assert_eq!(patch(&world, &json!({})).await, back, "nothing to change is nothing wrong");
}

/// A change is answered by the write that made it: nothing after it can fail, and be taken for a change that was not made.
#[tokio::test]
async fn a_change_is_one_call() {
    let world = World::new().await;
    let token = world.management_token().await;
    world.forget_calls();
    let body = Body::json(&json!({ "code_digits": 8, "countries": null }));
    assert_eq!(world.bearer("PATCH", SETTINGS, &token, body).await.status, 200);
    assert_eq!(world.operations(), ["dynamodb UpdateItem"]);
}

/// SEC-7, SEC-20, SEC-25: out of the standards' bounds nothing is stored, not even what beside it would fit.
#[tokio::test]
async fn a_value_out_of_bounds_is_refused_whole() {
    let world = World::new().await;
    assert_snapshot!(patch(&world, &json!({ "email_sends": 5, "code_seconds": 601 })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'must be a whole number from 30 to 600' on property code_seconds.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(&world, &json!({ "code_digits": 5 })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'must be a whole number from 6 to 10' on property code_digits.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(&world, &json!({ "mfa_token_seconds": 3601 })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'must be a whole number from 60 to 3600' on property mfa_token_seconds.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(&world, &json!({ "voice": "yes" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'must be true or false' on property voice.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(&world, &json!({ "web_otp_domain": "a.example\r\n#1" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'must be a host name, or null' on property web_otp_domain.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(&world, &json!({ "countries": ["DE", "ZZ"] })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'no country has the code ZZ' on property countries.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(&world, &json!({ "default_language": "qq" })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'must be the tag (BCP 47) of a language that messages are written in, or null' on property default_language.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(&world, &json!({ "countries": ["Germany"] })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'must be a list of at most 260, each a country's two letters (ISO 3166), or null' on property countries.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(&world, &json!({ "code_second": 60 })).await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: code_second'.","errorCode":"invalid_body"}"#);
    for wrong in [json!(-1), json!(1.5), json!(1e30), json!("300"), json!(true), json!({}), json!([300])] {
        let reply = patch(&world, &json!({ "code_seconds": wrong })).await;
        assert!(reply.starts_with("400"), "{wrong} {reply}");
    }
    let token = world.management_token().await;
    let settings = world.bearer("GET", SETTINGS, &token, Body::none()).await.json();
    assert_eq!((settings["email_sends"].as_u64(), settings["code_seconds"].as_u64()), (Some(20), Some(300)));
}

/// §6: the scopes of each operation, and the methods.
#[tokio::test]
async fn scopes_and_methods() {
    let world = World::new().await;
    let token = world.token_with_scope("read:users").await;
    for (method, path, scope) in [
        ("GET", POLICIES, "read:mfa_policies"),
        ("PUT", POLICIES, "update:mfa_policies"),
        ("GET", SETTINGS, "read:tenant_settings"),
        ("PATCH", SETTINGS, "update:tenant_settings"),
    ] {
        let refused = world.bearer(method, path, &token, Body::json(&json!([]))).await;
        assert_eq!(refused.status, 403);
        assert_eq!(
            refused.json()["message"],
            json!(format!("Insufficient scope, expected any of: {scope}")),
            "{method} {path}"
        );
    }
    for (path, allowed) in [(POLICIES, "GET,HEAD,PUT"), (SETTINGS, "GET,HEAD,PATCH")] {
        let refused = world.bearer("DELETE", path, &token, Body::none()).await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some(allowed)));
    }
}

/// SEC-7: a code lives as long as the tenant says, and the mail says so.
#[tokio::test]
async fn the_life_of_a_code_is_a_setting() {
    let world = with_settings(json!({ "code_seconds": 120 })).await;
    let login = world.log_in(USER).await.mfa_token;
    let sent = world.associate_email(&login, None).await;
    let mail = &world.twin.aws.inbox.messages(Some(USER))[0];
    assert!(mail.text.contains("valid for 2 minutes"), "{}", mail.text);
    world.clock.advance(120);
    let late = world.oob(&login, &sent.text("oob_code"), &world.code(USER)).await;
    assert_snapshot!(late.snapshot(), @r#"403 {"error":"expired_token","error_description":"oob_code is expired"}"#);
    let sent = world.associate_email(&login, None).await;
    world.clock.advance(119);
    assert_eq!(world.oob(&login, &sent.text("oob_code"), &world.code(USER)).await.status, 200);
}

/// SEC-25: so does an `mfa_token`; a code never outlives it.
#[tokio::test]
async fn the_life_of_an_mfa_token_is_a_setting() {
    let world = with_settings(json!({ "mfa_token_seconds": 60 })).await;
    let login = world.log_in(USER).await.mfa_token;
    let sent = world.associate_email(&login, None).await;
    world.clock.advance(60);
    let late = world.oob(&login, &sent.text("oob_code"), &world.code(USER)).await;
    assert_snapshot!(late.snapshot(), @r#"403 {"error":"expired_token","error_description":"mfa_token is expired"}"#);
}

/// SEC-1: longer codes; a code keeps the length it was sent with when the setting changes meanwhile.
#[tokio::test]
async fn the_length_of_a_code_is_a_setting() {
    let world = with_settings(json!({ "code_digits": 8 })).await;
    let login = world.log_in(USER).await.mfa_token;
    let sent = world.associate_email(&login, None).await;
    let mail = &world.twin.aws.inbox.messages(Some(USER))[0];
    let code =
        mail.text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 8).unwrap().to_owned();
    patch(&world, &json!({ "code_digits": null })).await;
    world.clock.advance(60);
    let short = world.oob(&login, &sent.text("oob_code"), "123456").await;
    assert_snapshot!(short.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Invalid binding_code."}"#);
    assert_eq!(world.tat(USER, "CODES").await, None, "of the wrong shape: not charged");
    assert_eq!(world.oob(&login, &sent.text("oob_code"), &code).await.status, 200);
}

/// SEC-19, SEC-20: budgets are the tenant's.
#[tokio::test]
async fn budgets_are_settings() {
    let world = with_settings(json!({
        "code_attempts": 2, "code_attempt_seconds": 100, "password_attempts": 1, "email_sends": 2
    }))
    .await;
    let login = world.log_in(USER).await.mfa_token;
    let sent = world.associate_email(&login, None).await;
    let wrong = World::wrong(&world.code(USER));
    for expected in [403, 403, 429] {
        assert_eq!(world.oob(&login, &sent.text("oob_code"), &wrong).await.status, expected);
    }
    let refused = world.oob(&login, &sent.text("oob_code"), &world.code(USER)).await;
    assert_eq!(refused.header("retry-after"), Some("100"));
    assert_eq!(world.associate_email(&login, None).await.status, 200);
    assert_eq!(world.associate_email(&login, None).await.status, 429, "two mails");
    assert_eq!(world.password(USER, "wrong").await.status, 403);
    assert_eq!(world.password(USER, "pwd").await.status, 429, "one password");
}

/// Contract §1.3: off by default; on, the documented words, of what the user has or may enrol.
#[tokio::test]
async fn mfa_requirements_name_the_factors() {
    let world = with_settings(json!({ "mfa_requirements": true })).await;
    let asked = async |user: &str| world.password(user, "pwd").await.json()["mfa_requirements"].to_string();
    assert_snapshot!(asked(USER).await, @r#"{"enroll":[{"type":"otp"},{"type":"email"}]}"#);
    assert_snapshot!(asked("verified@example.com").await, @r#"{"challenge":[{"type":"email"}]}"#);
    world.enrol_otp(USER).await;
    assert_snapshot!(asked(USER).await, @r#"{"challenge":[{"type":"otp"},{"type":"recovery-code"}]}"#);
    world.set_factor("recovery-code", false).await;
    world.set_factor("sms", true).await;
    assert_snapshot!(asked(USER).await, @r#"{"challenge":[{"type":"otp"}]}"#);
    let refused = world.password("nobody@example.com", "pwd").await;
    assert!(refused.json()["mfa_requirements"].is_null());
}

/// Contract §1.3: SMS and voice are one word, `phone`, to be enrolled and to be challenged.
#[tokio::test]
async fn mfa_requirements_call_both_channels_phone() {
    let world = with_settings(json!({ "mfa_requirements": true, "voice": true })).await;
    world.set_factor("sms", true).await;
    let asked = async |user: &str| world.password(user, "pwd").await.json()["mfa_requirements"].to_string();
    assert_snapshot!(asked(USER).await, @r#"{"enroll":[{"type":"otp"},{"type":"phone"},{"type":"email"}]}"#);
    world.enrol_phone(USER, "voice", NUMBER).await;
    assert_snapshot!(asked(USER).await, @r#"{"challenge":[{"type":"phone"},{"type":"recovery-code"}]}"#);
    world.set_factor("email", false).await;
    assert_snapshot!(asked("verified@example.com").await, @r#"{"enroll":[{"type":"otp"},{"type":"phone"}]}"#);
}

/// The same words wherever `mfa_required` is answered: by the refresh grant and by the passwordless one.
#[tokio::test]
async fn mfa_requirements_of_the_other_grants() {
    let world = with_settings(json!({ "mfa_requirements": true })).await;
    world.passwordless_on().await;
    world.start_email(USER).await;
    let required = world.passwordless("email", USER, &world.code(USER)).await;
    assert_snapshot!(required.snapshot(), @r#"403 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"[mfa_token]","mfa_requirements":{"enroll":[{"type":"otp"},{"type":"email"}]}}"#);
    let refresh_token = world.enrol_offline(USER).await.text("refresh_token");
    let audience = format!("{}mfa/", world.issuer());
    let required = world.refresh_with(&refresh_token, &[("audience", &audience)]).await;
    assert_snapshot!(required.snapshot(), @r#"403 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"[mfa_token]","mfa_requirements":{"challenge":[{"type":"recovery-code"},{"type":"email"}]}}"#);
    let off = json!({ "mfa_requirements": false });
    assert!(patch(&world, &off).await.starts_with("200"));
    world.clock.advance(60);
    let required = world.refresh_with(&refresh_token, &[("audience", &audience)]).await;
    assert!(required.json()["mfa_requirements"].is_null());
}

/// The policy of one client, by its metadata, goes before the tenant's, in both directions.
#[tokio::test]
async fn a_client_has_a_policy_of_its_own() {
    let world = World::new().await;
    let store = &world.twin.app.store;
    let with_policy = async |word: &str| {
        let mut client = store.client(&ClientId::new("demo-app")).await.unwrap().unwrap();
        client.client_metadata.insert("mfa_policy".into(), word.into());
        store.put_client(&client).await.unwrap();
    };
    with_policy("never").await;
    assert_eq!(world.password(USER, "pwd").await.status, 200);
    with_policy("no word of ours").await;
    assert_eq!(world.password(USER, "pwd").await.status, 403, "then the tenant's counts");
    put_policies(&world, &json!([])).await;
    world.clock.advance(60);
    assert_eq!(world.password(USER, "pwd").await.status, 200);
    with_policy("all-applications").await;
    assert_eq!(world.password(USER, "pwd").await.status, 403);
}
