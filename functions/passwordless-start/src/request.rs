//! What a start asks for.

use postern::http::Params;
use postern::rules::destination::Destination;
use postern::rules::otp::OneTimeCode;
use postern::rules::passwordless::{self, Connection, STATE_BYTES_MAX};
use postern::rules::phone::NotANumber;
use postern::wire::passwordless::StartFault;
use postern::wire::refusal::Refusal;
use serde_json::Value;

/// The properties there are (contract §9).
const PROPERTIES: [&str; 9] = [
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "connection",
    "email",
    "phone_number",
    "send",
    "authParams",
];

/// What is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Code,
    Link { redirect_uri: String, state: Option<String> },
}

/// A start whose form is right.
#[derive(Debug)]
pub(crate) struct StartRequest {
    pub(crate) connection: Connection,
    pub(crate) to: Destination,
    pub(crate) send: Wanted,
}

impl StartRequest {
    pub(crate) fn parse(params: &Params) -> Result<Self, Refusal> {
        if let Some(others) = params.others(&PROPERTIES) {
            return Err(Refusal::BadStart(StartFault::NotAllowed(others)));
        }
        let name = required(params, "connection")?;
        let connection = Connection::parse(name).ok_or(Refusal::BadStart(StartFault::UnknownConnection))?;
        let to = destination(connection, params)?;
        let send = Wanted::parse(connection, params).map_err(Refusal::BadStart)?;
        Ok(Self { connection, to, send })
    }
}

fn required<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, Refusal> {
    params.optional(name)?.ok_or(Refusal::BadStart(StartFault::Missing(name)))
}

fn destination(connection: Connection, params: &Params) -> Result<Destination, Refusal> {
    let (property, malformed) = match connection {
        Connection::Email => ("email", StartFault::Email),
        Connection::Sms => ("phone_number", StartFault::PhoneNumber),
    };
    connection.destination(required(params, property)?).map_err(|wrong| {
        Refusal::BadStart(match wrong {
            NotANumber::Malformed => malformed,
            NotANumber::Costly => {
                StartFault::PhoneNumberRefused("Codes are not sent to phone numbers of this kind")
            }
        })
    })
}

impl Wanted {
    /// By SMS a code, whatever is asked for; by mail a link unless a code is asked for.
    fn parse(connection: Connection, params: &Params) -> Result<Self, StartFault> {
        let fault = StartFault::AuthParams;
        let auth_params = match params.value("authParams") {
            None => None,
            Some(Value::Object(members)) => Some(members),
            Some(_) => return Err(fault("authParams must be an object")),
        };
        let word = match params.value("send") {
            None => "link",
            Some(Value::String(word)) => word,
            Some(_) => return Err(StartFault::Send),
        };
        match (word, connection) {
            ("code" | "link", Connection::Sms) | ("code", Connection::Email) => return Ok(Self::Code),
            ("link", Connection::Email) => {}
            _ => return Err(StartFault::Send),
        }
        let text = |name: &str| match auth_params.and_then(|members| members.get(name)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(fault("redirect_uri and state in authParams must be strings")),
        };
        let redirect_uri = text("redirect_uri")?.filter(|uri| !uri.is_empty());
        let redirect_uri =
            redirect_uri.ok_or(fault("authParams needs a redirect_uri for the link to lead to"))?;
        let state = text("state")?;
        if state.as_ref().is_some_and(|state| state.len() > STATE_BYTES_MAX) {
            return Err(fault("state in authParams is too long"));
        }
        Ok(Self::Link { redirect_uri, state })
    }

    /// Demands that a link leads where the client registered it.
    pub(crate) fn demand_callback(&self, callbacks: &[String]) -> Result<(), Refusal> {
        match self {
            Self::Link { redirect_uri, .. } if !passwordless::may_lead_to(callbacks, redirect_uri) => {
                let why = "redirect_uri in authParams is not among the callbacks of the client";
                Err(Refusal::BadStart(StartFault::AuthParams(why)))
            }
            _ => Ok(()),
        }
    }

    /// The link with a code in it, when one is to be sent.
    pub(crate) fn link(&self, callbacks: &[String], to: &Destination, code: &OneTimeCode) -> Option<String> {
        match (self, to) {
            (Self::Link { redirect_uri, state }, Destination::Email(address)) => {
                passwordless::link(callbacks, redirect_uri, address, code, state.as_deref())
            }
            _ => None,
        }
    }
}
