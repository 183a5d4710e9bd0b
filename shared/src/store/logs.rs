//! The audit log: an item per record, under the record's own id, so that one that comes twice is there once. It is spread
//! over partitions, for one takes 1,000 writes a second; a page of it is read from all of them at once. What is about a
//! user is in that user's list of the index as well.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{PutRequest, Select, WriteRequest};
use futures_util::future::{try_join, try_join_all};

use super::expression::{Write, number, text};
use super::listing::{BATCH_TRIES, List, Listed, Order, Part};
use super::{Item, Store, StoreError, failed, read};
use crate::audit::{LogId, Record};
use crate::time::Timestamp;

/// What the partitions begin with.
pub const PARTITION: &str = "LOGS#";
/// 16,000 records a second. A divisor of a power of ten, so that ids fall on all alike.
const PARTITIONS: u32 = 16;
/// The digits of an id that decide.
const DECIDING_DIGITS: usize = 4;
/// Items of one BatchWriteItem, by DynamoDB's limit.
const WRITES_MAX: usize = 25;
/// Calls that write at once: a function's memory is bounded, and so is what a burst of it takes of the table.
const CALLS_AT_ONCE: usize = 8;
/// How often a search reads on in each partition, at 1 MB a time.
const SEARCH_CALLS: usize = 4;
const DAY_SECONDS: u64 = 86_400;

/// Which records are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// Those of an event, by its code.
    Code(String),
    /// Those of a client.
    Client(String),
    /// Those about a user, as [`crate::audit::record::named`] has it.
    User(String),
}

/// From when to when.
#[derive(Clone, Debug)]
pub struct Window {
    since: String,
    until: String,
}

impl Window {
    /// All that is kept for so many days.
    #[must_use]
    pub fn kept(days: u64, now: Timestamp) -> Self {
        // What is of the second before is over now (SEC-7).
        let since = Timestamp(now.0.saturating_sub(days.saturating_mul(DAY_SECONDS)).saturating_add(1));
        // Behind all digits.
        Self { since: place(since), until: ":".to_owned() }
    }

    /// The part of it after a record.
    #[must_use]
    pub fn after(self, id: &LogId) -> Self {
        // The shortest text behind the id.
        let after = format!("{}0", id.as_str());
        Self { since: self.since.max(after), ..self }
    }

    /// The part of it before a time.
    #[must_use]
    pub fn before(self, until: Timestamp) -> Self {
        Self { until: place(until), ..self }
    }
}

/// What the ids of a time begin with.
fn place(at: Timestamp) -> String {
    format!("{:010}", at.0)
}

/// The partition of a record. The last digits of an id are at random.
fn pk(id: &str) -> String {
    let digits = id.len().checked_sub(DECIDING_DIGITS).and_then(|start| id.get(start..));
    let number = digits.and_then(|digits| digits.parse::<u32>().ok()).unwrap_or_default() % PARTITIONS;
    format!("{PARTITION}{number}")
}

fn partitions() -> impl Iterator<Item = String> {
    (0..PARTITIONS).map(|number| format!("{PARTITION}{number}"))
}

fn put(record: &Record, days: u64) -> Result<WriteRequest, StoreError> {
    let id = &record.log_id;
    let mut write = Write::put(&pk(id), id, record)?;
    if let Some(user) = &record.user_id {
        write = write.listed_log(user, id);
    }
    let mut item = write.put.ok_or(StoreError::Corrupt)?;
    let expires_at = record.date.plus(days.saturating_mul(DAY_SECONDS));
    item.insert("expires_at".into(), number(expires_at.0));
    let put = PutRequest::builder().set_item(Some(item)).build().map_err(|_| StoreError::Corrupt)?;
    Ok(WriteRequest::builder().put_request(put).build())
}

/// Deleted late, an item is there longer than it is kept.
fn is_kept(item: &Item, now: Timestamp) -> bool {
    let expires_at = item.get("expires_at").and_then(|it| it.as_n().ok()?.parse().ok());
    expires_at.is_some_and(|at| !Timestamp(at).is_past(now))
}

/// What a partition has of what is asked, and where it was left before its end or enough was found.
struct Found {
    items: Vec<Item>,
    left_at: Option<String>,
}

fn id_of(item: &Item) -> &str {
    item.get("sk").and_then(|it| it.as_s().ok()).map_or("", String::as_str)
}

