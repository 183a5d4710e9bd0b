//! What the template has for production: limits on routes, shares of concurrency, and deployments that go back by
//! themselves. What refuses wrong parameters is tested by `tests/deploy`.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::Value;

use crate::template::{Template, chosen, intrinsic, otherwise};

const TEXT: &str = include_str!("../../infra/template.yaml");

/// What Lambda is invoked by that tries again; nobody waits for these functions.
const BACKGROUND: &[&str] = &["audit", "mail-events", "notices", "rotate-keys"];

fn referred(value: &Value) -> Option<&str> {
    intrinsic(value, "Ref").and_then(Value::as_str)
}

/// Rate and burst of each route that has limits of its own.
fn limits(settings: &Value) -> BTreeMap<String, (u64, u64)> {
    let routes = settings.as_mapping().expect("a map of routes").iter();
    let of = |(route, limits): (&Value, &Value)| {
        assert_eq!(limits["DetailedMetricsEnabled"], false, "{route:?}: they are paid for and nobody looks");
        let number = |name: &str| limits[name].as_u64().unwrap_or_else(|| panic!("{route:?}: {name}"));
        let pair = (number("ThrottlingRateLimit"), number("ThrottlingBurstLimit"));
        (route.as_str().expect("a route's key").to_owned(), pair)
    };
    routes.map(of).collect()
}

/// Where a request costs a message or the hash of a password the gateway lets fewer through than
/// elsewhere; each such route is there before the stage is.
#[test]
fn routes_that_send_or_hash_have_tighter_limits() {
    let template = Template::read();
    let stages = template.resources("AWS::ApiGatewayV2::Stage");
    let stage = stages["Stage"];
    let settings = &stage["Properties"]["RouteSettings"];
    assert_eq!(stage["Properties"]["DefaultRouteSettings"]["DetailedMetricsEnabled"], false);
    let (large, rest) = (limits(chosen(settings)), otherwise(settings));
    let standard = limits(chosen(rest));
    assert_eq!(referred(otherwise(rest)), Some("AWS::NoValue"));

    let costly = [
        "ANY /api/v2/jobs/verification-email",
        "ANY /dbconnections/change_password",
        "ANY /dbconnections/signup",
        "ANY /lo/reset",
        "ANY /mfa/associate",
        "ANY /mfa/challenge",
        "ANY /mfa/enrollment",
        "ANY /oauth/token",
        "ANY /passwordless/start",
    ];
    assert_eq!(standard.keys().collect::<Vec<_>>(), costly);
    assert_eq!(large.keys().collect::<Vec<_>>(), costly);
    let default = template.parameters()["ThrottleRatePerSecond"]["Default"].as_u64().unwrap();
    for (route, (rate, burst)) in standard {
        assert!(rate < default && burst > rate, "{route}");
        assert!(large[&route].0 > rate, "{route}");
    }

    let routes = template.resources("AWS::ApiGatewayV2::Route");
    let waited: BTreeSet<_> =
        stage["DependsOn"].as_sequence().unwrap().iter().filter_map(Value::as_str).collect();
    let keys = waited.iter().map(|id| routes[id]["Properties"]["RouteKey"].as_str().unwrap());
    assert_eq!(keys.collect::<BTreeSet<_>>(), costly.into());
}

/// The gateway can call an alias, which is shifted to a version of all that the function is given, and
/// shifted back; what is invoked by what tries again has none.
#[test]
fn what_users_wait_for_is_deployed_gradually() {
    let template = Template::read();
    let preference = &template.globals()["DeploymentPreference"];
    assert_eq!(referred(&preference["Enabled"]), Some("GradualDeployment"));
    assert_eq!(referred(&preference["Type"]), Some("GradualDeploymentType"));
    let alarms: Vec<_> = preference["Alarms"].as_sequence().unwrap().iter().filter_map(referred).collect();
    assert_eq!(alarms, ["ErrorRatioAlarm", "GatewayErrorsAlarm", "LatencyAlarm"]);
    let there = template.resources("AWS::CloudWatch::Alarm");
    assert!(alarms.iter().all(|alarm| there.contains_key(alarm)), "{alarms:?}");

    let routed: BTreeSet<_> = template.routes().into_iter().map(|route| route.function).collect();
    for (id, function) in template.resources("AWS::Serverless::Function") {
        let properties = &function["Properties"];
        if routed.contains(id) {
            assert_eq!(properties["AutoPublishAlias"], "live", "{id}");
            assert_eq!(properties["AutoPublishAliasAllProperties"], true, "{id}");
            // Another Release makes another version, which Lambda only does of something that changed.
            assert_eq!(referred(&properties["VersionDescription"]), Some("Release"), "{id}");
            let description = intrinsic(&properties["Description"], "Sub").and_then(Value::as_str);
            assert!(description.is_some_and(|it| it.contains("${Release}")), "{id}");
            // Where only Release changed, the version before is replaced, and there must be a way back to it.
            assert_eq!(function["UpdateReplacePolicy"], "Retain", "{id}");
            assert!(function["DeletionPolicy"].is_null(), "{id}: SAM would hand it on to versions");
        } else {
            assert!(properties["AutoPublishAlias"].is_null(), "{id}");
            assert_eq!(properties["DeploymentPreference"]["Enabled"], "false", "{id}");
        }
    }
}

