//! Budgets of guesses and passwords (design §6, SEC-18 to SEC-23). What is sent has its own module.

use insta::assert_snapshot;

use crate::support::{Body, DEMO_APP, MFA_SCOPES, Reply, World};

const USER: &str = "user@example.com";
const TOO_MANY: &str = "429 Too many failed codes. Wait for some minutes before retrying.";
const WRONG: &str = "403 Invalid binding_code.";

/// A login that was challenged by email.
struct Challenged {
    mfa_token: String,
    oob_code: String,
    code: String,
}

async fn challenged(world: &World, id: &str) -> Challenged {
    let mfa_token = world.log_in(USER).await.mfa_token;
    let challenge = world.challenge(&mfa_token, "oob", id).await;
    assert_eq!(challenge.status, 200, "{}", challenge.body);
    Challenged { mfa_token, oob_code: challenge.text("oob_code"), code: world.code(USER) }
}

impl Challenged {
    async fn wrong(&self, world: &World) -> Reply {
        world.oob(&self.mfa_token, &self.oob_code, &World::wrong(&self.code)).await
    }

    async fn right(&self, world: &World) -> Reply {
        world.oob(&self.mfa_token, &self.oob_code, &self.code).await
    }

    async fn wrong_times(&self, world: &World, times: usize) {
        for number in 0..times {
            assert_eq!(self.wrong(world).await.outcome(), WRONG, "guess {number}");
        }
    }
}

/// SEC-19, SEC-23: ten wrong codes, then not even the right one, then one attempt every six minutes.
#[tokio::test]
async fn ten_guesses_then_one_every_six_minutes() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    challenged(&world, &id).await.wrong_times(&world, 10).await;
    let login = challenged(&world, &id).await;
    let refused = login.right(&world).await;
    assert_snapshot!(refused.snapshot(), @r#"429 {"error":"too_many_attempts","error_description":"Too many failed codes. Wait for some minutes before retrying."}"#);
    assert_eq!(refused.header("retry-after"), Some("360"));
    world.clock.advance(100);
    assert_eq!(login.right(&world).await.header("retry-after"), Some("260"));
    world.clock.advance(259);
    let login = challenged(&world, &id).await;
    assert_eq!(login.right(&world).await.outcome(), TOO_MANY);
    world.clock.advance(1);
    assert_eq!(login.wrong(&world).await.outcome(), WRONG, "one has come back");
    assert_eq!(login.right(&world).await.outcome(), TOO_MANY, "and is gone");
    world.clock.advance(360);
    assert_eq!(challenged(&world, &id).await.right(&world).await.status, 200);
}

/// SEC-18: guesses of three logins reach one lock, over challenges and factors alike.
#[tokio::test]
async fn three_logins_reach_one_lock() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let app = world.associate_otp(&token).await;
    let secret = postern::rules::totp::TotpSecret::from_base32(&app.text("secret")).unwrap();
    assert_eq!(world.otp(&token, &world.app_code(&secret, 0)).await.status, 200);
    challenged(&world, &id).await.wrong_times(&world, 4).await;
    let second = challenged(&world, &id).await;
    second.wrong_times(&world, 2).await;
    assert_eq!(
        world.challenge(&second.mfa_token, "oob", &id).await.status,
        200,
        "a new challenge resets nothing"
    );
    let third = world.log_in(USER).await;
    let wrong = World::wrong(&world.app_code(&secret, 0));
    for _ in 0..4 {
        assert_eq!(world.otp(&third.mfa_token, &wrong).await.outcome(), "403 Invalid otp_code.");
    }
    world.clock.advance(30);
    assert_eq!(world.otp(&third.mfa_token, &world.app_code(&secret, 0)).await.outcome(), TOO_MANY);
    let fourth = challenged(&world, &id).await;
    assert_eq!(fourth.right(&world).await.outcome(), TOO_MANY);
    assert_eq!((world.failures(USER, &id).await, world.failures(USER, "otp").await), (Some(6), Some(4)));
}

/// SEC-18, SEC-21: success gives back its own attempt and zeroes its authenticator's count; older failures stay owed.
#[tokio::test]
async fn success_gives_back_only_its_own_attempt() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    assert_eq!(world.tat(USER, "CODES").await, None, "nothing is owed after a clean success");
    challenged(&world, &id).await.wrong_times(&world, 6).await;
    assert_eq!(world.failures(USER, &id).await, Some(6));
    for _ in 0..3 {
        assert_eq!(challenged(&world, &id).await.right(&world).await.status, 200);
        assert_eq!(world.failures(USER, &id).await, None);
    }
    challenged(&world, &id).await.wrong_times(&world, 4).await;
    assert_eq!(challenged(&world, &id).await.right(&world).await.outcome(), TOO_MANY, "six and four");
}

