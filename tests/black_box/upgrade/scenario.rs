//! A tenant and its people: what leaves an item of every kind, and what goes on from there.

use postern::rules::settings::SettingValue;
use postern::rules::totp::TotpSecret;
use postern::token::rotation::Report;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{
    ENROLMENT_PAGE, NUMBER, OFFLINE, ORDERS, PASSWORD, World, heading, new_user, path_of, user_path,
};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const ADA: &str = "ada@example.com";
const BLOCKED: &str = "blocked@example.com";
const PHONE: &str = "+4915112345670";
const API: &str = "https://someapi.com/api";
const TEMPLATE: &str = "/api/v2/email-templates";

/// What people and programs had in hand when the old code stopped.
#[derive(Serialize, Deserialize)]
pub(super) struct InHand {
    /// Of a user who waits for nothing but the code that was mailed.
    mfa_token: String,
    oob_code: String,
    code: String,
    /// The same user's app (base32), recovery code and tokens.
    app: String,
    recovery_code: String,
    access_token: String,
    refresh_token: String,
    /// A code that takes the password's place.
    passwordless_code: String,
    /// A user who was shown a key, and has not typed a code of it yet.
    pending_mfa_token: String,
    pending_app: String,
    /// Links that were mailed.
    reset_ticket: String,
    enrolment_ticket: String,
    /// A program.
    service_id: String,
    service_secret: String,
}

/// Plays all of it.
pub(super) async fn play(world: &World) -> InHand {
    let service = tenant(world).await;
    keys(world).await;
    let ada = others(world).await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    let app = factors(world, &id).await;
    let tokens = world.sign_in_by_email(USER, &id, API, OFFLINE).await;
    let refreshed = world.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    let pending = world.password_for(ADA, PASSWORD, API, "openid").await.text("mfa_token");
    let pending_app = world.associate_otp(&pending).await.text("secret");
    let reset_ticket = world.reset_ticket(VERIFIED).await;
    let enrolment_ticket = world.enrolment_ticket_of(&ada, &json!({ "send_mail": true })).await;
    assert_eq!(world.start_email(USER).await.status, 200);
    let passwordless_code = world.code(USER);
    let login = wrong_and_right(world, &id).await;
    world.twin.deliver_notices().await;
    // A mail came back.
    world.twin.deliver_mail_events().await;
    world.twin.deliver_audit().await;
    let (mfa_token, oob_code) = login;
    InHand {
        mfa_token,
        oob_code,
        code: world.code(USER),
        app: data_encoding::BASE32_NOPAD.encode(app.as_bytes()),
        recovery_code,
        access_token: refreshed.text("access_token"),
        refresh_token: refreshed.text("refresh_token"),
        passwordless_code,
        pending_mfa_token: pending,
        pending_app,
        reset_ticket,
        enrolment_ticket,
        service_id: service.id,
        service_secret: service.secret,
    }
}

/// Settings, templates, providers, clients, APIs and grants.
async fn tenant(world: &World) -> crate::support::Made {
    world.set_factor("sms", true).await;
    world.passwordless_on().await;
    world.configure(&[("voice", SettingValue::Switch(true))]).await;
    world.set_twilio_token(crate::support::TWILIO_TOKEN).await;
    let template = json!({
        "template": "mfa_oob_code", "body": "<p>{{ code }}</p>", "subject": "Hello", "syntax": "liquid",
        "enabled": true,
    });
    assert_eq!(world.manage("POST", TEMPLATE, Some(&template)).await.status, 200);
    let service = world.make_service().await;
    let metadata = json!({ "client_metadata": { "team": "orders" }, "callbacks": ["https://a.example/cb"] });
    assert_eq!(world.manage("PATCH", &service.path(), Some(&metadata)).await.status, 200);
    world.make_api().await;
    world.granted(&service.id, ORDERS, &["read:orders"]).await;
    service
}

