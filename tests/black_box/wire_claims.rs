//! What tokens contain (contract A4).

use insta::assert_snapshot;
use postern::rules::policy::MfaPolicy;
use postern::rules::scope::Scope;
use postern::store::clients::Api;
use serde_json::{Value, json};

use crate::support::{MFA_SCOPES, START, World, as_client, claims};

const USER: &str = "user@example.com";
const API: &str = "https://someapi.com/api";
const ACR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
const MANAGEMENT: [(&str, &str); 2] =
    [("client_id", "demo-management"), ("client_secret", "demo-management-secret")];

/// Claims with the twin's address replaced.
async fn shown(world: &World, token: &str) -> Value {
    let text = claims(world, token).await.to_string().replace(world.twin.base_url(), "https://issuer");
    serde_json::from_str(&text).unwrap()
}

fn user_id(claims: &Value) -> String {
    let sub = claims["sub"].as_str().unwrap();
    let hex = sub.strip_prefix("auth0|").unwrap();
    assert!(hex.len() == 24 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{sub}");
    sub.to_owned()
}

/// Signs in with MFA by email, having enrolled; gives the reply with the tokens.
async fn signed_in(world: &World, extra: &[(&str, &str)]) -> crate::support::Reply {
    let login = [&[("grant_type", "password"), ("username", USER), ("password", "pwd")][..], extra].concat();
    let mfa_token = world.token_as_app(&login).await.text("mfa_token");
    world.clock.advance(60);
    let list = world.list(&mfa_token).await.json();
    let oob_code = match list.as_array().unwrap().first() {
        None => world.associate_email(&mfa_token, None).await.text("oob_code"),
        Some(first) => {
            world.challenge(&mfa_token, "oob", first["id"].as_str().unwrap()).await.text("oob_code")
        }
    };
    world.clock.advance(60);
    let reply = world.oob(&mfa_token, &oob_code, &world.code(USER)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply
}

/// A4 "access token", "id token": everything they hold after MFA; `auth_time` is when the last factor was proven.
#[tokio::test]
async fn tokens_after_mfa() {
    let world = World::new().await;
    let scope = "openid profile email read:sample";
    let reply = signed_in(&world, &[("audience", API), ("scope", scope), ("nonce", "n-0S6")]).await;
    let now = START.0 + 120;
    let access = shown(&world, &reply.text("access_token")).await;
    let sub = user_id(&access);
    let expected = json!({
        "iss": "https://issuer/",
        "sub": sub,
        "aud": [API, "https://issuer/userinfo"],
        "azp": "demo-app",
        "iat": now,
        "exp": now + 86_400,
        "scope": scope,
        "gty": "password",
        "auth_time": now,
        "amr": ["mfa", "email"],
        "acr": ACR,
    });
    assert_eq!(access, expected);
    let id = shown(&world, &reply.text("id_token")).await;
    let expected = json!({
        "iss": "https://issuer/",
        "sub": sub,
        "aud": "demo-app",
        "iat": now,
        "exp": now + 36_000,
        "auth_time": now,
        "nonce": "n-0S6",
        "amr": ["mfa", "email"],
        "acr": ACR,
        "nickname": "user",
        "name": "Demo User",
        "updated_at": START.0,
        "email": USER,
        "email_verified": false,
    });
    assert_eq!(id, expected, "confirming an email authenticator does not set email_verified (A3)");
}

/// A4 "id token": claims by scope, `nonce` only if sent, none without `openid`.
#[tokio::test]
async fn id_token_claims_follow_the_scope() {
    let world = World::new().await;
    let members = |claims: Value| claims.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let bare = signed_in(&world, &[("audience", API), ("scope", "openid")]).await;
    assert_snapshot!(members(shown(&world, &bare.text("id_token")).await), @"iss sub aud iat exp auth_time amr acr");
    let email = signed_in(&world, &[("audience", API), ("scope", "openid email")]).await;
    assert_snapshot!(members(shown(&world, &email.text("id_token")).await), @"iss sub aud iat exp auth_time amr acr email email_verified");
    let profile = signed_in(&world, &[("audience", API), ("scope", "openid profile")]).await;
    assert_snapshot!(members(shown(&world, &profile.text("id_token")).await), @"iss sub aud iat exp auth_time amr acr nickname name updated_at");
    let none = signed_in(&world, &[("audience", API), ("scope", "profile email read:sample")]).await;
    assert_snapshot!(none.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"profile email read:sample","expires_in":86400,"token_type":"Bearer"}"#);
}

/// A4 "aud": one audience is a string, the API with `openid` an array, none asked is `/userinfo`.
#[tokio::test]
async fn audiences() {
    let world = World::new().await;
    let aud = async |extra: &[(&str, &str)]| {
        let reply = signed_in(&world, extra).await;
        shown(&world, &reply.text("access_token")).await["aud"].clone()
    };
    assert_eq!(aud(&[("audience", API), ("scope", "read:sample")]).await, json!(API));
    assert_eq!(
        aud(&[("audience", API), ("scope", "read:sample openid")]).await,
        json!([API, "https://issuer/userinfo"])
    );
    assert_eq!(aud(&[("scope", "openid")]).await, json!("https://issuer/userinfo"));
    assert_eq!(aud(&[]).await, json!("https://issuer/userinfo"));
}

/// A4 "scope": omitted all of the API's, unknown ones dropped, the order asked; answered in the reply.
#[tokio::test]
async fn scopes() {
    let world = World::new().await;
    let omitted = signed_in(&world, &[("audience", API)]).await;
    assert_snapshot!(omitted.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    let unknown =
        signed_in(&world, &[("audience", API), ("scope", "admin read:sample READ:SAMPLE admin email")]).await;
    assert_snapshot!(unknown.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"read:sample email","expires_in":86400,"token_type":"Bearer"}"#);
    let nothing = signed_in(&world, &[("audience", API), ("scope", "admin")]).await;
    assert_snapshot!(nothing.snapshot(), @r#"200 {"access_token":"[access_token]","expires_in":86400,"token_type":"Bearer"}"#);
    assert_eq!(shown(&world, &nothing.text("access_token")).await.get("scope"), None);
    let userinfo = signed_in(&world, &[]).await;
    assert_snapshot!(userinfo.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","scope":"openid profile email","expires_in":86400,"token_type":"Bearer"}"#);
}

/// §1.1: `scope` and `audience` sent with an MFA grant change nothing; the tokens follow the first request.
#[tokio::test]
async fn the_first_request_says_what_the_tokens_are_for() {
    let world = World::new().await;
    let login = world.password_for(USER, "pwd", API, "read:sample").await.text("mfa_token");
    let oob_code = world.associate_email(&login, None).await.text("oob_code");
    let code = world.code(USER);
    let mfa_audience = format!("{}mfa/", world.issuer());
    let reply = world
        .token_as_app(&[
            ("grant_type", crate::support::OOB),
            ("mfa_token", &login),
            ("oob_code", &oob_code),
            ("binding_code", &code),
            ("audience", &mfa_audience),
            ("scope", "openid enroll"),
        ])
        .await;
    assert_snapshot!(reply.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_eq!(shown(&world, &reply.text("access_token")).await["aud"], API);
}

/// A4 "life": the API's own; A4 "aud" with another API.
#[tokio::test]
async fn an_access_token_lives_as_long_as_its_api_says() {
    let world = World::new().await;
    let api = Api::new("https://short.example", Scope::parse("a b"), 90);
    world.twin.app.store.put_api(&api).await.unwrap();
    let reply = signed_in(&world, &[("audience", "https://short.example")]).await;
    assert_snapshot!(reply.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"a b","expires_in":90,"token_type":"Bearer"}"#);
    let access = shown(&world, &reply.text("access_token")).await;
    assert_eq!(access["exp"].as_u64().unwrap() - access["iat"].as_u64().unwrap(), 90);
}

/// A3 "password grant with audience https://DOMAIN/mfa/", A4 "life": the token without MFA says so by having no
/// `amr`, `acr`; the one after MFA has them; both live 600 s.
#[tokio::test]
async fn access_tokens_for_the_mfa_audience() {
    let world = World::new().await;
    let plain = shown(&world, &world.first_access_token(USER, MFA_SCOPES).await).await;
    assert_eq!(plain["aud"], "https://issuer/mfa/");
    assert_eq!(plain["scope"], MFA_SCOPES);
    assert_eq!(plain["gty"], "password");
    assert_eq!(plain["auth_time"], START.0);
    assert_eq!(plain["exp"], START.0 + 600);
    assert_eq!((plain.get("amr"), plain.get("acr")), (None, None));
    let (id, _) = world.enrol_email(USER).await;
    let proven = shown(&world, &world.mfa_access_token(USER, &id).await).await;
    assert_eq!(proven["aud"], "https://issuer/mfa/");
    assert_eq!(proven["scope"], MFA_SCOPES);
    assert_eq!(proven["exp"].as_u64().unwrap() - proven["iat"].as_u64().unwrap(), 600);
    assert_eq!((&proven["amr"], &proven["acr"]), (&json!(["mfa", "email"]), &json!(ACR)));
}

/// A3 "`amr`": the method truthfully, per factor.
#[tokio::test]
async fn amr_names_the_factor_that_was_used() {
    let world = World::new().await;
    let login = world.log_in(USER).await;
    let associated = world.associate_otp(&login.mfa_token).await;
    let secret = postern::rules::totp::TotpSecret::from_base32(&associated.text("secret")).unwrap();
    let reply = world.otp(&login.mfa_token, &world.app_code(&secret, 0)).await;
    assert_eq!(shown(&world, &reply.text("access_token")).await["amr"], json!(["mfa", "otp"]));
    let recovery_code = associated.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    let reply = world.recovery(&world.log_in(USER).await.mfa_token, &recovery_code).await;
    let access = shown(&world, &reply.text("access_token")).await;
    assert_eq!(access["amr"], json!(["mfa", "recovery-code"]));
    assert_eq!(access["gty"], "password");
}

/// A4 "access token" of a client in its own name: all scopes of its grant, narrowed by `scope`.
#[tokio::test]
async fn client_credentials() {
    let world = World::new().await;
    let audience = format!("{}api/v2/", world.issuer());
    let ask = async |scope: Option<&str>| {
        let mut pairs = vec![("grant_type", "client_credentials"), ("audience", audience.as_str())];
        pairs.extend(scope.map(|scope| ("scope", scope)));
        world.post("/oauth/token", as_client(&MANAGEMENT, &pairs)).await
    };
    let narrowed = ask(Some("read:guardian_factors openid read:nothing")).await;
    assert_snapshot!(narrowed.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"read:guardian_factors","expires_in":86400,"token_type":"Bearer"}"#);
    let expected = json!({
        "iss": "https://issuer/",
        "sub": "demo-management@clients",
        "aud": "https://issuer/api/v2/",
        "azp": "demo-management",
        "iat": START.0,
        "exp": START.0 + 86_400,
        "scope": "read:guardian_factors",
        "gty": "client-credentials",
    });
    assert_eq!(shown(&world, &narrowed.text("access_token")).await, expected);
    let all = ask(None).await.text("scope");
    for scope in ["read:guardian_factors", "update:guardian_factors", "update:users"] {
        assert!(all.split(' ').any(|word| word == scope), "{all}");
    }
    let none = ask(Some("openid")).await;
    assert_snapshot!(none.snapshot(), @r#"200 {"access_token":"[access_token]","expires_in":86400,"token_type":"Bearer"}"#);
    let without_slash = audience.trim_end_matches('/');
    let body = as_client(&MANAGEMENT, &[("grant_type", "client_credentials"), ("audience", without_slash)]);
    let reply = world.post("/oauth/token", body).await;
    assert_eq!(shown(&world, &reply.text("access_token")).await["aud"], "https://issuer/api/v2/");
}

/// A4: without MFA behind them tokens say so by having no `amr` and no `acr`.
#[tokio::test]
async fn tokens_without_mfa() {
    let world = World::new().await;
    world.twin.app.store.set_policy(MfaPolicy::Never).await.unwrap();
    world.clock.advance(60);
    let reply = world.password_for(USER, "pwd", API, "openid read:sample").await;
    assert_snapshot!(reply.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","scope":"openid read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_snapshot!(reply.told_caches(), @"application/json | no-store | no-cache");
    for token in ["access_token", "id_token"] {
        let claims = shown(&world, &reply.text(token)).await;
        assert_eq!((claims.get("amr"), claims.get("acr")), (None, None));
        assert_eq!(claims["auth_time"], START.0 + 60);
    }
    let for_factors = world.first_access_token(USER, MFA_SCOPES).await;
    assert_eq!(shown(&world, &for_factors).await.get("amr"), None);
    let verified =
        world.password_for("verified@example.com", "pwd", &format!("{}mfa/", world.issuer()), "enroll").await;
    assert_eq!(verified.text("error"), "mfa_required", "factors are managed with MFA whatever the policy");
}

/// A4 "nonce if sent", but bounded: it is carried in the `mfa_token`.
#[tokio::test]
async fn a_nonce_is_bounded() {
    let world = World::new().await;
    let pairs =
        [("grant_type", "password"), ("username", USER), ("password", "pwd"), ("nonce", &"n".repeat(513))];
    let reply = world.token_as_app(&pairs).await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"error":"invalid_request","error_description":"Parameter nonce is too long"}"#);
}
