//! A batch of the table's stream as Lambda delivers it, and the answer that says from where to repeat it.

use postern::id::{MailId, NoticeId};
use postern::lambda::Error;
use postern::store::{account_mails, notices};
use serde::Deserialize;
use serde_json::{Value, json};

/// The event; of each change only what tells which item it is.
#[derive(Deserialize)]
pub(crate) struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    keys: Keys,
    sequence_number: String,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// What is to be mailed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Announced {
    /// A security notice.
    Notice(NoticeId),
    /// A mail with a link to a page.
    Mail(MailId),
}

impl Announced {
    /// The name of its log line.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Notice(_) => "notice",
            Self::Mail(_) => "account_mail",
        }
    }

    fn of(keys: &Keys) -> Option<Self> {
        let Keys { pk, sk } = keys;
        match sk.text.as_str() {
            notices::SORT_KEY => {
                pk.text.strip_prefix(notices::PARTITION).map(|id| Self::Notice(NoticeId::new(id)))
            }
            account_mails::SORT_KEY => {
                pk.text.strip_prefix(account_mails::PARTITION).map(|id| Self::Mail(MailId::new(id)))
            }
            _ => None,
        }
    }
}

/// Something that was written.
pub(crate) struct New {
    pub(crate) what: Announced,
    pub(crate) sequence_number: String,
}

impl StreamEvent {
    /// Reads an event. Its text is not part of the error: keys hold addresses.
    pub(crate) fn read(event: Value) -> Result<Self, Error> {
        serde_json::from_value(event).map_err(|_| Error::from("not an event of a DynamoDB stream"))
    }

    /// What is to be mailed among the changes. The stream's filter lets nothing else through; without it nothing else is
    /// harmed.
    pub(crate) fn announced(self) -> impl Iterator<Item = New> {
        self.records.into_iter().filter_map(|Record { event_name, dynamodb }| {
            let Change { keys, sequence_number } = dynamodb;
            let what = Announced::of(&keys).filter(|_| event_name == "INSERT")?;
            Some(New { what, sequence_number })
        })
    }
}

/// Which changes of the batch are to come again.
pub(crate) struct Answer(Option<String>);

impl Answer {
    /// None of them.
    pub(crate) fn done() -> Self {
        Self(None)
    }

    /// That one and all after it.
    pub(crate) fn from(sequence_number: String) -> Self {
        Self(Some(sequence_number))
    }

    /// As `ReportBatchItemFailures` has it.
    pub(crate) fn into_json(self) -> Value {
        let failed: Vec<_> = self.0.into_iter().map(|number| json!({ "itemIdentifier": number })).collect();
        json!({ "batchItemFailures": failed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, pk: &str, sk: &str) -> Value {
        json!({
            "eventID": "1",
            "eventName": name,
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "Keys": { "pk": { "S": pk }, "sk": { "S": sk } },
                "SequenceNumber": format!("10{pk}"),
                "StreamViewType": "KEYS_ONLY",
            },
        })
    }

    /// Only insertions: marking one as sent, and TTL's deletion of it, change it too.
    #[test]
    fn only_what_is_new_counts() {
        let records = json!({ "Records": [
            record("INSERT", "NOTICE#a", "NOTICE"),
            record("MODIFY", "NOTICE#b", "NOTICE"),
            record("REMOVE", "NOTICE#c", "NOTICE"),
            record("INSERT", "USER#a", "PROFILE"),
            record("INSERT", "MAIL#d", "MAIL"),
            record("MODIFY", "MAIL#e", "MAIL"),
            record("INSERT", "NOTICE#f", "MAIL"),
        ] });
        let new: Vec<_> = StreamEvent::read(records).unwrap().announced().collect();
        let new: Vec<_> = new.into_iter().map(|new| (new.what, new.sequence_number)).collect();
        let notice = (Announced::Notice(NoticeId::new("a")), "10NOTICE#a".to_owned());
        let mail = (Announced::Mail(MailId::new("d")), "10MAIL#d".to_owned());
        assert_eq!(new, [notice, mail]);
    }

    #[test]
    fn the_answer_names_where_to_begin_again() {
        assert_eq!(Answer::done().into_json(), json!({ "batchItemFailures": [] }));
        assert_eq!(
            Answer::from("10".into()).into_json(),
            json!({ "batchItemFailures": [{ "itemIdentifier": "10" }] })
        );
    }

    #[test]
    fn another_event_is_an_error_that_says_nothing_of_it() {
        let error = StreamEvent::read(json!({ "secret": "x" })).err().unwrap();
        assert_eq!(error.to_string(), "not an event of a DynamoDB stream");
    }
}
