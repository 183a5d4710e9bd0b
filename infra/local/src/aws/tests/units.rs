//! What calls cost, in the units that DynamoDB bills.

use aws_sdk_dynamodb::types::{
    GlobalSecondaryIndex, Projection, ProjectionType, Put, ReturnConsumedCapacity, TransactWriteItem,
};

use super::*;

type Item = HashMap<String, AttributeValue>;

/// An item of about `kilobytes`, and no more.
fn item(pk: &str, kilobytes: usize) -> Item {
    let mut item = key(pk);
    item.insert("filler".into(), AttributeValue::S("x".repeat(kilobytes * 1_024 - 100)));
    item
}

impl Rig {
    /// What was billed since the last look.
    fn billed(&self) -> (f64, f64) {
        let calls = self.twin.calls.all();
        self.twin.calls.clear();
        let units = calls.iter().filter_map(|call| call.units).fold(Units::default(), Units::plus);
        (units.read, units.write)
    }

    async fn put_item(&self, item: Item) {
        self.dynamodb.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    /// Puts it if nothing is there.
    async fn put_new(&self, item: Item) -> bool {
        let put = self.dynamodb.put_item().table_name(TABLE).set_item(Some(item));
        put.condition_expression("attribute_not_exists(pk)").send().await.is_ok()
    }
}

/// Reads by 4 KB, by half a unit each where they need not be consistent; writes by 1 KB, of the larger of what was there
/// and what is put in its place.
#[tokio::test]
async fn sizes_are_rounded_up() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    rig.put_item(item("A", 5)).await;
    assert_eq!(rig.billed(), (0.0, 5.0));
    rig.put_item(item("A", 2)).await;
    assert_eq!(rig.billed(), (0.0, 5.0));
    rig.put_item(item("A", 5)).await;
    rig.billed();
    rig.get("A").await;
    assert_eq!(rig.billed(), (2.0, 0.0));
    rig.dynamodb.get_item().table_name(TABLE).set_key(Some(key("A"))).send().await.unwrap();
    assert_eq!(rig.billed(), (1.0, 0.0));
    rig.get("nothing").await;
    assert_eq!(rig.billed(), (1.0, 0.0), "a read that finds nothing is one");
}

/// What a condition refuses is billed as a write of what is there; of a transaction, every write of it and twice.
#[tokio::test]
async fn refused_writes_are_billed() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    assert!(rig.put_new(item("A", 3)).await);
    assert_eq!(rig.billed(), (0.0, 3.0));
    assert!(!rig.put_new(item("A", 1)).await);
    assert_eq!(rig.billed(), (0.0, 3.0));
    let put = |pk| {
        let put = Put::builder().table_name(TABLE).set_item(Some(item(pk, 1)));
        let put = put.condition_expression("attribute_not_exists(pk)").build().unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let both = rig.dynamodb.transact_write_items().transact_items(put("A")).transact_items(put("B"));
    assert!(both.send().await.is_err());
    assert_eq!(rig.billed(), (0.0, 2.0 * 3.0 + 2.0));
    assert!(rig.dynamodb.transact_write_items().transact_items(put("B")).send().await.is_ok());
    assert_eq!(rig.billed(), (0.0, 2.0));
}

/// A call that is refused for another reason costs nothing, nor one that a fault throttles.
#[tokio::test]
async fn what_was_not_done_is_not_billed() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    rig.fault(r#"{"service":"dynamodb","operation":"GetItem","mode":"throttle","count":1}"#);
    let get = rig.dynamodb.get_item().table_name(TABLE).set_key(Some(key("A")));
    assert!(get.send().await.is_err());
    assert!(rig.dynamodb.put_item().table_name("none").set_item(Some(key("A"))).send().await.is_err());
    assert_eq!(rig.billed(), (0.0, 0.0));
}

/// An index costs a unit when an item's entry comes, changes or goes; in a transaction as well, and not twice.
#[tokio::test]
async fn indexes_are_billed() {
    let rig = Rig::over(Storage::Memory, ONE_ATTEMPT).await;
    let index = GlobalSecondaryIndex::builder()
        .index_name("listing")
        .key_schema(
            KeySchemaElement::builder().attribute_name("listed_in").key_type(KeyType::Hash).build().unwrap(),
        )
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .unwrap();
    let mut create = rig.dynamodb.create_table().table_name(TABLE).global_secondary_indexes(index);
    for name in ["pk", "sk", "listed_in"] {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        let attribute = attribute.attribute_type(ScalarAttributeType::S).build().unwrap();
        create = create.attribute_definitions(attribute);
    }
    for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        create = create
            .key_schema(KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap());
    }
    create.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    rig.twin.calls.clear();

    let mut listed = item("A", 1);
    listed.insert("listed_in".into(), AttributeValue::S("USERS".into()));
    rig.put_item(listed.clone()).await;
    assert_eq!(rig.billed(), (0.0, 2.0));
    rig.put_item(listed.clone()).await;
    assert_eq!(rig.billed(), (0.0, 1.0), "its entry stays as it is");
    listed.insert("pk".into(), AttributeValue::S("B".into()));
    let put = Put::builder().table_name(TABLE).set_item(Some(listed)).build().unwrap();
    let put = TransactWriteItem::builder().put(put).build();
    rig.dynamodb.transact_write_items().transact_items(put).send().await.unwrap();
    assert_eq!(rig.billed(), (0.0, 3.0));
}

/// Who did not ask what a call costs is not told, and who asked is.
#[tokio::test]
async fn only_who_asks_is_told() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    let get = || rig.dynamodb.get_item().table_name(TABLE).set_key(Some(key("A")));
    assert!(get().send().await.unwrap().consumed_capacity.is_none());
    let told = get().return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    assert_eq!(told.consumed_capacity.unwrap().capacity_units, Some(0.5));
}
