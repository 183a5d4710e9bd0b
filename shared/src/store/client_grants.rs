//! What clients may get of APIs in their own name: an item each, beside its client. It counts as long as its client and
//! that very API are there (`Api::made`).

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::applications::GRANTS_MADE;
use super::clients::{Api, api_pk, client_pk};
use super::expression::{Write, number, text, value_of};
use super::listing::{List, ListedKey, Order};
use super::{Item, NotWritten, Outcome, Store, StoreError, read};
use crate::id::ClientId;
use crate::rules::resource_id::{GrantId, IDENTIFIER_BYTES_MAX};
use crate::rules::scope::Scope;

const CLIENT_PREFIX: &str = "CLIENT#";
const GRANT_PREFIX: &str = "GRANT#";

fn sk(audience: &str) -> String {
    format!("{GRANT_PREFIX}{audience}")
}

/// What is stored of a grant; its key says whose it is, and to which API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientGrant {
    /// The scopes.
    pub scopes: Scope,
    /// [`Api::made`] of the API it is to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made: Option<String>,
}

impl ClientGrant {
    /// Whether it is to this very API; `None` is one that is not stored, such as the Management API.
    #[must_use]
    pub fn is_to(&self, api: Option<&Api>) -> bool {
        self.made.as_ref() == api.and_then(|api| api.made.as_ref())
    }
}

/// What became of a new grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// It is there.
    Done,
    /// There is no such client.
    NoSuchClient,
    /// The client has one already.
    Exists,
    /// The API is not any more what it was decided on.
    Overtaken,
}

/// What became of a change of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regranted {
    /// Its scopes are these.
    Done,
    /// The grant or the API is not any more what it was decided on.
    Overtaken,
}

/// The members of a creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Client,
    Api,
    Grant,
}

