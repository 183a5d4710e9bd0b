//! Operators, and users beside them, at the same moment: no change is lost, no two are mixed, and limits hold (SEC-8,
//! SEC-24, contract A3 "blocked").

use std::sync::Arc;

use postern::rules::settings::SettingValue;
use serde_json::json;

use crate::support::{Body, Reply, World, at_once, count_of, link_of_block, ticket_of_block};
use crate::totp_import;

const USER: &str = "user@example.com";
const SETTINGS: &str = "/api/v2/guardian/settings";

async fn arena() -> Arc<World> {
    Arc::new(World::new().await)
}

/// Each changes another setting: all are there in the end, and each answer shows its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn settings_changed_at_once_are_all_kept() {
    const NAMES: [&str; 8] = [
        "code_attempts",
        "recovery_attempts",
        "password_attempts",
        "email_sends",
        "sms_sends",
        "otp_associations",
        "passwordless_sends",
        "passwordless_starts",
    ];
    let world = arena().await;
    let token = world.management_token().await;
    for round in 0..4 {
        let replies = at_once(NAMES.len(), |number| {
            let (world, token) = (Arc::clone(&world), token.clone());
            async move {
                let body = Body::json(&json!({ NAMES[number]: 20 + round + number }));
                let reply = world.bearer("PATCH", SETTINGS, &token, body).await;
                assert_eq!(reply.json()[NAMES[number]], json!(20 + round + number), "{}", reply.body);
                reply
            }
        })
        .await;
        assert_eq!(count_of(&replies, 200), NAMES.len());
        let settings = world.bearer("GET", SETTINGS, &token, Body::none()).await.json();
        for (number, name) in NAMES.into_iter().enumerate() {
            assert_eq!(settings[name], json!(20 + round + number), "{name}");
        }
    }
}

/// Accounts of Twilio set at once: one of them stands, whole, and never the token of another.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accounts_set_at_once_are_not_mixed() {
    let world = arena().await;
    let management = world.management_token().await;
    let account = |number: usize| {
        (format!("AC{number:032x}"), format!("{number:032x}"), format!("+1206555{:04}", 100 + number))
    };
    for _ in 0..4 {
        let replies = at_once(16, |number| {
            let (world, management) = (Arc::clone(&world), management.clone());
            let (sid, auth_token, from) = account(number);
            async move {
                let path = "/api/v2/guardian/factors/sms/providers/twilio";
                let body = json!({ "sid": sid, "auth_token": auth_token, "from": from });
                world.bearer("PUT", path, &management, Body::json(&body)).await
            }
        })
        .await;
        assert_eq!(count_of(&replies, 200), 16);
        world.clock.advance(60);
        let stands = world.twin.app.twilio_account().await.unwrap().unwrap();
        let from = stands.from.as_ref().unwrap().as_str().to_owned();
        let stands = (stands.sid.as_str().to_owned(), stands.auth_token.expose().to_owned(), from);
        assert!((0..16).any(|number| account(number) == stands), "{}", stands.0);
    }
}

/// The button pressed many times, with wrong passwords coming in meanwhile: the block is ended once, and what is tried
/// afterwards is owed (SEC-19).
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_block_is_ended_once() {
    let world = arena().await;
    for _ in 0..10 {
        world.password(USER, "wrong").await;
    }
    let link = link_of_block(&world, USER).await;
    let ticket = ticket_of_block(&world.send("GET", &link, &[], Body::none()).await);
    let replies = at_once(48, |number| {
        let (world, ticket) = (Arc::clone(&world), ticket.clone());
        async move {
            match number % 3 {
                0 => world.password(USER, "wrong").await,
                _ => world.post("/u/unblock", Body::form(&[("ticket", &ticket)])).await,
            }
        }
    })
    .await;
    let (pages, passwords): (Vec<Reply>, Vec<_>) =
        replies.into_iter().partition(|reply| reply.body.contains("<html"));
    assert_eq!((pages.len(), count_of(&pages, 200)), (32, 32));
    assert!(pages.iter().all(|page| page.body == pages[0].body), "one answer for all");
    let mut compared = count_of(&passwords, 403);
    assert_eq!(compared + count_of(&passwords, 429), 16);
    world.post("/u/unblock", Body::form(&[("ticket", &ticket)])).await;
    while world.password(USER, "wrong").await.status == 403 {
        compared += 1;
    }
    assert_eq!(compared, 10, "ten attempts were given back, once");
}

/// SEC-22, SEC-24: of 64 starts at once ten are sent, to a clean address and to one whose debt of old has decayed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn starts_without_password_at_once_stay_within_the_budget() {
    let world = arena().await;
    world.passwordless_on().await;
    world.configure(&[("passwordless_starts", SettingValue::Number(100))]).await;
    for round in 1..=3 {
        let replies = at_once(64, |_| {
            let world = Arc::clone(&world);
            async move { world.start_email(USER).await }
        })
        .await;
        assert_eq!((count_of(&replies, 200), count_of(&replies, 429)), (10, 54), "round {round}");
        assert_eq!(world.mails(USER), 10 * round, "what is refused is not sent");
        let table = world.stored().await;
        let codes =
            table.keys().filter(|(pk, sk)| pk.starts_with("PASSWORDLESS#") && sk.starts_with("CODE#"));
        assert_eq!(codes.count(), 1, "one code is good");
        world.clock.advance(86_400);
    }
}

/// An app is taken over while the user confirms a first enrolment: whichever comes first, the count is right, and a
/// password alone does not enrol past what is there (SEC-27, design §5).
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_import_and_a_confirmation_at_once() {
    for _ in 0..6 {
        let world = arena().await;
        let login = world.log_in(USER).await.mfa_token;
        let oob_code = world.associate_email(&login, None).await.text("oob_code");
        let code = world.code(USER);
        let confirming = {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.oob(&login, &oob_code, &code).await })
        };
        totp_import::import_one(&world).await;
        let confirmed = confirming.await.unwrap();
        match confirmed.status {
            200 => assert_eq!(world.authenticators(USER).await, (2, 0)),
            _ => {
                assert_eq!(confirmed.outcome(), "403 User is already enrolled.");
                assert_eq!(world.authenticators(USER).await, (1, 1));
                assert!(world.user_item(USER, "RECOVERY").await.is_none());
            }
        }
    }
}
