//! CloudFormation's custom resource protocol: the answer goes to the pre-signed URL in the event, on every path, or
//! the stack hangs for an hour.

use std::time::Duration;

use postern::aws::put_json;
use postern::lambda::Error;
use postern::token::key_times::{KEY_DAYS, KEY_RETIRE_DAYS, KNOWN_BEFORE_USE_SECONDS, KeyTimes};
use serde_json::{Value, json};

/// The id of the one resource; the same on every answer, or CloudFormation would replace and delete it.
const PHYSICAL_ID: &str = "postern-first-keys";
/// CloudFormation's own limit of an answer is 4 KiB.
const REASON_CHARACTERS_MAX: usize = 1_000;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// What CloudFormation does with the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The stack is made.
    Creation,
    /// The stack's parameters of keys change, or change back.
    Update,
    /// The stack goes.
    Deletion,
}

/// A request of CloudFormation.
#[derive(Debug)]
pub(crate) struct CustomResource {
    change: Change,
    properties: Value,
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_id: String,
}

impl CustomResource {
    /// The request in an event, if it is one.
    pub(crate) fn of(event: &Value) -> Option<Self> {
        let text = |name: &str| event.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        Some(Self {
            change: match &*text("RequestType")? {
                "Create" => Change::Creation,
                "Update" => Change::Update,
                _ => Change::Deletion,
            },
            properties: event.get("ResourceProperties").cloned().unwrap_or_default(),
            response_url: text("ResponseURL")?,
            stack_id: text("StackId")?,
            request_id: text("RequestId")?,
            logical_id: text("LogicalResourceId")?,
        })
    }

    /// What is being done with the resource.
    pub(crate) fn change(&self) -> Change {
        self.change
    }

    /// Whether the times of keys that the stack is to have are sound; the reason if not. CloudFormation knows each one's
    /// bounds, and not which of them go together; a run that finds unsound ones in its environment makes no keys.
    pub(crate) fn judge_times(&self) -> Result<(), String> {
        // CloudFormation has every value as text. An update is also taken back to a template that did not say them yet.
        let number = |name: &str, default: u64| match self.properties.get(name) {
            None => Ok(default),
            Some(value) => {
                let number = value.as_str().and_then(|text| text.parse().ok());
                number.ok_or_else(|| format!("{name} is not a number"))
            }
        };
        let days = number("KeyDays", KEY_DAYS)?;
        let publish = number("KeyPublishSeconds", KNOWN_BEFORE_USE_SECONDS)?;
        let retire = number("KeyRetireDays", KEY_RETIRE_DAYS)?;
        let sound = KeyTimes::new(days, publish, retire).map(|_| ());
        sound.map_err(|error| format!("KeyDays, KeyPublishSeconds, KeyRetireDays: {error}"))
    }

    /// Tells CloudFormation the outcome.
    pub(crate) async fn answer(&self, outcome: Result<(), String>) -> Result<(), Error> {
        let body = self.body(outcome);
        put_json(&self.response_url, &body.to_string(), ANSWER_TIMEOUT).await.map_err(Error::from)
    }

    fn body(&self, outcome: Result<(), String>) -> Value {
        let (status, reason) = match outcome {
            Ok(()) => ("SUCCESS", String::new()),
            Err(reason) => ("FAILED", reason.chars().take(REASON_CHARACTERS_MAX).collect()),
        };
        json!({
            "Status": status,
            "Reason": reason,
            "PhysicalResourceId": PHYSICAL_ID,
            "StackId": self.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.logical_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(request_type: &str) -> Value {
        json!({
            "RequestType": request_type,
            "ResponseURL": "https://example.com/answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "FirstKeys",
        })
    }

    #[test]
    fn only_creation_makes_keys_and_a_schedule_is_no_custom_resource() {
        for (request_type, change) in
            [("Create", Change::Creation), ("Update", Change::Update), ("Delete", Change::Deletion)]
        {
            assert_eq!(CustomResource::of(&event(request_type)).unwrap().change(), change);
        }
        assert!(CustomResource::of(&json!({ "source": "aws.events" })).is_none());
    }

    /// SEC-29: times that are each within their bounds may still not go together.
    #[test]
    fn times_are_judged_as_the_template_gives_them() {
        let judged = |properties: Value| {
            let mut event = event("Update");
            event["ResourceProperties"] = properties;
            CustomResource::of(&event).unwrap().judge_times()
        };
        let times = |days: &str, publish: &str, retire: &str| json!({ "KeyDays": days, "KeyPublishSeconds": publish, "KeyRetireDays": retire });
        assert_eq!(judged(times("90", "900", "30")), Ok(()));
        assert_eq!(judged(json!({ "ServiceToken": "…" })), Ok(()), "an older template says none");
        for (properties, why) in [
            (times("8", "900", "365"), "more than 16"),
            (times("8", "899", "30"), "from 900"),
            (times("soon", "900", "30"), "KeyDays is not a number"),
            (times("90", "900", ""), "KeyRetireDays is not a number"),
            (json!({ "KeyDays": 8 }), "KeyDays is not a number"),
        ] {
            let told = judged(properties).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }

    /// The physical id never changes: CloudFormation would delete the resource of the old one.
    #[test]
    fn every_answer_carries_the_ids_and_one_physical_id() {
        let resource = CustomResource::of(&event("Delete")).unwrap();
        let failed = resource.body(Err("because".into()));
        assert_eq!(failed["Status"], "FAILED");
        assert_eq!(failed["PhysicalResourceId"], resource.body(Ok(()))["PhysicalResourceId"]);
        assert_eq!(failed["LogicalResourceId"], "FirstKeys");
    }
}
