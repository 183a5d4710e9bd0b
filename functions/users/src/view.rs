//! Users as the Management API shows them.

use postern::rules::passwordless::Connection;
use postern::store::logins::LoginName;
use postern::store::users::Profile;
use postern::wire::management::{ManagementRefusal, instant};
use serde::Serialize;
use serde_json::{Map, Value};

/// How a user signs in.
#[derive(Serialize)]
struct Identity<'a> {
    connection: &'a str,
    #[serde(rename = "isSocial")]
    is_social: bool,
    provider: &'a str,
    user_id: &'a str,
}

/// A user, by the alphabet. What there is nothing of is left out.
#[derive(Serialize)]
struct User<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    app_metadata: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    blocked: bool,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    email_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    identities: Vec<Identity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    updated_at: String,
    user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_metadata: Option<Value>,
}

/// A user with all fields.
pub(crate) fn shown(profile: &Profile) -> Result<Map<String, Value>, ManagementRefusal> {
    let user = User {
        created_at: instant(profile.created_at),
        updated_at: instant(profile.updated_at),
        user_id: profile.user_id.as_str(),
        email: profile.email.as_ref().map(|address| address.as_str()),
        email_verified: profile.email_verified,
        name: profile.shown_name(),
        nickname: profile.shown_nickname(),
        given_name: profile.given_name.as_deref(),
        family_name: profile.family_name.as_deref(),
        picture: profile.picture.as_deref(),
        app_metadata: profile.app_metadata.as_ref().map(|metadata| metadata.to_json()),
        user_metadata: profile.user_metadata.as_ref().map(|metadata| metadata.to_json()),
        blocked: profile.blocked,
        identities: profile.logins.iter().map(|login| identity(profile, login)).collect(),
    };
    match serde_json::to_value(user) {
        Ok(Value::Object(user)) => Ok(user),
        _ => Err(ManagementRefusal::Internal),
    }
}

fn identity<'a>(profile: &'a Profile, login: &'a LoginName) -> Identity<'a> {
    Identity {
        connection: &login.connection,
        user_id: profile.user_id.name(),
        provider: Connection::parse(&login.connection).map_or("auth0", Connection::as_str),
        is_social: false,
    }
}
