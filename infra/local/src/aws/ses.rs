//! SES v2 (REST-JSON): SendEmail with simple content, delivered into the inbox, and what an account may send.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::{Listed, MailAccount};
use super::calls::Action;
use super::feedback::{Fate, Feedback, Mail};
use super::front::{AwsRequest, Endpoint};
use super::inbox::{Channel, Inbox, Message};
use super::protocol::{REFUSED, json_answer, random_hex, random_id};
use super::{Clock, Service};

const CONTENT_TYPE: &str = "application/json";
const ERROR_HEADER: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// The limits of SES: recipients of one message, and characters of a name or value.
const RECIPIENTS_MAX: usize = 50;
const ADDRESS_BYTES_MAX: usize = 320;
const CONFIGURATION_SET_CHARACTERS_MAX: usize = 64;
const TAG_CHARACTERS_MAX: usize = 256;
/// The path of identities.
const IDENTITIES: &str = "/v2/email/identities/";
/// The path of addresses that are on the account's suppression list.
const SUPPRESSED: &str = "/v2/email/suppression/addresses/";
/// The path of configuration sets, and what follows a set's name to ask for its event destinations.
const SETS: (&str, &str) = ("/v2/email/configuration-sets/", "/event-destinations");
/// The one there is.
const SET: &str = "postern";
/// The domain of the mailbox simulator.
pub(super) const SIMULATOR: &str = "@simulator.amazonses.com";

/// The service; what it sends goes to `inbox`.
pub(super) struct Ses {
    pub(super) inbox: Inbox,
    pub(super) account: MailAccount,
    pub(super) feedback: Feedback,
    pub(super) now: Arc<Clock>,
}

