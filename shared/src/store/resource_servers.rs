//! APIs as operators manage them: an item each, with what tokens need of it (`Api`) and what is kept beside that.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use serde::{Deserialize, Serialize};

use super::client_grants::while_made;
use super::clients::{Api, api_pk};
use super::expression::{Write, text};
use super::listing::{List, Listed, Part};
use super::properties::PropertyChange;
use super::{DECISION_TRIES, Outcome, Store, StoreError, TRANSACTION_MAX, read};

const SK: &str = "API";

/// An API with all that is kept of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResourceServer {
    /// What tokens need.
    #[serde(flatten)]
    pub api: Api,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What scopes are for, of those that say it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scope_descriptions: BTreeMap<String, String>,
}

impl Store {
    /// Creates an API; `false`, and nothing written, when there is one of that identifier.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_resource_server(&self, server: &ResourceServer) -> Result<bool, StoreError> {
        let identifier = &server.api.identifier;
        self.create(Write::put(&api_pk(identifier), SK, server)?.listed_api(identifier)).await
    }

    /// The API of that identifier, with all that is kept of it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn resource_server(&self, identifier: &str) -> Result<Option<ResourceServer>, StoreError> {
        self.get(&api_pk(identifier), SK).await?.map(read).transpose()
    }

    /// A part of all APIs, by their identifiers.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn resource_servers(&self, part: Part) -> Result<Listed<ResourceServer>, StoreError> {
        self.part_of(List::Apis, part).await
    }

    /// Changes some properties of an API and gives it as it is now; `None` when there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change_resource_server(
        &self,
        identifier: &str,
        change: PropertyChange,
    ) -> Result<Option<ResourceServer>, StoreError> {
        let write = change.write(&api_pk(identifier), SK, ("identifier", text(identifier)));
        match self.write(&write).await? {
            Outcome::Done(item) => read(item).map(Some),
            Outcome::Refused(_) => Ok(None),
        }
    }

    /// Deletes an API with the grants to it; nothing happens where there is none. Grants are found by their list, which
    /// is a moment behind: one that it does not have yet counts for no later API all the same (`Api::made`). Where they
    /// are more than a transaction holds, those beyond go before it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete_resource_server(&self, identifier: &str) -> Result<(), StoreError> {
        let pk = api_pk(identifier);
        for _ in 0..DECISION_TRIES {
            let (api, grants) = try_join(self.api(identifier), self.client_grants(None)).await?;
            let Some(api) = api else { return Ok(()) };
            let to_it = grants.iter().filter(|grant| grant.id.audience == identifier);
            let mut grants: Vec<_> = to_it.map(|grant| grant.deletion()).collect();
            let last = grants.split_off(grants.len().saturating_sub(TRANSACTION_MAX - 1));
            let mut is_there = true;
            for chunk in grants.chunks(TRANSACTION_MAX - 1) {
                let check = while_made(Write::check(&pk, SK, "attribute_exists(pk)"), &api);
                is_there &= self.all_done(std::iter::once(check).chain(chunk.to_vec())).await?;
            }
            let deletion = while_made(Write::delete(&pk, SK), &api);
            if is_there && self.all_done(std::iter::once(deletion).chain(last)).await? {
                return Ok(());
            }
        }
        Err(StoreError::Busy)
    }
}
