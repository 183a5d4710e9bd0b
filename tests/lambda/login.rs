//! The whole flow of contract A1 through the real binaries.

use data_encoding::BASE64URL_NOPAD;
use insta::assert_snapshot;
use postern::rules::totp::{Algorithm, TotpSecret, hotp, step};
use serde_json::{Value, json};

use crate::gateway::Gateway;
use crate::support::{Body, DEMO_APP, Reply};

const USER: &str = "user@example.com";

fn with_client(pairs: &[(&str, &str)]) -> Body {
    let all: Vec<_> = pairs.iter().copied().chain(DEMO_APP).collect();
    Body::form(&all)
}

/// The grants of `/oauth/token`, and what is asked with an `mfa_token`.
impl Gateway {
    async fn log_in(&self, audience: &str, scope: &str) -> String {
        let pairs = [
            ("grant_type", "password"),
            ("username", USER),
            ("password", "pwd"),
            ("audience", audience),
            ("scope", scope),
        ];
        let reply = self.post("/oauth/token", with_client(&pairs)).await;
        assert_eq!(reply.status, 403, "{}", reply.body);
        reply.text("mfa_token")
    }

    async fn grant(&self, name: &str, mfa_token: &str, more: &[(&str, &str)]) -> Reply {
        let grant = format!("http://auth0.com/oauth/grant-type/{name}");
        let pairs: Vec<_> =
            [("grant_type", &*grant), ("mfa_token", mfa_token)].iter().chain(more).copied().collect();
        self.post("/oauth/token", with_client(&pairs)).await
    }

    async fn associate(&self, token: &str, body: Value) -> Reply {
        self.bearer("POST", "/mfa/associate", token, Body::json(&body)).await
    }

    async fn challenge(&self, mfa_token: &str, authenticator: &str) -> Reply {
        let body = json!({
            "mfa_token": mfa_token, "challenge_type": "oob", "authenticator_id": authenticator,
            "client_id": "demo-app", "client_secret": "demo-secret",
        });
        self.post("/mfa/challenge", Body::json(&body)).await
    }

    /// Enrols the user's address; gives the tokens' reply and the recovery code.
    async fn enrol_email(&self) -> (Reply, String) {
        let mfa_token = self.log_in("https://someapi.com/api", "openid read:sample").await;
        let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"], "email": USER });
        let associated = self.associate(&mfa_token, body).await;
        assert_eq!(associated.status, 200, "{}", associated.body);
        let code = self.code(USER);
        let proof = [("oob_code", &*associated.text("oob_code")), ("binding_code", &*code)];
        let tokens = self.grant("mfa-oob", &mfa_token, &proof).await;
        (tokens, associated.json()["recovery_codes"][0].as_str().unwrap().to_owned())
    }
}

fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}

