//! Each figure among the settings is the figure that counts (SEC-7, SEC-19 to SEC-22): set to what is no default, and
//! observed to the second. The other settings are in `settings`, and beside what they change.

use postern::rules::settings::SettingValue;

use crate::support::{NUMBER, Reply, World};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const WRONG_RECOVERY_CODE: &str = "N3BGPZZWJ85JLCNPZBDW6QXC";

async fn with_numbers(world: World, numbers: &[(&str, u64)]) -> World {
    let settings: Vec<_> =
        numbers.iter().map(|(name, number)| (*name, SettingValue::Number(*number))).collect();
    world.configure(&settings).await;
    world
}

/// A budget of `burst` requests at once, of which one comes back every `seconds`: what the answers and the clock say.
async fn budget_is(world: &World, (burst, seconds): (u64, u64), request: impl AsyncFn() -> Reply) {
    for number in 1..=burst {
        let reply = request().await;
        assert_ne!(reply.status, 429, "{number} of {burst}: {}", reply.body);
    }
    let spent = request().await;
    assert_eq!(spent.text("error"), "too_many_attempts", "one more than {burst}: {}", spent.body);
    assert_eq!(spent.header("retry-after"), Some(&*seconds.to_string()));
    assert_eq!(spent.header("x-ratelimit-limit"), Some(&*burst.to_string()));
    world.clock.advance(seconds - 1);
    assert_eq!(request().await.status, 429, "a second too early");
    world.clock.advance(1);
    let back = request().await;
    assert_ne!(back.status, 429, "one has come back: {}", back.body);
    assert_eq!(request().await.status, 429, "and only one");
}

/// SEC-19: `password_attempts`, `password_attempt_seconds`.
#[tokio::test]
async fn wrong_passwords() {
    let numbers = [("password_attempts", 3), ("password_attempt_seconds", 50)];
    let world = with_numbers(World::new().await, &numbers).await;
    budget_is(&world, (3, 50), async || world.password(USER, "wrong").await).await;
}

/// SEC-19: `code_attempts`, `code_attempt_seconds`; of an app and of a mail alike.
#[tokio::test]
async fn wrong_codes() {
    let numbers = [("code_attempts", 3), ("code_attempt_seconds", 50)];
    let world = with_numbers(World::new().await, &numbers).await;
    let secret = world.enrol_otp(USER).await;
    let login = world.log_in(USER).await.mfa_token;
    let wrong = World::wrong(&world.app_code(&secret, -10));
    budget_is(&world, (3, 50), async || world.otp(&login, &wrong).await).await;

    let world = with_numbers(World::new().await, &numbers).await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await.mfa_token;
    let oob_code = world.challenge(&login, "oob", &id).await.text("oob_code");
    let wrong = World::wrong(&world.code(USER));
    budget_is(&world, (3, 50), async || world.oob(&login, &oob_code, &wrong).await).await;
}

/// SEC-19: `recovery_attempts`, `recovery_attempt_seconds`; the budget of codes is another.
#[tokio::test]
async fn wrong_recovery_codes() {
    let numbers = [("recovery_attempts", 2), ("recovery_attempt_seconds", 40)];
    let world = with_numbers(World::new().await, &numbers).await;
    world.enrol_email(USER).await;
    let login = world.log_in(USER).await.mfa_token;
    budget_is(&world, (2, 40), async || world.recovery(&login, WRONG_RECOVERY_CODE).await).await;
    assert_eq!(world.tat(USER, "CODES").await, None);
}

/// SEC-22: `email_sends`, `email_send_seconds`.
#[tokio::test]
async fn mails_of_a_user() {
    let world = with_numbers(World::new().await, &[("email_sends", 2), ("email_send_seconds", 30)]).await;
    let login = world.log_in(VERIFIED).await.mfa_token;
    budget_is(&world, (2, 30), async || world.challenge_any(&login).await).await;
    assert_eq!(world.mails(VERIFIED), 3);
}

/// SEC-22: `sms_sends`, `sms_send_seconds`, by both channels together.
#[tokio::test]
async fn texts_and_calls_of_a_user() {
    let world = World::with_phones(true).await;
    let world = with_numbers(world, &[("sms_sends", 2), ("sms_send_seconds", 90)]).await;
    let login = world.log_in(USER).await.mfa_token;
    let sent = || world.mails(NUMBER);
    budget_is(&world, (2, 90), async || {
        let channel = if sent() % 2 == 0 { "sms" } else { "voice" };
        world.associate_phone(&login, channel, NUMBER).await
    })
    .await;
    assert_eq!(sent(), 3);
}

/// `otp_associations`, `otp_association_seconds`.
#[tokio::test]
async fn apps_begun() {
    let numbers = [("otp_associations", 2), ("otp_association_seconds", 70)];
    let world = with_numbers(World::new().await, &numbers).await;
    let login = world.log_in(USER).await.mfa_token;
    budget_is(&world, (2, 70), async || world.associate_otp(&login).await).await;
}

