//! `GET /api/v2/users`: the tenant's users in pages, by the time they were made, and by what they are searched for
//! (contract §6).

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Reply, USERS, World, new_user, user_path};

/// The demo tenant's own.
const SEEDED: [&str; 2] = ["user@example.com", "verified@example.com"];

async fn list(world: &World, query: &str) -> Reply {
    world.manage("GET", &format!("{USERS}?{query}"), None).await
}

/// The addresses of a list, each in the order it has.
fn addresses(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

async fn listed(world: &World, query: &str) -> Vec<String> {
    let reply = list(world, query).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.body);
    addresses(&reply.json())
}

/// A world in which `count` users were made, a minute after another.
async fn world_with(count: usize) -> World {
    let world = World::new().await;
    for number in 0..count {
        world.clock.advance(60);
        world.make_user(&new_user(&format!("{number}@example.com"))).await;
    }
    world
}

/// §6: by the time they were made, from either end, in pages that neither overlap nor leave one out.
#[tokio::test]
async fn users_are_listed_in_pages() {
    let world = world_with(12).await;
    let all = listed(&world, "").await;
    let mut seeded = all[..2].to_vec();
    seeded.sort();
    assert_eq!(seeded, SEEDED, "made first, in one second");
    let made: Vec<_> = (0..12).map(|number| format!("{number}@example.com")).collect();
    assert_eq!(all[2..], made);
    assert_eq!(listed(&world, "sort=created_at:1").await, all);
    let newest: Vec<_> = all.iter().rev().cloned().collect();
    assert_eq!(listed(&world, "sort=created_at:-1&search_engine=v3").await, newest);
    for size in [1, 5, 14, 20] {
        let mut paged = Vec::new();
        for page in 0..14_usize.div_ceil(size) {
            let part = listed(&world, &format!("per_page={size}&page={page}&sort=created_at:-1")).await;
            assert!(part.len() == size || paged.len() + part.len() == 14, "{size} {page}");
            paged.extend(part);
        }
        assert_eq!(paged, newest, "{size}");
    }
    assert_eq!(listed(&world, "per_page=7&page=2").await, [""; 0]);
    assert_eq!(listed(&world, "per_page=0").await, [""; 0]);
}

/// §6: with totals as the SDKs ask, each user as it is shown by itself, with the fields that are asked for.
#[tokio::test]
async fn a_list_says_where_it_stands() {
    let world = world_with(1).await;
    let token = world.management_token().await;
    world.forget_calls();
    let path = format!("{USERS}?include_totals=true&per_page=1&page=2&fields=email,user_id");
    let reply = world.bearer("GET", &path, &token, crate::support::Body::none()).await;
    assert_eq!(world.round_trips(), 2, "{:?}", world.operations());
    let id = reply.json()["users"][0]["user_id"].as_str().unwrap().to_owned();
    assert_snapshot!(reply.snapshot().replace(&id, "[id]"), @r#"200 {"users":[{"email":"0@example.com","user_id":"[id]"}],"total":3,"start":2,"limit":1}"#);
    let by_itself = world.manage("GET", &user_path(&id), None).await;
    assert_eq!(list(&world, "per_page=1&page=2").await.json(), json!([by_itself.json()]));
    assert_eq!(by_itself.told_caches(), reply.told_caches());
}

/// Who is deleted is listed no more, and who is changed stays where it was.
#[tokio::test]
async fn a_list_is_what_is() {
    let world = world_with(3).await;
    let first = list(&world, "per_page=1&page=2").await.json()[0]["user_id"].as_str().unwrap().to_owned();
    let second = list(&world, "per_page=1&page=3").await.json()[0]["user_id"].as_str().unwrap().to_owned();
    assert_eq!(world.manage("DELETE", &user_path(&first), None).await.status, 204);
    let change = json!({ "email": "new@example.com", "name": "Ada" });
    assert_eq!(world.manage("PATCH", &user_path(&second), Some(&change)).await.status, 200);
    assert_eq!(listed(&world, "").await[2..], ["new@example.com", "2@example.com"]);
    assert_eq!(list(&world, "include_totals=true").await.json()["total"], 4);
}

/// §6: one user is searched for by address or id, as pages and totals have it.
#[tokio::test]
async fn a_user_is_searched_for() {
    let world = world_with(2).await;
    let id = list(&world, "per_page=1&page=2").await.json()[0]["user_id"].as_str().unwrap().to_owned();
    let id = id.replace('|', "%7C");
    for q in [
        "email:%220@example.com%22".to_owned(),
        "email:0@EXAMPLE.com".to_owned(),
        format!("user_id:%22{id}%22"),
        format!("user_id:{id}&search_engine=v3&sort=created_at:1"),
    ] {
        assert_eq!(listed(&world, &format!("q={q}")).await, ["0@example.com"], "{q}");
    }
    for q in ["email:nobody@example.com", "email:nobody", "user_id:%22auth0%7Cnobody%22", "user_id:%C3%A9"] {
        assert_eq!(listed(&world, &format!("q={q}")).await, [""; 0], "{q}");
    }
    let found = list(&world, "q=email:0@example.com&include_totals=true&fields=email").await;
    assert_snapshot!(found.snapshot(), @r#"200 {"users":[{"email":"0@example.com"}],"total":1,"start":0,"limit":50}"#);
}

/// §6: what is not answered is refused, not ignored.
#[tokio::test]
async fn what_no_index_holds_is_refused() {
    let world = World::new().await;
    let refused = async |query: &str| {
        let reply = list(&world, query).await;
        assert_eq!(reply.text("errorCode"), "invalid_query_string", "{query}");
        format!("{} {}", reply.status, reply.text("message"))
    };
    for q in ["name:ada", "email:a*", "ada", "blocked:true", "email:a@example.com%20OR%20email:b@example.com"]
    {
        assert_eq!(
            refused(&format!("q={q}")).await,
            r#"400 Query validation error: 'Only email:"the whole address" and user_id:"the whole id" are searched for' on property q."#,
            "{q}"
        );
    }
    assert_eq!(
        refused("search_engine=v2").await,
        "400 Query validation error: 'No enum match, expected v3' on property search_engine."
    );
    assert_eq!(
        refused("sort=email:1").await,
        "400 Query validation error: 'Expected created_at:1 or created_at:-1' on property sort."
    );
    assert_eq!(
        refused("page=10&per_page=100").await,
        "400 Query validation error: Pages reach the first 1000 users: search for others by q, or export all"
    );
    assert_eq!(list(&world, "page=9&per_page=100").await.status, 200);
    assert_eq!(
        refused("include_fields=x").await,
        "400 Query validation error: 'Expected type boolean' on property include_fields."
    );
}
