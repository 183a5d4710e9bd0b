//! What each request costs: sequential round trips to AWS, counted where the SDK starts them (design §7).

use std::future::Future;

use postern::rules::totp::TotpSecret;

use crate::support::{Body, DEMO_APP, OFFLINE, Reply, World};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const API: &str = "https://someapi.com/api";

/// What one request cost.
#[derive(Debug)]
pub(crate) struct Cost {
    pub(crate) reply: Reply,
    trips: u64,
    /// The operations of each trip, sorted.
    pub(crate) operations: Vec<Vec<String>>,
}

pub(crate) async fn cost(world: &World, request: impl Future<Output = Reply>) -> Cost {
    world.forget_calls();
    let reply = request.await;
    let calls = world.trips();
    let mut operations = vec![Vec::new(); usize::try_from(world.round_trips()).unwrap()];
    for call in calls.as_array().unwrap() {
        assert_ne!(call["service"], "kms", "a warm request makes no KMS call");
        let trip = usize::try_from(call["round_trip"].as_u64().unwrap()).unwrap();
        operations[trip - 1].push(call["operation"].as_str().unwrap().to_owned());
    }
    operations.iter_mut().for_each(|trip| trip.sort());
    Cost { reply, trips: world.round_trips(), operations }
}

/// Fails unless the request was answered so, in so many trips.
pub(crate) async fn assert_cost(
    world: &World,
    what: &str,
    status: u16,
    trips: u64,
    request: impl Future<Output = Reply>,
) -> Reply {
    let Cost { reply, trips: counted, operations } = cost(world, request).await;
    assert_eq!(reply.status, status, "{what}: {}", reply.body);
    assert_eq!(counted, trips, "{what}: {operations:?}");
    reply
}

/// Lets somebody else's login read settings and keys again after the clock has moved.
async fn warm(world: &World) {
    world.log_in(VERIFIED).await;
}

/// Every row of the table of design §7 for email, from the first login on. Mail is one trip more, and the last.
#[tokio::test]
async fn the_email_flow_stays_on_its_budget() {
    let world = World::new().await;
    let login = assert_cost(&world, "password", 403, 2, world.password(USER, "pwd")).await.text("mfa_token");
    assert_cost(&world, "list", 200, 1, world.list(&login)).await;
    let associated =
        assert_cost(&world, "associate email", 200, 3, world.associate_email(&login, None)).await;
    let (oob_code, code) = (associated.text("oob_code"), world.code(USER));
    assert_cost(&world, "enrol", 200, 2, world.oob(&login, &oob_code, &code)).await;

    let login = assert_cost(&world, "password", 403, 2, world.password(USER, "pwd")).await.text("mfa_token");
    let list = assert_cost(&world, "list", 200, 1, world.list(&login)).await;
    let id = list.json()[0]["id"].as_str().unwrap().to_owned();
    let challenge = assert_cost(&world, "challenge", 200, 3, world.challenge(&login, "oob", &id)).await;
    let (oob_code, code) = (challenge.text("oob_code"), world.code(USER));
    assert_cost(&world, "wrong code", 403, 1, world.oob(&login, &oob_code, &World::wrong(&code))).await;
    assert_cost(&world, "wrong shape", 403, 1, world.oob(&login, &oob_code, "12345")).await;
    assert_cost(&world, "right code after a wrong one", 200, 2, world.oob(&login, &oob_code, &code)).await;
    assert_cost(&world, "the same again", 403, 2, world.oob(&login, &oob_code, &code)).await;
}

/// The trips are those of the table, not others of the same number.
#[tokio::test]
async fn what_runs_together_runs_together() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let password = cost(&world, world.password(USER, "pwd")).await;
    assert_eq!(
        password.operations,
        [vec!["GetItem", "GetItem", "GetItem", "UpdateItem"], vec!["Query", "UpdateItem"]]
    );
    let login = password.reply.text("mfa_token");
    let challenge = cost(&world, world.challenge(&login, "oob", &id)).await;
    assert_eq!(
        challenge.operations,
        [vec!["GetItem", "Query", "Query"], vec!["TransactWriteItems"], vec!["SendEmail"]]
    );
    let verify = cost(&world, world.oob(&login, &challenge.reply.text("oob_code"), &world.code(USER))).await;
    assert_eq!(
        verify.operations,
        [vec!["GetItem", "Query", "Query", "UpdateItem"], vec!["TransactWriteItems"]]
    );
}

