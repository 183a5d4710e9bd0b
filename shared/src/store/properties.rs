//! Changes of some properties of an item, and of nothing else of it: two that come at once are both kept.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::expression::{Write, value_of};
use super::{Outcome, Store, StoreError};

impl Store {
    /// Puts an item where there is none; `false` where there is one. One that is the very same is this one: the answer to
    /// the first try was lost, and something in it was drawn at random.
    pub(super) async fn create(&self, write: Write) -> Result<bool, StoreError> {
        let put = write.put.clone();
        match self.write(&write.when("attribute_not_exists(pk)")).await? {
            Outcome::Done(_) => Ok(true),
            Outcome::Refused(there) => Ok(there == put),
        }
    }
}

/// A change of some properties, each set or taken away.
#[derive(Default)]
pub struct PropertyChange(Vec<(&'static str, Option<AttributeValue>)>);

impl PropertyChange {
    /// Sets a property.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn set<T: Serialize>(&mut self, property: &'static str, value: &T) -> Result<(), StoreError> {
        self.0.push((property, Some(value_of(value)?)));
        Ok(())
    }

    /// Takes a property away.
    pub fn take_away(&mut self, property: &'static str) {
        self.0.push((property, None));
    }

    /// The update of an item that is there. `same` is one of its attributes, with the value that it has: setting it to
    /// itself makes an expression even of no change at all.
    pub(super) fn write(self, pk: &str, sk: &str, same: (&str, AttributeValue)) -> Write {
        let (mut sets, mut removes) = ("SET #same = :same".to_owned(), String::new());
        for (index, (_, value)) in self.0.iter().enumerate() {
            match (value, removes.is_empty()) {
                (Some(_), _) => sets.push_str(&format!(", #p{index} = :v{index}")),
                (None, true) => removes.push_str(&format!(" REMOVE #p{index}")),
                (None, false) => removes.push_str(&format!(", #p{index}")),
            }
        }
        let mut write = Write::update(pk, sk, sets + &removes).name("#same", same.0).value(":same", same.1);
        for (index, (property, value)) in self.0.into_iter().enumerate() {
            write = write.name(&format!("#p{index}"), property);
            if let Some(value) = value {
                write = write.value(&format!(":v{index}"), value);
            }
        }
        write.when("attribute_exists(pk)")
    }
}
