//! `mail-events`, which two rules of EventBridge invoke: the real binary takes what SES tells, and the others act on it.

use std::collections::BTreeSet;

use local::aws::Listed;
use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;

use crate::flow::Flow;
use crate::flows::{API, USER};
use crate::gateway::Gateway;
use crate::login::no_secret_is_logged;
use crate::support::Reply;
use crate::template::{Template, intrinsic};
use crate::wiring::is_repeated_and_kept;

impl Gateway {
    /// Hands over what SES told so far; what became of each.
    async fn taken_in(&self) -> Vec<Value> {
        let mut outcomes = Vec::new();
        while let Some(event) = self.twin.aws.feedback.take() {
            let event = by_rules(&Template::read(), &event);
            outcomes.push(self.invoke("mail-events", event).await.unwrap()["outcome"].clone());
        }
        outcomes
    }

    async fn challenged(&self, id: &str) -> Reply {
        self.challenge(&self.log_in(API, "read:sample").await, id).await
    }
}

/// An address that bounces gets no more codes, by the rights of the template, and a code that was sent before proves
/// nothing; what SES did not try, and nobody is marked for, leaves SES's list. The binary's lines are in the audit log, and
/// no address is in any log (SEC-34, SEC-39, SEC-40).
#[tokio::test]
async fn a_bounce_marks_an_address_and_ses_is_to_try_others() {
    BOUNCED.used().await;
}

pub(crate) static BOUNCED: Flow = Flow::new(|| Box::pin(bounced()));

async fn bounced() -> Gateway {
    const OTHER: &str = "other@example.com";
    let gateway = Gateway::new().await;
    gateway.twin.aws.mail.suppress(OTHER, Listed::Bounced(0));
    let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"], "email": OTHER });
    let begun = gateway.associate(&gateway.log_in(API, "read:sample").await, body).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    assert_eq!(gateway.taken_in().await, ["tried_anew"]);
    assert!(!gateway.twin.aws.mail.is_suppressed(OTHER));

    gateway.enrol_email("read:sample").await;
    let earlier = gateway.log_in(API, "read:sample").await;
    let id = gateway.id_of(&earlier, "type", "email").await;
    let asked = gateway.challenge(&earlier, &id).await;
    gateway.twin.aws.mail.bounce(USER);
    assert_eq!(gateway.challenged(&id).await.status, 200, "SES took it");
    assert_eq!(gateway.taken_in().await, ["marked"]);
    let refused = gateway.challenged(&id).await;
    assert_eq!((refused.status, refused.text("error")), (503, "temporarily_unavailable".to_owned()));
    assert_eq!(gateway.taken_in().await, [""; 0], "nothing was sent");

    let proven = gateway.prove(&earlier, &asked, USER).await;
    assert_eq!(proven.status, 200, "{}", proven.body);
    assert_eq!(gateway.challenged(&id).await.status, 503, "sent before the one that bounced");

    let records = gateway.audited().await;
    let told: Vec<_> = records.iter().filter(|record| record["type"] == "fn").collect();
    let [not_tried, told] = told[..] else { panic!("two records: {told:?}") };
    assert_eq!(not_tried["reason"], "suppressed");
    let user = gateway.user_id();
    assert_eq!((&told["user_id"], &told["reason"]), (&json!(user.as_str()), &json!("bounced")));
    assert_eq!(
        (&told["route"], &told["status"], &told["factor"]),
        (&json!("mail-events"), &json!(0), &json!("email"))
    );
    assert!(told["request_id"].as_str().is_some_and(|id| id.starts_with("request-")), "{told}");
    no_secret_is_logged(&gateway, &[USER, OTHER, "demo-secret"]).await;
    gateway
}