/// SEC-22: `passwordless_sends`, `passwordless_send_seconds`: per address, whoever has it.
#[tokio::test]
async fn sign_ins_by_one_address() {
    let numbers = [("passwordless_sends", 2), ("passwordless_send_seconds", 80)];
    let world = with_numbers(World::with_passwordless().await, &numbers).await;
    for address in [USER, "nobody@example.com"] {
        budget_is(&world, (2, 80), async || world.start_email(address).await).await;
    }
    assert_eq!(world.start_sms(NUMBER).await.status, 200, "another address");
}

/// `passwordless_starts`, `passwordless_start_seconds`: per source, by whatever address.
#[tokio::test]
async fn sign_ins_begun_by_one_source() {
    let numbers = [("passwordless_starts", 3), ("passwordless_start_seconds", 25)];
    let world = with_numbers(World::with_passwordless().await, &numbers).await;
    let asked = std::cell::Cell::new(0);
    budget_is(&world, (3, 25), async || {
        asked.set(asked.get() + 1);
        world.start_email(&format!("a{}@example.com", asked.get())).await
    })
    .await;
}

/// What comes back with the hour: `count` requests, then none until the next clock hour.
async fn window_is(world: &World, count: u64, request: impl AsyncFn() -> Reply) {
    for number in 1..=count {
        let reply = request().await;
        assert_eq!(reply.status, 200, "{number} of {count}: {}", reply.body);
    }
    let spent = request().await;
    assert_eq!(spent.text("error"), "too_many_attempts", "{}", spent.body);
    let now = world.clock.now().0;
    let next_hour = 3_600 - now % 3_600;
    assert_eq!(spent.header("retry-after"), Some(&*next_hour.to_string()));
    assert_eq!(spent.header("x-ratelimit-limit"), Some(&*count.to_string()));
    world.clock.advance(next_hour - 1);
    assert_eq!(request().await.status, 429, "a second too early");
    world.clock.advance(1);
    assert_eq!(request().await.status, 200);
}

/// SEC-22: `email_sends_per_address`, for enrolments and for sign-ins each.
#[tokio::test]
async fn mails_to_one_address() {
    let world = with_numbers(World::new().await, &[("email_sends_per_address", 3)]).await;
    let login = async |username| world.log_in(username).await.mfa_token;
    window_is(&world, 3, async || world.associate_email(&login(USER).await, Some(VERIFIED)).await).await;
    window_is(&world, 3, async || world.challenge_any(&login(VERIFIED).await).await).await;
    assert_eq!(world.mails(VERIFIED), 8);
}

/// SEC-22: `sms_sends_per_number`, by both channels together.
#[tokio::test]
async fn texts_and_calls_to_one_number() {
    let world = with_numbers(World::with_phones(true).await, &[("sms_sends_per_number", 3)]).await;
    let sent = || world.mails(NUMBER);
    window_is(&world, 3, async || {
        let login = world.log_in(USER).await.mfa_token;
        let channel = if sent() % 2 == 0 { "sms" } else { "voice" };
        world.associate_phone(&login, channel, NUMBER).await
    })
    .await;
    assert_eq!(sent(), 4);
    let login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.associate_phone(&login, "sms", "+4915112345679").await.status, 200);
}

/// SEC-7: `passwordless_code_seconds`; the mail says so.
#[tokio::test]
async fn the_life_of_a_code_of_a_sign_in() {
    let world = World::with_passwordless().await;
    let world = with_numbers(world, &[("passwordless_code_seconds", 120)]).await;
    world.start_email(USER).await;
    let mail = world.twin.aws.inbox.messages(Some(USER)).remove(0);
    assert!(mail.text.contains("valid for 2 minutes"), "{}", mail.text);
    world.clock.advance(120);
    let late = world.passwordless("email", USER, &world.code(USER)).await;
    assert_eq!(late.outcome(), "403 Wrong email or verification code.");
    world.start_email(USER).await;
    world.clock.advance(119);
    let required = world.passwordless("email", USER, &world.code(USER)).await;
    assert_eq!(required.text("error"), "mfa_required");
}

/// `refresh_token_seconds`: from the sign-in on, however much the tokens are used.
#[tokio::test]
async fn the_life_of_a_family_of_refresh_tokens() {
    let world = with_numbers(World::new().await, &[("refresh_token_seconds", 200)]).await;
    let token = world.enrol_offline(USER).await.text("refresh_token");
    world.clock.advance(150);
    let token = world.refresh(&token).await.text("refresh_token");
    world.clock.advance(49);
    let last = world.refresh(&token).await;
    assert_eq!(last.status, 200, "{}", last.body);
    world.clock.advance(1);
    let over = world.refresh(&last.text("refresh_token")).await;
    assert_eq!(over.outcome(), "403 Unknown or invalid refresh token.");
}
