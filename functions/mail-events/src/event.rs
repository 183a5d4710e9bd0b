//! An event of SES as EventBridge delivers it (SES developer guide, "Monitoring SES events using Amazon EventBridge"),
//! or the part of it that the stack's rules leave: what is read here is all they hand over.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use data_encoding::BASE64URL_NOPAD;
use postern::delivery::{KIND_TAG, MailKind, USER_TAG};
use postern::id::UserId;
use postern::rules::address::EmailAddress;
use postern::rules::policy::Factor;
use postern::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Who says so. Nobody but AWS can: it reserves sources of this form.
const SOURCE: &str = "aws.ses";
/// What is told of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The address does not take mail, and will not.
    Bounced,
    /// SES did not try: it keeps the address on a list of those that bounced.
    Suppressed,
    /// It did not take this one: the mailbox is full, the mail too large, or its server could not be reached for long.
    BouncedForNow,
    /// It was forwarded, and came back from there: what was mailed to has taken it.
    Forwarded,
    /// Somebody who got it said that it was unwanted.
    Complained,
    /// SES did not send it after all.
    Rejected,
}

impl Told {
    /// Its name in the audit log.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::Suppressed => "suppressed",
            Self::BouncedForNow => "bounced_for_now",
            Self::Forwarded => "forwarded",
            Self::Complained => "complained",
            Self::Rejected => "rejected",
        }
    }
}

/// An event about one of our mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailEvent {
    pub(crate) told: Told,
    /// The address we mailed to.
    pub(crate) to: EmailAddress,
    /// Whose account the mail was about.
    pub(crate) user: Option<UserId>,
    /// What the mail was.
    pub(crate) kind: MailKind,
    /// When it was sent.
    pub(crate) sent_at: Timestamp,
}

#[derive(Deserialize)]
struct Envelope {
    source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    mail: Mail,
    bounce: Option<Bounce>,
}

#[derive(Deserialize)]
struct Mail {
    timestamp: String,
    destination: Vec<String>,
    tags: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounce_sub_type: Option<String>,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

impl MailEvent {
    /// Reads an event; else what is wrong with it, in words of ours: events hold addresses.
    pub(crate) fn read(event: Value) -> Result<Self, &'static str> {
        let event: Envelope = serde_json::from_value(event).map_err(|_| "not an event about a mail")?;
        if event.source != SOURCE {
            return Err("not an event of SES");
        }
        let Detail { mail, bounce } = event.detail;
        let to = mail.to().ok_or("a mail to no address")?;
        let told = match (event.detail_type.as_str(), bounce) {
            ("Email Bounced", Some(bounce)) => bounce.told(&to),
            ("Email Bounced", None) => return Err("a bounce that says nothing of itself"),
            ("Email Complaint Received", _) => Told::Complained,
            ("Email Rejected", _) => Told::Rejected,
            _ => return Err("an event of another kind"),
        };
        Ok(Self {
            told,
            kind: mail.tag(KIND_TAG).and_then(MailKind::parse).ok_or("a mail that is none of ours")?,
            to,
            user: mail.tag(USER_TAG).and_then(user),
            sent_at: time(&mail.timestamp).ok_or("a mail of no time")?,
        })
    }

    /// The factor that its code was for.
    pub(crate) fn factor(&self) -> Option<Factor> {
        matches!(self.kind, MailKind::MfaCode | MailKind::SignIn).then_some(Factor::Email)
    }
}

impl Mail {
    /// The first value of a tag.
    fn tag(&self, name: &str) -> Option<&str> {
        self.tags.get(name)?.get(0)?.as_str()
    }

    /// Each mail goes to one address.
    fn to(&self) -> Option<EmailAddress> {
        match self.destination.as_slice() {
            [to] => EmailAddress::parse(to),
            _ => None,
        }
    }
}

impl Bounce {
    /// Of a mail to that address. Whoever has the mailbox may have it send mail on, and what comes back from there says
    /// nothing of the mailbox itself.
    fn told(&self, to: &EmailAddress) -> Told {
        let is_of = |recipient: &Recipient| recipient.email_address.eq_ignore_ascii_case(to.as_str());
        match (self.bounce_type.as_str(), self.bounce_sub_type.as_deref()) {
            ("Permanent", _) if !self.bounced_recipients.iter().any(is_of) => Told::Forwarded,
            ("Permanent", Some("Suppressed" | "OnAccountSuppressionList")) => Told::Suppressed,
            ("Permanent", _) => Told::Bounced,
            _ => Told::BouncedForNow,
        }
    }
}

fn user(tag: &str) -> Option<UserId> {
    let id = BASE64URL_NOPAD.decode(tag.as_bytes()).ok()?;
    UserId::parse(&String::from_utf8(id).ok()?)
}

