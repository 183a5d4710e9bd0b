//! The way of a record from a log line to the table and the event bus: delivered again, in part, or not at all (SEC-40).

use audit::Intake;
use insta::assert_snapshot;
use local::audit::{event, event_of_lines};
use postern::audit::Record;
use serde_json::{Value, json};

use crate::support::{LOGS, Log, LogWorld, START, ids_of, new_user, record, records};

/// So many calls that no retry gets through.
const LASTING: u32 = 1_000;

async fn take_in(logs: &LogWorld, event: Value) -> Result<Value, String> {
    let intake = Intake { app: logs.world.twin.app.clone(), bus: None };
    audit::handle(&intake, event).await.map_err(|error| error.to_string())
}

fn line(record: &Record) -> String {
    let mut line = serde_json::to_value(record).unwrap();
    line["event"] = json!("audit");
    line.to_string()
}

/// Lines are delivered at least once, alone or with others: a record is in the log once, however often it comes.
#[tokio::test]
async fn a_record_that_comes_again_is_there_once() {
    let all = records(30);
    let logs = LogWorld::new(&all).await;
    let before = logs.world.stored().await;
    assert_eq!(take_in(&logs, event(&all)).await, Ok(json!({ "records": 30 })));
    let twice = [all[3].clone(), all[3].clone(), all[4].clone()];
    assert_eq!(take_in(&logs, event(&twice)).await, Ok(json!({ "records": 2 })));
    assert!(logs.world.stored().await == before, "not even one item changed");
    let totals = logs.get(&format!("{LOGS}?include_totals=true&per_page=0")).await;
    assert_snapshot!(totals.snapshot(), @r#"200 {"logs":[],"total":30,"start":0,"limit":0,"length":0}"#);
}

/// One line that cannot be read holds up no other, and is told without what is in it.
#[tokio::test]
async fn a_line_that_cannot_be_read_is_told() {
    let log = Log::start();
    let logs = LogWorld::new(&[]).await;
    let (one, other) = (record(1, START), record(2, START));
    let broken = line(&record(3, START)).replace("\"status\":201", "\"status\":\"canary\"");
    let wrapped = json!({ "level": "INFO", "message": line(&other) }).to_string();
    let lines = [line(&one), broken, "canary".to_owned(), r#"{"event":"request"}"#.to_owned(), wrapped];
    assert_eq!(take_in(&logs, event_of_lines(lines)).await, Ok(json!({ "records": 2 })));
    assert_eq!(logs.listed("sort=date:1").await, ids_of([&one, &other]));
    let told = log.events("audit_lines_unreadable");
    assert_eq!((told.len(), &told[0]["count"], &told[0]["level"]), (1, &json!(1), &json!("ERROR")));
    assert!(!log.text().contains("canary"));
}

/// What is none of a subscription is an error, so that it is seen.
#[tokio::test]
async fn another_event_is_an_error() {
    let logs = LogWorld::new(&[]).await;
    let refused = take_in(&logs, json!({ "Records": [] })).await;
    assert_eq!(refused, Err("not an event of a subscription to logs".to_owned()));
    assert_eq!(take_in(&logs, event(&[])).await, Ok(json!({ "records": 0 })));
}

/// What the table leaves of a batch is written again; where it never does, or fails, so does the invocation, and the
/// records come once more.
#[tokio::test]
async fn a_table_that_fails_loses_nothing() {
    let all = records(60);
    for mode in ["throttle", "error", "partial"] {
        let logs = LogWorld::new(&[]).await;
        logs.world.fault("dynamodb", "BatchWriteItem", mode, 0, 1);
        assert_eq!(take_in(&logs, event(&all)).await, Ok(json!({ "records": 60 })), "{mode}: once");
        assert_eq!(logs.listed("take=100").await, ids_of(&all), "{mode}");
        logs.world.forget_log().await;
        logs.world.fault("dynamodb", "BatchWriteItem", mode, 0, LASTING);
        assert_eq!(take_in(&logs, event(&all)).await, Err("not all records were kept".to_owned()), "{mode}");
        logs.world.twin.aws.faults.clear();
        assert_eq!(take_in(&logs, event(&all)).await, Ok(json!({ "records": 60 })), "{mode}: again");
        assert_eq!(logs.listed("take=100").await, ids_of(&all), "{mode}");
    }
}

/// A world in which a user was made, which is in the log.
async fn with_a_new_user() -> LogWorld {
    let logs = LogWorld::new(&[]).await;
    let body = crate::support::Body::json(&new_user("ada@example.com"));
    let made = logs.world.bearer("POST", crate::support::USERS, &logs.token, body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    logs
}

/// As a tenant's choice, every record is an event, whose detail is the entry as the API shows it.
#[tokio::test]
async fn records_are_events() {
    let logs = with_a_new_user().await;
    let [id] = &logs.listed("q=type:sapi").await[..] else { panic!("one record") };
    let entry = logs.get(&format!("{LOGS}/{id}")).await.json();
    let events = logs.world.twin.aws.events.all();
    let event = events.iter().find(|event| event.detail["log_id"] == json!(id)).unwrap();
    assert_eq!((&*event.source, &*event.detail_type), ("postern", "sapi"));
    #[allow(clippy::cast_precision_loss, reason = "exact for centuries")]
    let now = logs.world.clock.now().0 as f64;
    assert_eq!(event.time, Some(now));
    assert_eq!(event.detail, json!({ "log_id": id, "data": entry }));
    let shown = logs.world.send("GET", "/_local/events", &[], crate::support::Body::none()).await.json();
    assert_eq!(shown, serde_json::to_value(events).unwrap());
}

/// What the bus refuses of a call is put again, and nothing else is; where it never takes it, the invocation fails, and
/// the table has the records all the same.
#[tokio::test]
async fn a_bus_that_fails_loses_nothing() {
    let log = Log::start();
    let logs = LogWorld::new(&[]).await;
    for number in 0..7 {
        let body = crate::support::Body::json(&new_user(&format!("{number}@example.com")));
        let made = logs.world.bearer("POST", crate::support::USERS, &logs.token, body).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    logs.world.fault("events", "PutEvents", "partial", 0, 2);
    let mut kept = logs.listed("q=type:sapi").await;
    let events = logs.world.twin.aws.events.all();
    let mut put: Vec<_> = events.iter().filter(|event| event.detail_type == "sapi").map(id_of).collect();
    assert_eq!(log.events("events_refused").len(), 2);
    put.sort_unstable();
    kept.reverse();
    assert_eq!((put.len(), put), (7, kept), "each once");

    let user = crate::support::Body::json(&new_user("another@example.com"));
    assert_eq!(logs.world.bearer("POST", crate::support::USERS, &logs.token, user).await.status, 201);
    for mode in ["throttle", "error"] {
        logs.world.fault("events", "PutEvents", mode, 0, LASTING);
    }
    assert_eq!(logs.listed("q=type:sapi").await.len(), 8);
    logs.world.twin.aws.faults.clear();
    let lost = log.events("audit_records_lost");
    assert_eq!(lost.len(), 1, "after three invocations");
}

fn id_of(event: &local::aws::BusEvent) -> String {
    event.detail["log_id"].as_str().unwrap().to_owned()
}

/// ARCHITECTURE "What each request costs": a page is one trip however many partitions there are, a user's two; records are
/// written two hundred a trip.
#[tokio::test]
async fn trips_are_few() {
    let mut all = records(120);
    for record in &mut all {
        record.user_id = Some("auth0|1".to_owned());
    }
    let logs = LogWorld::new(&all).await;
    let trips = async |path: &str| {
        logs.world.forget_calls();
        let reply = logs.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        logs.world.round_trips()
    };
    assert_eq!(trips(&format!("{LOGS}?per_page=100&include_totals=true")).await, 1);
    assert_eq!(trips(&format!("{LOGS}?q=type:sapi")).await, 1);
    assert_eq!(trips(&format!("{LOGS}?take=100")).await, 1);
    assert_eq!(trips(&format!("{LOGS}/{}", all[0].log_id)).await, 1);
    assert_eq!(trips("/api/v2/users/auth0%7C1/logs?include_totals=true&per_page=100").await, 2);
    logs.world.forget_calls();
    let intake = Intake { app: logs.world.twin.app.clone(), bus: None };
    local::aws::in_request("audit", audit::handle(&intake, event(&all))).await.unwrap();
    assert_eq!((logs.world.operations().len(), logs.world.round_trips()), (5, 1));
}

/// SEC-41: what is shown is what is; and of the index nothing is shown.
#[tokio::test]
async fn reads_are_consistent() {
    let mut one = record(1, START);
    one.user_id = Some("auth0|1".to_owned());
    let logs = LogWorld::new(&[one.clone()]).await;
    logs.world.forget_calls();
    for path in [LOGS, &format!("{LOGS}/{}", one.log_id), "/api/v2/users/auth0%7C1/logs"] {
        assert_eq!(logs.get(path).await.status, 200, "{path}");
    }
    let calls = logs.world.trips();
    let actions = calls.as_array().unwrap().iter().flat_map(|call| call["actions"].as_array().unwrap());
    let reads: Vec<_> = actions.filter(|action| !action["consistent_read"].is_null()).collect();
    assert!(reads.len() > 16, "{}", reads.len());
    for read in reads {
        assert_eq!(read["consistent_read"], read["index"].is_null(), "{read}");
        assert_ne!(read["action"], "dynamodb:Scan", "{read}");
    }
}
