//! The requests most tests are made of.

use postern::rules::policy::{Factor, MfaPolicy};
use postern::rules::settings::{Setting, SettingValue};
use serde_json::{Value, json};

use crate::gateway::Gateway;
use crate::support::{Body, DEMO_APP, Reply, user_pk};

pub(crate) const USER: &str = "user@example.com";
/// The sample API.
pub(crate) const API: &str = "https://someapi.com/api";

/// A form with the demo app's credentials behind the given pairs.
pub(crate) fn with_client(pairs: &[(&str, &str)]) -> Body {
    let all: Vec<_> = pairs.iter().copied().chain(DEMO_APP).collect();
    Body::form(&all)
}

/// Tokens and factors.
impl Gateway {
    /// Grant `password`.
    pub(crate) async fn password(&self, password: &str, audience: &str, scope: &str) -> Reply {
        let pairs = [
            ("grant_type", "password"),
            ("username", USER),
            ("password", password),
            ("audience", audience),
            ("scope", scope),
        ];
        self.post("/oauth/token", with_client(&pairs)).await
    }

    /// Signs in with the right password; gives the `mfa_token`.
    pub(crate) async fn log_in(&self, audience: &str, scope: &str) -> String {
        let reply = self.password("pwd", audience, scope).await;
        assert_eq!(reply.status, 403, "{}", reply.body);
        reply.text("mfa_token")
    }

    /// The same for the `/mfa/` audience, with all its scopes.
    pub(crate) async fn log_in_for_factors(&self) -> String {
        self.log_in(&format!("{}mfa/", self.issuer()), "enroll read:authenticators remove:authenticators")
            .await
    }

    pub(crate) async fn grant(&self, name: &str, mfa_token: &str, more: &[(&str, &str)]) -> Reply {
        let grant = format!("http://auth0.com/oauth/grant-type/{name}");
        let pairs: Vec<_> =
            [("grant_type", &*grant), ("mfa_token", mfa_token)].iter().chain(more).copied().collect();
        self.post("/oauth/token", with_client(&pairs)).await
    }

    /// Grant `mfa-oob` with what was sent last.
    pub(crate) async fn prove(&self, mfa_token: &str, asked: &Reply, to: &str) -> Reply {
        assert_eq!(asked.status, 200, "{}", asked.body);
        let (oob_code, code) = (asked.text("oob_code"), self.code(to));
        self.grant("mfa-oob", mfa_token, &[("oob_code", &oob_code), ("binding_code", &code)]).await
    }

    pub(crate) async fn associate(&self, token: &str, body: Value) -> Reply {
        self.bearer("POST", "/mfa/associate", token, Body::json(&body)).await
    }

    pub(crate) async fn associate_phone(&self, token: &str, channel: &str, number: &str) -> Reply {
        let body =
            json!({ "authenticator_types": ["oob"], "oob_channels": [channel], "phone_number": number });
        self.associate(token, body).await
    }

    pub(crate) async fn challenge(&self, mfa_token: &str, authenticator: &str) -> Reply {
        let body = json!({
            "mfa_token": mfa_token, "challenge_type": "oob", "authenticator_id": authenticator,
            "client_id": "demo-app", "client_secret": "demo-secret",
        });
        self.post("/mfa/challenge", Body::json(&body)).await
    }

    /// Enrols the user's address; gives the tokens' reply and the recovery code.
    pub(crate) async fn enrol_email(&self, scope: &str) -> (Reply, String) {
        let mfa_token = self.log_in(API, scope).await;
        let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"], "email": USER });
        let associated = self.associate(&mfa_token, body).await;
        let tokens = self.prove(&mfa_token, &associated, USER).await;
        (tokens, associated.json()["recovery_codes"][0].as_str().unwrap().to_owned())
    }

    /// The id of the user's first authenticator whose member has that value.
    pub(crate) async fn id_of(&self, mfa_token: &str, member: &str, value: &str) -> String {
        let listed = self.bearer("GET", "/mfa/authenticators", mfa_token, Body::none()).await.json();
        // What was only begun, by another login or a ticket, is listed as well.
        let is_it = |item: &&Value| item[member] == value && item["active"] == true;
        let item = listed.as_array().unwrap().iter().find(is_it);
        item.expect("an authenticator")["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn delete(&self, token: &str, id: &str) -> Reply {
        let path = format!("/mfa/authenticators/{}", id.replace('|', "%7C"));
        self.bearer("DELETE", &path, token, Body::none()).await
    }

    /// An `/mfa/` access token that came out of MFA by the user's address, and that authenticator's id.
    pub(crate) async fn fresh_token(&self) -> (String, String) {
        let mfa_token = self.log_in_for_factors().await;
        let id = self.id_of(&mfa_token, "type", "email").await;
        let challenge = self.challenge(&mfa_token, &id).await;
        (self.prove(&mfa_token, &challenge, USER).await.text("access_token"), id)
    }
}

/// The tenant.
impl Gateway {
    /// A request to the Management API with a token of every scope.
    pub(crate) async fn manage(&self, method: &str, path: &str, body: &Value) -> Reply {
        let audience = format!("{}api/v2/", self.issuer());
        let form = Body::form(&[
            ("grant_type", "client_credentials"),
            ("client_id", "demo-management"),
            ("client_secret", "demo-management-secret"),
            ("audience", &audience),
        ]);
        let token = self.post("/oauth/token", form).await.text("access_token");
        let body = if body.is_null() { Body::none() } else { Body::json(body) };
        self.bearer(method, &format!("/api/v2/{path}"), &token, body).await
    }

    /// Changes settings behind the API's back: before the first request, for environments keep them for a minute.
    pub(crate) async fn configure(&self, changes: &[(&str, SettingValue)]) {
        let changes: Vec<_> =
            changes.iter().map(|(name, value)| (Setting::named(name).unwrap(), value.clone())).collect();
        self.twin.app.store.change_settings(&changes).await.unwrap();
    }

    pub(crate) async fn phones_on(&self) {
        self.twin.app.store.set_factor(Factor::Sms, true).await.unwrap();
        self.configure(&[("voice", SettingValue::Switch(true))]).await;
    }

    /// Asks nobody for a second factor any more.
    pub(crate) async fn without_mfa(&self) {
        self.twin.app.store.set_policy(MfaPolicy::Never).await.unwrap();
    }

    /// The demo user's id.
    pub(crate) fn user_id(&self) -> postern::id::UserId {
        postern::id::UserId::new(user_pk(USER).trim_start_matches("USER#"))
    }

    /// Has AWS refuse a send, or fail it.
    pub(crate) fn fault(&self, service: &str, operation: &str) {
        let fault = json!({ "service": service, "operation": operation, "mode": "throttle" });
        self.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    }
}