/// The rows of apps, recovery codes and removal.
#[tokio::test]
async fn the_other_factors_stay_on_their_budgets() {
    let world = World::new().await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let associated = assert_cost(&world, "associate app", 200, 2, world.associate_otp(&token)).await;
    let secret = TotpSecret::from_base32(&associated.text("secret")).unwrap();
    assert_cost(&world, "enrol app", 200, 2, world.otp(&token, &world.app_code(&secret, 0))).await;
    world.clock.advance(30);

    let login = world.log_in(USER).await.mfa_token;
    let app = world.id_of_type(USER, "otp").await;
    assert_cost(&world, "challenge app", 200, 1, world.challenge(&login, "otp", &app)).await;
    let code = world.app_code(&secret, 0);
    assert_cost(&world, "wrong app code", 403, 1, world.otp(&login, &World::wrong(&code))).await;
    assert_cost(&world, "app code", 200, 2, world.otp(&login, &code)).await;

    let login = world.log_in(USER).await.mfa_token;
    let wrong = "N3BGPZZWJ85JLCNPZBDW6QXC";
    assert_cost(&world, "wrong recovery code", 403, 1, world.recovery(&login, wrong)).await;
    assert_cost(&world, "recovery code", 200, 2, world.recovery(&login, &recovery_code)).await;
    assert_cost(&world, "list by JWT", 200, 1, world.list(&token)).await;
    assert_cost(&world, "associate by JWT", 200, 3, world.associate_email(&token, Some("b@example.com")))
        .await;
    assert_cost(&world, "delete", 204, 2, world.delete(&token, &id)).await;
}

/// The client is looked up together with the rest.
#[tokio::test]
async fn naming_the_client_at_associate_costs_nothing() {
    let world = World::new().await;
    let login = world.log_in(USER).await.mfa_token;
    let body = Body::json(&serde_json::json!({ "authenticator_types": ["oob"], "oob_channels": ["email"],
        "client_id": "demo-app", "client_secret": "demo-secret" }));
    assert_cost(&world, "associate", 200, 3, world.bearer("POST", "/mfa/associate", &login, body)).await;
}

/// The remaining rows: tokens of clients, userinfo, discovery and keys; and a refused password.
#[tokio::test]
async fn the_rest_stays_on_its_budget() {
    let world = World::new().await;
    assert_cost(&world, "wrong password", 403, 1, world.password(USER, "wrong")).await;
    assert_cost(&world, "unknown user", 403, 1, world.password("nobody@example.com", "pwd")).await;
    assert_cost(&world, "password after a wrong one", 403, 2, world.password(USER, "pwd")).await;
    let audience = format!("{}api/v2/", world.issuer());
    let client = [
        ("grant_type", "client_credentials"),
        ("client_id", "demo-management"),
        ("client_secret", "demo-management-secret"),
        ("audience", &audience),
    ];
    assert_cost(&world, "client_credentials", 200, 1, world.post("/oauth/token", Body::form(&client))).await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.sign_in_by_email(USER, &id, API, "openid email").await.text("access_token");
    assert_cost(&world, "userinfo", 200, 1, world.bearer("GET", "/userinfo", &token, Body::none())).await;
    for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json"] {
        assert_cost(&world, path, 200, 0, world.send("GET", path, &[], Body::none())).await;
    }
    for (what, request) in
        [("list", world.list("garbage").await), ("delete", world.delete("garbage", &id).await)]
    {
        assert_eq!(request.status, 401, "{what}");
    }
    assert_cost(&world, "a bearer that is none", 401, 0, world.list("garbage")).await;
    assert_cost(&world, "nothing at this path", 404, 0, world.send("GET", "/nothing", &[], Body::none()))
        .await;
}

