//! The scheduled rotation, ended at every step and repeated; and what was made before it, through it (design §4, SEC-3,
//! SEC-29, SEC-36, SEC-44).

use aws_sdk_kms::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_kms::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_kms::error::BoxError;
use insta::assert_snapshot;
use postern::rules::totp::TotpSecret;
use postern::store::keys::KeyGeneration;
use postern::time::Clock;
use postern::token::key_life::{KeyState, state};
use postern::token::key_times::KeyTimes;
use postern::token::keyring::KeyUse;
use postern::token::rotation::{KNOWN_BEFORE_USE_SECONDS, Report, Rotation};

use crate::support::{Body, OFFLINE, World};

const USER: &str = "user@example.com";
const API: &str = "https://someapi.com/api";
const DAY: u64 = 86_400;
/// So many calls that no retry gets through.
const LASTING: u32 = 1_000;
/// A moment less than a code lives.
const PACE: u64 = 290;

fn kid(token: &str) -> String {
    postern::token::jwt::kid_of(token).unwrap().to_string()
}

async fn published(world: &World) -> Vec<String> {
    let jwks = world.send("GET", "/.well-known/jwks.json", &[], Body::none()).await.json();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The places of the keys that there are, as `root1`.
async fn places(world: &World) -> Vec<String> {
    let keys = world.twin.app.store.key_generations().await.unwrap();
    keys.iter().map(|key| format!("{}{}", key.key_use.as_str(), key.generation)).collect()
}

/// A tenant whose keys were replaced long ago: the first signing key can go, and the second ones are due.
async fn ready() -> World {
    let world = World::new().await;
    world.rotate_keys().await;
    world.clock.advance(90 * DAY);
    world
}

/// Of each use there is exactly one current key, at most one that is to come, and none that was known too short before.
async fn assert_usable(world: &World, what: &str) {
    let all = world.twin.app.store.key_generations().await.unwrap();
    let now = world.clock.now();
    for key_use in [KeyUse::Root, KeyUse::Signing] {
        let mine: Vec<_> = all.iter().filter(|key| key.key_use == key_use).collect();
        let of = |wanted| mine.iter().filter(|key| state(key, &all, now) == wanted).count();
        assert_eq!(of(KeyState::Current), 1, "{what}: {key_use:?}");
        assert!(of(KeyState::Next) <= 1, "{what}: {key_use:?}");
        let is_known =
            |key: &&&KeyGeneration| key.not_before.since(key.created_at) >= KNOWN_BEFORE_USE_SECONDS;
        assert!(
            mine.iter().filter(|key| key.generation > 1).all(|key| is_known(&key)),
            "{what}: {key_use:?}"
        );
    }
}

/// A login that waits for its code.
struct Waiting {
    mfa_token: String,
    oob_code: String,
    code: String,
}

impl Waiting {
    async fn begin(world: &World, id: &str) -> Self {
        let mfa_token = world.log_in(USER).await.mfa_token;
        let oob_code = world.challenge(&mfa_token, "oob", id).await.text("oob_code");
        Self { mfa_token, oob_code, code: world.code(USER) }
    }

    /// Proves the code; gives the access token.
    async fn end(self, world: &World, what: &str) -> String {
        let reply = world.oob(&self.mfa_token, &self.oob_code, &self.code).await;
        assert_eq!(reply.status, 200, "{what}: {}", reply.body);
        reply.text("access_token")
    }
}

/// What a user has in hand.
struct InHand {
    id: String,
    app: TotpSecret,
    access_token: String,
    refresh_token: String,
    waiting: Waiting,
}

impl InHand {
    async fn begin(world: &World) -> Self {
        let (id, _) = world.enrol_email(USER).await;
        let token = world.mfa_access_token(USER, &id).await;
        let app = TotpSecret::from_base32(&world.associate_otp(&token).await.text("secret")).unwrap();
        assert_eq!(world.otp(&token, &world.app_code(&app, 0)).await.status, 200);
        let tokens = world.sign_in_by_email(USER, &id, API, OFFLINE).await;
        let waiting = Waiting::begin(world, &id).await;
        let [access_token, refresh_token] = ["access_token", "refresh_token"].map(|it| tokens.text(it));
        Self { id, app, access_token, refresh_token, waiting }
    }

    /// Everything goes on until long after the new keys have begun, and no client meets a key that it could not know.
    async fn goes_on(mut self, world: &World, what: &str) {
        let mut seen = vec![published(world).await];
        let mut signers = Vec::new();
        for _ in 0..5 {
            world.clock.advance(PACE);
            let next = Waiting::begin(world, &self.id).await;
            let signed = std::mem::replace(&mut self.waiting, next).end(world, what).await;
            // What a client has that asked ten minutes ago an environment that had not looked for five.
            let known = &seen[seen.len().saturating_sub(2)];
            assert!(known.contains(&kid(&signed)), "{what}: signed by a key that was not published");
            seen.push(published(world).await);
            signers.push(kid(&signed));
            let info = world.bearer("GET", "/userinfo", &self.access_token, Body::none()).await;
            assert_eq!(info.status, 200, "{what}: an older access token");
            let refreshed = world.refresh(&self.refresh_token).await;
            assert_eq!(refreshed.status, 200, "{what}: {}", refreshed.body);
            self.refresh_token = refreshed.text("refresh_token");
            assert_usable(world, what).await;
        }
        let login = world.log_in(USER).await.mfa_token;
        let by_app = world.otp(&login, &world.app_code(&self.app, 0)).await;
        assert_eq!(by_app.status, 200, "{what}: an app enrolled before: {}", by_app.body);
        signers.dedup();
        assert_eq!(signers.len(), 2, "{what}: the new key signs in the end");
    }
}

/// Every call of a rotation in which everything is due, in order: service, operation, how many of the same came before.
async fn steps() -> Vec<(String, String, u32)> {
    let world = ready().await;
    world.forget_calls();
    world.rotate_due().await.unwrap();
    let mut steps: Vec<(String, String, u32)> = Vec::new();
    for call in world.trips().as_array().unwrap() {
        let [service, operation] = ["service", "operation"].map(|it| call[it].as_str().unwrap().to_owned());
        let before = steps.iter().filter(|(_, earlier, _)| *earlier == operation).count();
        steps.push((service, operation, u32::try_from(before).unwrap()));
    }
    steps
}

/// Ends a rotation at each of its steps, and repeats it.
async fn is_completed_by_the_next(mode: &str) {
    for (service, operation, skip) in steps().await {
        let what = format!("{mode} of {operation} after {skip}");
        let world = ready().await;
        let in_hand = InHand::begin(&world).await;
        world.fault(&service, &operation, mode, skip, LASTING);
        assert!(world.rotate_due().await.is_err(), "{what}");
        world.twin.aws.faults.clear();
        assert_usable(&world, &what).await;
        world.rotate_due().await.unwrap();
        assert_eq!(places(&world).await, ["root1", "root2", "root3", "signing2", "signing3"], "{what}");
        assert_eq!(world.rotate_due().await.unwrap(), Report::default(), "{what}: thrice");
        in_hand.goes_on(&world, &what).await;
    }
}

/// What a rotation does, and in which order: nothing that is there is touched before what takes its place is stored.
#[tokio::test]
async fn the_steps_of_a_rotation() {
    let steps: Vec<_> = steps().await.into_iter().map(|(_, operation, _)| operation).collect();
    assert_snapshot!(steps.join(" "), @"Query Query GenerateDataKeyWithoutPlaintext PutItem GenerateDataKeyPairWithoutPlaintext PutItem TransactWriteItems");
}

/// design §4: killed before any of its calls is done, a rotation is completed by the next, and nothing made before it is
/// lost (SEC-3, SEC-29, SEC-44).
#[tokio::test]
async fn killed_before_a_call_is_done() {
    is_completed_by_the_next("timeout").await;
}

/// The same when a call is done and the rotation ends without knowing.
#[tokio::test]
async fn killed_before_an_answer() {
    is_completed_by_the_next("lost").await;
}

/// KMS that takes its time: the clock moves while it works.
#[derive(Debug)]
struct Slow(Clock);

const SLOW_SECONDS: u64 = 400;

impl Intercept for Slow {
    fn name(&self) -> &'static str {
        "Slow"
    }

    fn read_before_deserialization(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.advance(SLOW_SECONDS);
        Ok(())
    }
}

