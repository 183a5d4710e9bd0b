//! `doctor`, of a twin that is well, and of one with each fault.

use aws_sdk_dynamodb::types::TimeToLiveSpecification;
use insta::assert_snapshot;
use local::aws::{Fault, FaultMode, Service};
use postern::store::schema::create_table;
use serde_json::Value;

use crate::support::{Deployment, Ran};

impl Deployment {
    /// What is not as it should be, a line each: how bad it is, what, and how to mend it.
    async fn troubles(&self, arguments: &[&str]) -> String {
        let Ran { status, out, err } = self.ran(&[&["doctor", "-o", "json"], arguments].concat(), "").await;
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}"));
        let checks = report["checks"].as_array().unwrap();
        let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
        let has_failed = checks.iter().any(|check| check["state"] == "fail");
        assert_eq!((status, &report["healthy"]), (i32::from(has_failed), &Value::Bool(!has_failed)));
        let bad = checks.iter().filter(|check| check["state"] != "ok");
        let lines: Vec<_> = bad
            .map(|check| {
                assert!(!text(check, "mend").is_empty(), "{check}");
                format!("{} {}: {}", text(check, "state"), text(check, "check"), text(check, "found"))
            })
            .collect();
        lines.join("\n").replace(self.twin.base_url(), "[twin]")
    }
}

