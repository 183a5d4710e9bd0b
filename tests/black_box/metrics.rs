//! What a request leaves in metrics: a line, with what happened, how long it took and how its calls went; and of each
//! metric that it is there (`docs/OPERATIONS.md`).

use std::cell::Cell;
use std::collections::BTreeSet;

use insta::assert_snapshot;
use postern::observe::Metric;
use serde_json::{Value, json};

use crate::support::{Codes, Log, NUMBER, Recorded, World};

const USER: &str = "user@example.com";
const NOBODY: &str = "nobody@example.com";

/// The lines of metrics of a test.
struct Told {
    log: Log,
    read: Cell<usize>,
}

impl Told {
    fn start() -> Self {
        Self { log: Log::start(), read: Cell::new(0) }
    }

    /// Those since the last look.
    fn lines(&self) -> Vec<Value> {
        let lines = self.log.events("metrics");
        let read = self.read.replace(lines.len());
        lines[read..].to_vec()
    }

    /// Route, class of the status, and counts of the last line. How long something took is any time.
    fn last(&self) -> String {
        let line = self.lines().pop().expect("a line");
        let counts = names(&line).into_iter().filter(|name| !name.ends_with("Latency"));
        let counts: Vec<_> = counts.map(|name| format!("{name}={}", line[&name])).collect();
        let of = |member: &str| line[member].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", of("Route"), of("Status"), counts.join(" "))
    }

    /// Every name there was.
    fn names(&self) -> Codes {
        self.log.events("metrics").iter().flat_map(names).collect()
    }
}

/// The names of a line's metrics, each of which has a value.
fn names(line: &Value) -> Vec<String> {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter();
    let metrics = directives.flat_map(|directive| directive["Metrics"].as_array().unwrap());
    let names: Vec<_> = metrics.map(|metric| metric["Name"].as_str().unwrap().to_owned()).collect();
    for name in &names {
        let values = line[name].as_array().cloned().unwrap_or_else(|| vec![line[name].clone()]);
        assert!(!values.is_empty() && values.iter().all(Value::is_number), "{name}: {line}");
    }
    names
}

/// Right, wrong, the one too many, and those refused since; of somebody and of nobody alike (SEC-35). A line a request.
#[tokio::test]
async fn passwords() {
    PASSWORDS.codes().await;
}

static PASSWORDS: Recorded = Recorded::new(|| Box::pin(by_password()));

async fn by_password() -> Codes {
    let told = Told::start();
    let world = World::new().await;
    world.log_in(USER).await;
    assert_snapshot!(told.last(), @"/oauth/token 4xx PasswordsFailed=0 PasswordsVerified=1 Requests=1 ColdStarts=1 ServerErrors=0");
    for name in [USER, NOBODY] {
        world.password(name, "wrong").await;
        assert_eq!(told.last(), "/oauth/token 4xx PasswordsFailed=1 Requests=1 ServerErrors=0");
    }
    for _ in 0..9 {
        world.password(USER, "wrong").await;
    }
    assert_snapshot!(told.last(), @"/oauth/token 4xx Locked=1 PasswordsFailed=1 Requests=1 ServerErrors=0");
    world.password(USER, "pwd").await;
    assert_snapshot!(told.last(), @"/oauth/token 4xx Limited=1 Requests=1 ServerErrors=0");
    assert_eq!(told.log.events("metrics").len(), told.log.events("request").len());
    told.names()
}

/// Sent, wrong, right, by mail; the notice of it, which nobody asked for.
#[tokio::test]
async fn codes_by_mail() {
    CODES_BY_MAIL.codes().await;
}

static CODES_BY_MAIL: Recorded = Recorded::new(|| Box::pin(by_mail()));

