//! Contract A3 "AWS fails or hangs … answered within 20 s": the limits that are shipped keep to it, whatever a request
//! waits for. Nothing here waits: trips and attempts are counted, and multiplied by their limits.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use local::Patience;
use postern::config::Timeouts;
use postern::rules::settings::SettingValue;

use crate::support::{NUMBER, OFFLINE, Reply, World};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const API: &str = "https://someapi.com/api";
const CONTRACT: Duration = Duration::from_secs(20);
/// Attempts of a call to the table or to KMS; a send has one. [`calls_are_tried_twice_and_sends_once`] counts them.
const ATTEMPTS: u32 = 2;
/// The longest pause between two attempts.
const BACKOFF: Duration = Duration::from_millis(50);

/// How long a request that made these calls could have taken at most, had each been answered in its last moment.
fn longest(world: &World) -> Duration {
    let limits = Timeouts::default();
    let mut trips: BTreeMap<u64, Duration> = BTreeMap::new();
    for call in world.trips().as_array().unwrap() {
        let limit = match call["service"].as_str().unwrap() {
            "ses" | "sms" => limits.send,
            _ => limits.attempt * ATTEMPTS + BACKOFF,
        };
        let trip = trips.entry(call["round_trip"].as_u64().unwrap()).or_default();
        *trip = limit.max(*trip);
    }
    trips.values().sum()
}

/// Every request that was weighed, by the time it could take.
struct Scales<'a> {
    world: &'a World,
    weighed: Vec<(Duration, &'static str)>,
}

impl<'a> Scales<'a> {
    fn new(world: &'a World) -> Self {
        Self { world, weighed: Vec::new() }
    }

    async fn weigh(
        &mut self,
        what: &'static str,
        status: u16,
        request: impl Future<Output = Reply>,
    ) -> Reply {
        self.world.forget_calls();
        let reply = request.await;
        assert_eq!(reply.status, status, "{what}: {}", reply.body);
        self.weighed.push((longest(self.world), what));
        reply
    }
}

/// A warm request ends by itself before its time is over, so that what a failed send leaves is tidied up as well; the
/// limit of the whole request is for the rest, and keeps the contract.
#[tokio::test]
async fn every_request_ends_in_time() {
    let world = World::with_phones(false).await;
    world.configure(&[("passwordless_email", SettingValue::Switch(true))]).await;
    world.log_in(VERIFIED).await;
    let mut scales = Scales::new(&world);
    let login = scales.weigh("password", 403, world.password(USER, "pwd")).await.text("mfa_token");
    scales.weigh("associate a phone", 200, world.associate_phone(&login, "sms", NUMBER)).await;
    scales.weigh("associate an app", 200, world.associate_otp(&login)).await;
    let associated = scales.weigh("associate an address", 200, world.associate_email(&login, None)).await;
    let code = world.code(USER);
    scales.weigh("enrol", 200, world.oob(&login, &associated.text("oob_code"), &code)).await;
    let recovery_code = associated.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    let login = scales.weigh("offline", 403, world.password_for(USER, "pwd", API, OFFLINE)).await;
    let login = login.text("mfa_token");
    let list = scales.weigh("list", 200, world.list(&login)).await;
    let id = list.json()[0]["id"].as_str().unwrap().to_owned();
    let challenge = scales.weigh("challenge", 200, world.challenge(&login, "oob", &id)).await;
    let code = world.code(USER);
    let wrong = World::wrong(&code);
    scales.weigh("a wrong code", 403, world.oob(&login, &challenge.text("oob_code"), &wrong)).await;
    let tokens = scales.weigh("a code", 200, world.oob(&login, &challenge.text("oob_code"), &code)).await;
    scales.weigh("refresh", 200, world.refresh(&tokens.text("refresh_token"))).await;
    let login = world.log_in(USER).await.mfa_token;
    scales.weigh("recover", 200, world.recovery(&login, &recovery_code)).await;
    let token = world.mfa_access_token(USER, &id).await;
    scales.weigh("delete", 204, world.delete(&token, &id)).await;
    scales.weigh("start without password", 200, world.start_email(VERIFIED)).await;

    scales.weighed.sort();
    let (longest, what) = scales.weighed.last().unwrap();
    let limit = Timeouts::default().request;
    assert!(*longest > limit / 2, "something was counted: {what} {longest:?}");
    assert!(*longest <= limit, "{what} could take {longest:?} of {limit:?}");
    assert!(limit < CONTRACT);
}

/// Where more trips come together than in any warm request (caches are cold and the send fails), the limit of the whole
/// request answers: 503, to be tried again.
#[tokio::test]
async fn whatever_takes_longer_is_answered_by_the_limit_of_the_request() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await.mfa_token;
    world.clock.advance(301);
    world.fault("ses", "SendEmail", "error", 0, 1);
    let mut scales = Scales::new(&world);
    scales.weigh("a challenge that fails, cold", 503, world.challenge(&login, "oob", &id)).await;
    let (longest, _) = scales.weighed[0];
    assert!(longest > CONTRACT, "the trips alone would not keep it: {longest:?}");

    let world = World::with(|options| {
        options.patience = Patience::OfTheClock;
        options.timeouts.request = Duration::ZERO;
    })
    .await;
    world.fault("dynamodb", "", "timeout", 0, 1_000);
    let reply = world.password(USER, "pwd").await;
    assert_eq!((reply.status, reply.text("error")), (503, "temporarily_unavailable".to_owned()));
    assert!(reply.header("retry-after").is_some());
}

/// The attempts that the sum above multiplies by: of two that fail the request fails, and none is left for a third.
#[tokio::test]
async fn calls_are_tried_twice_and_sends_once() {
    let world = World::new().await;
    let login = world.log_in(USER).await.mfa_token;
    world.fault("dynamodb", "Query", "error", 0, 2);
    assert_eq!(world.list(&login).await.status, 503);
    assert!(world.twin.aws.faults.list().is_empty(), "fewer attempts");
    world.fault("ses", "SendEmail", "error", 0, 2);
    for left in [1, 0] {
        assert_eq!(world.associate_email(&login, None).await.status, 503);
        assert_eq!(world.twin.aws.faults.list().len(), left);
    }
}
