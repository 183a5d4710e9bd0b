//! Phones at the same moment: the twins are confirmed and removed once, and the limits hold (SEC-8, SEC-22, SEC-24, I1).

use std::sync::Arc;

use postern::rules::settings::SettingValue;

use crate::support::{NUMBER, World, at_once, count_of};

const USER: &str = "user@example.com";

async fn arena() -> Arc<World> {
    let world = World::new().await;
    world.set_factor("sms", true).await;
    world.configure(&[("voice", SettingValue::Switch(true))]).await;
    Arc::new(world)
}

/// SEC-8: the right code 64 times at once gives one token, and both twins are active once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_right_code_64_times_at_once_confirms_once() {
    let world = arena().await;
    let login = world.log_in(USER).await.mfa_token;
    let oob_code = world.associate_phone(&login, "sms", NUMBER).await.text("oob_code");
    let code = world.code(NUMBER);
    let replies = at_once(64, |_| {
        let (world, login, oob_code, code) =
            (Arc::clone(&world), login.clone(), oob_code.clone(), code.clone());
        async move { world.oob(&login, &oob_code, &code).await }
    })
    .await;
    assert_eq!(count_of(&replies, 200), 1);
    assert!(replies.iter().all(|reply| reply.status < 500), "losers get a 4xx");
    assert_eq!(world.authenticators(USER).await, (2, 0));
}

/// Both twins are deleted at once, many times: one request removes both, the others find neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twins_deleted_at_once_go_once() {
    let world = arena().await;
    let sms = world.enrol_phone(USER, "sms", NUMBER).await;
    let token = world.mfa_access_token_by_phone(USER, &sms, NUMBER).await;
    let ids = [sms.clone(), sms.replace("sms|", "voice|")];
    let replies = at_once(16, |number| {
        let (world, token, id) = (Arc::clone(&world), token.clone(), ids[number % 2].clone());
        async move { world.delete(&token, &id).await }
    })
    .await;
    assert_eq!(count_of(&replies, 204), 1);
    for reply in replies.iter().filter(|reply| reply.status != 204) {
        assert!(matches!(reply.status, 404 | 429), "{}", reply.body);
    }
    assert_eq!(world.authenticators(USER).await, (0, 0));
}

/// SEC-22, SEC-24: a country's limit is exact however many ask at once, though it is spread over several items.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_country_s_limit_holds_at_once() {
    let world = arena().await;
    let limit = [("sms_sends_per_country", SettingValue::Number(7)), ("sms_sends", SettingValue::Number(60))];
    world.configure(&limit).await;
    let mut logins = Vec::new();
    for _ in 0..16 {
        logins.push(world.log_in(USER).await.mfa_token);
    }
    let replies = at_once(16, |number| {
        let (world, login) = (Arc::clone(&world), logins[number].clone());
        async move { world.associate_phone(&login, "sms", &format!("+49151123456{number:02}")).await }
    })
    .await;
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 429)));
    let sent = world.twin.aws.inbox.messages(None).len();
    assert_eq!(sent, count_of(&replies, 200));
    assert!(sent <= 7, "{sent}");
    assert_eq!(world.sends_to_country("DE").await, sent as u64);
}
