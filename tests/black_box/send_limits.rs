//! Budgets of what is sent (SEC-22), and of passwords (contract A3).

use insta::assert_snapshot;
use local::aws::Storage;

use crate::support::{Body, DEMO_APP, World};

const USER: &str = "user@example.com";
const BLOCKED: &str = "429 Your account has been blocked after multiple consecutive login attempts. We've sent you a notification via your preferred contact method with instructions on how to unblock it.";

/// SEC-22: twenty mails, then one a minute; a refusal burns nothing and voids nothing.
#[tokio::test]
async fn twenty_mails_then_one_a_minute() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await;
    let mut last = String::new();
    for number in 2..=20 {
        let reply = world.challenge(&login.mfa_token, "oob", &id).await;
        assert_eq!(reply.status, 200, "mail {number}: {}", reply.body);
        last = reply.text("oob_code");
    }
    for _ in 0..5 {
        let refused = world.challenge(&login.mfa_token, "oob", &id).await;
        assert_eq!(
            refused.outcome(),
            "429 Too many emails sent by the user. Wait for some minutes before retrying."
        );
        assert_eq!(refused.header("retry-after"), Some("60"));
    }
    let other = world.log_in(USER).await;
    let refused = world.challenge(&other.mfa_token, "oob", &id).await;
    assert_snapshot!(refused.snapshot(), @r#"429 {"error":"too_many_attempts","error_description":"Too many emails sent by the user. Wait for some minutes before retrying."}"#);
    assert_eq!(world.mails(USER), 20);
    world.clock.advance(59);
    assert_eq!(world.challenge(&login.mfa_token, "oob", &id).await.status, 429);
    assert_eq!(
        world.oob(&login.mfa_token, &last, &world.code(USER)).await.status,
        200,
        "the last one is still good"
    );
    world.clock.advance(1);
    assert_eq!(world.challenge(&other.mfa_token, "oob", &id).await.status, 200);
    assert_eq!(world.challenge(&other.mfa_token, "oob", &id).await.status, 429);
    assert_eq!(world.mails(USER), 21);
}

/// SEC-22: associations are sends as well, to whatever address.
#[tokio::test]
async fn associations_spend_the_same_send_budget() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    for number in 0..20 {
        let reply =
            world.associate_email(&login.mfa_token, Some(&format!("a{}@example.com", number % 4))).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    let refused = world.associate_email(&login.mfa_token, None).await;
    assert_eq!(
        refused.outcome(),
        "429 Too many emails sent by the user. Wait for some minutes before retrying."
    );
    assert_eq!(refused.header("retry-after"), Some("60"));
    assert_eq!(world.associate_otp(&login.mfa_token).await.status, 200, "an app is not sent anything");
    assert_eq!(world.twin.aws.inbox.messages(None).len(), 20);
    world.clock.advance(20 * 60 + 1);
    let login = world.log_in(USER).await;
    assert_eq!(world.associate_email(&login.mfa_token, None).await.status, 200, "the debt has decayed");
}

