//! What is sent to phones is bounded: per user, per number, per country (SEC-22, contract A3).

use postern::rules::settings::SettingValue;
use serde_json::json;

use crate::support::{NUMBER, Reply, World};

const USER: &str = "user@example.com";
const SPENT: &str = "429 Too many SMS sent by the user. Wait for some minutes before retrying.";

/// A tenant with phones and `count` more users, `u0@example.com` and so on.
async fn with_users(count: usize) -> World {
    let directory = tempfile::tempdir().unwrap();
    let seed = directory.path().join("seed.json");
    let user = |number| json!({ "email": format!("u{number}@example.com"), "password": "pwd" });
    let users: Vec<_> = (0..count).map(user).collect();
    std::fs::write(&seed, json!({ "users": users }).to_string()).unwrap();
    let world = World::with(|options| options.seed = Some(seed)).await;
    world.set_factor("sms", true).await;
    world
}

fn retry_after(reply: &Reply) -> u64 {
    reply.header("retry-after").unwrap().parse().unwrap()
}

/// SEC-22: ten sends, by whichever channel and purpose, then one an hour; a refusal burns nothing and voids nothing.
#[tokio::test]
async fn ten_sends_then_one_an_hour() {
    let world = World::with_phones(true).await;
    let sms = world.enrol_phone(USER, "sms", NUMBER).await;
    let voice = sms.replace("sms|", "voice|");
    let login = world.log_in(USER).await.mfa_token;
    let mut last = String::new();
    for number in 2..=10 {
        let reply = world.challenge(&login, "oob", if number % 2 == 0 { &voice } else { &sms }).await;
        assert_eq!(reply.status, 200, "send {number}: {}", reply.body);
        last = reply.text("oob_code");
    }
    for id in [&sms, &voice] {
        let refused = world.challenge(&login, "oob", id).await;
        assert_eq!((refused.outcome().as_str(), refused.header("retry-after")), (SPENT, Some("3600")));
        assert_eq!(refused.text("error"), "too_many_attempts");
    }
    assert_eq!(
        (world.mails(NUMBER), world.sends_to_country("DE").await),
        (10, 10),
        "a refusal counts nowhere"
    );
    assert_eq!(world.oob(&login, &last, &world.code(NUMBER)).await.status, 200, "the last one is still good");
    world.clock.advance(3_599);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.challenge(&login, "oob", &sms).await.status, 429);
    world.clock.advance(1);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.challenge(&login, "oob", &sms).await.status, 200);
    assert_eq!(world.challenge(&login, "oob", &sms).await.status, 429);
}

