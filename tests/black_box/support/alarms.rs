//! Which alarms of `infra/template.yaml` go off by lines of metrics.

use serde_json::Value;

use super::template::{Template, intrinsic};

/// The alarms on metrics of ours that these lines set off, as lines of one of the alarm's periods. How many periods in a
/// row it takes is CloudWatch's to count.
pub(crate) fn alarms(lines: &[Value]) -> Vec<String> {
    let template = Template::read();
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    let off = alarms.into_iter().filter(|(_, alarm)| is_off(&template, &alarm["Properties"], lines));
    off.map(|(id, _)| id.to_owned()).collect()
}

fn is_off(template: &Template, alarm: &serde_yaml_ng::Value, lines: &[Value]) -> bool {
    let is_ours = intrinsic(&alarm["Namespace"], "Sub").is_some() && alarm["Dimensions"].is_null();
    let Some(name) = alarm["MetricName"].as_str().filter(|_| is_ours) else { return false };
    let values: Vec<f64> = lines
        .iter()
        .flat_map(|line| line[name].as_array().cloned().unwrap_or_else(|| vec![line[name].clone()]))
        .filter_map(|value| value.as_f64())
        .collect();
    // No data is no trouble.
    if values.is_empty() {
        return false;
    }
    let sum: f64 = values.iter().sum();
    let value = match alarm["Statistic"].as_str() {
        Some("Sum") => sum,
        Some("Average") => sum / f64::from(u32::try_from(values.len()).unwrap()),
        other => panic!("{name}: {other:?}"),
    };
    let threshold = match intrinsic(&alarm["Threshold"], "Ref") {
        Some(parameter) => &template.parameters()[parameter.as_str().unwrap()]["Default"],
        None => &alarm["Threshold"],
    };
    let threshold = threshold.as_f64().unwrap();
    match alarm["ComparisonOperator"].as_str() {
        Some("GreaterThanThreshold") => value > threshold,
        Some("GreaterThanOrEqualToThreshold") => value >= threshold,
        other => panic!("{name}: {other:?}"),
    }
}