/// Refresh tokens: beginning a family costs nothing after MFA and one write without; using one is a read and a write,
/// within the leeway the read alone; giving one up is a read and a write.
#[tokio::test]
async fn refresh_tokens_stay_on_their_budget() {
    let world = World::new().await;
    let login = world.password_for(USER, "pwd", API, OFFLINE).await.text("mfa_token");
    let oob_code = world.associate_email(&login, None).await.text("oob_code");
    let code = world.code(USER);
    let first = assert_cost(&world, "enrol", 200, 2, world.oob(&login, &oob_code, &code)).await;
    let first = first.text("refresh_token");
    let refresh = cost(&world, world.refresh(&first)).await;
    assert_eq!(refresh.operations, [vec!["GetItem", "GetItem", "GetItem", "GetItem"], vec!["UpdateItem"]]);
    assert_cost(&world, "the reply was lost", 200, 1, world.refresh(&first)).await;
    assert_cost(&world, "no token", 403, 1, world.refresh("x")).await;
    let mfa = format!("{}mfa/", world.issuer());
    assert_cost(&world, "for factors", 403, 1, world.refresh_with(&first, &[("audience", &mfa)])).await;
    let second = refresh.reply.text("refresh_token");
    let revoke = cost(&world, world.revoke(&second)).await;
    assert_eq!(revoke.operations, [vec!["GetItem"], vec!["UpdateItem"]]);
    assert_cost(&world, "nothing to give up", 200, 1, world.revoke("x")).await;
    assert_cost(&world, "a family that is over", 403, 1, world.refresh(&second)).await;

    world.without_mfa().await;
    world.log_in_without_mfa(VERIFIED, "openid").await;
    let password = world.password_for(USER, "pwd", API, OFFLINE);
    assert_cost(&world, "password without MFA", 200, 3, password).await;
}

/// Design §6: a second write is needed only after a debt that has decayed: a wrong code two trips at most, a right one
/// three; the second write may share a trip with reads that take long.
#[tokio::test]
async fn decayed_debt_costs_one_trip_more() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let (mut status, mut trips, mut writes) = (403, 1, 1);
    for round in 0..3 {
        warm(&world).await;
        let login = world.log_in(USER).await.mfa_token;
        let challenge = world.challenge(&login, "oob", &id).await;
        let (oob_code, code) = (challenge.text("oob_code"), world.code(USER));
        let typed = if round == 2 { code.clone() } else { World::wrong(&code) };
        let cost = cost(&world, world.oob(&login, &oob_code, &typed)).await;
        assert_eq!(cost.reply.status, status, "{round}: {}", cost.reply.body);
        let charges = cost.operations.iter().flatten().filter(|operation| *operation == "UpdateItem").count();
        assert!(charges == writes && cost.trips <= trips, "{round}: {:?}", cost.operations);
        world.clock.advance(361);
        (status, trips, writes) = if round == 0 { (403, 2, 2) } else { (200, 3, 2) };
    }
    warm(&world).await;
    let login = world.log_in(USER).await.mfa_token;
    let challenge = world.challenge(&login, "oob", &id).await;
    let code = world.code(USER);
    assert_cost(&world, "clean again", 200, 2, world.oob(&login, &challenge.text("oob_code"), &code)).await;
}

/// Design §6: a user without failures stays on the one-write path, login after login, however far apart.
#[tokio::test]
async fn a_returning_user_stays_on_the_budget() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    for gap in [0, 10, 299, 361, 1_000, 86_400, 30 * 86_400, 0] {
        world.clock.advance(gap);
        warm(&world).await;
        let login =
            assert_cost(&world, "password", 403, 2, world.password(USER, "pwd")).await.text("mfa_token");
        let challenge = assert_cost(&world, "challenge", 200, 3, world.challenge(&login, "oob", &id)).await;
        let code = world.code(USER);
        assert_cost(&world, "code", 200, 2, world.oob(&login, &challenge.text("oob_code"), &code)).await;
    }
}

/// Design §3: keys and settings are read again when their time is over, by one request, and not by the others.
#[tokio::test]
async fn caches_are_filled_once() {
    let world = World::new().await;
    world.clock.advance(301);
    let path = "/.well-known/jwks.json";
    assert_cost(&world, "stale keys", 200, 1, world.send("GET", path, &[], Body::none())).await;
    assert_cost(&world, "fresh keys", 200, 0, world.send("GET", path, &[], Body::none())).await;
    let read = cost(&world, world.password(USER, "pwd")).await;
    assert_eq!(read.trips, 3, "settings first, for the limits are theirs: {:?}", read.operations);
    let read = cost(&world, world.password(USER, "pwd")).await;
    assert_eq!(read.trips, 2, "and not again within a minute: {:?}", read.operations);
    let form: Vec<_> = [("grant_type", "password")].into_iter().chain(DEMO_APP).collect();
    assert_cost(&world, "a request without a user", 400, 0, world.post("/oauth/token", Body::form(&form)))
        .await;
}
