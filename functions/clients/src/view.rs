//! Clients as the Management API shows them.

use std::collections::BTreeMap;

use postern::rules::client::{AppType, ClientSecret};
use postern::store::applications::Application;
use postern::wire::management::ManagementRefusal;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::properties::ID_TOKEN_SECONDS;

/// A client, by the alphabet. What there is nothing of is left out.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_logout_urls: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_origins: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_type: Option<&'static str>,
    callbacks: &'a [String],
    client_id: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    client_metadata: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    cross_origin_authentication: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    global: bool,
    grant_types: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    initiate_login_uri: Option<&'a str>,
    is_first_party: bool,
    is_token_endpoint_ip_header_trusted: bool,
    jwt_configuration: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_uri: Option<&'a str>,
    name: &'a str,
    oidc_conformant: bool,
    refresh_token: Value,
    sso_disabled: bool,
    token_endpoint_auth_method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_origins: Option<&'a [String]>,
}

/// A client with all fields, and without its secret, of which only a hash is stored.
pub(crate) fn shown(application: &Application) -> Result<Map<String, Value>, ManagementRefusal> {
    shown_with(application, None)
}

/// The same with the secret that was made just now.
pub(crate) fn shown_with(
    application: &Application,
    secret: Option<&ClientSecret>,
) -> Result<Map<String, Value>, ManagementRefusal> {
    let client = &application.client;
    let shown = Shown {
        allowed_logout_urls: application.allowed_logout_urls.as_deref(),
        allowed_origins: application.allowed_origins.as_deref(),
        app_type: application.app_type.map(AppType::as_str),
        callbacks: &client.callbacks,
        client_id: client.client_id.as_str(),
        client_metadata: &client.client_metadata,
        client_secret: secret.map(ClientSecret::expose),
        cross_origin_authentication: false,
        description: application.description.as_deref(),
        global: false,
        grant_types: &client.grant_types,
        initiate_login_uri: application.initiate_login_uri.as_deref(),
        is_first_party: true,
        is_token_endpoint_ip_header_trusted: false,
        jwt_configuration: json!({
            "alg": "RS256", "lifetime_in_seconds": ID_TOKEN_SECONDS, "secret_encoded": false,
        }),
        logo_uri: application.logo_uri.as_deref(),
        name: &client.name,
        oidc_conformant: true,
        refresh_token: json!({ "expiration_type": "expiring", "rotation_type": "rotating" }),
        sso_disabled: false,
        token_endpoint_auth_method: application.auth_method().as_str(),
        web_origins: application.web_origins.as_deref(),
    };
    match serde_json::to_value(shown) {
        Ok(Value::Object(shown)) => Ok(shown),
        _ => Err(ManagementRefusal::Internal),
    }
}
