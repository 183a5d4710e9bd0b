//! A batch of log lines as a subscription of CloudWatch Logs delivers it: gzipped JSON, in base64, in JSON.

use std::io::Read;

use data_encoding::BASE64;
use flate2::read::GzDecoder;
use postern::lambda::Error;
use serde::Deserialize;
use serde_json::Value;

/// More than Lambda takes of an event, even if every byte of it were a thousand.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Deserialize)]
struct Envelope {
    awslogs: Data,
}

#[derive(Deserialize)]
struct Data {
    data: String,
}

/// The lines. Those with which CloudWatch Logs tries whether it can deliver are not the tenant's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    message_type: String,
    #[serde(default)]
    log_events: Vec<LogEvent>,
}

#[derive(Deserialize)]
struct LogEvent {
    message: String,
}

/// The lines of an event.
///
/// # Errors
/// When it is none of a subscription. Its text is not part of the error.
pub(crate) fn lines(event: Value) -> Result<Vec<String>, Error> {
    let batch = read(event).ok_or_else(|| Error::from("not an event of a subscription to logs"))?;
    match batch.message_type.as_str() {
        "DATA_MESSAGE" => Ok(batch.log_events.into_iter().map(|event| event.message).collect()),
        _ => Ok(Vec::new()),
    }
}

fn read(event: Value) -> Option<Batch> {
    let Envelope { awslogs } = serde_json::from_value(event).ok()?;
    let zipped = BASE64.decode(awslogs.data.as_bytes()).ok()?;
    let mut json = Vec::new();
    GzDecoder::new(zipped.as_slice()).take(BYTES_MAX).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    fn event(batch: &Value) -> Value {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zip.write_all(batch.to_string().as_bytes()).unwrap();
        json!({ "awslogs": { "data": BASE64.encode(&zip.finish().unwrap()) } })
    }

    #[test]
    fn lines_come_in_order() {
        let events = ["one", "two"].map(|line| json!({ "id": "1", "timestamp": 1, "message": line }));
        let batch = json!({
            "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s",
            "subscriptionFilters": ["f"], "logEvents": events,
        });
        assert_eq!(lines(event(&batch)).unwrap(), ["one", "two"]);
    }

    #[test]
    fn a_trial_of_the_subscription_has_none() {
        let events = [json!({ "message": "CWL CONTROL MESSAGE: Checking health of destination" })];
        let batch = json!({ "messageType": "CONTROL_MESSAGE", "logEvents": events });
        assert_eq!(lines(event(&batch)).unwrap(), [""; 0]);
    }

    #[test]
    fn another_event_is_an_error_that_says_nothing_of_it() {
        for other in [
            json!({ "secret": "x" }),
            json!({ "awslogs": { "data": "secret" } }),
            json!({ "awslogs": { "data": BASE64.encode(b"secret") } }),
            event(&json!("secret")),
        ] {
            assert_eq!(lines(other).unwrap_err().to_string(), "not an event of a subscription to logs");
        }
    }
}
