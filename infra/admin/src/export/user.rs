//! A user as a line of an export.

use postern::rules::metadata::UserMetadata;
use postern::rules::passwordless::Connection;
use postern::rules::totp::{Algorithm, TotpSecret};
use postern::store::export::Resident;
use postern::store::logins::LoginName;
use postern::store::users::{Source, UserState};
use postern::token::foreign::is_bcrypt;
use postern::token::keyring::KeyRing;
use postern::token::totp_secret;
use postern::wire::management::instant;
use serde::Serialize;
use serde_json::Value;

/// The factors of a user, their secrets opened where they may be.
#[derive(Default)]
pub(super) struct Opened {
    factors: Vec<Factor>,
    /// Apps that are not written because secrets are not.
    pub(super) left_out: u64,
    /// Apps whose secrets did not open, or that no other system takes.
    pub(super) unreadable: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Factor {
    Totp { secret: String },
    Phone { value: String },
    Email { value: String },
}

impl Opened {
    pub(super) fn of(user: &UserState, ring: Option<&KeyRing>) -> Self {
        let mut opened = Self::default();
        for authenticator in user.active() {
            let factor = match &authenticator.source {
                Source::Email { destination } => Factor::Email { value: destination.as_str().to_owned() },
                Source::Sms { destination } => Factor::Phone { value: destination.as_str().to_owned() },
                // The same phone by its other channel.
                Source::Voice { .. } if has_twin(user, &authenticator.id) => continue,
                Source::Voice { destination } => Factor::Phone { value: destination.as_str().to_owned() },
                Source::Otp { secret, algorithm, .. } => {
                    let Some(ring) = ring else {
                        opened.left_out += 1;
                        continue;
                    };
                    let id = &user.profile.user_id;
                    let secret = totp_secret::open(ring, id, &authenticator.id, secret);
                    match secret.as_ref().map(TotpSecret::to_base32) {
                        Ok(secret) if *algorithm == Algorithm::Sha1 => Factor::Totp { secret },
                        _ => {
                            opened.unreadable += 1;
                            continue;
                        }
                    }
                }
            };
            opened.factors.push(factor);
        }
        opened
    }
}

fn has_twin(user: &UserState, id: &postern::id::AuthenticatorId) -> bool {
    user.active().any(|other| other.id != *id && other.id.is_same_device(id))
}

#[derive(Serialize)]
struct Identity<'a> {
    connection: &'a str,
    provider: &'a str,
    user_id: &'a str,
    #[serde(rename = "isSocial")]
    is_social: bool,
    /// Where codes are sent, of who signs in by such.
    #[serde(rename = "profileData", skip_serializing_if = "Option::is_none")]
    profile: Option<ProfileData<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum ProfileData<'a> {
    Email(&'a str),
    PhoneNumber(&'a str),
}

#[derive(Serialize)]
struct CustomHash<'a> {
    algorithm: &'a str,
    hash: HashValue<'a>,
}

#[derive(Serialize)]
struct HashValue<'a> {
    value: &'a str,
}

/// A line of an export. What there is nothing of is left out.
#[derive(Serialize)]
pub(super) struct Exported<'a> {
    user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    email_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    blocked: bool,
    created_at: String,
    updated_at: String,
    identities: Vec<Identity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_metadata: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_metadata: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_password_hash: Option<CustomHash<'a>>,
    #[serde(skip_serializing_if = "<[Factor]>::is_empty")]
    mfa_factors: &'a [Factor],
}

impl<'a> Exported<'a> {
    pub(super) fn of(resident: &'a Resident, opened: &'a Opened) -> Self {
        let profile = &resident.state.profile;
        let hash = resident.login.as_ref().and_then(|login| login.password_hash.as_ref());
        let hash = hash.map(|hash| hash.0.as_str());
        let by_sms = |login: &&LoginName| login.connection == Connection::Sms.as_str();
        let argon2 = |value| CustomHash { algorithm: "argon2", hash: HashValue { value } };
        Self {
            user_id: profile.user_id.as_str(),
            email: profile.email.as_ref().map(|address| address.as_str()),
            email_verified: profile.email_verified,
            phone_number: profile.logins.iter().find(by_sms).map(|login| login.name.as_str()),
            name: profile.name.as_deref(),
            nickname: profile.nickname.as_deref(),
            given_name: profile.given_name.as_deref(),
            family_name: profile.family_name.as_deref(),
            picture: profile.picture.as_deref(),
            blocked: profile.blocked,
            created_at: instant(profile.created_at),
            updated_at: instant(profile.updated_at),
            identities: profile.logins.iter().map(|login| identity(login, profile.user_id.name())).collect(),
            user_metadata: profile.user_metadata.as_ref().map(UserMetadata::to_json),
            app_metadata: profile.app_metadata.as_ref().map(UserMetadata::to_json),
            password_hash: hash.filter(|hash| is_bcrypt(hash)),
            custom_password_hash: hash.filter(|hash| !is_bcrypt(hash)).map(argon2),
            mfa_factors: &opened.factors,
        }
    }

    pub(super) fn has_bcrypt(&self) -> bool {
        self.password_hash.is_some()
    }
}

/// Codes by mail and SMS are providers of their own, as in Auth0.
fn identity<'a>(login: &'a LoginName, user_id: &'a str) -> Identity<'a> {
    let provider = if login.has_password() { "auth0" } else { login.connection.as_str() };
    let profile = Connection::parse(&login.connection).map(|connection| match connection {
        Connection::Email => ProfileData::Email(&login.name),
        Connection::Sms => ProfileData::PhoneNumber(&login.name),
    });
    Identity { connection: &login.connection, provider, user_id, is_social: false, profile }
}
