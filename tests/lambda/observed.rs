//! What a deployment tells of itself: metrics and log lines out of the binaries, and the alarms, the dashboard and the
//! rights of `infra/template.yaml` that are about them.

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use local::audit::event_of_lines;
use postern::observe::{By, CallMetric, Metric, Service};
use serde_json::json;
use serde_yaml_ng::Value;

use crate::flows::API;
use crate::gateway::Gateway;
use crate::template::{Template, intrinsic};

const OPERATIONS: &str = include_str!("../../docs/OPERATIONS.md");
const NAMESPACE: &str = "Postern/${AWS::StackName}";
const ALARM: &str = "AWS::CloudWatch::Alarm";

impl Gateway {
    /// The lines of an event so far, from every function.
    pub(crate) async fn said(&self, event: &str) -> Vec<serde_json::Value> {
        let lines = self.logs().await;
        let lines = lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter(|line| line["event"] == event).collect()
    }
}

/// A line a request, with its id and the namespace and the name that Lambda gave; the first of an environment says so.
#[tokio::test]
async fn a_binary_prints_a_line_of_metrics_a_request() {
    let gateway = Gateway::new().await;
    for _ in 0..2 {
        assert_eq!(gateway.password("wrong", API, "").await.status, 403);
    }
    gateway.turn_cold().await;
    assert_eq!(gateway.password("wrong", API, "").await.status, 403);
    let (metrics, requests) = (gateway.said("metrics").await, gateway.said("request").await);
    assert_eq!((metrics.len(), requests.len()), (3, 3));
    for (metrics, request) in metrics.iter().zip(&requests) {
        assert_eq!(metrics["request_id"], request["request_id"]);
        assert_eq!(
            (&metrics["FunctionName"], &metrics["PasswordsFailed"]),
            (&json!("oauth-token"), &json!(1))
        );
        let directives = metrics["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert!(directives.iter().all(|directive| directive["Namespace"] == "Postern/test"), "{metrics}");
    }
    // The newer environment comes first.
    let cold: Vec<_> = metrics.iter().map(|line| line["ColdStarts"] == 1).collect();
    assert_eq!(cold, [true, true, false]);
}

/// SEC-40: every line of a request has its id, also where something far from the edge failed.
#[tokio::test]
async fn a_failure_far_from_the_edge_has_the_requests_id() {
    let gateway = Gateway::new().await;
    let login = gateway.log_in(API, "read:sample").await;
    let fault = json!({ "service": "ses", "mode": "error" });
    gateway.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    let refused =
        gateway.associate(&login, json!({ "authenticator_types": ["oob"], "oob_channels": ["email"] })).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    let (failed, requests) = (gateway.said("delivery_failed").await, gateway.said("request").await);
    let request = requests.iter().find(|line| line["route"] == "/mfa/associate").unwrap();
    assert_eq!((failed.len(), &failed[0]["request_id"]), (1, &request["request_id"]));
    let mut line = failed[0].clone();
    line["timestamp"] = "[time]".into();
    line["request_id"] = "[request]".into();
    assert_snapshot!(line, @r#"{"timestamp":"[time]","level":"WARN","event":"delivery_failed","service":"ses","operation":"SendEmail","code":"InternalServiceErrorException","failure":"Refused","request_id":"[request]","target":"postern::delivery"}"#);
}

/// Functions that nobody reaches over HTTP have a line for each event: of keys that were made, or could not be, and of
/// records that were kept.
#[tokio::test]
async fn functions_behind_no_gateway_have_lines_too() {
    let gateway = Gateway::new().await;
    let fault = json!({ "service": "kms", "mode": "error", "count": 20 });
    gateway.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    assert!(gateway.invoke("rotate-keys", json!({})).await.is_err());
    gateway.twin.aws.faults.clear();
    gateway.invoke("rotate-keys", json!({})).await.unwrap();
    gateway.invoke("audit", event_of_lines(gateway.logs().await)).await.unwrap();
    let lines: Vec<_> = gateway.said("metrics").await;
    let of = |function: &'static str| lines.iter().filter(move |line| line["FunctionName"] == function);
    let keys: Vec<_> =
        of("rotate-keys").map(|line| [&line["KeysRotated"], &line["RotationFailures"]]).collect();
    assert_eq!(keys, [[&json!(null), &json!(1)], [&json!(1), &json!(null)]]);
    let kept: Vec<_> = of("audit").collect();
    assert!(kept.len() == 1 && kept[0]["DynamoDB.BatchWriteItem.Latency"].is_number(), "{lines:?}");
    let told = gateway.said("audit_records_kept").await;
    assert_eq!(told[0]["request_id"], kept[0]["request_id"]);
}

fn sub(value: &Value) -> Option<&str> {
    intrinsic(value, "Sub").and_then(Value::as_str)
}

/// A metric that an alarm watches: alone, or as one of an expression.
struct Watched<'a> {
    namespace: &'a Value,
    name: &'a str,
    dimensions: Vec<&'a str>,
}

impl<'a> Watched<'a> {
    fn of(metric: &'a Value) -> Self {
        let dimensions = metric["Dimensions"].as_sequence().into_iter().flatten();
        Self {
            namespace: &metric["Namespace"],
            name: metric["MetricName"].as_str().unwrap(),
            dimensions: dimensions.map(|it| it["Name"].as_str().unwrap()).collect(),
        }
    }

    /// Every metric of an alarm.
    fn by(alarm: &'a Value) -> Vec<Self> {
        let properties = &alarm["Properties"];
        let Some(queries) = properties["Metrics"].as_sequence() else { return vec![Self::of(properties)] };
        let stats = queries.iter().map(|query| &query["MetricStat"]["Metric"]);
        stats.filter(|metric| !metric.is_null()).map(Self::of).collect()
    }

    fn is_ours(&self) -> bool {
        let namespace = sub(self.namespace);
        assert!(namespace.is_none_or(|it| it == NAMESPACE), "{namespace:?}");
        namespace.is_some()
    }
}

/// The runbook's name of an alarm: those that each function has are one entry.
fn entry(template: &Template, id: &str) -> String {
    let ids = template.functions().into_keys();
    let own = ids.filter_map(|function| id.strip_prefix(function.strip_suffix("Function").unwrap()));
    let own = own.filter(|rest| ["ErrorRatioAlarm", "VersionErrorsAlarm"].contains(rest));
    own.map(|rest| format!("<Function>{rest}")).next().unwrap_or_else(|| id.to_owned())
}

/// The names of our metrics, and the dimensions that each has where it is not taken as a whole.
fn ours(template: &Template) -> BTreeMap<String, By> {
    let own = Metric::ALL.map(|metric| (metric.name().to_owned(), metric.by()));
    let throttles = Service::ALL.map(|it| (CallMetric::ServiceThrottles.name(it, ""), By::Nothing));
    let filters = template.resources("AWS::Logs::MetricFilter");
    let filtered = filters.values().map(|filter| {
        let made = &filter["Properties"]["MetricTransformations"][0];
        assert_eq!(sub(&made["MetricNamespace"]), Some(NAMESPACE));
        (made["MetricName"].as_str().unwrap().to_owned(), By::Nothing)
    });
    own.into_iter().chain(throttles).chain(filtered).collect()
}

/// A filter reads fields that the log's lines have; one that is misspelt would match nothing, and its alarm never go off.
#[test]
fn filters_read_fields_that_the_access_log_has() {
    let template = Template::read();
    let stage = &template.resources("AWS::ApiGatewayV2::Stage")["Stage"];
    let format = stage["Properties"]["AccessLogSettings"]["Format"].as_str().unwrap();
    let line: serde_json::Value = serde_json::from_str(format).unwrap();
    let mut read = Vec::new();
    for filter in template.resources("AWS::Logs::MetricFilter").values() {
        let properties = &filter["Properties"];
        assert_eq!(intrinsic(&properties["LogGroupName"], "Ref").unwrap(), "AccessLogs");
        let pattern = properties["FilterPattern"].as_str().unwrap();
        for word in pattern.split([' ', '(', ')']).filter_map(|word| word.strip_prefix("$.")) {
            read.push(line[word].as_str().unwrap_or_else(|| panic!("the line has no {word}")).to_owned());
        }
    }
    assert_eq!(read, ["$context.status", "$context.integrationStatus"]);
}

/// A metric that is renamed in the code fails here, and so does an alarm on a dimension that its metric has not.
#[test]
fn every_alarm_is_about_a_metric_that_there_is() {
    let template = Template::read();
    let ours = ours(&template);
    let mut about_ours = 0;
    for (id, alarm) in template.resources(ALARM) {
        for watched in Watched::by(alarm).iter().filter(|watched| watched.is_ours()) {
            let name = watched.name;
            let by = ours.get(name).unwrap_or_else(|| panic!("{id}: the program has no metric {name}"));
            let as_a_whole = watched.dimensions.is_empty();
            assert!(as_a_whole || watched.dimensions == by.dimensions(), "{id}: {name} has {by:?}");
            about_ours += 1;
        }
    }
    let routes = template.routes().into_iter();
    let by_function = routes.map(|route| route.function).collect::<BTreeSet<_>>().len();
    assert_eq!(about_ours, 13 + by_function);
    let functions = template.functions().into_values().next().unwrap();
    assert!(functions.variables.contains("POSTERN_METRICS_NAMESPACE"));
}

/// An expression uses each metric beside it and none that is not there; one of them is what the alarm watches, and no
/// alarm takes more than ten metrics.
#[test]
fn every_expression_is_about_its_own_metrics() {
    let template = Template::read();
    let mut counted = BTreeMap::new();
    for (id, alarm) in template.resources(ALARM) {
        let Some(queries) = alarm["Properties"]["Metrics"].as_sequence() else { continue };
        let said = |query: &Value| query["Id"].as_str().unwrap().to_owned();
        let mut unused: BTreeSet<_> = queries.iter().map(said).collect();
        assert_eq!(unused.len(), queries.len(), "{id}");
        for query in queries {
            let expression = query["Expression"].as_str().unwrap_or_default();
            if expression.contains("METRICS()") {
                unused.retain(|id| queries.iter().any(|it| said(it) == *id && it["MetricStat"].is_null()));
            }
            let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for word in words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())) {
                assert!(queries.iter().any(|it| said(it) == word), "{id}: {word} is nothing");
                unused.remove(word);
            }
            assert_eq!(query["MetricStat"].is_null(), query["ReturnData"] == true || !expression.is_empty());
        }
        let [watched] = queries.iter().filter(|it| it["ReturnData"] == true).collect::<Vec<_>>()[..] else {
            panic!("{id}: one is watched")
        };
        assert_eq!(unused, [said(watched)].into(), "{id}");
        let metrics = Watched::by(alarm).len();
        assert!(metrics <= 10, "{id}");
        counted.insert(id, metrics);
    }
    let expected = [("GatewayErrorRatioAlarm", 3), ("GatewayErrorsAlarm", 2), ("SignInCrashesAlarm", 10)];
    assert_eq!(counted, expected.into());
}

