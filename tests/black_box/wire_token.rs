//! `POST /oauth/token` up to the second factor: parameters, clients, grants, passwords, and the order of checks.

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::BASE64;
use insta::assert_snapshot;
use postern::id::ClientId;
use postern::rules::client::{ClientKind, ClientSecret};
use postern::store::clients::Client;

use crate::support::{
    Body, DEMO_APP, MFA_SCOPES, OOB, OTP, PASSWORD_REALM, RECOVERY, Reply, World, as_client,
};

const USER: &str = "user@example.com";
const PASSWORD: [(&str, &str); 3] = [("grant_type", "password"), ("username", USER), ("password", "pwd")];
const SPA: [(&str, &str); 1] = [("client_id", "demo-spa")];

/// A request of each grant, complete in its form.
fn requests() -> [Vec<(&'static str, &'static str)>; 7] {
    [
        PASSWORD.to_vec(),
        vec![
            ("grant_type", PASSWORD_REALM),
            ("username", USER),
            ("password", "pwd"),
            ("realm", "Username-Password-Authentication"),
        ],
        vec![("grant_type", OOB), ("mfa_token", "x"), ("oob_code", "x"), ("binding_code", "123456")],
        vec![("grant_type", OTP), ("mfa_token", "x"), ("otp", "123456")],
        vec![("grant_type", RECOVERY), ("mfa_token", "x"), ("recovery_code", "x")],
        vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
        vec![("grant_type", "client_credentials"), ("audience", "https://someapi.com/api")],
    ]
}

async fn basic(world: &World, credentials: &str, pairs: &[(&str, &str)]) -> Reply {
    let header = format!("Basic {}", BASE64.encode(credentials.as_bytes()));
    world.send("POST", "/oauth/token", &[("authorization", &header)], Body::form(pairs)).await
}