impl Store {
    /// The scopes a client may get for an audience in its own name; `None` when it has no grant.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn client_grant(
        &self,
        id: &ClientId,
        audience: &str,
    ) -> Result<Option<ClientGrant>, StoreError> {
        if audience.len() > IDENTIFIER_BYTES_MAX {
            return Ok(None);
        }
        self.get(&client_pk(id), &sk(audience)).await?.map(read).transpose()
    }

    /// Grants a client scopes of an API that the Management API did not make, whatever there was.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn put_client_grant(
        &self,
        id: &ClientId,
        audience: &str,
        scopes: &Scope,
    ) -> Result<(), StoreError> {
        let grant = ClientGrant { scopes: scopes.clone(), made: None };
        let write = Write::put(&client_pk(id), &sk(audience), &grant)?;
        self.write(&write.listed_grant(id, audience)).await.map(|_| ())
    }

    /// Grants a client scopes of an API, on condition that the client is there, that the API is what was seen of it, and
    /// that there is no grant to it. `None` is an API that is not stored.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_client_grant(
        &self,
        id: &GrantId,
        scopes: &Scope,
        api: Option<&Api>,
    ) -> Result<Granted, StoreError> {
        let GrantId { client_id, audience } = id;
        let grant = ClientGrant { scopes: scopes.clone(), made: api.and_then(|api| api.made.clone()) };
        // Who deletes the client meanwhile has not seen the grant, and is told by the count.
        let count = Write::update(&client_pk(client_id), "CLIENT", format!("ADD {GRANTS_MADE} :one"));
        let client = count.value(":one", number(1)).when("attribute_exists(pk)");
        let put = Write::put(&client_pk(client_id), &sk(audience), &grant)?.listed_grant(client_id, audience);
        // One of an earlier API counts for nothing.
        let put = match &grant.made {
            Some(made) => put
                .when("attribute_not_exists(pk) OR NOT made = :its_own")
                .value(":its_own", text(made.clone())),
            None => put.when("attribute_not_exists(pk) OR attribute_exists(made)"),
        };
        let mut steps = vec![(Step::Client, client), (Step::Grant, put)];
        if let Some(api) = api {
            steps.push((Step::Api, while_seen(api)?));
        }
        match self.transact(&steps).await {
            Ok(()) => Ok(Granted::Done),
            Err(NotWritten::Failed(error)) => Err(error),
            Err(NotWritten::Refused(refused)) => {
                let is_refused = |step| refused.iter().any(|refused| refused.step == step);
                Ok(if is_refused(Step::Client) {
                    Granted::NoSuchClient
                } else if is_refused(Step::Api) {
                    Granted::Overtaken
                } else {
                    Granted::Exists
                })
            }
        }
    }

    /// Gives a grant other scopes, on condition that grant and API are what was seen of them.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change_client_grant(
        &self,
        id: &GrantId,
        scopes: &Scope,
        seen: &ClientGrant,
        api: Option<&Api>,
    ) -> Result<Regranted, StoreError> {
        let write = Write::update(&client_pk(&id.client_id), &sk(&id.audience), "SET scopes = :scopes");
        let write = write.value(":scopes", value_of(scopes)?);
        let write = write.when("scopes = :seen").value(":seen", value_of(&seen.scopes)?);
        let write = match &seen.made {
            Some(made) => write.when("made = :made").value(":made", text(made.clone())),
            None => write.when("attribute_not_exists(made)"),
        };
        let api = api.map(while_seen).transpose()?;
        match self.all_done(std::iter::once(write).chain(api)).await? {
            true => Ok(Regranted::Done),
            false => Ok(Regranted::Overtaken),
        }
    }

    /// Takes a grant away, if it is there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete_client_grant(&self, id: &GrantId) -> Result<(), StoreError> {
        let write = Write::delete(&client_pk(&id.client_id), &sk(&id.audience));
        self.write(&write).await.map(|_: Outcome| ())
    }

    /// Whose grants there are and to which APIs, by client and API; of one client as they are, of all as their list has
    /// them.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn client_grants(&self, client: Option<&ClientId>) -> Result<Vec<ListedGrant>, StoreError> {
        match client {
            Some(client) => {
                let items = self.query(&client_pk(client), None).await?;
                Ok(items.iter().filter_map(ListedGrant::of_item).collect())
            }
            None => {
                let keys = self.keys_of(List::ClientGrants, Order::Ascending, usize::MAX).await?;
                Ok(keys.into_iter().filter_map(ListedGrant::of_key).collect())
            }
        }
    }

    /// The grants among those that are still there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn read_client_grants(
        &self,
        listed: &[ListedGrant],
    ) -> Result<Vec<(GrantId, ClientGrant)>, StoreError> {
        let keys: Vec<_> = listed.iter().map(|grant| grant.key.clone()).collect();
        let items = self.items_of(&keys).await?;
        let grant = |item: Item| {
            let id = ListedGrant::of_item(&item).ok_or(StoreError::Corrupt)?.id;
            Ok((id, read(item)?))
        };
        items.into_iter().map(grant).collect()
    }
}

/// A grant of which only the key was read.
#[derive(Clone, Debug)]
pub struct ListedGrant {
    /// Whose, and to which API.
    pub id: GrantId,
    key: ListedKey,
}

impl ListedGrant {
    fn of_key(key: ListedKey) -> Option<Self> {
        let client = ClientId::new(key.pk().strip_prefix(CLIENT_PREFIX)?);
        let audience = key.sk().strip_prefix(GRANT_PREFIX)?.to_owned();
        Some(Self { id: GrantId { client_id: client, audience }, key })
    }

    fn of_item(item: &Item) -> Option<Self> {
        let text = |name| item.get(name).and_then(|value: &AttributeValue| value.as_s().ok());
        Self::of_key(ListedKey::new(text("pk")?, text("sk")?))
    }

    /// Takes it away.
    pub(super) fn deletion(&self) -> Write {
        Write::delete(self.key.pk(), self.key.sk())
    }
}

/// Demands that an API is the one that was seen, with the scopes that it had.
fn while_seen(api: &Api) -> Result<Write, StoreError> {
    let check = Write::check(&api_pk(&api.identifier), "API", "scopes = :scopes");
    let check = check.value(":scopes", value_of(&api.scopes)?);
    Ok(while_made(check, api))
}

/// On condition that an API is the one that was seen.
pub(super) fn while_made(write: Write, api: &Api) -> Write {
    match &api.made {
        Some(made) => write.when("made = :made").value(":made", text(made.clone())),
        None => write.when("attribute_exists(pk) AND attribute_not_exists(made)"),
    }
}
