//! What is asked for.

use postern::http::Params;
use postern::rules::address::EmailAddress;
use postern::rules::metadata::UserMetadata;
use postern::store::logins::DEFAULT_CONNECTION;
use postern::store::user_changes::{ProfileText, TextFlaw, UserChange};
use postern::token::password::{PASSWORD_BYTES_MAX, Password, Unsuitable};
use postern::wire::refusal::Refusal;
use postern::wire::signup::SignupRefusal;
use serde_json::{Map, Value};

/// Properties of `user_metadata` at a sign-up, as Auth0 has it.
pub const METADATA_PROPERTIES_MAX: usize = 10;
/// Their longest names, in characters, as Auth0 has it.
pub const METADATA_NAME_CHARACTERS_MAX: usize = 100;
/// Their longest values, in characters, as Auth0 has it.
pub const METADATA_VALUE_CHARACTERS_MAX: usize = 500;

/// A new password is wanted.
pub(crate) struct ResetRequest {
    pub(crate) email: EmailAddress,
}

impl ResetRequest {
    pub(crate) fn parse(params: &Params) -> Result<Self, Refusal> {
        demand_connection(params)?;
        Ok(Self { email: email(params)? })
    }
}

/// Somebody wants an account.
pub(crate) struct Signup {
    pub(crate) email: EmailAddress,
    pub(crate) password: Password,
    /// What else the profile is to say.
    pub(crate) change: UserChange,
}

impl Signup {
    pub(crate) fn parse(params: &Params) -> Result<Self, SignupRefusal> {
        demand_connection(params)?;
        // To ignore them would be to promise a sign-in by them.
        if let Some(name) = ["username", "phone_number"].into_iter().find(|name| params.value(name).is_some())
        {
            return Err(invalid(format!("Parameter {name} is not supported by the connection")).into());
        }
        let email = email(params)?;
        let password = Password::chosen(params.required("password")?).map_err(|why| match why {
            Unsuitable::TooShort => SignupRefusal::WeakPassword,
            Unsuitable::TooLong => {
                invalid(format!("Parameter password is longer than {PASSWORD_BYTES_MAX} bytes")).into()
            }
        })?;
        let user_metadata = params.value("user_metadata").map(metadata).transpose()?;
        let change = UserChange { texts: texts(params)?, user_metadata, ..UserChange::default() };
        Ok(Self { email, password, change })
    }
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::InvalidRequest(text.into())
}

fn demand_connection(params: &Params) -> Result<(), Refusal> {
    match params.required("connection")? {
        DEFAULT_CONNECTION => Ok(()),
        _ => Err(invalid("The connection does not exist")),
    }
}

fn email(params: &Params) -> Result<EmailAddress, Refusal> {
    EmailAddress::parse(params.required("email")?)
        .ok_or_else(|| invalid("Parameter email must be an email address"))
}

fn texts(params: &Params) -> Result<Vec<(ProfileText, Option<String>)>, Refusal> {
    let mut texts = Vec::new();
    for text in ProfileText::ALL {
        let Some(words) = params.optional(text.as_str())? else { continue };
        let flaw = text.flaw(words).map(|flaw| match flaw {
            TextFlaw::Empty => "is empty".to_owned(),
            TextFlaw::TooLong { most, .. } => format!("is longer than {most} characters"),
            TextFlaw::NotAUrl => "must be a URL".to_owned(),
        });
        if let Some(flaw) = flaw {
            return Err(invalid(format!("Parameter {} {flaw}", text.as_str())));
        }
        texts.push((text, Some(words.to_owned())));
    }
    Ok(texts)
}

/// A few short texts: whoever signs up is a stranger.
fn metadata(value: &Value) -> Result<Map<String, Value>, Refusal> {
    let fits = |(name, value): (&String, &Value)| {
        name.chars().count() <= METADATA_NAME_CHARACTERS_MAX
            && value.as_str().is_some_and(|text| text.chars().count() <= METADATA_VALUE_CHARACTERS_MAX)
    };
    match value {
        Value::Object(members) if members.len() <= METADATA_PROPERTIES_MAX && members.iter().all(fits) => {
            UserMetadata::new(members.clone()).map(|_| members.clone()).ok_or_else(metadata_does_not_fit)
        }
        _ => Err(metadata_does_not_fit()),
    }
}

/// As a whole it is bounded as any user's is.
pub(crate) fn metadata_does_not_fit() -> Refusal {
    invalid(format!(
        "Parameter user_metadata must be an object of at most {METADATA_PROPERTIES_MAX} strings, each of at most {METADATA_VALUE_CHARACTERS_MAX} characters"
    ))
}
