//! A root that somebody else may have: which refresh tokens end with it (SEC-44; `rules::refresh` says what a root tells).

use postern::id::Kid;
use postern::token::key_life::{Revocation, revocation};
use postern::token::keyring::KeyUse;
use postern::token::keys::KEYS_FRESH_SECONDS;
use postern::token::refresh::RefreshToken;
use postern::token::rotation::KNOWN_BEFORE_USE_SECONDS;

use crate::support::{OFFLINE, World};

const USER: &str = "user@example.com";
const API: &str = "https://someapi.com/api";
const UNKNOWN: &str = "403 Unknown or invalid refresh token.";

async fn next(world: &World, token: &str) -> String {
    let reply = world.refresh(token).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.text("refresh_token")
}

/// What whoever has the root that is current makes of a token.
async fn computed(world: &World, token: &str) -> String {
    let ring = world.twin.app.keys.ring(world.clock.now()).await.unwrap();
    let token = RefreshToken::parse(token).unwrap();
    token.with(token.successor(ring.root(world.clock.now()).unwrap()).unwrap()).text()
}

async fn current_root(world: &World) -> Kid {
    world.twin.app.keys.ring(world.clock.now()).await.unwrap().root(world.clock.now()).unwrap().kid.clone()
}

/// Revokes a root, whichever takes or has its place.
async fn revoke(world: &World, kid: &Kid) {
    let (store, now) = (&world.twin.app.store, world.clock.now());
    let all = store.key_generations().await.unwrap();
    let root = all.iter().find(|key| key.key_use == KeyUse::Root && key.kid == *kid).unwrap();
    let Revocation::By(signer) = revocation(root, &all, now) else { panic!("nothing takes its place") };
    assert!(store.revoke_key_generation(root, &signer, now).await.unwrap());
}

/// SEC-44: who has the root and any token that the family ever had can compute the current one. It ends with the root,
/// and what never was computed under it goes on.
#[tokio::test]
async fn a_revoked_root_ends_what_was_computed_under_it() {
    let world = World::new().await;
    let first = world.enrol_offline(USER).await.text("refresh_token");
    let id = world.id_of_type(USER, "email").await;
    let untouched = world.sign_in_by_email(USER, &id, API, OFFLINE).await.text("refresh_token");
    let second = next(&world, &first).await;
    let third = next(&world, &second).await;
    let guessed = computed(&world, &second).await;
    assert_eq!(guessed, third, "the root tells it");

    world.rotate_keys().await;
    revoke(&world, &current_root(&world).await).await;
    world.clock.advance(KEYS_FRESH_SECONDS);
    for token in [&guessed, &second, &first] {
        assert_eq!(world.refresh(token).await.outcome(), UNKNOWN);
    }
    let goes_on = next(&world, &untouched).await;
    next(&world, &goes_on).await;
}

/// The leeway is no way around it: a token that was replaced a moment ago leads to none either.
#[tokio::test]
async fn a_revoked_root_ends_the_leeway() {
    let world = World::new().await;
    let first = world.enrol_offline(USER).await.text("refresh_token");
    world.rotate_keys().await;
    world.clock.advance(KEYS_FRESH_SECONDS - 10);
    let second = next(&world, &first).await;
    assert_eq!(next(&world, &first).await, second, "within its leeway");
    revoke(&world, &current_root(&world).await).await;
    // The environment looks again.
    world.clock.advance(20);
    assert_eq!(world.refresh(&first).await.outcome(), UNKNOWN);
    assert_eq!(world.refresh(&second).await.outcome(), UNKNOWN);
}

/// One step under a root that nobody else has, and the one before tells nothing any more.
#[tokio::test]
async fn a_step_under_another_root_ends_the_exposure() {
    let world = World::new().await;
    let first = world.enrol_offline(USER).await.text("refresh_token");
    let leaked = current_root(&world).await;
    let second = next(&world, &first).await;
    world.rotate_keys().await;
    world.clock.advance(KNOWN_BEFORE_USE_SECONDS);
    let third = next(&world, &second).await;
    assert_ne!(current_root(&world).await, leaked);
    revoke(&world, &leaked).await;
    world.clock.advance(KEYS_FRESH_SECONDS);
    let fourth = next(&world, &third).await;
    next(&world, &fourth).await;
}