/// A1 steps 1 to 5 and a deletion: sign in, enrol, get tokens; sign in again, list, be challenged; remove it with a
/// token that came out of MFA. `|` arrives decoded in the path. No secret is logged (SEC-34).
#[tokio::test]
async fn email_from_sign_in_to_deletion() {
    let gateway = Gateway::new().await;
    let (tokens, recovery_code) = gateway.enrol_email().await;
    assert_snapshot!(tokens.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","scope":"openid read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_eq!(tokens.header("cache-control"), Some("no-store"));
    let access = payload(&tokens.text("access_token"));
    assert_eq!((&access["iss"], &access["amr"]), (&json!(gateway.issuer()), &json!(["mfa", "email"])));

    // Another binary verifies what the first one signed.
    for method in ["GET", "POST"] {
        let info = gateway.bearer(method, "/userinfo", &tokens.text("access_token"), Body::none()).await;
        assert_eq!((info.status, &info.json()["sub"]), (200, &access["sub"]), "{}", info.body);
    }

    let audience = format!("{}mfa/", gateway.issuer());
    let mfa_token = gateway.log_in(&audience, "enroll read:authenticators remove:authenticators").await;
    let listed = gateway.bearer("GET", "/mfa/authenticators", &mfa_token, Body::none()).await;
    let items = listed.json();
    let item = items.as_array().unwrap().iter().find(|item| item["type"] == "email").expect("the address");
    assert_eq!((&item["active"], &item["name"]), (&json!(true), &json!("****@exam*******")));
    let id = item["id"].as_str().unwrap();
    assert!(id.starts_with("email|dev_"));
    let challenge = gateway.challenge(&mfa_token, id).await;
    assert_snapshot!(challenge.snapshot(), @r#"200 {"challenge_type":"oob","oob_code":"[oob_code]","binding_method":"prompt"}"#);
    let code = gateway.code(USER);
    let proof = [("oob_code", &*challenge.text("oob_code")), ("binding_code", &*code)];
    let own = gateway.grant("mfa-oob", &mfa_token, &proof).await;
    assert_eq!(own.status, 200, "{}", own.body);

    let bearer = own.text("access_token");
    let path = format!("/mfa/authenticators/{}", id.replace('|', "%7C"));
    let removed = gateway.bearer("DELETE", &path, &bearer, Body::none()).await;
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
    let gateway = Gateway::new().await;
    let (_, recovery_code) = gateway.enrol_email().await;
    let mfa_token = gateway.log_in("https://someapi.com/api", "read:sample").await;
    let recovered =
        gateway.grant("mfa-recovery-code", &mfa_token, &[("recovery_code", &recovery_code)]).await;
    assert_snapshot!(recovered.snapshot(), @r#"200 {"access_token":"[access_token]","recovery_code":"[recovery_code]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_ne!(recovered.text("recovery_code"), recovery_code);
    let mfa_token = gateway.log_in("https://someapi.com/api", "read:sample").await;
    let again = gateway.grant("mfa-recovery-code", &mfa_token, &[("recovery_code", &recovery_code)]).await;
    assert_snapshot!(again.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"MFA Authorization rejected."}"#);
}

/// An authenticator app: enrolled with the step before this one, used with this one, and that step never again.
#[tokio::test]
async fn an_authenticator_app_is_enrolled_and_used() {
    let gateway = Gateway::new().await;
    let mfa_token = gateway.log_in("https://someapi.com/api", "read:sample").await;
    let associated = gateway.associate(&mfa_token, json!({ "authenticator_types": ["otp"] })).await;
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
    let mfa_token = gateway.log_in("https://someapi.com/api", "read:sample").await;
    let used = gateway.grant("mfa-otp", &mfa_token, &[("otp", &now)]).await;
    assert_snapshot!(used.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    let mfa_token = gateway.log_in("https://someapi.com/api", "read:sample").await;
    let again = gateway.grant("mfa-otp", &mfa_token, &[("otp", &now)]).await;
    assert_snapshot!(again.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Invalid otp_code."}"#);
}

/// A1 step 7: the operator's switches, with a token from `client_credentials`.
#[tokio::test]
async fn factors_are_listed_and_switched() {
    let gateway = Gateway::new().await;
    let token = gateway.management_token().await;
    for (sent, answered) in [(json!(false), false), (json!("true"), true), (json!(false), false)] {
        let path = "/api/v2/guardian/factors/email";
        let reply = gateway.bearer("PUT", path, &token, Body::json(&json!({ "enabled": sent }))).await;
        assert_eq!((reply.status, reply.json()), (200, json!({ "enabled": answered })));
    }
    let listed = gateway.bearer("GET", "/api/v2/guardian/factors", &token, Body::none()).await;
    let factors = listed.json();
    let of = |name: &str| {
        factors.as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()["enabled"].clone()
    };
    assert_eq!((of("email"), of("otp")), (json!(false), json!(true)), "{}", listed.body);
    let anonymous = gateway.send("GET", "/api/v2/guardian/factors", &[], Body::none()).await;
    assert_eq!(anonymous.status, 401);
    assert_eq!(anonymous.json()["statusCode"], 401);
}
