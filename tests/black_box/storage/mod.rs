//! The contract of the store, on every engine there is: the twin's, and the one at `POSTERN_TEST_DYNAMODB_URL` when
//! that is set (`tests/dynamodb-local/run` sets it to AWS's own DynamoDB Local). Each test has tables of its own.

pub(crate) mod fixtures;

mod accounts;
mod applications;
mod confirm;
mod enrol;
mod give;
mod keys;
mod limits;
mod listing;
mod logs;
mod mailboxes;
mod move_in;
mod notices;
mod operator;
mod passwordless;
mod providers;
mod refresh;
mod regenerate;
mod remove;
mod send;
mod templates;
mod tenant;
mod tickets;
mod twins;
mod unique;
mod users;

use aws_sdk_dynamodb::Client;
use local::Twin;
use postern::id::Jti;
use postern::rules::random::Random;
use postern::store::Store;
use postern::store::schema::create_table;

use crate::support::World;

/// Names a further engine to run against.
const ENGINE_VARIABLE: &str = "POSTERN_TEST_DYNAMODB_URL";

/// An empty table on one of the engines.
struct Subject {
    /// Of the engine, for messages.
    name: &'static str,
    store: Store,
    /// Keeps the embedded engine running; its KMS serves all subjects.
    twin: Twin,
}

impl Subject {
    async fn new(name: &'static str, url: Option<&str>) -> Self {
        // A Java engine may be slow at first, and a charge that timed out is not repeated.
        let World { twin, .. } = World::new().await;
        let mut config = twin.app.store.dynamodb().config().to_builder();
        if let Some(url) = url {
            config = config.endpoint_url(url);
        }
        let client = Client::from_conf(config.build());
        let random = Random::system();
        let table = format!("storage-{}", Jti::generate(&random).unwrap());
        create_table(&client, &table).await.unwrap();
        Self { name, store: Store::new(client, &table, random), twin }
    }

    /// An item as it is in the table.
    async fn item(&self, pk: &str, sk: &str) -> Option<postern::store::Item> {
        use postern::store::expression::text;
        let call = self.store.dynamodb().get_item().table_name(self.store.table()).consistent_read(true);
        call.key("pk", text(pk)).key("sk", text(sk)).send().await.unwrap().item
    }
}

/// One empty table on each engine.
async fn subjects() -> Vec<Subject> {
    let mut subjects = vec![Subject::new("embedded", None).await];
    if let Some(url) = std::env::var(ENGINE_VARIABLE).ok().filter(|url| !url.is_empty()) {
        subjects.push(Subject::new("from the environment", Some(&url)).await);
    }
    subjects
}

/// Starts `count` futures at once and waits for all; each runs as a task of its own.
async fn at_once<F, T>(count: usize, make: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|i| tokio::spawn(make(i))).collect();
    let mut results = Vec::with_capacity(count);
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
