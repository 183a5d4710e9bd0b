//! How calls to AWS and to Twilio go: each attempt, by what it asked for, how long it took and how it ended.

use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use serde_json::Value;

use super::metric::Unit;
use crate::time::Stopwatch;

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The table.
    DynamoDb,
    /// Keys.
    Kms,
    /// Mail.
    Ses,
    /// Text messages and calls.
    Sms,
    /// The tenant's event bus.
    EventBridge,
    /// Text messages and calls, where the tenant sends by Twilio.
    Twilio,
}

impl Service {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::DynamoDb, Self::Kms, Self::Ses, Self::Sms, Self::EventBridge, Self::Twilio];

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DynamoDb => "DynamoDB",
            Self::Kms => "KMS",
            Self::Ses => "SES",
            Self::Sms => "SMS",
            Self::EventBridge => "EventBridge",
            Self::Twilio => "Twilio",
        }
    }

    /// By its client's name of it.
    fn of(client: &str) -> Option<Self> {
        match client {
            "DynamoDB" => Some(Self::DynamoDb),
            "KMS" => Some(Self::Kms),
            "SESv2" => Some(Self::Ses),
            "Pinpoint SMS Voice V2" => Some(Self::Sms),
            "EventBridge" => Some(Self::EventBridge),
            crate::delivery::twilio::SERVICE => Some(Self::Twilio),
            _ => None,
        }
    }
}

/// A metric of calls. Service and operation are parts of the name: one line has calls of many operations, and a dimension
/// has one value a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallMetric {
    /// How long attempts took.
    Latency,
    /// Attempts that failed.
    Errors,
    /// Of those, the ones that the service had no room for.
    Throttles,
    /// The same, of all operations of a service.
    ServiceThrottles,
}

impl CallMetric {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Latency, Self::Errors, Self::Throttles, Self::ServiceThrottles];

    /// Its name, but for what is called.
    #[must_use]
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Latency => "<service>.<operation>.Latency",
            Self::Errors => "<service>.<operation>.Errors",
            Self::Throttles => "<service>.<operation>.Throttles",
            Self::ServiceThrottles => "<service>.Throttles",
        }
    }

    /// Its name for an operation of a service.
    #[must_use]
    pub fn name(self, service: Service, operation: &str) -> String {
        self.pattern().replace("<service>", service.name()).replace("<operation>", operation)
    }

    /// Its unit.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::Latency => Unit::Milliseconds,
            Self::Errors | Self::Throttles | Self::ServiceThrottles => Unit::Count,
        }
    }

    /// What it means, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Latency => "how long an attempt of that call took, whatever came of it",
            Self::Errors => {
                "attempts that failed: no answer in time, a status of 500 and above, or a refusal that is no part of the rules"
            }
            Self::Throttles => {
                "attempts that the service refused for being too many; they are among the errors"
            }
            Self::ServiceThrottles => "the same, of all operations of the service",
        }
    }
}

/// One attempt of a call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(super) service: Service,
    pub(super) operation: String,
    pub(super) milliseconds: f64,
    pub(super) end: End,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Answered; also by what a condition of a write says.
    Answered,
    /// Failed.
    Failed,
    /// Refused for being one too many.
    Throttled,
}

/// The interceptor that sees every attempt. One belongs into the configuration of every client.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallWatch;

/// An attempt under way. When it is dropped before its end, the request has run out of time, for which there is no hook.
#[derive(Debug)]
struct Attempt {
    service: Service,
    operation: String,
    watch: Stopwatch,
    is_over: AtomicBool,
}

impl Storable for Attempt {
    type Storer = StoreReplace<Self>;
}

impl Attempt {
    fn start(call: &Metadata) -> Option<Self> {
        let service = Service::of(call.service())?;
        let operation = call.name().to_owned();
        Some(Self { service, operation, watch: Stopwatch::start(), is_over: AtomicBool::new(false) })
    }

