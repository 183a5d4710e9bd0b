//! `GET /mfa/authenticators` and `DELETE /mfa/authenticators/{id}` (contract §4, §5, A3).

use insta::assert_snapshot;

use crate::support::{Body, MFA_SCOPES, World};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";
const BEARER_INVALID: &str = r#"401 {"error":"invalid_grant","error_description":"The mfa_token provided is invalid. Try getting a new token."}"#;

/// §4, A3 "`/mfa/authenticators` items": none, pending, confirmed, with the recovery code, in order, masked.
#[tokio::test]
async fn the_list_from_empty_to_full() {
    let world = World::new().await;
    let login = world.log_in(USER).await.mfa_token;
    let empty = world.list(&login).await;
    assert_snapshot!(world.shown(&empty), @"200 []");
    assert_snapshot!(empty.told_caches(), @"application/json; charset=utf-8 | no-store | no-cache");
    let oob_code = world.associate_email(&login, Some("chuck334@example.com")).await.text("oob_code");
    let pending = world.list(&login).await;
    assert_snapshot!(world.shown(&pending), @r#"200 [{"id":"email|dev_[id]","authenticator_type":"oob","active":false,"oob_channel":"email","oob_channels":["email"],"name":"chuc****@exam*******","type":"email"}]"#);
    let id = pending.json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), "email|dev_".len() + 16);
    world.clock.advance(1);
    assert_eq!(world.oob(&login, &oob_code, &world.code("chuck334@example.com")).await.status, 200);
    let mfa_token = world
        .password_for(USER, "pwd", &format!("{}mfa/", world.issuer()), MFA_SCOPES)
        .await
        .text("mfa_token");
    let challenge = world.challenge(&mfa_token, "oob", &id).await.text("oob_code");
    let access =
        world.oob(&mfa_token, &challenge, &world.code("chuck334@example.com")).await.text("access_token");
    world.clock.advance(1);
    world.associate_otp(&access).await;
    let full = world.list(&access).await;
    assert_snapshot!(world.shown(&full), @r#"200 [{"id":"email|dev_[id]","authenticator_type":"oob","active":true,"oob_channel":"email","oob_channels":["email"],"name":"chuc****@exam*******","type":"email"},{"id":"recovery-code|dev_[id]","authenticator_type":"recovery-code","active":true,"type":"recovery-code"},{"id":"totp|dev_[id]","authenticator_type":"otp","active":false,"type":"otp"}]"#);
    assert_eq!(full.json()[0]["id"], id.as_str(), "confirming does not change the id");
    let other_login = world.log_in(USER).await.mfa_token;
    assert_eq!(world.list(&other_login).await.body, full.body, "the same for every token of the user");
    world.clock.advance(600);
    let later = world.list(&world.log_in(USER).await.mfa_token).await;
    assert_eq!(later.json().as_array().unwrap().len(), 2, "SEC-17: the pending one is over");
}

/// A3 "a verified account address, email factor on": listed last, with a stable id; gone while the factor is off.
#[tokio::test]
async fn the_implicit_email_in_the_list() {
    let world = World::new().await;
    let login = world.log_in(VERIFIED).await.mfa_token;
    let reply = world.list(&login).await;
    assert_snapshot!(world.shown(&reply), @r#"200 [{"id":"email|dev_[id]","authenticator_type":"oob","active":true,"oob_channel":"email","oob_channels":["email"],"name":"veri****@exam*******","type":"email"}]"#);
    let id = reply.json()[0]["id"].as_str().unwrap().to_owned();
    let access = world.mfa_access_token(VERIFIED, &id).await;
    world.associate_otp(&access).await;
    let list = world.list(&access).await.json();
    let types: Vec<_> = list.as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["otp", "email"]);
    assert_eq!(list[1]["id"], id.as_str());
    world.set_factor("email", false).await;
    assert_eq!(world.list(&world.log_in(VERIFIED).await.mfa_token).await.json().as_array().unwrap().len(), 1);
}

/// A3, §1.4: the bearer check of the list; "JWT without the scope on `/mfa/*`".
#[tokio::test]
async fn the_bearer_of_the_list() {
    let world = World::new().await;
    assert_eq!(world.send("GET", "/mfa/authenticators", &[], Body::none()).await.snapshot(), BEARER_INVALID);
    let management = world.management_token().await;
    for token in ["x", "a.b.c", &management] {
        let reply = world.list(token).await;
        assert_eq!(reply.snapshot(), BEARER_INVALID);
        assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        assert_eq!(reply.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
    }
    let enrolling = world.first_access_token(USER, "enroll").await;
    let reply = world.list(&enrolling).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"insufficient_scope","error_description":"Insufficient scope, expected any of: read:authenticators"}"#);
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Bearer error=\"insufficient_scope\", scope=\"read:authenticators\"")
    );
    let reading = world.first_access_token(USER, "read:authenticators").await;
    assert_eq!(world.list(&reading).await.body, "[]");
    world.clock.advance(600);
    let reply = world.list(&reading).await;
    assert_snapshot!(reply.snapshot(), @r#"401 {"error":"expired_token","error_description":"mfa_token is expired"}"#);
}

