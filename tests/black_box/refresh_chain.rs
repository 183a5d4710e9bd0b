//! Rotation: a secret is replaced at each use, a lost reply costs nothing, reuse ends the family (RFC 9700 §4.14.2), also
//! when requests come at once.

use std::sync::Arc;

use crate::support::{OFFLINE, Reply, World, at_once, count_of};

const USER: &str = "user@example.com";
const UNKNOWN: &str = "403 Unknown or invalid refresh token.";

async fn begun(world: &World) -> String {
    world.enrol_offline(USER).await.text("refresh_token")
}

async fn next(world: &World, token: &str) -> String {
    let reply = world.refresh(token).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.text("refresh_token")
}

async fn ended(world: &World, token: &str) {
    assert_eq!(world.refresh(token).await.outcome(), UNKNOWN);
}

/// A reply that was lost: the same request is answered the same token, as often as it takes, for 30 seconds.
#[tokio::test]
async fn a_lost_reply_costs_nothing() {
    let world = World::new().await;
    let first = begun(&world).await;
    let second = next(&world, &first).await;
    for _ in 0..3 {
        world.clock.advance(9);
        assert_eq!(next(&world, &first).await, second);
    }
    world.clock.advance(2);
    assert_eq!(next(&world, &first).await, second, "after 29 seconds");
    // The replies to the next ones are lost as well.
    let third = next(&world, &second).await;
    world.clock.advance(29);
    assert_eq!(next(&world, &second).await, third);
    world.clock.advance(10_000);
    assert_ne!(next(&world, &third).await, third);
}

/// A request that was overtaken by a whole further rotation gets the token that is good now, not one in between.
#[tokio::test]
async fn a_late_request_gets_what_is_current() {
    let world = World::new().await;
    let first = begun(&world).await;
    let second = next(&world, &first).await;
    world.clock.advance(5);
    let third = next(&world, &second).await;
    world.clock.advance(5);
    let fourth = next(&world, &third).await;
    for late in [&first, &second, &third] {
        assert_eq!(next(&world, late).await, fourth);
    }
    world.clock.advance(1_000);
    next(&world, &fourth).await;
}

/// A secret replaced longer ago is in two places: its family ends, for the thief and for the owner.
#[tokio::test]
async fn reuse_ends_the_family() {
    let world = World::new().await;
    let first = begun(&world).await;
    let id = world.id_of_type(USER, "email").await;
    let other = world.sign_in_by_email(USER, &id, "https://someapi.com/api", OFFLINE).await;
    let other = other.text("refresh_token");
    let second = next(&world, &first).await;
    world.clock.advance(30);
    ended(&world, &first).await;
    ended(&world, &second).await;
    ended(&world, &first).await;
    next(&world, &other).await;
}

/// Who stole a token and uses it first is found out by the owner; who uses it within the leeway, by whoever is second.
#[tokio::test]
async fn a_thief_is_found_out() {
    let world = World::new().await;
    let stolen = begun(&world).await;
    let thiefs = next(&world, &stolen).await;
    world.clock.advance(3_600);
    ended(&world, &stolen).await;
    ended(&world, &thiefs).await;

    let world = World::new().await;
    let stolen = begun(&world).await;
    let owners = next(&world, &stolen).await;
    world.clock.advance(10);
    let thiefs = next(&world, &stolen).await;
    assert_eq!(thiefs, owners);
    world.clock.advance(3_600);
    let thiefs = next(&world, &thiefs).await;
    world.clock.advance(3_600);
    ended(&world, &owners).await;
    ended(&world, &thiefs).await;
}

/// Many rotations back, and a secret that was never the family's.
#[tokio::test]
async fn what_is_not_recent_is_reuse() {
    let world = World::new().await;
    let first = begun(&world).await;
    let mut last = first.clone();
    for _ in 0..12 {
        last = next(&world, &last).await;
    }
    ended(&world, &first).await;
    ended(&world, &last).await;

    let world = World::new().await;
    let token = begun(&world).await;
    let (first, rest) = token.split_at(40);
    let forged = format!("{}{}", &first[..39], if first.ends_with('A') { "B" } else { "A" }) + rest;
    ended(&world, &forged).await;
    ended(&world, &token).await;
}

