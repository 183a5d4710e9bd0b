//! Clients and APIs as sign-ins need them. `applications`, `client_grants` and `resource_servers` are what operators do
//! of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::expression::Write;
use super::{Store, StoreError, read};
use crate::id::ClientId;
use crate::rules::client::{ClientKind, SecretHash};
use crate::rules::policy::MfaPolicy;
use crate::rules::resource_id::IDENTIFIER_BYTES_MAX;
use crate::rules::scope::Scope;
use crate::token::claims::{ACCESS_TOKEN_SECONDS, ACCESS_TOKEN_SECONDS_MAX};
use crate::wire::oauth::Grant;

/// A client as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub client_id: ClientId,
    /// For people.
    pub name: String,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// Of confidential clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_hash: Option<SecretHash>,
    /// `grant_type` values it may use; words we do not serve (yet) are kept as they are.
    pub grant_types: Vec<String>,
    /// What the operator notes of it (contract §6); `mfa_policy` among it overrides the tenant's policy.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub client_metadata: BTreeMap<String, String>,
    /// Where links in mails may lead, each to the letter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callbacks: Vec<String>,
}

/// The name in `client_metadata` that overrides the tenant's policy for one client.
pub const POLICY_METADATA: &str = "mfa_policy";

impl Client {
    /// Whether the operator enabled the grant for this client.
    #[must_use]
    pub fn may_use(&self, grant: Grant) -> bool {
        self.grant_types.iter().any(|word| word == grant.as_str())
    }

    /// When the second factor is asked for here: the client's own policy, else the tenant's.
    #[must_use]
    pub fn policy(&self, tenant: MfaPolicy) -> MfaPolicy {
        self.client_metadata.get(POLICY_METADATA).and_then(|word| MfaPolicy::parse(word)).unwrap_or(tenant)
    }
}

/// An API that tokens are issued for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Api {
    /// Its audience.
    pub identifier: String,
    /// Scopes it knows.
    pub scopes: Scope,
    /// Life of its access tokens, in seconds.
    #[serde(default = "default_lifetime")]
    pub token_lifetime_seconds: u64,
    /// Whether sign-ins for it may leave refresh tokens; those of APIs that say nothing may.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub allow_offline_access: bool,
    /// Tells an API from an earlier one of the same identifier: what was granted to that one is not granted to it.
    /// Nothing, of APIs that the Management API did not make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<String>,
}

impl Api {
    /// An API that the Management API did not make.
    pub fn new(identifier: impl Into<String>, scopes: Scope, token_lifetime_seconds: u64) -> Self {
        let identifier = identifier.into();
        Self { identifier, scopes, token_lifetime_seconds, allow_offline_access: true, made: None }
    }
}

fn default_lifetime() -> u64 {
    ACCESS_TOKEN_SECONDS
}

fn yes() -> bool {
    true
}

pub(super) fn client_pk(id: &ClientId) -> String {
    format!("CLIENT#{id}")
}

pub(super) fn api_pk(identifier: &str) -> String {
    format!("API#{identifier}")
}

impl Store {
    /// The client of that id.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.get(&client_pk(id), "CLIENT").await?.map(read).transpose()
    }

    /// Creates or replaces a client.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn put_client(&self, client: &Client) -> Result<(), StoreError> {
        let write = Write::put(&client_pk(&client.client_id), "CLIENT", client)?;
        self.write(&write.listed_client(&client.client_id)).await.map(|_| ())
    }

    /// The API of that audience.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn api(&self, audience: &str) -> Result<Option<Api>, StoreError> {
        if audience.is_empty() || audience.len() > IDENTIFIER_BYTES_MAX {
            return Ok(None);
        }
        self.get(&api_pk(audience), "API").await?.map(read).transpose()
    }

    /// Creates or replaces an API; a life of tokens beyond [`ACCESS_TOKEN_SECONDS_MAX`] is cut to that.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn put_api(&self, api: &Api) -> Result<(), StoreError> {
        // Keys are retired by the longest life a token can have.
        let lifetime = api.token_lifetime_seconds.min(ACCESS_TOKEN_SECONDS_MAX);
        let api = Api { token_lifetime_seconds: lifetime, ..api.clone() };
        let write = Write::put(&api_pk(&api.identifier), "API", &api)?;
        self.write(&write.listed_api(&api.identifier)).await.map(|_| ())
    }
}
