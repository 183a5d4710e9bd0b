//! End User Messaging SMS and voice v2 (AWS JSON 1.0): SendTextMessage and SendVoiceMessage, delivered into the inbox.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};

use super::calls::Action;
use super::front::{AwsRequest, Endpoint};
use super::inbox::{Channel, Inbox, Message};
use super::protocol::{REFUSED, json_answer, json_error, random_id, target_operation};
use super::{Clock, Service};

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
const TARGET_PREFIX: &str = "PinpointSMSVoiceV2.";
/// The service's bounds of a body, in characters, and of a message's life, in seconds.
const TEXT_CHARACTERS_MAX: usize = 1_600;
const CALL_CHARACTERS_MAX: usize = 6_000;
const TIME_TO_LIVE: std::ops::RangeInclusive<u32> = 5..=259_200;
/// Characters of the longest name of an identity or set, an ARN included.
const NAME_CHARACTERS_MAX: usize = 256;

/// A number that replied STOP, to AWS and to Twilio: one of those that are nobody's.
pub(super) const OPTED_OUT: &str = "+12065550104";

/// The service; what it sends goes to `inbox`.
pub(super) struct Sms {
    pub(super) inbox: Inbox,
    pub(super) now: Arc<Clock>,
}

/// Why the service refuses.
enum Refused {
    /// A field does not fit.
    Invalid { reason: &'static str, field: &'static str },
    /// Whoever has the number opted out.
    OptedOut,
}

fn invalid(reason: &'static str, field: &'static str) -> Refused {
    Refused::Invalid { reason, field }
}

