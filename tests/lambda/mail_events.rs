//! `mail-events`, which a rule of EventBridge invokes: the real binary takes what SES tells, and the others act on it.

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
            outcomes.push(self.invoke("mail-events", event).await.unwrap()["outcome"].clone());
        }
        outcomes
    }

    async fn challenged(&self, id: &str) -> Reply {
        self.challenge(&self.log_in(API, "read:sample").await, id).await
    }
}

/// An address that bounces gets no more codes, by the rights of the template; a code that was sent before proves it, and
/// it gets them again. The binary's line is in the audit log, and no address is in any log (SEC-34, SEC-39, SEC-40).
#[tokio::test]
async fn a_bounce_marks_an_address_and_a_proof_clears_it() {
    BOUNCED.used().await;
}

pub(crate) static BOUNCED: Flow = Flow::new(|| Box::pin(bounced()));

async fn bounced() -> Gateway {
    let gateway = Gateway::new().await;
    gateway.enrol_email("read:sample").await;
    let earlier = gateway.log_in(API, "read:sample").await;
    let id = gateway.id_of(&earlier, "type", "email").await;
    let asked = gateway.challenge(&earlier, &id).await;
    gateway.twin.aws.mail.suppress(USER);
    assert_eq!(gateway.challenged(&id).await.status, 200, "SES took it");
    assert_eq!(gateway.taken_in().await, ["marked"]);
    let refused = gateway.challenged(&id).await;
    assert_eq!((refused.status, refused.text("error")), (503, "temporarily_unavailable".to_owned()));
    assert_eq!(gateway.taken_in().await, [""; 0], "nothing was sent");

    let proven = gateway.prove(&earlier, &asked, USER).await;
    assert_eq!(proven.status, 200, "{}", proven.body);
    gateway.twin.aws.mail.forget_suppressed(USER);
    assert_eq!(gateway.challenged(&id).await.status, 200);

    let records = gateway.audited().await;
    let told = records.iter().find(|record| record["type"] == "fn").expect("a record");
    let user = gateway.user_id();
    assert_eq!((&told["user_id"], &told["reason"]), (&json!(user.as_str()), &json!("suppressed")));
    assert_eq!(
        (&told["route"], &told["status"], &told["factor"]),
        (&json!("mail-events"), &json!(0), &json!("email"))
    );
    assert!(told["request_id"].as_str().is_some_and(|id| id.starts_with("request-")), "{told}");
    no_secret_is_logged(&gateway, &[USER, "demo-secret"]).await;
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

/// What is about this configuration set, and nothing else, is handed to `mail-events`, which nobody but the rule may
/// invoke; what cannot be handed over, or taken in, is tried again and then kept.
#[test]
fn a_rule_feeds_mail_events() {
    let template = Template::read();
    let rules = template.resources("AWS::Events::Rule");
    let (id, rule) = rules
        .iter()
        .map(|(id, rule)| (*id, &rule["Properties"]))
        .find(|(_, rule)| rule["EventPattern"]["source"][0] == "aws.ses")
        .expect("a rule");
    let kinds: Vec<_> = rule["EventPattern"]["detail-type"].as_sequence().unwrap().iter().collect();
    assert_eq!(kinds, ["Email Bounced", "Email Complaint Received", "Email Rejected"]);
    let sets = rule["EventPattern"]["detail"]["mail"]["tags"]["ses:configuration-set"].as_sequence().unwrap();
    let sets: Vec<_> = sets.iter().map(|set| text(set, "Ref")).collect();
    assert_eq!(sets, [Some("MailConfiguration".to_owned())]);
    let [target] = &rule["Targets"].as_sequence().unwrap()[..] else { panic!("one target") };
    let function = text(&target["Arn"], "GetAtt").unwrap().strip_suffix(".Arn").unwrap().to_owned();
    assert_eq!(template.functions()[&function].binary, "mail-events");
    assert!(target["RetryPolicy"]["MaximumRetryAttempts"].as_u64().is_some());
    let permissions = template.resources("AWS::Lambda::Permission");
    let may = permissions
        .values()
        .map(|it| &it["Properties"])
        .find(|it| text(&it["FunctionName"], "Ref").as_deref() == Some(&*function));
    assert_eq!(
        text(&may.unwrap()["SourceArn"], "GetAtt"),
        Some(format!("{id}.Arn")),
        "this rule and no other"
    );

    let queue = is_repeated_and_kept(&template, &function);
    let arn = Some(format!("{queue}.Arn"));
    assert_eq!(text(&target["DeadLetterConfig"]["Arn"], "GetAtt"), arn);
    let policies = template.resources("AWS::SQS::QueuePolicy");
    let policy = policies
        .values()
        .map(|it| &it["Properties"])
        .find(|it| text(&it["Queues"][0], "Ref").as_deref() == Some(&*queue));
    let statement = &policy.expect("the rule may give up")["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Principal"]["Service"], "events.amazonaws.com");
    assert_eq!(
        (statement["Action"].as_str(), text(&statement["Resource"], "GetAtt")),
        (Some("sqs:SendMessage"), arn)
    );
    let by = text(&statement["Condition"]["ArnEquals"]["aws:SourceArn"], "GetAtt");
    assert_eq!(by, Some(format!("{id}.Arn")));
}