async fn by_mail() -> Codes {
    let told = Told::start();
    let world = World::new().await;
    let login = world.log_in(USER).await.mfa_token;
    let associated = world.associate_email(&login, None).await;
    assert_snapshot!(told.last(), @"/mfa/associate 2xx CodesSentByEmail=1 DeliveryFailures=0 MailsSent=1 Requests=1 ServerErrors=0");
    let (oob_code, code) = (associated.text("oob_code"), world.code(USER));
    world.oob(&login, &oob_code, &World::wrong(&code)).await;
    assert_snapshot!(told.last(), @"/oauth/token 4xx CodesFailed=1 Requests=1 ServerErrors=0");
    assert_eq!(world.oob(&login, &oob_code, &code).await.status, 200);
    assert_snapshot!(told.last(), @"/oauth/token 2xx CodesFailed=0 CodesVerified=1 Requests=1 ServerErrors=0");
    world.twin.deliver_notices().await;
    assert_snapshot!(told.last(), @"- - DeliveryFailures=0 MailsSent=1");
    world.start_email(USER).await;
    told.names()
}

/// By text message and by call, by AWS and by Twilio: the same counts, and other calls.
#[tokio::test]
async fn codes_by_phone() {
    CODES_BY_PHONE.codes().await;
}

static CODES_BY_PHONE: Recorded = Recorded::new(|| Box::pin(by_phone()));

async fn by_phone() -> Codes {
    let told = Told::start();
    for (channel, counted, by_aws, by_twilio) in [
        ("sms", "CodesSentBySms", "SMS.SendTextMessage", "Twilio.CreateMessage"),
        ("voice", "CodesSentByVoice", "SMS.SendVoiceMessage", "Twilio.CreateCall"),
    ] {
        for (world, call) in
            [(World::with_phones(true).await, by_aws), (World::with_twilio().await, by_twilio)]
        {
            let login = world.log_in(USER).await.mfa_token;
            told.lines();
            assert_eq!(world.associate_phone(&login, channel, NUMBER).await.status, 200);
            let line = told.lines().pop().unwrap();
            assert_eq!((&line[counted], &line["DeliveryFailures"]), (&1.into(), &0.into()), "{line}");
            assert!(line[format!("{call}.Latency")].is_number(), "{line}");
        }
    }
    told.names()
}

/// Codes of a sign-in without password; a password is no part of it.
#[tokio::test]
async fn sign_in_codes() {
    let told = Told::start();
    let world = World::with_passwordless().await;
    assert_eq!(world.start_email(USER).await.status, 200);
    assert_snapshot!(told.last(), @"/passwordless/start 2xx CodesSentByEmail=1 DeliveryFailures=0 MailsSent=1 Requests=1 ColdStarts=1 ServerErrors=0");
    let code = world.code(USER);
    world.passwordless("email", USER, &World::wrong(&code)).await;
    assert_snapshot!(told.last(), @"/oauth/token 4xx CodesFailed=1 Requests=1 ServerErrors=0");
    world.passwordless("email", USER, &code).await;
    assert_snapshot!(told.last(), @"/oauth/token 4xx CodesFailed=0 CodesVerified=1 Requests=1 ServerErrors=0");
}

/// A mail that SES does not take, a call that is throttled and repeated, one that is never answered.
#[tokio::test]
async fn failures() {
    FAILURES.codes().await;
}

static FAILURES: Recorded = Recorded::new(|| Box::pin(by_failing()));

async fn by_failing() -> Codes {
    let told = Told::start();
    let world = World::new().await;
    let login = world.log_in(USER).await.mfa_token;
    world.fault("ses", "SendEmail", "error", 0, 1);
    assert_eq!(world.associate_email(&login, None).await.status, 503);
    assert_snapshot!(told.last(), @"/mfa/associate 5xx DeliveryFailures=1 SES.SendEmail.Errors=1 Requests=1 ServerErrors=1");
    world.fault("dynamodb", "GetItem", "throttle", 0, 1);
    world.log_in(USER).await;
    assert_snapshot!(told.last(), @"/oauth/token 4xx DynamoDB.GetItem.Errors=1 DynamoDB.GetItem.Throttles=1 DynamoDB.Throttles=1 PasswordsFailed=0 PasswordsVerified=1 Requests=1 ServerErrors=0");
    world.fault("dynamodb", "GetItem", "timeout", 0, 100);
    assert_eq!(world.password(USER, "pwd").await.status, 503);
    world.twin.aws.faults.clear();
    let line = told.lines().pop().unwrap();
    assert_eq!(line["ServerErrors"], 1, "{line}");
    assert!(line["DynamoDB.GetItem.Errors"].as_u64() >= Some(2), "{line}");
    assert!(line["DynamoDB.GetItem.Throttles"].is_null(), "{line}");
    told.names()
}

