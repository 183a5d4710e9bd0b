//! `GET /api/v2/logs`, `…/logs/{id}` and `/api/v2/users/{id}/logs`: what is in the audit log, newest first (contract §6,
//! SEC-40).

use insta::assert_snapshot;
use postern::audit::Record;
use postern::audit::record::named;
use postern::id::UserId;
use serde_json::{Value, json};

use crate::support::{Body, LOGS, LogWorld, START, ids, ids_of, record, records};

const DAY: u64 = 86_400;

/// Everything that a record can say.
fn full() -> Record {
    Record {
        code: "fapi".to_owned(),
        description: "Failed API Operation".to_owned(),
        user_id: Some("auth0|1".to_owned()),
        client_id: Some("app".to_owned()),
        connection: Some("email".to_owned()),
        factor: Some("otp".to_owned()),
        reason: Some("inexistent_user".to_owned()),
        user_agent: Some("a browser".to_owned()),
        status: 404,
        ..record(7, START)
    }
}

/// Issue 4 item 4: newest first, from either end, in pages that neither overlap nor leave one out; those of one second in
/// the order in which they were written.
#[tokio::test]
async fn the_newest_comes_first() {
    let mut all = records(12);
    all.extend([record(50, START.plus(11)), record(51, START.plus(11))]);
    let logs = LogWorld::new(&all).await;
    let newest = ids_of(all.iter().rev());
    assert_eq!(logs.listed("").await, newest);
    assert_eq!(logs.listed("sort=date:-1").await, newest);
    assert_eq!(logs.listed("sort=date:1").await, ids_of(&all));
    for size in [1, 5, 14, 20] {
        let mut paged = Vec::new();
        for page in 0..14_usize.div_ceil(size) {
            let part = logs.listed(&format!("per_page={size}&page={page}")).await;
            assert!(part.len() == size || paged.len() + part.len() == 14, "{size} {page}");
            paged.extend(part);
        }
        assert_eq!(paged, newest, "{size}");
    }
    assert_eq!(logs.listed("per_page=7&page=2").await, [""; 0]);
    assert_eq!(logs.listed("per_page=0").await, [""; 0]);
}

