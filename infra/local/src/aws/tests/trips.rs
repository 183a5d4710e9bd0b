//! Numbering of round trips, and the actions of calls.

use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};
use serde_json::json;

use super::*;

fn named(function: &str, operation: &str, trip: u32) -> (Option<String>, String, u32) {
    (Some(function.to_owned()), operation.to_owned(), trip)
}

#[tokio::test]
async fn calls_in_flight_together_share_a_trip_and_later_ones_follow() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    in_request("oauth-token", async {
        rig.get("a").await;
        tokio::join!(rig.get("b"), rig.put("c"), async {
            rig.kms.describe_key().key_id(KEY_ID).send().await.unwrap();
        });
        rig.get("d").await;
    })
    .await;
    in_request("mfa-challenge", rig.get("e")).await;
    rig.get("f").await;

    let mut trips = rig.trips();
    trips[1..4].sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(
        trips,
        [
            named("oauth-token", "GetItem", 1),
            named("oauth-token", "DescribeKey", 2),
            named("oauth-token", "GetItem", 2),
            named("oauth-token", "PutItem", 2),
            named("oauth-token", "GetItem", 3),
            named("mfa-challenge", "GetItem", 1),
            (None, "GetItem".to_owned(), 0),
        ]
    );
}

#[tokio::test]
async fn concurrent_requests_count_apart() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    let request = |function| {
        in_request(function, async {
            rig.get("a").await;
            rig.get("b").await;
        })
    };
    tokio::join!(request("one"), request("two"));
    for function in ["one", "two"] {
        let trips = rig.trips().into_iter().filter(|trip| trip.0.as_deref() == Some(function));
        assert_eq!(trips.map(|trip| trip.2).collect::<Vec<_>>(), [1, 2], "{function}");
    }
}

#[tokio::test]
async fn repeats_of_one_operation_are_one_call() {
    let rig = Rig::new(THREE_ATTEMPTS).await;
    rig.fault(r#"{"service":"dynamodb","operation":"GetItem","mode":"throttle","count":2}"#);
    in_request("f", async {
        rig.get("a").await;
        rig.get("a").await;
    })
    .await;
    assert!(rig.twin.faults.list().is_empty(), "both repeats met the fault");
    assert_eq!(rig.trips(), [named("f", "GetItem", 1), named("f", "GetItem", 2)]);
}

#[tokio::test]
async fn a_cancelled_call_is_no_longer_in_flight() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    rig.fault(r#"{"service":"dynamodb","operation":"GetItem","mode":"timeout"}"#);
    in_request("f", async {
        tokio::select! {
            _ = rig.get("a") => panic!("answered"),
            () = until(|| !rig.twin.calls.all().is_empty()) => {}
        }
        rig.get("b").await;
    })
    .await;
    assert_eq!(rig.trips(), [named("f", "GetItem", 1), named("f", "GetItem", 2)]);
}

#[tokio::test]
async fn a_client_without_the_recorder_is_logged_outside_requests() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    rig.fault(r#"{"service":"kms","mode":"throttle"}"#);
    let config = aws_sdk_kms::config::Builder::from(&sdk_config(THREE_ATTEMPTS))
        .endpoint_url(rig.twin.kms_url())
        .build();
    let stranger = aws_sdk_kms::Client::from_conf(config);
    in_request("f", async { stranger.describe_key().key_id(KEY_ID).send().await.unwrap() }).await;
    assert_eq!(rig.trips(), [(None, "DescribeKey".to_owned(), 0)]);
}

#[tokio::test]
async fn a_transaction_is_logged_as_its_inner_actions() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    for pk in ["UPDATED", "DELETED", "CHECKED"] {
        rig.put(pk).await;
    }
    rig.twin.calls.clear();
    let put = Put::builder().table_name(TABLE).set_item(Some(key("PUT"))).build();
    let update = Update::builder()
        .table_name(TABLE)
        .set_key(Some(key("UPDATED")))
        .update_expression("SET a = :a")
        .expression_attribute_values(":a", AttributeValue::S("x".into()))
        .build();
    let delete = Delete::builder().table_name(TABLE).set_key(Some(key("DELETED"))).build();
    let check = ConditionCheck::builder()
        .table_name(TABLE)
        .set_key(Some(key("CHECKED")))
        .condition_expression("attribute_exists(pk)")
        .build();
    let transaction = rig
        .dynamodb
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put.unwrap()).build())
        .transact_items(TransactWriteItem::builder().update(update.unwrap()).build())
        .transact_items(TransactWriteItem::builder().delete(delete.unwrap()).build())
        .transact_items(TransactWriteItem::builder().condition_check(check.unwrap()).build());
    in_request("f", transaction.send()).await.unwrap();
    assert_eq!(
        serde_json::to_value(rig.twin.calls.all()).unwrap(),
        json!([{
            "function": "f", "service": "dynamodb", "operation": "TransactWriteItems", "round_trip": 1,
            "actions": [
                { "action": "dynamodb:PutItem", "table": "postern", "leading_key": "PUT" },
                { "action": "dynamodb:UpdateItem", "table": "postern", "leading_key": "UPDATED" },
                { "action": "dynamodb:DeleteItem", "table": "postern", "leading_key": "DELETED" },
                { "action": "dynamodb:ConditionCheckItem", "table": "postern", "leading_key": "CHECKED" },
            ],
            "units": { "read": 0.0, "write": 8.0 },
        }])
    );
    assert!(rig.get("PUT").await && !rig.get("DELETED").await);
}

#[tokio::test]
async fn reads_show_leading_key_and_consistency() {
    let rig = Rig::new(ONE_ATTEMPT).await;
    rig.get("USER#auth0|1").await;
    rig.dynamodb
        .query()
        .table_name(TABLE)
        .key_condition_expression("#p = :user AND sk <= :end")
        .expression_attribute_names("#p", "pk")
        .expression_attribute_values(":user", AttributeValue::S("USER#auth0|1".into()))
        .expression_attribute_values(":end", AttributeValue::S("RECOVERY".into()))
        .send()
        .await
        .unwrap();
    let actions: Vec<_> = rig.twin.calls.all().into_iter().flat_map(|call| call.actions).collect();
    assert_eq!(
        serde_json::to_value(actions).unwrap(),
        json!([
            { "action": "dynamodb:GetItem", "table": "postern", "leading_key": "USER#auth0|1", "consistent_read": true },
            { "action": "dynamodb:Query", "table": "postern", "leading_key": "USER#auth0|1", "consistent_read": false },
        ])
    );
}
