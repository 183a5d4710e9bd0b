//! The line: CloudWatch's embedded metric format, which CloudWatch Logs makes metrics of.
//!
//! The format is a JSON object, and the whole of it is here. The crates that write it bring a global recorder, or dozens
//! of crates that change the features of those that are here already (`docs/ARCHITECTURE.md`, "Metrics").

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::calls::{Call, CallMetric, End};
use super::metric::{By, Metric, Unit};
use super::{Answered, Seen};
use crate::config::MetricsConfig;
use crate::rules::calendar::UtcTime;
use crate::time::Timestamp;

/// The module whose lines are metrics, and are printed as they are.
pub(crate) const TARGET: &str = module_path!();

/// The line's event name, in logs.
const EVENT: &str = "metrics";

/// Values of one metric in a line, by CloudWatch's limit.
const VALUES_MAX: usize = 100;

/// Writes the line, unless nothing was measured.
pub(super) fn write(config: &MetricsConfig, now: Timestamp, seen: &Seen) {
    if let Some(line) = line(config, now, seen) {
        tracing::info!(line = line.to_string());
    }
}

/// A metric's values, with its unit.
type Points = BTreeMap<String, (Unit, Vec<Value>)>;

fn line(config: &MetricsConfig, now: Timestamp, seen: &Seen) -> Option<Value> {
    let points = By::ALL.map(|by| (by, points(by, seen)));
    let directives = points.iter().filter(|(_, points)| !points.is_empty());
    let directives: Vec<_> =
        directives.map(|(by, points)| directive(&config.namespace, *by, points)).collect();
    if directives.is_empty() {
        return None;
    }
    let mut line = Map::new();
    let milliseconds = now.0.saturating_mul(1_000);
    line.insert("_aws".to_owned(), json!({ "Timestamp": milliseconds, "CloudWatchMetrics": directives }));
    // As other lines have them: Lambda would add its own.
    if let Some(timestamp) = UtcTime::of(now).format("%Y-%m-%dT%H:%M:%SZ") {
        line.insert("timestamp".to_owned(), timestamp.into());
    }
    line.insert("level".to_owned(), "INFO".into());
    line.insert("event".to_owned(), EVENT.into());
    line.insert("request_id".to_owned(), seen.request_id.as_str().into());
    line.insert("FunctionName".to_owned(), config.function.as_str().into());
    if let Some(Answered { route, status, .. }) = &seen.answered {
        line.insert("Route".to_owned(), route.as_str().into());
        line.insert("Status".to_owned(), format!("{}xx", status / 100).into());
    }
    for (name, (unit, values)) in points.into_iter().flat_map(|(_, points)| points) {
        line.insert(name, told(unit, values));
    }
    Some(Value::Object(line))
}

/// What a line says of a metric's values. Those of a metric that only counts are one, so that none is lost where there
/// are many; where a zero counts as well, for a ratio, each stands for itself.
fn told(unit: Unit, mut values: Vec<Value>) -> Value {
    let counts: Option<Vec<_>> = values.iter().map(Value::as_u64).collect();
    match counts {
        Some(counts) if unit == Unit::Count && !counts.contains(&0) => counts.iter().sum::<u64>().into(),
        _ if values.len() > 1 => {
            values.truncate(VALUES_MAX);
            values.into()
        }
        _ => values.pop().unwrap_or_default(),
    }
}

/// As a whole, and by its dimensions.
fn directive(namespace: &str, by: By, points: &Points) -> Value {
    let whole: &[&str] = &[];
    let mut sets = vec![whole];
    sets.extend((by != By::Nothing).then_some(by.dimensions()));
    let metrics = points.iter().map(|(name, (unit, _))| json!({ "Name": name, "Unit": unit.as_str() }));
    json!({ "Namespace": namespace, "Dimensions": sets, "Metrics": metrics.collect::<Vec<_>>() })
}

