//! What a call costs: the capacity units that DynamoDB bills for it.
//!
//! The engine counts them by AWS's own rules (sizes rounded up item by item, transactions double, an index for what
//! changes of its entries), so it is asked with every call. Of what a condition refused it says nothing, as AWS does;
//! but AWS bills that too, as a write of the item that is there.

use axum::body::Bytes;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::types::{TRANSACTIONAL_CAPACITY_FACTOR, item_size, table_write_capacity_units};
use serde_json::{Map, Value, json};

use super::Engine;
use super::actions::{PARTITION_KEY, SORT_KEY};
use crate::aws::calls::Units;

/// The member by which a request asks what it costs.
const ASKS: &str = "ReturnConsumedCapacity";
/// The member of an answer that tells.
const TOLD: &str = "ConsumedCapacity";

/// The operations that have a price in capacity units.
fn is_billed(operation: &str) -> bool {
    reads(operation)
        || ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"]
            .contains(&operation)
}

fn reads(operation: &str) -> bool {
    ["GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"].contains(&operation)
}

/// The request's body with the question what it costs; `None` where that has no answer, or is asked already.
pub(super) fn asking(operation: &str, request: &Value, body: &Bytes) -> Option<Bytes> {
    let members = request.as_object().filter(|members| !members.is_empty() && !members.contains_key(ASKS))?;
    if !is_billed(operation) || members.contains_key("TransactStatements") {
        return None;
    }
    let begin = body.iter().position(|byte| *byte == b'{')?;
    let rest = body.get(begin + 1..)?;
    Some([format!(r#"{{"{ASKS}":"TOTAL","#).as_bytes(), rest].concat().into())
}

/// What an answer says that its call cost; takes it out of the answer.
pub(super) fn taken_from(operation: &str, answer: &mut Map<String, Value>) -> Units {
    match answer.shift_remove(TOLD) {
        Some(Value::Array(tables)) => {
            tables.iter().map(|table| of_table(operation, table)).fold(Units::default(), Units::plus)
        }
        Some(table) => of_table(operation, &table),
        None => Units::default(),
    }
}

/// A transaction that is repeated by its token is billed as a read, and says so.
fn of_table(operation: &str, told: &Value) -> Units {
    let units = |name: &str| told.get(name).and_then(Value::as_f64);
    let all = units("CapacityUnits").unwrap_or_default();
    match units("ReadCapacityUnits") {
        Some(read) => Units { read, write: 0.0 },
        None if reads(operation) => Units { read: all, write: 0.0 },
        None => Units { read: 0.0, write: all },
    }
}

/// What a write costs that a condition refused.
pub(super) fn of_refused(engine: &Engine, operation: &str, request: &Value, answer: &Value) -> Units {
    let error = answer.get("__type").and_then(Value::as_str).unwrap_or_default();
    let is_refused = ["ConditionalCheckFailedException", "TransactionCanceledException"]
        .iter()
        .any(|refusal| error.ends_with(refusal));
    if !is_refused {
        return Units::default();
    }
    let factor = if operation == "TransactWriteItems" { TRANSACTIONAL_CAPACITY_FACTOR } else { 1.0 };
    let sizes = written(request).into_iter().map(|write| size_of(engine, write));
    let write = sizes.map(|size| factor * table_write_capacity_units(size, None)).sum();
    Units { read: 0.0, write }
}

/// Each write of a request: what names its item is in it.
fn written(request: &Value) -> Vec<&Value> {
    match request.get("TransactItems").and_then(Value::as_array) {
        Some(items) => items.iter().filter_map(|item| item.as_object()?.values().next()).collect(),
        None => vec![request],
    }
}

/// The bytes of the item that a write is to, if there is one.
fn size_of(engine: &Engine, write: &Value) -> Option<usize> {
    let named = write.get("Key").or_else(|| write.get("Item"))?;
    let request = json!({
        "TableName": write.get("TableName")?,
        "Key": { PARTITION_KEY: named.get(PARTITION_KEY)?, SORT_KEY: named.get(SORT_KEY)? },
        "ConsistentRead": true,
    });
    let request: GetItemRequest = serde_json::from_value(request).ok()?;
    engine.database.get_item(request).ok()?.item.as_ref().map(item_size)
}
