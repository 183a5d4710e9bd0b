//! A twin per test, a client that speaks to it, and the flows most tests begin with.

mod alarms;
mod applications;
mod audit;
mod block;
mod client;
mod documented;
mod enrolment_page;
mod factor_steps;
mod flows;
mod jwt;
mod log;
mod logs;
pub(crate) mod mail_events;
mod mailed;
mod methods;
mod moving;
mod offline;
mod overtaken;
mod passwordless;
mod phone;
pub(crate) mod policy;
mod rights;
mod steps;
mod table;
pub(crate) mod template;
mod twilio;
mod users;
mod wire;

pub(crate) use alarms::alarms;
pub(crate) use applications::{APIS, ApplicationStep, CLIENTS, GRANTS, Made, ORDERS, without_client};
pub(crate) use audit::{Audit, Codes, Recorded};
pub(crate) use block::{link_of_block, ticket_of_block};
pub(crate) use client::{Body, Reply};
pub(crate) use enrolment_page::{
    ENROLMENT_PAGE, ENROLMENT_TICKETS, hidden_on, said_on, secret_on, shown_on, user_id, waiting_on,
};
pub(crate) use factor_steps::FactorStep;
pub(crate) use flows::{DEMO_APP, Login, OOB, OTP, RECOVERY};
pub(crate) use jwt::claims;
pub(crate) use log::Log;
pub(crate) use logs::{LOGS, LogWorld, ids, ids_of, record, records};
pub(crate) use mailed::{CHANGE_PASSWORD, SIGN_UP, forgotten, heading, newcomer, ticket_in};
pub(crate) use methods::{SECRET, path_of, without_devices};
pub(crate) use moving::{Moving, bcrypt_of, gzip, row};
pub(crate) use offline::OFFLINE;
pub(crate) use passwordless::{CALLBACK, NUMBER, PASSWORDLESS, give_number};
pub(crate) use steps::Step;
pub(crate) use table::{Item, Table, at_once, count_of, number_of, text_of, user_pk};
pub(crate) use twilio::{TWILIO_FROM, TWILIO_SID, TWILIO_TOKEN};
pub(crate) use users::{PASSWORD, USERS, new_user, user_path};
pub(crate) use wire::{MFA_SCOPES, PASSWORD_REALM, as_client};

use std::time::Duration;

use local::aws::Message;
use local::{Patience, Twin, TwinOptions};
use postern::config::Timeouts;
use postern::time::{Clock, Timestamp};
use rights::Rights;
use serde_json::{Value, json};

/// When every test begins: a whole TOTP step, far from any real time.
pub(crate) const START: Timestamp = Timestamp(1_900_000_020);

