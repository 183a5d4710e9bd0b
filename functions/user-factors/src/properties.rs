//! The properties of an authentication method as a request names them, each of its type and within its bounds.

use postern::http::properties::string;
use postern::rules::address::EmailAddress;
use postern::rules::channel::PhoneChannel;
use postern::rules::label::{LABEL_CHARACTERS_MAX, Label};
use postern::rules::phone::{NotANumber, PhoneNumber};
use postern::rules::totp::TotpSecret;
use postern::store::users::Labels;
use postern::token::vouched::Reaches;
use postern::wire::management::ManagementRefusal;
use serde_json::{Map, Value};

/// Types that Auth0 has and Postern has not.
const NOT_HERE: [&str; 4] = ["passkey", "push", "webauthn-platform", "webauthn-roaming"];

/// A method to be made.
pub(crate) struct NewMethod {
    pub(crate) labels: Labels,
    pub(crate) reaches: Reaches,
}

/// What is noted of a method.
pub(crate) fn labels(body: &Map<String, Value>) -> Result<Labels, ManagementRefusal> {
    let mut labels = Labels::default();
    for (property, value) in body {
        if !note(&mut labels, property, value)? {
            return Err(ManagementRefusal::additional(property));
        }
    }
    Ok(labels)
}

impl NewMethod {
    pub(crate) fn of(body: &Map<String, Value>) -> Result<Self, ManagementRefusal> {
        let kind = string("type", body.get("type").ok_or_else(|| ManagementRefusal::missing("type"))?)?;
        let own = match kind {
            "email" => "email",
            "phone" => "phone_number",
            "totp" => "totp_secret",
            other if NOT_HERE.contains(&other) => {
                let text = format!("Authentication methods of type {other} are not available.");
                return Err(ManagementRefusal::Unsupported(text));
            }
            _ => {
                return Err(ManagementRefusal::property(
                    "type",
                    "No enum match, expected email, phone or totp",
                ));
            }
        };
        let mut labels = Labels::default();
        for (property, value) in body {
            let is_known = ["type", own].contains(&property.as_str()) || note(&mut labels, property, value)?;
            if !is_known {
                return Err(ManagementRefusal::additional(property));
            }
        }
        if labels.preferred.is_some() && kind != "phone" {
            return Err(ManagementRefusal::property(PREFERRED, "Only a phone has channels to prefer"));
        }
        let value = string(own, body.get(own).ok_or_else(|| ManagementRefusal::missing(own))?)?;
        let reaches = match kind {
            "email" => Reaches::Address(
                EmailAddress::parse(value).ok_or_else(|| ManagementRefusal::malformed("email", "email"))?,
            ),
            "phone" => Reaches::Phone(number(value)?),
            _ => Reaches::App(TotpSecret::from_base32(value).ok_or_else(secret_does_not_fit)?),
        };
        Ok(Self { labels, reaches })
    }
}

const PREFERRED: &str = "preferred_authentication_method";

/// Takes a note; `false` when the property is none.
fn note(labels: &mut Labels, property: &str, value: &Value) -> Result<bool, ManagementRefusal> {
    match property {
        "name" => labels.name = Some(label(string("name", value)?)?),
        PREFERRED => {
            let channel = PhoneChannel::parse(string(PREFERRED, value)?);
            let wrong = || ManagementRefusal::property(PREFERRED, "No enum match, expected sms or voice");
            labels.preferred = Some(channel.ok_or_else(wrong)?);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn label(text: &str) -> Result<Label, ManagementRefusal> {
    Label::parse(text).ok_or_else(|| {
        let problem = format!(
            "String is empty, too long or has a control character, maximum {LABEL_CHARACTERS_MAX} characters"
        );
        ManagementRefusal::property("name", &problem)
    })
}

fn number(text: &str) -> Result<PhoneNumber, ManagementRefusal> {
    PhoneNumber::parse(text).map_err(|problem| match problem {
        NotANumber::Malformed => ManagementRefusal::malformed("phone_number", "phone-number"),
        NotANumber::Costly => {
            ManagementRefusal::property("phone_number", "Codes are not sent to numbers of this kind")
        }
    })
}

fn secret_does_not_fit() -> ManagementRefusal {
    ManagementRefusal::property("totp_secret", "Expected base32 in capitals without padding, 128 to 512 bits")
}