/// What is a recipient's fact and no failure of ours: a number that opted out, a mail that came back.
#[tokio::test]
async fn recipients() {
    RECIPIENTS.codes().await;
}

static RECIPIENTS: Recorded = Recorded::new(|| Box::pin(by_recipients()));

async fn by_recipients() -> Codes {
    let told = Told::start();
    let world = World::with_phones(true).await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_phone(&login, "sms", "+12065550104").await.status, 503);
    assert_snapshot!(told.last(), @"/mfa/associate 5xx SMS.SendTextMessage.Errors=1 Undeliverable=1 Requests=1 ServerErrors=0");
    let mail = json!({
        "timestamp": "2030-03-17T17:47:00.012Z",
        "destination": [USER],
        "tags": { "postern-message": ["mfa-code"] },
    });
    let event = json!({ "source": "aws.ses", "detail-type": "Email Rejected", "detail": { "mail": mail } });
    mail_events::handle(&world.twin.app, event).await.unwrap();
    assert_snapshot!(told.last(), @"- - MailsBounced=1");
    told.names()
}

/// A refresh token that comes again.
#[tokio::test]
async fn refresh_tokens() {
    REFRESH_TOKENS.codes().await;
}

static REFRESH_TOKENS: Recorded = Recorded::new(|| Box::pin(by_refresh_token()));

async fn by_refresh_token() -> Codes {
    let told = Told::start();
    let world = World::new().await;
    let token = world.enrol_offline(USER).await.text("refresh_token");
    world.refresh(&token).await;
    assert_snapshot!(told.last(), @"/oauth/token 2xx Requests=1 ServerErrors=0");
    world.clock.advance(100);
    assert_eq!(world.refresh(&token).await.status, 403);
    assert_snapshot!(told.last(), @"/oauth/token 4xx RefreshTokensReused=1 Requests=1 ServerErrors=0");
    told.names()
}

static FLOWS: [&Recorded; 6] =
    [&PASSWORDS, &CODES_BY_MAIL, &CODES_BY_PHONE, &FAILURES, &RECIPIENTS, &REFRESH_TOKENS];

async fn seen() -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for flow in FLOWS {
        seen.extend(flow.codes().await.clone());
    }
    seen
}

/// Each metric there is comes out of a request; those of `rotate-keys`, of which the twin is none, in the tests of the
/// binaries.
#[tokio::test]
async fn every_metric_is_seen() {
    let of_calls = |name: &String| name.contains('.');
    let seen: BTreeSet<_> = seen().await.into_iter().filter(|name| !of_calls(name)).collect();
    let elsewhere = [Metric::KeysRotated, Metric::RotationFailures];
    let all = Metric::ALL.into_iter().filter(|metric| !elsewhere.contains(metric));
    assert_eq!(seen, all.map(|metric| metric.name().to_owned()).collect());
}

/// What the dashboard shows of calls is what their metrics are called.
#[tokio::test]
async fn the_dashboard_knows_the_calls() {
    let template = include_str!("../../infra/template.yaml");
    let shown: BTreeSet<_> = template.split('"').filter(|name| name.ends_with(".Latency")).collect();
    assert!(shown.len() > 5, "{shown:?}");
    let seen = seen().await;
    let unknown: Vec<_> = shown.into_iter().filter(|name| !seen.contains(*name)).collect();
    assert_eq!(unknown, [""; 0]);
}
