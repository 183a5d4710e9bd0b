//! The properties of a client as a request names them: each of its type and within its bounds, and none that asks for
//! what is not done here.

use std::collections::BTreeMap;

use postern::http::properties::{array, members, nullable, only, string, text, url, word};
use postern::rules::client::{AppType, AuthMethod};
use postern::rules::policy::MfaPolicy;
use postern::store::clients::POLICY_METADATA;
use postern::wire::management::ManagementRefusal;
use postern::wire::oauth::Grant;
use serde_json::{Map, Value, json};

/// Longest name, in characters.
pub const NAME_CHARACTERS_MAX: usize = 150;
/// Longest description, in characters, as Auth0 has it.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 140;
/// Most addresses or origins of one property.
pub const ADDRESSES_MAX: usize = 100;
/// Longest name and value of metadata, in characters, as Auth0 has it.
pub const METADATA_CHARACTERS_MAX: usize = 255;

/// Grants of Auth0's that are kept, and that nothing here serves.
pub const OTHER_GRANTS: [&str; 13] = [
    "authorization_code",
    "implicit",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:openid:params:grant-type:ciba",
    "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
    "http://auth0.com/oauth/legacy/grant-type/ro",
    "http://auth0.com/oauth/legacy/grant-type/ro/jwt-bearer",
    "http://auth0.com/oauth/legacy/grant-type/delegation/refresh_token",
    "http://auth0.com/oauth/legacy/grant-type/delegation/id_token",
    "http://auth0.com/oauth/legacy/grant-type/access_token",
    "http://auth0.com/oauth/grant-type/passwordless/otp/session",
];