fn time(text: &str) -> Option<Timestamp> {
    let time = DateTime::from_str(text, Format::DateTime).ok()?;
    u64::try_from(time.secs()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "version": "0",
            "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": "Email Bounced",
            "source": "aws.ses",
            "account": "123456789012",
            "time": "2030-03-17T17:47:02Z",
            "region": "eu-central-1",
            "resources": ["arn:aws:ses:eu-central-1:123456789012:configuration-set/postern"],
            "detail": {
                "eventType": "Bounce",
                "bounce": {
                    "bounceType": "Permanent",
                    "bounceSubType": "General",
                    "bouncedRecipients": [{ "emailAddress": "ADA@example.com", "status": "5.1.1" }],
                    "timestamp": "2030-03-17T17:47:01.669Z",
                },
                "mail": {
                    "timestamp": "2030-03-17T17:47:00.012Z",
                    "source": "mfa@postern.example",
                    "messageId": "0107-1-000000",
                    "destination": ["Ada@example.com"],
                    "tags": {
                        "ses:configuration-set": ["postern"],
                        "postern-message": ["mfa-code"],
                        "postern-user": ["YXV0aDB8YQ"],
                    },
                },
            },
        })
    }

    fn with(pointer: &str, value: Value) -> Result<MailEvent, &'static str> {
        let mut event = event();
        *event.pointer_mut(pointer).unwrap() = value;
        MailEvent::read(event)
    }

    #[test]
    fn an_event_is_read() {
        let read = MailEvent::read(event()).unwrap();
        let expected = MailEvent {
            told: Told::Bounced,
            to: EmailAddress::parse("ada@example.com").unwrap(),
            user: UserId::parse("auth0|a"),
            kind: MailKind::MfaCode,
            sent_at: Timestamp(1_900_000_020),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn each_kind_is_told_apart() {
        let bounce = |kind: &str, sub: &str| {
            let recipients = json!([{ "emailAddress": "ada@example.com" }]);
            let bounce = json!({ "bounceType": kind, "bounceSubType": sub, "bouncedRecipients": recipients });
            with("/detail/bounce", bounce).unwrap().told
        };
        assert_eq!(bounce("Permanent", "NoEmail"), Told::Bounced);
        assert_eq!(bounce("Permanent", "Suppressed"), Told::Suppressed);
        assert_eq!(bounce("Permanent", "OnAccountSuppressionList"), Told::Suppressed);
        assert_eq!(bounce("Transient", "MailboxFull"), Told::BouncedForNow);
        assert_eq!(bounce("Undetermined", "Undetermined"), Told::BouncedForNow);
        let named = |name: &str| with("/detail-type", json!(name)).map(|event| event.told);
        assert_eq!(named("Email Complaint Received"), Ok(Told::Complained));
        assert_eq!(named("Email Rejected"), Ok(Told::Rejected));
        assert_eq!(named("Email Delivery Delayed"), Err("an event of another kind"));
    }

    /// A mailbox that sends mail on is not marked for what comes back from elsewhere.
    #[test]
    fn a_bounce_is_about_the_addresses_it_names() {
        let told = |named: &[&str]| {
            let recipients: Vec<_> = named.iter().map(|address| json!({ "emailAddress": address })).collect();
            with("/detail/bounce/bouncedRecipients", json!(recipients)).unwrap().told
        };
        assert_eq!(told(&["elsewhere@example.net", "ada@EXAMPLE.com"]), Told::Bounced);
        assert_eq!(told(&["elsewhere@example.net"]), Told::Forwarded);
        assert_eq!(told(&[]), Told::Forwarded);
    }

    /// A mail without the tag of a user, as of an older version, is told of and marks nobody.
    #[test]
    fn the_user_may_be_unknown() {
        for tag in [json!(["not base64url!"]), json!([]), json!("x"), json!(["IA"])] {
            let read = with("/detail/mail/tags/postern-user", tag).unwrap();
            assert_eq!(read.user, None);
        }
    }

    #[test]
    fn what_is_not_ours_or_cannot_be_read_is_refused_in_words_of_ours() {
        for (pointer, value) in [
            ("", json!("a secret")),
            ("", json!({ "source": "aws.ses", "detail-type": "Email Bounced", "detail": "a secret" })),
            ("/source", json!("a secret")),
            ("/detail-type", json!("a secret")),
            ("/detail/bounce", Value::Null),
            ("/detail/mail/tags", json!({})),
            ("/detail/mail/tags/postern-message", json!(["a secret"])),
            ("/detail/mail/destination", json!([])),
            ("/detail/mail/destination", json!(["a@example.com", "b@example.com"])),
            ("/detail/mail/destination", json!(["a secret"])),
            ("/detail/mail/timestamp", json!("a secret")),
            ("/detail/mail/timestamp", json!("1930-03-17T17:47:00Z")),
        ] {
            let refused = with(pointer, value).unwrap_err();
            assert!(!refused.contains("secret"), "{pointer}: {refused}");
        }
    }
}
