//! How the table is read: strongly consistent, for what is read decides (SEC-41).

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;

use super::{Item, Store, StoreError, failed};

impl Store {
    /// Reads one item, strongly consistent (SEC-41).
    pub(super) async fn get(&self, pk: &str, sk: &str) -> Result<Option<Item>, StoreError> {
        let call = self
            .dynamodb
            .get_item()
            .table_name(&*self.table)
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(sk.to_owned()))
            .consistent_read(true);
        let output = call.send().await.map_err(|error| failed("GetItem", &error))?;
        Ok(output.item)
    }

    /// Reads a partition, strongly consistent (SEC-41); with `up_to`, only sort keys not after it.
    pub(super) async fn query(&self, pk: &str, up_to: Option<&str>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let mut call = self
                .dynamodb
                .query()
                .table_name(&*self.table)
                .consistent_read(true)
                .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
                .set_exclusive_start_key(start);
            call = match up_to {
                None => call.key_condition_expression("pk = :pk"),
                Some(last) => call
                    .key_condition_expression("pk = :pk AND sk <= :last")
                    .expression_attribute_values(":last", AttributeValue::S(last.to_owned())),
            };
            let page = call.send().await.map_err(|error| failed("Query", &error))?;
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Reads the first items of a partition by one call, strongly consistent (SEC-41).
    pub(super) async fn query_some(&self, pk: &str, limit: i32) -> Result<Vec<Item>, StoreError> {
        let call = self
            .dynamodb
            .query()
            .table_name(&*self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .limit(limit);
        let page = call.send().await.map_err(|error| failed("Query", &error))?;
        Ok(page.items.unwrap_or_default())
    }
}

/// Reads an item into its type.
pub(super) fn read<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    // The error itself may quote what is stored.
    serde_dynamo::from_item(item).map_err(|_| {
        tracing::error!(event = "stored_item_unreadable", entity = std::any::type_name::<T>());
        StoreError::Corrupt
    })
}
