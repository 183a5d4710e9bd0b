//! The template against the workspace: every function has a route, a binary and its variables, and no more rights than
//! it can name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use local::aws::Action;
use serde_yaml_ng::Value;

use crate::binaries::binary;
use crate::template::{Template, chosen, intrinsic, otherwise};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Reached by a schedule and by CloudFormation, not over HTTP; it makes keys.
const SCHEDULED: &str = "rotate-keys";
/// Reached over HTTP; of those functions only it makes and revokes keys.
const ROTATED: &str = "signing-keys";
/// Reached by the table's stream, which Lambda reads: nobody needs a permission to invoke it.
const STREAMED: &str = "notices";
/// Reached by a subscription to the functions' log.
const SUBSCRIBED: &str = "audit";
/// Reached by a rule of the account's event bus, for what SES tells of mails.
const TOLD: &str = "mail-events";
/// For the day on which Amazon's roots change before a new release; no deployment sets it by itself.
const EMERGENCY_ONLY: &str = "POSTERN_SYSTEM_ROOTS";

/// The crates in `functions/`.
fn crates() -> BTreeSet<String> {
    let folders = fs::read_dir(format!("{WORKSPACE}/functions")).unwrap().map(|entry| entry.unwrap());
    let crates = folders.filter(|entry| entry.path().join("Cargo.toml").exists());
    crates.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// Issue 2 item 7: a function of the template without a crate, or a crate without a function, is a mistake; so is a
/// binary that cannot be built or is built elsewhere.
#[test]
fn functions_crates_and_binaries_are_the_same() {
    let functions = Template::read().functions();
    let named: BTreeSet<_> = functions.values().map(|function| function.binary.clone()).collect();
    assert_eq!(named, crates());
    assert_eq!(named.len(), functions.len(), "each binary is one function");
    for function in functions.values() {
        assert!(binary(&function.binary).exists());
        let folder = function.folder.canonicalize().unwrap();
        assert_eq!(folder.file_name().unwrap().to_str(), Some(&*function.binary), "{}", function.logical_id);
    }
}

/// Issue 2 item 7: a route leads to a function, and every function but `rotate-keys`, `notices`, `audit` and `mail-events` has one, which
/// API Gateway may invoke.
#[test]
fn every_route_has_a_function_and_every_function_a_route() {
    let template = Template::read();
    let functions = template.functions();
    let routed: BTreeSet<_> =
        template.routes().iter().map(|route| functions[&route.function].binary.clone()).collect();
    let mut expected = crates();
    assert!([SCHEDULED, STREAMED, SUBSCRIBED, TOLD].iter().all(|binary| expected.remove(*binary)));
    assert_eq!(routed, expected);
    assert!(template.routes().iter().any(|route| route.key == "$default"));
    let keys: BTreeSet<_> = template.routes().into_iter().map(|route| route.key).collect();
    assert_eq!(keys.len(), template.routes().len(), "each route once");

    let permissions = template.resources("AWS::Lambda::Permission");
    for (id, function) in functions.iter().filter(|(_, function)| function.binary != STREAMED) {
        let principal = match &*function.binary {
            SCHEDULED | TOLD => "events.amazonaws.com",
            SUBSCRIBED => "logs.amazonaws.com",
            _ => "apigateway.amazonaws.com",
        };
        // A right to invoke the function is none to invoke its alias.
        let alias = if principal == "apigateway.amazonaws.com" { format!("{id}.Alias") } else { id.clone() };
        let permitted = permissions.values().map(|it| &it["Properties"]).any(|it| {
            let gradual = intrinsic(chosen(&it["FunctionName"]), "Ref").and_then(Value::as_str);
            let at_once = intrinsic(otherwise(&it["FunctionName"]), "Ref").and_then(Value::as_str);
            gradual == Some(&*alias)
                && at_once == Some(&**id)
                && it["Principal"] == principal
                && !it["SourceArn"].is_null()
        });
        assert!(permitted, "{id} may not be invoked by {principal}");
    }
}

/// The gateway sends what these tests send.
#[test]
fn every_integration_is_a_proxy_with_payload_format_2() {
    for (id, integration) in Template::read().resources("AWS::ApiGatewayV2::Integration") {
        assert_eq!(integration["Properties"]["IntegrationType"], "AWS_PROXY", "{id}");
        assert_eq!(integration["Properties"]["PayloadFormatVersion"], "2.0", "{id}");
        // Whoever is called next may be invoked before it is.
        let permission = id.replace("Integration", "Permission");
        assert_eq!(integration["DependsOn"], permission.as_str());
    }
}

/// Contract A3 "answered within 20 s": the handler gives up first, with an answer of its own; Lambda's end would be the
/// gateway's 503, and the gateway waits for no function longer than 30 s.
#[test]
fn a_handler_gives_up_before_lambda_and_the_gateway_do() {
    const TO_START_AND_ANSWER: u64 = 5;
    const GATEWAY: u64 = 30;
    let limit = postern::config::Timeouts::default().request.as_secs();
    for function in Template::read().functions().values() {
        if [SCHEDULED, STREAMED, SUBSCRIBED, TOLD].contains(&&*function.binary) {
            continue;
        }
        assert!(limit + TO_START_AND_ANSWER <= function.timeout, "{}", function.binary);
        assert!(function.timeout < GATEWAY, "{}", function.binary);
    }
}

/// The variables the functions are given are those the program reads, none missing and none left over.
#[test]
fn the_variables_of_the_template_are_those_the_program_reads() {
    let mut read = BTreeSet::new();
    for folder in ["shared/src", "functions"] {
        collect_variables(&Path::new(WORKSPACE).join(folder), &mut read);
    }
    assert!(read.remove(EMERGENCY_ONLY));
    let given: BTreeSet<_> =
        Template::read().functions().into_values().flat_map(|function| function.variables).collect();
    assert_eq!(given, read);
}

/// Names in quotes, which is how the program looks them up.
fn collect_variables(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            collect_variables(&entry, names);
        } else if entry.extension().is_some_and(|it| it == "rs") {
            let source = fs::read_to_string(&entry).unwrap();
            let quoted = source.split('"').filter(|text| text.starts_with("POSTERN_"));
            let is_name =
                |text: &&str| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            names.extend(quoted.filter(is_name).map(ToOwned::to_owned));
        }
    }
}

