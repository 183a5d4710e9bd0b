//! One log line, and the record in it.

use postern::audit::{LogId, Record};
use serde_json::Value;

/// What the lines of records are marked by, and the subscription's filter asks for.
pub const EVENT: &str = "audit";

/// What is in a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A record.
    Record(Box<Record>),
    /// Something else, which is none of our business.
    Other,
    /// A record that cannot be read.
    Unreadable,
}

impl Line {
    /// Reads a line. Where a log is set to text, Lambda leaves our JSON as it is; where to JSON as well, unless it takes
    /// it for text and makes it the message of a line of its own.
    pub(crate) fn read(text: &str) -> Self {
        let Ok(line) = serde_json::from_str::<Value>(text) else { return Self::Other };
        match line.get("message") {
            Some(Value::String(inner)) => serde_json::from_str(inner).map_or(Self::Other, Self::of),
            Some(inner @ Value::Object(_)) => Self::of(inner.clone()),
            _ => Self::of(line),
        }
    }

    fn of(line: Value) -> Self {
        if line.get("event").and_then(Value::as_str) != Some(EVENT) {
            return Self::Other;
        }
        match serde_json::from_value::<Record>(line) {
            Ok(record) if LogId::parse(&record.log_id).is_some() => Self::Record(Box::new(record)),
            _ => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use postern::time::Timestamp;
    use serde_json::json;

    use super::*;

    fn line() -> Value {
        json!({
            "timestamp": "2030-03-17T17:47:00Z", "level": "INFO", "event": "audit",
            "log_id": "1900000020000000123456789012345678901234", "date": 1_900_000_020, "type": "sapi",
            "description": "Success API Operation", "ip": "192.0.2.1", "request_id": "r", "method": "POST",
            "route": "/api/v2/users", "status": 201, "hostname": "mfa.example.com",
            "target": "postern::audit::record",
        })
    }

    #[test]
    fn a_record_is_read_however_it_is_wrapped() {
        let plain = Line::read(&line().to_string());
        let Line::Record(record) = &plain else { panic!("{plain:?}") };
        assert_eq!((record.date, &*record.code, record.status), (Timestamp(1_900_000_020), "sapi", 201));
        assert_eq!(record.user_id, None);
        let as_text = json!({ "timestamp": "t", "level": "INFO", "message": line().to_string() });
        let as_json = json!({ "timestamp": "t", "level": "INFO", "message": line() });
        for wrapped in [as_text, as_json] {
            assert_eq!(Line::read(&wrapped.to_string()), plain);
        }
    }

    #[test]
    fn other_lines_are_not_records() {
        for other in [
            "",
            "START RequestId: 1",
            "{",
            "[]",
            "\"audit\"",
            r#"{"event":"request","status":200}"#,
            r#"{"type":"platform.start","record":{"requestId":"1"}}"#,
            r#"{"level":"INFO","message":"event audit"}"#,
            r#"{"event":{"audit":true}}"#,
        ] {
            assert_eq!(Line::read(other), Line::Other, "{other}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_makes_a_record_unreadable() {
        for (name, value) in [
            ("log_id", Value::Null),
            ("log_id", json!("1")),
            ("log_id", json!("19000000200000001234567890123456789012x4")),
            ("date", json!("today")),
            ("status", json!(-1)),
            ("ip", Value::Null),
        ] {
            let mut line = line();
            line[name] = value;
            assert_eq!(Line::read(&line.to_string()), Line::Unreadable, "{name}");
        }
    }
}
