//! Faults: the twin's services misbehave on purpose (design §9, `/_local/faults`).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{Service, locked};

/// What a fault does to the calls it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultMode {
    /// The service's own throttling error; nothing is done.
    Throttle,
    /// The service's own HTTP 500; nothing is done.
    Error,
    /// The call is accepted and never answered; nothing is done.
    Timeout,
    /// The call is done, and never answered.
    Lost,
    /// The service refuses by the exception of `code`, such as KMS by `DisabledException` while its key is disabled;
    /// nothing is done.
    Refuse,
    /// The call is done, and answered `latency_ms` later.
    Latency,
    /// Of a batch (`BatchWriteItem`, `PutEvents`) only the first is done, and the answer says so; other calls are done.
    Partial,
}

/// One planned misbehaviour, in JSON exactly as `POST /_local/faults` takes it (design §9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The service that misbehaves.
    pub service: Service,
    /// AWS's name of the operation, such as `SendEmail`; empty or absent means any.
    #[serde(default)]
    pub operation: String,
    /// How it misbehaves.
    pub mode: FaultMode,
    /// So many matching calls pass first (default 0).
    #[serde(default)]
    pub skip: u32,
    /// So many matching calls are hit after those (default 1).
    #[serde(default = "once")]
    pub count: u32,
    /// Delay of the answer in milliseconds; only `latency` reads it (default 0).
    #[serde(default)]
    pub latency_ms: u64,
    /// AWS's name of the exception, or Twilio's number of the error; only `refuse` reads it, and needs it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// What is wrong with it, if anything.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        let is_name = !self.code.is_empty() && self.code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match (self.mode, self.code.is_empty()) {
            (FaultMode::Refuse, _) if !is_name => Some("`refuse` needs `code`: letters and digits"),
            (FaultMode::Refuse, _) | (_, true) => None,
            (_, false) => Some("only `refuse` has a `code`"),
        }
    }

    fn matches(&self, service: Service, operation: &str) -> bool {
        self.service == service && (self.operation.is_empty() || self.operation == operation)
    }

    /// The number of the last matching call that it hits.
    fn last(&self) -> u32 {
        self.skip.saturating_add(self.count)
    }
}

/// The faults still to come. Clones share one list.
///
/// Every fault counts matching calls by itself, an SDK's retry being one more call. A call hit by
/// several gets the failure that was added first, after the sum of the latencies.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    planned: Arc<Mutex<Vec<Planned>>>,
    hurry: watch::Sender<()>,
}

#[derive(Debug)]
struct Planned {
    fault: Fault,
    matched: u32,
}

/// What the faults decided about one call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The failure, if the call fails.
    pub(super) failure: Option<Failure>,
    /// Whether only a part of it is done.
    pub(super) is_partial: bool,
    /// Whether it is done, and its answer gets lost.
    pub(super) is_lost: bool,
    /// How much later than usual the answer comes.
    pub(super) latency: Duration,
}

/// A failure in which nothing of the call is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Throttle,
    Error,
    Timeout,
    Refuse(String),
}

impl Faults {
    /// Plans one more fault.
    pub fn add(&self, fault: Fault) {
        locked(&self.planned).push(Planned { fault, matched: 0 });
    }

    /// Forgets every fault; calls already held by `timeout` stay held.
    pub fn clear(&self) {
        locked(&self.planned).clear();
    }

    /// Has the calls that were late until now answered at once: what a test waited for has happened.
    pub fn hurry(&self) {
        self.hurry.send_replace(());
    }

    /// Told of the next [`Faults::hurry`].
    pub(super) fn hurried(&self) -> watch::Receiver<()> {
        self.hurry.subscribe()
    }

    /// The faults as they were added, without those that have hit all their calls.
    #[must_use]
    pub fn list(&self) -> Vec<Fault> {
        locked(&self.planned).iter().map(|planned| planned.fault.clone()).collect()
    }

