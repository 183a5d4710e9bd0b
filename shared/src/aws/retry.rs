//! Which failures may be repeated when repeating could count twice.

use std::error::Error;
use std::io;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};

/// Error codes by which DynamoDB says that it did nothing because it was too busy.
const THROTTLING_CODES: [&str; 4] = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottledException",
];

/// Forbids the SDK to repeat a call unless the first attempt certainly had no effect: it was throttled, or the
/// connection was refused. A charge (`tat + T`) has no idempotency, so after a time-out or a 5xx it stays as it
/// may be (SEC-43, design §3).
#[derive(Debug)]
pub struct BeforeTheFactOnly;

impl ClassifyRetry for BeforeTheFactOnly {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let refused = error.as_connector_error().is_some_and(|connector| is_connection_refused(connector));
        let throttled =
            context.response().and_then(|response| response.body().bytes()).is_some_and(names_throttling);
        if refused || throttled { RetryAction::NoActionIndicated } else { RetryAction::RetryForbidden }
    }

    fn name(&self) -> &'static str {
        "before the fact only"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// Whether a call failed before there was a connection, so that it certainly had no effect.
#[must_use]
pub fn never_connected(failure: &aws_smithy_runtime_api::client::result::DispatchFailure) -> bool {
    failure.as_connector_error().is_some_and(|connector| is_connection_refused(connector))
}

fn is_connection_refused(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(io) = current.downcast_ref::<io::Error>() {
            // The error an `io::Error` wraps is not among its sources.
            let wraps_refused = || io.get_ref().is_some_and(|inner| is_connection_refused(inner));
            if io.kind() == io::ErrorKind::ConnectionRefused || wraps_refused() {
                return true;
            }
        }
        next = current.source();
    }
    false
}

fn names_throttling(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).ok().is_some_and(|json| {
        json.get("__type")
            .and_then(serde_json::Value::as_str)
            .and_then(|kind| kind.rsplit('#').next())
            .is_some_and(|code| THROTTLING_CODES.contains(&code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_connection_is_found_below_its_wrappers() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(is_connection_refused(&io::Error::other(refused)));
        assert!(!is_connection_refused(&io::Error::from(io::ErrorKind::TimedOut)));
    }

    #[test]
    fn throttling_is_read_from_the_error_type() {
        assert!(names_throttling(br#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#));
        assert!(!names_throttling(br#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}"#));
        assert!(!names_throttling(b"<html>"));
    }
}