/// A page has fifty where nothing is said; its totals are as Auth0's clients read them.
#[tokio::test]
async fn a_list_says_where_it_stands() {
    let all = records(60);
    let logs = LogWorld::new(&all).await;
    assert_eq!(logs.listed("").await, ids_of(all.iter().rev().take(50)));
    let page = logs.get(&format!("{LOGS}?include_totals=true&per_page=2&page=29&fields=type")).await;
    assert_snapshot!(page.snapshot(), @r#"200 {"logs":[{"type":"sapi"},{"type":"sapi"}],"total":60,"start":58,"limit":2,"length":2}"#);
    let end = logs.get(&format!("{LOGS}?include_totals=true&page=2")).await;
    assert_snapshot!(end.snapshot(), @r#"200 {"logs":[],"total":60,"start":100,"limit":50,"length":0}"#);
}

/// Names and places of an entry's members are Auth0's; what is not known is absent.
#[tokio::test]
async fn an_entry_is_of_auth0s_shape() {
    let logs = LogWorld::new(&[full(), record(8, START)]).await;
    let listed = logs.get(LOGS).await.json();
    assert_snapshot!(listed[0], @r#"{"date":"2030-03-17T17:47:00.000Z","type":"sapi","description":"Success API Operation","ip":"192.0.2.1","hostname":"mfa.example.com","details":{"request":{"method":"POST","route":"/api/v2/users","id":"request-8"},"response":{"statusCode":201}},"log_id":"1900000020000008000000000000000000063352","_id":"1900000020000008000000000000000000063352"}"#);
    assert_snapshot!(listed[1], @r#"{"date":"2030-03-17T17:47:00.000Z","type":"fapi","description":"Failed API Operation","client_id":"app","user_id":"auth0|1","connection":"email","ip":"192.0.2.1","user_agent":"a browser","hostname":"mfa.example.com","details":{"reason":"inexistent_user","factor":"otp","request":{"method":"POST","route":"/api/v2/users","id":"request-7"},"response":{"statusCode":404}},"log_id":"1900000020000007000000000000000000055433","_id":"1900000020000007000000000000000000055433"}"#);
    let alone = logs.get(&format!("{LOGS}/1900000020000007000000000000000000055433")).await;
    assert_eq!((alone.status, alone.json()), (200, listed[1].clone()));
    let fields = logs.get(&format!("{LOGS}?fields=type,log_id&per_page=1")).await.json();
    assert_eq!(fields, json!([{ "type": "sapi", "log_id": listed[0]["log_id"] }]));
    let query = "fields=details,_id,log_id,ip,hostname&include_fields=false&per_page=1";
    let others = logs.get(&format!("{LOGS}?{query}")).await.json();
    assert_snapshot!(others, @r#"[{"date":"2030-03-17T17:47:00.000Z","type":"sapi","description":"Success API Operation"}]"#);
}

/// By checkpoint: what came after a record, the oldest first, until there is no more; what else is said is ignored, as
/// at Auth0.
#[tokio::test]
async fn a_log_is_read_on_from_a_record() {
    let all = records(12);
    let logs = LogWorld::new(&all).await;
    let ids = ids_of(&all);
    let (mut read, mut query) = (Vec::new(), "take=5".to_owned());
    for size in [5, 5, 2] {
        let part = logs.listed(&query).await;
        assert_eq!(part.len(), size);
        read.extend(part);
        query = format!("take=5&from={}", read.last().unwrap());
    }
    assert_eq!(read, ids);
    assert_eq!(logs.listed(&query).await, [""; 0]);
    let from = &ids[8];
    assert_eq!(logs.listed(&format!("from={from}")).await, ids[9..]);
    let ignored = format!("from={from}&take=2&page=3&per_page=1&include_totals=true&sort=x&q=x&fields=type");
    assert_eq!(logs.listed(&ignored).await, ids[9..11]);
    let nobodys = format!("{}{}", &from[..16], "0".repeat(24));
    assert_eq!(logs.listed(&format!("from={nobodys}&take=1")).await, ids[8..9], "it need not be kept");
    assert_eq!(logs.listed(&format!("from={}&take=100", "0".repeat(40))).await, ids);
    assert_eq!(logs.listed(&format!("from={}", "9".repeat(40))).await, [""; 0]);
}

/// Records reach the log in no particular order: who reads on is not shown what is so young that an older one may still
/// be on its way.
#[tokio::test]
async fn what_may_be_overtaken_is_not_read_on() {
    let logs = LogWorld::new(&[]).await;
    let now = logs.world.clock.now();
    let (first, second) = (record(1, now), record(2, now));
    logs.keep(std::slice::from_ref(&second)).await;
    assert_eq!(logs.listed("").await, ids_of([&second]), "a list is of what there is");
    for (seconds, expected) in [(0, vec![]), (60, vec![]), (1, ids_of([&first, &second]))] {
        logs.world.clock.advance(seconds);
        assert_eq!(logs.listed("take=9").await, expected, "{seconds}");
        logs.keep(std::slice::from_ref(&first)).await;
    }
}

/// One field is searched for, whole, in pages, either order and with totals.
#[tokio::test]
async fn one_value_is_searched_for() {
    let mut all = records(9);
    for (number, record) in all.iter_mut().enumerate() {
        record.code = ["sapi", "fapi", "mfar"][number % 3].to_owned();
        record.client_id = Some(["one", "other"][number % 2].to_owned());
        record.user_id = Some(["auth0|1", "auth0|2"][number / 5].to_owned());
    }
    let logs = LogWorld::new(&all).await;
    let of = |numbers: &[usize]| ids_of(numbers.iter().map(|number| &all[*number]));
    for (q, expected) in [
        ("q=type:fapi", of(&[7, 4, 1])),
        ("q=type:%22fapi%22&sort=date:1", of(&[1, 4, 7])),
        ("search=type:fapi&per_page=1&page=1", of(&[4])),
        ("q=client_id:%22other%22", of(&[7, 5, 3, 1])),
        ("q=user_id:%22auth0%7C2%22", of(&[8, 7, 6, 5])),
        ("q=user_id:auth0%7C2&sort=date:1&per_page=3", of(&[5, 6, 7])),
        ("q=type:slo", vec![]),
        ("q=client_id:nobody", vec![]),
        ("q=user_id:nobody", vec![]),
    ] {
        assert_eq!(logs.listed(q).await, expected, "{q}");
    }
    let totals = async |q: &str| {
        let query = format!("{LOGS}?q={q}&include_totals=true&per_page=1&page=1&fields=type");
        logs.get(&query).await.snapshot()
    };
    assert_snapshot!(totals("type:fapi").await, @r#"200 {"logs":[{"type":"fapi"}],"total":3,"start":1,"limit":1,"length":1}"#);
    assert_snapshot!(totals("user_id:auth0%7C2").await, @r#"200 {"logs":[{"type":"fapi"}],"total":4,"start":1,"limit":1,"length":1}"#);
}

/// SEC-34: a user whose id is an address is called by a digest of it, and found by either.
#[tokio::test]
async fn a_user_whose_id_is_an_address_is_found() {
    let user = UserId::new("email|ada@example.com");
    let mut one = record(1, START);
    one.user_id = Some(named(&user));
    let logs = LogWorld::new(&[one.clone(), record(2, START)]).await;
    let shown = logs.get(&format!("{LOGS}/{}", one.log_id)).await.text("user_id");
    assert!(!shown.contains("ada"), "{shown}");
    for user in ["email%7Cada@example.com", &shown] {
        assert_eq!(logs.listed(&format!("q=user_id:%22{user}%22")).await, ids_of([&one]), "{user}");
    }
    let own = logs.get("/api/v2/users/email%7Cada@example.com/logs").await;
    assert_eq!(ids(&own.json()), ids_of([&one]));
}

/// What is not answered is refused, not ignored.
#[tokio::test]
async fn what_cannot_be_answered_is_refused() {
    let logs = LogWorld::new(&[record(1, START)]).await;
    let refused = async |query: &str| logs.refused(&format!("{LOGS}?{query}")).await;
    assert_snapshot!(refused("q=ip:192.0.2.1").await, @r#"Query validation error: 'Only type:<code>, user_id:"the whole id" and client_id:"the whole id" are searched for' on property q."#);
    let of_search = r#"Query validation error: 'Only type:<code>, user_id:"the whole id" and client_id:"the whole id" are searched for' on property search."#;
    assert_eq!(refused("search=sapi").await, of_search);
    assert_snapshot!(refused("q=type:sapi&search=type:sapi").await, @"Query validation error: 'q and search are the same: only one of them' on property search.");
    assert_snapshot!(refused("sort=type:1").await, @"Query validation error: 'Expected date:1 or date:-1' on property sort.");
    assert_snapshot!(refused("per_page=101").await, @"Query validation error: 'Value is greater than maximum 100' on property per_page.");
    assert_snapshot!(refused("page=20").await, @"Query validation error: Pages reach 1000 records: search for fewer by q, or read on by from and take");
    assert_snapshot!(refused("take=0").await, @"Query validation error: 'Value 0 is less than minimum 1' on property take.");
    assert_snapshot!(refused("take=101").await, @"Query validation error: 'Value is greater than maximum 100' on property take.");
    assert_snapshot!(refused("from=90020").await, @"Query validation error: 'Object didn't pass validation for format log-id' on property from.");
    assert_snapshot!(refused("include_totals=maybe").await, @"Query validation error: 'Expected type boolean' on property include_totals.");
    let of_user = async |query: &str| logs.refused(&format!("/api/v2/users/auth0%7C1/logs?{query}")).await;
    assert_snapshot!(of_user("sort=date").await, @"Query validation error: 'Expected date:1 or date:-1' on property sort.");
    assert_snapshot!(of_user("page=-1").await, @"Query validation error: 'Expected type integer' on property page.");
    assert_snapshot!(of_user("page=10&per_page=100").await, @"Query validation error: Pages reach 1000 records: search for fewer by q, or read on by from and take");
    for q in
        ["type:*", "type:sapi%20OR%20type:fapi", "NOT%20type:sapi", "date:[2030-01-01%20TO%20*]", "type:"]
    {
        assert!(refused(&format!("q={q}")).await.contains("on property q."), "{q}");
    }
    assert_eq!(logs.listed("per_page=100&page=9").await, [""; 0], "as far as pages reach");
}

/// A record there is not, or no more, is not found; nor is what cannot be one.
#[tokio::test]
async fn an_unknown_record_is_not_found() {
    let logs = LogWorld::new(&records(3)).await;
    let unknown = record(9, START).log_id;
    let reply = logs.get(&format!("{LOGS}/{unknown}")).await;
    assert_snapshot!(reply.snapshot(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The log event does not exist.","errorCode":"inexistent_log"}"#);
    for id in ["x", "%00", &unknown[1..], &format!("{unknown}0"), "%2E%2E", "LOGS%230"] {
        assert_eq!(logs.get(&format!("{LOGS}/{id}")).await.snapshot(), reply.snapshot(), "{id}");
    }
}

/// A user's part of the log, newest first, in pages; and nobody else's.
#[tokio::test]
async fn a_user_has_a_log() {
    let mut all = records(130);
    for (number, record) in all.iter_mut().enumerate() {
        record.user_id = Some(["auth0|1", "auth0|10"][number % 2].to_owned());
    }
    let logs = LogWorld::new(&all).await;
    let path = "/api/v2/users/auth0%7C1/logs";
    let own: Vec<_> = all.iter().filter(|record| record.user_id.as_deref() == Some("auth0|1")).collect();
    let newest = ids_of(own.iter().rev().copied());
    assert_eq!(ids(&logs.get(path).await.json()), newest[..50]);
    assert_eq!(ids(&logs.get(&format!("{path}?page=1")).await.json()), newest[50..]);
    let oldest = logs.get(&format!("{path}?sort=date:1&per_page=2")).await.json();
    assert_eq!(ids(&oldest), ids_of(own[..2].iter().copied()));
    let totals = logs.get(&format!("{path}?include_totals=true&per_page=1&page=1&fields=user_id")).await;
    assert_snapshot!(totals.snapshot(), @r#"200 {"logs":[{"user_id":"auth0|1"}],"total":65,"start":1,"limit":1,"length":1}"#);
    let nobody = logs.get("/api/v2/users/auth0%7Cnobody/logs").await;
    assert_eq!((nobody.status, nobody.json()), (200, json!([])));
}

/// Each of the scopes that Auth0 has for it, and no other.
#[tokio::test]
async fn scopes_are_demanded() {
    let logs = LogWorld::new(&records(1)).await;
    let id = &record(0, START).log_id;
    let world = &logs.world;
    let statuses = async |token: &str| {
        let mut statuses = Vec::new();
        for path in [LOGS.to_owned(), format!("{LOGS}/{id}"), "/api/v2/users/auth0%7C1/logs".to_owned()] {
            statuses.push(world.bearer("GET", &path, token, Body::none()).await.status);
        }
        statuses
    };
    for (scope, expected) in [
        ("read:logs", [200, 200, 200]),
        ("read:logs_users", [403, 403, 200]),
        ("read:users update:users", [403, 403, 403]),
    ] {
        let token = world.token_with_scope(scope).await;
        assert_eq!(statuses(&token).await, expected, "{scope}");
    }
    assert_eq!(statuses("none").await, [401, 401, 401]);
    let other = world.token_with_scope("read:users").await;
    let refused = world.bearer("GET", "/api/v2/users/auth0%7C1/logs", &other, Body::none()).await;
    assert_snapshot!(refused.snapshot(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: read:logs,read:logs_users","errorCode":"insufficient_scope"}"#);
}

/// A body that nobody would read is refused as anywhere.
#[tokio::test]
async fn a_body_is_not_read() {
    let logs = LogWorld::new(&[]).await;
    for path in [LOGS, "/api/v2/logs/1", "/api/v2/users/auth0%7C1/logs"] {
        let body = Body::raw(Some("application/json"), "x".repeat(16 * 1024 + 1));
        let reply = logs.world.bearer("GET", path, &logs.token, body).await;
        assert_eq!(reply.status, 413, "{path}");
    }
}

/// design §3: DynamoDB deletes late. What is over is in no list and not found, a second after the last one it is shown in.
#[tokio::test]
async fn what_is_over_is_not_shown() {
    let mut all = vec![record(1, START), record(2, START.plus(10))];
    for record in &mut all {
        record.user_id = Some("auth0|1".to_owned());
    }
    let logs = LogWorld::new(&all).await;
    let shown = async || {
        // A day's token is over long before.
        let token = logs.world.management_token().await;
        let of = async |path: &str| logs.world.bearer("GET", path, &token, Body::none()).await;
        let user = "auth0%7C1";
        let lists = [
            format!("{LOGS}?q=type:sapi"),
            format!("{LOGS}?q=type:sapi&sort=date:1"),
            format!("{LOGS}?q=user_id:{user}"),
            format!("/api/v2/users/{user}/logs"),
            format!("/api/v2/users/{user}/logs?sort=date:1&per_page=1"),
            format!("{LOGS}?take=1"),
        ];
        let mut counts = Vec::new();
        for list in lists {
            counts.push(ids(&of(&list).await.json()).iter().filter(|id| id.starts_with("19000000")).count());
        }
        let totals =
            of(&format!("/api/v2/users/{user}/logs?include_totals=true")).await.json()["total"].clone();
        let mut found = Vec::new();
        for record in &all {
            found.push(of(&format!("{LOGS}/{}", record.log_id)).await.status);
        }
        (counts, totals, found)
    };
    let stored = logs.world.stored().await;
    let expiry = |number: usize| {
        let item = stored.iter().find(|((_, sk), _)| *sk == all[number].log_id).unwrap().1;
        crate::support::number_of(item, "expires_at").unwrap()
    };
    assert_eq!((expiry(0), expiry(1)), (START.0 + 30 * DAY, START.0 + 30 * DAY + 10));
    logs.world.clock.advance(29 * DAY - 1);
    assert_eq!(shown().await, (vec![2, 2, 2, 2, 1, 1], json!(2), vec![200, 200]));
    logs.world.clock.advance(1);
    let (counts, _, found) = shown().await;
    assert_eq!((counts, found), (vec![1; 6], vec![404, 200]), "over, and still in the table");
    logs.world.clock.advance(10);
    let (counts, _, found) = shown().await;
    assert_eq!((&counts[..5], found), (&[0, 0, 0, 0, 0][..], vec![404, 404]));
    assert!(logs.world.stored().await.keys().any(|(_, sk)| *sk == all[0].log_id));
}

/// What handlers do is in the log: who, what and why. A reading is not, but that somebody was refused one is.
#[tokio::test]
async fn what_is_done_by_the_api_is_in_the_log() {
    let logs = LogWorld::new(&[]).await;
    let world = &logs.world;
    let id = world.make_user(&crate::support::new_user("ada@example.com")).await;
    let path = crate::support::user_path(&id);
    world.clock.advance(1);
    assert_eq!(world.manage("PATCH", &path, Some(&json!({ "name": "Ada" }))).await.status, 200);
    world.clock.advance(1);
    for reading in ["GET", "HEAD"] {
        assert_eq!(world.manage(reading, &path, None).await.status, 200);
    }
    assert_eq!(world.manage("DELETE", &path, None).await.status, 204);
    world.clock.advance(1);
    assert_eq!(world.manage("GET", &path, None).await.status, 404);
    let log = logs.get(&format!("{path}/logs")).await.json();
    let entry = |entry: &Value| {
        let route = &entry["details"]["request"];
        let request = format!("{} {}", route["method"].as_str().unwrap(), route["route"].as_str().unwrap());
        (entry["type"].as_str().unwrap().to_owned(), request, entry["details"]["reason"].clone())
    };
    let route = "/api/v2/users/{id}";
    let done = |method: &str| ("sapi".to_owned(), format!("{method} {route}"), Value::Null);
    let refused = ("fapi".to_owned(), format!("GET {route}"), json!("inexistent_user"));
    let own: Vec<_> = log.as_array().unwrap().iter().map(entry).filter(|it| it.1.ends_with(route)).collect();
    assert_eq!(own, [refused, done("DELETE"), done("PATCH")], "of a user who is no more");
    assert_eq!((&log[0]["user_id"], &log[0]["client_id"]), (&json!(id), &json!("demo-management")));
    assert_eq!(log[0]["hostname"], json!(world.twin.app.config.issuer.host()));
    assert!(!log.to_string().contains("example.com"), "no address: {log}");
}
