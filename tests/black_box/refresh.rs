//! Grant `refresh_token`: who gets one, what it gives, and what it is refused (contract §1.1, §1.4, A4).

use aws_sdk_dynamodb::types::AttributeValue;
use insta::assert_snapshot;
use postern::id::ClientId;
use postern::rules::client::{ClientKind, ClientSecret};
use postern::rules::scope::Scope;
use postern::store::clients::{Api, Client};
use serde_json::{Value, json};

use crate::support::{DEMO_APP, OFFLINE, PASSWORD_REALM, START, World, as_client, claims, user_pk};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const API: &str = "https://someapi.com/api";
const DAY: u64 = 86_400;
const UNKNOWN: &str =
    r#"403 {"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#;

/// Claims with the twin's address replaced.
pub(crate) async fn shown_claims(world: &World, token: &str) -> Value {
    let text = claims(world, token).await.to_string().replace(world.twin.base_url(), "https://issuer");
    serde_json::from_str(&text).unwrap()
}

async fn put_client(world: &World, name: &str, kind: ClientKind, grant_types: &[&str]) {
    let client = Client {
        client_id: ClientId::new(name),
        name: name.into(),
        kind,
        secret_hash: (kind == ClientKind::Confidential).then(|| ClientSecret::new("secret").hash()),
        grant_types: grant_types.iter().map(ToString::to_string).collect(),
        client_metadata: Default::default(),
        callbacks: Vec::new(),
    };
    world.twin.app.store.put_client(&client).await.unwrap();
}