/// A3 "missing parameter": each parameter of each grant, by its name; an empty one is absent (A2).
#[tokio::test]
async fn a_missing_parameter_is_named() {
    let world = World::new().await;
    assert_snapshot!(world.token(&[]).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: grant_type"}"#);
    assert_snapshot!(world.token(&PASSWORD).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: client_id"}"#);
    for request in requests() {
        for (missing, _) in &request {
            let expected = format!(
                r#"400 {{"error":"invalid_request","error_description":"Missing required parameter: {missing}"}}"#
            );
            let without: Vec<_> = request.iter().filter(|(name, _)| name != missing).copied().collect();
            assert_eq!(world.token_as_app(&without).await.snapshot(), expected);
            let emptied: Vec<_> = request
                .iter()
                .map(|(name, value)| (*name, if name == missing { "" } else { *value }))
                .collect();
            assert_eq!(world.token_as_app(&emptied).await.snapshot(), expected);
        }
    }
}

/// A3, A1 step 1: by post, by basic (form-encoded halves, RFC 6749 §2.3.1) and not at all for a public client, the
/// answer is the same; `mfa_requirements` is off by default.
#[tokio::test]
async fn a_client_authenticates_by_post_by_basic_or_not_at_all() {
    let world = World::new().await;
    let reply = world.token_as_app(&PASSWORD).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"[mfa_token]"}"#);
    assert_snapshot!(reply.told_caches(), @"application/json | no-store | no-cache");
    let expected = reply.snapshot();
    for credentials in ["demo-app:demo-secret", "demo%2Dapp:demo%2Dsecret", "demo-spa:"] {
        assert_eq!(basic(&world, credentials, &PASSWORD).await.snapshot(), expected, "{credentials}");
    }
    let named_twice = [&PASSWORD[..], &[("client_id", "demo-app")]].concat();
    assert_eq!(basic(&world, "demo-app:demo-secret", &named_twice).await.snapshot(), expected);
    assert_eq!(world.post("/oauth/token", as_client(&SPA, &PASSWORD)).await.snapshot(), expected);
}

/// RFC 6749 §2.3: a client uses one way of authentication per request.
#[tokio::test]
async fn two_ways_of_authentication_at_once_are_refused() {
    let world = World::new().await;
    let both = [&PASSWORD[..], &DEMO_APP].concat();
    assert_snapshot!(basic(&world, "demo-app:demo-secret", &both).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"The client must authenticate in one way only"}"#);
    let another = [&PASSWORD[..], &SPA].concat();
    assert_snapshot!(basic(&world, "demo-app:demo-secret", &another).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"The client must authenticate in one way only"}"#);
}

/// A3 "unknown client, wrong secret, a confidential client without its secret", SEC-35: one answer on every grant
/// and at `/mfa/challenge`.
#[tokio::test]
async fn clients_that_do_not_prove_themselves_are_one_answer() {
    let world = World::new().await;
    let long = "c".repeat(65);
    let clients: [&[(&str, &str)]; 6] = [
        &[("client_id", "nobody"), ("client_secret", "demo-secret")],
        &[("client_id", "nobody")],
        &[("client_id", "demo-app"), ("client_secret", "wrong")],
        &[("client_id", "demo-app")],
        &[("client_id", &long), ("client_secret", "x")],
        &[("client_id", "demo app\u{e9}"), ("client_secret", "x")],
    ];
    let unknown_grant = vec![("grant_type", "no-such-grant")];
    for client in clients {
        let mut replies = Vec::new();
        for request in requests().iter().chain([&unknown_grant]) {
            replies.push(world.post("/oauth/token", as_client(client, request)).await);
        }
        replies.push(world.post("/mfa/challenge", as_client(client, &[("mfa_token", "x")])).await);
        for reply in replies {
            assert_eq!(
                reply.snapshot(),
                r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#
            );
            assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"token endpoint\""));
        }
    }
    for credentials in ["demo-app:wrong", "nobody:x", "demo-app", "demo-app:%FF", ":"] {
        let reply = basic(&world, credentials, &PASSWORD).await;
        assert_eq!(reply.snapshot(), r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
    }
    let reply =
        world.send("POST", "/oauth/token", &[("authorization", "Basic !")], Body::form(&PASSWORD)).await;
    assert_snapshot!(reply.snapshot(), @r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
}

/// A3: a public client's superfluous secret is ignored, by post and by basic.
#[tokio::test]
async fn a_public_clients_secret_is_ignored() {
    let world = World::new().await;
    let by_post = [("client_id", "demo-spa"), ("client_secret", "anything")];
    assert_eq!(
        world.post("/oauth/token", as_client(&by_post, &PASSWORD)).await.text("error"),
        "mfa_required"
    );
    assert_eq!(basic(&world, "demo-spa:anything", &PASSWORD).await.text("error"), "mfa_required");
}

/// A3 "grant not enabled" and "unknown grant".
#[tokio::test]
async fn grants_the_client_may_not_use_and_grants_there_are_not() {
    let world = World::new().await;
    let management = [("client_id", "demo-management"), ("client_secret", "demo-management-secret")];
    for request in &requests()[..6] {
        let reply = world.post("/oauth/token", as_client(&management, request)).await;
        let expected = format!(
            r#"403 {{"error":"unauthorized_client","error_description":"Grant type '{}' not allowed for the client."}}"#,
            request[0].1
        );
        assert_eq!(reply.snapshot(), expected);
    }
    let credentials = [("grant_type", "client_credentials"), ("audience", "https://someapi.com/api")];
    assert_snapshot!(world.token_as_app(&credentials).await.snapshot(), @r#"403 {"error":"unauthorized_client","error_description":"Grant type 'client_credentials' not allowed for the client."}"#);
    assert_snapshot!(world.post("/oauth/token", as_client(&SPA, &requests()[1])).await.snapshot(), @r#"403 {"error":"unauthorized_client","error_description":"Grant type 'http://auth0.com/oauth/grant-type/password-realm' not allowed for the client."}"#);
    assert_snapshot!(world.token_as_app(&[("grant_type", "PASSWORD")]).await.snapshot(), @r#"403 {"error":"unsupported_grant_type","error_description":"Unsupported grant type: PASSWORD"}"#);
    let long = world.token_as_app(&[("grant_type", &"g".repeat(5000))]).await;
    assert_eq!(
        long.text("error_description").len(),
        "Unsupported grant type: ".len() + 100,
        "what is repeated is bounded"
    );
}

/// SEC-26: a public client gets no token in its own name, even if it was allowed the grant.
#[tokio::test]
async fn a_public_client_has_no_name_of_its_own() {
    let world = World::new().await;
    let client = Client {
        client_id: ClientId::new("public-cc"),
        name: "Public".into(),
        kind: ClientKind::Public,
        secret_hash: None,
        grant_types: vec!["client_credentials".into()],
        client_metadata: std::collections::BTreeMap::new(),
        callbacks: Vec::new(),
    };
    world.twin.app.store.put_client(&client).await.unwrap();
    let pairs = [
        ("grant_type", "client_credentials"),
        ("audience", "https://someapi.com/api"),
        ("client_id", "public-cc"),
    ];
    assert_snapshot!(world.token(&pairs).await.snapshot(), @r#"403 {"error":"unauthorized_client","error_description":"Grant type 'client_credentials' not allowed for the client."}"#);
}

/// §1.4, SEC-35, A4 "addresses": a wrong password and an unknown user are one answer; addresses are compared in
/// lower case; a connection that does not exist knows nobody; `realm` is ignored by grant `password`.
#[tokio::test]
async fn passwords_and_addresses() {
    let world = World::new().await;
    let too_long = format!("{}@example.com", "a".repeat(300));
    for username in [USER, "nobody@example.com", "not an address", "a\u{0}b@example.com", &too_long] {
        let reply = world.password(username, "wrong").await;
        assert_eq!(
            reply.snapshot(),
            r#"403 {"error":"invalid_grant","error_description":"Wrong email or password."}"#
        );
        assert_eq!(reply.told_caches(), "application/json | no-store | no-cache");
    }
    assert_snapshot!(world.password(USER, &"p".repeat(2000)).await.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Wrong email or password."}"#);
    assert_eq!(world.password("USER@Example.COM", "pwd").await.text("error"), "mfa_required");
    let realm =
        |realm| [("grant_type", PASSWORD_REALM), ("username", USER), ("password", "pwd"), ("realm", realm)];
    assert_eq!(
        world.token_as_app(&realm("Username-Password-Authentication")).await.text("error"),
        "mfa_required"
    );
    for unknown in ["elsewhere", "a#b", &"r".repeat(65)] {
        assert_eq!(
            world.token_as_app(&realm(unknown)).await.snapshot(),
            r#"403 {"error":"invalid_grant","error_description":"Wrong email or password."}"#
        );
    }
    let ignored = [&PASSWORD[..], &[("realm", "elsewhere")]].concat();
    assert_eq!(world.token_as_app(&ignored).await.text("error"), "mfa_required");
}

/// §1.4 "blocked user": told only to who knows the password.
#[tokio::test]
async fn a_blocked_user() {
    let world = World::new().await;
    world.set_profile(USER, "blocked", AttributeValue::Bool(true)).await;
    assert_snapshot!(world.password(USER, "pwd").await.snapshot(), @r#"403 {"error":"unauthorized","error_description":"user is blocked"}"#);
    assert_snapshot!(world.password(USER, "wrong").await.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Wrong email or password."}"#);
}

/// A4 "unknown audience", by user and by client; a client without a grant for a known API.
#[tokio::test]
async fn audiences_there_are_not() {
    let world = World::new().await;
    for (audience, asked) in
        [("https://nowhere.example", "https://nowhere.example"), ("a\u{0}b", "a\\u0000b")]
    {
        let reply = world.password_for(USER, "pwd", audience, "openid").await;
        let expected = format!(
            r#"403 {{"error":"access_denied","error_description":"Service not enabled within domain: {asked}"}}"#
        );
        assert_eq!(reply.snapshot(), expected);
    }
    let management =
        world.password_for(USER, "pwd", &format!("{}api/v2/", world.issuer()), "read:users").await;
    assert_snapshot!(world.shown(&management), @r#"403 {"error":"access_denied","error_description":"Service not enabled within domain: https://issuer/api/v2/"}"#);
    let demo = [("client_id", "demo-management"), ("client_secret", "demo-management-secret")];
    let own = |audience| as_client(&demo, &[("grant_type", "client_credentials"), ("audience", audience)]);
    let unknown = world.post("/oauth/token", own("https://nowhere.example")).await;
    assert_snapshot!(unknown.snapshot(), @r#"403 {"error":"access_denied","error_description":"Service not enabled within domain: https://nowhere.example"}"#);
    let without_grant = world.post("/oauth/token", own("https://someapi.com/api")).await;
    assert_snapshot!(without_grant.snapshot(), @r#"403 {"error":"access_denied","error_description":"Client is not authorized to access \"https://someapi.com/api\". Create a client grant for this API first."}"#);
    let for_mfa = world.post("/oauth/token", own(&format!("{}mfa/", world.issuer()))).await;
    assert_snapshot!(world.shown(&for_mfa), @r#"403 {"error":"access_denied","error_description":"Client is not authorized to access \"https://issuer/mfa/\". Create a client grant for this API first."}"#);
}

/// A3 "password grant with audience https://DOMAIN/mfa/": with and without its slash, a user without a factor gets
/// the token, an enrolled one is asked for MFA first.
#[tokio::test]
async fn the_mfa_audience_at_the_password_grant() {
    let world = World::new().await;
    for slash in ["", "/"] {
        let audience = format!("{}/mfa{slash}", world.twin.base_url());
        let scope = format!("openid {MFA_SCOPES} read:sample");
        let free = world.password_for(USER, "pwd", &audience, &scope).await;
        assert_eq!(
            free.snapshot(),
            r#"200 {"access_token":"[access_token]","scope":"enroll read:authenticators remove:authenticators","expires_in":600,"token_type":"Bearer"}"#
        );
        let enrolled = world.password_for("verified@example.com", "pwd", &audience, &scope).await;
        assert_eq!(
            enrolled.snapshot(),
            r#"403 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"[mfa_token]"}"#
        );
    }
}

/// A3 "order of checks at `/oauth/token`": body, client, grant, tokens.
#[tokio::test]
async fn the_body_goes_before_the_client_before_the_grant_before_the_tokens() {
    let world = World::new().await;
    let nobody = [("client_id", "nobody"), ("client_secret", "x")];
    let incomplete = [("grant_type", OOB), ("mfa_token", "x")];
    let reply = world.post("/oauth/token", as_client(&nobody, &incomplete)).await;
    assert_snapshot!(reply.snapshot(), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: oob_code"}"#);
    let limited = Client {
        client_id: ClientId::new("limited"),
        name: "Limited".into(),
        kind: ClientKind::Confidential,
        secret_hash: Some(ClientSecret::new("limited-secret").hash()),
        grant_types: vec!["password".into()],
        client_metadata: std::collections::BTreeMap::new(),
        callbacks: Vec::new(),
    };
    world.twin.app.store.put_client(&limited).await.unwrap();
    let malformed = [("grant_type", OOB), ("mfa_token", "x"), ("oob_code", "x"), ("binding_code", "x")];
    let wrong_secret = [("client_id", "limited"), ("client_secret", "wrong")];
    let reply = world.post("/oauth/token", as_client(&wrong_secret, &malformed)).await;
    assert_snapshot!(reply.snapshot(), @r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
    let right_secret = [("client_id", "limited"), ("client_secret", "limited-secret")];
    let reply = world.post("/oauth/token", as_client(&right_secret, &malformed)).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"unauthorized_client","error_description":"Grant type 'http://auth0.com/oauth/grant-type/mfa-oob' not allowed for the client."}"#);
    let reply = world.token_as_app(&malformed).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Malformed mfa_token"}"#);
}
