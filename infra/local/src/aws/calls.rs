//! The call log: every AWS call made to the twin (design §9, `/_local/calls`).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use serde::Serialize;

use super::{Service, locked};

/// Header with the name of the function whose request made the call.
pub(super) const FUNCTION_HEADER: &str = "x-postern-function";
/// Header with the number of the round trip within that request, from 1.
pub(super) const TRIP_HEADER: &str = "x-postern-trip";
/// Header with an id that the attempts of one operation share.
pub(super) const CALL_HEADER: &str = "x-postern-call";
/// What AWS SDKs send for the same purpose; for clients without a [`super::TripRecorder`].
const INVOCATION_HEADER: &str = "amz-sdk-invocation-id";

/// A twin can run for weeks; the oldest calls beyond this many are forgotten.
const CALLS_KEPT_MAX: usize = 100_000;

/// One AWS call; attempts of the SDK's retries are one call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// The function whose request made it; `None` (JSON `null`) outside a request.
    pub function: Option<String>,
    /// The service called.
    pub service: Service,
    /// AWS's name of the operation.
    pub operation: String,
    /// Number of the sequential round trip within its request, from 1; 0 outside a request.
    pub round_trip: u32,
    /// What IAM has to allow for it.
    pub actions: Vec<Action>,
    /// DynamoDB: what is billed for it, all its attempts together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<Units>,
}

/// Capacity units as DynamoDB bills them: of the table and of its indexes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Units {
    /// Read request units: 4 KB read strongly consistent, or 8 KB not so.
    pub read: f64,
    /// Write request units: 1 KB, half of that in a transaction.
    pub write: f64,
}

impl Units {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { read: self.read + other.read, write: self.write + other.write }
    }
}

/// A call in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Logged(u64);

/// An IAM action with the attributes that a policy can condition on.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Action {
    /// The IAM name, such as `dynamodb:Query`.
    pub action: String,
    /// DynamoDB: the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// DynamoDB: the secondary index, when one is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// DynamoDB: the value of the partition key (`dynamodb:LeadingKeys`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leading_key: Option<String>,
    /// DynamoDB reads: whether the read was strongly consistent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistent_read: Option<bool>,
    /// EventBridge: the bus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_bus: Option<String>,
    /// SES: the sending identity, the domain of the From address. SMS and voice: the origination identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// SES, SMS and voice: the configuration set, if one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_set: Option<String>,
    /// KMS: the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// KMS: the encryption context (`kms:EncryptionContext:…`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_context: Option<BTreeMap<String, String>>,
}

impl fmt::Debug for Action {
    /// Shows a leading key only up to its first `#`: what follows can be an address.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leading_key = self.leading_key.as_deref().map(|key| match key.split_once('#') {
            Some((entity, _)) => format!("{entity}#…"),
            None => key.to_owned(),
        });
        formatter
            .debug_struct("Action")
            .field("action", &self.action)
            .field("table", &self.table)
            .field("index", &self.index)
            .field("leading_key", &leading_key)
            .field("consistent_read", &self.consistent_read)
            .field("event_bus", &self.event_bus)
            .field("identity", &self.identity)
            .field("configuration_set", &self.configuration_set)
            .field("key", &self.key)
            .field("encryption_context", &self.encryption_context)
            .finish()
    }
}

/// The calls made so far, in the order in which they first arrived. Clones share one log.
#[derive(Clone, Debug, Default)]
pub struct CallLog {
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    calls: VecDeque<(Option<String>, Call)>,
    /// The number of each call with an id.
    seen: HashMap<String, u64>,
    /// How many calls there were before those.
    forgotten: u64,
}

impl Log {
    /// The number of the next call.
    fn next(&self) -> u64 {
        self.forgotten + self.calls.len() as u64
    }
}

impl CallLog {
    /// Every call, oldest first, those that faults hit included.
    #[must_use]
    pub fn all(&self) -> Vec<Call> {
        locked(&self.log).calls.iter().map(|(_, call)| call.clone()).collect()
    }

    /// Empties the log.
    pub fn clear(&self) {
        let mut log = locked(&self.log);
        *log = Log { forgotten: log.next(), ..Log::default() };
    }