/// SEC-22: associations are sends as well; mails have a budget of their own.
#[tokio::test]
async fn associations_spend_the_same_budget() {
    let world = World::with_phones(true).await;
    let login = world.log_in(USER).await.mfa_token;
    for number in 0..10 {
        let to = format!("+491511234567{}", number % 4);
        let reply = world.associate_phone(&login, if number % 2 == 0 { "sms" } else { "voice" }, &to).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    for channel in ["sms", "voice"] {
        let refused = world.associate_phone(&login, channel, NUMBER).await;
        assert_eq!((refused.outcome().as_str(), refused.header("retry-after")), (SPENT, Some("3600")));
    }
    assert_eq!(world.associate_email(&login, None).await.status, 200);
}

/// SEC-22: many accounts cannot ring one phone: a number has a budget, by both channels together.
#[tokio::test]
async fn a_number_has_a_budget_whoever_asks() {
    let world = with_users(4).await;
    let changes = [("voice", SettingValue::Switch(true)), ("sms_sends_per_number", SettingValue::Number(30))];
    world.configure(&changes).await;
    for user in 0..3 {
        let login = world.log_in(&format!("u{user}@example.com")).await.mfa_token;
        for number in 0..10 {
            let channel = if number % 2 == 0 { "sms" } else { "voice" };
            assert_eq!(world.associate_phone(&login, channel, NUMBER).await.status, 200);
        }
    }
    let login = world.log_in("u3@example.com").await.mfa_token;
    let refused = world.associate_phone(&login, "sms", NUMBER).await;
    assert_eq!(refused.outcome(), SPENT);
    assert_eq!(
        (world.mails(NUMBER), world.sends_to_country("DE").await),
        (30, 30),
        "given back to the country"
    );
    assert_eq!(world.authenticators("u3@example.com").await, (0, 0), "nothing was begun");
    assert_eq!(world.tat("u3@example.com", "SEND-SMS").await, None, "the user owes nothing");
    assert_eq!(world.associate_phone(&login, "sms", "+4915112345679").await.status, 200);
    world.clock.advance(retry_after(&refused));
    let login = world.log_in("u3@example.com").await.mfa_token;
    assert_eq!(world.associate_phone(&login, "sms", NUMBER).await.status, 200);
}

/// SEC-22, toll fraud: many accounts and many numbers of one country are stopped together; others are not, and the
/// next hour is a new one.
#[tokio::test]
async fn many_accounts_and_many_numbers_of_one_country_are_stopped() {
    let world = with_users(6).await;
    world.configure(&[("sms_sends_per_country", SettingValue::Number(25))]).await;
    let mut sent = 0;
    let mut refused = None;
    for user in 0..6 {
        let login = world.log_in(&format!("u{user}@example.com")).await.mfa_token;
        for number in 0..5 {
            let reply = world.associate_phone(&login, "sms", &format!("+3712100{user}{number}00")).await;
            match reply.status {
                200 => sent += 1,
                _ => refused = Some(reply),
            }
        }
    }
    assert_eq!((sent, world.twin.aws.inbox.messages(None).len()), (25, 25));
    assert_eq!(world.sends_to_country("LV").await, 25);
    let refused = refused.expect("a refusal");
    assert_eq!(refused.outcome(), SPENT);
    assert_eq!(world.authenticators("u5@example.com").await, (0, 0), "what was refused is undone");
    assert_eq!(world.tat("u5@example.com", "SEND-SMS").await, Some(world.clock.now().0), "and given back");
    let login = world.log_in("u5@example.com").await.mfa_token;
    assert_eq!(world.associate_phone(&login, "sms", NUMBER).await.status, 200, "another country is free");
    world.clock.advance(retry_after(&refused));
    let login = world.log_in("u5@example.com").await.mfa_token;
    assert_eq!(world.associate_phone(&login, "sms", "+37121000000").await.status, 200);
}

/// SEC-22: at a challenge the country's limit leaves the earlier code good.
#[tokio::test]
async fn a_country_at_its_limit_voids_no_code() {
    let world = World::with_phones(false).await;
    // Before the first send: what was counted under another limit may be on an item that this one does not look at.
    world.configure(&[("sms_sends_per_country", SettingValue::Number(1))]).await;
    let id = world.enrol_phone(USER, "sms", NUMBER).await;
    let login = world.log_in(USER).await.mfa_token;
    let first = world.challenge(&login, "oob", &id).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let owed = world.tat(USER, "SEND-SMS").await;
    let refused = world.challenge(&login, "oob", &id).await;
    assert_eq!((refused.outcome().as_str(), world.mails(NUMBER)), (SPENT, 2));
    assert_eq!(world.tat(USER, "SEND-SMS").await, owed, "the user owes nothing for it");
    assert_eq!(world.oob(&login, &first.text("oob_code"), &world.code(NUMBER)).await.status, 200);
}

/// SEC-22: the allow-list of countries, at association and at challenge; the territories of `+1` are told apart.
#[tokio::test]
async fn only_allowed_countries_get_codes() {
    let world = with_users(1).await;
    world.configure(&[("voice", SettingValue::Switch(true))]).await;
    let id = world.enrol_phone(USER, "sms", NUMBER).await;
    let only = |code: &str| [("countries", SettingValue::Words(vec![code.to_owned()]))];
    world.configure(&only("US")).await;
    let token = world.log_in("u0@example.com").await.mfa_token;
    let before = world.stored_without_limits().await;
    for number in [NUMBER, "+18765551234", "+16045551234"] {
        for channel in ["sms", "voice"] {
            let refused = world.associate_phone(&token, channel, number).await;
            assert_eq!(
                refused.snapshot(),
                r#"400 {"error":"invalid_request","error_description":"Parameter phone_number is of a country that codes are not sent to"}"#
            );
        }
    }
    assert!(world.stored_without_limits().await == before, "nothing is stored");
    assert_eq!(world.associate_phone(&token, "sms", "+12025550123").await.status, 200);
    let login = world.log_in(USER).await.mfa_token;
    let sent = world.mails(NUMBER);
    let refused = world.challenge(&login, "oob", &id).await;
    assert_eq!(refused.outcome(), "400 Codes are not sent to phone numbers of this country");
    assert_eq!(world.mails(NUMBER), sent);
    world.configure(&only("DE")).await;
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.challenge(&login, "oob", &id).await.status, 200);
}
