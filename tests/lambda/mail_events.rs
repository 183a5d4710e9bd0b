//! `mail-events`, which a rule of EventBridge invokes: the real binary takes what SES tells, and the others act on it.

use serde_json::{Value, json};

use crate::flow::Flow;
use crate::flows::{API, USER};
use crate::gateway::Gateway;
use crate::login::no_secret_is_logged;
use crate::support::Reply;

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

    let token = gateway.log_in_for_factors().await;
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