/// design §4: however long KMS takes, a key is known long enough from when it is written on.
#[tokio::test]
async fn a_key_is_known_long_enough_however_long_it_was_made() {
    let world = ready().await;
    let begun = world.clock.now();
    let slow = world.twin.app.kms.config().to_builder().interceptor(Slow(world.clock.clone()));
    let kms = aws_sdk_kms::Client::from_conf(slow.build());
    let rotation = Rotation { kms: &kms, ..world.rotation() };
    rotation.rotate_due(&mut Report::default()).await.unwrap();
    let all = world.twin.app.store.key_generations().await.unwrap();
    let newest = all.iter().filter(|key| key.generation == 3);
    let begins: Vec<_> = newest.map(|key| (key.key_use, key.not_before.since(begun))).collect();
    let known = KNOWN_BEFORE_USE_SECONDS;
    let expected = [(KeyUse::Root, SLOW_SECONDS + known), (KeyUse::Signing, 2 * SLOW_SECONDS + known)];
    assert_eq!(begins, expected);
}

/// design §4: whoever may have other times than the deployment makes keys that are known as long as its own, and retires
/// none.
#[tokio::test]
async fn who_does_not_know_the_times_keeps_to_them() {
    let week = KeyTimes::new(90, 604_800, 365).unwrap();
    let world = World::with(|options| options.key_times = week).await;
    let others = async |times: KeyTimes| {
        let mut report = Report::default();
        Rotation { times, ..world.rotation() }.make_next(&mut report).await.unwrap();
        assert_eq!((report.made.len(), report.retired.len()), (2, 0));
        let all = world.twin.app.store.key_generations().await.unwrap();
        let made = all.iter().filter(|key| report.made.contains(&key.kid));
        let waits: Vec<_> = made.map(|key| key.not_before.since(world.clock.now())).collect();
        world.clock.advance(100 * DAY);
        waits
    };
    assert_eq!(others(KeyTimes::default()).await, [604_800; 2], "the first keys tell");
    assert_eq!(others(KeyTimes::default()).await, [604_800; 2], "the next ones do");
    let shorter = KeyTimes::new(90, 7_200, 30).unwrap();
    let own = Rotation { times: shorter, ..world.rotation() };
    own.rotate_due(&mut Report::default()).await.unwrap();
    world.clock.advance(DAY);
    assert_eq!(others(KeyTimes::default()).await, [7_200; 2], "as long as the deployment has it now");
    assert_eq!(others(week).await, [604_800; 2], "longer if it is said");
}

