//! Which IAM actions a DynamoDB request needs, and on which leading keys.

use postern::store::listing::{LISTED_IN, LISTING};
use serde_json::Value;

use crate::aws::calls::Action;

/// The partition key of Postern's one table (design §3).
pub(super) const PARTITION_KEY: &str = "pk";
/// Its sort key.
pub(super) const SORT_KEY: &str = "sk";

/// That of what a request reads: the table's, or its index's.
fn partition_key(request: &Value) -> &'static str {
    match request.get("IndexName").and_then(Value::as_str) {
        Some(LISTING) => LISTED_IN,
        _ => PARTITION_KEY,
    }
}

/// The actions of one request. A transaction is its inner actions, as IAM sees it; a batch has
/// one entry per key under the batch's own action.
pub(super) fn actions(operation: &str, request: &Value) -> Vec<Action> {
    match operation {
        "GetItem" => vec![with_key(operation, request, "Key").read(request)],
        "PutItem" => vec![with_key(operation, request, "Item").into_action()],
        "UpdateItem" | "DeleteItem" => vec![with_key(operation, request, "Key").into_action()],
        "Query" => vec![Found::new(operation, request, queried_key(request)).read(request)],
        "Scan" => vec![Found::new(operation, request, None).read(request)],
        "TransactWriteItems" => transact_items(request).filter_map(transact_write).collect(),
        "TransactGetItems" => transact_items(request).filter_map(transact_get).collect(),
        "BatchGetItem" => batch_get(operation, request),
        "BatchWriteItem" => batch_write(operation, request),
        _ => vec![Found::new(operation, request, None).into_action()],
    }
}

struct Found(Action);

impl Found {
    fn new(action: &str, holder: &Value, leading_key: Option<String>) -> Self {
        let table = holder.get("TableName").and_then(Value::as_str).map(table_name);
        Self(Action { action: format!("dynamodb:{action}"), table, leading_key, ..Action::default() })
    }

    fn into_action(self) -> Action {
        self.0
    }

    /// A read says whether it was strongly consistent: an emulator always is, so only the
    /// request shows a read that would be stale on AWS.
    fn read(mut self, request: &Value) -> Action {
        self.0.consistent_read =
            Some(request.get("ConsistentRead").and_then(Value::as_bool).unwrap_or(false));
        self.0.index = request.get("IndexName").and_then(Value::as_str).map(str::to_owned);
        self.0
    }
}

fn with_key(action: &str, holder: &Value, field: &str) -> Found {
    Found::new(action, holder, holder.get(field).and_then(leading_key))
}

fn leading_key(item: &Value) -> Option<String> {
    item.get(PARTITION_KEY).and_then(scalar)
}

/// The text of an attribute value that can be a key: `{"S": …}`, `{"N": …}` or `{"B": …}`.
fn scalar(value: &Value) -> Option<String> {
    value.as_object()?.values().next()?.as_str().map(str::to_owned)
}

/// A table may be named by its ARN.
fn table_name(name: &str) -> String {
    name.rsplit_once(":table/").map_or(name, |(_, name)| name).to_owned()
}

fn transact_items(request: &Value) -> impl Iterator<Item = &Value> {
    request.get("TransactItems").and_then(Value::as_array).into_iter().flatten()
}

fn transact_write(item: &Value) -> Option<Action> {
    let (kind, inner) = item.as_object()?.iter().next()?;
    let found = match kind.as_str() {
        "Put" => with_key("PutItem", inner, "Item"),
        "Update" => with_key("UpdateItem", inner, "Key"),
        "Delete" => with_key("DeleteItem", inner, "Key"),
        "ConditionCheck" => with_key("ConditionCheckItem", inner, "Key"),
        _ => return None,
    };
    Some(found.into_action())
}

fn transact_get(item: &Value) -> Option<Action> {
    let mut action = with_key("GetItem", item.get("Get")?, "Key").into_action();
    // Transactional reads are always serializable.
    action.consistent_read = Some(true);
    Some(action)
}

fn batch_get(operation: &str, request: &Value) -> Vec<Action> {
    let tables = request.get("RequestItems").and_then(Value::as_object).into_iter().flatten();
    let mut actions = Vec::new();
    for (table, wanted) in tables {
        for key in wanted.get("Keys").and_then(Value::as_array).into_iter().flatten() {
            let mut action = Found::new(operation, &Value::Null, leading_key(key)).read(wanted);
            action.table = Some(table_name(table));
            actions.push(action);
        }
    }
    actions
}

fn batch_write(operation: &str, request: &Value) -> Vec<Action> {
    let tables = request.get("RequestItems").and_then(Value::as_object).into_iter().flatten();
    let mut actions = Vec::new();
    for (table, writes) in tables {
        for write in writes.as_array().into_iter().flatten() {
            let item = write.pointer("/PutRequest/Item").or_else(|| write.pointer("/DeleteRequest/Key"));
            let mut action = Found::new(operation, &Value::Null, item.and_then(leading_key)).into_action();
            action.table = Some(table_name(table));
            actions.push(action);
        }
    }
    actions
}

/// The value that a Query's key condition demands of the partition key.
fn queried_key(request: &Value) -> Option<String> {
    let words = words(request.get("KeyConditionExpression")?.as_str()?);
    let placeholder = words.windows(3).find_map(|window| match window {
        [name, "=", value] if is_partition_key(name, request) => Some(*value),
        [value, "=", name] if is_partition_key(name, request) => Some(*value),
        _ => None,
    })?;
    scalar(request.get("ExpressionAttributeValues")?.get(placeholder)?)
}

