//! One user's factors by the Management API.

use serde_json::Value;

use super::World;
use super::client::Reply;
use super::table::user_pk;
use super::users::user_path;

/// An app's secret, as another system gives it out.
pub(crate) const SECRET: &str = "5HCWXIP2MJNSUBGYVUZFLRB2HWIGXR4SYJQXNBQ";

/// A path of a user of the demo tenant.
pub(crate) fn path_of(username: &str, under: &str) -> String {
    format!("{}{under}", user_path(user_pk(username).trim_start_matches("USER#")))
}

/// A reply with the random parts of ids numbered in their order.
pub(crate) fn without_devices(reply: &Reply) -> String {
    const DEVICE: &str = "dev_";
    let mut text = reply.snapshot();
    let mut found: Vec<String> = Vec::new();
    for (at, _) in reply.snapshot().match_indices(DEVICE) {
        let device = reply.snapshot()[at..at + DEVICE.len() + 16].to_owned();
        if !found.contains(&device) {
            found.push(device);
        }
    }
    for (number, device) in found.iter().enumerate() {
        text = text.replace(device, &format!("{DEVICE}{}", number + 1));
    }
    text
}

impl World {
    /// The authentication methods of a user of the demo tenant.
    pub(crate) async fn methods(&self, username: &str) -> Reply {
        self.manage("GET", &path_of(username, "/authentication-methods"), None).await
    }

    /// Gives that user one.
    pub(crate) async fn give_method(&self, username: &str, body: &Value) -> Reply {
        self.manage("POST", &path_of(username, "/authentication-methods"), Some(body)).await
    }

    /// The path of the user's first method of a type.
    pub(crate) async fn path_of_method(&self, username: &str, kind: &str) -> String {
        let methods = self.methods(username).await.json();
        let method = methods.as_array().unwrap().iter().find(|method| method["type"] == kind);
        let id = method.expect("a method")["id"].as_str().unwrap().replace('|', "%7C");
        path_of(username, &format!("/authentication-methods/{id}"))
    }
}
