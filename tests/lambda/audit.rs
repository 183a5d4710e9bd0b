//! The audit log as a deployment writes it: lines on standard output (SEC-40).

use insta::assert_snapshot;
use serde_json::Value;

use crate::gateway::Gateway;
use crate::support::{Body, DEMO_APP};

impl Gateway {
    /// The audit log's lines so far.
    pub(crate) async fn audited(&self) -> Vec<Value> {
        let lines = self.logs().await;
        let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["event"] == "audit").collect()
    }
}

/// SEC-40: the source is the gateway's, whatever headers say, and so is the request's id; the time is that of the line, and
/// what is not known is not in it.
#[tokio::test]
async fn a_record_is_a_line_with_the_gateways_source_and_id() {
    let gateway = Gateway::new().await;
    let claimed = [("x-forwarded-for", "203.0.113.9"), ("x-real-ip", "203.0.113.9"), ("user-agent", "app/1")];
    let wrong = [("grant_type", "password"), ("username", "nobody@example.com"), ("password", "wrong")];
    let body = Body::form(&[&wrong[..], &DEMO_APP[..]].concat());
    let reply = gateway.send_from("198.51.100.7", "POST", "/oauth/token", &claimed, body).await;
    assert_eq!(reply.status, 403, "{}", reply.body);
    let lines = gateway.audited().await;
    assert_eq!(lines.len(), 1);
    let mut line = lines[0].clone();
    let id = line["log_id"].as_str().unwrap();
    assert_eq!((id.len(), &id[..10]), (40, line["date"].to_string().as_str()));
    assert!(line["request_id"].as_str().is_some_and(|id| id.starts_with("request-")), "{line}");
    assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "UTC");
    for (member, shown) in [
        ("log_id", "[id]"),
        ("date", "[date]"),
        ("timestamp", "[time]"),
        ("request_id", "[request]"),
        ("hostname", "[host]"),
    ] {
        line[member] = shown.into();
    }
    assert_snapshot!(line, @r#"{"timestamp":"[time]","level":"INFO","event":"audit","log_id":"[id]","date":"[date]","type":"fp","description":"Wrong password, or no such user","client_id":"demo-app","reason":"wrong_password","ip":"198.51.100.7","user_agent":"app/1","request_id":"[request]","method":"POST","route":"/oauth/token","status":403,"hostname":"[host]","target":"postern::audit::record"}"#);
}
