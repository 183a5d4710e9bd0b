//! What can be listed. A sparse index of the table holds the keys, and nothing else, of the items that say which list
//! they are in and where: clients, grants, APIs and users by their time, and authenticators by their device. An item
//! enters and leaves its lists in the very write that makes or deletes it, and changing anything else of it costs the
//! index nothing.
//!
//! An index is a moment behind the table, so nothing is decided by it: the items of a page are then read by their keys,
//! strongly consistent (SEC-41), and what has gone meanwhile is left out. Reading a page is two trips.

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Select};
use futures_util::future::try_join_all;
use ring::digest;

use super::expression::{Write, text};
use super::{Item, Store, StoreError, failed};
use crate::id::{AuthenticatorId, ClientId, UserId};
use crate::time::Timestamp;

/// The index.
pub const LISTING: &str = "listing";
/// Its partition key: the list an item is in.
pub const LISTED_IN: &str = "listed_in";
/// Its sort key: where in the list.
pub const LISTED_AS: &str = "listed_as";

/// One partition of an index takes 1,000 writes a second; users are created and imported faster than that.
const USER_LISTS: u8 = 8;
/// Keys of one BatchGetItem, by DynamoDB's limit.
const BATCH_MAX: usize = 100;
/// Tries of a batch of which the service left some items unread.
const BATCH_TRIES: u32 = 5;

/// A list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List<'a> {
    /// All clients, by id.
    Clients,
    /// All clients' grants, by client and audience.
    ClientGrants,
    /// All APIs, by identifier.
    Apis,
    /// All users, by the time they were created; it is several partitions.
    Users,
    /// The authenticators of a device, which has several where it is a phone: its `dev_…`.
    Device(&'a str),
}

impl List<'_> {
    fn partitions(self) -> Vec<String> {
        match self {
            Self::Clients => vec!["CLIENTS".to_owned()],
            Self::ClientGrants => vec!["GRANTS".to_owned()],
            Self::Apis => vec!["APIS".to_owned()],
            Self::Users => (0..USER_LISTS).map(|number| format!("USERS#{number}")).collect(),
            Self::Device(device) => vec![format!("DEVICE#{device}")],
        }
    }
}

/// From which end a list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// First to last.
    Ascending,
    /// Last to first.
    Descending,
}

/// An item's key, as a list has it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedKey {
    listed_as: String,
    pk: String,
    sk: String,
}

/// Keys hold ids, and audiences of an operator's.
impl std::fmt::Debug for ListedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ListedKey(…)")
    }
}

impl ListedKey {
    /// The partition key of the item, of which callers know the form.
    pub(super) fn pk(&self) -> &str {
        &self.pk
    }

    /// The key of an item that is read with others, whether or not it is listed.
    pub(super) fn of_item(pk: &str, sk: &str) -> Self {
        Self { listed_as: String::new(), pk: pk.to_owned(), sk: sk.to_owned() }
    }

    fn of(item: &Item) -> Option<Self> {
        let text = |name| Some(item.get(name)?.as_s().ok()?.clone());
        Some(Self { listed_as: text(LISTED_AS)?, pk: text("pk")?, sk: text("sk")? })
    }

    fn key(&self) -> Item {
        Item::from([("pk".into(), text(&self.pk)), ("sk".into(), text(&self.sk))])
    }

    fn is_of(&self, item: &Item) -> bool {
        let is = |name, value: &String| item.get(name).and_then(|it| it.as_s().ok()) == Some(value);
        is("pk", &self.pk) && is("sk", &self.sk)
    }
}

/// Writes that put an item into its list.
impl Write {
    pub(super) fn listed_client(self, id: &ClientId) -> Self {
        self.listed("CLIENTS".to_owned(), id.as_str().to_owned())
    }

    pub(super) fn listed_grant(self, id: &ClientId, audience: &str) -> Self {
        self.listed("GRANTS".to_owned(), format!("{id}#{audience}"))
    }

    pub(super) fn listed_api(self, identifier: &str) -> Self {
        self.listed("APIS".to_owned(), identifier.to_owned())
    }

    /// Seconds with as many digits as they will ever have sort as text; the id tells users of one second apart.
    pub(super) fn listed_user(self, user: &UserId, created_at: Timestamp) -> Self {
        let hash = digest::digest(&digest::SHA256, user.as_str().as_bytes());
        let number = hash.as_ref().first().map_or(0, |byte| byte % USER_LISTS);
        self.listed(format!("USERS#{number}"), format!("{:011}#{user}", created_at.0))
    }

