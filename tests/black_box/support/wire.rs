//! Requests by any client, replies with what differs between twins taken out, and the table behind them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use local::twin::TABLE;

use super::World;
use super::client::{Body, Reply};

pub(crate) const PASSWORD_REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
/// Every scope of the `/mfa/` audience.
pub(crate) const MFA_SCOPES: &str = "enroll read:authenticators remove:authenticators";

/// A form with a client's credentials behind the given pairs.
pub(crate) fn as_client(client: &[(&str, &str)], pairs: &[(&str, &str)]) -> Body {
    let all: Vec<_> = pairs.iter().chain(client).copied().collect();
    Body::form(&all)
}

impl Reply {
    /// `[name: value]` of the headers that caches and clients act on.
    pub(crate) fn told_caches(&self) -> String {
        let shown = |name: &str| self.header(name).unwrap_or("(absent)").to_owned();
        format!("{} | {} | {}", shown("content-type"), shown("cache-control"), shown("pragma"))
    }
}

impl World {
    /// A form to `/oauth/token`, exactly as given.
    pub(crate) async fn token(&self, pairs: &[(&str, &str)]) -> Reply {
        self.post("/oauth/token", Body::form(pairs)).await
    }

    /// A form to `/oauth/token` by the demo app.
    pub(crate) async fn token_as_app(&self, pairs: &[(&str, &str)]) -> Reply {
        self.post("/oauth/token", as_client(&super::DEMO_APP, pairs)).await
    }

    /// [`Reply::snapshot`], with the twin's address and the random part of authenticator ids replaced.
    pub(crate) fn shown(&self, reply: &Reply) -> String {
        let text = reply.snapshot().replace(self.twin.base_url(), "https://issuer");
        let mut parts = text.split("|dev_");
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            shown.push_str("|dev_[id]");
            shown.push_str(part.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
        }
        shown
    }

    /// An `/mfa/` access token of a user who has no factor yet: MFA is not behind it.
    pub(crate) async fn first_access_token(&self, username: &str, scope: &str) -> String {
        let reply = self.password_for(username, "pwd", &format!("{}mfa/", self.issuer()), scope).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.text("access_token")
    }

    /// Every item of the table.
    pub(crate) async fn table(&self) -> Vec<HashMap<String, AttributeValue>> {
        let scan = self.twin.app.store.dynamodb().scan().table_name(TABLE).consistent_read(true);
        scan.send().await.unwrap().items.unwrap_or_default()
    }

    /// Deletes the items whose sort key begins so; gives how many.
    pub(crate) async fn delete_items(&self, sort_key: &str) -> usize {
        let items = self.table().await;
        let of = |item: &HashMap<String, AttributeValue>, name: &str| item[name].as_s().unwrap().clone();
        let matching: Vec<_> = items.iter().filter(|item| of(item, "sk").starts_with(sort_key)).collect();
        for item in &matching {
            let delete = self.twin.app.store.dynamodb().delete_item().table_name(TABLE);
            let delete = delete.key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
            delete.send().await.unwrap();
        }
        matching.len()
    }

    /// Sets an attribute of a user's profile, as the operator's means to do it come later.
    pub(crate) async fn set_profile(&self, username: &str, name: &str, value: AttributeValue) {
        let items = self.table().await;
        let is_user = |item: &&HashMap<String, AttributeValue>| {
            item.get("email").and_then(|email| email.as_s().ok()).is_some_and(|email| email == username)
        };
        let profile =
            items.iter().filter(|item| item["sk"].as_s().unwrap() == "PROFILE").find(is_user).unwrap();
        let update = self.twin.app.store.dynamodb().update_item().table_name(TABLE);
        update
            .key("pk", profile["pk"].clone())
            .key("sk", profile["sk"].clone())
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", value)
            .send()
            .await
            .unwrap();
    }
}
