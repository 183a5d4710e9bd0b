//! An import that ends early, at whatever call, goes on: nobody is lost, and nobody moves in twice.

use std::fs;

use admin::CommandError;
use serde_json::{Value, json};

use crate::support::{Moving, Table, World, row};

const ROWS: usize = 150;
/// Transactions that these rows take: 33 users each.
const BATCHES: u32 = 5;

/// Users, with a row that is refused after every fifty.
fn rows() -> Vec<Value> {
    let mut rows: Vec<_> = (0..ROWS).map(|number| row(&format!("m{number}"))).collect();
    for at in [149, 99, 49] {
        rows.insert(at, json!({ "user_id": format!("auth0|bad{at}") }));
    }
    rows
}

/// Everybody is there, once and whole, and nobody else.
fn assert_all(table: &Table) {
    let of_import = |pk: &str| pk.starts_with("USER#auth0|m") || pk.contains("#m");
    let keys: Vec<_> = table.keys().filter(|(pk, _)| of_import(pk)).collect();
    assert_eq!(keys.len(), 2 * ROWS);
    for number in 0..ROWS {
        let login = format!("LOGIN#Username-Password-Authentication#m{number}@example.com");
        for (pk, sk) in [(format!("USER#auth0|m{number}"), "PROFILE"), (login, "LOGIN")] {
            assert!(table.contains_key(&(pk, sk.to_owned())), "{number} {sk}");
        }
    }
}

fn refused_lines(report: &str) -> Vec<u64> {
    let lines = report.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| line["line"].as_u64().unwrap()).collect()
}

fn rows_done(result: Result<admin::import::Summary, CommandError>) -> u64 {
    match result {
        Err(CommandError::Interrupted { rows, .. }) => rows,
        other => panic!("{other:?}"),
    }
}

/// A failure at each of the transactions, one at a time or several at once; and again without the checkpoint.
#[tokio::test]
async fn an_import_goes_on_where_it_failed() {
    let one_at_a_time = (0..BATCHES).map(|at| (at, 1, false));
    for (failing, concurrency, is_forgotten) in one_at_a_time.chain([(2, 1, true), (1, 4, false)]) {
        let world = World::new().await;
        let mut moving = Moving::of_rows(&rows());
        moving.auth0.concurrency = concurrency;
        world.fault("dynamodb", "TransactWriteItems", "error", failing, 1_000);
        let done = rows_done(moving.import_to(&world).await);
        assert!(done <= 153);
        if concurrency == 1 {
            assert_eq!(done.div_ceil(34), u64::from(failing), "each batch has a bad row at most: {done}");
        }
        world.twin.aws.faults.clear();
        let checkpoint = moving.path("export.json.postern-import");
        assert!(checkpoint.exists());
        if is_forgotten {
            fs::remove_file(checkpoint).unwrap();
        }
        let summary = moving.done_into(&world).await;
        assert_eq!((summary.rows, summary.refused), (153, 3));
        assert_eq!(summary.imported + summary.known, 150);
        if concurrency == 1 && !is_forgotten {
            assert_eq!(summary.known, 0, "what was done is counted as it was");
        }
        assert_eq!(refused_lines(&moving.report()), [50, 101, 152], "once each, in order");
        assert_all(&world.stored().await);
        world.clock.advance(1);
        let again = moving.done_into(&world).await;
        assert_eq!((again.imported, again.known, again.refused), (0, 150, 3));
        assert_all(&world.stored().await);
    }
}

/// A call that fails now and then is tried again; the user of the command does not see it.
#[tokio::test]
async fn a_passing_failure_is_overcome() {
    for mode in ["error", "throttle"] {
        let world = World::new().await;
        let mut moving = Moving::of_rows(&rows());
        moving.auth0.tries = 3;
        // Twice the SDK's own attempts.
        world.fault("dynamodb", "TransactWriteItems", mode, 1, 4);
        let summary = moving.done_into(&world).await;
        assert_eq!((summary.imported, summary.known, summary.refused), (150, 0, 3), "{mode}");
        assert_all(&world.stored().await);
    }
}

