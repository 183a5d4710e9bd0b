//! APIs as the Management API shows them.

use std::collections::BTreeMap;

use postern::config::Issuer;
use postern::rules::resource_id::api_id;
use postern::store::clients::Api;
use postern::store::resource_servers::ResourceServer;
use postern::token::claims::ACCESS_TOKEN_SECONDS;
use postern::wire::management::{ManagementRefusal, management_scopes};
use serde::Serialize;
use serde_json::{Map, Value};

/// An API, by the alphabet. What there is nothing of is left out.
#[derive(Serialize)]
struct Shown<'a> {
    allow_offline_access: bool,
    enforce_policies: bool,
    id: String,
    identifier: &'a str,
    is_system: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    scopes: Vec<ShownScope<'a>>,
    signing_alg: &'static str,
    skip_consent_for_verifiable_first_party_clients: bool,
    token_dialect: &'static str,
    token_lifetime: u64,
}

#[derive(Serialize)]
struct ShownScope<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    value: &'a str,
}

/// An API with all fields.
pub(crate) fn shown(server: &ResourceServer) -> Result<Map<String, Value>, ManagementRefusal> {
    let name = server.name.as_deref();
    object(&shown_as(&server.api, name, &server.scope_descriptions, false))
}

/// The Management API itself, which is not stored.
pub(crate) fn management_api(issuer: &Issuer) -> Result<Map<String, Value>, ManagementRefusal> {
    let api = Api::new(issuer.management_audience(), management_scopes(), ACCESS_TOKEN_SECONDS);
    let api = Api { allow_offline_access: false, ..api };
    object(&shown_as(&api, Some("Management API"), &BTreeMap::new(), true))
}

fn shown_as<'a>(
    api: &'a Api,
    name: Option<&'a str>,
    descriptions: &'a BTreeMap<String, String>,
    is_system: bool,
) -> Shown<'a> {
    let scope =
        |value: &'a str| ShownScope { description: descriptions.get(value).map(String::as_str), value };
    Shown {
        allow_offline_access: api.allow_offline_access,
        enforce_policies: false,
        id: api_id(&api.identifier),
        identifier: &api.identifier,
        is_system,
        name,
        scopes: api.scopes.iter().map(scope).collect(),
        signing_alg: "RS256",
        skip_consent_for_verifiable_first_party_clients: true,
        token_dialect: "access_token",
        token_lifetime: api.token_lifetime_seconds,
    }
}

fn object(shown: &Shown<'_>) -> Result<Map<String, Value>, ManagementRefusal> {
    match serde_json::to_value(shown) {
        Ok(Value::Object(shown)) => Ok(shown),
        _ => Err(ManagementRefusal::Internal),
    }
}