/// Everything is looked at, and the test mail arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_twin_is_well() {
    let deployment = Deployment::new().await;
    let Ran { status, out, err } = deployment.ran(&["doctor", "--mail-to", "me@example.com"], "").await;
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    let keys = deployment.json(&["keys", "list"]).await;
    let shown =
        out.replace(deployment.twin.base_url(), "[twin]").replace(keys[1]["kid"].as_str().unwrap(), "[kid]");
    assert_snapshot!(shown, @"
    ok    table         postern in [twin]/_local/aws is there
    ok    index         listing is there
    ok    stream        it is on, with keys only
    ok    ttl           it is on, by expires_at
    ok    kms-key       alias/postern is enabled
    ok    kms-use       it wraps, and unwraps, under an encryption context
    ok    keys          all 2 unwrap
    ok    dns           127.0.0.1 is an address itself
    ok    discovery     [twin]/ names itself so
    ok    jwks          1 published, with [kid], which signs
    ok    clock         this machine and the deployment agree
    ok    mail-account  SES sends to everybody
    ok    mail-sender   postern.example is verified
    ok    mail-events   postern tells of bounces and complaints
    ok    mail-bounces  no mail came back in the last week
    ok    mail-test     SES took it for me@example.com: see that it arrives

    16 checks: 16 ok, 0 to look at, 0 failed.
    ");
    let mails = deployment.twin.aws.inbox.messages(Some("me@example.com"));
    assert_eq!((mails.len(), mails[0].from.as_str()), (1, "mfa@postern.example"));
    assert_eq!(deployment.troubles(&[]).await, "", "json says the same");
    assert_eq!(deployment.twin.aws.inbox.messages(None).len(), 1, "no mail unless it is asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_mail_is_told() {
    let deployment = Deployment::new().await;
    let mail = &deployment.twin.aws.mail;
    mail.set_sandbox(true);
    assert_snapshot!(deployment.troubles(&["--mail-to", "me@example.com"]).await, @"
    warn mail-account: SES is in its sandbox: mail goes to verified addresses only
    fail mail-test: SES rejected it: sender or recipient is not verified
    ");
    mail.set_sandbox(false);
    mail.forget_domain("postern.example");
    assert_snapshot!(deployment.troubles(&[]).await, @"fail mail-sender: SES knows neither mfa@postern.example nor its domain");
    assert_eq!(deployment.troubles(&["--mail-from", "A <a@mail.example.com>"]).await, "");
    assert_snapshot!(deployment.troubles(&["--mail-from", "example.com"]).await, @"fail mail-sender: the sender is no address");
}

/// That AWS looks at the account, that nobody is told of bounces, and whose mail came back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_that_comes_back_is_told() {
    let deployment = Deployment::new().await;
    let mail = &deployment.twin.aws.mail;
    mail.set_enforcement("PROBATION");
    assert_snapshot!(deployment.troubles(&[]).await, @"warn mail-account: AWS has put the account on probation");
    mail.set_enforcement("SHUTDOWN");
    assert_snapshot!(deployment.troubles(&[]).await, @"fail mail-account: SES does not send for this account");
    mail.set_enforcement("HEALTHY");
    mail.set_events(false);
    assert_snapshot!(deployment.troubles(&[]).await, @"fail mail-events: postern tells EventBridge of no bounces and complaints: codes that come back look sent");
    mail.set_events(true);
    let other = deployment.troubles(&["--mail-configuration-set", "other"]).await;
    assert_snapshot!(other, @"fail mail-events: there is no configuration set other");
    deployment.enrol_address("bounce@simulator.amazonses.com").await;
    assert_snapshot!(deployment.troubles(&[]).await, @"warn mail-bounces: in the last week 1 addresses bounced and 0 complained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_table_is_told() {
    let deployment = Deployment::new().await;
    let dynamodb = deployment.twin.app.store.dynamodb();
    let off = TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(false).build().unwrap();
    dynamodb
        .update_time_to_live()
        .table_name("postern")
        .time_to_live_specification(off)
        .send()
        .await
        .unwrap();
    assert_snapshot!(deployment.troubles(&[]).await, @"fail ttl: it is off: what is over stays, and the table only grows");
    let on = TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(true).build().unwrap();
    dynamodb.update_time_to_live().table_name("postern").time_to_live_specification(on).send().await.unwrap();
    assert_eq!(deployment.troubles(&[]).await, "");

    let missing = deployment.troubles(&["--table", "nothing"]).await;
    assert_snapshot!(missing, @"
    fail table: there is no table nothing in [twin]/_local/aws
    fail ttl: dynamodb:DescribeTimeToLive: ResourceNotFoundException: Requested resource not found: Table: nothing not found
    fail keys: they cannot be read: the table cannot be reached
    fail jwks: there is no key in the table to compare it with
    fail mail-bounces: they cannot be read: the table cannot be reached
    ");
    create_table(dynamodb, "fresh").await.unwrap();
    let fresh = deployment.troubles(&["--table", "fresh"]).await;
    assert_snapshot!(fresh, @"
    fail keys: there are none: nobody can sign in
    fail jwks: there is no key in the table to compare it with
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_keys_is_told() {
    let deployment = Deployment::new().await;
    let troubles = deployment.troubles(&["--kms-key", "alias/other"]).await;
    assert_snapshot!(troubles, @"
    fail kms-key: there is no key alias/other
    fail kms-use: kms:GenerateDataKeyWithoutPlaintext: NotFoundException: Key 'alias/other' does not exist
    ");
    let fault = |operation: &str| Fault {
        service: Service::Kms,
        operation: operation.to_owned(),
        mode: FaultMode::Error,
        skip: 0,
        count: 100,
        latency_ms: 0,
        code: String::new(),
    };
    deployment.twin.aws.faults.add(fault("Decrypt"));
    assert_snapshot!(deployment.troubles(&[]).await, @"
    fail kms-use: kms:Decrypt: KMSInternalException: Internal failure.
    fail keys: they do not unwrap: KMS refuses, or they were wrapped under another key
    ");
    deployment.twin.aws.faults.clear();
    assert_eq!(deployment.troubles(&[]).await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_applications_would_see_is_told() {
    let deployment = Deployment::new().await;
    let other = Deployment::new().await;
    let issuer = other.twin.base_url();
    let troubles = deployment.troubles(&["--issuer", issuer]).await;
    let kid = deployment.json(&["keys", "list"]).await[1]["kid"].clone();
    let troubles = troubles.replace(kid.as_str().unwrap(), "[kid]");
    assert_snapshot!(troubles, @"fail jwks: the key that signs, [kid], is not published: every API refuses new tokens");
    let named = deployment.twin.base_url().replace("127.0.0.1", "localhost");
    let troubles = deployment.troubles(&["--issuer", &named]).await;
    assert_snapshot!(troubles, @"fail discovery: it names itself [twin]/");
    // A name that no resolver is asked for: its first label is longer than labels are (RFC 1035 §2.3.4).
    let nobody = format!("https://{}.example", "a".repeat(64));
    let nowhere = deployment.troubles(&["--issuer", &nobody]).await;
    let checks: Vec<_> = nowhere.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(checks, ["fail dns", "fail discovery", "fail jwks", "warn clock"], "{nowhere}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_differ_are_told() {
    let deployment = Deployment::new().await;
    deployment.twin.app.clock.advance(30);
    let troubles = deployment.troubles(&[]).await;
    assert!(troubles.starts_with("warn clock: this machine and the deployment are "), "{troubles}");
    deployment.twin.app.clock.advance(3_600);
    let troubles = deployment.troubles(&[]).await;
    assert!(troubles.starts_with("fail clock: this machine and the deployment are 36"), "{troubles}");
}
