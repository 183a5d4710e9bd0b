//! The audit log, of records that a test makes.

use audit::Intake;
use local::audit::event;
use postern::audit::Record;
use postern::time::Timestamp;
use serde_json::Value;

use super::client::{Body, Reply};
use super::{START, World};

pub(crate) const LOGS: &str = "/api/v2/logs";

/// A record of the given time with nothing in it that may be unknown. Numbers tell records apart and are their order
/// within a second; the digits that look like random ones put them into several partitions.
pub(crate) fn record(number: u64, at: Timestamp) -> Record {
    Record {
        log_id: format!("{:010}{number:06}{:024}", at.0, number * 7919),
        date: at,
        code: "sapi".to_owned(),
        description: "Success API Operation".to_owned(),
        user_id: None,
        client_id: None,
        connection: None,
        factor: None,
        reason: None,
        ip: "192.0.2.1".to_owned(),
        user_agent: None,
        request_id: format!("request-{number}"),
        method: "POST".to_owned(),
        route: "/api/v2/users".to_owned(),
        status: 201,
        hostname: "mfa.example.com".to_owned(),
    }
}

/// So many records, a second after another from [`START`].
pub(crate) fn records(count: u64) -> Vec<Record> {
    (0..count).map(|number| record(number, START.plus(number))).collect()
}

/// The ids of a list.
pub(crate) fn ids(list: &Value) -> Vec<String> {
    let entries = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    entries.iter().map(|entry| entry["log_id"].as_str().unwrap().to_owned()).collect()
}

/// The ids of records.
pub(crate) fn ids_of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<String> {
    records.into_iter().map(|record| record.log_id.clone()).collect()
}

/// A world whose log has what a test puts there and nothing else, and who reads it.
pub(crate) struct LogWorld {
    pub(crate) world: World,
    pub(crate) token: String,
}

impl LogWorld {
    /// With so many records, and the clock a day after [`START`].
    pub(crate) async fn new(records: &[Record]) -> Self {
        let world = World::new().await;
        world.clock.advance(86_400);
        let token = world.management_token().await;
        world.forget_log().await;
        let this = Self { world, token };
        this.keep(records).await;
        this
    }

    /// Has records taken in, as the log stream does.
    pub(crate) async fn keep(&self, records: &[Record]) {
        let intake = Intake { app: self.world.twin.app.clone(), bus: None };
        audit::handle(&intake, event(records)).await.unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.world.bearer("GET", path, &self.token, Body::none()).await
    }

    /// The ids that a list has.
    pub(crate) async fn listed(&self, query: &str) -> Vec<String> {
        let reply = self.get(&format!("{LOGS}?{query}")).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        ids(&reply.json())
    }

    /// How a list is refused.
    pub(crate) async fn refused(&self, path: &str) -> String {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.body);
        assert_eq!(reply.text("errorCode"), "invalid_query_string", "{path}");
        reply.text("message")
    }
}

impl World {
    /// Whatever was recorded so far is in no log.
    pub(crate) async fn forget_log(&self) {
        self.twin.deliver_audit().await;
        let store = &self.twin.app.store;
        for (pk, sk) in self.stored().await.into_keys().filter(|(pk, _)| pk.starts_with("LOGS#")) {
            let delete = store.dynamodb().delete_item().table_name(store.table());
            let [pk, sk] = [pk, sk].map(postern::store::expression::text);
            delete.key("pk", pk).key("sk", sk).send().await.unwrap();
        }
        self.twin.aws.events.clear();
    }
}