    /// Counts one call and says what happens to it.
    pub(super) fn judge(&self, service: Service, operation: &str) -> Verdict {
        let mut verdict = Verdict::default();
        let mut planned = locked(&self.planned);
        for Planned { fault, matched } in planned.iter_mut() {
            if !fault.matches(service, operation) {
                continue;
            }
            *matched = matched.saturating_add(1);
            if *matched <= fault.skip || *matched > fault.last() {
                continue;
            }
            match fault.mode {
                FaultMode::Latency => verdict.latency += Duration::from_millis(fault.latency_ms),
                FaultMode::Partial => verdict.is_partial = true,
                FaultMode::Lost => verdict.is_lost = true,
                FaultMode::Refuse => {
                    verdict.failure.get_or_insert_with(|| Failure::Refuse(fault.code.clone()));
                }
                FaultMode::Throttle => _ = verdict.failure.get_or_insert(Failure::Throttle),
                FaultMode::Error => _ = verdict.failure.get_or_insert(Failure::Error),
                FaultMode::Timeout => _ = verdict.failure.get_or_insert(Failure::Timeout),
            }
        }
        planned.retain(|planned| planned.matched < planned.fault.last());
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn json_has_defaults_and_refuses_typing_errors() {
        let got = fault(r#"{"service":"ses","operation":"SendEmail","mode":"throttle"}"#);
        assert_eq!((got.skip, got.count, got.latency_ms), (0, 1, 0));
        assert_eq!(fault(r#"{"service":"kms","mode":"error"}"#).operation, "");
        assert!(serde_json::from_str::<Fault>(r#"{"service":"ses","mode":"error","cuont":2}"#).is_err());
        assert!(serde_json::from_str::<Fault>(r#"{"service":"s3","mode":"error"}"#).is_err());
    }

    #[test]
    fn a_refusal_has_a_name() {
        let problem = |json: &str| fault(json).problem();
        assert_eq!(problem(r#"{"service":"kms","mode":"refuse","code":"DisabledException"}"#), None);
        assert_eq!(problem(r#"{"service":"kms","mode":"error"}"#), None);
        assert!(problem(r#"{"service":"kms","mode":"refuse"}"#).is_some());
        assert!(problem(r#"{"service":"kms","mode":"refuse","code":"a b"}"#).is_some());
        assert!(problem(r#"{"service":"kms","mode":"error","code":"DisabledException"}"#).is_some());
    }

    #[test]
    fn skip_passes_count_fails_then_it_is_spent() {
        let faults = Faults::default();
        faults.add(fault(r#"{"service":"ses","operation":"SendEmail","mode":"error","skip":1,"count":2}"#));
        let failures: Vec<_> =
            (0..4).map(|_| faults.judge(Service::Ses, "SendEmail").failure.is_some()).collect();
        assert_eq!(failures, [false, true, true, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn other_services_and_operations_are_not_counted() {
        let faults = Faults::default();
        faults.add(fault(r#"{"service":"dynamodb","operation":"PutItem","mode":"throttle"}"#));
        assert_eq!(faults.judge(Service::Dynamodb, "GetItem"), Verdict::default());
        assert_eq!(faults.judge(Service::Kms, "PutItem"), Verdict::default());
        assert_eq!(faults.judge(Service::Dynamodb, "PutItem").failure, Some(Failure::Throttle));
    }

    #[test]
    fn faults_add_up() {
        let faults = Faults::default();
        faults.add(fault(r#"{"service":"kms","mode":"latency","latency_ms":20,"count":2}"#));
        faults.add(fault(r#"{"service":"kms","mode":"throttle"}"#));
        faults.add(fault(r#"{"service":"kms","mode":"timeout","skip":1}"#));
        let latency = Duration::from_millis(20);
        assert_eq!(
            faults.judge(Service::Kms, "Decrypt"),
            Verdict { failure: Some(Failure::Throttle), latency, ..Verdict::default() }
        );
        assert_eq!(
            faults.judge(Service::Kms, "Decrypt"),
            Verdict { failure: Some(Failure::Timeout), latency, ..Verdict::default() }
        );
        assert_eq!(faults.judge(Service::Kms, "Decrypt"), Verdict::default());
    }

    #[test]
    fn clear_forgets() {
        let faults = Faults::default();
        faults.add(fault(r#"{"service":"kms","mode":"error"}"#));
        assert_eq!(faults.list().len(), 1);
        faults.clear();
        assert_eq!(faults.judge(Service::Kms, "Decrypt"), Verdict::default());
    }
}