    /// Logs a call unless `headers` show that it repeats one already logged; gives the one that is in the log.
    pub(super) fn record(
        &self,
        headers: &HeaderMap,
        service: Service,
        operation: &str,
        actions: impl FnOnce() -> Vec<Action>,
    ) -> Logged {
        let id = text(headers, CALL_HEADER).or_else(|| text(headers, INVOCATION_HEADER));
        let mut log = locked(&self.log);
        let number = log.next();
        if let Some(id) = &id {
            if let Some(first) = log.seen.get(id) {
                return Logged(*first);
            }
            log.seen.insert(id.clone(), number);
        }
        let call = Call {
            function: text(headers, FUNCTION_HEADER),
            service,
            operation: operation.to_owned(),
            round_trip: text(headers, TRIP_HEADER).and_then(|trip| trip.parse().ok()).unwrap_or(0),
            actions: actions(),
            units: None,
        };
        log.calls.push_back((id, call));
        if log.calls.len() > CALLS_KEPT_MAX
            && let Some((id, _)) = log.calls.pop_front()
        {
            log.forgotten += 1;
            if let Some(id) = id {
                log.seen.remove(&id);
            }
        }
        Logged(number)
    }

    /// Adds to what is billed for a call, if it is still in the log.
    pub(super) fn charge(&self, Logged(number): Logged, units: Units) {
        let mut log = locked(&self.log);
        let place = number.checked_sub(log.forgotten).and_then(|place| usize::try_from(place).ok());
        if let Some((_, call)) = place.and_then(|place| log.calls.get_mut(place)) {
            call.units = Some(call.units.unwrap_or_default().plus(units));
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn serializes_as_documented() {
        let log = CallLog::default();
        let stamped = headers(&[(FUNCTION_HEADER, "f"), (TRIP_HEADER, "2"), (CALL_HEADER, "a-1")]);
        log.record(&stamped, Service::Ses, "SendEmail", || {
            vec![Action {
                action: "ses:SendEmail".into(),
                identity: Some("e.com".into()),
                ..Action::default()
            }]
        });
        assert_eq!(
            serde_json::to_string(&log.all()).unwrap(),
            r#"[{"function":"f","service":"ses","operation":"SendEmail","round_trip":2,"#.to_owned()
                + r#""actions":[{"action":"ses:SendEmail","identity":"e.com"}]}]"#
        );
    }

    #[test]
    fn repeats_count_once_and_strangers_every_time() {
        let log = CallLog::default();
        for id in ["a-1", "a-1", "a-2"] {
            log.record(&headers(&[(CALL_HEADER, id)]), Service::Kms, "Decrypt", Vec::new);
        }
        log.record(&headers(&[(INVOCATION_HEADER, "u")]), Service::Kms, "Decrypt", Vec::new);
        log.record(&headers(&[(INVOCATION_HEADER, "u")]), Service::Kms, "Decrypt", Vec::new);
        for _ in 0..2 {
            log.record(&headers(&[]), Service::Kms, "Decrypt", Vec::new);
        }
        assert_eq!(log.all().len(), 5);
        assert!(log.all().iter().all(|call| call.function.is_none() && call.round_trip == 0));
        log.clear();
        assert!(log.all().is_empty());
    }

    /// Every attempt is billed, to the call it belongs to; an answer that comes after the log was cleared, to none.
    #[test]
    fn attempts_are_billed_together() {
        let log = CallLog::default();
        let call = |id| log.record(&headers(&[(CALL_HEADER, id)]), Service::Dynamodb, "PutItem", Vec::new);
        let units = |write| Units { read: 0.0, write };
        log.charge(call("a-1"), units(1.0));
        let other = call("a-2");
        log.charge(call("a-1"), units(2.0));
        assert_eq!(log.all().iter().map(|call| call.units).collect::<Vec<_>>(), [Some(units(3.0)), None]);
        log.clear();
        let _ = call("a-3");
        log.charge(other, units(1.0));
        assert_eq!(log.all()[0].units, None);
    }

    #[test]
    fn debug_shows_no_address() {
        let action =
            Action { leading_key: Some("LOGIN#connection#user@example.com".into()), ..Action::default() };
        let shown = format!("{action:?}");
        assert!(shown.contains("LOGIN#…") && !shown.contains("example.com"), "{shown}");
    }
}
