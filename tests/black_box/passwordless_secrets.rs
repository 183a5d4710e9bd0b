//! Signing in without password: what must not show (SEC-2, SEC-34, SEC-35).

use serde_json::Value;

use crate::support::{NUMBER, Reply, World};

const USER: &str = "user@example.com";

/// A reply but for the address in it, and every call that was made for it: operation, trip and what it asked IAM.
fn shown(world: &World, reply: &Reply, address: &str) -> (u16, Vec<(String, String)>, String, Vec<String>) {
    let mut body = reply.json();
    body["_id"] = Value::Null;
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| !["date", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let calls = world.trips();
    let mut calls: Vec<_> = calls
        .as_array()
        .unwrap()
        .iter()
        .map(|call| {
            let actions: Vec<_> =
                call["actions"].as_array().unwrap().iter().map(|it| &it["action"]).collect();
            format!("{} {} {:?}", call["operation"], call["round_trip"], actions)
        })
        .collect();
    calls.sort();
    (reply.status, headers, body.to_string().replace(address, "[address]"), calls)
}

/// SEC-35: nobody's address is answered as somebody's, after the same calls; nothing reaches it.
#[tokio::test]
async fn nobody_is_answered_as_somebody() {
    let world = World::with_passwordless().await;
    let start = async |realm: &str, to: &str| match realm {
        "email" => world.start_email(to).await,
        _ => world.start_sms(to).await,
    };
    for (realm, known, unknown) in [("email", USER, "nobody@example.com"), ("sms", NUMBER, "+4915112345679")]
    {
        start(realm, known).await;
        start(realm, unknown).await;
        let mut seen = Vec::new();
        for to in [known, unknown] {
            world.forget_calls();
            let reply = start(realm, to).await;
            seen.push(shown(&world, &reply, to));
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        assert_eq!(seen[0], seen[1], "{realm}: start");
        assert!(world.twin.aws.inbox.messages(Some(unknown)).is_empty(), "{realm}");
        assert_eq!(world.mails(known), 2);
        let mut seen = Vec::new();
        for to in [known, unknown] {
            for _ in 0..4 {
                world.forget_calls();
                let reply = world.passwordless(realm, to, "000000").await;
                seen.push(shown(&world, &reply, to));
            }
        }
        assert_eq!(seen[..4], seen[4..], "{realm}: tries");
    }
    assert!(world.twin.aws.inbox.messages(None).iter().all(|message| [USER, NUMBER].contains(&&*message.to)));
    let table = world.stored().await;
    let kinds = |address: &str| -> Vec<_> {
        let items =
            table.iter().filter(|((pk, _), _)| pk.starts_with("PASSWORDLESS#") && pk.ends_with(address));
        items
            .map(|((_, sk), item)| {
                let mut names: Vec<_> = item.keys().cloned().collect();
                names.sort();
                (sk.clone(), names)
            })
            .collect()
    };
    assert_eq!(kinds(USER), kinds("nobody@example.com"));
    assert_eq!(kinds(USER).len(), 2);
}

/// SEC-2: of a code only a MAC is stored, and all of it is forgotten by TTL.
#[tokio::test]
async fn the_table_holds_no_code() {
    let world = World::with_passwordless().await;
    world.start_email(USER).await;
    world.start_sms(NUMBER).await;
    let codes = [world.code(USER), world.code(NUMBER)];
    let table = world.stored().await;
    for ((pk, sk), item) in &table {
        let all = format!("{item:?}");
        for code in &codes {
            assert!(!all.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == code), "{sk}");
        }
        if pk.starts_with("PASSWORDLESS#") || pk.starts_with("SOURCE#") {
            assert!(item.contains_key("expires_at"), "{sk} is never forgotten");
        }
    }
}