/// §5: 204 and nothing else, with a content type; then it is gone. The id may be percent-encoded or not.
#[tokio::test]
async fn a_factor_is_deleted() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let access = world.mfa_access_token(USER, &id).await;
    for address in ["one@example.com", "two@example.com"] {
        world.associate_email(&access, Some(address)).await;
    }
    let list = world.list(&access).await.json();
    let pending: Vec<_> = list.as_array().unwrap().iter().filter(|item| item["active"] == false).collect();
    let reply = world.delete(&access, pending[0]["id"].as_str().unwrap()).await;
    assert_snapshot!(reply.snapshot(), @"204 ");
    assert_snapshot!(reply.told_caches(), @"application/json; charset=utf-8 | no-store | no-cache");
    let second = pending[1]["id"].as_str().unwrap();
    // A bare bar is not a URI character, but the letters may be encoded needlessly.
    let encoded = second.replace('e', "%65").replace('|', "%7c");
    let reply =
        world.bearer("DELETE", &format!("/mfa/authenticators/{encoded}"), &access, Body::none()).await;
    assert_eq!(reply.status, 204);
    assert_eq!(world.delete(&access, &id).await.status, 204);
    let reply = world.delete(&access, &id).await;
    assert_snapshot!(reply.snapshot(), @r#"404 {"error":"invalid_authenticator","error_description":"Authenticator not found"}"#);
    assert_snapshot!(world.list(&access).await.snapshot(), @"200 []");
}

/// A3 "unknown or foreign `authenticator_id`", "implicit verified-email authenticator deleted"; §5 the recovery code.
#[tokio::test]
async fn what_cannot_be_deleted() {
    let world = World::new().await;
    let implicit = world.id_of_type(VERIFIED, "email").await;
    let (id, _) = world.enrol_email(USER).await;
    let recovery = world.id_of_type(USER, "recovery-code").await;
    let access = world.mfa_access_token(USER, &id).await;
    for unknown in ["email|dev_0000000000000000", "totp|dev_a", &implicit, "x", "email"] {
        let reply = world.delete(&access, unknown).await;
        assert_eq!(
            reply.snapshot(),
            r#"404 {"error":"invalid_authenticator","error_description":"Authenticator not found"}"#
        );
        assert_eq!(reply.told_caches(), "application/json; charset=utf-8 | no-store | no-cache");
    }
    assert_snapshot!(world.delete(&access, &recovery).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"A recovery code cannot be deleted; it is replaced when it is used, or by POST /mfa/recovery-code"}"#);
    let theirs = world.mfa_access_token(VERIFIED, &implicit).await;
    assert_snapshot!(world.delete(&theirs, &implicit).await.snapshot(), @r#"400 {"error":"invalid_request","error_description":"This authenticator is the user's verified email address and cannot be deleted while the email factor is enabled"}"#);
    let foreign = world.delete(&theirs, &id).await;
    assert_snapshot!(foreign.snapshot(), @r#"404 {"error":"invalid_authenticator","error_description":"Authenticator not found"}"#);
}

/// A3 "an `mfa_token` at DELETE", "an `/mfa/` JWT without proof of MFA", "JWT without the scope".
#[tokio::test]
async fn who_cannot_delete() {
    let world = World::new().await;
    let early = world.first_access_token(USER, MFA_SCOPES).await;
    let reading = world.first_access_token(USER, "read:authenticators enroll").await;
    let (id, _) = world.enrol_email(USER).await;
    let login = world.log_in(USER).await.mfa_token;
    let management = world.management_token().await;
    for token in [login.as_str(), "x", "a.b.c", &management] {
        assert_eq!(world.delete(token, &id).await.snapshot(), BEARER_INVALID);
    }
    let path = format!("/mfa/authenticators/{}", id.replace('|', "%7C"));
    assert_eq!(world.send("DELETE", &path, &[], Body::none()).await.snapshot(), BEARER_INVALID);
    let stale = world.delete(&early, &id).await;
    assert_snapshot!(world.shown(&stale), @r#"403 {"error":"access_denied","error_description":"This needs an access token issued after MFA within the last 10 minutes. Sign in with MFA for the audience https://issuer/mfa/, by a password or a refresh_token grant, to get one."}"#);
    let reply = world.delete(&reading, &id).await;
    assert_snapshot!(reply.snapshot(), @r#"403 {"error":"insufficient_scope","error_description":"Insufficient scope, expected any of: remove:authenticators"}"#);
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Bearer error=\"insufficient_scope\", scope=\"remove:authenticators\"")
    );
    let fresh = world.mfa_access_token(USER, &id).await;
    world.clock.advance(600);
    let reply = world.delete(&fresh, &id).await;
    assert_snapshot!(reply.snapshot(), @r#"401 {"error":"expired_token","error_description":"mfa_token is expired"}"#);
    assert_eq!(
        world.list(&world.log_in(USER).await.mfa_token).await.json()[0]["id"],
        id.as_str(),
        "it is still there"
    );
}

/// design §5: whoever is not enrolled may take back what the same token began, but not another login's.
#[tokio::test]
async fn pending_factors_of_a_user_who_is_not_enrolled() {
    let world = World::new().await;
    let (mine, other) =
        (world.first_access_token(USER, MFA_SCOPES).await, world.first_access_token(USER, MFA_SCOPES).await);
    world.associate_email(&mine, None).await;
    let id = world.list(&mine).await.json()[0]["id"].as_str().unwrap().to_owned();
    let reply = world.delete(&other, &id).await;
    assert_snapshot!(world.shown(&reply), @r#"403 {"error":"access_denied","error_description":"This needs an access token issued after MFA within the last 10 minutes. Sign in with MFA for the audience https://issuer/mfa/, by a password or a refresh_token grant, to get one."}"#);
    assert_eq!(world.delete(&mine, &id).await.status, 204);
}
