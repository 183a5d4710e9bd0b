//! What an operator does of a user's factors, as steps.

use serde_json::{Value, json};

use super::client::{Body, Reply};
use super::methods::{SECRET, path_of};
use super::{NUMBER, World};

const USER: &str = "user@example.com";

/// An act of an operator's on a user who has an address, an app and a recovery code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactorStep {
    List,
    Read,
    Give,
    GiveApp,
    Label,
    Remove,
    RemoveAll,
    Replace,
    Enrollments,
    ReadDevice,
    RemoveDevice,
    NewRecoveryCode,
    RemoveApps,
    ForgetBrowsers,
    Blocks,
    EndBlocks,
}

impl FactorStep {
    /// Brings a new world to where the step can be taken; gives the id of the address.
    pub(crate) async fn prepare(self, world: &World) -> String {
        let (id, _) = world.enrol_email(USER).await;
        let app = json!({ "type": "totp", "totp_secret": SECRET });
        let app = world.give_method(USER, &app).await;
        assert_eq!(app.status, 201, "{}", app.body);
        match self {
            Self::ReadDevice | Self::RemoveDevice => app.text("id"),
            _ => id,
        }
    }

    pub(crate) async fn send(self, world: &World, token: &str, id: &str) -> Reply {
        let (method, path, body) = self.request(&id.replace('|', "%7C"));
        world.bearer(method, &path, token, body.as_ref().map_or_else(Body::none, Body::json)).await
    }

    fn request(self, id: &str) -> (&'static str, String, Option<Value>) {
        let methods = path_of(USER, "/authentication-methods");
        let method = format!("{methods}/{id}");
        let device = format!("/api/v2/guardian/enrollments/{}", id.trim_start_matches("totp%7C"));
        let blocks = path_of(USER, "").replace("/users/", "/user-blocks/");
        let phone = json!({ "type": "phone", "phone_number": NUMBER });
        let app = json!({ "type": "totp", "totp_secret": SECRET });
        match self {
            Self::List => ("GET", methods, None),
            Self::Read => ("GET", method, None),
            Self::Give => ("POST", methods, Some(phone)),
            Self::GiveApp => ("POST", methods, Some(app)),
            Self::Label => ("PATCH", method, Some(json!({ "name": "Mail" }))),
            Self::Remove => ("DELETE", method, None),
            Self::RemoveAll => ("DELETE", methods, None),
            Self::Replace => ("PUT", methods, Some(json!([phone, app]))),
            Self::Enrollments => ("GET", path_of(USER, "/enrollments"), None),
            Self::ReadDevice => ("GET", device, None),
            Self::RemoveDevice => ("DELETE", device, None),
            Self::NewRecoveryCode => ("POST", path_of(USER, "/recovery-code-regeneration"), None),
            Self::RemoveApps => ("DELETE", path_of(USER, "/multifactor/google-authenticator"), None),
            Self::ForgetBrowsers => {
                ("POST", path_of(USER, "/multifactor/actions/invalidate-remember-browser"), None)
            }
            Self::Blocks => ("GET", blocks, None),
            Self::EndBlocks => ("DELETE", blocks, None),
        }
    }
}
