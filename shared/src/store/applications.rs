//! Clients as operators manage them: an item each, with what sign-ins need of it (`Client`) and what is kept beside
//! that.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::clients::{Client, client_pk};
use super::expression::{Write, text, value_of};
use super::listing::{List, Listed, Part};
use super::properties::PropertyChange;
use super::{DECISION_TRIES, Outcome, Store, StoreError, TRANSACTION_MAX, read};
use crate::id::ClientId;
use crate::rules::client::{AppType, AuthMethod, ClientKind, SecretHash};

const SK: &str = "CLIENT";
/// Counts the grants that a client was ever given: one that comes while the client is deleted changes it.
pub(super) const GRANTS_MADE: &str = "grants_made";

/// A client with all that is kept of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Application {
    /// What sign-ins need.
    #[serde(flatten)]
    pub client: Client,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// What sort it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_type: Option<AppType>,
    /// How it authenticates, as the operator said it; `kind` is what counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<AuthMethod>,
    /// Where it begins a sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Origins of its pages; kept only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<Vec<String>>,
    /// The same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_origins: Option<Vec<String>>,
    /// Where it leads after signing out; kept only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_logout_urls: Option<Vec<String>>,
}

impl Application {
    /// How it authenticates: as was said, unless that is not what it is.
    #[must_use]
    pub fn auth_method(&self) -> AuthMethod {
        let said = self.token_endpoint_auth_method.filter(|method| method.kind() == self.client.kind);
        said.unwrap_or_else(|| self.client.kind.into())
    }
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed {
    /// Made; the client as it is now.
    Done(Box<Application>),
    /// There is no such client.
    Gone,
    /// It is not any more what the change was decided on.
    Overtaken,
}

impl Store {
    /// Creates a client; `false`, and nothing written, when there is one of that id.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_application(&self, application: &Application) -> Result<bool, StoreError> {
        let id = &application.client.client_id;
        self.create(Write::put(&client_pk(id), SK, application)?.listed_client(id)).await
    }

    /// The client of that id, with all that is kept of it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn application(&self, id: &ClientId) -> Result<Option<Application>, StoreError> {
        self.get(&client_pk(id), SK).await?.map(read).transpose()
    }

    /// A part of all clients, by their ids.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn applications(&self, part: Part) -> Result<Listed<Application>, StoreError> {
        self.part_of(List::Clients, part).await
    }

    /// Changes some properties of a client; of a change that was decided on its kind, its secret and its metadata, only
    /// while these are what was seen.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change_application(
        &self,
        id: &ClientId,
        change: PropertyChange,
        seen: Option<&Client>,
    ) -> Result<Changed, StoreError> {
        let mut write = change.write(&client_pk(id), SK, ("client_id", text(id.as_str())));
        if let Some(seen) = seen {
            write = while_seen(write, seen)?;
        }
        self.changed(&write).await
    }

    /// Replaces the secret of a client that has one; the old one is good no longer. `Overtaken` is a client that has
    /// none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn replace_client_secret(
        &self,
        id: &ClientId,
        secret: &SecretHash,
    ) -> Result<Changed, StoreError> {
        let mut change = PropertyChange::default();
        change.set("secret_hash", secret)?;
        let write = change.write(&client_pk(id), SK, ("client_id", text(id.as_str())));
        let write = write.when("#kind = :kind").name("#kind", "kind");
        self.changed(&write.value(":kind", value_of(&ClientKind::Confidential)?)).await
    }

    async fn changed(&self, write: &Write) -> Result<Changed, StoreError> {
        match self.write(write).await? {
            Outcome::Done(item) => Ok(Changed::Done(Box::new(read(item)?))),
            Outcome::Refused(None) => Ok(Changed::Gone),
            Outcome::Refused(Some(_)) => Ok(Changed::Overtaken),
        }
    }

    /// Deletes a client with its grants; nothing happens where there is none. Its refresh tokens are nobody's then, for
    /// no client of that id can be made. Where the grants are more than a transaction holds, those beyond go before it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete_application(&self, id: &ClientId) -> Result<(), StoreError> {
        let pk = client_pk(id);
        for _ in 0..DECISION_TRIES {
            let (mut grants_made, mut grants) = (None, Vec::new());
            for item in self.query(&pk, None).await? {
                match item.get("sk").and_then(|sk| sk.as_s().ok()) {
                    Some(sk) if sk == SK => grants_made = item.get(GRANTS_MADE).cloned(),
                    Some(sk) => grants.push(Write::delete(&pk, sk)),
                    None => {}
                }
            }
            let first = grants.len().saturating_sub(TRANSACTION_MAX - 1);
            let last = grants.split_off(first);
            for chunk in grants.chunks(TRANSACTION_MAX) {
                self.all_done(chunk.to_vec()).await?;
            }
            let client = while_granted(Write::delete(&pk, SK), grants_made);
            if self.all_done(std::iter::once(client).chain(last)).await? {
                return Ok(());
            }
        }
        Err(StoreError::Busy)
    }
}

/// On condition that what changes of clients are decided on is what was seen.
fn while_seen(write: Write, seen: &Client) -> Result<Write, StoreError> {
    let write = write.when("#kind = :kind").name("#kind", "kind").value(":kind", value_of(&seen.kind)?);
    let write = match &seen.secret_hash {
        Some(hash) => write.when("secret_hash = :seen_secret").value(":seen_secret", value_of(hash)?),
        None => write.when("attribute_not_exists(secret_hash)"),
    };
    let metadata: &BTreeMap<_, _> = &seen.client_metadata;
    Ok(match metadata.is_empty() {
        true => write.when("attribute_not_exists(client_metadata)"),
        false => write.when("client_metadata = :seen_metadata").value(":seen_metadata", value_of(metadata)?),
    })
}

/// On condition that the client was given no grant since that was read, and was not made since.
fn while_granted(write: Write, grants_made: Option<AttributeValue>) -> Write {
    match grants_made {
        Some(count) => write.when(format!("{GRANTS_MADE} = :made")).value(":made", count),
        None => write.when(format!("attribute_not_exists({GRANTS_MADE})")),
    }
}