impl Store {
    /// Keeps records for so many days from their time; those that are there already stay as they are. The ids differ.
    ///
    /// # Errors
    /// See [`StoreError`]; some may have been written then.
    pub async fn keep_records(&self, records: &[Record], days: u64) -> Result<(), StoreError> {
        let writes: Vec<_> = records.iter().map(|record| put(record, days)).collect::<Result<_, _>>()?;
        let calls: Vec<_> = writes.chunks(WRITES_MAX).collect();
        for calls in calls.chunks(CALLS_AT_ONCE) {
            try_join_all(calls.iter().map(|writes| self.put_batch(writes.to_vec()))).await?;
        }
        Ok(())
    }

    async fn put_batch(&self, mut left: Vec<WriteRequest>) -> Result<(), StoreError> {
        for tried in 1..=BATCH_TRIES {
            let call = self.dynamodb.batch_write_item().request_items(&*self.table, left);
            let output = call.send().await.map_err(|error| failed("BatchWriteItem", &error))?;
            let unwritten = output.unprocessed_items.into_iter().flatten();
            left = unwritten.flat_map(|(_, writes)| writes).collect();
            if left.is_empty() {
                return Ok(());
            }
            self.back_off(tried).await;
        }
        Err(StoreError::Unavailable)
    }

    /// One record.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn log_record(&self, id: &LogId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let item = self.get(&pk(id.as_str()), id.as_str()).await?;
        item.filter(|item| is_kept(item, now)).map(read).transpose()
    }

    /// A part of the log. How many there are is counted as far as one call for each partition sees, which is 1 MB, some
    /// 1,500 records each; a search looks through four times as many, and through no older ones. One trip, and more for a
    /// long part or a search; two for what is about a user.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn log_records(
        &self,
        window: &Window,
        search: Option<&Search>,
        part: Part,
        now: Timestamp,
    ) -> Result<Listed<Record>, StoreError> {
        if let Some(Search::User(user)) = search {
            let list = List::UserLogs { user, since: &window.since };
            let listed: Listed<Item> = self.items_in(list, part).await?;
            return records_of(listed.items, listed.total, now);
        }
        let limit = part.start.saturating_add(part.size);
        let total = async {
            match part.is_counted {
                true => self.count_records(window, search).await.map(Some),
                false => Ok(None),
            }
        };
        let (mut items, total) = try_join(self.first_of(window, search, part.order, limit), total).await?;
        items.drain(..part.start.min(items.len()));
        records_of(items, total, now)
    }

    /// The first `limit` records of a window, the oldest first. One trip, or a few for records of great length.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn log_records_in(
        &self,
        window: &Window,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Record>, StoreError> {
        let items = self.first_of(window, None, Order::Ascending, limit).await?;
        Ok(records_of(items, None, now)?.items)
    }

    async fn first_of(
        &self,
        window: &Window,
        search: Option<&Search>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        if limit == 0 || window.since >= window.until {
            return Ok(Vec::new());
        }
        let found = partitions().map(|pk| self.first_of_partition(pk, window, search, (order, limit)));
        Ok(merged(try_join_all(found).await?, order, limit))
    }

    async fn first_of_partition(
        &self,
        pk: String,
        window: &Window,
        search: Option<&Search>,
        (order, limit): (Order, usize),
    ) -> Result<Found, StoreError> {
        let (mut items, mut start) = (Vec::new(), None);
        for _ in 0..SEARCH_CALLS {
            let left = i32::try_from(limit.saturating_sub(items.len())).unwrap_or(i32::MAX);
            let call = self.query_of_logs(&pk, window, search).scan_index_forward(order == Order::Ascending);
            // A limit counts what is looked at, not what is found.
            let call = call.set_limit(search.is_none().then_some(left)).set_exclusive_start_key(start);
            let page = call.send().await.map_err(|error| failed("Query", &error))?;
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() || items.len() >= limit {
                return Ok(Found { items, left_at: None });
            }
        }
        Ok(Found { items, left_at: start.map(|key| id_of(&key).to_owned()) })
    }

    async fn count_records(&self, window: &Window, search: Option<&Search>) -> Result<usize, StoreError> {
        let counted = partitions().map(|pk| async move {
            let call =
                self.query_of_logs(&pk, window, search).scan_index_forward(false).select(Select::Count);
            let page = call.send().await.map_err(|error| failed("Query", &error))?;
            Ok::<_, StoreError>(usize::try_from(page.count()).unwrap_or_default())
        });
        Ok(try_join_all(counted).await?.iter().sum())
    }

    fn query_of_logs(&self, pk: &str, window: &Window, search: Option<&Search>) -> QueryFluentBuilder {
        let query = self
            .dynamodb
            .query()
            .table_name(&*self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :since AND :until")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":since", text(&window.since))
            .expression_attribute_values(":until", text(&window.until));
        let (name, value) = match search {
            None => return query,
            Some(Search::Code(code)) => ("type", code),
            Some(Search::Client(client)) => ("client_id", client),
            Some(Search::User(user)) => ("user_id", user),
        };
        query
            .filter_expression("#searched = :searched")
            .expression_attribute_names("#searched", name)
            .expression_attribute_values(":searched", text(value))
    }
}

