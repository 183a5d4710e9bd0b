//! What a client asks to associate (contract §3).

use crate::audit::trail;
use crate::http::Params;
use crate::rules::address::EmailAddress;
use crate::rules::channel::Channel;
use crate::rules::destination::Destination;
use crate::rules::phone::{NotANumber, PhoneNumber};
use crate::rules::policy::Factor;
use crate::wire::refusal::{Refusal, shown};

/// A request for one authenticator.
#[derive(Clone, Debug)]
pub enum AssociateRequest {
    /// Codes that are sent.
    Oob(Wanted),
    /// An authenticator app.
    Otp,
}

/// Where codes are to be sent.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// To the account's own address.
    AccountEmail,
    /// To what the client named.
    Named(Destination),
}

impl AssociateRequest {
    /// How its code is sent; an app has none sent to it.
    #[must_use]
    pub fn channel(&self) -> Option<Channel> {
        match self {
            Self::Oob(Wanted::AccountEmail) => Some(Channel::Email),
            Self::Oob(Wanted::Named(to)) => Some(to.channel()),
            Self::Otp => None,
        }
    }

    /// For the audit log.
    pub fn note(&self) {
        match self.channel() {
            Some(channel) => trail::channel(channel),
            None => trail::factor(Factor::Otp),
        }
    }

    /// Whether its code is mailed, by a template if there is one.
    #[must_use]
    pub fn is_mailed(&self) -> bool {
        self.channel() == Some(Channel::Email)
    }

    /// Reads a request.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub fn parse(params: &Params) -> Result<Self, Refusal> {
        match one_word(params, "authenticator_types")? {
            "otp" => Ok(Self::Otp),
            "oob" => Self::of_channel(one_word(params, "oob_channels")?, params),
            other => Err(unknown("authenticator type", other)),
        }
    }

    /// Codes by a channel, to the address or number among the parameters.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub fn of_channel(channel: &str, params: &Params) -> Result<Self, Refusal> {
        match channel {
            "email" => match params.optional("email")? {
                None => Ok(Self::Oob(Wanted::AccountEmail)),
                Some(text) => {
                    let address = EmailAddress::parse(text).ok_or_else(|| {
                        Refusal::InvalidRequest("Parameter email is not a valid email address".into())
                    })?;
                    Ok(Self::Oob(Wanted::Named(Destination::Email(address))))
                }
            },
            "sms" => Ok(Self::Oob(Wanted::Named(Destination::Sms(phone_number(params)?)))),
            "voice" => Ok(Self::Oob(Wanted::Named(Destination::Voice(phone_number(params)?)))),
            "auth0" => Err(Refusal::FactorOff(Factor::PushNotification.as_str())),
            other => Err(unknown("oob_channel", other)),
        }
    }
}

fn phone_number(params: &Params) -> Result<PhoneNumber, Refusal> {
    PhoneNumber::parse(params.required("phone_number")?).map_err(|not| {
        let text = match not {
            NotANumber::Malformed => "Parameter phone_number is not a valid phone number in E.164 format",
            NotANumber::Costly => "Parameter phone_number is a kind of number that codes are not sent to",
        };
        Refusal::InvalidRequest(text.into())
    })
}

fn unknown(what: &str, word: &str) -> Refusal {
    Refusal::InvalidRequest(format!("Unknown {what}: {}", shown(word)))
}

fn one_word<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, Refusal> {
    match *params.words(name)?.as_slice() {
        [] => Err(Refusal::MissingParameter(name)),
        [word] => Ok(word),
        _ => Err(Refusal::InvalidRequest(format!("Parameter {name} must name exactly one"))),
    }
}