/// A twin with a clock of its own.
pub(crate) struct World {
    pub(crate) twin: Twin,
    pub(crate) clock: Clock,
    http: client::Client,
    rights: Rights,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world whose twin differs from the usual one.
    pub(crate) async fn with(change: impl FnOnce(&mut TwinOptions)) -> Self {
        let mut options = TwinOptions::for_tests(Clock::fixed(START));
        // A call that a fault holds is given up at once, and no other ever, however busy the machine is.
        options.patience = Patience::OfAnswers;
        options.timeouts = Timeouts {
            connect: Duration::from_secs(200),
            attempt: Duration::from_secs(300),
            send: Duration::from_secs(300),
            notice: Duration::from_secs(400),
            request: Duration::from_secs(400),
        };
        change(&mut options);
        let clock = options.clock.clone();
        let twin = Twin::start(options).await.unwrap();
        let rights = Rights(twin.aws.calls.clone());
        Self { twin, clock, http: client::Client::new(), rights }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.twin.base_url())
    }

    /// The issuer, with its slash.
    pub(crate) fn issuer(&self) -> String {
        self.twin.app.config.issuer.as_str().to_owned()
    }

    pub(crate) async fn post(&self, path: &str, body: Body) -> Reply {
        self.send("POST", path, &[], body).await
    }

    /// Sends a request. Whatever is answered, the OpenAPI document has it.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Reply {
        let sent = body.bytes.clone();
        let reply = self.http.send(method, &self.url(path), headers, body).await;
        documented::assert_documented(method, path, &sent, &reply);
        reply
    }

    pub(crate) async fn bearer(&self, method: &str, path: &str, token: &str, body: Body) -> Reply {
        self.send(method, path, &[("authorization", &format!("Bearer {token}"))], body).await
    }

    /// The messages with a code for an address, newest first: notices have no group of six digits.
    fn codes(&self, to: &str) -> Vec<String> {
        let messages = self.twin.aws.inbox.messages(Some(to));
        let groups = |text: &str| -> Vec<String> {
            let digits = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 6);
            // An SMS bound to a domain names its code once more.
            let mut digits: Vec<_> = digits.map(ToOwned::to_owned).collect();
            digits.dedup();
            digits
        };
        let codes = messages.iter().map(|message| groups(&message.text)).filter(|codes| !codes.is_empty());
        codes
            .inspect(|codes| assert_eq!(codes.len(), 1, "the code is the only group of six digits"))
            .flatten()
            .collect()
    }

    /// The newest code mailed to an address.
    pub(crate) fn code(&self, to: &str) -> String {
        self.codes(to).first().expect("a message").clone()
    }

    /// How many codes an address has got.
    pub(crate) fn mails(&self, to: &str) -> usize {
        self.codes(to).len()
    }

    /// The security notices an address has got so far, oldest first.
    pub(crate) async fn notices(&self, to: &str) -> Vec<Message> {
        self.twin.deliver_notices().await;
        let mut messages = self.twin.aws.inbox.messages(Some(to));
        messages.retain(|message| {
            !message.text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() == 6)
        });
        messages.reverse();
        messages
    }

    /// A code that is not `code`.
    pub(crate) fn wrong(code: &str) -> String {
        let number: u32 = code.parse().unwrap();
        format!("{:06}", (number + 1) % 1_000_000)
    }

    /// Every call since the log was cleared, in order, as `GET /_local/calls` answers them.
    pub(crate) fn trips(&self) -> Value {
        serde_json::to_value(self.twin.aws.calls.all()).unwrap()
    }

    /// Clears the log of calls.
    pub(crate) fn forget_calls(&self) {
        self.rights.check();
        self.twin.aws.calls.clear();
    }

    /// The greatest `round_trip` since [`World::forget_calls`].
    pub(crate) fn round_trips(&self) -> u64 {
        let calls = self.trips();
        calls.as_array().unwrap().iter().filter_map(|call| call["round_trip"].as_u64()).max().unwrap_or(0)
    }

    /// Makes the embedded AWS misbehave.
    pub(crate) fn fault(&self, service: &str, operation: &str, mode: &str, skip: u32, count: u32) {
        let fault =
            json!({ "service": service, "operation": operation, "mode": mode, "skip": skip, "count": count });
        self.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    }

    /// A service refuses every call of an operation, or of all, by an exception, until faults are cleared.
    pub(crate) fn refuse(&self, service: &str, operation: &str, code: &str) {
        self.refuse_some(service, operation, code, 1_000_000);
    }

    /// So many of them.
    pub(crate) fn refuse_some(&self, service: &str, operation: &str, code: &str, count: u32) {
        let fault = json!({
            "service": service, "operation": operation, "mode": "refuse", "code": code, "count": count,
        });
        self.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    }

    /// A Management API token with every scope.
    pub(crate) async fn management_token(&self) -> String {
        self.client_credentials("").await.text("access_token")
    }

    /// A Management API token with no scope but these.
    pub(crate) async fn token_with_scope(&self, scope: &str) -> String {
        self.client_credentials(scope).await.text("access_token")
    }

    /// Grant `client_credentials`, for the Management API; with every scope when none is named.
    pub(crate) async fn client_credentials(&self, scope: &str) -> Reply {
        let audience = format!("{}api/v2/", self.issuer());
        let body = Body::form(&[
            ("grant_type", "client_credentials"),
            ("client_id", "demo-management"),
            ("client_secret", "demo-management-secret"),
            ("audience", &audience),
            ("scope", scope),
        ]);
        self.post("/oauth/token", body).await
    }

    /// Switches a factor and lets the caches expire.
    pub(crate) async fn set_factor(&self, name: &str, enabled: bool) {
        let token = self.management_token().await;
        let path = format!("/api/v2/guardian/factors/{name}");
        let reply = self.bearer("PUT", &path, &token, Body::json(&json!({ "enabled": enabled }))).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        self.clock.advance(60);
    }
}
