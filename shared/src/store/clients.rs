//! Clients, their grants to APIs, and the APIs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::expression::Write;
use super::{Store, StoreError, read};
use crate::id::ClientId;
use crate::rules::client::{ClientKind, SecretHash};
use crate::rules::policy::MfaPolicy;
use crate::rules::scope::Scope;
use crate::token::claims::{ACCESS_TOKEN_SECONDS, ACCESS_TOKEN_SECONDS_MAX};
use crate::wire::oauth::Grant;

/// Longest audience that is looked up, in bytes; longer is unknown.
pub const AUDIENCE_BYTES_MAX: usize = 600;

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
const POLICY_METADATA: &str = "mfa_policy";

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
}

fn default_lifetime() -> u64 {
    ACCESS_TOKEN_SECONDS
}

#[derive(Serialize, Deserialize)]
struct ClientGrant {
    scopes: Scope,
}

fn client_pk(id: &ClientId) -> String {
    format!("CLIENT#{id}")
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

    /// The scopes a client may get for an audience in its own name; `None` when it has no grant.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn client_grant(&self, id: &ClientId, audience: &str) -> Result<Option<Scope>, StoreError> {
        if audience.len() > AUDIENCE_BYTES_MAX {
            return Ok(None);
        }
        let item = self.get(&client_pk(id), &format!("GRANT#{audience}")).await?;
        Ok(item.map(read::<ClientGrant>).transpose()?.map(|grant| grant.scopes))
    }

    /// Grants a client scopes of an API.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn put_client_grant(
        &self,
        id: &ClientId,
        audience: &str,
        scopes: &Scope,
    ) -> Result<(), StoreError> {
        let grant = ClientGrant { scopes: scopes.clone() };
        let write = Write::put(&client_pk(id), &format!("GRANT#{audience}"), &grant)?;
        self.write(&write.listed_grant(id, audience)).await.map(|_| ())
    }

    /// The API of that audience.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn api(&self, audience: &str) -> Result<Option<Api>, StoreError> {
        if audience.is_empty() || audience.len() > AUDIENCE_BYTES_MAX {
            return Ok(None);
        }
        self.get(&format!("API#{audience}"), "API").await?.map(read).transpose()
    }

    /// Creates or replaces an API; a life of tokens beyond [`ACCESS_TOKEN_SECONDS_MAX`] is cut to that.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn put_api(&self, api: &Api) -> Result<(), StoreError> {
        // Keys are retired by the longest life a token can have.
        let lifetime = api.token_lifetime_seconds.min(ACCESS_TOKEN_SECONDS_MAX);
        let api = Api { token_lifetime_seconds: lifetime, ..api.clone() };
        let write = Write::put(&format!("API#{}", api.identifier), "API", &api)?;
        self.write(&write.listed_api(&api.identifier)).await.map(|_| ())
    }
}
