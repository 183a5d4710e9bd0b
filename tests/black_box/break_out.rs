//! Values that could break out of a key, a header, a log line, a mail or a page: refused as any other wrong value, at
//! every endpoint and in every text parameter (contract A3, SEC-37, SEC-41).

use serde_json::{Value, json};

use crate::bad_input::{refused, still_works};
use crate::support::{Body, NUMBER, OOB, OTP, PASSWORDLESS, RECOVERY, World};

const VALUES: [&str; 17] = [
    "\u{0}",
    "a\u{0}b",
    "a\r\nBcc: victim@example.com",
    "+4915112345678\r\nX: y",
    "\u{7f}",
    "\u{202e}\u{feff}",
    "#",
    "a#b",
    "USER#auth0|1",
    "|",
    "'\"<>{}",
    "%00%0d%0a",
    "../../x",
    "𝟙𝟚𝟛𝟜𝟝𝟞",
    "\u{10ffff}",
    " ",
    "\n",
];

const METHODS: &str = "/api/v2/users/auth0%7Cx/authentication-methods";

fn values() -> Vec<String> {
    let long = ["é".repeat(2000), "a".repeat(15_000)];
    VALUES.iter().map(|value| (*value).to_owned()).chain(long).collect()
}

/// Every value in every field of a request that is wrong anyway: a refusal, whatever the field.
async fn each_is_refused(world: &World, path: &str, token: &str, request: &Value, fields: &[&str]) {
    for value in values() {
        for field in fields {
            let mut body = request.clone();
            body["client_id"] = json!("demo-app");
            body["client_secret"] = json!("demo-secret");
            body[*field] = json!(value);
            let reply = world.bearer("POST", path, token, Body::json(&body)).await;
            refused(&reply, path);
            assert!(reply.body.len() < 2_000, "{path} {field}: {}", reply.body.len());
            world.clock.advance(60);
        }
    }
}

/// The password grant, challenges and associations.
#[tokio::test]
async fn at_the_steps_of_mfa() {
    let world = World::new().await;
    let token = world.log_in("user@example.com").await.mfa_token;
    let client = ["client_id", "client_secret"];
    let password = json!({"grant_type": "password", "username": "other@example.com", "password": "wrong"});
    let fields = ["grant_type", "username", "password", "audience", "scope"];
    each_is_refused(&world, "/oauth/token", "x", &password, &[&fields[..], &client].concat()).await;
    let challenge = json!({"mfa_token": token, "challenge_type": "oob"});
    let fields = ["mfa_token", "challenge_type", "authenticator_id"];
    each_is_refused(&world, "/mfa/challenge", "x", &challenge, &[&fields[..], &client].concat()).await;
    let email = json!({"authenticator_types": "oob", "oob_channels": "email"});
    let fields = ["authenticator_types", "oob_channels", "email"];
    each_is_refused(&world, "/mfa/associate", &token, &email, &[&fields[..], &client].concat()).await;
    world.set_factor("sms", true).await;
    let token = world.log_in("user@example.com").await.mfa_token;
    let phone = json!({"authenticator_types": "oob", "oob_channels": "sms"});
    each_is_refused(&world, "/mfa/associate", &token, &phone, &["phone_number"]).await;
    assert!(world.twin.aws.inbox.messages(None).is_empty(), "nothing was sent anywhere");
    still_works(&world).await;
}

/// The other grants.
#[tokio::test]
async fn at_the_other_grants() {
    let world = World::with_passwordless().await;
    let token = world.log_in("user@example.com").await.mfa_token;
    for (request, fields) in [
        (
            json!({"grant_type": OOB, "mfa_token": token, "oob_code": "x", "binding_code": "1"}),
            &["mfa_token", "oob_code", "binding_code"][..],
        ),
        (json!({"grant_type": OTP, "mfa_token": token, "otp": "123456"}), &["mfa_token", "otp"]),
        (
            json!({"grant_type": RECOVERY, "mfa_token": token, "recovery_code": "x"}),
            &["mfa_token", "recovery_code"],
        ),
        (
            json!({"grant_type": "refresh_token", "refresh_token": "x"}),
            &["refresh_token", "audience", "scope"],
        ),
        (
            json!({"grant_type": PASSWORDLESS, "realm": "email", "username": "user@example.com", "otp": "123456"}),
            &["realm", "username", "otp", "audience", "scope", "nonce"],
        ),
        (
            json!({"grant_type": PASSWORDLESS, "realm": "sms", "username": NUMBER, "otp": "123456"}),
            &["username", "otp"],
        ),
    ] {
        each_is_refused(&world, "/oauth/token", "x", &request, fields).await;
    }
    assert!(world.twin.aws.inbox.messages(None).is_empty(), "nothing was sent anywhere");
    still_works(&world).await;
}

/// Starts without password, and tokens to be given up: of these any text is one that nobody has (RFC 7009 §2.2).
#[tokio::test]
async fn at_starts_and_revocation() {
    let world = World::with_passwordless().await;
    let fields = ["client_id", "client_secret", "connection", "send", "client_assertion_type", "nonsense"];
    // Neither is complete without a callback, so none can be right.
    for (request, own) in [
        (json!({"connection": "email", "email": "user@example.com"}), "email"),
        (json!({"connection": "sms", "phone_number": "0151"}), "phone_number"),
    ] {
        let path = "/passwordless/start";
        each_is_refused(&world, path, "x", &request, &[&fields[..], &[own]].concat()).await;
    }
    for value in values() {
        let uri = json!({"connection": "email", "email": "user@example.com", "authParams": {"redirect_uri": value}});
        refused(&world.start(&uri).await, "/passwordless/start");
        world.clock.advance(80);
        for name in ["client_id", "client_secret"] {
            let mut body = json!({"token": "x", "client_id": "demo-app", "client_secret": "demo-secret"});
            body[name] = json!(value);
            refused(&world.post("/oauth/revoke", Body::json(&body)).await, "/oauth/revoke");
        }
        let before = world.stored().await;
        let reply = world.revoke(&value).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, ""), "{value:?}");
        assert!(world.stored().await == before);
    }
    assert!(world.twin.aws.inbox.messages(None).is_empty(), "nothing was sent anywhere");
    still_works(&world).await;
}