/// Design §6: debt decays by time; after its decay the whole burst is there again, and not more.
#[tokio::test]
async fn debt_decays() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    challenged(&world, &id).await.wrong_times(&world, 10).await;
    world.clock.advance(3 * 360);
    challenged(&world, &id).await.wrong_times(&world, 3).await;
    assert_eq!(challenged(&world, &id).await.wrong(&world).await.outcome(), TOO_MANY);
    world.clock.advance(100 * 3_600);
    let login = challenged(&world, &id).await;
    login.wrong_times(&world, 10).await;
    assert_eq!(login.wrong(&world).await.outcome(), TOO_MANY);
    assert_eq!(world.failures(USER, &id).await, Some(23), "the consecutive count does not decay");
    world.clock.advance(100 * 3_600);
    assert_eq!(challenged(&world, &id).await.right(&world).await.status, 200);
    assert_eq!((world.tat(USER, "CODES").await, world.failures(USER, &id).await), (None, None));
}

/// Contract A3: a code of the wrong shape is answered as a wrong one and not charged.
#[tokio::test]
async fn codes_of_the_wrong_shape_are_not_charged() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = challenged(&world, &id).await;
    let before = world.stored().await;
    for shape in
        ["12345", "1234567", "12345a", " 123456", "123456 ", "+12345", "１２３４５６", "-00001", "12 345"]
    {
        for _ in 0..2 {
            assert_eq!(
                world.oob(&login.mfa_token, &login.oob_code, shape).await.outcome(),
                WRONG,
                "{shape:?}"
            );
            assert_eq!(
                world.otp(&login.mfa_token, shape).await.outcome(),
                "403 Invalid otp_code.",
                "{shape:?}"
            );
        }
        let recovery = world.recovery(&login.mfa_token, shape).await;
        assert_eq!(recovery.outcome(), "403 MFA Authorization rejected.", "{shape:?}");
    }
    assert_eq!(world.stored().await, before);
    login.wrong_times(&world, 10).await;
    let spent = world.oob(&login.mfa_token, &login.oob_code, "12345").await;
    assert_eq!(spent.outcome(), TOO_MANY, "the shape is no way to ask past the lock");
    assert_eq!(world.otp(&login.mfa_token, "12345").await.outcome(), TOO_MANY);
}

/// Design §6: an attempt is charged only when the client, the grant and both tokens hold.
#[tokio::test]
async fn refused_clients_grants_and_tokens_are_not_charged() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let (login, other) = (challenged(&world, &id).await, challenged(&world, &id).await);
    let oob = "http://auth0.com/oauth/grant-type/mfa-oob";
    let form = |client: [(&'static str, &'static str); 2], grant, token: &str, oob_code: &str| {
        let wrong = World::wrong(&login.code);
        let fields =
            [("grant_type", grant), ("mfa_token", token), ("oob_code", oob_code), ("binding_code", &wrong)];
        let all: Vec<_> = fields.into_iter().chain(client).collect();
        Body::form(&all)
    };
    let stranger = [("client_id", "demo-app"), ("client_secret", "wrong")];
    let spa = [("client_id", "demo-spa"), ("client_secret", "")];
    let management = [("client_id", "demo-management"), ("client_secret", "demo-management-secret")];
    let (token, code) = (login.mfa_token.as_str(), login.oob_code.as_str());
    let rows = [
        (form(stranger, oob, token, code), "401 Unauthorized"),
        (form([("client_id", "nobody"), ("client_secret", "x")], oob, token, code), "401 Unauthorized"),
        (form(spa, oob, token, code), "400 mfa_token not issued to this client"),
        (
            form(management, oob, token, code),
            "403 Grant type 'http://auth0.com/oauth/grant-type/mfa-oob' not allowed for the client.",
        ),
        (form(DEMO_APP, oob, "garbage", code), "403 Malformed mfa_token"),
        (form(DEMO_APP, oob, token, "garbage"), "403 Malformed oob_code"),
        (form(DEMO_APP, oob, token, &other.oob_code), "400 The oob_code doesn't match the mfa_token"),
    ];
    for (body, expected) in rows {
        for _ in 0..11 {
            assert_eq!(world.post("/oauth/token", body.clone()).await.outcome(), expected);
        }
    }
    // Nothing is owed: ten wrong codes are still compared.
    login.wrong_times(&world, 10).await;
    assert_eq!(login.wrong(&world).await.outcome(), TOO_MANY);
}

/// Contract A3 "order of checks": a spent budget is not shown to a stranger.
#[tokio::test]
async fn a_spent_budget_is_told_only_to_the_tokens_client() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let login = challenged(&world, &id).await;
    login.wrong_times(&world, 10).await;
    let body = Body::form(&[
        ("grant_type", "http://auth0.com/oauth/grant-type/mfa-oob"),
        ("mfa_token", &login.mfa_token),
        ("oob_code", &login.oob_code),
        ("binding_code", &login.code),
        ("client_id", "demo-app"),
        ("client_secret", "wrong"),
    ]);
    assert_eq!(world.post("/oauth/token", body).await.outcome(), "401 Unauthorized");
}

