//! What begins with a mail: a new password and a verified address, through the binaries that ask for the mail, send it,
//! and take what its link leads to.

use serde_json::{Value, json};

use crate::flow::Flow;
use crate::flows::{API, USER, with_client};
use crate::gateway::Gateway;
use crate::login::no_secret_is_logged;
use crate::notices::{event, failures};
use crate::support::{Body, PASSWORD, Reply, ticket_of_block};

const ADDRESS: &str = "ada@example.com";
const NEW: &str = "a whole new password";

impl Gateway {
    /// Has everything mailed that is asked for; the path that the newest mail with a link leads to.
    pub(crate) async fn link_mailed(&self, to: &str) -> String {
        assert_eq!(failures(&self.invoke("notices", event(self).await).await.unwrap()), 0);
        let mails = self.twin.aws.inbox.messages(Some(to));
        let link = mails.iter().find_map(|mail| mail.text.lines().find(|line| line.starts_with("http")));
        format!("/{}", link.expect("a link").strip_prefix(&self.issuer()).unwrap())
    }

    pub(crate) async fn page(&self, path: &str) -> Reply {
        let page = self.send("GET", path, &[], Body::none()).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page
    }

    async fn set_by(&self, ticket: &str, password: &str) -> u16 {
        let pairs = [("ticket", ticket), ("password", password), ("again", password)];
        self.post("/lo/reset", Body::form(&pairs)).await.status
    }
}

/// A forgotten password: asked for, mailed, set; what was blocked is open, and the second factor is still asked for. An
/// operator's ticket does the same. Nothing secret is in any log (SEC-34).
#[tokio::test]
async fn a_forgotten_password_is_set_anew() {
    A_NEW_PASSWORD.used().await;
}

pub(crate) static A_NEW_PASSWORD: Flow = Flow::new(|| Box::pin(a_new_password()));

async fn a_new_password() -> Gateway {
    let gateway = Gateway::new().await;
    gateway.enrol_email("read:sample").await;
    for _ in 0..3 {
        assert_eq!(gateway.password("a wrong one", API, "read:sample").await.status, 403);
    }
    let body = json!({
        "client_id": "demo-app", "connection": "Username-Password-Authentication", "email": USER,
    });
    let asked = gateway.post("/dbconnections/change_password", Body::json(&body)).await;
    assert_eq!((asked.status, &*asked.body), (200, "We've just sent you an email to reset your password."));
    let unknown = json!({ "client_id": "nobody", "connection": body["connection"], "email": USER });
    let unknown = gateway.post("/dbconnections/change_password", Body::json(&unknown)).await;
    assert_eq!(unknown.status, 401, "{}", unknown.body);

    let ticket = ticket_of_block(&gateway.page(&gateway.link_mailed(USER).await).await);
    assert_eq!(gateway.set_by(&ticket, NEW).await, 200);
    assert_eq!(gateway.set_by(&ticket, NEW).await, 400, "once");
    assert_eq!(gateway.password("pwd", API, "read:sample").await.text("error"), "invalid_grant");
    assert_eq!(gateway.password(NEW, API, "read:sample").await.text("error"), "mfa_required");
    gateway.link_mailed(USER).await;
    let told = &gateway.twin.aws.inbox.messages(Some(USER))[0];
    assert_eq!(told.subject.as_deref(), Some("The password of your Postern Demo account was changed"));

    let body = json!({ "user_id": gateway.user_id().as_str(), "mark_email_as_verified": true });
    let handed = gateway.manage("POST", "tickets/password-change", &body).await;
    assert_eq!(handed.status, 201, "{}", handed.body);
    let (_, other) =
        handed.text("ticket").split_once("ticket=").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(gateway.set_by(&other, PASSWORD).await, 200);
    assert_eq!(gateway.password(PASSWORD, API, "read:sample").await.text("error"), "mfa_required");
    no_secret_is_logged(&gateway, &[USER, &ticket, &other, NEW, PASSWORD, "demo-secret"]).await;
    gateway
}

/// Somebody signs up and verifies the address by the mailed link; then the address is a second factor by itself. An
/// operator's ticket leads to the same page.
#[tokio::test]
async fn an_address_is_verified_after_a_sign_up() {
    A_VERIFIED_ADDRESS.used().await;
}

pub(crate) static A_VERIFIED_ADDRESS: Flow = Flow::new(|| Box::pin(a_verified_address()));

async fn a_verified_address() -> Gateway {
    let gateway = Gateway::new().await;
    let body = json!({
        "client_id": "demo-app", "connection": "Username-Password-Authentication",
        "email": ADDRESS, "password": PASSWORD, "user_metadata": { "plan": "free" },
    });
    let signed_up = gateway.post("/dbconnections/signup", Body::json(&body)).await;
    assert_eq!(signed_up.status, 200, "{}", signed_up.body);
    let again = gateway.post("/dbconnections/signup", Body::json(&body)).await;
    assert_eq!((again.status, &again.json()["code"]), (400, &json!("invalid_signup")));

    let path = gateway.link_mailed(ADDRESS).await;
    let ticket = ticket_of_block(&gateway.page(&path).await);
    let posted = gateway.post("/lo/verify-email", Body::form(&[("ticket", &ticket)])).await;
    assert_eq!(posted.status, 200, "{}", posted.body);
    let found = gateway.manage("GET", "users-by-email?email=ada%40example.com", &Value::Null).await.json();
    assert_eq!(found[0]["email_verified"], json!(true));
    let pairs = [("grant_type", "password"), ("username", ADDRESS), ("password", PASSWORD)];
    let login = gateway.post("/oauth/token", with_client(&pairs)).await;
    let listed = gateway.bearer("GET", "/mfa/authenticators", &login.text("mfa_token"), Body::none()).await;
    assert_eq!(listed.json()[0]["active"], json!(true), "{}", listed.body);

    let user_id = format!("auth0|{}", signed_up.text("_id"));
    let handed = gateway.manage("POST", "tickets/email-verification", &json!({ "user_id": user_id })).await;
    assert_eq!(handed.status, 201, "{}", handed.body);
    let path = format!("/{}", handed.text("ticket").strip_prefix(&gateway.issuer()).unwrap());
    gateway.page(&path).await;
    no_secret_is_logged(&gateway, &[ADDRESS, &ticket, PASSWORD, "demo-secret"]).await;
    gateway
}
