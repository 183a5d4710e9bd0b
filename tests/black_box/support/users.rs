//! Users by the Management API.

use serde_json::{Value, json};

use super::World;
use super::client::{Body, Reply};

pub(crate) const USERS: &str = "/api/v2/users";
/// The password of whom [`new_user`] makes.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The body that makes a user.
pub(crate) fn new_user(email: &str) -> Value {
    json!({ "connection": "Username-Password-Authentication", "email": email, "password": PASSWORD })
}

/// The path of a user.
pub(crate) fn user_path(id: &str) -> String {
    format!("{USERS}/{}", id.replace('|', "%7C"))
}

impl World {
    /// A request of the Management API with every scope.
    pub(crate) async fn manage(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let token = self.management_token().await;
        self.bearer(method, path, &token, body.map_or_else(Body::none, Body::json)).await
    }

    /// Makes a user; gives the id.
    pub(crate) async fn make_user(&self, body: &Value) -> String {
        let reply = self.manage("POST", USERS, Some(body)).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.text("user_id")
    }
}
