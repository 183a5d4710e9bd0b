//! What a login of each kind costs: `infra/cost/measured.json`, from which the tables of docs/OPERATIONS.md are made, is
//! what the twin counts. `UPDATE_COSTS=1 cargo test --workspace --test black_box costs` writes it anew.

use std::collections::BTreeMap;
use std::future::Future;

use local::aws::{Call, Service, Units};
use postern::rules::settings::SettingValue;
use postern::token::keys::{KeyNeeds, Keys};
use serde::{Deserialize, Serialize};

use crate::support::{Log, OFFLINE, Reply, World};

const MEASURED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/cost/measured.json");
const UPDATE: &str = "UPDATE_COSTS";

const USER: &str = "user@example.com";
const API: &str = "https://someapi.com/api";
const NUMBER: &str = "+4915112345678";
/// Partitions that logins of different users share, by their first word; all others are one user's or one login's.
const SHARED: [&str; 6] = ["TENANT", "PROVIDER", "KEYS", "CLIENT", "API", "COUNTRY"];
/// Of that of the audit log there are sixteen: its records are counted, wherever they come to lie.
const LOGS: &str = "LOGS";
/// Lengths of log lines differ by the digits of durations and by what is chosen at random.
const LOG_BYTES_OFF_MAX: f64 = 0.1;

/// What one invocation of a function called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Invocation {
    function: String,
    round_trips: u32,
    read_units: f64,
    write_units: f64,
}

/// What one login costs, from the first request to the tokens.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Cost {
    /// Through the gateway, in order.
    requests: Vec<Invocation>,
    /// Behind it: notices and the audit log, a login at a time.
    behind: Vec<Invocation>,
    mails: usize,
    texts: usize,
    audit_records: usize,
    log_bytes: usize,
    /// Read units of each shared partition.
    shared_reads: BTreeMap<String, f64>,
    /// Write units of each shared partition.
    shared_writes: BTreeMap<String, f64>,
}

/// Everything that is counted.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Measured {
    logins: BTreeMap<String, Cost>,
    /// `kms:Decrypt` at the start of an environment, by what it unwraps; each generation of keys adds its own.
    decrypts_per_start: BTreeMap<String, usize>,
}

/// Counts one login.
struct Meter<'a> {
    world: &'a World,
    log: &'a Log,
    log_begin: usize,
    cost: Cost,
}

impl<'a> Meter<'a> {
    /// From now on. What was before has been delivered.
    async fn start(world: &'a World, log: &'a Log) -> Self {
        world.twin.deliver_notices().await;
        world.twin.deliver_audit().await;
        world.forget_calls();
        Self { world, log, log_begin: log.text().len(), cost: Cost::default() }
    }

    /// A request that is answered with that status.
    async fn request(&mut self, status: u16, request: impl Future<Output = Reply>) -> Reply {
        let reply = request.await;
        assert_eq!(reply.status, status, "{}", reply.body);
        let calls = self.calls();
        assert!(calls.iter().all(|call| call.service != Service::Kms), "a warm request makes no KMS call");
        self.cost.requests.extend(invocations(&calls));
        reply
    }

    async fn end(mut self) -> Cost {
        // Of the requests; what the functions behind them log is little and theirs.
        self.cost.log_bytes = bytes_of(&self.log.text()[self.log_begin..]);
        self.world.twin.deliver_notices().await;
        self.world.twin.deliver_audit().await;
        let calls = self.calls();
        self.cost.behind = invocations(&calls);
        self.cost
    }

    /// The calls since the last look, with what is added up over the whole login.
    fn calls(&mut self) -> Vec<Call> {
        let calls = self.world.twin.aws.calls.all();
        self.world.forget_calls();
        for call in &calls {
            match call.service {
                Service::Ses => self.cost.mails += 1,
                Service::Sms => self.cost.texts += 1,
                _ => {}
            }
            self.share(call);
        }
        calls
    }

    /// Notes what a call reads and writes of shared partitions.
    fn share(&mut self, call: &Call) {
        let Some(units) = call.units else { return };
        let keys: Vec<_> = call.actions.iter().filter_map(|action| action.leading_key.as_deref()).collect();
        let entities: Vec<_> = keys.iter().map(|key| key.split('#').next().unwrap()).collect();
        self.cost.audit_records += entities.iter().filter(|entity| **entity == LOGS).count();
        let Some(entity) = entities.iter().find(|entity| SHARED.contains(entity)) else { return };
        assert_eq!(entities.len(), 1, "units of one call cannot be told apart: {call:?}");
        *self.cost.shared_reads.entry((*entity).to_owned()).or_default() += units.read;
        *self.cost.shared_writes.entry((*entity).to_owned()).or_default() += units.write;
    }
}

/// What each function called: requests come one after another.
fn invocations(calls: &[Call]) -> Vec<Invocation> {
    let mut found: BTreeMap<&str, (u32, Units)> = BTreeMap::new();
    for call in calls {
        // The bus is an option of the deployment.
        if call.service == Service::Events {
            continue;
        }
        let (trips, units) = found.entry(call.function.as_deref().unwrap()).or_default();
        *trips = call.round_trip.max(*trips);
        *units = units.plus(call.units.unwrap_or_default());
    }
    let invocation = |(function, (round_trips, units)): (&str, (u32, Units))| Invocation {
        function: function.to_owned(),
        round_trips,
        read_units: units.read,
        write_units: units.write,
    };
    found.into_iter().map(invocation).collect()
}

/// The bytes of log lines, each with its end; durations as long as most are.
fn bytes_of(lines: &str) -> usize {
    let bytes = |line: &str| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(duration) = line.get_mut("duration_milliseconds") {
            *duration = 100.into();
        }
        line.to_string().len() + 1
    };
    lines.lines().map(bytes).sum()
}

