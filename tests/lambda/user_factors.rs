//! One user's factors through the real binary (contract §6).

use postern::rules::totp::{Algorithm, TotpSecret, hotp, step};
use serde_json::{Value, json};

use crate::flow::Flow;
use crate::flows::{API, USER};
use crate::gateway::Gateway;
use crate::support::{SECRET, path_of};

/// An operator gives a deployment's user factors, changes them, and takes them away; what was given signs in.
#[tokio::test]
async fn a_users_factors_are_managed() {
    MANAGED.used().await;
}

pub(crate) static MANAGED: Flow = Flow::new(|| Box::pin(managed()));

fn path(under: &str) -> String {
    path_of(USER, under).trim_start_matches("/api/v2/").to_owned()
}

async fn managed() -> Gateway {
    let gateway = Gateway::new().await;
    let methods = path("/authentication-methods");
    let given = gateway.manage("POST", &methods, &json!({ "type": "totp", "totp_secret": SECRET })).await;
    assert_eq!(given.status, 201, "{}", given.body);
    let app = format!("{methods}/{}", given.text("id").replace('|', "%7C"));
    let phone = json!({ "type": "phone", "phone_number": "+4915112345678", "name": "Phone" });
    assert_eq!(gateway.manage("POST", &methods, &phone).await.status, 201);
    assert_eq!(gateway.manage("PATCH", &app, &json!({ "name": "App" })).await.text("name"), "App");
    assert_eq!(gateway.manage("GET", &app, &Value::Null).await.text("name"), "App");
    let listed = gateway.manage("GET", &format!("{methods}?include_totals=true"), &Value::Null).await;
    assert_eq!(listed.json()["total"], 2, "{}", listed.body);
    let enrollments = gateway.manage("GET", &path("/enrollments"), &Value::Null).await;
    assert_eq!(enrollments.json().as_array().unwrap().len(), 2, "{}", enrollments.body);
    let of_phone = |it: &&Value| it["auth_method"] == "sms";
    let all = enrollments.json();
    let enrollment = all.as_array().unwrap().iter().find(of_phone).unwrap()["id"].as_str().unwrap();
    let enrollment = format!("guardian/enrollments/{enrollment}");
    assert_eq!(gateway.manage("GET", &enrollment, &Value::Null).await.text("status"), "confirmed");
    assert_eq!(gateway.manage("DELETE", &enrollment, &Value::Null).await.status, 204);
    assert_eq!(gateway.manage("POST", &methods, &phone).await.status, 201, "it is gone");

    let secret = TotpSecret::from_base32(SECRET).unwrap();
    let mfa_token = gateway.log_in(API, "read:sample").await;
    let code = hotp(&secret, Algorithm::Sha1, step(gateway.twin.app.now().0), 6);
    let tokens = gateway.grant("mfa-otp", &mfa_token, &[("otp", &code)]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let made = gateway.manage("POST", &path("/recovery-code-regeneration"), &json!({})).await;
    let recovery_code = made.text("recovery_code");
    let browsers = path("/multifactor/actions/invalidate-remember-browser");
    assert_eq!(gateway.manage("POST", &browsers, &Value::Null).await.status, 204);
    let provider = path("/multifactor/google-authenticator");
    assert_eq!(gateway.manage("DELETE", &provider, &Value::Null).await.status, 204);
    assert_eq!(gateway.manage("DELETE", &app, &Value::Null).await.status, 404);
    assert_eq!(gateway.manage("DELETE", &methods, &Value::Null).await.status, 204);
    assert_eq!(gateway.manage("GET", &methods, &Value::Null).await.json(), json!([]));

    for _ in 0..10 {
        assert_eq!(gateway.password("wrong", API, "read:sample").await.status, 403);
    }
    let blocks = path("").replace("users/", "user-blocks/");
    let blocked = gateway.manage("GET", &blocks, &Value::Null).await;
    assert_eq!(blocked.json()["blocked_for"][0]["identifier"], USER, "{}", blocked.body);
    assert_eq!(gateway.manage("DELETE", &blocks, &Value::Null).await.status, 204);
    gateway.log_in(API, "read:sample").await;
    crate::login::no_secret_is_logged(&gateway, &[SECRET, &recovery_code, &code, "4915112345678", USER])
        .await;
    gateway
}
