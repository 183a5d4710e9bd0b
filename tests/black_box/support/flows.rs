//! The flows most tests begin with.

use data_encoding::BASE32_NOPAD;
use postern::rules::totp::{Algorithm, TotpSecret, hotp, step};
use serde_json::json;

use super::World;
use super::client::{Body, Reply};

/// A client's credentials, as form fields.
pub(crate) const DEMO_APP: [(&str, &str); 2] = [("client_id", "demo-app"), ("client_secret", "demo-secret")];
pub(crate) const OOB: &str = "http://auth0.com/oauth/grant-type/mfa-oob";
pub(crate) const OTP: &str = "http://auth0.com/oauth/grant-type/mfa-otp";
pub(crate) const RECOVERY: &str = "http://auth0.com/oauth/grant-type/mfa-recovery-code";

/// A login that was answered `mfa_required`.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) mfa_token: String,
}

fn with_client<'a>(pairs: &[(&'a str, &'a str)]) -> Body {
    let all: Vec<_> = pairs.iter().copied().chain(DEMO_APP).collect();
    Body::form(&all)
}

impl World {
    /// Grant `password` for the sample API.
    pub(crate) async fn password(&self, username: &str, password: &str) -> Reply {
        self.password_for(username, password, "https://someapi.com/api", "openid read:sample").await
    }

    pub(crate) async fn password_for(
        &self,
        username: &str,
        password: &str,
        audience: &str,
        scope: &str,
    ) -> Reply {
        let pairs = [
            ("grant_type", "password"),
            ("username", username),
            ("password", password),
            ("audience", audience),
            ("scope", scope),
        ];
        self.post("/oauth/token", with_client(&pairs)).await
    }

    /// Signs in with the right password and expects `mfa_required`.
    pub(crate) async fn log_in(&self, username: &str) -> Login {
        let reply = self.password(username, "pwd").await;
        assert_eq!(reply.status, 403, "{}", reply.body);
        Login { mfa_token: reply.text("mfa_token") }
    }

    pub(crate) async fn associate_email(&self, token: &str, address: Option<&str>) -> Reply {
        let mut body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"] });
        if let Some(address) = address {
            body["email"] = json!(address);
        }
        self.bearer("POST", "/mfa/associate", token, Body::json(&body)).await
    }

    pub(crate) async fn associate_otp(&self, token: &str) -> Reply {
        self.bearer("POST", "/mfa/associate", token, Body::json(&json!({ "authenticator_types": ["otp"] })))
            .await
    }

    /// Grant `mfa-oob`.
    pub(crate) async fn oob(&self, mfa_token: &str, oob_code: &str, code: &str) -> Reply {
        let pairs =
            [("grant_type", OOB), ("mfa_token", mfa_token), ("oob_code", oob_code), ("binding_code", code)];
        self.post("/oauth/token", with_client(&pairs)).await
    }

    /// Grant `mfa-otp`.
    pub(crate) async fn otp(&self, mfa_token: &str, code: &str) -> Reply {
        self.post(
            "/oauth/token",
            with_client(&[("grant_type", OTP), ("mfa_token", mfa_token), ("otp", code)]),
        )
        .await
    }

    /// Grant `mfa-recovery-code`.
    pub(crate) async fn recovery(&self, mfa_token: &str, code: &str) -> Reply {
        let pairs = [("grant_type", RECOVERY), ("mfa_token", mfa_token), ("recovery_code", code)];
        self.post("/oauth/token", with_client(&pairs)).await
    }

    pub(crate) async fn challenge(&self, mfa_token: &str, kind: &str, authenticator: &str) -> Reply {
        let body = json!({
            "mfa_token": mfa_token,
            "challenge_type": kind,
            "authenticator_id": authenticator,
            "client_id": "demo-app",
            "client_secret": "demo-secret",
        });
        self.post("/mfa/challenge", Body::json(&body)).await
    }

    /// A challenge of whatever authenticator there is.
    pub(crate) async fn challenge_any(&self, mfa_token: &str) -> Reply {
        let body = json!({ "mfa_token": mfa_token, "client_id": "demo-app", "client_secret": "demo-secret" });
        self.post("/mfa/challenge", Body::json(&body)).await
    }

    pub(crate) async fn list(&self, token: &str) -> Reply {
        self.bearer("GET", "/mfa/authenticators", token, Body::none()).await
    }

    pub(crate) async fn delete(&self, token: &str, id: &str) -> Reply {
        let path = format!("/mfa/authenticators/{}", id.replace('|', "%7C"));
        self.bearer("DELETE", &path, token, Body::none()).await
    }

    /// Enrols the user's own address; gives the authenticator's id and the recovery code.
    pub(crate) async fn enrol_email(&self, username: &str) -> (String, String) {
        let login = self.log_in(username).await;
        let associated = self.associate_email(&login.mfa_token, None).await;
        assert_eq!(associated.status, 200, "{}", associated.body);
        let reply = self.oob(&login.mfa_token, &associated.text("oob_code"), &self.code(username)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let recovery_code = associated.json()["recovery_codes"][0].as_str().unwrap().to_owned();
        (self.id_of_type(username, "email").await, recovery_code)
    }

    /// Enrols an app; gives its secret. The clock moves to the next step, so that a fresh code can be used.
    pub(crate) async fn enrol_otp(&self, username: &str) -> TotpSecret {
        let login = self.log_in(username).await;
        let associated = self.associate_otp(&login.mfa_token).await;
        assert_eq!(associated.status, 200, "{}", associated.body);
        let secret = TotpSecret::from_base32(&associated.text("secret")).unwrap();
        assert_eq!(BASE32_NOPAD.encode(secret.as_bytes()).len(), 32);
        let reply = self.otp(&login.mfa_token, &self.app_code(&secret, 0)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        self.clock.advance(30);
        secret
    }

    /// The code an app shows, `steps` away from now.
    pub(crate) fn app_code(&self, secret: &TotpSecret, steps: i64) -> String {
        let counter = step(self.clock.now().0).checked_add_signed(steps).unwrap();
        hotp(secret, Algorithm::Sha1, counter, 6)
    }

    /// The id of the user's first authenticator of a type.
    pub(crate) async fn id_of_type(&self, username: &str, kind: &str) -> String {
        let login = self.log_in(username).await;
        let list = self.list(&login.mfa_token).await.json();
        let item =
            list.as_array().unwrap().iter().find(|item| item["type"] == kind).expect("an authenticator");
        item["id"].as_str().unwrap().to_owned()
    }

    /// Signs in with a code by email; gives the reply with the tokens.
    pub(crate) async fn sign_in_by_email(
        &self,
        username: &str,
        id: &str,
        audience: &str,
        scope: &str,
    ) -> Reply {
        let required = self.password_for(username, "pwd", audience, scope).await;
        let mfa_token = required.text("mfa_token");
        let challenge = self.challenge(&mfa_token, "oob", id).await;
        assert_eq!(challenge.status, 200, "{}", challenge.body);
        self.oob(&mfa_token, &challenge.text("oob_code"), &self.code(username)).await
    }

    /// An `/mfa/` access token that came out of MFA.
    pub(crate) async fn mfa_access_token(&self, username: &str, id: &str) -> String {
        let audience = format!("{}mfa/", self.issuer());
        let scope = "enroll read:authenticators remove:authenticators";
        let reply = self.sign_in_by_email(username, id, &audience, scope).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.text("access_token")
    }
}
