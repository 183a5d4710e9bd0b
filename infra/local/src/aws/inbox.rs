//! The inbox: every message the twin was asked to deliver (design §9, `/_local/inbox`).

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};

use serde::Serialize;

use super::locked;

/// A twin can run for weeks; the oldest messages beyond this many are forgotten.
const MESSAGES_KEPT_MAX: usize = 10_000;

/// The way a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// SES.
    Email,
    /// A text message.
    Sms,
    /// A spoken call.
    Voice,
}

/// One message to one recipient, in JSON as `GET /_local/inbox` shows it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The way it travelled.
    pub channel: Channel,
    /// The recipient's bare address or number.
    pub to: String,
    /// The sender as the caller wrote it, display name included.
    pub from: String,
    /// The subject; only email has one.
    pub subject: Option<String>,
    /// The plain text; empty if there was none.
    pub text: String,
    /// The HTML body, if there was one.
    pub html: Option<String>,
    /// The voice a call was spoken in, as the caller named it; only calls have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// When it was taken, in epoch seconds of the twin's clock.
    pub received_at: u64,
    /// What SES's events tell mails apart by; not shown.
    #[serde(skip)]
    pub tags: BTreeMap<String, String>,
}

impl fmt::Debug for Message {
    /// Without addresses and content: a message carries a one-time code.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Message")
            .field("channel", &self.channel)
            .field("received_at", &self.received_at)
            .finish_non_exhaustive()
    }
}

/// The messages taken so far. Clones share one inbox.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    messages: Arc<Mutex<VecDeque<Message>>>,
}

impl Inbox {
    /// The messages, newest first; with `to`, only those to that recipient (any case).
    #[must_use]
    pub fn messages(&self, to: Option<&str>) -> Vec<Message> {
        locked(&self.messages)
            .iter()
            .rev()
            .filter(|message| to.is_none_or(|to| message.to.eq_ignore_ascii_case(to)))
            .cloned()
            .collect()
    }

    /// Empties the inbox.
    pub fn clear(&self) {
        locked(&self.messages).clear();
    }

    pub(super) fn push(&self, message: Message) {
        let mut messages = locked(&self.messages);
        messages.push_back(message);
        if messages.len() > MESSAGES_KEPT_MAX {
            messages.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(to: &str, text: &str) -> Message {
        Message {
            channel: Channel::Email,
            to: to.into(),
            from: "Postern <no-reply@example.com>".into(),
            subject: Some("Code".into()),
            text: text.into(),
            html: None,
            voice: None,
            received_at: 7,
            tags: BTreeMap::new(),
        }
    }

    #[test]
    fn newest_first_filtered_by_recipient() {
        let inbox = Inbox::default();
        for (to, text) in [("a@e.com", "1"), ("b@e.com", "2"), ("A@e.com", "3")] {
            inbox.push(message(to, text));
        }
        let texts = |to| inbox.messages(to).into_iter().map(|message| message.text).collect::<Vec<_>>();
        assert_eq!(texts(None), ["3", "2", "1"]);
        assert_eq!(texts(Some("a@e.com")), ["3", "1"]);
        inbox.clear();
        assert!(inbox.messages(None).is_empty());
    }

    #[test]
    fn json_has_every_key_and_debug_no_content() {
        let message = message("a@e.com", "Your code is 123456");
        assert_eq!(
            serde_json::to_string(&message).unwrap(),
            r#"{"channel":"email","to":"a@e.com","from":"Postern <no-reply@example.com>","#.to_owned()
                + r#""subject":"Code","text":"Your code is 123456","html":null,"received_at":7}"#
        );
        let shown = format!("{message:?}");
        assert!(!shown.contains("123456") && !shown.contains("a@e"), "{shown}");
    }
}