/// The leeway is a setting; without one, a token is good once.
#[tokio::test]
async fn the_leeway_is_a_setting() {
    let world = World::new().await;
    world.set_number("refresh_token_leeway_seconds", 0).await;
    let first = begun(&world).await;
    let second = next(&world, &first).await;
    ended(&world, &first).await;
    ended(&world, &second).await;

    let world = World::new().await;
    world.set_number("refresh_token_leeway_seconds", 300).await;
    let first = begun(&world).await;
    let second = next(&world, &first).await;
    world.clock.advance(299);
    assert_eq!(next(&world, &first).await, second);
}

/// A rotation of the keys between two uses, or between a use and its retry, changes nothing.
#[tokio::test]
async fn keys_may_be_rotated_meanwhile() {
    let world = World::new().await;
    world.set_number("refresh_token_leeway_seconds", 300).await;
    let first = begun(&world).await;
    world.rotate_keys().await;
    // The new root begins fifteen minutes later.
    world.clock.advance(15 * 60 - 10);
    let second = next(&world, &first).await;
    world.clock.advance(20);
    let third = next(&world, &second).await;
    assert_eq!(
        next(&world, &first).await,
        third,
        "under the old root to the second, under the new one to the third"
    );
}

async fn refresh_at_once(world: &Arc<World>, count: usize, token: &str) -> Vec<Reply> {
    at_once(count, |_| {
        let (world, token) = (Arc::clone(world), token.to_owned());
        async move { world.refresh(&token).await }
    })
    .await
}

/// 64 requests with one token: all are served, all with the same next token, and only one of them wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_token_64_times_at_once() {
    let world = Arc::new(World::new().await);
    let mut token = begun(&world).await;
    for _ in 0..3 {
        let replies = refresh_at_once(&world, 64, &token).await;
        assert_eq!(count_of(&replies, 200), 64);
        let mut tokens: Vec<_> = replies.iter().map(|reply| reply.text("refresh_token")).collect();
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "one successor");
        token.clone_from(&tokens[0]);
        world.clock.advance(3_600);
    }
    next(&world, &token).await;
}

/// Clients that share a token and never wait for each other are never logged out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tabs_that_share_a_token_stay_signed_in() {
    let world = Arc::new(World::new().await);
    let token = begun(&world).await;
    let last = at_once(4, |_| {
        let (world, mut token) = (Arc::clone(&world), token.clone());
        async move {
            let mut reply = world.refresh(&token).await;
            for _ in 0..2 {
                token = reply.text("refresh_token");
                reply = world.refresh(&token).await;
            }
            reply
        }
    })
    .await;
    assert_eq!(count_of(&last, 200), 4);
    // Whichever of the last replies is kept: within the leeway each leads to the current token.
    let mut current = Vec::new();
    for reply in &last {
        current.push(next(&world, &reply.text("refresh_token")).await);
    }
    world.clock.advance(3_600);
    next(&world, current.last().unwrap()).await;
}

/// Reuse at once with rightful use: nothing of the family is good afterwards, and nobody sees a 5xx.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reuse_and_use_at_once() {
    for _ in 0..3 {
        let world = Arc::new(World::new().await);
        let first = begun(&world).await;
        let second = next(&world, &first).await;
        world.clock.advance(60);
        let replies = at_once(16, |number| {
            let (world, token) = (Arc::clone(&world), [&first, &second][number % 2].clone());
            async move { world.refresh(&token).await }
        })
        .await;
        assert_all_served_or_refused(&replies);
        assert!(count_of(&replies, 403) >= 8);
        for reply in replies.iter().filter(|reply| reply.status == 200) {
            ended(&world, &reply.text("refresh_token")).await;
        }
        ended(&world, &second).await;
    }
}

/// Revocation at once with use: whatever the order, nothing of the family is good afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn revocation_and_use_at_once() {
    for _ in 0..3 {
        let world = Arc::new(World::new().await);
        let token = begun(&world).await;
        let replies = at_once(16, |number| {
            let (world, token) = (Arc::clone(&world), token.clone());
            async move {
                match number {
                    7 => world.revoke(&token).await,
                    _ => world.refresh(&token).await,
                }
            }
        })
        .await;
        assert_all_served_or_refused(&replies);
        for reply in replies.iter().filter(|reply| reply.has_tokens()) {
            ended(&world, &reply.text("refresh_token")).await;
        }
        ended(&world, &token).await;
    }
}

fn assert_all_served_or_refused(replies: &[Reply]) {
    for reply in replies {
        assert!(reply.status == 200 || reply.outcome() == UNKNOWN, "{} {}", reply.status, reply.body);
    }
}