/// Only who sends codes may, and only who makes keys knows the key.
#[test]
fn each_function_is_given_only_what_it_uses() {
    for function in Template::read().functions().values() {
        let calls = ["mfa-associate", "mfa-challenge", "mfa-enrollment"].contains(&&*function.binary);
        let texts = calls || function.binary == "passwordless-start";
        let mails = texts || function.binary == STREAMED;
        for (variable, sends) in [
            ("POSTERN_MAIL_FROM", mails),
            ("POSTERN_SES_CONFIGURATION_SET", mails),
            ("POSTERN_SMS_ORIGINATION_IDENTITY", texts),
            ("POSTERN_SMS_CONFIGURATION_SET", texts),
            ("POSTERN_VOICE_ORIGINATION_IDENTITY", calls),
            ("POSTERN_TWILIO_URL", texts),
        ] {
            assert_eq!(function.variables.contains(variable), sends, "{} {variable}", function.binary);
        }
        for (action, sends) in [
            ("ses:SendEmail", mails),
            ("sms-voice:SendTextMessage", texts),
            ("sms-voice:SendVoiceMessage", calls),
        ] {
            let asked = Action { action: action.to_owned(), ..Action::default() };
            let may = function.rights.iter().any(|right| right.allows(&asked));
            assert_eq!(may, sends, "{} {action}", function.binary);
        }
        let has_bus = function.binary == SUBSCRIBED;
        assert_eq!(function.variables.contains("POSTERN_AUDIT_EVENT_BUS"), has_bus, "{}", function.binary);
        let reads_log = has_bus || function.binary == "logs";
        assert_eq!(function.variables.contains("POSTERN_AUDIT_DAYS"), reads_log, "{}", function.binary);
        let makes_keys = [SCHEDULED, ROTATED].contains(&&*function.binary);
        assert_eq!(function.variables.contains("POSTERN_KMS_KEY"), makes_keys, "{}", function.binary);
    }
}

