//! The main flow of contract A1, step by step.

use insta::assert_snapshot;

use crate::support::{World, claims};

/// A1 steps 1 to 5: sign in, enrol, get tokens; sign in again, be challenged, get tokens.
#[tokio::test]
async fn email_mfa_from_sign_in_to_tokens() {
    let world = World::new().await;
    let required = world.password("user@example.com", "pwd").await;
    assert_snapshot!(required.snapshot(), @r#"403 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"[mfa_token]"}"#);
    let mfa_token = required.text("mfa_token");
    let associated = world.associate_email(&mfa_token, Some("user@example.com")).await;
    assert_snapshot!(associated.snapshot(), @r#"200 {"authenticator_type":"oob","binding_method":"prompt","recovery_codes":["[recovery_code]"],"oob_channel":"email","oob_code":"[oob_code]"}"#);
    let code = world.code("user@example.com");
    let tokens = world.oob(&mfa_token, &associated.text("oob_code"), &code).await;
    assert_snapshot!(tokens.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","scope":"openid read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    let access = claims(&world, &tokens.text("access_token")).await;
    assert_eq!(access["iss"], world.issuer());
    assert_eq!(access["amr"], serde_json::json!(["mfa", "email"]));
    let id = world.id_of_type("user@example.com", "email").await;
    let again =
        world.sign_in_by_email("user@example.com", &id, "https://someapi.com/api", "read:sample").await;
    assert_snapshot!(again.snapshot(), @r#"200 {"access_token":"[access_token]","scope":"read:sample","expires_in":86400,"token_type":"Bearer"}"#);
}