/// A new version of one function is a small part of all requests, so each function is watched by two alarms of its own,
/// which end its shift and no other's. They are there only where something is shifted, and all alike.
#[test]
fn each_shift_is_watched_by_alarms_of_its_function() {
    let template = Template::read();
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    let functions = template.functions();
    let mut forms = [BTreeSet::new(), BTreeSet::new()];
    let mut watching = BTreeSet::new();
    for (id, function) in template.resources("AWS::Serverless::Function") {
        let preference = function["Properties"]["DeploymentPreference"].as_mapping().unwrap();
        if function["Properties"]["AutoPublishAlias"].is_null() {
            continue;
        }
        assert_eq!(preference.len(), 1, "{id}: the rest is everybody's");
        let own = preference["Alarms"].as_sequence().unwrap();
        let names = own.iter().map(|alarm| {
            assert_eq!(intrinsic(alarm, "If").unwrap()[0], "IsGradual", "{id}");
            assert_eq!(referred(otherwise(alarm)), Some("AWS::NoValue"), "{id}");
            referred(chosen(alarm)).unwrap()
        });
        let names: Vec<_> = names.collect();
        let prefix = id.strip_suffix("Function").unwrap();
        assert_eq!(names, ["ErrorRatioAlarm", "VersionErrorsAlarm"].map(|it| format!("{prefix}{it}")));
        for (name, forms) in names.into_iter().zip(&mut forms) {
            let text = serde_yaml_ng::to_string(alarms[name]).unwrap();
            assert!(text.contains(id), "{name}");
            forms.insert(text.replace(id, "<function>").replacen(&functions[id].binary, "<binary>", 1));
            watching.insert(name);
        }
    }
    assert_eq!(forms.map(|forms| forms.len()), [1, 1]);
    let gradual = alarms.iter().filter(|(_, alarm)| alarm["Condition"] == "IsGradual").map(|(id, _)| *id);
    assert_eq!(watching, gradual.collect());
}

/// CloudFront caches errors for ten seconds unless it is told otherwise, code by code, and not by whose token was sent.
#[test]
fn cloudfront_caches_no_errors() {
    let edge: Value = serde_yaml_ng::from_str(include_str!("../../infra/edge.yaml")).unwrap();
    let config = &edge["Resources"]["Distribution"]["Properties"]["DistributionConfig"];
    let responses = config["CustomErrorResponses"].as_sequence().unwrap();
    let codes = responses.iter().map(|response| {
        assert_eq!((&response["ErrorCachingMinTTL"], response.as_mapping().unwrap().len()), (&0.into(), 2));
        response["ErrorCode"].as_u64().unwrap()
    });
    assert_eq!(codes.collect::<Vec<_>>(), [400, 403, 404, 405, 414, 500, 501, 502, 503, 504]);
}

/// CloudFormation asks the function about the times of keys, which it cannot judge itself, whenever one changes.
#[test]
fn a_change_of_the_times_of_keys_is_judged() {
    let template = Template::read();
    let resources = template.resources("Custom::FirstKeys");
    let variables = template.resources("AWS::Serverless::Function")["RotateKeysFunction"]["Properties"]
        ["Environment"]["Variables"]
        .clone();
    for (name, variable) in [
        ("KeyDays", "POSTERN_KEY_DAYS"),
        ("KeyPublishSeconds", "POSTERN_KEY_PUBLISH_SECONDS"),
        ("KeyRetireDays", "POSTERN_KEY_RETIRE_DAYS"),
    ] {
        assert_eq!(referred(&resources["FirstKeys"]["Properties"][name]), Some(name));
        assert_eq!(referred(&variables[variable]), Some(name), "what is judged is what is used");
    }
}

/// Every function belongs to one of three groups, whose concurrency can be reserved.
#[test]
fn concurrency_is_reserved_by_group() {
    let template = Template::read();
    let functions = template.functions();
    let routes = template.routes();
    for (id, function) in template.resources("AWS::Serverless::Function") {
        let reserved = &function["Properties"]["ReservedConcurrentExecutions"];
        assert_eq!(referred(otherwise(reserved)), Some("AWS::NoValue"), "{id}");
        let own = routes.iter().filter(|route| route.function == id);
        let managed = own.clone().all(|route| route.key.starts_with("ANY /api/v2/"));
        let group = match &*functions[id].binary {
            binary if BACKGROUND.contains(&binary) => "BackgroundConcurrency",
            _ if managed => "ManagementConcurrency",
            _ => "SignInConcurrency",
        };
        assert_eq!(referred(chosen(reserved)), Some(group), "{id}");
    }
}

/// CPU comes with memory, so each function's memory has a reason, which stands above it.
#[test]
fn each_size_of_memory_has_its_reason() {
    let lines: Vec<_> = TEXT.lines().collect();
    let sizes = lines.windows(2).filter(|pair| pair[1].trim_start().starts_with("MemorySize:"));
    let reasons = sizes.map(|pair| assert!(pair[0].trim_start().starts_with("# "), "{pair:?}"));
    assert_eq!(reasons.count(), Template::read().functions().len());
}