/// SEC-22: many accounts cannot fill one mailbox: a destination gets a hundred mails an hour.
#[tokio::test]
async fn a_destination_has_a_budget_whoever_asks() {
    const TARGET: &str = "third.party@example.com";
    let directory = tempfile::tempdir().unwrap();
    let seed = directory.path().join("seed.json");
    let user = |number: usize| format!(r#"{{"email":"u{number}@example.com","password":"pwd"}}"#);
    let users: Vec<_> = (0..6).map(user).collect();
    std::fs::write(&seed, format!(r#"{{"users":[{}]}}"#, users.join(","))).unwrap();
    let world = World::with(|options| options.seed = Some(seed)).await;
    for number in 0..5 {
        let login = world.log_in(&format!("u{number}@example.com")).await;
        for _ in 0..20 {
            assert_eq!(world.associate_email(&login.mfa_token, Some(TARGET)).await.status, 200);
        }
    }
    let login = world.log_in("u5@example.com").await;
    let refused = world.associate_email(&login.mfa_token, Some("Third.Party@Example.com")).await;
    assert_eq!(
        refused.outcome(),
        "429 Too many emails sent by the user. Wait for some minutes before retrying."
    );
    let retry_after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(world.mails(TARGET), 100);
    assert_eq!(world.authenticators("u5@example.com").await, (0, 0), "nothing was begun");
    assert_eq!(
        world.associate_email(&login.mfa_token, None).await.status,
        200,
        "another destination is free"
    );
    world.clock.advance(retry_after);
    let login = world.log_in("u5@example.com").await;
    assert_eq!(world.associate_email(&login.mfa_token, Some(TARGET)).await.status, 200);
}

/// Contract A3: ten wrong passwords, then not even the right one, known address or not, by the minute.
#[tokio::test]
async fn ten_passwords_then_one_every_six_minutes() {
    let world = World::new().await;
    for address in [USER, "nobody@example.com"] {
        for _ in 0..10 {
            assert_eq!(world.password(address, "wrong").await.outcome(), "403 Wrong email or password.");
        }
        for password in ["wrong", "pwd"] {
            let refused = world.password(address, password).await;
            assert_eq!(
                (refused.outcome().as_str(), refused.header("retry-after")),
                (BLOCKED, Some("360")),
                "{address}"
            );
        }
        let upper = world.password(&address.to_uppercase(), "pwd").await;
        assert_eq!(upper.outcome(), BLOCKED, "addresses are compared in lower case");
    }
    assert_eq!(
        world.password("verified@example.com", "pwd").await.text("error"),
        "mfa_required",
        "an address by itself"
    );
    world.clock.advance(359);
    assert_eq!(world.password(USER, "pwd").await.outcome(), BLOCKED);
    world.clock.advance(1);
    assert_eq!(world.password(USER, "pwd").await.text("error"), "mfa_required");
    assert_eq!(
        world.password(USER, "pwd").await.text("error"),
        "mfa_required",
        "a right one gives itself back"
    );
    assert_eq!(world.password(USER, "wrong").await.outcome(), "403 Wrong email or password.");
    assert_eq!(world.password(USER, "pwd").await.outcome(), BLOCKED, "and nothing more");
}

/// Contract A3: the budget is one per address and source: elsewhere the user still signs in.
#[cfg(target_os = "linux")] // where all of 127/8 is this machine without further ado
#[tokio::test]
async fn another_source_has_its_own_password_budget() {
    let world = World::new().await;
    for _ in 0..10 {
        world.password(USER, "wrong").await;
    }
    assert_eq!(world.password(USER, "pwd").await.outcome(), BLOCKED);
    let elsewhere = world.password_from([127, 0, 0, 2], USER, "pwd").await;
    assert_eq!(elsewhere.text("error"), "mfa_required");
    assert_eq!(
        world.password(USER, "pwd").await.outcome(),
        BLOCKED,
        "which says nothing about the first source"
    );
}

/// Contract A3 "order of checks": a password that was never looked at is not charged.
#[tokio::test]
async fn refused_clients_and_audiences_charge_no_password() {
    let world = World::new().await;
    let form = |client: &[(&'static str, &'static str)], audience| {
        let fields =
            [("grant_type", "password"), ("username", USER), ("password", "wrong"), ("audience", audience)];
        let all: Vec<_> = fields.into_iter().chain(client.iter().copied()).collect();
        Body::form(&all)
    };
    let api = "https://someapi.com/api";
    let rows = [
        (form(&[("client_id", "demo-app"), ("client_secret", "wrong")], api), 401),
        (form(&[("client_id", "demo-management"), ("client_secret", "demo-management-secret")], api), 403),
        (form(&DEMO_APP, "https://unknown.example"), 403),
    ];
    for (body, status) in rows {
        for _ in 0..11 {
            let reply = world.post("/oauth/token", body.clone()).await;
            assert_eq!(reply.status, status, "{}", reply.body);
            assert!(!reply.body.contains("Wrong email or password"));
        }
    }
    for _ in 0..10 {
        assert_eq!(world.password(USER, "wrong").await.status, 403);
    }
    assert_eq!(world.password(USER, "wrong").await.status, 429);
}

/// The budgets are in the table: they survive the process (SEC-24).
#[tokio::test]
async fn budgets_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let storage = Storage::Directory(directory.path().to_owned());
    let first = World::with(|options| options.storage = storage.clone()).await;
    for _ in 0..10 {
        first.password(USER, "wrong").await;
    }
    first.twin.stop().await;
    let second = World::with(|options| options.storage = storage).await;
    assert_eq!(second.password(USER, "pwd").await.outcome(), BLOCKED);
}
