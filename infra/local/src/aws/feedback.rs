//! What SES tells of a mail after it took it: events as EventBridge's default bus has them, for the configuration set's
//! destination (SES developer guide, "Monitoring SES events using Amazon EventBridge" and "Using the mailbox simulator").

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use postern::rules::calendar::UtcTime;
use postern::time::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::locked;
use super::protocol::{random_hex, random_id};

/// A twin can run for weeks; if nobody takes the events, the oldest beyond this many are forgotten.
const EVENTS_KEPT_MAX: usize = 1_000;

/// The events nobody has taken yet. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Feedback {
    events: Arc<Mutex<VecDeque<Value>>>,
    told: Arc<Notify>,
}

impl Feedback {
    /// The oldest event.
    #[must_use]
    pub fn take(&self) -> Option<Value> {
        locked(&self.events).pop_front()
    }

    /// Told of every event.
    pub(crate) fn told(&self) -> Arc<Notify> {
        Arc::clone(&self.told)
    }

    pub(super) fn tell(&self, event: Value) {
        let mut events = locked(&self.events);
        events.push_back(event);
        if events.len() > EVENTS_KEPT_MAX {
            events.pop_front();
        }
        drop(events);
        self.told.notify_one();
    }
}

/// What the stack's rules hand over of an event: what `mail-events` reads. The rest has the subject, which begins with the
/// code.
#[must_use]
pub fn handed_over(event: &Value) -> Value {
    let of = |value: &Value, names: &[&str]| {
        let member = |name: &&str| ((*name).to_owned(), value.get(name).cloned().unwrap_or_default());
        names.iter().map(member).collect::<Map<_, _>>()
    };
    let mut detail = Map::new();
    for (part, names) in [
        ("mail", ["timestamp", "destination", "tags"]),
        ("bounce", ["bounceType", "bounceSubType", "bouncedRecipients"]),
    ] {
        if let Some(told) = event.pointer(&format!("/detail/{part}")) {
            detail.insert(part.to_owned(), of(told, &names).into());
        }
    }
    let mut handed = of(event, &["source", "detail-type"]);
    handed.insert("detail".to_owned(), detail.into());
    handed.into()
}

/// What becomes of a mail that SES took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrives.
    Arrives,
    /// Nobody has the address.
    Bounces,
    /// The address is on a list of SES's.
    Suppressed,
    /// It arrives, and its reader complains of it.
    Complained,
}

impl Fate {
    /// As the mailbox simulator has it: by what stands before the `@`, up to a `+`.
    pub(super) fn at_simulator(to: &str) -> Self {
        let local = to.split_once('@').map_or(to, |(local, _)| local);
        match local.split_once('+').map_or(local, |(name, _)| name) {
            "bounce" => Self::Bounces,
            "suppressionlist" => Self::Suppressed,
            "complaint" => Self::Complained,
            _ => Self::Arrives,
        }
    }
}

/// A mail that something is told of.
pub(super) struct Mail<'a> {
    pub(super) id: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) subject: &'a str,
    pub(super) configuration_set: &'a str,
    pub(super) tags: &'a BTreeMap<String, String>,
    pub(super) at: u64,
}

impl Mail<'_> {
    /// The event, if there is anything to tell.
    pub(super) fn event(&self, fate: Fate) -> Option<Value> {
        let (detail_type, kind, name, body) = match fate {
            Fate::Arrives => return None,
            Fate::Bounces => ("Email Bounced", "Bounce", "bounce", self.bounce("General")),
            Fate::Suppressed => {
                ("Email Bounced", "Bounce", "bounce", self.bounce("OnAccountSuppressionList"))
            }
            Fate::Complained => ("Email Complaint Received", "Complaint", "complaint", self.complaint()),
        };
        Some(json!({
            "version": "0",
            "id": random_id(),
            "detail-type": detail_type,
            "source": "aws.ses",
            "account": "000000000000",
            "time": self.time(),
            "region": "eu-central-1",
            "resources": [format!(
                "arn:aws:ses:eu-central-1:000000000000:configuration-set/{}",
                self.configuration_set
            )],
            "detail": { "eventType": kind, name: body, "mail": self.mail() },
        }))
    }

    fn bounce(&self, sub_type: &str) -> Value {
        json!({
            "feedbackId": self.feedback_id(),
            "bounceType": "Permanent",
            "bounceSubType": sub_type,
            "bouncedRecipients": [{
                "emailAddress": self.to,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }],
            "timestamp": self.time(),
            "reportingMTA": "dns; e240-7.smtp-out.eu-central-1.amazonses.com",
        })
    }

    fn complaint(&self) -> Value {
        json!({
            "feedbackId": self.feedback_id(),
            "complaintSubType": null,
            "complainedRecipients": [{ "emailAddress": self.to }],
            "timestamp": self.time(),
            "complaintFeedbackType": "abuse",
            "arrivalDate": self.time(),
        })
    }

    fn mail(&self) -> Value {
        let of_ses = [("ses:configuration-set", self.configuration_set), ("ses:source-ip", "127.0.0.1")];
        let own = self.tags.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let tags: Map<_, _> =
            of_ses.into_iter().chain(own).map(|(name, value)| (name.to_owned(), json!([value]))).collect();
        json!({
            "timestamp": self.time(),
            "source": self.from,
            "sendingAccountId": "000000000000",
            "messageId": self.id,
            "destination": [self.to],
            "headersTruncated": false,
            "headers": [{ "name": "To", "value": self.to }, { "name": "Subject", "value": self.subject }],
            "commonHeaders": {
                "from": [self.from],
                "to": [self.to],
                "messageId": self.id,
                "subject": self.subject,
            },
            "tags": tags,
        })
    }

    fn feedback_id(&self) -> String {
        format!("{}-{}-000000", random_hex(8), random_id())
    }

    fn time(&self) -> String {
        UtcTime::of(Timestamp(self.at)).format("%Y-%m-%dT%H:%M:%S.000Z").unwrap_or_default()
    }
}