    fn end(&self, end: End) {
        if !self.is_over.swap(true, Ordering::Relaxed) {
            let milliseconds = self.watch.elapsed_microseconds() as f64 / 1_000.0;
            super::called(Call {
                service: self.service,
                operation: self.operation.clone(),
                milliseconds,
                end,
            });
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.end(End::Failed);
    }
}

impl Intercept for CallWatch {
    fn name(&self) -> &'static str {
        "CallWatch"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(attempt) = config.load::<Metadata>().and_then(Attempt::start) {
            config.interceptor_state().store_put(attempt);
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(attempt) = config.load::<Attempt>() {
            let is_answered = context.output_or_error().is_some_and(|outcome| outcome.is_ok());
            attempt.end(if is_answered { End::Answered } else { why_not(context.response()) });
        }
        Ok(())
    }
}

/// Refusals that a rule asked for: the condition of a write does not hold.
const OF_THE_RULES: [&str; 2] = ["ConditionalCheckFailedException", "TransactionCanceledException"];

/// By which services say that they have no room.
const THROTTLES: [&str; 7] = [
    "ThrottlingException",
    "ThrottledException",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
];
const TOO_MANY_REQUESTS: u16 = 429;

fn why_not(response: Option<&HttpResponse>) -> End {
    let Some(response) = response else { return End::Failed };
    let body = response.body().bytes().and_then(|body| serde_json::from_slice::<Value>(body).ok());
    let header = response.headers().get("x-amzn-errortype");
    let of_body = body.as_ref().and_then(|body| body.get("__type")).and_then(Value::as_str);
    let code = header.or(of_body).map(bare).unwrap_or_default();
    let is_throttled = THROTTLES.contains(&code)
        || response.status().as_u16() == TOO_MANY_REQUESTS
        || body.as_ref().is_some_and(is_cancelled_by_throttling);
    match code {
        _ if is_throttled => End::Throttled,
        code if OF_THE_RULES.contains(&code) => End::Answered,
        _ => End::Failed,
    }
}

/// The error's name, which some services write as `namespace#Name`, others as `Name:url`.
fn bare(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split(':').next().unwrap_or(code)
}

/// A transaction says of each of its actions why it was not done.
fn is_cancelled_by_throttling(body: &Value) -> bool {
    let reasons = body.get("CancellationReasons").and_then(Value::as_array);
    let mut codes = reasons.into_iter().flatten().filter_map(|reason| reason.get("Code")?.as_str());
    codes.any(|code| THROTTLES.contains(&code))
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn end(status: u16, header: Option<&'static str>, body: &'static str) -> End {
        let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
        if let Some(code) = header {
            response.headers_mut().insert("x-amzn-errortype", code);
        }
        why_not(Some(&response))
    }

    /// A condition that does not hold is an answer: half of the rules are such conditions.
    #[test]
    fn a_condition_that_does_not_hold_is_no_error() {
        let refused = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}"#;
        assert_eq!(end(400, None, refused), End::Answered);
        let cancelled = r#"{"__type":"x#TransactionCanceledException","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed"}]}"#;
        assert_eq!(end(400, None, cancelled), End::Answered);
    }

    #[test]
    fn throttling_is_told_in_many_ways() {
        let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#;
        assert_eq!(end(400, None, throttled), End::Throttled);
        assert_eq!(end(400, Some("ThrottlingException:http://internal"), "{}"), End::Throttled);
        assert_eq!(end(429, None, ""), End::Throttled);
        let cancelled = r#"{"__type":"x#TransactionCanceledException","CancellationReasons":[{"Code":"None"},{"Code":"ThrottlingError"}]}"#;
        assert_eq!(end(400, None, cancelled), End::Throttled);
    }

    #[test]
    fn all_else_is_an_error() {
        assert_eq!(end(500, None, "<html>"), End::Failed);
        assert_eq!(end(400, Some("MessageRejected"), "{}"), End::Failed);
        assert_eq!(why_not(None), End::Failed);
    }
}
