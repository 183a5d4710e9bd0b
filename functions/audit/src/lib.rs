//! `audit`: takes the records of the audit log from the functions' log lines to the table and, where the tenant has one,
//! to its event bus (SEC-40). A subscription of CloudWatch Logs invokes it, with the lines of records and no others.
//!
//! Lines are delivered at least once, and again when this fails. A record's item has the record's id, so it is in the
//! table once; on the bus it may come twice, with that same id. What no line tells is lost: a line that cannot be read is
//! logged as such, without its text, and does not hold up the others.

mod bus;
mod event;
mod line;

use std::collections::HashSet;

use postern::app::App;
use postern::audit::Record;
use postern::config::Timeouts;
use postern::lambda::{Error, app_and_sdk_from_environment, serve_events};
use postern::observe::watched;
use postern::store::StoreError;
use postern::token::keys::KeyNeeds;
use serde_json::{Value, json};

pub use bus::{Bus, SOURCE};
pub use line::EVENT;

use line::Line;

/// Where records are taken.
#[derive(Clone, Debug)]
pub struct Intake {
    /// With the table.
    pub app: App,
    /// The tenant's choice.
    pub bus: Option<Bus>,
}

/// Something is not done: CloudWatch Logs' events come again when the invocation fails.
#[derive(Debug, thiserror::Error)]
#[error("not all records were kept")]
pub(crate) struct TryAgain;

impl From<StoreError> for TryAgain {
    fn from(_: StoreError) -> Self {
        Self
    }
}

/// Serves events until the environment ends. It uses no keys, so it has no rights to any.
///
/// # Errors
/// When the environment is incomplete, or the Lambda Runtime API goes away.
pub async fn serve() -> Result<(), Error> {
    let (app, sdk) = app_and_sdk_from_environment(KeyNeeds::PUBLIC, Timeouts::default()).await?;
    let arn = app.config.audit_event_bus.clone();
    let bus = arn.map(|arn| Bus::new(&sdk, &app.config.timeouts, arn, None, None));
    let intake = Intake { app, bus };
    serve_events(&intake.app, async |event, _| take_in(&intake, event).await).await
}

/// Takes the records of an event in.
///
/// # Errors
/// When the event is none of a subscription; and when not every record could be written, or put on the bus: then the
/// whole event is to come again.
pub async fn handle(intake: &Intake, event: Value) -> Result<Value, Error> {
    watched(&intake.app, "", Box::pin(take_in(intake, event))).await
}

async fn take_in(intake: &Intake, event: Value) -> Result<Value, Error> {
    let (records, unreadable) = records(event::lines(event)?);
    if unreadable > 0 {
        tracing::error!(event = "audit_lines_unreadable", count = unreadable);
    }
    let table = async {
        let app = &intake.app;
        app.store.keep_records(&records, app.config.audit_days).await.map_err(TryAgain::from)
    };
    let bus = async {
        match &intake.bus {
            Some(bus) => bus.put(&records).await,
            None => Ok(()),
        }
    };
    let (written, put) = tokio::join!(table, bus);
    written.and(put)?;
    tracing::info!(event = "audit_records_kept", count = records.len());
    Ok(json!({ "records": records.len() }))
}

/// The records among the lines, each once, and how many could not be read.
fn records(lines: Vec<String>) -> (Vec<Record>, usize) {
    let (mut records, mut ids, mut unreadable) = (Vec::new(), HashSet::new(), 0);
    for line in lines {
        match Line::read(&line) {
            Line::Record(record) => {
                if ids.insert(record.log_id.clone()) {
                    records.push(*record);
                }
            }
            Line::Other => {}
            Line::Unreadable => unreadable += 1,
        }
    }
    (records, unreadable)
}
