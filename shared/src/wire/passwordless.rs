//! Bodies and refusals of `/passwordless/start` (contract §9).

use std::borrow::Cow;

use serde::Serialize;

/// The answer to a start, the same whether anybody has the address or not.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum StartReply<'a> {
    /// Connection `email`.
    Email {
        /// Derives from the address.
        #[serde(rename = "_id")]
        id: String,
        /// The address, in lower case.
        email: &'a str,
        /// Never says that somebody proved it.
        email_verified: bool,
    },
    /// Connection `sms`.
    Sms {
        /// Derives from the number.
        #[serde(rename = "_id")]
        id: String,
        /// The number.
        phone_number: &'a str,
        /// Never says that somebody proved it.
        phone_verified: bool,
        /// The language that the request asked for.
        request_language: Option<&'a str>,
    },
}

/// What is wrong with a start; each a 400 with a code of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartFault {
    /// A property is missing.
    Missing(&'static str),
    /// Properties that there are not, as far as they can be shown.
    NotAllowed(String),
    /// No such connection.
    UnknownConnection,
    /// The tenant has it off.
    ConnectionOff,
    /// Not an address.
    Email,
    /// Not a number at all.
    PhoneNumber,
    /// A number that codes are not sent to: of its kind, or of its country.
    PhoneNumberRefused(&'static str),
    /// Neither `code` nor `link`.
    Send,
    /// A link leads nowhere.
    AuthParams(&'static str),
}

impl StartFault {
    /// `error` and `error_description`.
    #[must_use]
    pub fn wire(&self) -> (&'static str, Cow<'static, str>) {
        match self {
            Self::Missing(property) => {
                let code = match *property {
                    "client_id" => "bad.client_id",
                    "connection" => "bad.connection",
                    "phone_number" => "bad.phone_number",
                    "email" => "bad.email",
                    _ => "bad.request",
                };
                (code, format!("Missing required property: {property}").into())
            }
            Self::NotAllowed(properties) => {
                ("bad.request", format!("the following properties are not allowed: {properties}").into())
            }
            Self::UnknownConnection => ("bad.connection", "Connection does not exist".into()),
            Self::ConnectionOff => ("bad.connection", "Connection is disabled".into()),
            Self::Email => ("bad.email", "Object didn't pass validation for format email".into()),
            Self::PhoneNumber => {
                ("bad.phone_number", r"String does not match pattern: ^\+[0-9]{1,15}$".into())
            }
            Self::PhoneNumberRefused(why) => ("bad.phone_number", (*why).into()),
            Self::Send => ("bad.request", "send must be code or link".into()),
            Self::AuthParams(why) => ("bad.authParams", (*why).into()),
        }
    }
}