/// What is none of ours is dropped with a line that does not quote it; a table that fails, fails the invocation, so that
/// Lambda repeats it.
#[tokio::test]
async fn what_is_foreign_is_dropped_and_what_fails_comes_again() {
    let gateway = Gateway::new().await;
    for foreign in [json!({ "source": "aws.events", "canary": 1 }), json!("canary")] {
        let dropped = gateway.invoke("mail-events", foreign).await.unwrap();
        assert_eq!(dropped, json!({ "outcome": "ignored" }));
    }
    let log = gateway.logs().await.join("\n");
    assert!(log.contains("mail_event_ignored") && !log.contains("canary"), "{log}");

    let token = gateway.log_in(API, "read:sample").await;
    let body = json!({
        "authenticator_types": ["oob"], "oob_channels": ["email"], "email": "bounce@simulator.amazonses.com",
    });
    let asked = gateway.associate(&token, body).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let event = gateway.twin.aws.feedback.take().expect("a bounce");
    let fault =
        json!({ "service": "dynamodb", "operation": "TransactWriteItems", "mode": "error", "count": 2 });
    gateway.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    assert!(gateway.invoke("mail-events", event.clone()).await.is_err());
    let outcome = gateway.invoke("mail-events", event).await.unwrap();
    assert_eq!(outcome, json!({ "outcome": "marked" }));
}

fn text(value: &Yaml, name: &str) -> Option<String> {
    intrinsic(value, name).and_then(Yaml::as_str).map(str::to_owned)
}

/// SES tells the account's bus of bounces and complaints, and a complaint has it send nothing less.
#[test]
fn ses_tells_the_bus() {
    let template = Template::read();
    let destinations = template.resources("AWS::SES::ConfigurationSetEventDestination");
    let [destination] = destinations.values().map(|it| &it["Properties"]).collect::<Vec<_>>()[..] else {
        panic!("one destination")
    };
    assert_eq!(text(&destination["ConfigurationSetName"], "Ref").as_deref(), Some("MailConfiguration"));
    let destination = &destination["EventDestination"];
    assert_eq!(destination["Enabled"], true);
    let told: Vec<_> = destination["MatchingEventTypes"].as_sequence().unwrap().iter().collect();
    assert_eq!(told, ["bounce", "complaint", "reject"]);
    let bus = text(&destination["EventBridgeDestination"]["EventBusArn"], "Sub").unwrap();
    assert!(bus.ends_with(":event-bus/default"), "SES knows no other: {bus}");
    let sets = template.resources("AWS::SES::ConfigurationSet");
    let reasons = sets["MailConfiguration"]["Properties"]["SuppressionOptions"]["SuppressedReasons"].clone();
    assert_eq!(reasons.as_sequence().unwrap(), &["BOUNCE"], "who complains can still sign in");
}

/// What a rule's input transformer makes of an event, as EventBridge does ("Amazon EventBridge input transformation"): a
/// variable in quotes is a text, one without is a list or an object; one that the event does not have leaves a gap, so each
/// has to be there.
fn transformed(target: &Yaml, event: &Value) -> Value {
    let transformer = &target["InputTransformer"];
    let mut input = transformer["InputTemplate"].as_str().expect("a template").to_owned();
    for (name, path) in transformer["InputPathsMap"].as_mapping().expect("variables") {
        let (name, path) = (format!("<{}>", name.as_str().unwrap()), path.as_str().unwrap());
        let pointer = path.strip_prefix('$').expect("a path").replace('.', "/");
        let value = event.pointer(&pointer).unwrap_or_else(|| panic!("{path}: {event}"));
        assert_eq!(input.matches(&name).count(), 1, "{name}");
        let (place, with) = match value {
            Value::String(text) => (format!("\"{name}\""), format!("\"{text}\"")),
            other => (name.clone(), other.to_string()),
        };
        assert!(
            input.contains(&place) && (value.is_string() || !input.contains(&format!("\"{name}\""))),
            "{name}"
        );
        input = input.replace(&place, &with);
    }
    serde_json::from_str(&input).unwrap_or_else(|error| panic!("{error}: {input}"))
}

/// The rules about the mails of this stack.
fn rules(template: &Template) -> Vec<(String, Yaml)> {
    let rules = template.resources("AWS::Events::Rule").into_iter();
    let rules = rules.map(|(id, rule)| (id.to_owned(), rule["Properties"].clone()));
    rules.filter(|(_, rule)| rule["EventPattern"]["source"][0] == "aws.ses").collect()
}

fn kinds(rule: &Yaml) -> Vec<&str> {
    rule["EventPattern"]["detail-type"].as_sequence().unwrap().iter().filter_map(Yaml::as_str).collect()
}

/// What the one rule that an event is for hands over.
fn by_rules(template: &Template, event: &Value) -> Value {
    let kind = event["detail-type"].as_str().unwrap();
    let rules = rules(template);
    let [(_, rule)] = &rules.iter().filter(|(_, rule)| kinds(rule).contains(&kind)).collect::<Vec<_>>()[..]
    else {
        panic!("one rule: {kind}")
    };
    transformed(&rule["Targets"][0], event)
}

