//! `/api/v2/user-blocks/{id}`: sign-ins that are blocked after wrong passwords are shown and ended (contract §6).

use aws_sdk_dynamodb::types::AttributeValue;
use insta::assert_snapshot;

use crate::notices::wrong_passwords;
use crate::support::{World, path_of};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";

fn blocks(username: &str) -> String {
    path_of(username, "").replace("/users/", "/user-blocks/")
}

/// §6: blocked is the source from which not even the right password is taken; the operator ends it for all sources.
#[tokio::test]
async fn blocks_are_shown_and_ended() {
    let world = World::new().await;
    let shown = async || world.manage("GET", &blocks(USER), None).await.snapshot();
    wrong_passwords(&world, USER, 9).await;
    assert_snapshot!(shown().await, @r#"200 {"blocked_for":[]}"#);
    wrong_passwords(&world, USER, 1).await;
    for _ in 0..10 {
        assert_eq!(world.password_from([127, 0, 0, 2], USER, "wrong").await.status, 403);
    }
    assert_eq!(world.password(USER, "pwd").await.status, 429);
    world.forget_calls();
    assert_snapshot!(shown().await, @r#"200 {"blocked_for":[{"identifier":"user@example.com","ip":"127.0.0.1","connection":"Username-Password-Authentication"},{"identifier":"user@example.com","ip":"127.0.0.2","connection":"Username-Password-Authentication"}]}"#);
    assert_eq!(world.round_trips(), 2);
    assert_eq!(world.manage("GET", &blocks(VERIFIED), None).await.snapshot(), r#"200 {"blocked_for":[]}"#);

    world.forget_calls();
    assert_eq!(world.manage("DELETE", &blocks(USER), None).await.snapshot(), "204 ");
    assert_eq!(world.round_trips(), 3);
    assert_eq!(shown().await, r#"200 {"blocked_for":[]}"#);
    assert_eq!(world.password(USER, "pwd").await.text("error"), "mfa_required");
    assert_eq!(
        world.manage("DELETE", &blocks(USER), None).await.snapshot(),
        "204 ",
        "where there are none as well"
    );
}

/// A3: a block is over as soon as an attempt has come back.
#[tokio::test]
async fn a_block_is_over_by_itself() {
    let world = World::new().await;
    wrong_passwords(&world, USER, 10).await;
    for (after, count) in [(359, 1), (1, 0)] {
        world.clock.advance(after);
        let shown = world.manage("GET", &blocks(USER), None).await.json();
        assert_eq!(shown["blocked_for"].as_array().unwrap().len(), count);
    }
}

/// SEC-36: while nothing can be written nothing is ended; then the same request ends it.
#[tokio::test]
async fn a_block_stays_while_the_table_fails() {
    let world = World::new().await;
    wrong_passwords(&world, USER, 10).await;
    let before = world.stored().await;
    for mode in ["throttle", "error", "timeout"] {
        world.fault("dynamodb", "TransactWriteItems", mode, 0, 1_000);
        let refused = world.manage("DELETE", &blocks(USER), None).await;
        world.twin.aws.faults.clear();
        assert_eq!(
            (refused.status, refused.text("error")),
            (503, "Service Unavailable".to_owned()),
            "{mode}"
        );
        assert!(world.stored().await == before, "{mode}");
    }
    assert_eq!(world.manage("DELETE", &blocks(USER), None).await.status, 204);
    assert_eq!(world.password(USER, "pwd").await.text("error"), "mfa_required");
}

/// More sources than a transaction holds: all are forgotten, nobody else's are.
#[tokio::test]
async fn blocks_of_many_sources_are_ended() {
    let world = World::new().await;
    wrong_passwords(&world, USER, 1).await;
    wrong_passwords(&world, VERIFIED, 1).await;
    let table = world.stored().await;
    let (_, one) = table.iter().find(|((pk, sk), _)| pk.ends_with(USER) && sk.starts_with("LIMIT#")).unwrap();
    for number in 1..120 {
        let mut other = one.clone();
        other.insert("sk".to_owned(), AttributeValue::S(format!("LIMIT#PASSWORD#192.0.2.{number}")));
        world.overwrite(other).await;
    }
    let limits = async || {
        let table = world.stored().await;
        let count = |username: &str| {
            let pk = format!("LOGIN#Username-Password-Authentication#{username}");
            table.keys().filter(|(own, sk)| *own == pk && sk.starts_with("LIMIT#")).count()
        };
        (count(USER), count(VERIFIED))
    };
    assert_eq!(limits().await, (120, 1));
    assert_eq!(world.manage("DELETE", &blocks(USER), None).await.status, 204);
    assert_eq!(limits().await, (0, 1));
    assert_eq!(world.password(USER, "pwd").await.text("error"), "mfa_required", "the login itself is there");
}

/// Plants what is owed from so many further sources, in the form of what one owes.
async fn owe(world: &World, sources: u32, tat: Option<u64>) {
    let table = world.stored().await;
    let (_, one) = table.iter().find(|((pk, sk), _)| pk.ends_with(USER) && sk.starts_with("LIMIT#")).unwrap();
    for source in 0..sources {
        let mut other = one.clone();
        // By their names they come before this machine's.
        let sk = format!("LIMIT#PASSWORD#10.0.{}.{}", source / 256, source % 256);
        other.insert("sk".to_owned(), AttributeValue::S(sk));
        if let Some(tat) = tat {
            other.insert("tat".to_owned(), AttributeValue::N(tat.to_string()));
        }
        world.overwrite(other).await;
    }
}

/// More sources than a reply holds: a thousand are shown, and all are forgotten.
#[tokio::test]
async fn what_is_shown_of_blocks_is_bounded() {
    let world = World::new().await;
    wrong_passwords(&world, USER, 10).await;
    owe(&world, 1_000, None).await;
    let shown = world.manage("GET", &blocks(USER), None).await.json();
    assert_eq!(shown["blocked_for"].as_array().unwrap().len(), 1_000);
    assert_eq!(world.manage("DELETE", &blocks(USER), None).await.status, 204);
    assert_eq!(world.manage("GET", &blocks(USER), None).await.snapshot(), r#"200 {"blocked_for":[]}"#);
    assert!(!world.stored().await.keys().any(|(pk, sk)| pk.ends_with(USER) && sk.starts_with("LIMIT#")));
}

/// More sources than there is time for: the one that is blocked comes before those that merely owe something.
#[tokio::test]
async fn what_is_blocked_is_ended_first() {
    let world = World::new().await;
    wrong_passwords(&world, USER, 10).await;
    owe(&world, 900, Some(world.clock.now().0 + 1)).await;
    world.fault("dynamodb", "TransactWriteItems", "error", 8, 1_000);
    assert_eq!(world.manage("DELETE", &blocks(USER), None).await.status, 503);
    world.twin.aws.faults.clear();
    assert_eq!(world.password(USER, "pwd").await.text("error"), "mfa_required");
}
