//! `POST /oauth/revoke` (RFC 7009).

use insta::assert_snapshot;
use postern::id::ClientId;
use postern::rules::client::{ClientKind, ClientSecret};
use postern::store::clients::Client;
use serde_json::json;

use crate::support::{Body, DEMO_APP, OFFLINE, World, as_client};

const USER: &str = "user@example.com";
const UNKNOWN: &str = "403 Unknown or invalid refresh token.";

/// RFC 7009 §2.2: 200 with nothing in it; the family ends, and no other.
#[tokio::test]
async fn a_client_gives_a_token_up() {
    let world = World::new().await;
    let token = world.enrol_offline(USER).await.text("refresh_token");
    let id = world.id_of_type(USER, "email").await;
    let other = world.sign_in_by_email(USER, &id, "https://someapi.com/api", OFFLINE).await;
    let reply = world.revoke(&token).await;
    assert_eq!((reply.status, &*reply.body), (200, ""));
    assert_snapshot!(reply.told_caches(), @"(absent) | no-store | no-cache");
    assert_eq!(world.refresh(&token).await.outcome(), UNKNOWN);
    assert_eq!(world.revoke(&token).await.status, 200, "again");
    assert_eq!(world.refresh(&other.text("refresh_token")).await.status, 200);
}

/// An old token of the family ends it too, and a hint says nothing that is needed; JSON is read as well (A2).
#[tokio::test]
async fn any_token_of_the_family_ends_it() {
    let world = World::new().await;
    let first = world.enrol_offline(USER).await.text("refresh_token");
    let second = world.refresh(&first).await.text("refresh_token");
    world.clock.advance(3_600);
    let body = json!({
        "token": first,
        "token_type_hint": "access_token",
        "client_id": "demo-app",
        "client_secret": "demo-secret",
    });
    assert_eq!(world.post("/oauth/revoke", Body::json(&body)).await.status, 200);
    assert_eq!(world.refresh(&second).await.outcome(), UNKNOWN);
}

/// RFC 7009 §2.2, SEC-28: what is no refresh token, or another client's, is answered the same, and nothing happens.
#[tokio::test]
async fn unknown_and_foreign_tokens() {
    let world = World::new().await;
    let client = Client {
        client_id: ClientId::new("other"),
        name: "Other".into(),
        kind: ClientKind::Confidential,
        secret_hash: Some(ClientSecret::new("secret").hash()),
        grant_types: Vec::new(),
        client_metadata: Default::default(),
        callbacks: Vec::new(),
    };
    world.twin.app.store.put_client(&client).await.unwrap();
    let tokens = world.enrol_offline(USER).await;
    let before = world.stored().await;
    for unknown in ["x", "v1.AAAA", &tokens.text("access_token"), &"t".repeat(9_000)] {
        assert_eq!(world.revoke(unknown).await.status, 200);
    }
    let other = [("client_id", "other"), ("client_secret", "secret")];
    let foreign = as_client(&other, &[("token", &tokens.text("refresh_token"))]);
    let reply = world.post("/oauth/revoke", foreign).await;
    assert_eq!((reply.status, &*reply.body), (200, ""));
    assert!(world.stored().await == before);
    assert_eq!(world.refresh(&tokens.text("refresh_token")).await.status, 200);
}

/// The client proves itself first, whatever the token is.
#[tokio::test]
async fn the_client_comes_first() {
    let world = World::new().await;
    let token = world.enrol_offline(USER).await.text("refresh_token");
    assert_snapshot!(world.post("/oauth/revoke", as_client(&DEMO_APP, &[])).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: token"}"#);
    assert_snapshot!(world.post("/oauth/revoke", Body::form(&[("token", &token)])).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: client_id"}"#);
    for client in [
        [("client_id", "demo-app"), ("client_secret", "wrong")],
        [("client_id", "nobody"), ("client_secret", "x")],
    ] {
        for token in [&token, "x"] {
            let reply = world.post("/oauth/revoke", as_client(&client, &[("token", token)])).await;
            assert_eq!(
                reply.snapshot(),
                r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#
            );
        }
    }
    assert_eq!(world.refresh(&token).await.status, 200);
}