/// A page shows nothing of what it was asked with but a ticket that opens.
#[tokio::test]
async fn at_the_page_of_a_block() {
    let world = World::new().await;
    let absent = world.send("GET", "/u/unblock", &[], Body::none()).await;
    for value in values() {
        let form = Body::form(&[("ticket", &value)]);
        let query = String::from_utf8(form.bytes.clone()).unwrap();
        let json = Body::json(&json!({ "ticket": value }));
        for reply in [
            world.post("/u/unblock", form).await,
            world.post("/u/unblock", json).await,
            world.send("GET", &format!("/u/unblock?{query}"), &[], Body::none()).await,
        ] {
            assert_eq!((reply.status, &reply.body), (400, &absent.body), "{value:?}");
        }
    }
    still_works(&world).await;
}

/// Requests that name a value where it does not fit.
fn requests_with(value: &str) -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("PUT", "/api/v2/guardian/factors/email", json!({ "enabled": value })),
        ("PUT", "/api/v2/guardian/policies", json!([value])),
        ("PATCH", "/api/v2/guardian/settings", json!({ "default_language": value })),
        ("PATCH", "/api/v2/guardian/settings", json!({ "web_otp_domain": value })),
        ("PATCH", "/api/v2/guardian/settings", json!({ "countries": [value] })),
        ("PATCH", "/api/v2/guardian/settings", json!({ "sms_provider": value })),
        ("PATCH", "/api/v2/guardian/settings", json!({ "code_seconds": value })),
        ("PATCH", "/api/v2/guardian/settings", json!({ value: 1 })),
        ("PUT", "/api/v2/guardian/factors/sms/selected-provider", json!({ "provider": value })),
        ("PUT", "/api/v2/guardian/factors/phone/providers/twilio", json!({ "sid": value })),
        ("PUT", "/api/v2/guardian/factors/sms/providers/twilio", json!({ "from": value })),
        ("PUT", "/api/v2/guardian/factors/sms/providers/twilio", json!({ "messaging_service_sid": value })),
        ("POST", "/api/v2/email-templates", json!({ "template": value })),
        ("PATCH", "/api/v2/email-templates/mfa_oob_code", json!({ "syntax": value })),
        ("PATCH", "/api/v2/email-templates/mfa_oob_code", json!({ value: 1 })),
        ("POST", "/api/v2/users", json!({ "email": value })),
        ("POST", "/api/v2/users", json!({ "user_id": value })),
        ("PATCH", "/api/v2/users/auth0%7Cx", json!({ "email": value })),
        ("PATCH", "/api/v2/users/auth0%7Cx", json!({ "picture": value })),
        ("PATCH", "/api/v2/users/auth0%7Cx", json!({ value: 1 })),
        ("POST", METHODS, json!({ "type": value })),
        ("POST", METHODS, json!({ "type": "email", "email": value })),
        ("POST", METHODS, json!({ "type": "phone", "phone_number": value })),
        ("POST", METHODS, json!({ "type": "totp", "totp_secret": value })),
        ("POST", METHODS, json!({ "type": "totp", value: 1 })),
        ("PUT", METHODS, json!([{ "type": "email", "email": value }])),
    ]
}

/// The Management API keeps such values as they are where any text is one (a template, a secret of Twilio's), and
/// refuses them elsewhere; what is kept is answered to the letter.
#[tokio::test]
async fn at_the_management_api() {
    let world = World::new().await;
    let token = world.management_token().await;
    let before = world.stored().await;
    for value in values() {
        for (method, path, body) in requests_with(&value) {
            let reply = world.bearer(method, path, &token, Body::json(&body)).await;
            refused(&reply, path);
            assert_eq!(reply.status, 400, "{path}: {}", reply.body);
            assert!(reply.body.len() < 600, "what is repeated is bounded: {}", reply.body);
        }
        for (method, path) in [
            ("GET", "/api/v2/email-templates/"),
            ("GET", "/api/v2/users/auth0%7Cx/authentication-methods/"),
            ("DELETE", "/api/v2/users/auth0%7Cx/multifactor/"),
            ("DELETE", "/api/v2/user-blocks/"),
        ] {
            let path = format!("{path}{}", percent_encoded(&value));
            refused(&world.bearer(method, &path, &token, Body::none()).await, "/api/v2");
        }
    }
    assert!(world.stored().await == before, "nothing is stored");
    let template = json!({
        "template": "verify_email", "body": "{{ url }}", "subject": "s", "syntax": "liquid", "enabled": true,
    });
    let path = "/api/v2/email-templates";
    assert_eq!(world.bearer("POST", path, &token, Body::json(&template)).await.status, 200);
    let path = "/api/v2/email-templates/verify_email";
    for value in VALUES.into_iter().filter(|value| !value.contains('{')) {
        for name in ["subject", "from", "resultUrl"] {
            let changed = world.bearer("PATCH", path, &token, Body::json(&json!({ name: value }))).await;
            assert_eq!((changed.status, changed.text(name).as_str()), (200, value), "{name}");
            assert_eq!(world.bearer("GET", path, &token, Body::none()).await.body, changed.body);
        }
    }
    still_works(&world).await;
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
