//! EventBridge (JSON 1.1): PutEvents on one bus, which keeps what it gets.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::calls::Action;
use super::front::{AwsRequest, Endpoint};
use super::protocol::{REFUSED, json_answer, json_error, random_id, target_operation};
use super::{Service, locked};

/// The twin's bus.
pub const BUS_ARN: &str = "arn:aws:events:us-east-1:000000000000:event-bus/postern";

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const TARGET_PREFIX: &str = "AWSEvents.";
/// EventBridge's limits: entries of one call, and bytes of all of them.
const ENTRIES_MAX: usize = 10;
const BYTES_MAX: usize = 256 * 1024;
/// A twin can run for weeks; the oldest events beyond this many are forgotten.
const EVENTS_KEPT_MAX: usize = 10_000;

/// An event, in JSON as `GET /_local/events` shows it and a rule's target gets it.
#[derive(Clone, PartialEq, Serialize)]
pub struct BusEvent {
    /// Its id.
    pub id: String,
    /// Who put it.
    pub source: String,
    /// Which kind it is.
    #[serde(rename = "detail-type")]
    pub detail_type: String,
    /// When it happened, in epoch seconds.
    pub time: Option<f64>,
    /// What happened.
    pub detail: Value,
}

/// Without the detail, which names people.
impl fmt::Debug for BusEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BusEvent").field("detail_type", &self.detail_type).finish_non_exhaustive()
    }
}

/// The events put so far. Clones share one bus.
#[derive(Clone, Debug, Default)]
pub struct EventBus {
    events: Arc<Mutex<VecDeque<BusEvent>>>,
}

impl EventBus {
    /// The events, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<BusEvent> {
        locked(&self.events).iter().cloned().collect()
    }

    /// Forgets them.
    pub fn clear(&self) {
        locked(&self.events).clear();
    }

    fn push(&self, event: BusEvent) {
        let mut events = locked(&self.events);
        events.push_back(event);
        if events.len() > EVENTS_KEPT_MAX {
            events.pop_front();
        }
    }
}

