//! What SES tells of mails, by hand and by the twin's SES.

use postern::rules::calendar::UtcTime;
use postern::time::Timestamp;
use serde_json::{Value, json};

use super::{Item, World, user_id};

/// Whom the mails are about, and to.
const USER: &str = "user@example.com";

impl World {
    /// Has everything taken in that SES told.
    pub(crate) async fn told(&self) {
        self.twin.deliver_mail_events().await;
        assert_eq!(self.twin.dead_mail_events(), [Value::Null; 0]);
    }

    /// What is kept of addresses.
    pub(crate) async fn mailboxes(&self) -> Vec<Item> {
        let mut stored = self.stored().await;
        stored.retain(|(_, sk), _| sk.starts_with("MAILBOX#"));
        stored.into_values().collect()
    }

    /// Nobody has the user's address any more, and a code was sent there.
    pub(crate) async fn bounced(&self, id: &str) {
        self.twin.aws.mail.bounce(USER);
        let sent = self.challenge(&self.log_in(USER).await.mfa_token, "oob", id).await;
        assert_eq!(sent.status, 200, "SES took it: {}", sent.body);
        self.told().await;
        assert!(self.twin.aws.mail.is_suppressed(USER), "as SES does");
    }

    /// The status of a challenge of a new login.
    pub(crate) async fn challenged(&self, id: &str) -> u16 {
        self.challenge(&self.log_in(USER).await.mfa_token, "oob", id).await.status
    }

    /// Hands an event over; what became of it.
    pub(crate) async fn takes(&self, event: Value) -> Value {
        mail_events::handle(&self.twin.app, event).await.unwrap()["outcome"].clone()
    }

    /// SES calls made since the calls were forgotten.
    pub(crate) fn mails_sent(&self) -> usize {
        let calls = self.trips();
        calls.as_array().unwrap().iter().filter(|call| call["service"] == "ses").count()
    }
}

/// An event about a code that was mailed to that address of the demo user at that time.
pub(crate) fn event_of(to: &str, detail_type: &str, what: &Value, sent_at: Timestamp) -> Value {
    let mut detail = json!({
        "mail": {
            "timestamp": UtcTime::of(sent_at).format("%Y-%m-%dT%H:%M:%S.012Z").unwrap(),
            "destination": [to],
            "tags": {
                "postern-message": ["mfa-code"],
                "postern-user": [data_encoding::BASE64URL_NOPAD.encode(user_id(USER).as_bytes())],
            },
        },
    });
    for (name, value) in what.as_object().unwrap() {
        detail[name] = value.clone();
    }
    json!({ "source": "aws.ses", "detail-type": detail_type, "detail": detail })
}

/// The same of a code to the user's own address.
pub(crate) fn event(detail_type: &str, what: &Value, sent_at: Timestamp) -> Value {
    event_of(USER, detail_type, what, sent_at)
}

/// It bounced for good.
pub(crate) fn bounce_of(to: &str, sub_type: &str, sent_at: Timestamp) -> Value {
    let named = json!([{ "emailAddress": to }]);
    let bounce = json!({ "bounceType": "Permanent", "bounceSubType": sub_type, "bouncedRecipients": named });
    event_of(to, "Email Bounced", &json!({ "bounce": bounce }), sent_at)
}

/// Nobody has the user's address.
pub(crate) fn permanent(sent_at: Timestamp) -> Value {
    bounce_of(USER, "General", sent_at)
}

/// SES did not try the user's address.
pub(crate) fn suppressed(sent_at: Timestamp) -> Value {
    bounce_of(USER, "OnAccountSuppressionList", sent_at)
}
