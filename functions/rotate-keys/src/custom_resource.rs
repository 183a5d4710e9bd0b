//! CloudFormation's custom resource protocol: the answer goes to the pre-signed URL in the event, on every path, or
//! the stack hangs for an hour.

use std::time::Duration;

use postern::aws::put_json;
use postern::lambda::Error;
use serde_json::{Value, json};

/// The id of the one resource; the same on every answer, or CloudFormation would replace and delete it.
const PHYSICAL_ID: &str = "postern-first-keys";
/// CloudFormation's own limit of an answer is 4 KiB.
const REASON_CHARACTERS_MAX: usize = 1_000;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A request of CloudFormation.
#[derive(Debug)]
pub(crate) struct CustomResource {
    request_type: String,
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
            request_type: text("RequestType")?,
            response_url: text("ResponseURL")?,
            stack_id: text("StackId")?,
            request_id: text("RequestId")?,
            logical_id: text("LogicalResourceId")?,
        })
    }

    /// Whether the resource is being created.
    pub(crate) fn is_creation(&self) -> bool {
        self.request_type == "Create"
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
        assert!(CustomResource::of(&event("Create")).unwrap().is_creation());
        for other in ["Update", "Delete"] {
            assert!(!CustomResource::of(&event(other)).unwrap().is_creation());
        }
        assert!(CustomResource::of(&json!({ "source": "aws.events" })).is_none());
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