/// design §4: of the functions only those that rotate keys may write `KEYS`, and only `oauth-token` unwraps signing keys; who
/// holds no opened token unwraps nothing.
#[test]
fn keys_are_written_and_unwrapped_by_few() {
    let ask = |action: &str, leading_key: Option<&str>, key_use: Option<&str>| Action {
        action: action.to_owned(),
        leading_key: leading_key.map(ToOwned::to_owned),
        encryption_context: key_use
            .map(|word| [("kid", "1"), ("use", word)].map(|(k, v)| (k.into(), v.into())).into()),
        ..Action::default()
    };
    let who = |asked: &Action| -> Vec<String> {
        let functions = Template::read().functions();
        let may =
            functions.values().filter(|function| function.rights.iter().any(|right| right.allows(asked)));
        may.map(|function| function.binary.clone()).collect()
    };
    for write in ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"] {
        let writers = who(&ask(write, Some("KEYS"), None));
        assert!(writers.iter().all(|it| [SCHEDULED, ROTATED].contains(&&**it)), "{write}: {writers:?}");
    }
    assert_eq!(who(&ask("kms:Decrypt", None, Some("signing"))), ["oauth-token"]);
    assert_eq!(
        who(&ask("kms:Decrypt", None, Some("root"))),
        [
            "guardian-factors",
            "mfa-associate",
            "mfa-authenticators",
            "mfa-challenge",
            "mfa-enrollment",
            STREAMED,
            "oauth-token",
            "passwordless-start",
            "tickets",
            "unblock",
            "user-factors"
        ]
    );
    assert_eq!(who(&ask("dynamodb:Scan", Some("KEYS"), None)), [""; 0]);
    assert_eq!(
        who(&ask("dynamodb:GetItem", Some("PROVIDER"), None)),
        ["guardian-factors", "mfa-associate", "mfa-challenge", "mfa-enrollment", "passwordless-start"]
    );
    assert_eq!(
        who(&ask("dynamodb:UpdateItem", Some("TENANT"), None)),
        ["email-templates", "guardian-factors"]
    );
    assert_eq!(who(&ask("dynamodb:PutItem", Some("CLIENT#x"), None)), ["client-grants", "clients"]);
    assert_eq!(who(&ask("dynamodb:PutItem", Some("API#x"), None)), ["resource-servers"]);
}

/// SEC-40: of the functions only one writes the audit log, and one reads it; none changes or deletes what is in it.
#[test]
fn the_audit_log_is_written_by_one_function() {
    let functions = Template::read().functions();
    let who = |action: &str| -> Vec<_> {
        let key = Some("LOGS#1".to_owned());
        let asked = Action { action: format!("dynamodb:{action}"), leading_key: key, ..Action::default() };
        let may =
            functions.values().filter(|function| function.rights.iter().any(|right| right.allows(&asked)));
        may.map(|function| function.binary.clone()).collect()
    };
    assert_eq!(who("BatchWriteItem"), [SUBSCRIBED]);
    for read in ["GetItem", "Query", "BatchGetItem"] {
        assert_eq!(who(read), ["logs"], "{read}");
    }
    for other in ["PutItem", "UpdateItem", "DeleteItem", "Scan"] {
        assert_eq!(who(other), [""; 0], "{other}");
    }
}

/// SEC-40: every function's lines are in one log but those of the function that reads it, which would feed itself; its
/// records and no other lines are handed to that function; what it cannot keep is tried again, and then kept, encrypted.
#[test]
fn the_log_feeds_audit() {
    let template = Template::read();
    let groups = template.resources("AWS::Logs::LogGroup");
    for (id, group) in &groups {
        let retention = intrinsic(&group["Properties"]["RetentionInDays"], "Ref").and_then(Value::as_str);
        assert_eq!(retention, Some("LogRetentionDays"), "{id}");
    }
    for (id, function) in template.resources("AWS::Serverless::Function") {
        let own =
            intrinsic(&function["Properties"]["LoggingConfig"]["LogGroup"], "Ref").and_then(Value::as_str);
        let group = own.or(template.log_group());
        let expected = if id == "AuditFunction" { "AuditLogs" } else { "Logs" };
        assert_eq!(group, Some(expected), "{id}");
        let role = intrinsic(&function["Properties"]["Role"], "GetAtt").and_then(Value::as_str).unwrap();
        let role = template.resources("AWS::IAM::Role")[role.strip_suffix(".Arn").unwrap()];
        let statements =
            role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].as_sequence().unwrap();
        let to = statements.iter().find(|it| it["Sid"] == "WriteLogs").map(|it| &it["Resource"]);
        let to = to.and_then(|it| intrinsic(it, "GetAtt")).and_then(Value::as_str);
        assert_eq!(to, Some(&*format!("{expected}.Arn")), "{id}");
    }
    let filters = template.resources("AWS::Logs::SubscriptionFilter");
    let [filter] = filters.values().map(|it| &it["Properties"]).collect::<Vec<_>>()[..] else {
        panic!("one filter")
    };
    assert_eq!(filter["FilterPattern"], format!("{{ $.event = \"{}\" }}", audit::EVENT));
    assert_eq!(intrinsic(&filter["LogGroupName"], "Ref").and_then(Value::as_str), Some("Logs"));
    let to = intrinsic(&filter["DestinationArn"], "GetAtt").and_then(Value::as_str).unwrap();
    let function = to.strip_suffix(".Arn").unwrap();
    assert_eq!(template.functions()[function].binary, SUBSCRIBED);
    is_repeated_and_kept(&template, function);
}

