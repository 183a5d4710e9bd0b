//! The properties of an API as a request names them: each of its type and within its bounds, and none that asks for what
//! is not done here.

use std::collections::BTreeMap;

use postern::config::Issuer;
use postern::http::properties::{array, integer, members, only, string, text, truth};
use postern::id::Nonce;
use postern::rules::random::Random;
use postern::rules::resource_id::{identifier_of, is_identifier};
use postern::rules::scope::Scope;
use postern::store::StoreError;
use postern::store::clients::Api;
use postern::store::properties::PropertyChange;
use postern::store::resource_servers::ResourceServer;
use postern::token::claims::{ACCESS_TOKEN_SECONDS, ACCESS_TOKEN_SECONDS_MAX};
use postern::wire::management::ManagementRefusal;
use serde_json::{Map, Value, json};

/// Longest name, in characters, as Auth0 has it.
pub const NAME_CHARACTERS_MAX: usize = 200;
/// Most scopes of an API. A token whose request names no scope has all of them.
pub const SCOPES_MAX: usize = 250;
/// Longest scope, in characters, as Auth0 has it.
pub const SCOPE_CHARACTERS_MAX: usize = 280;
/// Longest description of a scope, in characters, as Auth0 has it.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 500;

/// Scopes, and what those are for that say it.
struct Scopes {
    scopes: Scope,
    descriptions: BTreeMap<String, String>,
}

/// What a request names.
#[derive(Default)]
pub(crate) struct Properties {
    identifier: Option<String>,
    name: Option<String>,
    scopes: Option<Scopes>,
    token_lifetime: Option<u64>,
    allow_offline_access: Option<bool>,
}

impl Properties {
    pub(crate) fn of(body: &Map<String, Value>, is_new: bool) -> Result<Self, ManagementRefusal> {
        let mut properties = Self::default();
        for (name, value) in body {
            match name.as_str() {
                // An API keeps its identifier: tokens and grants name it.
                "identifier" if is_new => properties.identifier = Some(identifier(value)?),
                "name" => properties.name = Some(api_name(value)?),
                "scopes" => properties.scopes = Some(scopes(value)?),
                "token_lifetime" => {
                    let bounds = 1..=ACCESS_TOKEN_SECONDS_MAX;
                    properties.token_lifetime = Some(integer(name, value, &bounds)?);
                }
                "allow_offline_access" => properties.allow_offline_access = Some(truth(name, value)?),
                other => fixed(other, value)?,
            }
        }
        Ok(properties)
    }

    /// A new API. Its sign-ins leave no refresh tokens unless it says so, as at Auth0.
    pub(crate) fn whole(self, issuer: &Issuer, random: &Random) -> Result<ResourceServer, ManagementRefusal> {
        let identifier = self.identifier.ok_or_else(|| ManagementRefusal::missing("identifier"))?;
        if issuer.own_audience(&identifier).is_some() {
            return Err(taken());
        }
        let Scopes { scopes, descriptions } =
            self.scopes.unwrap_or(Scopes { scopes: Scope::default(), descriptions: BTreeMap::new() });
        let api = Api {
            allow_offline_access: self.allow_offline_access.unwrap_or(false),
            made: Some(Nonce::generate(random)?.as_str().to_owned()),
            ..Api::new(identifier, scopes, self.token_lifetime.unwrap_or(ACCESS_TOKEN_SECONDS))
        };
        Ok(ResourceServer { api, name: self.name, scope_descriptions: descriptions })
    }

    /// A change of one that is there.
    pub(crate) fn change(&self) -> Result<PropertyChange, StoreError> {
        let mut change = PropertyChange::default();
        if let Some(name) = &self.name {
            change.set("name", name)?;
        }
        if let Some(Scopes { scopes, descriptions }) = &self.scopes {
            change.set("scopes", scopes)?;
            change.set("scope_descriptions", descriptions)?;
        }
        if let Some(seconds) = &self.token_lifetime {
            change.set("token_lifetime_seconds", seconds)?;
        }
        if let Some(allowed) = &self.allow_offline_access {
            change.set("allow_offline_access", allowed)?;
        }
        Ok(change)
    }
}

/// The answer to an identifier that another API has, or the service itself.
pub(crate) fn taken() -> ManagementRefusal {
    ManagementRefusal::Conflict("A resource server with the same identifier already exists.".to_owned())
}

/// Properties that have one value here, for another would ask for what is not done. They are not stored.
fn fixed(name: &str, value: &Value) -> Result<(), ManagementRefusal> {
    match name {
        "signing_alg" => only(name, value, &json!("RS256")),
        "token_dialect" => only(name, value, &json!("access_token")),
        "skip_consent_for_verifiable_first_party_clients" => only(name, value, &json!(true)),
        "enforce_policies" => only(name, value, &json!(false)),
        "token_encryption" | "consent_policy" | "authorization_details" | "proof_of_possession" => {
            only(name, value, &Value::Null)
        }
        _ => Err(ManagementRefusal::additional(name)),
    }
}

/// Printable ASCII that is not taken for another API's id.
fn identifier(value: &Value) -> Result<String, ManagementRefusal> {
    let identifier = string("identifier", value)?;
    let names_itself = identifier_of(identifier).as_deref() == Some(identifier);
    match is_identifier(identifier) && names_itself {
        true => Ok(identifier.to_owned()),
        false => Err(ManagementRefusal::malformed("identifier", "identifier")),
    }
}

fn api_name(value: &Value) -> Result<String, ManagementRefusal> {
    let name = text("name", value, &(1..=NAME_CHARACTERS_MAX))?;
    match name.contains(['<', '>']) {
        true => Err(ManagementRefusal::property("name", "String does not match pattern ^[^<>]+$")),
        false => Ok(name.to_owned()),
    }
}

fn scopes(value: &Value) -> Result<Scopes, ManagementRefusal> {
    let (mut values, mut descriptions) = (Vec::new(), BTreeMap::new());
    for (index, item) in array("scopes", value, SCOPES_MAX)?.iter().enumerate() {
        let property = |member: &str| format!("scopes[{index}].{member}");
        let item = members(&format!("scopes[{index}]"), item)?;
        if let Some(other) = item.keys().find(|name| !["value", "description"].contains(&&***name)) {
            return Err(ManagementRefusal::additional(other));
        }
        let name = property("value");
        let value = item.get("value").ok_or_else(|| ManagementRefusal::missing(&name))?;
        let value = text(&name, value, &(1..=SCOPE_CHARACTERS_MAX))?;
        if !Scope::is_token(value) {
            return Err(ManagementRefusal::malformed(&name, "scope"));
        }
        if values.contains(&value) {
            return Err(ManagementRefusal::property(&name, "A scope must not be repeated"));
        }
        values.push(value);
        if let Some(words) = item.get("description").filter(|words| !words.is_null()) {
            let words = text(&property("description"), words, &(0..=DESCRIPTION_CHARACTERS_MAX))?;
            descriptions.insert(value.to_owned(), words.to_owned());
        }
    }
    Ok(Scopes { scopes: Scope::parse(&values.join(" ")), descriptions })
}
