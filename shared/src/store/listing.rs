//! What can be listed. A sparse index of the table holds the keys, and nothing else, of the items that say which list
//! they are in and where: clients, grants, APIs and users by their time, authenticators by their device, and addresses
//! that bounce. An item enters and leaves its lists in the very write that makes or deletes it, and changing anything
//! else of it costs the index nothing.
//!
//! An index is a moment behind the table, so nothing is decided by it: the items of a page are then read by their keys,
//! strongly consistent (SEC-41), and what has gone meanwhile is left out. Reading a page is two trips.

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Select};
use futures_util::future::{try_join, try_join_all};
use ring::digest;
use serde::de::DeserializeOwned;

use super::expression::{Write, text};
use super::{Item, Store, StoreError, failed, read};
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
/// Tries of a batch of which the service left some items undone.
pub(super) const BATCH_TRIES: u32 = 5;

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
    /// The addresses that SES told something of, by the time of the mail.
    Mailboxes,
    /// The audit log of one user, as [`crate::audit::record::named`] has it, by time.
    UserLogs {
        /// Whose.
        user: &'a str,
        /// What the ids begin with or come after.
        since: &'a str,
    },
}

impl List<'_> {
    fn partitions(self) -> Vec<String> {
        match self {
            Self::Clients => vec!["CLIENTS".to_owned()],
            Self::ClientGrants => vec!["GRANTS".to_owned()],
            Self::Apis => vec!["APIS".to_owned()],
            Self::Users => (0..USER_LISTS).map(|number| format!("USERS#{number}")).collect(),
            Self::Device(device) => vec![format!("DEVICE#{device}")],
            Self::Mailboxes => vec![MAILBOXES.to_owned()],
            Self::UserLogs { user, .. } => vec![user_logs(user)],
        }
    }

    /// Where the list begins, if not at its beginning.
    fn since(&self) -> Option<&str> {
        match self {
            Self::UserLogs { since, .. } => Some(since),
            _ => None,
        }
    }
}

const MAILBOXES: &str = "MAILBOXES";

fn user_logs(user: &str) -> String {
    format!("LOGS_OF#{user}")
}

/// From which end a list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// First to last.
    Ascending,
    /// Last to first.
    Descending,
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// From which end.
    pub order: Order,
    /// How many items come before it.
    pub start: usize,
    /// How many it has at most.
    pub size: usize,
    /// Whether all of the list are to be counted.
    pub is_counted: bool,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// What is in it.
    pub items: Vec<T>,
    /// How many the whole list has, where that was asked for.
    pub total: Option<usize>,
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

    /// Its sort key.
    pub(super) fn sk(&self) -> &str {
        &self.sk
    }

    /// The key of an item that was found otherwise.
    pub(super) fn new(pk: &str, sk: &str) -> Self {
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

    pub(super) fn listed_mailbox(self, user: &UserId, key: &str, at: Timestamp) -> Self {
        self.listed(MAILBOXES.to_owned(), format!("{:011}#{user}#{key}", at.0))
    }

    pub(super) fn listed_log(self, user: &str, id: &str) -> Self {
        self.listed(user_logs(user), id.to_owned())
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
    /// A part of a list, its items strongly consistent; how many the list has: see [`Store::count_of`]. Two trips.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(super) async fn part_of<T: DeserializeOwned>(
        &self,
        list: List<'_>,
        part: Part,
    ) -> Result<Listed<T>, StoreError> {
        let Listed { items, total } = self.items_in(list, part).await?;
        Ok(Listed { items: items.into_iter().map(read).collect::<Result<_, _>>()?, total })
    }

    /// The same, before its items are read into their type.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(super) async fn items_in(&self, list: List<'_>, part: Part) -> Result<Listed<Item>, StoreError> {
        let keys = self.keys_of(list, part.order, part.start.saturating_add(part.size));
        let total = async {
            match part.is_counted {
                true => self.count_of(list).await.map(Some),
                false => Ok(None),
            }
        };
        let (keys, total) = try_join(keys, total).await?;
        let items = self.items_of(keys.get(part.start..).unwrap_or_default()).await?;
        Ok(Listed { items, total })
    }

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
        // DynamoDB knows no limit of none.
        if limit == 0 {
            return Ok(Vec::new());
        }
        let partitions = list.partitions();
        let since = list.since();
        let read = partitions.iter().map(|it| self.keys_of_partition((it, since), order, limit));
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
        (partition, since): (&str, Option<&str>),
        order: Order,
        limit: usize,
    ) -> Result<Vec<ListedKey>, StoreError> {
        let (mut keys, mut start) = (Vec::new(), None);
        loop {
            let left = limit.saturating_sub(keys.len());
            let call = self.query_of_list(partition, since).scan_index_forward(order == Order::Ascending);
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
            let call = self.query_of_list(partition, list.since()).select(Select::Count);
            let page = call.send().await.map_err(|error| failed("Query", &error))?;
            Ok::<_, StoreError>(usize::try_from(page.count()).unwrap_or_default())
        });
        Ok(try_join_all(counted).await?.iter().sum())
    }

    fn query_of_list(
        &self,
        partition: &str,
        since: Option<&str>,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let query = self.dynamodb.query().table_name(&*self.table).index_name(LISTING);
        let query = query.expression_attribute_values(":list", text(partition));
        match since {
            None => query.key_condition_expression("listed_in = :list"),
            Some(since) => query
                .key_condition_expression("listed_in = :list AND listed_as >= :since")
                .expression_attribute_values(":since", text(since)),
        }
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
