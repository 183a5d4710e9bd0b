//! Twilio, as far as codes need it: `Messages.json` and `Calls.json` of its API of 2010-04-01, delivered into the inbox.
//!
//! Any account will do whose token looks like one of Twilio's, 32 hexadecimal digits; another is refused as a wrong
//! one. Faults and the call log have it under the service `sms`, as `CreateMessage` and `CreateCall`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use data_encoding::BASE64;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::calls::Action;
use super::front::{AwsRequest, Endpoint};
use super::inbox::{Channel, Inbox, Message};
use super::protocol::{REFUSED, random_hex};
use super::sms::{OPTED_OUT, heard};
use super::{Clock, Service};

const VERSION: &str = "2010-04-01";
/// Twilio's bounds of a message and of TwiML, in characters.
const TEXT_CHARACTERS_MAX: usize = 1_600;
const TWIML_CHARACTERS_MAX: usize = 4_000;
/// Seconds that a message may wait.
const VALIDITY_PERIOD: std::ops::RangeInclusive<u32> = 1..=36_000;

/// The service; what it sends goes to `inbox`.
pub(super) struct Twilio {
    pub(super) inbox: Inbox,
    pub(super) now: Arc<Clock>,
}

/// A refusal, by Twilio's error codes.
struct Refusal(StatusCode, u32, &'static str);

const fn invalid(code: u32, message: &'static str) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, code, message)
}

const UNAUTHENTICATED: Refusal = Refusal(StatusCode::UNAUTHORIZED, 20_003, "Authenticate");
const NOT_FOUND: Refusal = Refusal(StatusCode::NOT_FOUND, 20_404, "The requested resource was not found");
const THROTTLED: Refusal = Refusal(StatusCode::TOO_MANY_REQUESTS, 20_429, "Too Many Requests");
const BROKEN: Refusal = Refusal(StatusCode::INTERNAL_SERVER_ERROR, 20_500, "Internal Server Error");

const NO_SUCH_NUMBER: Refusal = invalid(21_211, "The 'To' number is not a valid phone number.");
const UNSUBSCRIBED: Refusal = invalid(21_610, "Attempt to send to unsubscribed recipient");

impl Refusal {
    fn answer(&self) -> Response {
        let Self(status, code, message) = self;
        answer(*status, &json!({ "code": code, "message": message, "status": status.as_u16() }))
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// The account and the file of a path.
fn target(parts: &Parts) -> Option<(&str, &str)> {
    let mut segments = parts.uri.path().strip_prefix('/')?.split('/');
    let found = (segments.next()?, segments.next()?, segments.next()?, segments.next()?);
    let (VERSION, "Accounts", account, file) = found else { return None };
    segments.next().is_none().then_some((account, file))
}

impl Endpoint for Twilio {
    const SERVICE: Service = Service::Sms;

    fn operation(&self, parts: &Parts) -> Option<String> {
        let operation = match target(parts)?.1 {
            "Messages.json" => "CreateMessage",
            "Calls.json" => "CreateCall",
            _ => return None,
        };
        Some(operation.to_owned())
    }

    /// Nothing of AWS's.
    fn actions(&self, _: &str, _: &Value) -> Vec<Action> {
        Vec::new()
    }

    fn throttled(&self) -> Response {
        THROTTLED.answer()
    }

    fn broken(&self) -> Response {
        BROKEN.answer()
    }

    fn refused(&self, code: &str) -> Response {
        Refusal(StatusCode::BAD_REQUEST, code.parse().unwrap_or_default(), REFUSED).answer()
    }

    async fn handle(&self, request: AwsRequest) -> Response {
        let sent = match request.operation.as_str() {
            "CreateMessage" => self.send(&request, Channel::Sms),
            "CreateCall" => self.send(&request, Channel::Voice),
            _ => Err(NOT_FOUND),
        };
        match sent {
            Ok(answered) => answer(StatusCode::CREATED, &answered),
            Err(refusal) => refusal.answer(),
        }
    }
}

impl Twilio {
    fn send(&self, request: &AwsRequest, channel: Channel) -> Result<Value, Refusal> {
        authenticate(&request.parts)?;
        let form = form(&request.body);
        let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let to = field("To").filter(|to| is_number(to));
        let to = to.ok_or(NO_SUCH_NUMBER)?;
        if to == OPTED_OUT {
            return Err(UNSUBSCRIBED);
        }
        let service = field("MessagingServiceSid").filter(|_| channel == Channel::Sms);
        let from = service.or_else(|| field("From"));
        let from = from.ok_or_else(|| invalid(21_603, "A 'From' phone number is required."))?;
        let (text, voice, prefix) = match channel {
            Channel::Voice if !is_number(from) => {
                return Err(invalid(21_210, "The 'From' number is not a number that can call."));
            }
            Channel::Voice => (called(field("Twiml"))?, field("Twiml").and_then(voice), "CA"),
            _ => (texted(field("Body"), field("ValidityPeriod"))?, None, "SM"),
        };
        self.inbox.push(Message {
            channel,
            to: to.to_owned(),
            from: from.to_owned(),
            subject: None,
            text,
            html: None,
            voice,
            received_at: (self.now)(),
            tags: BTreeMap::new(),
        });
        Ok(json!({ "sid": format!("{prefix}{}", random_hex(16)), "status": "queued", "error_code": null }))
    }
}

/// Basic authentication, by the account of the path.
fn authenticate(parts: &Parts) -> Result<(), Refusal> {
    let presented = || {
        let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let decoded = BASE64.decode(header.strip_prefix("Basic ")?.as_bytes()).ok()?;
        String::from_utf8(decoded).ok()
    };
    let presented = presented().ok_or(UNAUTHENTICATED)?;
    let (user, token) = presented.split_once(':').ok_or(UNAUTHENTICATED)?;
    let known = target(parts).is_some_and(|(account, _)| account == user);
    let fits = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    if known && fits { Ok(()) } else { Err(UNAUTHENTICATED) }
}

fn form(body: &[u8]) -> HashMap<String, String> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let body = String::from_utf8_lossy(body);
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn texted(body: Option<&str>, validity_period: Option<&str>) -> Result<String, Refusal> {
    let body = body.ok_or_else(|| invalid(21_602, "Message body is required."))?;
    if body.chars().count() > TEXT_CHARACTERS_MAX {
        return Err(invalid(21_617, "The concatenated message body exceeds the 1600 character limit."));
    }
    let lasts = |seconds: &str| seconds.parse().is_ok_and(|seconds| VALIDITY_PERIOD.contains(&seconds));
    if !validity_period.is_none_or(lasts) {
        return Err(invalid(21_622, "ValidityPeriod is out of range."));
    }
    Ok(body.to_owned())
}

/// The voice of the first `Say`, with its language: `Polly.Vicki de-DE`.
fn voice(twiml: &str) -> Option<String> {
    let (_, say) = twiml.split_once("<Say ")?;
    let (marks, _) = say.split_once('>')?;
    let mark = |name: &str| {
        let (_, value) = marks.split_once(&format!("{name}=\""))?;
        value.split_once('"').map(|(value, _)| value)
    };
    let words: Vec<_> = ["voice", "language"].into_iter().filter_map(mark).collect();
    Some(words.join(" "))
}

fn called(twiml: Option<&str>) -> Result<String, Refusal> {
    let twiml = twiml.ok_or_else(|| invalid(21_205, "Url or Twiml is required."))?;
    if twiml.chars().count() > TWIML_CHARACTERS_MAX {
        return Err(invalid(21_218, "Twiml exceeds its 4000 character limit."));
    }
    heard(twiml, "Response").ok_or_else(|| invalid(12_100, "Document parse failure."))
}
