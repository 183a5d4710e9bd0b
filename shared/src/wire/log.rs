//! An entry of the audit log as it is shown: by `GET /api/v2/logs`, and in the events of the tenant's bus. Names and
//! places of its members are Auth0's; what is not known of an act is absent.

use serde::Serialize;

use super::management::instant;
use crate::audit::Record;

/// One entry.
#[derive(Serialize)]
pub struct LogEntry<'a> {
    date: String,
    #[serde(rename = "type")]
    code: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<&'a str>,
    ip: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    hostname: &'a str,
    details: Details<'a>,
    log_id: &'a str,
    _id: &'a str,
}

#[derive(Serialize)]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor: Option<&'a str>,
    request: Request<'a>,
    response: Response,
}

#[derive(Serialize)]
struct Request<'a> {
    method: &'a str,
    route: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct Response {
    #[serde(rename = "statusCode")]
    status_code: u16,
}

impl<'a> From<&'a Record> for LogEntry<'a> {
    fn from(record: &'a Record) -> Self {
        Self {
            date: instant(record.date),
            code: &record.code,
            description: &record.description,
            client_id: record.client_id.as_deref(),
            user_id: record.user_id.as_deref(),
            connection: record.connection.as_deref(),
            ip: &record.ip,
            user_agent: record.user_agent.as_deref(),
            hostname: &record.hostname,
            details: Details {
                reason: record.reason.as_deref(),
                factor: record.factor.as_deref(),
                request: Request { method: &record.method, route: &record.route, id: &record.request_id },
                response: Response { status_code: record.status },
            },
            log_id: &record.log_id,
            _id: &record.log_id,
        }
    }
}
