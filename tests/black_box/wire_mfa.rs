//! `POST /mfa/associate` and `POST /mfa/challenge` (contract §2, §3, A3).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Body, DEMO_APP, MFA_SCOPES, World, as_client};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const BEARER_INVALID: &str = r#"401 {"error":"invalid_grant","error_description":"The mfa_token provided is invalid. Try getting a new token."}"#;

async fn associate(world: &World, token: &str, body: Value) -> String {
    world.shown(&world.bearer("POST", "/mfa/associate", token, Body::json(&body)).await)
}

async fn challenge(world: &World, body: Value) -> String {
    let mut body = body;
    body["client_id"] = json!("demo-app");
    body["client_secret"] = json!("demo-secret");
    world.shown(&world.post("/mfa/challenge", Body::json(&body)).await)
}

/// §3, A3 "associate and challenge success", "`recovery_codes` in the first associate reply", SEC-37: the success
/// shapes of both types, with the headers.
#[tokio::test]
async fn associations() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let email = world.associate_email(&login.mfa_token, None).await;
    assert_snapshot!(email.snapshot(), @r#"200 {"authenticator_type":"oob","binding_method":"prompt","recovery_codes":["[recovery_code]"],"oob_channel":"email","oob_code":"[oob_code]"}"#);
    assert_snapshot!(email.told_caches(), @"application/json; charset=utf-8 | no-store | no-cache");
    let otp = world.associate_otp(&login.mfa_token).await;
    assert_snapshot!(otp.snapshot(), @r#"200 {"authenticator_type":"otp","secret":"[secret]","barcode_uri":"[barcode_uri]","recovery_codes":["[recovery_code]"]}"#);
    let secret = otp.text("secret");
    assert_eq!(secret.len(), 32);
    assert_eq!(
        otp.text("barcode_uri"),
        format!(
            "otpauth://totp/Postern%20Demo:user%40example.com?secret={secret}&issuer=Postern%20Demo&algorithm=SHA1&digits=6&period=30"
        )
    );
    let codes =
        |reply: &crate::support::Reply| reply.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    assert_ne!(codes(&email), codes(&otp), "every association of a user not yet enrolled shows a new one");
}

/// A3 "`recovery_codes`": none for a user already enrolled, none when the factor is off.
#[tokio::test]
async fn associations_without_a_recovery_code() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let email = world.associate_email(&token, Some("other@example.com")).await;
    assert_snapshot!(email.snapshot(), @r#"200 {"authenticator_type":"oob","binding_method":"prompt","oob_channel":"email","oob_code":"[oob_code]"}"#);
    let otp = world.associate_otp(&token).await;
    assert_snapshot!(otp.snapshot(), @r#"200 {"authenticator_type":"otp","secret":"[secret]","barcode_uri":"[barcode_uri]"}"#);
    let world = World::new().await;
    world.set_factor("recovery-code", false).await;
    let login = world.log_in(USER).await;
    let email = world.associate_email(&login.mfa_token, None).await;
    assert_snapshot!(email.snapshot(), @r#"200 {"authenticator_type":"oob","binding_method":"prompt","oob_channel":"email","oob_code":"[oob_code]"}"#);
}

/// A3 "missing parameter", "unknown authenticator type or channel", "malformed `email`", "factor switched off".
#[tokio::test]
async fn what_cannot_be_associated() {
    let world = World::new().await;
    let token = world.log_in(USER).await.mfa_token;
    assert_snapshot!(associate(&world, &token, json!({})).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: authenticator_types"}"#);
    assert_snapshot!(associate(&world, &token, json!({"authenticator_types": []})).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: authenticator_types"}"#);
    assert_snapshot!(associate(&world, &token, json!({"authenticator_types": ["oob"]})).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: oob_channels"}"#);
    assert_snapshot!(associate(&world, &token, json!({"authenticator_types": ["webauthn"]})).await, @r#"400 {"error":"invalid_request","error_description":"Unknown authenticator type: webauthn"}"#);
    assert_snapshot!(associate(&world, &token, json!({"authenticator_types": ["oob", "otp"]})).await, @r#"400 {"error":"invalid_request","error_description":"Parameter authenticator_types must name exactly one"}"#);
    assert_snapshot!(associate(&world, &token, json!({"authenticator_types": [1]})).await, @r#"400 {"error":"invalid_request","error_description":"Parameter authenticator_types must be an array of strings"}"#);
    let oob = |channels: Value| json!({"authenticator_types": ["oob"], "oob_channels": channels});
    assert_snapshot!(associate(&world, &token, oob(json!(["pigeon\n"]))).await, @r#"400 {"error":"invalid_request","error_description":"Unknown oob_channel: pigeon"}"#);
    assert_snapshot!(associate(&world, &token, oob(json!(["email", "sms"]))).await, @r#"400 {"error":"invalid_request","error_description":"Parameter oob_channels must name exactly one"}"#);
    for (channel, factor) in [("sms", "sms"), ("voice", "sms"), ("auth0", "push-notification")] {
        let expected = format!(
            r#"400 {{"error":"invalid_request","error_description":"The {factor} factor is not enabled"}}"#
        );
        let mut body = oob(json!([channel]));
        body["phone_number"] = json!("+12025550123");
        assert_eq!(associate(&world, &token, body).await, expected);
    }
    for email in
        ["a", "a@b", "a@b.co\r\nBcc: c@d.ef", "a\u{0}@b.co", "a b@c.de", &format!("{}@e.org", "a".repeat(65))]
    {
        let mut body = oob(json!(["email"]));
        body["email"] = json!(email);
        assert_eq!(
            associate(&world, &token, body).await,
            r#"400 {"error":"invalid_request","error_description":"Parameter email is not a valid email address"}"#
        );
    }
    let mut body = oob(json!(["email"]));
    body["email"] = json!(["a@b.co"]);
    assert_snapshot!(associate(&world, &token, body).await, @r#"400 {"error":"invalid_request","error_description":"Parameter email must be a string"}"#);
    assert!(world.twin.aws.inbox.messages(None).is_empty(), "nothing was sent");
    for factor in ["email", "otp"] {
        world.set_factor(factor, false).await;
    }
    assert_snapshot!(associate(&world, &token, oob(json!(["email"]))).await, @r#"400 {"error":"invalid_request","error_description":"The email factor is not enabled"}"#);
    assert_snapshot!(associate(&world, &token, json!({"authenticator_types": ["otp"]})).await, @r#"400 {"error":"invalid_request","error_description":"The otp factor is not enabled"}"#);
}

/// §0 "Client auth": `client_id` and `client_secret` are optional at associate; if sent they must be right.
#[tokio::test]
async fn a_client_named_at_associate_is_checked() {
    let world = World::new().await;
    let token = world.log_in(USER).await.mfa_token;
    let named = |client: Value| {
        let mut body = json!({"authenticator_types": ["otp"]});
        body.as_object_mut().unwrap().extend(client.as_object().unwrap().clone());
        body
    };
    for client in [
        json!({"client_id": "demo-app", "client_secret": "demo-secret"}),
        json!({"client_id": "demo-app"}),
        json!({"client_id": "", "client_secret": ""}),
    ] {
        assert_eq!(
            associate(&world, &token, named(client)).await,
            r#"200 {"authenticator_type":"otp","secret":"[secret]","barcode_uri":"[barcode_uri]","recovery_codes":["[recovery_code]"]}"#
        );
    }
    for client in [json!({"client_id": "demo-app", "client_secret": "wrong"}), json!({"client_id": "nobody"})]
    {
        assert_eq!(
            associate(&world, &token, named(client)).await,
            r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#
        );
    }
    assert_snapshot!(associate(&world, &token, named(json!({"client_id": "demo-spa"}))).await, @r#"400 {"error":"invalid_request","error_description":"mfa_token not issued to this client"}"#);
}

/// A3, §1.4: the bearer check of associate: absent, not ours, expired; a JWT without its scope.
#[tokio::test]
async fn the_bearer_of_associate() {
    let world = World::new().await;
    let otp = || Body::json(&json!({"authenticator_types": ["otp"]}));
    for header in ["", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic eDp5", "Bearer a.b"] {
        let reply = world.send("POST", "/mfa/associate", &[("authorization", header)], otp()).await;
        assert_eq!(reply.snapshot(), BEARER_INVALID, "{header}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        assert_eq!(reply.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
    }
    assert_eq!(world.post("/mfa/associate", otp()).await.snapshot(), BEARER_INVALID);
    let login = world.log_in(USER).await.mfa_token;
    let lower =
        world.send("POST", "/mfa/associate", &[("authorization", &format!("bearer {login}"))], otp()).await;
    assert_eq!(lower.status, 200, "{}", lower.body);
    let reading = world.first_access_token(USER, "read:authenticators").await;
    let reply = world.associate_otp(&reading).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"insufficient_scope","error_description":"Insufficient scope, expected any of: enroll"}"#);
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Bearer error=\"insufficient_scope\", scope=\"enroll\"")
    );
    let enrolling = world.first_access_token(USER, "enroll").await;
    let spent_on_an_api = world.management_token().await;
    assert_eq!(world.associate_otp(&spent_on_an_api).await.snapshot(), BEARER_INVALID);
    world.clock.advance(600);
    for token in [login, enrolling] {
        let reply = world.associate_otp(&token).await;
        assert_eq!(
            reply.snapshot(),
            r#"401 {"error":"expired_token","error_description":"mfa_token is expired"}"#
        );
    }
}

/// A3 "a user already enrolled", by a factor and by a verified address alone; "an `/mfa/` JWT without proof of MFA".
#[tokio::test]
async fn an_enrolled_user_needs_fresh_mfa_to_associate() {
    let world = World::new().await;
    let verified = world.log_in(VERIFIED).await.mfa_token;
    assert_snapshot!(associate(&world, &verified, json!({"authenticator_types": ["otp"]})).await, @r#"403 {"error":"access_denied","error_description":"User is already enrolled."}"#);
    let early = world.first_access_token(USER, MFA_SCOPES).await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await.mfa_token;
    let body =
        || json!({"authenticator_types": ["oob"], "oob_channels": ["email"], "email": "other@example.com"});
    assert_snapshot!(associate(&world, &login, body()).await, @r#"403 {"error":"access_denied","error_description":"User is already enrolled."}"#);
    assert_snapshot!(associate(&world, &early, body()).await, @r#"403 {"error":"access_denied","error_description":"This needs an access token issued after MFA within the last 10 minutes. Sign in with MFA for the audience https://issuer/mfa/, by a password or a refresh_token grant, to get one."}"#);
    let fresh = world.mfa_access_token(USER, &id).await;
    assert!(associate(&world, &fresh, body()).await.starts_with("200 "));
    assert_eq!(world.mails("other@example.com"), 1);
}

/// §2: the success shapes, `challenge_type` as a list in any case; A3 "`challenge_type` absent; `authenticator_id`
/// absent": any type, the most recently used.
#[tokio::test]
async fn challenges() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let fresh = world.mfa_access_token(USER, &id).await;
    let associated = world.associate_otp(&fresh).await;
    let secret = postern::rules::totp::TotpSecret::from_base32(&associated.text("secret")).unwrap();
    world.clock.advance(30);
    assert_eq!(world.otp(&fresh, &world.app_code(&secret, 0)).await.status, 200);
    let otp_id = world.id_of_type(USER, "otp").await;
    let token = world.log_in(USER).await.mfa_token;
    let ask = async |extra: Value| {
        let mut body = json!({"mfa_token": token});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        challenge(&world, body).await
    };
    let oob = r#"200 {"challenge_type":"oob","oob_code":"[oob_code]","binding_method":"prompt"}"#;
    let otp = r#"200 {"challenge_type":"otp"}"#;
    let named = world.challenge(&token, "oob", &id).await;
    assert_eq!(named.snapshot(), oob);
    assert_snapshot!(named.told_caches(), @"application/json; charset=utf-8 | no-store | no-cache");
    assert!(named.text("oob_code").len() > 100, "the sealed code is not what the user types");
    assert_eq!(ask(json!({})).await, otp, "the app was used last");
    assert_eq!(ask(json!({"challenge_type": "otp oob"})).await, otp);
    assert_eq!(ask(json!({"challenge_type": "OTP"})).await, otp);
    assert_eq!(ask(json!({"challenge_type": "oob"})).await, oob);
    assert_eq!(ask(json!({"challenge_type": " OOB  push"})).await, oob);
    assert_eq!(ask(json!({"authenticator_id": otp_id})).await, otp);
    assert_eq!(ask(json!({"authenticator_id": id, "oob_channel": "email", "unknown": 1})).await, oob);
    world.clock.advance(30);
    world.sign_in_by_email(USER, &id, "https://someapi.com/api", "read:sample").await;
    assert_eq!(ask(json!({})).await, oob, "the address was used last");
    let mails = world.mails(USER);
    assert_eq!(ask(json!({"challenge_type": "otp"})).await, otp);
    assert_eq!(world.mails(USER), mails, "an app is sent nothing");
    world.set_factor("email", false).await;
    assert_eq!(ask(json!({})).await, otp, "what is switched off comes last");
    world.set_factor("otp", false).await;
    assert_snapshot!(ask(json!({})).await, @r#"400 {"error":"invalid_request","error_description":"The email factor is not enabled"}"#);
}

/// A3 "challenge of a type the user lacks", "no active authenticator at all", "unknown or foreign
/// `authenticator_id`", "missing parameter".
#[tokio::test]
async fn what_cannot_be_challenged() {
    let world = World::new().await;
    assert_snapshot!(challenge(&world, json!({})).await, @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: mfa_token"}"#);
    let token = world.log_in(USER).await.mfa_token;
    let reply = world.post("/mfa/challenge", Body::json(&json!({"mfa_token": token}))).await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: client_id"}"#);
    for body in [
        json!({"mfa_token": token}),
        json!({"mfa_token": token, "challenge_type": "oob"}),
        json!({"mfa_token": token, "authenticator_id": "email|dev_abc"}),
    ] {
        assert_eq!(
            challenge(&world, body).await,
            r#"401 {"error":"unsupported_challenge_type","error_description":"User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator."}"#
        );
    }
    let (id, _) = world.enrol_email(USER).await;
    let recovery_id = world.id_of_type(USER, "recovery-code").await;
    let foreign = world.id_of_type(VERIFIED, "email").await;
    let token = world.log_in(USER).await.mfa_token;
    assert_snapshot!(challenge(&world, json!({"mfa_token": token, "challenge_type": "otp"})).await, @r#"401 {"error":"unsupported_challenge_type","error_description":"User does not have any enrolled authenticator with the supported challenge type (otp)"}"#);
    assert_snapshot!(challenge(&world, json!({"mfa_token": token, "challenge_type": "otp", "authenticator_id": id})).await, @r#"401 {"error":"unsupported_challenge_type","error_description":"User does not have any enrolled authenticator with the supported challenge type (otp)"}"#);
    assert_snapshot!(challenge(&world, json!({"mfa_token": token, "challenge_type": "push magic"})).await, @r#"401 {"error":"unsupported_challenge_type","error_description":"User does not have any enrolled authenticator with the supported challenge type (push magic)"}"#);
    assert_snapshot!(challenge(&world, json!({"mfa_token": token, "authenticator_id": recovery_id})).await, @r#"401 {"error":"unsupported_challenge_type","error_description":"User does not have any enrolled authenticator with the supported challenge type (otp oob)"}"#);
    for unknown in ["email|dev_0000000000000000", "email", "x#y", "\u{0}", &foreign, &"e".repeat(3000)] {
        let body = json!({"mfa_token": token, "challenge_type": "oob", "authenticator_id": unknown});
        assert_eq!(
            challenge(&world, body).await,
            r#"404 {"error":"invalid_authenticator","error_description":"Authenticator not found"}"#
        );
    }
    world.set_factor("email", false).await;
    assert_snapshot!(challenge(&world, json!({"mfa_token": token, "challenge_type": "oob"})).await, @r#"400 {"error":"invalid_request","error_description":"The email factor is not enabled"}"#);
}

/// SEC-30: an authenticator that is not confirmed is no authenticator to be challenged.
#[tokio::test]
async fn pending_authenticators_are_not_challenged() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let fresh = world.mfa_access_token(USER, &id).await;
    world.associate_email(&fresh, Some("other@example.com")).await;
    let token = world.log_in(USER).await.mfa_token;
    let list = world.list(&token).await.json();
    let pending = list.as_array().unwrap().iter().find(|item| item["active"] == false).unwrap();
    let body = json!({"mfa_token": token, "challenge_type": "oob", "authenticator_id": pending["id"]});
    assert_snapshot!(challenge(&world, body).await, @r#"404 {"error":"invalid_authenticator","error_description":"Authenticator not found"}"#);
}

/// A3: the `mfa_token` at challenge: malformed (an `/mfa/` JWT too), expired, another client's.
#[tokio::test]
async fn the_mfa_token_of_a_challenge() {
    let world = World::new().await;
    let access = world.first_access_token(USER, MFA_SCOPES).await;
    let token = world.log_in(USER).await.mfa_token;
    for malformed in ["x", "a.b.c", &access, &format!("{token}A")] {
        assert_eq!(
            challenge(&world, json!({"mfa_token": malformed, "challenge_type": "oob"})).await,
            r#"403 {"error":"invalid_grant","error_description":"Malformed mfa_token"}"#
        );
    }
    let spa = as_client(&[("client_id", "demo-spa")], &[("mfa_token", &token), ("challenge_type", "oob")]);
    assert_snapshot!(world.post("/mfa/challenge", spa).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"mfa_token not issued to this client"}"#);
    let wrong = as_client(&[DEMO_APP[0], ("client_secret", "wrong")], &[("mfa_token", &token)]);
    assert_snapshot!(world.post("/mfa/challenge", wrong).await.snapshot(), @r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
    world.clock.advance(600);
    assert_snapshot!(challenge(&world, json!({"mfa_token": token, "challenge_type": "oob"})).await, @r#"403 {"error":"expired_token","error_description":"mfa_token is expired"}"#);
}