/// SEC-20: a hundred consecutive failures disable the authenticator at verification and at the challenge, however
/// slowly they come; nothing is mailed; other factors work; re-enrolment resets.
#[tokio::test]
async fn a_hundred_consecutive_failures_disable_the_authenticator() {
    let world = World::new().await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let app = world.associate_otp(&token).await;
    let secret = postern::rules::totp::TotpSecret::from_base32(&app.text("secret")).unwrap();
    assert_eq!(world.otp(&token, &world.app_code(&secret, 0)).await.status, 200);
    for _ in 0..9 {
        challenged(&world, &id).await.wrong_times(&world, 10).await;
        world.clock.advance(3_601);
    }
    let last = challenged(&world, &id).await;
    last.wrong_times(&world, 9).await;
    assert_eq!(world.failures(USER, &id).await, Some(99));
    last.wrong_times(&world, 1).await;
    world.clock.advance(299);
    assert_eq!(last.right(&world).await.outcome(), TOO_MANY);
    world.clock.advance(100 * 3_600);
    let mails = world.mails(USER);
    let login = world.log_in(USER).await;
    let refused = world.challenge(&login.mfa_token, "oob", &id).await;
    assert_eq!(refused.outcome(), TOO_MANY);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(world.mails(USER), mails, "no mail");
    let unnamed = serde_json::json!({ "mfa_token": login.mfa_token, "challenge_type": "oob otp",
        "client_id": "demo-app", "client_secret": "demo-secret" });
    let other = world.post("/mfa/challenge", Body::json(&unnamed)).await;
    assert_eq!(other.snapshot(), r#"200 {"challenge_type":"otp"}"#, "one that can be used goes first");
    assert_eq!(
        world.associate_email(&login.mfa_token, None).await.outcome(),
        "403 User is already enrolled."
    );
    assert_eq!(world.recovery(&login.mfa_token, &recovery_code).await.status, 200);

    let audience = format!("{}mfa/", world.issuer());
    let required = world.password_for(USER, "pwd", &audience, "enroll remove:authenticators").await;
    let reply = world.otp(&required.text("mfa_token"), &world.app_code(&secret, 0)).await;
    assert_eq!(reply.status, 200, "the app is not locked: {}", reply.body);
    let token = reply.text("access_token");
    assert_eq!(world.delete(&token, &id).await.status, 204);
    let associated = world.associate_email(&token, None).await;
    assert_eq!(world.oob(&token, &associated.text("oob_code"), &world.code(USER)).await.status, 200);
    let id = world.id_of_type(USER, "email").await;
    assert_eq!(challenged(&world, &id).await.right(&world).await.status, 200);
}

/// SEC-20: the cap is a condition of the charge: with attempts left, and a code sent before, the code after the
/// hundredth failure is not compared.
#[tokio::test]
async fn the_cap_holds_while_attempts_are_left() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    for _ in 0..11 {
        challenged(&world, &id).await.wrong_times(&world, 9).await;
        world.clock.advance(3_601);
    }
    let (first, second) = (challenged(&world, &id).await, challenged(&world, &id).await);
    first.wrong_times(&world, 1).await;
    assert_eq!(world.failures(USER, &id).await, Some(100));
    let refused = second.right(&world).await;
    assert_eq!((refused.outcome().as_str(), refused.header("retry-after")), (TOO_MANY, Some("360")));
    assert_eq!(world.failures(USER, &id).await, Some(100));
}

/// SEC-19: recovery codes have a budget of their own.
#[tokio::test]
async fn recovery_codes_have_their_own_budget() {
    let world = World::new().await;
    let (id, recovery_code) = world.enrol_email(USER).await;
    let wrong = "N3BGPZZWJ85JLCNPZBDW6QXC";
    let login = challenged(&world, &id).await;
    for _ in 0..10 {
        let reply = world.recovery(&login.mfa_token, wrong).await;
        assert_eq!(reply.outcome(), "403 MFA Authorization rejected.");
    }
    let refused = world.recovery(&login.mfa_token, &recovery_code).await;
    assert_eq!((refused.outcome().as_str(), refused.header("retry-after")), (TOO_MANY, Some("360")));
    login.wrong_times(&world, 10).await;
    world.clock.advance(360);
    let login = world.log_in(USER).await;
    assert_eq!(world.recovery(&login.mfa_token, &recovery_code).await.status, 200);
}

/// Contract A3: TOTP associations, ten then one per six minutes, whichever token asks.
#[tokio::test]
async fn app_associations_have_a_budget() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    for _ in 0..10 {
        assert_eq!(world.associate_otp(&login.mfa_token).await.status, 200);
    }
    for token in [
        login.mfa_token,
        world.log_in(USER).await.mfa_token,
        world.first_access_token(USER, MFA_SCOPES).await,
    ] {
        let refused = world.associate_otp(&token).await;
        assert_eq!((refused.outcome().as_str(), refused.header("retry-after")), (TOO_MANY, Some("360")));
    }
    world.clock.advance(360);
    let login = world.log_in(USER).await;
    assert_eq!(world.associate_otp(&login.mfa_token).await.status, 200);
    assert_eq!(world.associate_otp(&login.mfa_token).await.outcome(), TOO_MANY);
}
