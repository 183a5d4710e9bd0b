//! Signing in without password.

use postern::rules::settings::SettingValue;
use postern::store::Store;
use postern::store::expression::{text, value_of};
use postern::store::logins::LoginName;
use serde_json::{Value, json};

use super::client::{Body, Client, Reply};
use super::{World, as_client, user_pk};

pub(crate) const PASSWORDLESS: &str = "http://auth0.com/oauth/grant-type/passwordless/otp";
/// The number by which `user@example.com` may sign in.
pub(crate) const NUMBER: &str = "+4915112345678";
/// Where the demo clients' links lead.
pub(crate) const CALLBACK: &str = "http://localhost:4200/signed-in";

/// Lets a user sign in by [`NUMBER`] as well, as a twin's file can have it from the beginning.
pub(crate) async fn give_number(store: &Store, user_id: &str) {
    let name = LoginName::new("sms", NUMBER);
    let put = store.dynamodb().put_item().table_name(store.table()).item("user_id", text(user_id));
    put.item("pk", text(name.key().pk())).item("sk", text("LOGIN")).send().await.unwrap();
    let update = store.dynamodb().update_item().table_name(store.table());
    let update = update.key("pk", text(format!("USER#{user_id}"))).key("sk", text("PROFILE"));
    let update = update.update_expression("SET logins = list_append(logins, :login)");
    update.expression_attribute_values(":login", value_of(&[name]).unwrap()).send().await.unwrap();
}

impl World {
    /// A tenant with both connections on, whose demo user has a number as well.
    pub(crate) async fn with_passwordless() -> Self {
        let world = Self::new().await;
        world.passwordless_on().await;
        world
    }

    pub(crate) async fn passwordless_on(&self) {
        let on = SettingValue::Switch(true);
        self.configure(&[("passwordless_email", on.clone()), ("passwordless_sms", on)]).await;
        give_number(&self.twin.app.store, user_pk("user@example.com").trim_start_matches("USER#")).await;
    }

    /// `POST /passwordless/start` by the demo app, with these members besides.
    pub(crate) async fn start(&self, members: &Value) -> Reply {
        let mut body = json!({ "client_id": "demo-app", "client_secret": "demo-secret" });
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.post("/passwordless/start", Body::json(&body)).await
    }

    /// Asks for a code by mail.
    pub(crate) async fn start_email(&self, address: &str) -> Reply {
        self.start(&json!({ "connection": "email", "email": address, "send": "code" })).await
    }

    /// Asks for a link by mail.
    pub(crate) async fn start_link(&self, address: &str) -> Reply {
        let params = json!({ "redirect_uri": CALLBACK });
        self.start(&json!({ "connection": "email", "email": address, "authParams": params })).await
    }

    /// Asks for a code by SMS.
    pub(crate) async fn start_sms(&self, number: &str) -> Reply {
        self.start(&json!({ "connection": "sms", "phone_number": number })).await
    }

    /// The grant by mail, from another address of this machine.
    pub(crate) async fn passwordless_from(&self, source: [u8; 4], address: &str, otp: &str) -> Reply {
        let fields = [("grant_type", PASSWORDLESS), ("realm", "email"), ("username", address), ("otp", otp)];
        let body = as_client(&super::DEMO_APP, &fields);
        Client::at(source).send("POST", &self.url("/oauth/token"), &[], body).await
    }

    /// The grant, for the sample API.
    pub(crate) async fn passwordless(&self, realm: &str, username: &str, otp: &str) -> Reply {
        self.token_as_app(&[
            ("grant_type", PASSWORDLESS),
            ("realm", realm),
            ("username", username),
            ("otp", otp),
            ("audience", "https://someapi.com/api"),
            ("scope", "openid read:sample offline_access"),
        ])
        .await
    }
}