/// What a function that is invoked by events could not do is tried twice more, and then kept, encrypted; the queue.
pub(crate) fn is_repeated_and_kept(template: &Template, function: &str) -> String {
    let retries = template.resources("AWS::Lambda::EventInvokeConfig");
    let of_it = |it: &&Value| intrinsic(&it["FunctionName"], "Ref").and_then(Value::as_str) == Some(function);
    let retries = retries.values().map(|it| &it["Properties"]).find(of_it).expect("it is repeated");
    assert_eq!(retries["MaximumRetryAttempts"], 2);
    let queue = intrinsic(&retries["DestinationConfig"]["OnFailure"]["Destination"], "GetAtt");
    let queue = queue.and_then(Value::as_str).and_then(|it| it.strip_suffix(".Arn")).unwrap();
    let queues = template.resources("AWS::SQS::Queue");
    assert_eq!(queues[queue]["Properties"]["SqsManagedSseEnabled"], true);
    queue.to_owned()
}

/// SEC-31: the stream invokes `notices` for what is to be mailed and nothing else, repeats a bounded time, and what is given up
/// is kept, encrypted.
#[test]
fn the_stream_feeds_notices() {
    let template = Template::read();
    let mappings = template.resources("AWS::Lambda::EventSourceMapping");
    let [mapping] = mappings.values().map(|it| &it["Properties"]).collect::<Vec<_>>()[..] else {
        panic!("one mapping")
    };
    let functions = template.functions();
    let function = intrinsic(&mapping["FunctionName"], "Ref").and_then(Value::as_str).unwrap();
    assert_eq!(functions[function].binary, STREAMED);
    // A restored table has another stream than the one that the stack knows.
    let source = &mapping["EventSourceArn"];
    assert_eq!(intrinsic(chosen(source), "Ref").and_then(Value::as_str), Some("NoticesStreamArn"));
    assert_eq!(intrinsic(otherwise(source), "GetAtt").and_then(Value::as_str), Some("Table.StreamArn"));
    let filters = mapping["FilterCriteria"]["Filters"].as_sequence().unwrap();
    let pattern: serde_json::Value = serde_json::from_str(filters[0]["Pattern"].as_str().unwrap()).unwrap();
    let mails = [postern::store::notices::SORT_KEY, postern::store::account_mails::SORT_KEY];
    let mails = serde_json::json!({ "S": mails });
    assert_eq!((filters.len(), &pattern["eventName"][0]), (1, &serde_json::json!("INSERT")));
    assert_eq!(pattern["dynamodb"]["Keys"]["sk"], mails);
    assert_eq!(mapping["FunctionResponseTypes"][0], "ReportBatchItemFailures");
    assert!(mapping["MaximumRetryAttempts"].as_u64().is_some());
    assert!(
        mapping["MaximumRecordAgeInSeconds"].as_u64().is_some_and(|age| age < 86_400),
        "the stream keeps a day"
    );
    let queue = intrinsic(&mapping["DestinationConfig"]["OnFailure"]["Destination"], "GetAtt");
    let queue = queue.and_then(Value::as_str).and_then(|it| it.strip_suffix(".Arn")).unwrap();
    let queues = template.resources("AWS::SQS::Queue");
    assert_eq!(queues[queue]["Properties"]["SqsManagedSseEnabled"], true);
    let tables = template.resources("AWS::DynamoDB::Table");
    assert_eq!(tables["Table"]["Properties"]["StreamSpecification"]["StreamViewType"], "KEYS_ONLY");
}

/// SEC-39: every right names its resource; none is `*`, but for the one action that is about all streams of the table, and
/// the one for which AWS knows no resources.
#[test]
fn no_right_is_about_everything() {
    for function in Template::read().functions().values() {
        assert!(!function.rights.is_empty());
        for statement in &function.rights {
            for resource in &statement.resources {
                let words = serde_yaml_ng::to_string(resource).unwrap();
                let of_the_table = statement.sid == "FindStream" && words.contains("${Table.Arn}/stream/*");
                let restored = intrinsic(chosen(resource), "Ref").and_then(Value::as_str);
                let of_the_account = function.binary == "mail-events"
                    && statement.sid == "EndSuppression"
                    && statement
                        .allowed()
                        .iter()
                        .map(|it| &*it.action)
                        .eq(["ses:GetSuppressedDestination", "ses:DeleteSuppressedDestination"]);
                let exact = of_the_table
                    || of_the_account
                    || intrinsic(otherwise(resource), "GetAtt").is_some()
                        && [None, Some("NoticesStreamArn")].contains(&restored)
                    || (intrinsic(resource, "Sub").is_some() && !words.contains('*'));
                assert!(exact, "{} {}: {words}", function.binary, statement.sid);
            }
        }
    }
}
