//! The properties of a user as a request names them, each of its type and within its bounds.

use postern::http::properties::{client_id, string, truth, user_id};
use postern::id::{ClientId, UserId};
use postern::rules::address::EmailAddress;
use postern::rules::metadata::{METADATA_BYTES_MAX, MetadataKind};
use postern::store::logins::DEFAULT_CONNECTION;
use postern::store::user_changes::{ProfileText, TextFlaw, UserChange};
use postern::token::password::{PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN, Password};
use postern::wire::management::ManagementRefusal;
use serde_json::{Map, Value};

/// A user to be made.
pub(crate) struct NewUser {
    pub(crate) email: EmailAddress,
    pub(crate) password: Password,
    pub(crate) chosen_id: Option<UserId>,
    /// Whether a link to verify the address is mailed.
    pub(crate) is_mailed: bool,
    /// What it is beside these.
    pub(crate) change: UserChange,
}

/// What a request changes.
pub(crate) struct Change {
    pub(crate) password: Option<Password>,
    /// Whether a link to verify the address is mailed, if it is not verified then.
    pub(crate) is_mailed: bool,
    /// The client that such a mail speaks of.
    pub(crate) client: Option<ClientId>,
    /// What changes beside it.
    pub(crate) change: UserChange,
}

/// What a request names.
#[derive(Default)]
struct Properties {
    connection: bool,
    user_id: Option<UserId>,
    password: Option<Password>,
    is_mailed: bool,
    client: Option<ClientId>,
    change: UserChange,
}

impl NewUser {
    pub(crate) fn of(body: &Map<String, Value>) -> Result<Self, ManagementRefusal> {
        let properties = Properties::of(body, true)?;
        let Properties { connection, user_id, password, is_mailed, mut change, .. } = properties;
        if !connection {
            return Err(ManagementRefusal::missing("connection"));
        }
        Ok(Self {
            email: change.email.take().ok_or_else(|| ManagementRefusal::missing("email"))?,
            password: password.ok_or_else(|| ManagementRefusal::missing("password"))?,
            chosen_id: user_id,
            is_mailed,
            change,
        })
    }
}

impl Change {
    /// A password and an address are not changed at once, as at Auth0.
    pub(crate) fn of(body: &Map<String, Value>) -> Result<Self, ManagementRefusal> {
        let Properties { password, is_mailed, client, change, .. } = Properties::of(body, false)?;
        let address = ["email", "email_verified"].into_iter().find(|name| body.contains_key(*name));
        match address.filter(|_| password.is_some()) {
            None => Ok(Self { password, is_mailed, client, change }),
            Some(name) => {
                let problem = format!("'Cannot update password and {name} simultaneously'.");
                Err(ManagementRefusal::InvalidBody(problem))
            }
        }
    }
}

/// A mail that is to verify an address.
pub(crate) struct Verification {
    pub(crate) user: UserId,
    /// The client that it speaks of.
    pub(crate) client: Option<ClientId>,
}

impl Verification {
    pub(crate) fn of(body: &Map<String, Value>) -> Result<Self, ManagementRefusal> {
        let (mut user, mut client) = (None, None);
        for (name, value) in body {
            match name.as_str() {
                "user_id" => user = Some(user_id("user_id", value)?),
                "client_id" => client = Some(client_id("client_id", value)?),
                other => return Err(ManagementRefusal::additional(other)),
            }
        }
        let user = user.ok_or_else(|| ManagementRefusal::missing("user_id"))?;
        Ok(Self { user, client })
    }
}