/// The service.
pub(super) struct EventBridge {
    pub(super) events: EventBus,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Entry {
    source: String,
    detail_type: String,
    detail: String,
    event_bus_name: String,
    time: Option<f64>,
}

/// A refusal of an entry: its code and message.
struct Refused(&'static str, &'static str);

/// What an entry that is let fall by a fault gets.
const FAILED: Refused = Refused("InternalFailure", "Internal failure.");

impl Entry {
    /// As EventBridge checks it, which takes the default bus where none is named: here there is none.
    fn read(self) -> Result<BusEvent, Refused> {
        if self.event_bus_name != BUS_ARN {
            return Err(Refused("ResourceNotFoundException", "There is no such bus."));
        }
        if self.source.is_empty() || self.detail_type.is_empty() {
            return Err(Refused("InvalidArgument", "Parameter Source or DetailType is not valid."));
        }
        match serde_json::from_str(&self.detail) {
            Ok(detail @ Value::Object(_)) => Ok(BusEvent {
                id: random_id(),
                source: self.source,
                detail_type: self.detail_type,
                time: self.time,
                detail,
            }),
            _ => Err(Refused("MalformedDetail", "Detail is malformed.")),
        }
    }
}

impl EventBridge {
    /// Of the entries so many are looked at; the others fail.
    fn put(&self, request: AwsRequest, entries_max: usize) -> Response {
        if request.operation != "PutEvents" {
            return json_error(StatusCode::BAD_REQUEST, CONTENT_TYPE, "UnknownOperationException", "");
        }
        let is_too_long = request.body.len() > BYTES_MAX;
        let entries = serde_json::from_value::<PutEvents>(request.json).map(|request| request.entries);
        let entries = entries.unwrap_or_default();
        if is_too_long || !(1..=ENTRIES_MAX).contains(&entries.len()) {
            let text = "1 to 10 entries of 256 KB in all are taken.";
            return json_error(StatusCode::BAD_REQUEST, CONTENT_TYPE, "ValidationException", text);
        }
        let put = |(number, entry): (usize, Entry)| match number < entries_max {
            true => entry.read(),
            false => Err(FAILED),
        };
        let results: Vec<_> = entries.into_iter().enumerate().map(put).collect();
        let failed = results.iter().filter(|result| result.is_err()).count();
        let entries: Vec<_> = results
            .into_iter()
            .map(|result| match result {
                Ok(event) => {
                    let id = event.id.clone();
                    self.events.push(event);
                    json!({ "EventId": id })
                }
                Err(Refused(code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
            })
            .collect();
        let answer = json!({ "FailedEntryCount": failed, "Entries": entries });
        json_answer(StatusCode::OK, CONTENT_TYPE, &answer)
    }
}

impl Endpoint for EventBridge {
    const SERVICE: Service = Service::Events;

    fn operation(&self, parts: &Parts) -> Option<String> {
        target_operation(&parts.headers, TARGET_PREFIX)
    }

    fn actions(&self, operation: &str, request: &Value) -> Vec<Action> {
        let entries = request.get("Entries").and_then(Value::as_array).into_iter().flatten();
        let mut buses: Vec<_> = entries.filter_map(|entry| entry.get("EventBusName")?.as_str()).collect();
        buses.dedup();
        let action = |bus: &str| Action {
            action: format!("events:{operation}"),
            event_bus: Some(bus.to_owned()),
            ..Action::default()
        };
        buses.into_iter().map(action).collect()
    }

    fn throttled(&self) -> Response {
        json_error(StatusCode::BAD_REQUEST, CONTENT_TYPE, "ThrottlingException", "Rate exceeded")
    }

    fn broken(&self) -> Response {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        json_error(status, CONTENT_TYPE, "InternalException", "Internal failure.")
    }

    fn refused(&self, code: &str) -> Response {
        json_error(StatusCode::BAD_REQUEST, CONTENT_TYPE, code, REFUSED)
    }

    async fn handle(&self, request: AwsRequest) -> Response {
        self.put(request, ENTRIES_MAX)
    }

    async fn handle_in_part(&self, request: AwsRequest) -> Response {
        self.put(request, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn put(bus: &EventBus, entries: Value) -> Value {
        let json = json!({ "Entries": entries });
        let (parts, ()) = http::Request::new(()).into_parts();
        let body = json.to_string().into();
        let request = AwsRequest { operation: "PutEvents".to_owned(), parts, body, json };
        let answer = EventBridge { events: bus.clone() }.handle(request).await;
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn entry() -> Value {
        json!({ "Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": BUS_ARN, "Time": 7.0 })
    }

    fn entry_with(name: &str, value: &str) -> Value {
        let mut entry = entry();
        entry[name] = json!(value);
        entry
    }

    /// Each entry is taken or refused by itself.
    #[tokio::test]
    async fn entries_are_checked_one_by_one() {
        let bus = EventBus::default();
        let wrong =
            [("Source", ""), ("DetailType", ""), ("Detail", "[]"), ("Detail", "{"), ("EventBusName", "x")];
        let mut entries: Vec<_> = wrong.iter().map(|(name, value)| entry_with(name, value)).collect();
        entries.insert(2, entry());
        let answer = put(&bus, Value::Array(entries)).await;
        assert_eq!(answer["FailedEntryCount"], 5);
        let codes = answer["Entries"].as_array().unwrap().iter().map(|entry| entry["ErrorCode"].as_str());
        assert_eq!(codes.filter(Option::is_some).count(), 5);
        let events = bus.all();
        assert_eq!((events.len(), events[0].time), (1, Some(7.0)));
        assert_eq!(answer["Entries"][2]["EventId"], events[0].id);
    }

    #[tokio::test]
    async fn ten_entries_are_the_most() {
        let bus = EventBus::default();
        for (count, taken) in [(0, 0), (10, 10), (11, 10)] {
            put(&bus, Value::Array(vec![entry(); count])).await;
            assert_eq!(bus.all().len(), taken, "{count}");
        }
    }
}
