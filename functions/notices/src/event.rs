//! A batch of the table's stream as Lambda delivers it, and the answer that says from where to repeat it.

use postern::id::NoticeId;
use postern::lambda::Error;
use postern::store::notices::{PARTITION, SORT_KEY};
use serde::Deserialize;
use serde_json::{Value, json};

/// The event; of each change only what tells which notice it is.
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

/// A notice that was written.
pub(crate) struct NewNotice {
    pub(crate) notice: NoticeId,
    pub(crate) sequence_number: String,
}

impl StreamEvent {
    /// Reads an event. Its text is not part of the error: keys hold addresses.
    pub(crate) fn read(event: Value) -> Result<Self, Error> {
        serde_json::from_value(event).map_err(|_| Error::from("not an event of a DynamoDB stream"))
    }

    /// The notices among the changes. The stream's filter lets nothing else through; without it nothing else is harmed.
    pub(crate) fn new_notices(self) -> impl Iterator<Item = NewNotice> {
        self.records.into_iter().filter_map(|Record { event_name, dynamodb }| {
            let Change { keys, sequence_number } = dynamodb;
            let id = keys.pk.text.strip_prefix(PARTITION)?;
            let written = event_name == "INSERT" && keys.sk.text == SORT_KEY;
            written.then(|| NewNotice { notice: NoticeId::new(id), sequence_number })
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

    /// Only insertions of notices: marking one as sent, and TTL's deletion of it, change it too.
    #[test]
    fn only_new_notices_count() {
        let records = json!({ "Records": [
            record("INSERT", "NOTICE#a", "NOTICE"),
            record("MODIFY", "NOTICE#b", "NOTICE"),
            record("REMOVE", "NOTICE#c", "NOTICE"),
            record("INSERT", "USER#a", "PROFILE"),
            record("INSERT", "NOTICE#d", "NOTICE"),
        ] });
        let notices: Vec<_> = StreamEvent::read(records).unwrap().new_notices().collect();
        let ids: Vec<_> = notices.iter().map(|new| (new.notice.as_str(), &*new.sequence_number)).collect();
        assert_eq!(ids, [("a", "10NOTICE#a"), ("d", "10NOTICE#d")]);
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
