//! Codes by SMS and by call, of AWS and of Twilio, through the real binaries (contract §2, §3).

use aws_sdk_dynamodb::types::AttributeValue;
use local::twin::TABLE;
use postern::store::keys::KeyGeneration;
use serde_json::json;

use crate::flow::Flow;
use crate::flows::API;
use crate::gateway::Gateway;
use crate::login::no_secret_is_logged;
use crate::support::{NUMBER, TWILIO_FROM, TWILIO_SID, TWILIO_TOKEN};

/// A phone is enrolled, used by both its channels, and removed; what was refused is undone. No number is logged
/// (SEC-34).
#[tokio::test]
async fn a_phone_from_enrolment_to_deletion() {
    BY_AWS.used().await;
}

pub(crate) static BY_AWS: Flow = Flow::new(|| Box::pin(by_aws()));

async fn by_aws() -> Gateway {
    let gateway = Gateway::new().await;
    gateway.phones_on().await;
    let mfa_token = gateway.log_in(API, "read:sample").await;
    gateway.fault("sms", "SendVoiceMessage");
    gateway.associate_phone(&mfa_token, "voice", NUMBER).await.assert_not_delivered();
    let called = gateway.associate_phone(&mfa_token, "voice", NUMBER).await;
    assert_eq!(called.status, 200, "{}", called.body);
    let texted = gateway.associate_phone(&mfa_token, "sms", NUMBER).await;
    let tokens = gateway.prove(&mfa_token, &texted, NUMBER).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);

    let mut token = String::new();
    for (channel, send) in [("sms", "SendTextMessage"), ("voice", "SendVoiceMessage")] {
        let mfa_token = gateway.log_in_for_factors().await;
        let id = gateway.id_of(&mfa_token, "oob_channel", channel).await;
        gateway.fault("sms", send);
        gateway.challenge(&mfa_token, &id).await.assert_not_delivered();
        let challenge = gateway.challenge(&mfa_token, &id).await;
        let proven = gateway.prove(&mfa_token, &challenge, NUMBER).await;
        assert_eq!(proven.status, 200, "{}", proven.body);
        token = proven.text("access_token");
    }
    let mfa_token = gateway.log_in_for_factors().await;
    let id = gateway.id_of(&mfa_token, "oob_channel", "sms").await;
    assert_eq!(gateway.delete(&token, &id).await.status, 204);
    no_secret_is_logged(&gateway, &[NUMBER, &NUMBER[4..]]).await;
    gateway
}

impl Gateway {
    /// A new root is in force, as a quarter of an hour after a rotation, and every environment is new.
    pub(crate) async fn use_a_new_root(&self) {
        // By hand: for the schedule none is due.
        self.invoke("rotate-keys", json!({})).await.unwrap();
        let now = self.twin.app.now();
        let generations = self.twin.app.store.key_generations().await.unwrap();
        for key in generations.iter().filter(|key| key.not_before > now) {
            self.begin(key, now.0).await;
        }
        self.turn_cold().await;
    }

    async fn begin(&self, key: &KeyGeneration, at: u64) {
        let place = format!("{}#{:06}", key.key_use.as_str(), key.generation);
        let update = self.twin.app.store.dynamodb().update_item().table_name(TABLE);
        update
            .key("pk", AttributeValue::S("KEYS".into()))
            .key("sk", AttributeValue::S(place))
            .update_expression("SET not_before = :at")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":at", AttributeValue::N(at.to_string()))
            .send()
            .await
            .unwrap();
    }
}

/// SEC-44: the account that one binary sealed is opened by those that send, and sealed anew by each of them that meets
/// it under an older root. Neither token nor number is logged (SEC-34).
#[tokio::test]
async fn a_tenant_sends_by_twilio() {
    BY_TWILIO.used().await;
}

pub(crate) static BY_TWILIO: Flow = Flow::new(|| Box::pin(by_twilio()));

async fn by_twilio() -> Gateway {
    let gateway = Gateway::with_passwordless().await;
    gateway.phones_on().await;
    let account = json!({ "sid": TWILIO_SID, "auth_token": TWILIO_TOKEN, "from": TWILIO_FROM });
    let set = gateway.manage("PUT", "guardian/factors/sms/providers/twilio", &account).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let path = "guardian/factors/sms/selected-provider";
    assert_eq!(gateway.manage("PUT", path, &json!({ "provider": "twilio" })).await.status, 200);
    gateway.use_a_new_root().await;
    assert_eq!(gateway.start_sms().await.status, 200);

    gateway.use_a_new_root().await;
    gateway.twin.app.store.set_policy(postern::rules::policy::MfaPolicy::AllApplications).await.unwrap();
    let mfa_token = gateway.log_in(API, "read:sample").await;
    let texted = gateway.associate_phone(&mfa_token, "sms", NUMBER).await;
    let tokens = gateway.prove(&mfa_token, &texted, NUMBER).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);

    gateway.use_a_new_root().await;
    let mfa_token = gateway.log_in(API, "read:sample").await;
    let id = gateway.id_of(&mfa_token, "oob_channel", "voice").await;
    let called = gateway.challenge(&mfa_token, &id).await;
    assert_eq!(gateway.prove(&mfa_token, &called, NUMBER).await.status, 200);
    let messages = gateway.twin.aws.inbox.messages(Some(NUMBER));
    assert_eq!((messages.len(), messages.iter().all(|it| it.from == TWILIO_FROM)), (3, true));
    no_secret_is_logged(&gateway, &[NUMBER, &NUMBER[4..], TWILIO_TOKEN]).await;
    gateway
}

/// Contract A3 "delivery": a deployment without an origination identity sends nothing and says which variable is
/// missing; the answer is that of any code that was not sent, and every budget is as it was.
#[tokio::test]
async fn without_an_origination_identity_nothing_is_sent() {
    for (channel, variable) in
        [("sms", "POSTERN_SMS_ORIGINATION_IDENTITY"), ("voice", "POSTERN_VOICE_ORIGINATION_IDENTITY")]
    {
        let gateway = Gateway::with(&[(variable, "")]).await;
        gateway.phones_on().await;
        let mfa_token = gateway.log_in(API, "read:sample").await;
        gateway.associate_phone(&mfa_token, channel, NUMBER).await.assert_not_delivered();
        let sends =
            gateway.twin.aws.calls.all().into_iter().filter(|call| call.operation.starts_with("Send"));
        assert_eq!(sends.count(), 0, "{channel}");
        let user =
            gateway.twin.app.store.user(&gateway.user_id(), gateway.twin.app.now()).await.unwrap().unwrap();
        assert!(user.authenticators.is_empty() && user.profile.pending.is_empty(), "{channel}");
        let logs = gateway.logs().await;
        let said = logs.iter().any(|line| line.contains("no_sender") && line.contains(variable));
        assert!(said, "{logs:?}");
    }
}