fn is_partition_key(word: &str, request: &Value) -> bool {
    let aliased = || request.get("ExpressionAttributeNames")?.get(word)?.as_str();
    word == partition_key(request) || aliased() == Some(partition_key(request))
}

/// The names, placeholders and comparison operators of an expression, in order.
fn words(expression: &str) -> Vec<&str> {
    let kind = |character: char| match character {
        '<' | '>' | '=' => 1,
        '#' | ':' | '_' | '-' | '.' => 2,
        _ if character.is_alphanumeric() => 2,
        _ => 0,
    };
    let mut words = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|character| kind(character) != kind(first)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        if kind(first) != 0 {
            words.push(word);
        }
        rest = tail;
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(operation: &str, request: Value) -> Value {
        serde_json::to_value(actions(operation, &request)).unwrap()
    }

    #[test]
    fn items_have_their_leading_key() {
        let key = json!({ "pk": { "S": "USER#auth0|1" }, "sk": { "S": "PROFILE" } });
        assert_eq!(
            shown("GetItem", json!({ "TableName": "t", "Key": key, "ConsistentRead": true })),
            json!([{ "action": "dynamodb:GetItem", "table": "t", "leading_key": "USER#auth0|1",
                     "consistent_read": true }])
        );
        assert_eq!(
            shown("PutItem", json!({ "TableName": "arn:aws:dynamodb:r:1:table/t", "Item": key })),
            json!([{ "action": "dynamodb:PutItem", "table": "t", "leading_key": "USER#auth0|1" }])
        );
        assert_eq!(
            shown("CreateTable", json!({ "TableName": "t" })),
            json!([{ "action": "dynamodb:CreateTable", "table": "t" }])
        );
    }

    #[test]
    fn query_finds_the_partition_key_however_it_is_written() {
        for expression in ["pk = :p AND sk <= :s", "#k=:p", "sk < :s and (#k = :p)", ":p = pk AND sk = :s"] {
            let request = json!({
                "TableName": "t", "KeyConditionExpression": expression,
                "ExpressionAttributeNames": { "#k": "pk" },
                "ExpressionAttributeValues": { ":p": { "S": "USER#1" }, ":s": { "S": "RECOVERY" } },
            });
            assert_eq!(
                shown("Query", request),
                json!([{ "action": "dynamodb:Query", "table": "t", "leading_key": "USER#1",
                         "consistent_read": false }]),
                "{expression}"
            );
        }
    }

    #[test]
    fn query_of_the_listing_has_its_list_as_leading_key() {
        let request = json!({
            "TableName": "t", "IndexName": "listing", "KeyConditionExpression": "listed_in = :list",
            "ExpressionAttributeValues": { ":list": { "S": "CLIENTS" } },
        });
        assert_eq!(
            shown("Query", request),
            json!([{ "action": "dynamodb:Query", "table": "t", "index": "listing", "leading_key": "CLIENTS",
                     "consistent_read": false }])
        );
    }

    #[test]
    fn query_of_another_index_has_no_leading_key() {
        let request = json!({
            "TableName": "t", "IndexName": "by_name", "KeyConditionExpression": "name = :p",
            "ExpressionAttributeValues": { ":p": { "S": "x" } },
        });
        assert_eq!(
            shown("Query", request),
            json!([{ "action": "dynamodb:Query", "table": "t", "index": "by_name",
                     "consistent_read": false }])
        );
    }

    #[test]
    fn transactions_and_batches_are_taken_apart() {
        let key = |pk: &str| json!({ "pk": { "S": pk }, "sk": { "S": "x" } });
        let request = json!({ "TransactItems": [
            { "Put": { "TableName": "t", "Item": key("a") } },
            { "Update": { "TableName": "t", "Key": key("b") } },
            { "Delete": { "TableName": "t", "Key": key("c") } },
            { "ConditionCheck": { "TableName": "t", "Key": key("d") } },
        ] });
        assert_eq!(
            shown("TransactWriteItems", request),
            json!([
                { "action": "dynamodb:PutItem", "table": "t", "leading_key": "a" },
                { "action": "dynamodb:UpdateItem", "table": "t", "leading_key": "b" },
                { "action": "dynamodb:DeleteItem", "table": "t", "leading_key": "c" },
                { "action": "dynamodb:ConditionCheckItem", "table": "t", "leading_key": "d" },
            ])
        );
        let request =
            json!({ "RequestItems": { "t": { "Keys": [key("a"), key("b")], "ConsistentRead": true } } });
        assert_eq!(
            shown("BatchGetItem", request),
            json!([
                { "action": "dynamodb:BatchGetItem", "table": "t", "leading_key": "a", "consistent_read": true },
                { "action": "dynamodb:BatchGetItem", "table": "t", "leading_key": "b", "consistent_read": true },
            ])
        );
        let request = json!({ "RequestItems": { "t": [
            { "PutRequest": { "Item": key("a") } }, { "DeleteRequest": { "Key": key("b") } },
        ] } });
        assert_eq!(
            shown("BatchWriteItem", request),
            json!([
                { "action": "dynamodb:BatchWriteItem", "table": "t", "leading_key": "a" },
                { "action": "dynamodb:BatchWriteItem", "table": "t", "leading_key": "b" },
            ])
        );
    }

    #[test]
    fn nonsense_is_not_an_error() {
        assert_eq!(
            shown("Query", json!("x")),
            json!([{ "action": "dynamodb:Query", "consistent_read": false }])
        );
        assert_eq!(shown("TransactWriteItems", json!({ "TransactItems": [1, {}] })), json!([]));
    }
}
