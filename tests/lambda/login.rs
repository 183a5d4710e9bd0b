//! The whole flow of contract A1 through the real binaries.

use data_encoding::BASE64URL_NOPAD;
use insta::assert_snapshot;
use postern::rules::totp::{Algorithm, TotpSecret, hotp, step};
use serde_json::{Value, json};

use crate::flow::Flow;
use crate::flows::{API, USER};
use crate::gateway::Gateway;
use crate::support::Body;

fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}

/// A1 steps 1 to 5 and a deletion: sign in, enrol, get tokens; sign in again, list, be challenged; remove it with a
/// token that came out of MFA. `|` arrives decoded in the path. No secret is logged (SEC-34).
#[tokio::test]
async fn email_from_sign_in_to_deletion() {
    BY_EMAIL.used().await;
}

pub(crate) static BY_EMAIL: Flow = Flow::new(|| Box::pin(by_email()));

async fn by_email() -> Gateway {
    let gateway = Gateway::new().await;
    let (tokens, recovery_code) = gateway.enrol_email("openid read:sample").await;
    assert_snapshot!(tokens.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","scope":"openid read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_eq!(tokens.header("cache-control"), Some("no-store"));
    let access = payload(&tokens.text("access_token"));
    assert_eq!((&access["iss"], &access["amr"]), (&json!(gateway.issuer()), &json!(["mfa", "email"])));

    // Another binary verifies what the first one signed.
    for method in ["GET", "POST"] {
        let info = gateway.bearer(method, "/userinfo", &tokens.text("access_token"), Body::none()).await;
        assert_eq!((info.status, &info.json()["sub"]), (200, &access["sub"]), "{}", info.body);
    }

    let mfa_token = gateway.log_in_for_factors().await;
    let listed = gateway.bearer("GET", "/mfa/authenticators", &mfa_token, Body::none()).await;
    let items = listed.json();
    let item = items.as_array().unwrap().iter().find(|item| item["type"] == "email").expect("the address");
    assert_eq!((&item["active"], &item["name"]), (&json!(true), &json!("****@exam*******")));
    let id = item["id"].as_str().unwrap();
    assert!(id.starts_with("email|dev_"));
    let challenge = gateway.challenge(&mfa_token, id).await;
    assert_snapshot!(challenge.snapshot(), @r#"200 {"challenge_type":"oob","oob_code":"[oob_code]","binding_method":"prompt"}"#);
    let code = gateway.code(USER);
    let own = gateway.prove(&mfa_token, &challenge, USER).await;
    assert_eq!(own.status, 200, "{}", own.body);

    let bearer = own.text("access_token");
    let removed = gateway.delete(&bearer, id).await;
    assert_eq!((removed.status, &*removed.body), (204, ""));
    let left = gateway.bearer("GET", "/mfa/authenticators", &bearer, Body::none()).await;
    assert_snapshot!(left.snapshot(), @"200 []");
    assert!(!gateway.twin.aws.calls.all().is_empty(), "what was held against the rights was all there is");

    let secrets = [
        &*tokens.text("access_token"),
        &tokens.text("id_token"),
        &recovery_code,
        &mfa_token,
        &code,
        &bearer,
        USER,
        "demo-secret",
        "pwd",
    ];
    no_secret_is_logged(&gateway, &secrets).await;
    gateway
}

/// Fails when a log line is no record, or holds a secret.
pub(crate) async fn no_secret_is_logged(gateway: &Gateway, secrets: &[&str]) {
    let logs = gateway.logs().await;
    assert!(!logs.is_empty());
    for line in logs {
        let record: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not a record: {line}"));
        assert!(record["event"].is_string(), "{line}");
        for secret in secrets {
            assert!(
                !line.contains(&format!("\"{secret}\"")) && (secret.len() < 7 || !line.contains(secret)),
                "{line}"
            );
        }
    }
}

/// A1 step 6: the recovery code gives tokens and its successor, once.
#[tokio::test]
async fn a_recovery_code_gives_tokens_and_its_successor() {
    BY_RECOVERY_CODE.used().await;
}

pub(crate) static BY_RECOVERY_CODE: Flow = Flow::new(|| Box::pin(by_recovery_code()));

async fn by_recovery_code() -> Gateway {
    let gateway = Gateway::new().await;
    let (_, recovery_code) = gateway.enrol_email("read:sample").await;
    let mfa_token = gateway.log_in(API, "read:sample").await;
    let recovered =
        gateway.grant("mfa-recovery-code", &mfa_token, &[("recovery_code", &recovery_code)]).await;
    assert_snapshot!(recovered.snapshot(), @r#"200 {"access_token":"[access_token]","recovery_code":"[recovery_code]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_ne!(recovered.text("recovery_code"), recovery_code);
    let mfa_token = gateway.log_in(API, "read:sample").await;
    let again = gateway.grant("mfa-recovery-code", &mfa_token, &[("recovery_code", &recovery_code)]).await;
    assert_snapshot!(again.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"MFA Authorization rejected."}"#);

    // SEC-5: a signed-in user replaces it.
    let (token, _) = gateway.fresh_token().await;
    let new = gateway.bearer("POST", "/mfa/recovery-code", &token, Body::none()).await;
    assert_snapshot!(new.snapshot(), @r#"200 {"recovery_code":"[recovery_code]"}"#);
    let mfa_token = gateway.log_in(API, "read:sample").await;
    let new = new.text("recovery_code");
    let recovered = gateway.grant("mfa-recovery-code", &mfa_token, &[("recovery_code", &new)]).await;
    assert_eq!(recovered.status, 200, "{}", recovered.body);
    gateway
}

/// An authenticator app: enrolled with the step before this one, used with this one, and that step never again.
#[tokio::test]
async fn an_authenticator_app_is_enrolled_and_used() {
    BY_APP.used().await;
}

pub(crate) static BY_APP: Flow = Flow::new(|| Box::pin(by_app()));

async fn by_app() -> Gateway {
    let gateway = Gateway::new().await;
    let mfa_token = gateway.log_in(API, "read:sample").await;
    // Naming the client is not needed; when it is named, it is checked.
    let body = json!({
        "authenticator_types": ["otp"], "client_id": "demo-app", "client_secret": "demo-secret",
    });
    let associated = gateway.associate(&mfa_token, body).await;
    assert_snapshot!(associated.snapshot(), @r#"200 {"authenticator_type":"otp","secret":"[secret]","barcode_uri":"[barcode_uri]","recovery_codes":["[recovery_code]"]}"#);
    let secret = TotpSecret::from_base32(&associated.text("secret")).unwrap();
    let code = |back: u64| hotp(&secret, Algorithm::Sha1, step(gateway.twin.app.now().0) - back, 6);
    let mut enrolled = gateway.grant("mfa-otp", &mfa_token, &[("otp", &code(1))]).await;
    if enrolled.status != 200 {
        // A step ended in between; the next one is thirty seconds long.
        enrolled = gateway.grant("mfa-otp", &mfa_token, &[("otp", &code(1))]).await;
    }
    assert_eq!(enrolled.status, 200, "{}", enrolled.body);

    let now = code(0);
    let mfa_token = gateway.log_in(API, "read:sample").await;
    let used = gateway.grant("mfa-otp", &mfa_token, &[("otp", &now)]).await;
    assert_snapshot!(used.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    let mfa_token = gateway.log_in(API, "read:sample").await;
    let again = gateway.grant("mfa-otp", &mfa_token, &[("otp", &now)]).await;
    assert_snapshot!(again.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Invalid otp_code."}"#);
    gateway
}