/// What a request names.
#[derive(Default)]
pub(crate) struct Properties {
    pub(crate) name: Option<String>,
    pub(crate) app_type: Option<AppType>,
    pub(crate) auth_method: Option<AuthMethod>,
    pub(crate) grant_types: Option<Vec<String>>,
    pub(crate) callbacks: Option<Vec<String>>,
    /// Members to be set, and to be taken away; `None` takes away all.
    pub(crate) metadata: Option<Option<BTreeMap<String, Option<String>>>>,
    /// Texts that are kept only, by the property; `None` takes one away.
    pub(crate) texts: Vec<(&'static str, Option<String>)>,
    /// Lists that are kept only.
    pub(crate) lists: Vec<(&'static str, Option<Vec<String>>)>,
}

impl Properties {
    pub(crate) fn of(body: &Map<String, Value>) -> Result<Self, ManagementRefusal> {
        let mut properties = Self::default();
        for (name, value) in body {
            if !properties.take(name, value)? && !is_fixed(name, value)? {
                return Err(ManagementRefusal::additional(name));
            }
        }
        Ok(properties)
    }

    /// Takes one of those that are kept.
    fn take(&mut self, name: &str, value: &Value) -> Result<bool, ManagementRefusal> {
        match name {
            "name" => self.name = Some(client_name(value)?),
            "app_type" => self.app_type = Some(app_type(value)?),
            "token_endpoint_auth_method" => self.auth_method = Some(auth_method(value)?),
            "grant_types" => self.grant_types = Some(grant_types(value)?),
            "callbacks" => {
                let callbacks = nullable(value, |it| addresses("callbacks", it, true))?;
                self.callbacks = Some(callbacks.unwrap_or_default());
            }
            "client_metadata" => self.metadata = Some(nullable(value, metadata)?),
            "description" => {
                let words = |it: &Value| text(name, it, &(0..=DESCRIPTION_CHARACTERS_MAX)).map(str::to_owned);
                self.texts.push(("description", nullable(value, words)?));
            }
            "logo_uri" => {
                let address = nullable(value, |it| url(name, it, false).map(str::to_owned))?;
                self.texts.push(("logo_uri", address));
            }
            "initiate_login_uri" => {
                let address = nullable(value, |it| url(name, it, false).map(str::to_owned))?;
                self.texts.push(("initiate_login_uri", address));
            }
            "allowed_origins" => {
                self.lists.push(("allowed_origins", nullable(value, |it| origins(name, it))?));
            }
            "web_origins" => self.lists.push(("web_origins", nullable(value, |it| origins(name, it))?)),
            "allowed_logout_urls" => {
                let urls = nullable(value, |it| addresses(name, it, true))?;
                self.lists.push(("allowed_logout_urls", urls));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Properties that have one value here, for another would ask for what is not done. They are not stored.
fn is_fixed(name: &str, value: &Value) -> Result<bool, ManagementRefusal> {
    match name {
        "is_first_party" | "oidc_conformant" => only(name, value, &json!(true))?,
        "is_token_endpoint_ip_header_trusted"
        | "cross_origin_authentication"
        | "cross_origin_auth"
        | "sso"
        | "sso_disabled"
        | "require_proof_of_possession"
        | "require_pushed_authorization_requests" => only(name, value, &json!(false))?,
        "jwt_configuration" => each_only(name, value, |member| match member {
            "alg" => Some(json!("RS256")),
            "lifetime_in_seconds" => Some(json!(ID_TOKEN_SECONDS)),
            "secret_encoded" => Some(json!(false)),
            "scopes" => Some(json!({})),
            _ => None,
        })?,
        "refresh_token" => nullable(value, |it| each_only(name, it, refresh_token)).map(|_| ())?,
        "client_secret" => {
            let why =
                "A client's secret is generated: POST /api/v2/clients/{id}/rotate-secret makes another.";
            return Err(ManagementRefusal::Unsupported(why.to_owned()));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Life of an id token, in seconds, as Auth0 has it where nothing is said.
pub(crate) const ID_TOKEN_SECONDS: u64 = postern::token::claims::ID_TOKEN_SECONDS;

/// Refresh tokens are replaced at each use and end. For how long they are good is the tenant's to say.
fn refresh_token(member: &str) -> Option<Value> {
    match member {
        "rotation_type" => Some(json!("rotating")),
        "expiration_type" => Some(json!("expiring")),
        "infinite_token_lifetime" | "infinite_idle_token_lifetime" => Some(json!(false)),
        _ => None,
    }
}

/// An object whose members each have one value here.
fn each_only(
    property: &str,
    value: &Value,
    expected: impl Fn(&str) -> Option<Value>,
) -> Result<(), ManagementRefusal> {
    for (member, value) in members(property, value)? {
        let name = format!("{property}.{member}");
        match (expected(member), &*name) {
            (Some(expected), _) => only(&name, value, &expected)?,
            (
                None,
                "refresh_token.leeway" | "refresh_token.token_lifetime" | "refresh_token.idle_token_lifetime",
            ) => {
                let why = "is a setting of the tenant here: see PATCH /api/v2/guardian/settings";
                return Err(ManagementRefusal::Unsupported(format!("{name} {why}.")));
            }
            (None, _) => return Err(ManagementRefusal::additional(&name)),
        }
    }
    Ok(())
}

/// Names are shown in mails.
fn client_name(value: &Value) -> Result<String, ManagementRefusal> {
    let name = text("name", value, &(1..=NAME_CHARACTERS_MAX))?;
    match name.contains(['<', '>']) {
        true => Err(ManagementRefusal::property("name", "String does not match pattern ^[^<>]+$")),
        false => Ok(name.to_owned()),
    }
}

fn app_type(value: &Value) -> Result<AppType, ManagementRefusal> {
    let word = word("app_type", value, &AppType::ALL.map(AppType::as_str))?;
    let app_type = AppType::ALL.into_iter().find(|app_type| app_type.as_str() == word);
    app_type.ok_or(ManagementRefusal::Internal)
}

fn auth_method(value: &Value) -> Result<AuthMethod, ManagementRefusal> {
    let word = word("token_endpoint_auth_method", value, &AuthMethod::ALL.map(AuthMethod::as_str))?;
    let method = AuthMethod::ALL.into_iter().find(|method| method.as_str() == word);
    method.ok_or(ManagementRefusal::Internal)
}

fn grant_types(value: &Value) -> Result<Vec<String>, ManagementRefusal> {
    let known = |word: &str| Grant::parse(word).is_some() || OTHER_GRANTS.contains(&word);
    let mut grants: Vec<String> = Vec::new();
    for value in array("grant_types", value, Grant::ALL.len() + OTHER_GRANTS.len())? {
        let word = string("grant_types", value)?;
        if !known(word) {
            return Err(ManagementRefusal::property("grant_types", "No enum match"));
        }
        if !grants.iter().any(|grant| grant == word) {
            grants.push(word.to_owned());
        }
    }
    Ok(grants)
}

fn addresses(name: &str, value: &Value, is_any_scheme: bool) -> Result<Vec<String>, ManagementRefusal> {
    let addresses = array(name, value, ADDRESSES_MAX)?.iter();
    addresses.map(|it| url(name, it, is_any_scheme).map(ToOwned::to_owned)).collect()
}

/// Kept as they are said, `https://*.example.com` as well: which origins may call is the front door's to say.
fn origins(name: &str, value: &Value) -> Result<Vec<String>, ManagementRefusal> {
    let origins = array(name, value, ADDRESSES_MAX)?.iter();
    let origin = |it: &Value| {
        let origin = text(name, it, &(1..=METADATA_CHARACTERS_MAX))?;
        match origin.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(origin.to_owned()),
            false => Err(ManagementRefusal::malformed(name, "origin")),
        }
    };
    origins.map(origin).collect()
}

/// Null and nothing take a member away, as at Auth0.
fn metadata(value: &Value) -> Result<BTreeMap<String, Option<String>>, ManagementRefusal> {
    let member = |(name, value): (&String, &Value)| {
        let count = name.chars().count();
        if !(1..=METADATA_CHARACTERS_MAX).contains(&count) || name.chars().any(char::is_control) {
            let problem = format!("Names have 1 to {METADATA_CHARACTERS_MAX} characters, none for control");
            return Err(ManagementRefusal::property("client_metadata", &problem));
        }
        let property = format!("client_metadata.{}", name.chars().take(64).collect::<String>());
        let words = |it: &Value| text(&property, it, &(0..=METADATA_CHARACTERS_MAX)).map(str::to_owned);
        let value = nullable(value, words)?.filter(|value| !value.is_empty());
        if name == POLICY_METADATA && value.as_deref().is_some_and(|word| MfaPolicy::parse(word).is_none()) {
            let problem = "No enum match, expected one of: never, all-applications";
            return Err(ManagementRefusal::property(&property, problem));
        }
        Ok((name.clone(), value))
    };
    members("client_metadata", value)?.iter().map(member).collect()
}
