//! Refresh tokens: signing in for one, using it, giving it up.

use postern::rules::policy::MfaPolicy;
use postern::rules::settings::{Setting, SettingValue};

use super::World;
use super::client::Reply;
use super::wire::as_client;

const API: &str = "https://someapi.com/api";
/// Scopes of a sign-in that leaves a refresh token.
pub(crate) const OFFLINE: &str = "openid offline_access read:sample";

impl World {
    /// Signs in with scope [`OFFLINE`] for the sample API by enrolling the user's own address; gives the tokens.
    pub(crate) async fn enrol_offline(&self, username: &str) -> Reply {
        let mfa_token = self.password_for(username, "pwd", API, OFFLINE).await.text("mfa_token");
        let oob_code = self.associate_email(&mfa_token, None).await.text("oob_code");
        let reply = self.oob(&mfa_token, &oob_code, &self.code(username)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply
    }

    /// Asks nobody for a second factor any more.
    pub(crate) async fn without_mfa(&self) {
        self.twin.app.store.set_policy(MfaPolicy::Never).await.unwrap();
        self.clock.advance(60);
    }

    /// Signs in where no second factor is asked for; gives the tokens.
    pub(crate) async fn log_in_without_mfa(&self, username: &str, scope: &str) -> Reply {
        let reply = self.password_for(username, "pwd", API, scope).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply
    }

    /// Sets a number among the tenant's settings.
    pub(crate) async fn set_number(&self, name: &str, number: u64) {
        let setting = Setting::named(name).unwrap();
        let change = [(setting, SettingValue::Number(number))];
        self.twin.app.store.change_settings(&change).await.unwrap();
        self.clock.advance(60);
    }

    /// Grant `refresh_token`.
    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        self.refresh_with(token, &[]).await
    }

    /// The same with more parameters.
    pub(crate) async fn refresh_with(&self, token: &str, more: &[(&str, &str)]) -> Reply {
        let pairs = [&[("grant_type", "refresh_token"), ("refresh_token", token)], more].concat();
        self.token_as_app(&pairs).await
    }

    /// Gives a refresh token up.
    pub(crate) async fn revoke(&self, token: &str) -> Reply {
        self.post("/oauth/revoke", as_client(&super::DEMO_APP, &[("token", token)])).await
    }
}