/// design §4: of rotations at once each key is made once, whoever makes it.
#[tokio::test]
async fn rotations_at_once() {
    let world = ready().await;
    let in_hand = InHand::begin(&world).await;
    let rotate = || world.rotate_due();
    let (first, second, third, fourth) = tokio::join!(rotate(), rotate(), rotate(), rotate());
    let made = [first, second, third, fourth].map(|report| report.unwrap().made.len());
    assert_eq!(made.iter().sum::<usize>(), 2);
    assert_eq!(places(&world).await, ["root1", "root2", "root3", "signing2", "signing3"]);
    in_hand.goes_on(&world, "rotations at once").await;
}

/// A look every day replaces what is due and retires what nobody needs, and does nothing else; a failure waits for the
/// next day.
#[tokio::test]
async fn a_daily_look_replaces_keys_in_time() {
    let world = World::new().await;
    let mut changes = Vec::new();
    for day in 0..=210 {
        let report = world.rotate_due().await.unwrap();
        if report != Report::default() {
            changes.push(format!("{day}: +{} -{}", report.made.len(), report.retired.len()));
        }
        world.clock.advance(DAY);
    }
    assert_snapshot!(changes.join(", "), @"89: +2 -0, 120: +0 -1, 178: +2 -0, 209: +0 -1");
}

/// An operator's times: how long a key is published before it signs, and how long it stays.
#[tokio::test]
async fn keys_overlap_as_the_operator_says() {
    let times = KeyTimes::new(8, 7_200, 60).unwrap();
    let world = World::with(|options| options.key_times = times).await;
    let first = kid(&world.management_token().await);
    world.clock.advance(7 * DAY);
    assert_eq!(world.rotate_due().await.unwrap().made.len(), 2);
    world.clock.advance(7_199);
    assert_eq!(kid(&world.management_token().await), first);
    world.clock.advance(1);
    assert_ne!(kid(&world.management_token().await), first);
    // Others come meanwhile, and are none of this one's business.
    world.clock.advance(60 * DAY - 1);
    let retired = world.rotate_due().await.unwrap().retired;
    assert!(!retired.iter().any(|kid| kid.as_str() == first), "a second too early");
    world.clock.advance(1);
    let retired = world.rotate_due().await.unwrap().retired;
    assert!(retired.iter().any(|kid| kid.as_str() == first));
}
