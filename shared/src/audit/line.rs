//! What a log line looks like: the members of an event beside the time, the level, the request's id and the module.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::observe;

/// A JSON object a line. The request's id is on every line that is logged while one is handled, also where the event
/// knows of no request: as a member, where a query finds that of the lines that say it themselves.
pub(super) struct JsonLines;

const REQUEST_ID: &str = "request_id";

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut members = Members::default();
        event.record(&mut members);
        let of = event.metadata();
        // A line of metrics is an object already, of a form that CloudWatch prescribes.
        if of.target() == observe::TARGET {
            return match members.0.get("line").and_then(Value::as_str) {
                Some(line) => writeln!(writer, "{line}"),
                None => Ok(()),
            };
        }
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), now()?.into());
        line.insert("level".to_owned(), of.level().as_str().into());
        line.extend(members.0);
        if !line.contains_key(REQUEST_ID)
            && let Some(id) = observe::request_id()
        {
            line.insert(REQUEST_ID.to_owned(), id.into());
        }
        line.insert("target".to_owned(), of.target().into());
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// The host's time, as ISO 8601 in UTC.
fn now() -> Result<String, fmt::Error> {
    let mut text = String::new();
    SystemTime.format_time(&mut Writer::new(&mut text))?;
    Ok(text)
}

/// An event's fields: numbers and texts as such, all else as it shows itself.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        // `r#type`: a field may be a word of the language.
        let name = field.name().strip_prefix("r#").unwrap_or(field.name());
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Members {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}