/// §1.2: every way of signing in leaves a refresh token when `offline_access` is among its scopes, and the scope is
/// answered; a refresh answers the next one.
#[tokio::test]
async fn offline_access_leaves_a_refresh_token() {
    let world = World::new().await;
    let enrolled = world.enrol_offline(USER).await;
    assert_snapshot!(enrolled.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","refresh_token":"[refresh_token]","scope":"openid offline_access read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    let id = world.id_of_type(USER, "email").await;
    let by_code = world.sign_in_by_email(USER, &id, API, OFFLINE).await;
    assert_eq!(by_code.snapshot(), enrolled.snapshot());
    let refreshed = world.refresh(&by_code.text("refresh_token")).await;
    assert_snapshot!(refreshed.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","refresh_token":"[refresh_token]","scope":"openid offline_access read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_snapshot!(refreshed.told_caches(), @"application/json | no-store | no-cache");
    assert_ne!(refreshed.text("refresh_token"), by_code.text("refresh_token"), "it was replaced");
    assert_eq!(
        world.refresh(&enrolled.text("refresh_token")).await.status,
        200,
        "another sign-in's is its own"
    );

    world.without_mfa().await;
    let by_password = world.log_in_without_mfa(VERIFIED, "offline_access read:sample").await;
    assert_snapshot!(by_password.snapshot(), @r#"200 {"access_token":"[access_token]","refresh_token":"[refresh_token]","scope":"offline_access read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    let realm = [
        ("grant_type", PASSWORD_REALM),
        ("username", VERIFIED),
        ("password", "pwd"),
        ("realm", "Username-Password-Authentication"),
        ("scope", "offline_access"),
    ];
    let by_realm = world.token_as_app(&realm).await;
    assert_snapshot!(by_realm.snapshot(), @r#"200 {"access_token":"[access_token]","refresh_token":"[refresh_token]","scope":"offline_access","expires_in":86400,"token_type":"Bearer"}"#);
    let refreshed = world.refresh(&by_realm.text("refresh_token")).await;
    let access = shown_claims(&world, &refreshed.text("access_token")).await;
    assert_eq!(access["aud"], "https://issuer/userinfo", "no audience was asked for");
}

/// §1.2: the other two MFA grants.
#[tokio::test]
async fn app_codes_and_recovery_codes_leave_one_too() {
    let world = World::new().await;
    let secret = world.enrol_otp(USER).await;
    let mfa_token = world.password_for(USER, "pwd", API, OFFLINE).await.text("mfa_token");
    let by_app = world.otp(&mfa_token, &world.app_code(&secret, 0)).await;
    assert_eq!(world.refresh(&by_app.text("refresh_token")).await.status, 200);

    let other = World::new().await;
    let (_, recovery_code) = other.enrol_email(USER).await;
    let mfa_token = other.password_for(USER, "pwd", API, OFFLINE).await.text("mfa_token");
    let recovered = other.recovery(&mfa_token, &recovery_code).await;
    assert_snapshot!(recovered.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","refresh_token":"[refresh_token]","recovery_code":"[recovery_code]","scope":"openid offline_access read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_eq!(other.refresh(&recovered.text("refresh_token")).await.status, 200);
}

/// Who does not ask, may not, or wants to manage factors gets none, and the scope is not answered.
#[tokio::test]
async fn nobody_else_gets_one() {
    let world = World::new().await;
    world.without_mfa().await;
    let scopes_named_like_it = Scope::parse("read:sample offline_access");
    let api = Api::new("https://odd", scopes_named_like_it, 60);
    world.twin.app.store.put_api(&api).await.unwrap();
    let spa = [("client_id", "demo-spa")];
    let mfa = format!("{}mfa/", world.issuer());
    let login = [("grant_type", "password"), ("username", USER), ("password", "pwd")];
    for (client, audience, scope, granted) in [
        (&DEMO_APP[..], API, None, json!("read:sample")),
        (&DEMO_APP, API, Some("openid"), json!("openid")),
        (&DEMO_APP, "https://odd", None, json!("read:sample")),
        (&DEMO_APP, &mfa, Some("offline_access enroll"), json!("enroll")),
        (&spa, API, Some(OFFLINE), json!("openid read:sample")),
        (&spa, "https://odd", Some(OFFLINE), json!("openid read:sample")),
    ] {
        let mut pairs = [&login[..], &[("audience", audience)]].concat();
        pairs.extend(scope.map(|scope| ("scope", scope)));
        let reply = world.post("/oauth/token", as_client(client, &pairs)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.json()["scope"], granted, "{audience} {scope:?}");
        assert!(reply.json()["refresh_token"].is_null(), "{audience} {scope:?}");
    }
    assert!(!world.stored().await.keys().any(|(_, sk)| sk.starts_with("REFRESH#")));
}

/// A4: `gty` says how, `auth_time` stays the sign-in's, `amr` and `acr` do not come back, nor does the `nonce`.
#[tokio::test]
async fn claims_of_renewed_tokens() {
    let world = World::new().await;
    let first = world.enrol_offline(USER).await;
    assert_eq!(shown_claims(&world, &first.text("access_token")).await["amr"], json!(["mfa", "email"]));
    world.clock.advance(DAY);
    let second = world.refresh(&first.text("refresh_token")).await;
    world.clock.advance(DAY);
    let third = world.refresh(&second.text("refresh_token")).await;
    let access = shown_claims(&world, &third.text("access_token")).await;
    let now = START.0 + 2 * DAY;
    let expected = json!({
        "iss": "https://issuer/",
        "sub": access["sub"],
        "aud": [API, "https://issuer/userinfo"],
        "azp": "demo-app",
        "iat": now,
        "exp": now + DAY,
        "scope": OFFLINE,
        "gty": "refresh_token",
        "auth_time": START.0,
    });
    assert_eq!(access, expected);
    let id = shown_claims(&world, &third.text("id_token")).await;
    let expected = json!({
        "iss": "https://issuer/",
        "sub": access["sub"],
        "aud": "demo-app",
        "iat": now,
        "exp": now + 36_000,
        "auth_time": START.0,
    });
    assert_eq!(id, expected);
}

/// RFC 6749 §6: fewer scopes for these tokens only, never more than the sign-in got.
#[tokio::test]
async fn scopes_may_be_fewer() {
    let world = World::new().await;
    let first = world.enrol_offline(USER).await;
    let fewer = world.refresh_with(&first.text("refresh_token"), &[("scope", "read:sample profile")]).await;
    assert_snapshot!(fewer.snapshot(), @r#"200 {"access_token":"[access_token]","refresh_token":"[refresh_token]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    let none = world.refresh_with(&fewer.text("refresh_token"), &[("scope", "email")]).await;
    assert_snapshot!(none.snapshot(), @r#"200 {"access_token":"[access_token]","refresh_token":"[refresh_token]","expires_in":86400,"token_type":"Bearer"}"#);
    let all = world.refresh(&none.text("refresh_token")).await;
    assert_eq!(all.text("scope"), OFFLINE);
}

/// The API is as it is today: scopes it lost are not granted, its token lifetime counts, and without it there is
/// nothing to grant.
#[tokio::test]
async fn the_api_of_today_counts() {
    let world = World::new().await;
    let first = world.enrol_offline(USER).await;
    let api = Api::new(API, Scope::parse("write:sample"), 60);
    world.twin.app.store.put_api(&api).await.unwrap();
    let second = world.refresh(&first.text("refresh_token")).await;
    assert_snapshot!(second.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","refresh_token":"[refresh_token]","scope":"openid offline_access","expires_in":60,"token_type":"Bearer"}"#);
    assert_eq!(world.delete_items("API").await, 1);
    let gone = world.refresh(&second.text("refresh_token")).await;
    assert_snapshot!(gone.snapshot(), @r#"403 {"error":"access_denied","error_description":"Service not enabled within domain: https://someapi.com/api"}"#);
    world.twin.app.store.put_api(&api).await.unwrap();
    assert_eq!(world.refresh(&second.text("refresh_token")).await.status, 200, "a refusal replaced nothing");
}

/// The audience may be named again; another one is refused, whether it exists or not.
#[tokio::test]
async fn audiences() {
    let world = World::new().await;
    let api = Api::new("https://other", Scope::parse("x"), 60);
    world.twin.app.store.put_api(&api).await.unwrap();
    let first = world.enrol_offline(USER).await.text("refresh_token");
    let management = format!("{}api/v2/", world.issuer());
    let userinfo = format!("{}userinfo", world.issuer());
    for audience in ["https://other", "https://nowhere", &management, &userinfo] {
        let reply = world.refresh_with(&first, &[("audience", audience)]).await;
        let expected = format!(
            r#"403 {{"error":"access_denied","error_description":"Service not enabled within domain: {audience}"}}"#
        );
        assert_eq!(reply.snapshot(), expected);
    }
    assert_eq!(world.refresh_with(&first, &[("audience", API)]).await.status, 200);
}

/// Whether MFA is asked for at sign-in says nothing about a refresh: the refresh token stands for the sign-in.
#[tokio::test]
async fn a_refresh_is_not_asked_for_mfa_otherwise() {
    let world = World::new().await;
    world.without_mfa().await;
    let first = world.log_in_without_mfa(VERIFIED, OFFLINE).await;
    let policy = postern::rules::policy::MfaPolicy::AllApplications;
    world.twin.app.store.set_policy(policy).await.unwrap();
    world.clock.advance(60);
    assert_eq!(world.password(VERIFIED, "pwd").await.text("error"), "mfa_required");
    assert_eq!(world.refresh(&first.text("refresh_token")).await.status, 200);
}

/// §1.4: what is no token of ours, or another client's, is one answer; nothing happens to the other's.
#[tokio::test]
async fn unknown_refresh_tokens() {
    let world = World::new().await;
    put_client(&world, "other", ClientKind::Confidential, &["refresh_token"]).await;
    let token = world.enrol_offline(USER).await.text("refresh_token");
    let cut = &token[..token.len() - 1];
    let long = format!("v1.{}", "A".repeat(4_000));
    for garbage in ["x", "v1.", "v1.AAAA", "a.b.c", cut, &long, &token.replace("v1.", "v2.")] {
        assert_eq!(world.refresh(garbage).await.snapshot(), UNKNOWN, "{garbage}");
    }
    let other = [("client_id", "other"), ("client_secret", "secret")];
    let stolen = as_client(&other, &[("grant_type", "refresh_token"), ("refresh_token", &token)]);
    assert_eq!(world.post("/oauth/token", stolen).await.snapshot(), UNKNOWN);
    assert_snapshot!(world.refresh_with(&token, &[("scope", "openid")]).await.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","refresh_token":"[refresh_token]","scope":"openid","expires_in":86400,"token_type":"Bearer"}"#);
}

/// A3 "order of checks": body, client, grant, tokens.
#[tokio::test]
async fn the_client_goes_before_the_token() {
    let world = World::new().await;
    put_client(&world, "without", ClientKind::Confidential, &["password"]).await;
    assert_snapshot!(world.token_as_app(&[("grant_type", "refresh_token")]).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: refresh_token"}"#);
    let good = world.enrol_offline(USER).await.text("refresh_token");
    for token in ["x", &good] {
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let wrong = as_client(&[("client_id", "demo-app"), ("client_secret", "wrong")], &refresh);
        assert_eq!(
            world.post("/oauth/token", wrong).await.snapshot(),
            r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#
        );
        let without = as_client(&[("client_id", "without"), ("client_secret", "secret")], &refresh);
        assert_eq!(
            world.post("/oauth/token", without).await.snapshot(),
            r#"403 {"error":"unauthorized_client","error_description":"Grant type 'refresh_token' not allowed for the client."}"#
        );
    }
    assert_eq!(world.refresh(&good).await.status, 200, "none of that used it");
}

/// A public client names itself and proves nothing; rotation is what protects it (RFC 9700 §2.2.2).
#[tokio::test]
async fn a_public_client_renews_too() {
    let world = World::new().await;
    world.without_mfa().await;
    put_client(&world, "mobile", ClientKind::Public, &["password", "refresh_token"]).await;
    let me = [("client_id", "mobile")];
    let login =
        [("grant_type", "password"), ("username", USER), ("password", "pwd"), ("scope", "offline_access")];
    let first = world.post("/oauth/token", as_client(&me, &login)).await.text("refresh_token");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*first)];
    assert_eq!(world.post("/oauth/token", as_client(&me, &refresh)).await.status, 200);
    assert_eq!(world.refresh(&first).await.snapshot(), UNKNOWN, "another client's");
}

/// The life: 15 days unused, 30 days at most, both exclusive and both settings.
#[tokio::test]
async fn a_family_ends_by_idleness_and_by_age() {
    let world = World::new().await;
    let token = world.enrol_offline(USER).await.text("refresh_token");
    world.clock.advance(15 * DAY - 1);
    let token = world.refresh(&token).await.text("refresh_token");
    world.clock.advance(15 * DAY - 1);
    let last = world.refresh(&token).await.text("refresh_token");
    world.clock.advance(1);
    assert_eq!(world.refresh(&last).await.status, 200);
    world.clock.advance(1);
    assert_eq!(world.refresh(&last).await.snapshot(), UNKNOWN, "30 days");

    let idle = World::new().await;
    let token = idle.enrol_offline(USER).await.text("refresh_token");
    idle.clock.advance(15 * DAY);
    assert_eq!(
        idle.refresh(&token).await.snapshot(),
        UNKNOWN,
        "15 days, though DynamoDB still has it (SEC-17)"
    );
    let family = idle.stored().await.into_iter().find(|((_, sk), _)| sk.starts_with("REFRESH#")).unwrap().1;
    assert_eq!(family["expires_at"].as_n().unwrap(), &(START.0 + 15 * DAY).to_string(), "the TTL");

    let short = World::new().await;
    short.set_number("refresh_token_idle_seconds", 100).await;
    let token = short.enrol_offline(USER).await.text("refresh_token");
    short.clock.advance(99);
    let token = short.refresh(&token).await.text("refresh_token");
    short.clock.advance(100);
    assert_eq!(short.refresh(&token).await.snapshot(), UNKNOWN);
}

/// §1.4: a user who was deleted, and one who is blocked.
#[tokio::test]
async fn users_who_are_gone_or_blocked() {
    let world = World::new().await;
    let token = world.enrol_offline(USER).await.text("refresh_token");
    world.set_profile(USER, "blocked", AttributeValue::Bool(true)).await;
    assert_snapshot!(world.refresh(&token).await.snapshot(), @r#"403 {"error":"unauthorized","error_description":"user is blocked"}"#);
    world.delete_items("PROFILE").await;
    assert_snapshot!(world.refresh(&token).await.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"The refresh_token was generated for a user who doesn't exist anymore."}"#);
    assert!(world.user_item(USER, "PROFILE").await.is_none(), "nothing brings {} back", user_pk(USER));
}

/// I5, SEC-34: the table holds no refresh token and no part of one but its family's name.
#[tokio::test]
async fn no_secret_is_stored() {
    let world = World::new().await;
    let first = world.enrol_offline(USER).await.text("refresh_token");
    let second = world.refresh(&first).await.text("refresh_token");
    let table = format!("{:?}", world.stored().await);
    for token in [first, second] {
        let bytes =
            data_encoding::BASE64URL_NOPAD.decode(token.strip_prefix("v1.").unwrap().as_bytes()).unwrap();
        let secret = &bytes[22..54];
        for form in [
            token.clone(),
            data_encoding::HEXLOWER.encode(secret),
            data_encoding::BASE64.encode(secret),
            format!("{secret:?}"),
        ] {
            assert!(!table.contains(&form));
        }
        let digest =
            data_encoding::HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, secret).as_ref());
        assert!(table.contains(&digest), "the test looks at the right bytes");
    }
}