/// A root and a signing key that are to come, and a signing key that was revoked.
async fn keys(world: &World) {
    world.rotate_keys().await;
    let next = world.manage("GET", "/api/v2/keys/signing", None).await.json();
    let kid = next[0]["kid"].as_str().unwrap();
    let revoked = world.manage("PUT", &format!("/api/v2/keys/signing/{kid}/revoke"), None).await;
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    let mut report = Report::default();
    world.rotation().rotate_signing(&mut report).await.unwrap();
    assert_eq!(report.made.len(), 1);
}

/// A user with properties, whose id it gives, one who is blocked, one who was deleted, and nobody.
async fn others(world: &World) -> String {
    let mut ada = new_user(ADA);
    ada["user_metadata"] = json!({ "lang": "de", "n": [1, 0.5, null] });
    ada["app_metadata"] = json!({ "plan": "gold" });
    ada["given_name"] = json!("Ada");
    let ada = world.make_user(&ada).await;
    let mut blocked = new_user(BLOCKED);
    blocked["blocked"] = json!(true);
    world.make_user(&blocked).await;
    let gone = world.make_user(&new_user("gone@example.com")).await;
    assert_eq!(world.manage("DELETE", &user_path(&gone), None).await.status, 204);
    assert_eq!(world.password("nobody@example.com", "wrong").await.status, 403);
    assert_eq!(world.password(USER, "wrong").await.status, 403);
    ada
}