/// SEC-34: the rules hand over what the function reads and nothing else: no subject, which begins with a code. The twin
/// does the same.
#[tokio::test]
async fn the_rules_hand_over_what_is_read() {
    let gateway = Gateway::new().await;
    let token = gateway.log_in(API, "read:sample").await;
    for name in ["bounce", "suppressionlist", "complaint"] {
        let address = format!("{name}@simulator.amazonses.com");
        let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"], "email": address });
        assert_eq!(gateway.associate(&token, body).await.status, 200);
        let event = gateway.twin.aws.feedback.take().expect("an event");
        let subject = event["detail"]["mail"]["commonHeaders"]["subject"].as_str().unwrap().to_owned();
        assert!(subject.chars().any(|c| c.is_ascii_digit()), "{subject}");
        let handed = by_rules(&Template::read(), &event);
        assert_eq!(handed, local::aws::handed_over(&event));
        assert!(!handed.to_string().contains(&subject), "{handed}");
        assert!(gateway.invoke("mail-events", handed).await.unwrap()["outcome"] != "ignored", "{name}");
    }
}

/// What is about this configuration set, and nothing else, is handed to `mail-events`, which nobody but the rules may
/// invoke; what cannot be handed over, or taken in, is tried again and then kept.
#[test]
fn rules_feed_mail_events() {
    let template = Template::read();
    let rules = rules(&template);
    let all: Vec<_> = rules.iter().flat_map(|(_, rule)| kinds(rule)).collect();
    assert_eq!(all, ["Email Complaint Received", "Email Rejected", "Email Bounced"]);
    let permissions = template.resources("AWS::Lambda::Permission");
    let mut functions = BTreeSet::new();
    for (id, rule) in &rules {
        let sets = rule["EventPattern"]["detail"]["mail"]["tags"]["ses:configuration-set"].as_sequence();
        let sets: Vec<_> = sets.unwrap().iter().map(|set| text(set, "Ref")).collect();
        assert_eq!(sets, [Some("MailConfiguration".to_owned())]);
        let [target] = &rule["Targets"].as_sequence().unwrap()[..] else { panic!("one target") };
        let function = text(&target["Arn"], "GetAtt").unwrap().strip_suffix(".Arn").unwrap().to_owned();
        assert_eq!(template.functions()[&function].binary, "mail-events");
        assert!(target["RetryPolicy"]["MaximumRetryAttempts"].as_u64().is_some());
        let source = Some(format!("{id}.Arn"));
        let may = permissions
            .values()
            .map(|it| &it["Properties"])
            .find(|it| text(&it["SourceArn"], "GetAtt") == source);
        assert_eq!(text(&may.expect("a permission")["FunctionName"], "Ref").as_ref(), Some(&function));
        functions.insert(function);
    }
    let function = functions.pop_first().unwrap();
    let invoked = |it: &&&Yaml| text(&it["Properties"]["FunctionName"], "Ref").as_ref() == Some(&function);
    assert_eq!(permissions.values().filter(invoked).count(), rules.len(), "these rules and no others");

    let queue = is_repeated_and_kept(&template, &function);
    let arn = Some(format!("{queue}.Arn"));
    for (_, rule) in &rules {
        assert_eq!(text(&rule["Targets"][0]["DeadLetterConfig"]["Arn"], "GetAtt"), arn);
    }
    let policies = template.resources("AWS::SQS::QueuePolicy");
    let policy = policies
        .values()
        .map(|it| &it["Properties"])
        .find(|it| text(&it["Queues"][0], "Ref").as_deref() == Some(&*queue));
    let statement = &policy.expect("the rules may give up")["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Principal"]["Service"], "events.amazonaws.com");
    assert_eq!(
        (statement["Action"].as_str(), text(&statement["Resource"], "GetAtt")),
        (Some("sqs:SendMessage"), arn)
    );
    let by = statement["Condition"]["ArnEquals"]["aws:SourceArn"].as_sequence().unwrap();
    let by: BTreeSet<_> = by.iter().filter_map(|it| text(it, "GetAtt")).collect();
    assert_eq!(by, rules.iter().map(|(id, _)| format!("{id}.Arn")).collect());
}
