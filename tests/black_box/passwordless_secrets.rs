//! Signing in without password: what must not show (SEC-2, SEC-34, SEC-35).

use serde_json::{Value, json};

use crate::support::{NUMBER, Reply, TWILIO_SID, World};

const USER: &str = "user@example.com";
/// Where the demo client's code for an address is.
const CODE: &str = "CODE#demo-app";

/// What differs between any two replies; the budget told is that of the source, which both requests are charged to.
const OF_THE_MOMENT: [&str; 4] = ["date", "content-length", "x-ratelimit-remaining", "x-ratelimit-reset"];

/// A reply but for the address in it, and every call that was made for it: operation, trip and what it asked IAM.
fn shown(world: &World, reply: &Reply, address: &str) -> (u16, Vec<(String, String)>, String, Vec<String>) {
    let mut body = reply.json();
    body["_id"] = Value::Null;
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| !OF_THE_MOMENT.contains(&name.as_str()))
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
    assert_eq!(kinds(USER).len(), 3, "the code, what was sent, what one source guessed");
}

/// SEC-35: the same by Twilio, which has no dry run, while it takes orders and while it refuses them for any reason.
#[tokio::test]
async fn nobody_is_answered_as_somebody_by_twilio() {
    for why in ["nothing", "token", "throttle", "error", "timeout", "none", "sender"] {
        let world = World::with_twilio().await;
        world.passwordless_on().await;
        let mode = match why {
            "throttle" | "error" | "timeout" => Some(why),
            _ => None,
        };
        match why {
            "token" => world.set_twilio_token("not-a-token-of-theirs").await,
            "none" => world.change_twilio(&json!({ "auth_token": null })).await,
            "sender" => world.change_twilio(&json!({ "sid": TWILIO_SID })).await,
            _ => {}
        }
        // What is cached is read before.
        world.start_sms("+4915112345670").await;
        if let Some(mode) = mode {
            world.fault("sms", "CreateMessage", mode, 0, 2);
        }
        let before = world.sends_to_country("DE").await;
        let mut seen = Vec::new();
        for to in [NUMBER, "+4915112345679"] {
            world.forget_calls();
            let reply = world.start_sms(to).await;
            let told = if why == "nothing" { 200 } else { 503 };
            assert_eq!(reply.status, told, "{why}: {}", reply.body);
            let code = world.stored().await.remove(&(format!("PASSWORDLESS#sms#{to}"), CODE.to_owned()));
            assert_eq!(code.unwrap().contains_key("used_by"), why != "nothing", "{why}");
            seen.push((shown(&world, &reply, to), world.sends_to_country("DE").await - before));
        }
        let [(known, after_one), (unknown, after_two)] = &seen[..] else { panic!("two replies") };
        assert_eq!(known, unknown, "{why}");
        assert_eq!(*after_two, 2 * after_one, "{why}: what is charged for one is charged for the other");
        assert!(world.twin.aws.inbox.messages(Some("+4915112345679")).is_empty(), "{why}");
    }
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
