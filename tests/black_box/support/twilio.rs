//! A tenant that sends by Twilio.

use postern::rules::settings::SettingValue;
use serde_json::{Value, json};

use super::World;
use super::client::Body;

/// An account's id.
pub(crate) const TWILIO_SID: &str = "AC00112233445566778899aabbccddeeff";
/// Its token, of the form that the twin takes.
pub(crate) const TWILIO_TOKEN: &str = "5ec2e70123456789abcdef0123456789";
/// What messages and calls come from.
pub(crate) const TWILIO_FROM: &str = "+12065550123";

impl World {
    /// A tenant with both channels of the phone factor on, that sends by Twilio.
    pub(crate) async fn with_twilio() -> Self {
        let world = Self::with_phones(true).await;
        world.send_by_twilio().await;
        world
    }

    /// Stores the account and has it send.
    pub(crate) async fn send_by_twilio(&self) {
        self.set_twilio_token(TWILIO_TOKEN).await;
        self.configure(&[("sms_provider", SettingValue::Text("twilio".into()))]).await;
    }

    /// Stores the account with a token and lets the caches expire.
    pub(crate) async fn set_twilio_token(&self, auth_token: &str) {
        self.change_twilio(&json!({ "sid": TWILIO_SID, "auth_token": auth_token, "from": TWILIO_FROM }))
            .await;
    }

    /// Stores what is given of the account and lets the caches expire.
    pub(crate) async fn change_twilio(&self, account: &Value) {
        let token = self.management_token().await;
        let path = "/api/v2/guardian/factors/phone/providers/twilio";
        let reply = self.bearer("PUT", path, &token, Body::json(account)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        self.clock.advance(60);
    }
}
