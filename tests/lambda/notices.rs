//! `notices`, which the table's stream invokes, and the page its mail about a block leads to.

use local::twin::TABLE;
use postern::rules::settings::SettingValue;
use serde_json::{Value, json};

use crate::flow::Flow;
use crate::flows::{API, USER};
use crate::gateway::Gateway;
use crate::login::no_secret_is_logged;
use crate::support::{Body, World};

/// What the stream shows of the mails in the table, as Lambda hands it over.
pub(crate) async fn event(gateway: &Gateway) -> Value {
    let scan = gateway.twin.app.store.dynamodb().scan().table_name(TABLE);
    let items = scan.send().await.unwrap().items.unwrap_or_default();
    let keys = items.iter().map(|item| ["pk", "sk"].map(|name| item[name].as_s().unwrap().clone()));
    let records = keys.filter(|[_, sk]| ["NOTICE", "MAIL"].contains(&sk.as_str())).enumerate().map(|(number, [pk, sk])| {
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

pub(crate) fn failures(answer: &Value) -> usize {
    answer["batchItemFailures"].as_array().unwrap().len()
}

/// Contract A3 "blocked", SEC-34, SEC-39: ten wrong passwords, the notice, its mail, the button; with the rights of
/// the template, and nothing secret in any log.
#[tokio::test]
async fn a_block_is_told_and_ended() {
    A_BLOCK.used().await;
}

pub(crate) static A_BLOCK: Flow = Flow::new(|| Box::pin(a_block()));

async fn a_block() -> Gateway {
    let gateway = Gateway::new().await;
    let password = |password: &'static str| gateway.password(password, API, "read:sample");
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
    gateway
}

impl Gateway {
    /// Has the notices written so far mailed; the subjects of all that are in the inbox, oldest first. What has a group of
    /// six digits is a code.
    async fn told(&self) -> Vec<String> {
        assert_eq!(failures(&self.invoke("notices", event(self).await).await.unwrap()), 0);
        let mut mails = self.twin.aws.inbox.messages(Some(USER));
        mails.retain(|mail| !mail.text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() == 6));
        mails.into_iter().rev().filter_map(|mail| mail.subject).collect()
    }

    /// Wrong answers to a challenge of the user's address, so many times; the statuses.
    async fn wrong_codes(&self, id: &str, times: usize) -> Vec<u16> {
        let mfa_token = self.log_in(API, "read:sample").await;
        let oob_code = self.challenge(&mfa_token, id).await.text("oob_code");
        let wrong = World::wrong(&self.code(USER));
        let mut statuses = Vec::new();
        for _ in 0..times {
            let proof = [("oob_code", &*oob_code), ("binding_code", &wrong)];
            statuses.push(self.grant("mfa-oob", &mfa_token, &proof).await.status);
        }
        statuses
    }
}

/// SEC-31, SEC-33: every kind of notice is written by the function that causes it, and mailed.
#[tokio::test]
async fn each_kind_is_written_and_mailed() {
    EACH_KIND.used().await;
}

pub(crate) static EACH_KIND: Flow = Flow::new(|| Box::pin(each_kind()));

async fn each_kind() -> Gateway {
    let gateway = Gateway::new().await;
    let number = SettingValue::Number;
    gateway.configure(&[("recovery_attempts", number(2)), ("consecutive_failures", number(5))]).await;
    let (_, recovery_code) = gateway.enrol_email("read:sample").await;
    let mut expected = vec!["A verification method was added to your Postern Demo account"];
    assert_eq!(gateway.told().await, expected);

    let mfa_token = gateway.log_in(API, "read:sample").await;
    let used = gateway.grant("mfa-recovery-code", &mfa_token, &[("recovery_code", &recovery_code)]).await;
    assert_eq!(used.status, 200, "{}", used.body);
    expected.push("Your Postern Demo recovery code was used");
    assert_eq!(gateway.told().await, expected);

    let mfa_token = gateway.log_in(API, "read:sample").await;
    for _ in 0..2 {
        let wrong = [("recovery_code", &*recovery_code)];
        assert_eq!(gateway.grant("mfa-recovery-code", &mfa_token, &wrong).await.status, 403);
    }
    expected.push("Wrong codes for your Postern Demo account");
    assert_eq!(gateway.told().await, expected);

    // Fresh before the lock, for a locked authenticator proves nothing.
    let (token, id) = gateway.fresh_token().await;
    assert_eq!(gateway.wrong_codes(&id, 5).await, [403; 5]);
    expected.push("A verification method of your Postern Demo account was locked");
    assert_eq!(gateway.told().await, expected);

    assert_eq!(gateway.delete(&token, &id).await.status, 204);
    expected.push("A verification method was removed from your Postern Demo account");
    assert_eq!(gateway.told().await, expected);
    gateway
}

/// SEC-31: what is no event of a stream is an error, so that it is repeated and seen.
#[tokio::test]
async fn another_event_is_an_error() {
    let gateway = Gateway::new().await;
    assert!(gateway.invoke("notices", json!({ "source": "aws.events" })).await.is_err());
}