    pub(super) fn listed_device(self, id: &AuthenticatorId) -> Self {
        match id.as_str().split_once('|') {
            Some((prefix, device)) => self.listed(format!("DEVICE#{device}"), prefix.to_owned()),
            None => self,
        }
    }

    fn listed(mut self, list: String, place: String) -> Self {
        if let Some(item) = &mut self.put {
            item.insert(LISTED_IN.into(), AttributeValue::S(list));
            item.insert(LISTED_AS.into(), AttributeValue::S(place));
        }
        self
    }
}

impl Store {
    /// The first `limit` keys of a list, in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(super) async fn keys_of(
        &self,
        list: List<'_>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<ListedKey>, StoreError> {
        let partitions = list.partitions();
        let read = partitions.iter().map(|partition| self.keys_of_partition(partition, order, limit));
        let mut keys = try_join_all(read).await?.concat();
        keys.sort_unstable();
        if order == Order::Descending {
            keys.reverse();
        }
        keys.truncate(limit);
        Ok(keys)
    }

    async fn keys_of_partition(
        &self,
        partition: &str,
        order: Order,
        limit: usize,
    ) -> Result<Vec<ListedKey>, StoreError> {
        let (mut keys, mut start) = (Vec::new(), None);
        loop {
            let left = limit.saturating_sub(keys.len());
            let call = self.query_of_list(partition).scan_index_forward(order == Order::Ascending);
            let call = call.limit(i32::try_from(left).unwrap_or(i32::MAX)).set_exclusive_start_key(start);
            let page = call.send().await.map_err(|error| failed("Query", &error))?;
            keys.extend(page.items().iter().filter_map(ListedKey::of));
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() || keys.len() >= limit {
                return Ok(keys);
            }
        }
    }

    /// How many items a list has: counted as far as one call for each of its partitions sees, which is 1 MB of keys, some
    /// eight thousand users each. A longer list has that many at least.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(super) async fn count_of(&self, list: List<'_>) -> Result<usize, StoreError> {
        let partitions = list.partitions();
        let counted = partitions.iter().map(|partition| async move {
            let call = self.query_of_list(partition).select(Select::Count);
            let page = call.send().await.map_err(|error| failed("Query", &error))?;
            Ok::<_, StoreError>(usize::try_from(page.count()).unwrap_or_default())
        });
        Ok(try_join_all(counted).await?.iter().sum())
    }

    fn query_of_list(
        &self,
        partition: &str,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let query = self.dynamodb.query().table_name(&*self.table).index_name(LISTING);
        query
            .key_condition_expression("listed_in = :list")
            .expression_attribute_values(":list", AttributeValue::S(partition.to_owned()))
    }

    /// The items of those keys, in their order, strongly consistent (SEC-41); those that have gone are left out.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(super) async fn items_of(&self, keys: &[ListedKey]) -> Result<Vec<Item>, StoreError> {
        let batches = keys.chunks(BATCH_MAX).map(|batch| self.batch(batch));
        let found = try_join_all(batches).await?.concat();
        let in_order = keys.iter().filter_map(|key| found.iter().find(|item| key.is_of(item)));
        Ok(in_order.cloned().collect())
    }

    async fn batch(&self, keys: &[ListedKey]) -> Result<Vec<Item>, StoreError> {
        let mut left: Vec<Item> = keys.iter().map(ListedKey::key).collect();
        let mut found = Vec::with_capacity(keys.len());
        for tried in 1..=BATCH_TRIES {
            if left.is_empty() {
                return Ok(found);
            }
            let wanted = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true);
            let wanted = wanted.build().map_err(|_| StoreError::Corrupt)?;
            let call = self.dynamodb.batch_get_item().request_items(&*self.table, wanted);
            let output = call.send().await.map_err(|error| failed("BatchGetItem", &error))?;
            found.extend(output.responses.into_iter().flatten().flat_map(|(_, items)| items));
            let unread = output.unprocessed_keys.into_iter().flatten();
            left = unread.flat_map(|(_, wanted)| wanted.keys).collect();
            if !left.is_empty() {
                self.back_off(tried).await;
            }
        }
        if left.is_empty() { Ok(found) } else { Err(StoreError::Unavailable) }
    }
}
