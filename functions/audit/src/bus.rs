//! The tenant's event bus: an event per record, as Auth0's log stream to EventBridge has them.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::{Builder, SharedInterceptor};
use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_smithy_types::DateTime;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use postern::audit::Record;
use postern::config::Timeouts;
use postern::observe::CallWatch;
use postern::time::pause;
use postern::wire::log::LogEntry;
use serde_json::json;

use crate::TryAgain;

/// Who says so, in a rule's pattern.
pub const SOURCE: &str = "postern";
/// Entries of one call, by EventBridge's limit.
const ENTRIES_MAX: usize = 10;
/// Tries of a call of which some entries were refused.
const TRIES: u32 = 5;
/// The pause after the first of them; it doubles.
const PAUSE: Duration = Duration::from_millis(20);

/// A bus.
#[derive(Clone, Debug)]
pub struct Bus {
    client: Client,
    arn: String,
}

impl Bus {
    /// The bus of that ARN. `endpoint` is where EventBridge is, when that is not where the region says; `observer` sees
    /// every call.
    #[must_use]
    pub fn new(
        sdk: &SdkConfig,
        timeouts: &Timeouts,
        arn: String,
        endpoint: Option<&str>,
        observer: Option<&SharedInterceptor>,
    ) -> Self {
        let limits = TimeoutConfig::builder()
            .connect_timeout(timeouts.connect)
            .operation_attempt_timeout(timeouts.attempt);
        let mut config = Builder::from(sdk)
            .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(PAUSE))
            .timeout_config(limits.build());
        if let Some(url) = endpoint {
            config = config.endpoint_url(url);
        }
        config.push_interceptor(SharedInterceptor::new(CallWatch));
        if let Some(observer) = observer {
            config.push_interceptor(observer.clone());
        }
        Self { client: Client::from_conf(config.build()), arn }
    }

    /// Puts all records on the bus; what it refuses of a call is sent again.
    pub(crate) async fn put(&self, records: &[Record]) -> Result<(), TryAgain> {
        for records in records.chunks(ENTRIES_MAX) {
            let entries = records.iter().map(|record| self.entry(record)).collect::<Result<_, _>>()?;
            self.put_entries(entries).await?;
        }
        Ok(())
    }

    async fn put_entries(&self, mut left: Vec<PutEventsRequestEntry>) -> Result<(), TryAgain> {
        for tried in 0..TRIES {
            let call = self.client.put_events().set_entries(Some(left.clone()));
            let output = call.send().await.map_err(|error| {
                tracing::warn!(
                    event = "aws_call_failed",
                    service = "events",
                    operation = "PutEvents",
                    code = error.code()
                );
                TryAgain
            })?;
            // In the order of what was sent.
            let mut codes = output.entries().iter().map(|result| result.error_code());
            left.retain(|_| codes.next().flatten().is_some());
            if left.is_empty() {
                return Ok(());
            }
            let code = output.entries().iter().find_map(|result| result.error_code());
            tracing::warn!(event = "events_refused", count = left.len(), code);
            pause(PAUSE * 2_u32.pow(tried)).await;
        }
        Err(TryAgain)
    }

    fn entry(&self, record: &Record) -> Result<PutEventsRequestEntry, TryAgain> {
        let data = serde_json::to_value(LogEntry::from(record)).map_err(|_| TryAgain)?;
        let time = i64::try_from(record.date.0).map(DateTime::from_secs).map_err(|_| TryAgain)?;
        Ok(PutEventsRequestEntry::builder()
            .time(time)
            .source(SOURCE)
            .detail_type(&record.code)
            .detail(json!({ "log_id": record.log_id, "data": data }).to_string())
            .event_bus_name(&self.arn)
            .build())
    }
}