impl Properties {
    fn of(body: &Map<String, Value>, is_new: bool) -> Result<Self, ManagementRefusal> {
        let mut properties = Self::default();
        let change = &mut properties.change;
        for (name, value) in body {
            match name.as_str() {
                "connection" => {
                    connection(value)?;
                    properties.connection = true;
                }
                "user_id" if is_new => properties.user_id = Some(chosen_id(value)?),
                "email" => change.email = Some(address(value)?),
                "password" => properties.password = Some(password(value)?),
                "email_verified" => change.email_verified = Some(truth("email_verified", value)?),
                "blocked" => change.blocked = Some(truth("blocked", value)?),
                "user_metadata" => change.user_metadata = Some(metadata(MetadataKind::User, value)?),
                "app_metadata" => change.app_metadata = Some(metadata(MetadataKind::App, value)?),
                "verify_email" => properties.is_mailed = truth("verify_email", value)?,
                "client_id" if !is_new => properties.client = Some(client_id("client_id", value)?),
                other => {
                    let text = ProfileText::ALL.into_iter().find(|text| text.as_str() == other);
                    let text = text.ok_or_else(|| ManagementRefusal::additional(other))?;
                    change.texts.push((text, words(text, value)?));
                }
            }
        }
        Ok(properties)
    }
}

/// The metadata with its bounds, whether of a request or merged.
pub(crate) fn metadata_does_not_fit(kind: MetadataKind) -> ManagementRefusal {
    let problem = format!(
        "Object is too long or too deep, has a nameless member or a number out of range, maximum {METADATA_BYTES_MAX} bytes"
    );
    ManagementRefusal::property(kind.as_str(), &problem)
}

fn long_enough(property: &str, text: &str, characters_min: usize) -> Result<(), ManagementRefusal> {
    let characters = text.chars().count();
    if characters >= characters_min {
        return Ok(());
    }
    let problem = format!("String is too short ({characters} chars), minimum {characters_min}");
    Err(ManagementRefusal::property(property, &problem))
}

fn connection(value: &Value) -> Result<(), ManagementRefusal> {
    if string("connection", value)? == DEFAULT_CONNECTION {
        return Ok(());
    }
    let message = "The connection does not exist".to_owned();
    Err(ManagementRefusal::Inexistent { message, code: "inexistent_connection" })
}

fn chosen_id(value: &Value) -> Result<UserId, ManagementRefusal> {
    UserId::chosen(string("user_id", value)?)
        .ok_or_else(|| ManagementRefusal::malformed("user_id", "user-id"))
}

fn address(value: &Value) -> Result<EmailAddress, ManagementRefusal> {
    EmailAddress::parse(string("email", value)?).ok_or_else(|| ManagementRefusal::malformed("email", "email"))
}

fn password(value: &Value) -> Result<Password, ManagementRefusal> {
    let text = string("password", value)?;
    long_enough("password", text, PASSWORD_CHARACTERS_MIN)?;
    if text.len() > PASSWORD_BYTES_MAX {
        let problem = format!("String is too long, maximum {PASSWORD_BYTES_MAX} bytes");
        return Err(ManagementRefusal::property("password", &problem));
    }
    Ok(Password::new(text))
}

/// Null takes all of it away.
fn metadata(kind: MetadataKind, value: &Value) -> Result<Map<String, Value>, ManagementRefusal> {
    match value {
        Value::Object(members) => Ok(members.clone()),
        Value::Null => Ok(Map::new()),
        _ => Err(ManagementRefusal::property(kind.as_str(), "Expected type object")),
    }
}

/// Null takes it away.
fn words(text: ProfileText, value: &Value) -> Result<Option<String>, ManagementRefusal> {
    if value.is_null() {
        return Ok(None);
    }
    let property = text.as_str();
    let words = string(property, value)?;
    match text.flaw(words) {
        None => Ok(Some(words.to_owned())),
        Some(TextFlaw::Empty) => long_enough(property, words, 1).map(|()| None),
        Some(TextFlaw::TooLong { characters, most }) => {
            let problem = format!("String is too long ({characters} chars), maximum {most}");
            Err(ManagementRefusal::property(property, &problem))
        }
        Some(TextFlaw::NotAUrl) => Err(ManagementRefusal::malformed(property, "uri")),
    }
}