/// The first of all. Where a partition was left before its end, nothing is known of what lies behind.
fn merged(found: Vec<Found>, order: Order, limit: usize) -> Vec<Item> {
    let left_at = found.iter().filter_map(|found| found.left_at.as_deref());
    let known = match order {
        Order::Ascending => left_at.min(),
        Order::Descending => left_at.max(),
    };
    let known = known.map(ToOwned::to_owned);
    let is_known = |item: &Item| match (&known, order) {
        (None, _) => true,
        (Some(known), Order::Ascending) => id_of(item) <= known.as_str(),
        (Some(known), Order::Descending) => id_of(item) >= known.as_str(),
    };
    let mut items: Vec<_> = found.into_iter().flat_map(|found| found.items).filter(is_known).collect();
    items.sort_unstable_by(|one, other| id_of(one).cmp(id_of(other)));
    if order == Order::Descending {
        items.reverse();
    }
    items.truncate(limit);
    items
}

fn records_of(items: Vec<Item>, total: Option<usize>, now: Timestamp) -> Result<Listed<Record>, StoreError> {
    let items = items.into_iter().filter(|item| is_kept(item, now)).map(read);
    Ok(Listed { items: items.collect::<Result<_, _>>()?, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str) -> Item {
        Item::from([("sk".into(), text(id))])
    }

    fn found(ids: &[&str], left_at: Option<&str>) -> Found {
        Found { items: ids.iter().map(|id| item(id)).collect(), left_at: left_at.map(ToOwned::to_owned) }
    }

    fn ids(items: &[Item]) -> Vec<&str> {
        items.iter().map(id_of).collect()
    }

    #[test]
    fn partitions_are_one_log() {
        let parts = || vec![found(&["1", "4"], None), found(&["3", "2"], None), found(&[], None)];
        assert_eq!(ids(&merged(parts(), Order::Descending, 3)), ["4", "3", "2"]);
        assert_eq!(ids(&merged(parts(), Order::Ascending, 9)), ["1", "2", "3", "4"]);
    }

    /// A search that ends early in one partition would show a gap.
    #[test]
    fn behind_where_a_search_was_left_nothing_is_shown() {
        let newest = vec![found(&["9", "5"], Some("4")), found(&["8", "3"], None), found(&[], Some("2"))];
        assert_eq!(ids(&merged(newest, Order::Descending, 9)), ["9", "8", "5"]);
        let oldest = vec![found(&["1", "5"], Some("6")), found(&["4", "8"], None)];
        assert_eq!(ids(&merged(oldest, Order::Ascending, 9)), ["1", "4", "5"]);
    }

    #[test]
    fn ids_fall_on_all_partitions_alike() {
        let mut counts = std::collections::BTreeMap::new();
        for number in 0..10_000 {
            *counts.entry(pk(&format!("1900000020000000{number:024}"))).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 16);
        assert!(counts.values().all(|count| *count == 625));
        assert!(partitions().all(|partition| counts.contains_key(&partition)));
    }

    #[test]
    fn a_window_is_of_text() {
        let now = Timestamp(1_900_000_020);
        let kept = Window::kept(1, now);
        assert_eq!((&*kept.since, &*kept.until), ("1899913621", ":"));
        let id = LogId::parse(&"1".repeat(40)).unwrap();
        let later = kept.clone().after(&id);
        assert_eq!(later.since, kept.since, "what is no more is not the beginning");
        let id = LogId::parse(&"3".repeat(40)).unwrap();
        let later = kept.after(&id).before(now);
        assert!(later.since > "3".repeat(40) && later.since.starts_with('3'));
        assert_eq!(later.until, "1900000020");
    }
}
