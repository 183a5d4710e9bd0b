//! A refresh token and the `/mfa/` audience: managing factors by it, as long as there are none (design §5, SEC-27).

use insta::assert_snapshot;
use serde_json::json;

use crate::refresh::shown_claims;
use crate::support::{MFA_SCOPES, OFFLINE, START, World};

const USER: &str = "user@example.com";
const VERIFIED: &str = "verified@example.com";

/// Design §5: for the `/mfa/` audience a user without a factor gets the token, which enrols; it has no `amr`.
#[tokio::test]
async fn managing_factors_without_any() {
    let world = World::new().await;
    world.without_mfa().await;
    let first = world.log_in_without_mfa(USER, OFFLINE).await;
    world.clock.advance(100);
    for slash in ["", "/"] {
        let audience = format!("{}mfa{slash}", world.issuer());
        let asked = [("audience", &*audience), ("scope", "enroll openid")];
        let reply = world.refresh_with(&first.text("refresh_token"), &asked).await;
        assert_eq!(
            reply.snapshot(),
            r#"200 {"access_token":"[access_token]","refresh_token":"[refresh_token]","scope":"enroll","expires_in":600,"token_type":"Bearer"}"#
        );
        let access = shown_claims(&world, &reply.text("access_token")).await;
        let now = START.0 + 160;
        let expected = json!({
            "iss": "https://issuer/",
            "sub": access["sub"],
            "aud": "https://issuer/mfa/",
            "azp": "demo-app",
            "iat": now,
            "exp": now + 600,
            "scope": "enroll",
            "gty": "refresh_token",
            "auth_time": START.0 + 60,
            "jti": access["jti"],
        });
        assert_eq!(access, expected);
    }
    let asked = [("audience", &*format!("{}mfa/", world.issuer()))];
    let all = world.refresh_with(&first.text("refresh_token"), &asked).await;
    assert_eq!(all.text("scope"), MFA_SCOPES);
    let token = all.text("access_token");
    let associated = world.associate_email(&token, None).await;
    let confirmed = world.oob(&token, &associated.text("oob_code"), &world.code(USER)).await;
    assert_eq!((confirmed.status, world.authenticators(USER).await), (200, (1, 0)));
    assert!(confirmed.json()["refresh_token"].is_null());
    // Now there is one, and the very same token is refused (SEC-27).
    assert!(world.associate_otp(&token).await.body.contains("by a password or a refresh_token grant"));
}

/// Design §5, SEC-27: once there is a factor, a refresh token leads to MFA, and stays as it is meanwhile; what comes
/// after MFA manages factors and is not renewed.
#[tokio::test]
async fn managing_factors_needs_the_ones_there_are() {
    let world = World::new().await;
    let first = world.enrol_offline(USER).await;
    let id = world.id_of_type(USER, "email").await;
    world.clock.advance(700);
    let asked = [("audience", &*format!("{}mfa/", world.issuer())), ("scope", MFA_SCOPES)];
    let before = world.stored().await;
    let required = world.refresh_with(&first.text("refresh_token"), &asked).await;
    assert_snapshot!(required.snapshot(), @r#"403 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"[mfa_token]"}"#);
    assert!(
        world.stored().await == before,
        "nothing was replaced: the answer has no room for the next token"
    );
    let mfa_token = required.text("mfa_token");
    assert_eq!(world.associate_otp(&mfa_token).await.outcome(), "403 User is already enrolled.");
    let challenge = world.challenge(&mfa_token, "oob", &id).await;
    let proven = world.oob(&mfa_token, &challenge.text("oob_code"), &world.code(USER)).await;
    assert_snapshot!(proven.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"enroll read:authenticators remove:authenticators","expires_in":600,"token_type":"Bearer"}"#);
    let access = shown_claims(&world, &proven.text("access_token")).await;
    assert_eq!((&access["amr"], &access["gty"]), (&json!(["mfa", "email"]), &json!("password")));
    assert_eq!(world.associate_otp(&proven.text("access_token")).await.status, 200);
    assert_eq!(world.refresh(&first.text("refresh_token")).await.status, 200);
    let implicit = {
        world.without_mfa().await;
        world.log_in_without_mfa(VERIFIED, OFFLINE).await.text("refresh_token")
    };
    let required = world.refresh_with(&implicit, &asked).await;
    assert_eq!(required.text("error"), "mfa_required", "a verified address is a factor");
}
