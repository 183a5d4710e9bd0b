//! Phones: a tenant that texts and calls, and the flows of its users.

use local::aws::Channel;
use postern::rules::email_template::TemplateName;
use postern::rules::settings::{Setting, SettingValue};
use serde_json::json;

use super::World;
use super::client::{Body, Reply};

impl World {
    /// A tenant with the phone factor on; with `voice`, both its channels.
    pub(crate) async fn with_phones(voice: bool) -> Self {
        let world = Self::new().await;
        world.set_factor("sms", true).await;
        world.configure(&[("voice", SettingValue::Switch(voice))]).await;
        world.warm_template().await;
        world
    }

    /// As warm as an environment that has just been primed: the template is read again after a minute.
    pub(crate) async fn warm_template(&self) {
        self.twin.app.template(TemplateName::MfaOobCode).await.unwrap();
    }

    /// Changes settings and lets the caches expire.
    pub(crate) async fn configure(&self, changes: &[(&str, SettingValue)]) {
        let named = |name: &str| Setting::named(name).unwrap();
        let changes: Vec<_> = changes.iter().map(|(name, value)| (named(name), value.clone())).collect();
        self.twin.app.store.change_settings(&changes).await.unwrap();
        self.clock.advance(60);
        // Else the first challenge would read it, before it knows that it mails nothing.
        self.twin.app.template(TemplateName::MfaOobCode).await.unwrap();
    }

    pub(crate) async fn associate_phone(&self, token: &str, channel: &str, number: &str) -> Reply {
        let body = json!({
            "authenticator_types": ["oob"],
            "oob_channels": [channel],
            "phone_number": number,
        });
        self.bearer("POST", "/mfa/associate", token, Body::json(&body)).await
    }

    /// Enrols a number by a channel; gives the authenticator's id.
    pub(crate) async fn enrol_phone(&self, username: &str, channel: &str, number: &str) -> String {
        let login = self.log_in(username).await;
        let associated = self.associate_phone(&login.mfa_token, channel, number).await;
        assert_eq!(associated.status, 200, "{}", associated.body);
        let reply = self.oob(&login.mfa_token, &associated.text("oob_code"), &self.code(number)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        self.id_of_channel(username, channel).await
    }

    /// The id of the user's first authenticator of a channel.
    pub(crate) async fn id_of_channel(&self, username: &str, channel: &str) -> String {
        let login = self.log_in(username).await;
        let list = self.list(&login.mfa_token).await.json();
        let item = list.as_array().unwrap().iter().find(|item| item["oob_channel"] == channel);
        item.expect("an authenticator")["id"].as_str().unwrap().to_owned()
    }

    /// An `/mfa/` access token that came out of MFA by a phone.
    pub(crate) async fn mfa_access_token_by_phone(&self, username: &str, id: &str, number: &str) -> String {
        let audience = format!("{}mfa/", self.issuer());
        let required = self.password_for(username, "pwd", &audience, super::MFA_SCOPES).await;
        let mfa_token = required.text("mfa_token");
        let challenge = self.challenge(&mfa_token, "oob", id).await;
        assert_eq!(challenge.status, 200, "{}", challenge.body);
        let reply = self.oob(&mfa_token, &challenge.text("oob_code"), &self.code(number)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.text("access_token")
    }

    /// The newest message to a number: how, from whom and what.
    pub(crate) fn newest_message(&self, number: &str) -> (Channel, String, String) {
        let message = self.twin.aws.inbox.messages(Some(number)).remove(0);
        (message.channel, message.from, message.text)
    }

    /// Sends counted for a country in this hour.
    pub(crate) async fn sends_to_country(&self, country: &str) -> u64 {
        let prefix = format!("COUNTRY#{country}#");
        let table = self.stored().await;
        let counters = table.iter().filter(|((pk, _), _)| pk.starts_with(&prefix));
        counters.filter_map(|(_, item)| super::number_of(item, "sends")).sum()
    }
}
