//! `notices`, which the table's stream invokes, and the page its mail about a block leads to.

use local::twin::TABLE;
use serde_json::{Value, json};

use crate::gateway::Gateway;
use crate::login::no_secret_is_logged;
use crate::support::{Body, DEMO_APP};

const USER: &str = "user@example.com";

/// What the stream shows of the notices in the table, as Lambda hands it over.
async fn event(gateway: &Gateway) -> Value {
    let scan = gateway.twin.app.store.dynamodb().scan().table_name(TABLE);
    let items = scan.send().await.unwrap().items.unwrap_or_default();
    let keys = items.iter().map(|item| ["pk", "sk"].map(|name| item[name].as_s().unwrap().clone()));
    let records = keys.filter(|[_, sk]| sk == "NOTICE").enumerate().map(|(number, [pk, sk])| {
        json!({
            "eventID": "c4ca4238a0b923820dcc509a6f75849b",
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-central-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_305_600.0,
                "Keys": { "pk": { "S": pk }, "sk": { "S": sk } },
                "SequenceNumber": format!("{}", 111 + number),
                "SizeBytes": 26,
                "StreamViewType": "KEYS_ONLY",
            },
            "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/postern/stream/2026-11-22T00:00:00.000",
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

fn failures(answer: &Value) -> usize {
    answer["batchItemFailures"].as_array().unwrap().len()
}

/// Contract A3 "blocked", SEC-34, SEC-39: ten wrong passwords, the notice, its mail, the button; with the rights of
/// the template, and nothing secret in any log.
#[tokio::test]
async fn a_block_is_told_and_ended() {
    let gateway = Gateway::new().await;
    let password = |password: &'static str| {
        let fields = [("grant_type", "password"), ("username", USER), ("password", password)];
        let all: Vec<_> = fields.into_iter().chain(DEMO_APP).collect();
        gateway.post("/oauth/token", Body::form(&all))
    };
    for _ in 0..10 {
        assert_eq!(password("a wrong one").await.status, 403);
    }
    assert_eq!(password("pwd").await.status, 429);

    let event = event(&gateway).await;
    assert_eq!(event["Records"].as_array().unwrap().len(), 1);
    gateway
        .twin
        .aws
        .faults
        .add(serde_json::from_value(json!({ "service": "ses", "mode": "throttle" })).unwrap());
    assert_eq!(failures(&gateway.invoke("notices", event.clone()).await.unwrap()), 1);
    for _ in 0..2 {
        assert_eq!(failures(&gateway.invoke("notices", event.clone()).await.unwrap()), 0);
    }
    let mails = gateway.twin.aws.inbox.messages(Some(USER));
    assert_eq!(mails.len(), 1, "once");
    let link = mails[0].text.lines().find(|line| line.starts_with("http")).unwrap();
    let path = format!("/{}", link.strip_prefix(&gateway.issuer()).unwrap());

    let page = gateway.send("GET", &path, &[], Body::none()).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let (_, rest) = page.body.split_once(r#"name="ticket" value=""#).unwrap();
    let ticket = rest.split_once('"').unwrap().0.to_owned();
    assert_eq!(password("pwd").await.status, 429, "a look changes nothing");
    assert_eq!(gateway.post("/u/unblock", Body::form(&[("ticket", &ticket)])).await.status, 200);
    assert_eq!(password("pwd").await.status, 403, "asked for the second factor");
    no_secret_is_logged(&gateway, &[USER, &ticket, "a wrong one", "demo-secret"]).await;
}

/// SEC-31: what is no event of a stream is an error, so that it is repeated and seen.
#[tokio::test]
async fn another_event_is_an_error() {
    let gateway = Gateway::new().await;
    assert!(gateway.invoke("notices", json!({ "source": "aws.events" })).await.is_err());
}
