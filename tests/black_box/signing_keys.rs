//! `/api/v2/keys/signing…`: the keys that tokens are signed with are listed, rotated and revoked (contract §6, SEC-29).

use std::sync::Arc;

use insta::assert_snapshot;
use postern::token::keys::KEYS_FRESH_SECONDS;
use postern::token::rotation::KNOWN_BEFORE_USE_SECONDS;
use serde_json::{Value, json};

use crate::support::{Body, Reply, World, at_once};

const KEYS: &str = "/api/v2/keys/signing";

async fn list(world: &World) -> Value {
    let reply = world.manage("GET", KEYS, None).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

/// The kids, newest first.
async fn kids(world: &World) -> Vec<String> {
    list(world).await.as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// What each key is for, newest first.
async fn states(world: &World) -> Vec<&'static str> {
    let of = |key: &Value| {
        let words = ["current", "next", "previous", "revoked"];
        let mut all = words.into_iter().filter(|word| key[word] == true);
        let state = all.next().expect("a state");
        assert_eq!(all.next(), None, "one state: {key}");
        state
    };
    list(world).await.as_array().unwrap().iter().map(of).collect()
}

async fn rotate(world: &World) -> String {
    let reply = world.manage("POST", &format!("{KEYS}/rotate"), None).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.text("kid")
}

async fn revoke(world: &World, kid: &str) -> Reply {
    world.manage("PUT", &format!("{KEYS}/{kid}/revoke"), None).await
}

/// The kids that are published, in no order.
async fn published(world: &World) -> Vec<String> {
    let jwks = world.send("GET", "/.well-known/jwks.json", &[], Body::none()).await.json();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The kid that a new token is signed with.
async fn signer(world: &World) -> String {
    let token = world.management_token().await;
    postern::token::jwt::kid_of(&token).unwrap().to_string()
}

/// §6, design §4: a new key is published at once and used when it has been known long enough.
#[tokio::test]
async fn a_key_takes_the_place_of_another() {
    let world = World::new().await;
    let first = kids(&world).await.remove(0);
    let shown = world.manage("GET", KEYS, None).await;
    assert_snapshot!(shown.snapshot().replace(&first, "[first]"), @r#"200 [{"kid":"[first]","current":true,"next":false,"previous":false,"current_since":"2030-03-17T17:47:00.000Z","revoked":false}]"#);
    let second = rotate(&world).await;
    assert_eq!((states(&world).await, signer(&world).await), (vec!["next", "current"], first.clone()));
    assert_eq!(rotate(&world).await, second, "it is there");
    assert_eq!(kids(&world).await, [second.clone(), first.clone()]);
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS);
    assert_eq!((states(&world).await, signer(&world).await), (vec!["current", "previous"], second.clone()));
    let old = world.manage("GET", &format!("{KEYS}/{first}"), None).await;
    assert_snapshot!(old.snapshot().replace(&first, "[first]"), @r#"200 {"kid":"[first]","current":false,"next":false,"previous":true,"current_since":"2030-03-17T17:47:00.000Z","current_until":"2030-03-17T18:02:00.000Z","revoked":false}"#);
    assert_eq!(published(&world).await.len(), 2);
}

/// SEC-29: what a revoked key signed is refused, and its successor signs at once.
#[tokio::test]
async fn a_revoked_key_is_good_for_nothing() {
    let world = World::new().await;
    let first = kids(&world).await.remove(0);
    let stolen = world.management_token().await;
    let second = rotate(&world).await;
    world.clock.advance(60);
    let revoked = revoke(&world, &first).await;
    assert_snapshot!(revoked.snapshot().replace(&first, "[first]"), @r#"200 {"kid":"[first]","revoked_at":"2030-03-17T17:48:00.000Z"}"#);
    // Environments look again after that long.
    world.clock.advance(KEYS_FRESH_SECONDS);
    assert_eq!(world.bearer("GET", KEYS, &stolen, Body::none()).await.status, 401);
    assert_eq!((states(&world).await, signer(&world).await), (vec!["current", "revoked"], second.clone()));
    assert_eq!(published(&world).await, std::slice::from_ref(&second));
    let shown = list(&world).await;
    assert_eq!(shown[0]["current_since"], "2030-03-17T17:48:00.000Z", "a quarter of an hour early");
    world.clock.advance(60);
    assert_eq!(revoke(&world, &first).await.text("revoked_at"), "2030-03-17T17:48:00.000Z", "since then");

    let refused = revoke(&world, &second).await;
    assert_snapshot!(refused.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"There is no next key to sign with: rotate first.","errorCode":"operation_not_supported"}"#);
    let third = rotate(&world).await;
    assert_eq!(revoke(&world, &third).await.status, 200, "one that is to come");
    assert_eq!(states(&world).await, ["revoked", "current", "revoked"]);
    let fourth = rotate(&world).await;
    assert_ne!(fourth, third, "a revoked key is none to come");
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS);
    assert_eq!(signer(&world).await, fourth);
}

/// A revoked successor retires nobody: the key before it signs on.
#[tokio::test]
async fn revoked_keys_succeed_nobody() {
    let world = World::new().await;
    let first = kids(&world).await.remove(0);
    let second = rotate(&world).await;
    assert_eq!(revoke(&world, &second).await.status, 200);
    // Longer than any token lives.
    world.clock.advance(40 * 86_400);
    assert_eq!(signer(&world).await, first);
    rotate(&world).await;
    assert!(kids(&world).await.contains(&first));
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS);
    assert_eq!(states(&world).await, ["current", "revoked", "previous"]);
    assert_eq!(revoke(&world, &first).await.status, 200, "an old one, while another signs");
}

/// Of two revocations at once that would leave no key, one is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_at_every_moment() {
    let world = Arc::new(World::new().await);
    rotate(&world).await;
    let kids = kids(&world).await;
    let token = Arc::new(world.management_token().await);
    let replies = at_once(2, |number| {
        let (world, token) = (Arc::clone(&world), Arc::clone(&token));
        let path = format!("{KEYS}/{}/revoke", kids[number]);
        async move { world.bearer("PUT", &path, &token, Body::none()).await }
    })
    .await;
    let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    let left = world.twin.app.store.key_generations().await.unwrap();
    let now = world.twin.app.now();
    let good = left.iter().filter(|key| key.public.is_some() && key.revoked_at.is_none());
    assert_eq!(good.filter(|key| key.not_before <= now).count(), 1);
}

/// Whoever may rotate cannot fill the list that every environment reads, and makes no roots, which stay for good.
#[tokio::test]
async fn keys_are_bounded() {
    let world = World::new().await;
    for _ in 1..16 {
        let next = rotate(&world).await;
        assert_eq!(revoke(&world, &next).await.status, 200);
    }
    let refused = world.manage("POST", &format!("{KEYS}/rotate"), None).await;
    assert_snapshot!(refused.snapshot(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"There are too many signing keys. They go 30 days after their successors began.","errorCode":"operation_not_supported"}"#);
    let generations = world.twin.app.store.key_generations().await.unwrap();
    assert_eq!(generations.iter().filter(|key| key.public.is_none()).count(), 1, "the first root");
    world.rotate_keys().await;
}

/// Keys that nothing needs any more are not in the way of another.
#[tokio::test]
async fn what_may_go_makes_room() {
    let world = World::new().await;
    for _ in 2..16 {
        let next = rotate(&world).await;
        assert_eq!(revoke(&world, &next).await.status, 200);
    }
    let last = rotate(&world).await;
    assert_eq!(kids(&world).await.len(), 16);
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS + 30 * 86_400 - 1);
    assert_eq!(world.manage("POST", &format!("{KEYS}/rotate"), None).await.status, 400);
    world.clock.advance(1);
    let next = rotate(&world).await;
    assert_eq!(kids(&world).await, [next, last]);
}

/// SEC-36: a rotation that KMS or the table fails adds nothing by halves that a repetition does not complete.
#[tokio::test]
async fn a_failed_rotation_is_repeated() {
    for (service, operation, skip) in [
        ("kms", "GenerateDataKeyPairWithoutPlaintext", 0),
        ("dynamodb", "PutItem", 0),
        ("dynamodb", "Query", 0),
    ] {
        let world = World::new().await;
        let token = world.management_token().await;
        world.fault(service, operation, "error", skip, 2);
        let failed = world.bearer("POST", &format!("{KEYS}/rotate"), &token, Body::none()).await;
        assert_eq!(failed.status, 503, "{operation}: {}", failed.body);
        assert!(failed.header("retry-after").is_some());
        world.twin.aws.faults.clear();
        rotate(&world).await;
        assert_eq!(states(&world).await, ["next", "current"], "{operation}");
        let generations = world.twin.app.store.key_generations().await.unwrap();
        assert_eq!(generations.len(), 3, "{operation}: a root and two signing keys");
    }
}

/// SEC-40: what a request did before it failed is recorded beside its failure; a refusal is a refusal.
#[tokio::test]
async fn half_a_rotation_is_recorded() {
    let world = World::new().await;
    rotate(&world).await;
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS + 30 * 86_400);
    let token = world.management_token().await;
    let audit = world.audit();
    world.fault("kms", "GenerateDataKeyPairWithoutPlaintext", "error", 0, 2);
    let failed = world.bearer("POST", &format!("{KEYS}/rotate"), &token, Body::none()).await;
    let lines: Vec<_> =
        audit.lines().lines().map(|line| line.replace(" - demo-management - ", " ")).collect();
    assert_snapshot!(lines.join("\n"), @r"
    kms_key_management_success kms_failed
    kms_key_management_failure kms_failed
    fapi kms_failed
    ");
    assert_eq!((failed.status, kids(&world).await.len()), (503, 1), "the old one went: {}", failed.body);
}

/// §6: each has its scope; keys that there are not.
#[tokio::test]
async fn scopes_and_unknown_keys() {
    let world = World::new().await;
    let scopes = ["read:signing_keys", "create:signing_keys", "update:signing_keys"];
    for (method, path, scope) in [
        ("GET", KEYS.to_owned(), scopes[0]),
        ("GET", format!("{KEYS}/x"), scopes[0]),
        ("POST", format!("{KEYS}/rotate"), scopes[1]),
        ("PUT", format!("{KEYS}/x/revoke"), scopes[2]),
    ] {
        let others: Vec<_> = scopes.into_iter().filter(|other| *other != scope).collect();
        let narrow = world.token_with_scope(&others.join(" ")).await;
        let reply = world.bearer(method, &path, &narrow, Body::none()).await;
        let expected = format!("Insufficient scope, expected any of: {scope}");
        assert_eq!((reply.status, reply.text("message")), (403, expected), "{method} {path}");
        assert_eq!(world.send(method, &path, &[], Body::none()).await.status, 401, "{method} {path}");
    }
    for kid in ["x", "%00", "%FF", "root%23000001"] {
        assert_eq!(
            world.manage("GET", &format!("{KEYS}/{kid}"), None).await.snapshot(),
            r#"404 {"statusCode":404,"error":"Not Found","message":"The signing key does not exist.","errorCode":"inexistent_signing_key"}"#
        );
        assert_eq!(revoke(&world, kid).await.status, 404, "{kid}");
    }
    let root = world.twin.app.store.key_generations().await.unwrap();
    let root = root.iter().find(|key| key.public.is_none()).unwrap();
    assert_eq!(revoke(&world, root.kid.as_str()).await.status, 404, "roots are no signing keys");
    assert_eq!(json!(states(&world).await), json!(["current"]));
}

/// design §7: sequential round trips.
#[tokio::test]
async fn trips() {
    let world = World::new().await;
    let token = world.management_token().await;
    let kid = kids(&world).await.remove(0);
    for (method, path, trips) in [
        ("GET", KEYS.to_owned(), 1),
        ("GET", format!("{KEYS}/{kid}"), 1),
        ("POST", format!("{KEYS}/rotate"), 3),
        ("PUT", format!("{KEYS}/{kid}/revoke"), 2),
    ] {
        world.forget_calls();
        let reply = world.bearer(method, &path, &token, Body::none()).await;
        assert!(reply.status < 300, "{method} {path}: {}", reply.body);
        assert_eq!(world.round_trips(), trips, "{method} {path}: {:?}", world.operations());
    }
}