/// SEC-43: a transaction that was done though its answer never came is not done again, nor told as somebody else's.
#[tokio::test]
async fn a_lost_answer_is_not_taken_for_a_refusal() {
    let world = World::new().await;
    let mut moving = Moving::of_rows(&rows());
    moving.auth0.tries = 2;
    let lost = json!({
        "service": "dynamodb", "operation": "TransactWriteItems", "mode": "latency", "latency_ms": 60_000, "count": 2,
    });
    world.twin.aws.faults.add(serde_json::from_value(lost).unwrap());
    let summary = moving.done_into(&world).await;
    assert_eq!((summary.imported, summary.known, summary.refused), (150, 0, 3));
    assert_all(&world.stored().await);
}

/// Killed in the middle: no checkpoint tells of it, and what was begun may be done or not.
#[tokio::test]
async fn an_import_that_was_killed_goes_on() {
    for calls in [1, 3] {
        let world = World::new().await;
        let mut moving = Moving::of_rows(&rows());
        moving.auth0.concurrency = 2;
        world.forget_calls();
        let written = || {
            let calls = world.trips();
            calls.as_array().unwrap().iter().filter(|call| call["operation"] == "TransactWriteItems").count()
        };
        tokio::select! {
            biased;
            () = async { while written() < calls { tokio::task::yield_now().await } } => {}
            done = moving.import_to(&world) => panic!("{done:?}"),
        }
        let summary = moving.done_into(&world).await;
        assert_eq!((summary.imported + summary.known, summary.refused), (150, 3));
        assert_eq!(refused_lines(&moving.report()), [50, 101, 152]);
        assert_all(&world.stored().await);
    }
}

/// Ctrl-C brings to its end what was begun, and keeps how far it is.
#[tokio::test]
async fn an_import_that_is_stopped_goes_on() {
    let world = World::new().await;
    let moving = Moving::of_rows(&rows());
    let stopped = moving.auth0.run(Some((world.importer().await, "the twin")), std::future::ready(())).await;
    assert_eq!(rows_done(stopped), 0);
    assert_eq!(moving.done_into(&world).await.imported, 150);
}

/// The checkpoint is of one file and one table: another import neither takes it for its own nor overwrites it.
#[tokio::test]
async fn a_checkpoint_is_of_one_import() {
    let world = World::new().await;
    let mut moving = Moving::of_rows(&rows());
    world.fault("dynamodb", "TransactWriteItems", "error", 2, 2);
    assert!(rows_done(moving.import_to(&world).await) > 60);
    let text = "tells of another import: finish that one, or give --restart to begin this one";
    let other = moving.auth0.run(Some((world.importer().await, "elsewhere")), std::future::pending()).await;
    assert!(other.unwrap_err().to_string().ends_with(text));
    let export = moving.path("export.json");
    let whole = fs::read_to_string(&export).unwrap();
    fs::write(&export, format!("{whole}\n{}", row("new"))).unwrap();
    assert!(moving.import_to(&world).await.unwrap_err().to_string().ends_with(text));
    fs::write(&export, whole).unwrap();
    fs::write(moving.path("export.json.postern-import"), "{").unwrap();
    assert!(moving.import_to(&world).await.unwrap_err().to_string().ends_with(text));
    moving.auth0.restart = true;
    world.clock.advance(1);
    let summary = moving.done_into(&world).await;
    assert_eq!((summary.rows, summary.imported + summary.known), (153, 150));
    assert!(summary.known > 60);
}

/// A file that is cut off is told, and what was in it is there.
#[tokio::test]
async fn a_file_that_is_cut_off() {
    let world = World::new().await;
    let moving = Moving::of(&format!("[{},{},{{", row("ada"), row("bob")));
    let error = moving.import_to(&world).await.unwrap_err().to_string();
    assert!(error.contains("the array has no end: is it whole?; 2 rows are done"), "{error}");
    world.log_in("bob@example.com").await;
}