async fn password() -> Cost {
    let (log, world) = (Log::start(), World::new().await);
    world.without_mfa().await;
    world.log_in_without_mfa(USER, "openid").await;
    let mut meter = Meter::start(&world, &log).await;
    meter.request(200, world.password(USER, "pwd")).await;
    meter.end().await
}

async fn email() -> Cost {
    let (log, world) = (Log::start(), World::new().await);
    let (id, _) = world.enrol_email(USER).await;
    by_code(&world, &log, &id, USER).await
}

async fn text() -> Cost {
    let (log, world) = (Log::start(), World::with_phones(false).await);
    let id = world.enrol_phone(USER, "sms", NUMBER).await;
    by_code(&world, &log, &id, NUMBER).await
}

/// Password, challenge, code.
async fn by_code(world: &World, log: &Log, id: &str, destination: &str) -> Cost {
    world.log_in(USER).await;
    let mut meter = Meter::start(world, log).await;
    let login = meter.request(403, world.password(USER, "pwd")).await.text("mfa_token");
    let challenge = meter.request(200, world.challenge(&login, "oob", id)).await;
    let code = world.code(destination);
    meter.request(200, world.oob(&login, &challenge.text("oob_code"), &code)).await;
    meter.end().await
}

async fn app() -> Cost {
    let (log, world) = (Log::start(), World::new().await);
    let secret = world.enrol_otp(USER).await;
    world.log_in(USER).await;
    let mut meter = Meter::start(&world, &log).await;
    let login = meter.request(403, world.password(USER, "pwd")).await.text("mfa_token");
    meter.request(200, world.otp(&login, &world.app_code(&secret, 0))).await;
    meter.end().await
}

/// The user is mailed that the code was used.
async fn recovery_code() -> Cost {
    let (log, world) = (Log::start(), World::new().await);
    let (_, code) = world.enrol_email(USER).await;
    let mut meter = Meter::start(&world, &log).await;
    let login = meter.request(403, world.password(USER, "pwd")).await.text("mfa_token");
    meter.request(200, world.recovery(&login, &code)).await;
    meter.end().await
}

async fn refresh() -> Cost {
    let (log, world) = (Log::start(), World::new().await);
    world.configure(&[("email_sends", SettingValue::Number(10))]).await;
    let login = world.password_for(USER, "pwd", API, OFFLINE).await.text("mfa_token");
    let oob_code = world.associate_email(&login, None).await.text("oob_code");
    let token = world.oob(&login, &oob_code, &world.code(USER)).await.text("refresh_token");
    let mut meter = Meter::start(&world, &log).await;
    meter.request(200, world.refresh(&token)).await;
    meter.end().await
}

/// What a start of an environment asks of KMS, in a deployment whose keys were never rotated.
async fn decrypts_per_start() -> BTreeMap<String, usize> {
    let world = World::new().await;
    let app = &world.twin.app;
    let mut decrypts = BTreeMap::new();
    for (name, needs) in [("roots", KeyNeeds::ROOTS), ("all", KeyNeeds::ALL)] {
        world.forget_calls();
        Keys::new(app.store.clone(), app.kms.clone(), needs).ring(app.now()).await.unwrap();
        let calls = world.twin.aws.calls.all();
        decrypts.insert(name.to_owned(), calls.iter().filter(|call| call.service == Service::Kms).count());
    }
    decrypts
}

async fn measured() -> Measured {
    // One after another: a log is the thread's.
    let logins = [
        ("password", password().await),
        ("email", email().await),
        ("sms", text().await),
        ("totp", app().await),
        ("recovery-code", recovery_code().await),
        ("refresh", refresh().await),
    ];
    let logins = logins.into_iter().map(|(name, cost)| (name.to_owned(), cost)).collect();
    Measured { logins, decrypts_per_start: decrypts_per_start().await }
}

/// Issue 5.6: trips, units, mails and texts are exactly what is committed; log lines are as long but for a tenth.
#[tokio::test]
async fn the_committed_costs_are_what_the_twin_counts() {
    let mut now = measured().await;
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(MEASURED, serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
    }
    let committed = std::fs::read_to_string(MEASURED).unwrap();
    let committed: Measured = serde_json::from_str(&committed).unwrap();
    for (name, cost) in &mut now.logins {
        let then = committed.logins[name].log_bytes;
        let off = (cost.log_bytes as f64 - then as f64).abs();
        assert!(off <= LOG_BYTES_OFF_MAX * then as f64, "{name}: {} bytes of {then}", cost.log_bytes);
        cost.log_bytes = then;
    }
    let how = format!("`{UPDATE}=1 cargo test --workspace --test black_box costs`, then `infra/cost/tables`");
    assert_eq!(now, committed, "docs/OPERATIONS.md says otherwise; {how}");
}

/// The twin bills what is known of these requests: a client's, a user's and an API's items are read, a code and a charge
/// written; a text message is counted for its country as well.
#[tokio::test]
async fn units_are_counted_where_they_are_spent() {
    let (email, text) = (email().await, text().await);
    assert_eq!(email.requests.len(), 3);
    assert!(email.requests.iter().all(|request| request.read_units >= 1.0 && request.write_units >= 1.0));
    assert_eq!((email.mails, email.texts, text.mails, text.texts), (1, 0, 0, 1));
    assert!(email.shared_reads["CLIENT"] >= 1.0 && !email.shared_writes.contains_key("COUNTRY"));
    assert_eq!(text.shared_writes["COUNTRY"], 1.0);
}