/// A refusal: the name of the exception, and its message.
pub(super) struct Refused(pub(super) &'static str, pub(super) String);

fn bad_request(message: impl Into<String>) -> Refused {
    Refused("BadRequestException", message.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    destination: Option<Destination>,
    content: Option<Content>,
    configuration_set_name: Option<String>,
    #[serde(default)]
    email_tags: Vec<Tag>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Option<Simple>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Option<Part>,
    body: Option<Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Part>,
    html: Option<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

impl Ses {
    fn send_email(&self, request: Value) -> Result<Value, Refused> {
        let request: SendEmail = serde_json::from_value(request)
            .map_err(|error| Refused("SerializationException", error.to_string()))?;
        check_labels(&request)?;
        let from = request.from_email_address.ok_or_else(|| bad_request("From address is missing."))?;
        check_address(&from)?;
        let recipients = recipients(request.destination.unwrap_or_default())?;
        self.account.demand(&from, &recipients)?;
        let simple = request.content.ok_or_else(|| missing("content"))?.simple.ok_or_else(|| {
            bad_request("This SES takes Content.Simple; raw messages and templates are not implemented.")
        })?;
        let subject = simple.subject.ok_or_else(|| missing("content.simple.subject"))?.data;
        let body = simple.body.ok_or_else(|| missing("content.simple.body"))?;
        if body.text.is_none() && body.html.is_none() {
            return Err(bad_request("Body must contain text or HTML."));
        }
        let text = body.text.map(|part| part.data).unwrap_or_default();
        let html = body.html.map(|part| part.data);
        let tags: BTreeMap<_, _> = request.email_tags.into_iter().map(|tag| (tag.name, tag.value)).collect();
        let id = format!("{}-{}-000000", random_hex(8), random_id());
        let set = request.configuration_set_name.as_deref().filter(|_| self.account.tells());
        let message = |to: &str| Message {
            channel: Channel::Email,
            to: to.to_owned(),
            from: from.clone(),
            subject: Some(subject.clone()),
            text: text.clone(),
            html: html.clone(),
            voice: None,
            received_at: (self.now)(),
            tags: tags.clone(),
        };
        for to in &recipients {
            self.deliver(&id, set, message(to));
        }
        Ok(json!({ "MessageId": id }))
    }

    /// What becomes of a mail to one recipient, and what SES tells of it afterwards.
    fn deliver(&self, id: &str, configuration_set: Option<&str>, message: Message) {
        let fate = self.account.send(&message.to, message.received_at);
        let mail = |configuration_set| Mail {
            id,
            from: &message.from,
            to: &message.to,
            subject: message.subject.as_deref().unwrap_or_default(),
            configuration_set,
            tags: &message.tags,
            at: message.received_at,
        };
        if let Some(event) = configuration_set.and_then(|set| mail(set).event(fate)) {
            self.feedback.tell(event);
        }
        // What is sent to the simulator is taken and reaches nobody, as in AWS.
        if !message.to.ends_with(SIMULATOR) && !matches!(fate, Fate::Suppressed | Fate::Bounces) {
            self.inbox.push(message);
        }
    }
}

impl Endpoint for Ses {
    const SERVICE: Service = Service::Ses;

    fn operation(&self, parts: &Parts) -> Option<String> {
        let name = match (&parts.method, parts.uri.path()) {
            (&Method::POST, "/v2/email/outbound-emails") => "SendEmail",
            (&Method::GET, "/v2/email/account") => "GetAccount",
            (&Method::GET, path) if path.starts_with(IDENTITIES) => "GetEmailIdentity",
            (&Method::GET, path) if path.starts_with(SUPPRESSED) => "GetSuppressedDestination",
            (&Method::DELETE, path) if path.starts_with(SUPPRESSED) => "DeleteSuppressedDestination",
            (&Method::GET, path) if set_of_events(path).is_some() => "GetConfigurationSetEventDestinations",
            _ => return None,
        };
        Some(name.to_owned())
    }

    fn actions(&self, operation: &str, request: &Value) -> Vec<Action> {
        let text = |field| request.get(field).and_then(Value::as_str);
        let domain = |address| bare_address(address).rsplit_once('@').map(|(_, domain)| domain.to_owned());
        vec![Action {
            action: format!("ses:{operation}"),
            identity: text("FromEmailAddress").and_then(domain),
            configuration_set: text("ConfigurationSetName").map(str::to_owned),
            ..Action::default()
        }]
    }

    fn throttled(&self) -> Response {
        error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Maximum sending rate exceeded.")
    }

    fn broken(&self) -> Response {
        error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceErrorException", "Internal failure.")
    }

    fn refused(&self, code: &str) -> Response {
        error(StatusCode::BAD_REQUEST, code, REFUSED)
    }

    async fn handle(&self, request: AwsRequest) -> Response {
        let answered = match request.operation.as_str() {
            "SendEmail" => self.send_email(request.json),
            "GetAccount" => Ok(account(!self.account.is_in_sandbox(), self.account.enforcement())),
            "GetEmailIdentity" => {
                let name = request.parts.uri.path().trim_start_matches(IDENTITIES);
                // Domains alone are identities here, so that an address is not.
                let is_domain = !name.contains('@') && !name.contains('%');
                if !is_domain || !self.account.has_domain(name) {
                    let message = format!("Email identity <{name}> does not exist.");
                    return error(StatusCode::NOT_FOUND, "NotFoundException", &message);
                }
                Ok(identity())
            }
            "GetSuppressedDestination" | "DeleteSuppressedDestination" => {
                let name = request.parts.uri.path().trim_start_matches(SUPPRESSED);
                let name = percent_decode_str(name).decode_utf8_lossy();
                let Some(why) = self.account.listed(&name) else {
                    let message = "The email address is not on the suppression list.";
                    return error(StatusCode::NOT_FOUND, "NotFoundException", message);
                };
                if request.operation == "GetSuppressedDestination" {
                    Ok(suppressed(&name, why, (self.now)()))
                } else {
                    self.account.forget_suppressed(&name);
                    Ok(json!({}))
                }
            }
            "GetConfigurationSetEventDestinations" => {
                if set_of_events(request.parts.uri.path()) != Some(SET) {
                    let message = "Configuration set does not exist.";
                    return error(StatusCode::NOT_FOUND, "NotFoundException", message);
                }
                Ok(event_destinations(self.account.tells()))
            }
            _ => return error(StatusCode::NOT_FOUND, "UnknownOperationException", "Unknown operation."),
        };
        match answered {
            Ok(answer) => json_answer(StatusCode::OK, CONTENT_TYPE, &answer),
            Err(Refused(name, message)) => error(StatusCode::BAD_REQUEST, name, &message),
        }
    }
}

/// As SES shows an address of its list: what was put there by hand names no mail.
fn suppressed(address: &str, why: Listed, now: u64) -> Value {
    let (at, attributes) = match why {
        Listed::Bounced(at) => (at, json!({ "MessageId": random_id(), "FeedbackId": random_id() })),
        Listed::ByHand => (now, Value::Null),
    };
    json!({
        "SuppressedDestination": {
            "EmailAddress": address,
            "Reason": "BOUNCE",
            "LastUpdateTime": at,
            "Attributes": attributes,
        },
    })
}

fn error(status: StatusCode, name: &str, message: &str) -> Response {
    let mut answer = json_answer(status, CONTENT_TYPE, &json!({ "message": message }));
    if let Ok(name) = HeaderValue::from_str(name) {
        answer.headers_mut().insert(ERROR_HEADER, name);
    }
    answer
}

/// The configuration set whose event destinations a path asks for.
fn set_of_events(path: &str) -> Option<&str> {
    path.strip_prefix(SETS.0)?.strip_suffix(SETS.1)
}

fn event_destinations(are_told: bool) -> Value {
    let destination = json!({
        "Name": "feedback",
        "Enabled": true,
        "MatchingEventTypes": ["BOUNCE", "COMPLAINT", "REJECT"],
        "EventBridgeDestination": {
            "EventBusArn": "arn:aws:events:eu-central-1:000000000000:event-bus/default",
        },
    });
    json!({ "EventDestinations": if are_told { vec![destination] } else { Vec::new() } })
}

fn identity() -> Value {
    json!({
        "DkimAttributes": { "SigningEnabled": true, "Status": "SUCCESS" },
        "FeedbackForwardingStatus": true,
        "IdentityType": "DOMAIN",
        "VerificationStatus": "SUCCESS",
        "VerifiedForSendingStatus": true,
    })
}

fn account(is_in_production: bool, enforcement: &str) -> Value {
    json!({
        "DedicatedIpAutoWarmupEnabled": false,
        "EnforcementStatus": enforcement,
        "ProductionAccessEnabled": is_in_production,
        "SendQuota": { "Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0 },
        "SendingEnabled": enforcement != "SHUTDOWN",
    })
}

fn missing(member: &str) -> Refused {
    bad_request(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

fn check_labels(request: &SendEmail) -> Result<(), Refused> {
    let set = request.configuration_set_name.iter().map(|name| (name, CONFIGURATION_SET_CHARACTERS_MAX));
    let tags = request.email_tags.iter().flat_map(|tag| [&tag.name, &tag.value]);
    for (label, characters_max) in set.chain(tags.map(|text| (text, TAG_CHARACTERS_MAX))) {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if label.is_empty() || label.len() > characters_max || !label.bytes().all(allowed) {
            return Err(bad_request(format!(
                "Invalid name or value <{label}>: only ASCII letters, digits, '_' and '-' are allowed."
            )));
        }
    }
    Ok(())
}

fn recipients(destination: Destination) -> Result<Vec<String>, Refused> {
    let Destination { to_addresses, cc_addresses, bcc_addresses } = destination;
    let recipients: Vec<String> = to_addresses.into_iter().chain(cc_addresses).chain(bcc_addresses).collect();
    if recipients.is_empty() {
        return Err(bad_request("Destination is missing."));
    }
    if recipients.len() > RECIPIENTS_MAX {
        return Err(bad_request(format!("Recipient count exceeds {RECIPIENTS_MAX}.")));
    }
    for recipient in &recipients {
        check_address(recipient)?;
    }
    Ok(recipients.iter().map(|recipient| bare_address(recipient).to_owned()).collect())
}

/// The address without its display name: `a@b.c` of `Name <a@b.c>`.
pub(super) fn bare_address(address: &str) -> &str {
    match address.rsplit_once('<') {
        Some((_, bare)) => bare.strip_suffix('>').unwrap_or(bare),
        None => address,
    }
}

fn check_address(address: &str) -> Result<(), Refused> {
    let unprintable = |text: &str| text.chars().any(|character| character.is_control());
    let blank = |text: &str| unprintable(text) || text.contains(' ');
    if address.len() > ADDRESS_BYTES_MAX {
        return Err(bad_request("Address length is more than 320 characters long."));
    }
    match bare_address(address).rsplit_once('@') {
        None | Some(("", _) | (_, "")) => Err(bad_request("Missing final '@domain'")),
        Some((local, _)) if blank(local) => Err(bad_request("Local address contains control or whitespace")),
        Some((_, domain)) if blank(domain) => Err(bad_request("Domain contains control or whitespace")),
        // What stands before the address must not start a header of its own.
        Some(_) if unprintable(address) => Err(bad_request("Address contains control characters")),
        Some(_) => Ok(()),
    }
}
