//! One entry of the audit log, and the line it is written as.

use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};

use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::event::Event;
use super::trail::Trail;
use crate::id::UserId;
use crate::rules::random::Random;
use crate::time::Timestamp;

/// What the gateway and the answer tell of a request.
#[derive(Clone, Debug)]
pub struct Request {
    /// When it was answered.
    pub at: Timestamp,
    /// The issuer's host.
    pub hostname: String,
    /// The address it came from, as the front door knows it.
    pub ip: String,
    /// The gateway's id of it.
    pub request_id: String,
    /// The client's word for itself, shortened; not to be believed.
    pub user_agent: Option<String>,
    /// HTTP method.
    pub method: String,
    /// The route's template: a path holds ids.
    pub route: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Why it was refused.
    pub reason: Option<&'static str>,
}

/// One entry of the audit log (SEC-40): flat, so that a log's query reads it without unpacking. There is no place in it
/// for an address, a code or a token (SEC-34).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Sorts by time: ten digits of seconds, six of the place among one environment's records, 24 at random.
    pub log_id: String,
    /// When.
    pub date: Timestamp,
    /// The event's code.
    #[serde(rename = "type")]
    pub code: String,
    /// What the code means.
    pub description: String,
    /// Whose account, see [`named`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The client that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The connection of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<String>,
    /// Why it failed; of a mail that nobody waits for, why it was to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where the request came from.
    pub ip: String,
    /// The client's word for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The gateway's id of the request.
    pub request_id: String,
    /// HTTP method.
    pub method: String,
    /// The route's template.
    pub route: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// The issuer's host.
    pub hostname: String,
}

/// What the audit log calls a user: its id; a digest where the id is, or may be, somebody's address or
/// number (SEC-34).
#[must_use]
pub fn named(user: &UserId) -> String {
    let id = user.as_str();
    match id.split_once('|') {
        Some(_) if !id.contains(['@', '+']) => id.to_owned(),
        _ => HEXLOWER
            .encode(digest::digest(&digest::SHA256, id.as_bytes()).as_ref().get(..12).unwrap_or_default()),
    }
}

/// Where records go: a line each, and to all who follow.
#[derive(Debug, Default)]
pub struct AuditLog {
    written: AtomicU32,
    followers: RwLock<Vec<mpsc::UnboundedSender<Record>>>,
}

/// Places of one environment's records within a second.
const PLACES: u32 = 1_000_000;
/// Random digits of a record's id.
const RANDOM_DIGITS: usize = 24;

impl AuditLog {
    /// Has every record from now on sent to the caller as well: the twin has no log stream. `None` when another thread
    /// failed while it asked for the same.
    pub fn follow(&self) -> Option<mpsc::UnboundedReceiver<Record>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.followers.write().ok()?.push(sender);
        Some(receiver)
    }

    /// Writes a record for each event of a request.
    pub(crate) fn write(&self, request: &Request, trail: &Trail, random: &Random) {
        for event in &trail.events {
            let record = self.record(request, trail, *event, random);
            line(&record);
            let Ok(followers) = self.followers.read() else { continue };
            for follower in followers.iter() {
                // Whoever stopped following misses nothing that anybody reads.
                let _ = follower.send(record.clone());
            }
        }
    }

    fn record(&self, request: &Request, trail: &Trail, event: Event, random: &Random) -> Record {
        let place = self.written.fetch_add(1, Ordering::Relaxed) % PLACES;
        // An id that others could have as well is better than no record.
        let unique =
            random.string(b"0123456789", RANDOM_DIGITS).unwrap_or_else(|_| "0".repeat(RANDOM_DIGITS));
        Record {
            log_id: format!("{:010}{place:06}{unique}", request.at.0),
            date: request.at,
            code: event.code().to_owned(),
            description: event.description().to_owned(),
            user_id: trail.user.as_ref().map(named),
            client_id: trail.client.as_ref().map(|id| id.as_str().to_owned()),
            connection: trail.connection.clone(),
            factor: trail.factor.map(|factor| factor.as_str().to_owned()),
            reason: trail.reason.or(request.reason).map(ToOwned::to_owned),
            ip: request.ip.clone(),
            user_agent: request.user_agent.clone(),
            request_id: request.request_id.clone(),
            method: request.method.clone(),
            route: request.route.clone(),
            status: request.status,
            hostname: request.hostname.clone(),
        }
    }
}

/// The line, with a record's members as its own: what is not known is not in it.
fn line(record: &Record) {
    tracing::info!(
        event = "audit",
        log_id = record.log_id,
        date = record.date.0,
        r#type = record.code,
        description = record.description,
        user_id = record.user_id,
        client_id = record.client_id,
        connection = record.connection,
        factor = record.factor,
        reason = record.reason,
        ip = record.ip,
        user_agent = record.user_agent,
        request_id = record.request_id,
        method = record.method,
        route = record.route,
        status = record.status,
        hostname = record.hostname,
    );
}