/// What is refused because its recipient cannot be reached is the user's trouble: it is taken off what the gateway counts.
#[test]
fn a_recipient_that_cannot_be_reached_sets_off_no_alarm() {
    let template = Template::read();
    for (id, alarm) in template.resources(ALARM) {
        let watched: BTreeSet<_> = Watched::by(alarm).iter().map(|it| it.name).collect();
        assert_eq!(watched.contains("5xx"), watched.contains("Undeliverable"), "{id}");
        let queries = alarm["Properties"]["Metrics"].as_sequence().into_iter().flatten();
        let mut expressions = queries.filter_map(|it| it["Expression"].as_str());
        let taken_off = expressions.any(|it| it.contains("- FILL(undeliverable, 0)"));
        assert_eq!(taken_off, watched.contains("5xx"), "{id}");
    }
}

/// The other metrics of alarms are those of AWS, by their namespaces and dimensions.
#[test]
fn alarms_on_metrics_of_aws_name_them_as_aws_does() {
    let template = Template::read();
    let mut named = BTreeSet::new();
    for (id, alarm) in template.resources(ALARM) {
        for watched in Watched::by(alarm).into_iter().filter(|watched| !watched.is_ours()) {
            let namespace = watched.namespace.as_str().unwrap();
            let dimensions = watched.dimensions.join(" ");
            let id = entry(&template, id);
            named.insert(format!("{id}: {namespace} {} {dimensions}", watched.name).trim().to_owned());
        }
    }
    assert_snapshot!(Vec::from_iter(named).join("\n"), @"
    <Function>VersionErrorsAlarm: AWS/Lambda Errors FunctionName Resource ExecutedVersion
    AuditDeadLettersAlarm: AWS/SQS ApproximateNumberOfMessagesVisible QueueName
    AuditDeliveryAlarm: AWS/Logs DeliveryErrors LogGroupName DestinationType FilterName
    BounceRateAlarm: AWS/SES Reputation.BounceRate
    CallSpendAlarm: AWS/SMSVoice VoiceMessageMonthlySpend
    ComplaintRateAlarm: AWS/SES Reputation.ComplaintRate
    FunctionsThrottledAlarm: AWS/Lambda Throttles
    GatewayErrorRatioAlarm: AWS/ApiGateway 5xx ApiId
    GatewayErrorRatioAlarm: AWS/ApiGateway Count ApiId
    GatewayErrorsAlarm: AWS/ApiGateway 5xx ApiId
    LatencyAlarm: AWS/ApiGateway Latency ApiId
    MailEventsDeadLettersAlarm: AWS/SQS ApproximateNumberOfMessagesVisible QueueName
    NoticesAgeAlarm: AWS/Lambda IteratorAge FunctionName
    NoticesDeadLettersAlarm: AWS/SQS ApproximateNumberOfMessagesVisible QueueName
    RotateKeysAlarm: AWS/Lambda Errors FunctionName
    RotateKeysSilentAlarm: AWS/Lambda Invocations FunctionName
    SignInCrashesAlarm: AWS/Lambda Errors FunctionName
    TextSpendAlarm: AWS/SMSVoice TextMessageMonthlySpend
    ");
}

/// No data is no trouble; a queue, a month's spend and a reputation are as they were; a run that must be is missed. Who is told is a parameter, and of the end as well.
#[test]
fn every_alarm_says_what_missing_data_is_and_whom_it_tells() {
    for (id, alarm) in Template::read().resources(ALARM) {
        let properties = &alarm["Properties"];
        let stays = ["DeadLettersAlarm", "SpendAlarm", "BounceRateAlarm", "ComplaintRateAlarm"];
        let missing = match id {
            "RotateKeysSilentAlarm" => "breaching",
            _ if stays.iter().any(|end| id.ends_with(end)) => "ignore",
            _ => "notBreaching",
        };
        assert_eq!(properties["TreatMissingData"], missing, "{id}");
        for actions in [&properties["AlarmActions"], &properties["OKActions"]] {
            let [condition, topic, none] = &intrinsic(actions, "If").unwrap().as_sequence().unwrap()[..]
            else {
                panic!("{id}")
            };
            assert_eq!(condition, "HasAlarmTopic", "{id}");
            assert_eq!(intrinsic(&topic[0], "Ref").unwrap(), "AlarmTopicArn", "{id}");
            assert_eq!(intrinsic(none, "Ref").unwrap(), "AWS::NoValue", "{id}");
        }
        assert!(properties["AlarmDescription"].is_string(), "{id}");
        assert!(properties["AlarmName"].is_null(), "{id}: two stacks can be in one account");
    }
}

/// A runbook entry for each alarm, with its three parts, and none of an alarm that is gone.
#[test]
fn every_alarm_has_its_entry_in_the_runbook() {
    let (_, section) = OPERATIONS.split_once("\n## Alarms\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut documented = BTreeSet::new();
    for entry in section.split("\n### ").skip(1) {
        let (id, text) = entry.split_once('\n').unwrap();
        let id = id.trim_matches('`');
        assert!(documented.insert(id.to_owned()), "{id} twice");
        for part in ["**Means.**", "**First look.**", "**What to do.**"] {
            assert!(text.contains(part), "{id}: {part}");
        }
    }
    let template = Template::read();
    let alarms = template.resources(ALARM).into_keys();
    assert_eq!(documented, alarms.map(|id| entry(&template, id)).collect());
}

/// The dashboard is JSON, and shows metrics that there are.
#[test]
fn the_dashboard_shows_metrics_that_there_are() {
    let template = Template::read();
    let ours = ours(&template);
    let dashboards = template.resources("AWS::CloudWatch::Dashboard");
    let body = sub(&dashboards["Dashboard"]["Properties"]["DashboardBody"]).unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let mut shown = BTreeSet::new();
    for widget in body["widgets"].as_array().unwrap() {
        for metric in widget["properties"]["metrics"].as_array().unwrap() {
            if metric[0] == NAMESPACE {
                shown.insert(metric[1].as_str().unwrap());
            } else if let Some(search) = metric[0]["expression"].as_str() {
                let schema = By::RouteAndStatus.dimensions().join(",");
                assert!(search.contains(&format!("{{\"{NAMESPACE}\",{schema}}}")), "{search}");
                assert!(search.contains(&format!("MetricName=\"{}\"", Metric::Requests.name())), "{search}");
            }
        }
    }
    // Those of calls are compared with calls, by the tests of metrics.
    let unknown: Vec<_> = shown
        .iter()
        .filter(|name| !ours.contains_key(**name))
        .filter(|name| !name.ends_with(".Latency"))
        .collect();
    assert_eq!(unknown, [&""; 0]);
    let hidden: Vec<_> = Metric::ALL.iter().filter(|metric| !shown.contains(metric.name())).collect();
    assert_eq!(hidden, [&Metric::Requests, &Metric::ServerErrors], "the gateway's own, and by route");
}

/// SEC-39: traces may be written by every function when they are switched on, and by none otherwise. X-Ray has no
/// resources, so this right is about everything; what else is, is in `no_right_is_about_everything`. A role has it from
/// the beginning: Lambda looks for it when a function is made that sends traces.
#[test]
fn traces_are_written_where_they_are_switched_on() {
    let template = Template::read();
    assert!(template.resources("AWS::IAM::Policy").is_empty(), "attached after functions are made");
    let policies = template.resources("AWS::IAM::ManagedPolicy");
    let [policy] = policies.values().collect::<Vec<_>>()[..] else { panic!("one policy: {policies:?}") };
    assert_eq!(policy["Condition"], "IsTraced");
    let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_sequence().unwrap();
    let [statement] = &statements[..] else { panic!("one statement") };
    let actions: Vec<_> =
        statement["Action"].as_sequence().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(actions, ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]);
    assert_eq!((&statement["Effect"], &statement["Resource"]), (&"Allow".into(), &"*".into()));
    for unset in ["Roles", "Users", "Groups", "ManagedPolicyName"] {
        assert!(policy["Properties"][unset].is_null(), "{unset}");
    }
    let roles = template.resources("AWS::IAM::Role");
    for (id, role) in &roles {
        let managed = intrinsic(&role["Properties"]["ManagedPolicyArns"], "If").unwrap();
        assert_eq!(managed[0], "IsTraced", "{id}");
        let attached = managed[1].as_sequence().unwrap().iter().map(|it| intrinsic(it, "Ref").unwrap());
        assert_eq!(attached.collect::<Vec<_>>(), ["TracingPolicy"], "{id}");
        assert_eq!(intrinsic(&managed[2], "Ref").unwrap(), "AWS::NoValue", "{id}");
    }
    assert_eq!(roles.len(), template.functions().len());
}