/// What was measured of the metrics that are split so.
fn points(by: By, seen: &Seen) -> Points {
    let latency = seen.answered.as_ref().map(|it| (Metric::Latency, it.milliseconds));
    let counted = seen.counts.iter().copied().chain(latency);
    let own = counted
        .filter(|(metric, _)| metric.by() == by)
        .map(|(metric, value)| (metric.name().to_owned(), metric.unit(), Value::from(value)));
    let calls = seen.calls.iter().filter(|_| by == By::Nothing).flat_map(of_call);
    let mut points = Points::new();
    for (name, unit, value) in own.chain(calls) {
        points.entry(name).or_insert_with(|| (unit, Vec::new())).1.push(value);
    }
    points
}

fn of_call(call: &Call) -> Vec<(String, Unit, Value)> {
    let value =
        |metric: CallMetric, value: Value| (metric.name(call.service, &call.operation), metric.unit(), value);
    let once = |metric| value(metric, 1.into());
    let mut values = vec![value(CallMetric::Latency, call.milliseconds.into())];
    match call.end {
        End::Answered => {}
        End::Failed => values.push(once(CallMetric::Errors)),
        End::Throttled => {
            values.extend([CallMetric::Errors, CallMetric::Throttles, CallMetric::ServiceThrottles].map(once))
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::super::Service;
    use super::*;

    fn config() -> MetricsConfig {
        MetricsConfig { namespace: "Postern/test".to_owned(), function: "f".to_owned() }
    }

    fn call(end: End) -> Call {
        Call { service: Service::Kms, operation: "Decrypt".to_owned(), milliseconds: 1.5, end }
    }

    #[test]
    fn a_line_says_each_metric_once_and_what_it_is_split_by() {
        let seen = Seen {
            request_id: "r".to_owned(),
            answered: Some(Answered { route: "/a/{id}".to_owned(), status: 403, milliseconds: 7 }),
            counts: vec![(Metric::Requests, 1), (Metric::CodesFailed, 0), (Metric::CodesFailed, 1)],
            calls: vec![call(End::Answered), call(End::Throttled)],
        };
        let line = line(&config(), Timestamp(1_900_000_020), &seen).unwrap();
        insta::assert_snapshot!(line, @r#"{"_aws":{"Timestamp":1900000020000,"CloudWatchMetrics":[{"Namespace":"Postern/test","Dimensions":[[]],"Metrics":[{"Name":"CodesFailed","Unit":"Count"},{"Name":"KMS.Decrypt.Errors","Unit":"Count"},{"Name":"KMS.Decrypt.Latency","Unit":"Milliseconds"},{"Name":"KMS.Decrypt.Throttles","Unit":"Count"},{"Name":"KMS.Throttles","Unit":"Count"}]},{"Namespace":"Postern/test","Dimensions":[[],["Route","Status"]],"Metrics":[{"Name":"Requests","Unit":"Count"}]},{"Namespace":"Postern/test","Dimensions":[[],["Route"]],"Metrics":[{"Name":"Latency","Unit":"Milliseconds"}]}]},"timestamp":"2030-03-17T17:47:00Z","level":"INFO","event":"metrics","request_id":"r","FunctionName":"f","Route":"/a/{id}","Status":"4xx","CodesFailed":[0,1],"KMS.Decrypt.Errors":1,"KMS.Decrypt.Latency":[1.5,1.5],"KMS.Decrypt.Throttles":1,"KMS.Throttles":1,"Requests":1,"Latency":7}"#);
    }

    /// An event of a stream that had nothing to do.
    #[test]
    fn without_anything_measured_there_is_no_line() {
        assert_eq!(line(&config(), Timestamp(0), &Seen::default()), None);
    }

    /// CloudWatch takes no more than a hundred values of a metric.
    #[test]
    fn a_line_has_at_most_a_hundred_values_of_a_metric() {
        let seen = Seen { calls: vec![call(End::Answered); 150], ..Seen::default() };
        let line = line(&config(), Timestamp(0), &seen).unwrap();
        assert_eq!(line["KMS.Decrypt.Latency"].as_array().unwrap().len(), 100);
    }

    /// A batch that DynamoDB throttles again and again is told of as often as it was.
    #[test]
    fn no_failure_is_lost_where_there_are_many() {
        let seen = Seen { calls: vec![call(End::Throttled); 300], ..Seen::default() };
        let line = line(&config(), Timestamp(0), &seen).unwrap();
        assert_eq!([&line["KMS.Decrypt.Errors"], &line["KMS.Throttles"]], [300, 300]);
    }
}