impl Refused {
    fn answer(&self) -> Value {
        match self {
            Self::Invalid { reason, field } => json!({
                "__type": "ValidationException",
                "Message": format!("Invalid value for {field}"),
                "Reason": reason,
                "Fields": [{ "Name": field, "Message": "Invalid value" }],
            }),
            Self::OptedOut => json!({
                "__type": "ConflictException",
                "Message": "Destination phone number is opted out",
                "Reason": "DESTINATION_PHONE_NUMBER_OPTED_OUT",
            }),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Send {
    destination_phone_number: Option<String>,
    origination_identity: Option<String>,
    message_body: Option<String>,
    message_type: Option<String>,
    message_body_text_type: Option<String>,
    voice_id: Option<String>,
    configuration_set_name: Option<String>,
    time_to_live: Option<u32>,
    /// Everything is checked and nothing sent.
    #[serde(default)]
    dry_run: bool,
}

impl Sms {
    fn send(&self, channel: Channel, request: Value) -> Result<Value, Refused> {
        let send: Send = serde_json::from_value(request).map_err(|_| invalid("CANNOT_PARSE", "Request"))?;
        let to = number(send.destination_phone_number)?;
        // A text may go without one, by the account's shared routes; this twin is as strict as a call is.
        let from = name(send.origination_identity, "OriginationIdentity")?
            .ok_or_else(|| invalid("MISSING_PARAMETER", "OriginationIdentity"))?;
        name(send.configuration_set_name, "ConfigurationSetName")?;
        if send.time_to_live.is_some_and(|seconds| !TIME_TO_LIVE.contains(&seconds)) {
            return Err(invalid("INVALID_PARAMETER", "TimeToLive"));
        }
        let body = send.message_body.filter(|body| !body.is_empty());
        let body = body.ok_or_else(|| invalid("MISSING_PARAMETER", "MessageBody"))?;
        let text = match channel {
            Channel::Voice => spoken(&body, send.message_body_text_type.as_deref())?,
            _ => texted(body, send.message_type.as_deref())?,
        };
        if to == OPTED_OUT {
            return Err(Refused::OptedOut);
        }
        let received_at = (self.now)();
        if !send.dry_run {
            let (subject, html, voice, tags) = (None, None, send.voice_id, BTreeMap::new());
            self.inbox.push(Message { channel, to, from, subject, text, html, voice, received_at, tags });
        }
        Ok(json!({ "MessageId": random_id() }))
    }
}

impl Endpoint for Sms {
    const SERVICE: Service = Service::Sms;

    fn operation(&self, parts: &Parts) -> Option<String> {
        target_operation(&parts.headers, TARGET_PREFIX)
    }

    fn actions(&self, operation: &str, request: &Value) -> Vec<Action> {
        let text = |field| request.get(field).and_then(Value::as_str).map(str::to_owned);
        vec![Action {
            action: format!("sms-voice:{operation}"),
            identity: text("OriginationIdentity"),
            configuration_set: text("ConfigurationSetName"),
            ..Action::default()
        }]
    }

    fn throttled(&self) -> Response {
        json_error(StatusCode::BAD_REQUEST, CONTENT_TYPE, "ThrottlingException", "Rate exceeded")
    }

    fn broken(&self) -> Response {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        json_error(status, CONTENT_TYPE, "InternalServerException", "Internal failure")
    }

    fn refused(&self, code: &str) -> Response {
        json_error(StatusCode::BAD_REQUEST, CONTENT_TYPE, code, REFUSED)
    }

    async fn handle(&self, request: AwsRequest) -> Response {
        let sent = match request.operation.as_str() {
            "SendTextMessage" => self.send(Channel::Sms, request.json),
            "SendVoiceMessage" => self.send(Channel::Voice, request.json),
            _ => {
                let status = StatusCode::BAD_REQUEST;
                return json_error(status, CONTENT_TYPE, "UnknownOperationException", "Unknown operation");
            }
        };
        match sent {
            Ok(answer) => json_answer(StatusCode::OK, CONTENT_TYPE, &answer),
            Err(refused) => json_answer(StatusCode::BAD_REQUEST, CONTENT_TYPE, &refused.answer()),
        }
    }
}

/// `+` and up to 15 digits.
fn number(text: Option<String>) -> Result<String, Refused> {
    const FIELD: &str = "DestinationPhoneNumber";
    let number = text.ok_or_else(|| invalid("MISSING_PARAMETER", FIELD))?;
    let digits = number.strip_prefix('+').unwrap_or_default();
    let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(number) } else { Err(invalid("INVALID_PARAMETER", FIELD)) }
}

fn name(text: Option<String>, field: &'static str) -> Result<Option<String>, Refused> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_:/+-".contains(&byte);
    let fits =
        |name: &String| !name.is_empty() && name.len() <= NAME_CHARACTERS_MAX && name.bytes().all(allowed);
    match text {
        Some(name) if !fits(&name) => Err(invalid("INVALID_PARAMETER", field)),
        text => Ok(text),
    }
}

fn texted(body: String, message_type: Option<&str>) -> Result<String, Refused> {
    if !matches!(message_type, None | Some("TRANSACTIONAL" | "PROMOTIONAL")) {
        return Err(invalid("INVALID_PARAMETER", "MessageType"));
    }
    if body.chars().count() > TEXT_CHARACTERS_MAX {
        return Err(invalid("INVALID_PARAMETER", "MessageBody"));
    }
    Ok(body)
}

/// What a call says, as it is heard: of SSML the words without the marks.
fn spoken(body: &str, kind: Option<&str>) -> Result<String, Refused> {
    const FIELD: &str = "MessageBody";
    if body.chars().count() > CALL_CHARACTERS_MAX {
        return Err(invalid("INVALID_PARAMETER", FIELD));
    }
    match kind {
        None | Some("TEXT") => Ok(body.to_owned()),
        Some("SSML") => heard(body, "speak").ok_or_else(|| invalid("INVALID_PARAMETER", FIELD)),
        Some(_) => Err(invalid("INVALID_PARAMETER", "MessageBodyTextType")),
    }
}

/// The words of marked speech; `None` when it is not one `root` element whose elements nest.
pub(super) fn heard(marked: &str, root: &str) -> Option<String> {
    let (mut open, mut words, mut rest) = (Vec::new(), String::new(), marked.trim());
    if !rest.strip_prefix('<').is_some_and(|mark| mark.starts_with(root)) {
        return None;
    }
    while let Some((before, marked)) = rest.split_once('<') {
        let (mark, after) = marked.split_once('>')?;
        if !before.is_empty() && open.is_empty() {
            return None;
        }
        words.push_str(before);
        match mark.strip_prefix('/') {
            Some(closed) => _ = open.pop().filter(|name| *name == closed)?,
            None if mark.ends_with('/') => words.push(' '),
            None => open.push(mark.split_ascii_whitespace().next()?),
        }
        rest = after;
    }
    let words = words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    (open.is_empty() && rest.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssml_is_heard_without_its_marks() {
        let ssml = r#"<speak>A &amp; B:<break time="1s"/><prosody rate="slow"><say-as interpret-as="digits">123456</say-as></prosody>.</speak>"#;
        assert_eq!(heard(ssml, "speak").as_deref(), Some("A & B: 123456."));
        for broken in [
            "",
            "Hello",
            "<speak>a",
            "<speak><a>b</speak>",
            "<speak>a</speak>b",
            "<speak><a></b></a></speak>",
        ] {
            assert_eq!(heard(broken, "speak"), None, "{broken}");
        }
    }
}
