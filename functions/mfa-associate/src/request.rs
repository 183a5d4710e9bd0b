//! What a client asks to associate (contract §3).

use postern::http::Params;
use postern::rules::address::EmailAddress;
use postern::rules::policy::Factor;
use postern::wire::refusal::Refusal;

/// A request for one authenticator.
#[derive(Debug)]
pub(crate) enum AssociateRequest {
    /// Codes by email; to the account's address when none is named.
    Email { address: Option<EmailAddress> },
    /// An authenticator app.
    Otp,
}

impl AssociateRequest {
    pub(crate) fn parse(params: &Params) -> Result<Self, Refusal> {
        match one_word(params, "authenticator_types")? {
            "otp" => Ok(Self::Otp),
            "oob" => Self::parse_oob(params),
            other => Err(unknown("authenticator type", other)),
        }
    }

    fn parse_oob(params: &Params) -> Result<Self, Refusal> {
        match one_word(params, "oob_channels")? {
            "email" => {
                let address = params.optional("email")?.map(EmailAddress::parse);
                if address == Some(None) {
                    return Err(Refusal::InvalidRequest(
                        "Parameter email is not a valid email address".into(),
                    ));
                }
                Ok(Self::Email { address: address.flatten() })
            }
            // Known channels that this version has no way to deliver by.
            "sms" | "voice" => Err(Refusal::FactorOff(Factor::Sms.as_str())),
            "auth0" => Err(Refusal::FactorOff(Factor::PushNotification.as_str())),
            other => Err(unknown("oob_channel", other)),
        }
    }
}

/// Longest unknown word that is repeated in a refusal, in characters.
const WORD_SHOWN_MAX: usize = 64;

fn unknown(what: &str, word: &str) -> Refusal {
    let word: String = word.chars().filter(|c| !c.is_control()).take(WORD_SHOWN_MAX).collect();
    Refusal::InvalidRequest(format!("Unknown {what}: {word}"))
}

fn one_word<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, Refusal> {
    match *params.words(name)?.as_slice() {
        [] => Err(Refusal::MissingParameter(name)),
        [word] => Ok(word),
        _ => Err(Refusal::InvalidRequest(format!("Parameter {name} must name exactly one"))),
    }
}
