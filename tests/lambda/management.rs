//! The Management API through the real binaries: factors, policy, settings, mails and the SMS provider (contract §6).

use insta::assert_snapshot;
use postern::rules::settings::SETTINGS;
use serde_json::{Value, json};

use crate::flow::Flow;
use crate::gateway::Gateway;
use crate::support::{Body, TWILIO_FROM, TWILIO_SID, TWILIO_TOKEN};

/// A1 step 7: the operator's switches, with a token from `client_credentials`.
#[tokio::test]
async fn factors_are_listed_and_switched() {
    FACTORS.used().await;
}

pub(crate) static FACTORS: Flow = Flow::new(|| Box::pin(factors()));

async fn factors() -> Gateway {
    let gateway = Gateway::new().await;
    for (sent, answered) in [(json!(false), false), (json!("true"), true), (json!(false), false)] {
        let reply = gateway.manage("PUT", "guardian/factors/email", &json!({ "enabled": sent })).await;
        assert_eq!((reply.status, reply.json()), (200, json!({ "enabled": answered })));
    }
    let listed = gateway.manage("GET", "guardian/factors", &Value::Null).await;
    let factors = listed.json();
    let of = |name: &str| {
        factors.as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()["enabled"].clone()
    };
    assert_eq!((of("email"), of("otp")), (json!(false), json!(true)), "{}", listed.body);
    let anonymous = gateway.send("GET", "/api/v2/guardian/factors", &[], Body::none()).await;
    assert_eq!(anonymous.status, 401);
    assert_eq!(anonymous.json()["statusCode"], 401);
    gateway
}

/// What is set is read back, by the same binary and by others after them.
#[tokio::test]
async fn policy_and_settings_are_set_and_read() {
    POLICY_AND_SETTINGS.used().await;
}

pub(crate) static POLICY_AND_SETTINGS: Flow = Flow::new(|| Box::pin(policy_and_settings()));

async fn policy_and_settings() -> Gateway {
    let gateway = Gateway::new().await;
    let set = gateway.manage("PUT", "guardian/policies", &json!([])).await;
    assert_eq!((set.status, set.json()), (200, json!([])), "{}", set.body);
    let read = gateway.manage("GET", "guardian/policies", &Value::Null).await;
    assert_eq!((read.status, read.json()), (200, json!([])), "{}", read.body);
    let change = json!({ "code_digits": 8, "web_otp_domain": "example.com" });
    let changed = gateway.manage("PATCH", "guardian/settings", &change).await;
    assert_eq!((changed.status, &changed.json()["code_digits"]), (200, &json!(8)), "{}", changed.body);
    let unset = gateway.manage("PATCH", "guardian/settings", &json!({ "web_otp_domain": null })).await;
    let read = gateway.manage("GET", "guardian/settings", &Value::Null).await.json();
    assert_eq!((&read, read.as_object().unwrap().len()), (&unset.json(), SETTINGS.len()));
    assert_eq!((&read["code_digits"], &read["web_otp_domain"]), (&json!(8), &Value::Null));
    gateway.turn_cold().await;
    let tokens = gateway.password("pwd", crate::flows::API, "read:sample").await;
    assert_eq!(tokens.status, 200, "nobody is asked for a second factor: {}", tokens.body);
    gateway
}

/// Contract §6: a template is made once, read, replaced and changed; the mails are those of the operator.
#[tokio::test]
async fn mails_are_the_operators() {
    TEMPLATES.used().await;
}

pub(crate) static TEMPLATES: Flow = Flow::new(|| Box::pin(templates()));

async fn templates() -> Gateway {
    let gateway = Gateway::new().await;
    let path = "email-templates/mfa_oob_code";
    let whole = |subject: &str| {
        json!({
            "template": "mfa_oob_code", "subject": subject, "body": "<p>{{ code }}</p>", "syntax": "liquid",
            "enabled": true,
        })
    };
    assert_eq!(gateway.manage("GET", path, &Value::Null).await.status, 404);
    assert_eq!(gateway.manage("PUT", path, &whole("Replaced")).await.status, 404);
    assert_eq!(gateway.manage("PATCH", path, &json!({ "enabled": false })).await.status, 404);
    let made = gateway.manage("POST", "email-templates", &whole("Made")).await;
    assert_eq!((made.status, &made.json()["subject"]), (200, &json!("Made")), "{}", made.body);
    assert_eq!(gateway.manage("POST", "email-templates", &whole("Again")).await.status, 409);
    let replaced = gateway.manage("PUT", path, &whole("Replaced")).await;
    assert_eq!(
        (replaced.status, &replaced.json()["subject"]),
        (200, &json!("Replaced")),
        "{}",
        replaced.body
    );
    let changed = gateway.manage("PATCH", path, &json!({ "subject": "Changed to {{ code }}" })).await;
    let read = gateway.manage("GET", path, &Value::Null).await;
    assert_eq!((changed.status, changed.json()), (200, read.json()), "{}", changed.body);

    gateway.enrol_email("read:sample").await;
    let mail = gateway.twin.aws.inbox.messages(None).remove(0);
    assert_eq!(mail.subject.unwrap(), format!("Changed to {}", gateway.code(crate::flows::USER)));
    gateway
}

/// The account is stored and chosen by either of Auth0's names; its token is never answered.
#[tokio::test]
async fn a_provider_is_stored_and_chosen() {
    PROVIDER.used().await;
}

pub(crate) static PROVIDER: Flow = Flow::new(|| Box::pin(provider()));

async fn provider() -> Gateway {
    let gateway = Gateway::new().await;
    let account = json!({ "sid": TWILIO_SID, "auth_token": TWILIO_TOKEN, "from": TWILIO_FROM });
    for name in ["sms", "phone"] {
        let path = format!("guardian/factors/{name}/providers/twilio");
        let set = gateway.manage("PUT", &path, &account).await;
        let read = gateway.manage("GET", &path, &Value::Null).await;
        assert_eq!((set.status, set.json()), (200, read.json()), "{}", set.body);
        assert_eq!(read.json()["sid"], TWILIO_SID);
        assert!(!read.body.contains(TWILIO_TOKEN));
        let path = format!("guardian/factors/{name}/selected-provider");
        let chosen = gateway.manage("PUT", &path, &json!({ "provider": "twilio" })).await;
        let read = gateway.manage("GET", &path, &Value::Null).await;
        assert_eq!((chosen.snapshot(), chosen.status), (read.snapshot(), 200));
    }
    let own = json!({ "provider": "auth0" });
    let back = gateway.manage("PUT", "guardian/factors/sms/selected-provider", &own).await;
    assert_snapshot!(back.snapshot(), @r#"200 {"provider":"auth0"}"#);
    crate::login::no_secret_is_logged(&gateway, &[TWILIO_TOKEN]).await;
    gateway
}
