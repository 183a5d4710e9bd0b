//! A write to the table as a value: the same for a call of its own and inside a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use serde::Serialize;

use super::{Item, StoreError};

/// One conditional Put, Update, Delete or (in transactions) check. A refused condition always returns the old item.
#[derive(Clone, Default)]
pub struct Write {
    pk: String,
    sk: String,
    pub(super) put: Option<Item>,
    pub(super) update: Option<String>,
    check: bool,
    pub(super) condition: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

/// Keys and values hold addresses and hashes.
impl std::fmt::Debug for Write {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Write").field("condition", &self.condition).finish_non_exhaustive()
    }
}

/// Text as an attribute.
#[must_use]
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number as an attribute.
#[must_use]
pub fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// What takes one away from a count.
#[must_use]
pub fn minus_one() -> AttributeValue {
    AttributeValue::N("-1".to_owned())
}

/// Any value as an attribute.
///
/// # Errors
/// When it has no form in DynamoDB.
pub fn value_of<T: Serialize>(value: &T) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value).map_err(|_| StoreError::Corrupt)
}

impl Write {
    /// Puts an item under a key.
    ///
    /// # Errors
    /// When the value is not a map.
    pub fn put<T: Serialize>(pk: &str, sk: &str, value: &T) -> Result<Self, StoreError> {
        let mut item: Item = serde_dynamo::to_item(value).map_err(|_| StoreError::Corrupt)?;
        item.insert("pk".into(), text(pk));
        item.insert("sk".into(), text(sk));
        Ok(Self { put: Some(item), ..Self::at(pk, sk) })
    }

    /// Puts back an item exactly as it was read.
    #[must_use]
    pub fn put_back(pk: &str, sk: &str, item: Item) -> Self {
        Self { put: Some(item), ..Self::at(pk, sk) }
    }

    /// Updates the item of a key by an update expression.
    #[must_use]
    pub fn update(pk: &str, sk: &str, expression: impl Into<String>) -> Self {
        Self { update: Some(expression.into()), ..Self::at(pk, sk) }
    }

    /// Deletes the item of a key.
    #[must_use]
    pub fn delete(pk: &str, sk: &str) -> Self {
        Self::at(pk, sk)
    }

    /// Only demands a condition of the item of a key.
    #[must_use]
    pub fn check(pk: &str, sk: &str, condition: impl Into<String>) -> Self {
        Self { check: true, ..Self::at(pk, sk) }.when(condition)
    }

    fn at(pk: &str, sk: &str) -> Self {
        Self { pk: pk.to_owned(), sk: sk.to_owned(), ..Self::default() }
    }

    /// Adds a condition; several must all hold.
    #[must_use]
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        let condition = condition.into();
        self.condition = Some(match self.condition {
            None => condition,
            Some(earlier) => format!("({earlier}) AND ({condition})"),
        });
        self
    }

    /// Names an attribute whose name cannot stand in an expression.
    #[must_use]
    pub fn name(mut self, placeholder: &str, name: impl Into<String>) -> Self {
        self.names.insert(placeholder.to_owned(), name.into());
        self
    }

    /// Gives a placeholder its value.
    #[must_use]
    pub fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    /// The old item is asked for only where there is a condition that can be refused.
    pub(super) fn old_item_when_refused(&self) -> Option<ReturnValuesOnConditionCheckFailure> {
        self.condition.as_ref().map(|_| ReturnValuesOnConditionCheckFailure::AllOld)
    }

    pub(super) fn key(&self) -> Item {
        Item::from([("pk".into(), text(&self.pk)), ("sk".into(), text(&self.sk))])
    }

    /// DynamoDB refuses an empty map, so none at all is sent.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }

    pub(super) fn for_transaction(&self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let item = TransactWriteItem::builder();
        macro_rules! member {
            ($builder:expr) => {
                $builder
                    .table_name(table)
                    .set_condition_expression(self.condition.clone())
                    .set_expression_attribute_names(self.names())
                    .set_expression_attribute_values(self.values())
                    .set_return_values_on_condition_check_failure(self.old_item_when_refused())
                    .build()
                    .map_err(|_| StoreError::Corrupt)?
            };
        }
        let item = if let Some(put) = &self.put {
            item.put(member!(Put::builder().set_item(Some(put.clone()))))
        } else if let Some(update) = &self.update {
            item.update(member!(Update::builder().set_key(Some(self.key())).update_expression(update)))
        } else if self.check {
            let check = ConditionCheck::builder()
                .set_key(Some(self.key()))
                .table_name(table)
                .condition_expression(self.condition.clone().unwrap_or_default())
                .set_expression_attribute_names(self.names())
                .set_expression_attribute_values(self.values())
                .set_return_values_on_condition_check_failure(self.old_item_when_refused());
            item.condition_check(check.build().map_err(|_| StoreError::Corrupt)?)
        } else {
            item.delete(member!(Delete::builder().set_key(Some(self.key()))))
        };
        Ok(item.build())
    }
}
