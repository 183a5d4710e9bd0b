//! Lists of clients and of APIs: in order, in pages, with what is asked for, and without what is deleted (contract §6).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{APIS, CLIENTS, World};

async fn names(world: &World, path: &str, field: &str) -> Vec<String> {
    let list = world.manage("GET", path, None).await;
    assert_eq!(list.status, 200, "{path}: {}", list.body);
    let items = list.json();
    items.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

/// By their ids, also those that were there before the API; what is deleted is not listed.
#[tokio::test]
async fn clients_are_listed_by_their_ids() {
    let world = World::new().await;
    let list = world.manage("GET", &format!("{CLIENTS}?fields=client_id,name"), None).await;
    assert_snapshot!(list.snapshot(), @r#"200 [{"client_id":"demo-app","name":"Demo App"},{"client_id":"demo-management","name":"Demo Management"},{"client_id":"demo-spa","name":"Demo Single-Page App"}]"#);
    let client = world.make_service().await;
    let mut expected = vec![client.id.clone()];
    expected.extend(["demo-app", "demo-management", "demo-spa"].map(ToOwned::to_owned));
    expected.sort_unstable();
    assert_eq!(names(&world, CLIENTS, "client_id").await, expected);
    for deleted in [client.path(), format!("{CLIENTS}/demo-spa")] {
        assert_eq!(world.manage("DELETE", &deleted, None).await.status, 204);
    }
    assert_eq!(names(&world, CLIENTS, "client_id").await, ["demo-app", "demo-management"]);
    let list = world.manage("GET", CLIENTS, None).await;
    assert!(!list.body.contains("secret\"") && !list.body.contains("hash"), "{}", list.body);
}

/// `page`, `per_page`, `include_totals`, `fields`: shapes of both kinds, pages beyond the end, and their bounds.
#[tokio::test]
async fn lists_are_paged() {
    let world = World::new().await;
    let get = async |query: &str| {
        let path = format!("{CLIENTS}?fields=client_id&{query}");
        world.manage("GET", &path, None).await.snapshot()
    };
    assert_snapshot!(get("per_page=2").await, @r#"200 [{"client_id":"demo-app"},{"client_id":"demo-management"}]"#);
    assert_snapshot!(get("per_page=2&page=1&include_totals=true").await, @r#"200 {"clients":[{"client_id":"demo-spa"}],"total":3,"start":2,"limit":2}"#);
    assert_snapshot!(get("per_page=2&page=7").await, @"200 []");
    assert_snapshot!(get("per_page=0&include_totals=true").await, @r#"200 {"clients":[],"total":3,"start":0,"limit":0}"#);
    assert_snapshot!(get("per_page=0").await, @"200 []");
    assert_snapshot!(get("per_page=101").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Value is greater than maximum 100' on property per_page.","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(get("page=-1").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Expected type integer' on property page.","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(get("is_global=false&is_first_party=true&per_page=1").await, @r#"200 [{"client_id":"demo-app"}]"#);
    assert_snapshot!(get("is_global=true&include_totals=true").await, @r#"200 {"clients":[],"total":0,"start":0,"limit":50}"#);
    assert_snapshot!(get("is_first_party=false").await, @"200 []");
    assert_snapshot!(get("is_first_party=1").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Expected type boolean' on property is_first_party.","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(get("app_type=spa").await, @r#"400 {"statusCode":400,"error":"Bad Request","message":"Clients are not searched by app_type here.","errorCode":"operation_not_supported"}"#);
}

/// More than one read of a batch holds: page after page, each is there once, and in order.
#[tokio::test]
async fn long_lists_are_whole() {
    const MORE: usize = 120;
    let world = World::new().await;
    for number in 0..MORE {
        let body = json!({ "identifier": format!("https://{number:03}.example") });
        assert_eq!(world.manage("POST", APIS, Some(&body)).await.status, 201);
    }
    let mut expected: Vec<_> = (0..MORE).map(|number| format!("https://{number:03}.example")).collect();
    expected.push("https://someapi.com/api".to_owned());
    let mut found = Vec::new();
    for page in 0..3 {
        found.extend(names(&world, &format!("{APIS}?per_page=50&page={page}"), "identifier").await);
    }
    assert_eq!(found, expected);
    assert_eq!(names(&world, &format!("{APIS}?per_page=100"), "identifier").await, expected[..100]);
    let totals = world.manage("GET", &format!("{APIS}?per_page=1&include_totals=true&page=120"), None).await;
    let totals: Value = totals.json();
    assert_eq!((&totals["total"], &totals["start"], &totals["limit"]), (&json!(121), &json!(120), &json!(1)));
    assert_eq!(totals["resource_servers"][0]["identifier"], "https://someapi.com/api");
    let one = names(&world, &format!("{APIS}?identifiers=https://007.example"), "identifier").await;
    assert_eq!(one, ["https://007.example"]);
    assert!(names(&world, &format!("{APIS}?identifiers=x"), "identifier").await.is_empty());
}
