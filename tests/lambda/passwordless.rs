//! Signing in without password, through the real binaries (contract §1.4, §9).

use insta::assert_snapshot;
use postern::rules::settings::SettingValue;
use serde_json::{Value, json};

use crate::flow::Flow;
use crate::flows::{API, USER, with_client};
use crate::gateway::{Gateway, decoded};
use crate::login::no_secret_is_logged;
use crate::support::{Body, CALLBACK, NUMBER, OFFLINE, PASSWORDLESS, Reply, World, give_number};

const NOBODY: &str = "nobody@example.com";

impl Gateway {
    /// A tenant with both connections on and without MFA, whose demo user has a number as well.
    pub(crate) async fn with_passwordless() -> Self {
        let gateway = Self::new().await;
        let on = SettingValue::Switch(true);
        gateway.configure(&[("passwordless_email", on.clone()), ("passwordless_sms", on)]).await;
        gateway.without_mfa().await;
        give_number(&gateway.twin.app.store, gateway.user_id().as_str()).await;
        gateway
    }

    /// `POST /passwordless/start` by the demo app, with these members besides.
    async fn start(&self, members: Value) -> Reply {
        let mut body = json!({ "client_id": "demo-app", "client_secret": "demo-secret" });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.post("/passwordless/start", Body::json(&body)).await
    }

    async fn start_email(&self, address: &str) -> Reply {
        self.start(json!({ "connection": "email", "email": address, "send": "code" })).await
    }

    pub(crate) async fn start_sms(&self) -> Reply {
        self.start(json!({ "connection": "sms", "phone_number": NUMBER })).await
    }

    async fn passwordless(&self, realm: &str, username: &str, otp: &str) -> Reply {
        let pairs = [
            ("grant_type", PASSWORDLESS),
            ("realm", realm),
            ("username", username),
            ("otp", otp),
            ("audience", API),
            ("scope", OFFLINE),
        ];
        self.post("/oauth/token", with_client(&pairs)).await
    }
}

/// By mail: a wrong code, the right one, and not again; nothing tells whether anybody has an address (SEC-35), and no
/// secret is logged (SEC-34).
#[tokio::test]
async fn a_code_by_mail() {
    BY_MAIL.used().await;
}

pub(crate) static BY_MAIL: Flow = Flow::new(|| Box::pin(by_mail()));

async fn by_mail() -> Gateway {
    let gateway = Gateway::with_passwordless().await;
    gateway.fault("ses", "SendEmail");
    gateway.start_email(USER).await.assert_not_delivered();
    let started = gateway.start_email(USER).await;
    let unknown = gateway.start_email(NOBODY).await;
    assert_eq!((started.status, unknown.status), (200, 200), "{}", started.body);
    assert!(gateway.twin.aws.inbox.messages(Some(NOBODY)).is_empty());
    let code = gateway.code(USER);
    let wrong = gateway.passwordless("email", USER, &World::wrong(&code)).await;
    assert_snapshot!(wrong.snapshot(), @r#"403 {"error":"invalid_grant","error_description":"Wrong email or verification code."}"#);
    let tokens = gateway.passwordless("email", USER, &code).await;
    assert_snapshot!(tokens.snapshot(), @r#"200 {"access_token":"[access_token]","id_token":"[id_token]","refresh_token":"[refresh_token]","scope":"openid offline_access read:sample","expires_in":86400,"token_type":"Bearer"}"#);
    assert_eq!(gateway.passwordless("email", USER, &code).await.status, 403);
    no_secret_is_logged(&gateway, &[USER, NOBODY, &code, "demo-secret"]).await;
    gateway
}

/// A link leads to where the client registered, with the code in the fragment.
#[tokio::test]
async fn a_link_by_mail() {
    BY_LINK.used().await;
}

pub(crate) static BY_LINK: Flow = Flow::new(|| Box::pin(by_link()));

async fn by_link() -> Gateway {
    let gateway = Gateway::with_passwordless().await;
    let params = json!({ "redirect_uri": CALLBACK });
    let started = gateway.start(json!({ "connection": "email", "email": USER, "authParams": params })).await;
    assert_eq!(started.status, 200, "{}", started.body);
    let mail = gateway.twin.aws.inbox.messages(Some(USER)).remove(0);
    let link = mail.text.split_whitespace().find(|word| word.starts_with(CALLBACK)).unwrap();
    let (_, code) = link.split_once("code=").unwrap();
    let code = decoded(code.split('&').next().unwrap());
    let tokens = gateway.passwordless("email", USER, &code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    no_secret_is_logged(&gateway, &[USER, &code]).await;
    gateway
}

/// By SMS: the country is counted, and paid back when nothing was sent.
#[tokio::test]
async fn a_code_by_sms() {
    BY_SMS.used().await;
}

pub(crate) static BY_SMS: Flow = Flow::new(|| Box::pin(by_sms()));

async fn by_sms() -> Gateway {
    let gateway = Gateway::with_passwordless().await;
    gateway.fault("sms", "SendTextMessage");
    gateway.start_sms().await.assert_not_delivered();
    assert_eq!(gateway.start_sms().await.status, 200);
    let code = gateway.code(NUMBER);
    let tokens = gateway.passwordless("sms", NUMBER, &code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    no_secret_is_logged(&gateway, &[NUMBER, &NUMBER[4..], &code]).await;
    gateway
}