/// An app, a phone, and some that wait to be confirmed.
async fn factors(world: &World, id: &str) -> TotpSecret {
    let token = world.mfa_access_token(USER, id).await;
    let app = TotpSecret::from_base32(&world.associate_otp(&token).await.text("secret")).unwrap();
    assert_eq!(world.otp(&token, &world.app_code(&app, 0)).await.status, 200);
    let phone = world.associate_phone(&token, "sms", PHONE).await.text("oob_code");
    assert_eq!(world.oob(&token, &phone, &world.code(PHONE)).await.status, 200);
    for reply in [
        world.associate_email(&token, Some("bounce@simulator.amazonses.com")).await,
        world.associate_phone(&token, "sms", "+4915112345671").await,
        world.associate_phone(&token, "voice", "+4915112345672").await,
        world.associate_otp(&token).await,
    ] {
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    let voice = world.associate_phone(&token, "voice", "+4915112345673").await.text("oob_code");
    assert_eq!(world.oob(&token, &voice, &world.code("+4915112345673")).await.status, 200);
    // Its next code is one that was not used.
    world.clock.advance(30);
    app
}

/// A wrong code, which is counted, of a login that may still give the right one: its `mfa_token` and `oob_code`.
async fn wrong_and_right(world: &World, id: &str) -> (String, String) {
    let mfa_token = world.log_in(USER).await.mfa_token;
    let oob_code = world.challenge(&mfa_token, "oob", id).await.text("oob_code");
    let wrong = world.oob(&mfa_token, &oob_code, &World::wrong(&world.code(USER))).await;
    assert_eq!(wrong.outcome(), "403 Invalid binding_code.");
    (mfa_token, oob_code)
}

impl InHand {
    /// What everybody had in hand is taken, and changes what it should.
    pub(super) async fn goes_on(&self, world: &World) {
        let reply = world.oob(&self.mfa_token, &self.oob_code, &self.code).await;
        assert_eq!(reply.status, 200, "a code that was mailed: {}", reply.body);
        let info = world.bearer("GET", "/userinfo", &self.access_token, crate::support::Body::none()).await;
        assert_eq!(info.status, 200, "an access token: {}", info.body);
        let reply = world.refresh(&self.refresh_token).await;
        assert_eq!(reply.status, 200, "a refresh token: {}", reply.body);
        let app = TotpSecret::from_base32(&self.app).unwrap();
        let login = world.log_in(USER).await.mfa_token;
        let reply = world.otp(&login, &world.app_code(&app, 0)).await;
        assert_eq!(reply.status, 200, "an app: {}", reply.body);
        let login = world.log_in(USER).await.mfa_token;
        let reply = world.recovery(&login, &self.recovery_code).await;
        assert_eq!(reply.status, 200, "a recovery code: {}", reply.body);
        let login = world.log_in(USER).await.mfa_token;
        let listed = world.list(&login).await.json();
        let is_phone = |it: &&Value| it["oob_channel"] == "sms" && it["name"] == "XXXXXXXXX5670";
        let phone = listed.as_array().unwrap().iter().find(is_phone).expect("a phone");
        let challenge = world.challenge(&login, "oob", phone["id"].as_str().unwrap()).await;
        assert_eq!(challenge.status, 200, "a phone: {}", challenge.body);
        let reply = world.oob(&login, &challenge.text("oob_code"), &world.code(PHONE)).await;
        assert_eq!(reply.status, 200, "a phone: {}", reply.body);
        let reply = world.passwordless("email", USER, &self.passwordless_code).await;
        assert!(reply.body.contains(r#""error":"mfa_required""#), "without password: {}", reply.body);
        assert_eq!(world.start_sms(NUMBER).await.status, 200, "without password, by number");
        let page = world.open(&format!("{ENROLMENT_PAGE}?ticket={}", self.enrolment_ticket)).await;
        assert!(heading(&page).starts_with("200"), "a link to enrol: {}", heading(&page));
        let pending = TotpSecret::from_base32(&self.pending_app).unwrap();
        let reply = world.otp(&self.pending_mfa_token, &world.app_code(&pending, 0)).await;
        assert_eq!(reply.status, 200, "an app that was begun: {}", reply.body);
        let page = world.reset(&self.reset_ticket, "another password of theirs").await;
        assert!(heading(&page).starts_with("200"), "a link to a new password: {}", heading(&page));
        let reply = world.service_token(&self.service_id, &self.service_secret, ORDERS).await;
        assert_eq!(reply.status, 200, "a program: {}", reply.body);
        let reply = world.password(BLOCKED, PASSWORD).await;
        assert!(reply.status >= 400 && !reply.has_tokens(), "who is blocked: {}", reply.body);
        assert!(!reply.body.contains("mfa_token"), "who is blocked: {}", reply.body);
        assert!(!world.notices(USER).await.is_empty(), "notices go out");
    }

    /// Everything that operators look at is there.
    pub(super) async fn is_readable(&self, world: &World) {
        let guardian = "/api/v2/guardian";
        for (path, holds) in [
            ("/api/v2/users?include_totals=true".to_owned(), ADA),
            (path_of(USER, ""), USER),
            (path_of(USER, "/authentication-methods"), "totp"),
            (path_of(USER, "/enrollments"), "XXXXXXXXX5670"),
            (path_of(USER, "/logs"), "log_id"),
            ("/api/v2/logs".to_owned(), "log_id"),
            (format!("/api/v2/users-by-email?email={BLOCKED}"), r#""blocked":true"#),
            (format!("/api/v2/users-by-email?email={ADA}"), r#"{"lang":"de","n":[1,0.5,null]}"#),
            (path_of(USER, "").replace("/users/", "/user-blocks/"), "blocked_for"),
            (format!("/api/v2/clients/{}", self.service_id), "https://a.example/cb"),
            (format!("/api/v2/client-grants?client_id={}", self.service_id), "read:orders"),
            ("/api/v2/resource-servers".to_owned(), ORDERS),
            ("/api/v2/keys/signing".to_owned(), r#""revoked":true"#),
            (format!("{guardian}/factors"), r#""name":"sms""#),
            (format!("{guardian}/policies"), "all-applications"),
            (format!("{guardian}/settings"), r#""voice":true"#),
            (format!("{guardian}/factors/phone/providers/twilio"), crate::support::TWILIO_SID),
            (format!("{TEMPLATE}/mfa_oob_code"), "<p>{{ code }}</p>"),
        ] {
            let reply = world.manage("GET", &path, None).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.body);
            assert!(reply.body.contains(holds), "{path}: {}", reply.body);
        }
        let gone: Value =
            world.manage("GET", "/api/v2/users-by-email?email=gone@example.com", None).await.json();
        assert_eq!(gone, json!([]), "who was deleted");
    }
}
