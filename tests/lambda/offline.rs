//! Refresh tokens through the real binaries (contract §1.5, §10).

use insta::assert_snapshot;

use crate::flow::Flow;
use crate::flows::{API, USER, with_client};
use crate::gateway::Gateway;
use crate::login::no_secret_is_logged;
use crate::support::{OFFLINE, Reply};

impl Gateway {
    async fn refresh(&self, token: &str) -> Reply {
        self.post("/oauth/token", with_client(&[("grant_type", "refresh_token"), ("refresh_token", token)]))
            .await
    }

    async fn revoke(&self, token: &str) -> Reply {
        self.post("/oauth/revoke", with_client(&[("token", token)])).await
    }
}

/// A refresh token that came out of MFA is exchanged, once more within its leeway, and given up by another binary than
/// the one that made it; then it is worth nothing. No secret is logged (SEC-34).
#[tokio::test]
async fn a_refresh_token_is_exchanged_and_given_up() {
    AFTER_MFA.used().await;
}

pub(crate) static AFTER_MFA: Flow = Flow::new(|| Box::pin(after_mfa()));

async fn after_mfa() -> Gateway {
    let gateway = Gateway::new().await;
    let (tokens, _) = gateway.enrol_email(OFFLINE).await;
    let first = tokens.text("refresh_token");
    let refreshed = gateway.refresh(&first).await;
    assert_snapshot!(refreshed.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","refresh_token":"[refresh_token]","scope":"openid offline_access read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    let second = refreshed.text("refresh_token");
    assert_ne!(first, second);
    assert_eq!(gateway.refresh(&first).await.status, 200, "the reply may have been lost");
    let revoked = gateway.revoke(&second).await;
    assert_eq!((revoked.status, &*revoked.body), (200, ""));
    let over = gateway.refresh(&second).await;
    assert_snapshot!(over.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#);
    assert_eq!(gateway.revoke("x").await.status, 200, "RFC 7009 §2.2");
    no_secret_is_logged(&gateway, &[&first, &second, USER, "demo-secret"]).await;
    gateway
}

/// Where no second factor is asked for the family is a write of its own.
#[tokio::test]
async fn a_refresh_token_without_mfa() {
    WITHOUT_MFA.used().await;
}

pub(crate) static WITHOUT_MFA: Flow = Flow::new(|| Box::pin(without_mfa()));

async fn without_mfa() -> Gateway {
    let gateway = Gateway::new().await;
    gateway.without_mfa().await;
    let tokens = gateway.password("pwd", API, OFFLINE).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert_eq!(gateway.refresh(&tokens.text("refresh_token")).await.status, 200);
    gateway
}
