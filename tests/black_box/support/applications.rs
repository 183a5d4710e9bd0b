//! Clients, what they are granted, and APIs, by the Management API; and what operators do of them, as steps.

use serde_json::{Value, json};

use super::World;
use super::client::{Body, Reply};

pub(crate) const CLIENTS: &str = "/api/v2/clients";
pub(crate) const GRANTS: &str = "/api/v2/client-grants";
pub(crate) const APIS: &str = "/api/v2/resource-servers";
/// The API of [`World::make_api`].
pub(crate) const ORDERS: &str = "https://orders.example/api";

/// A client that was made.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Made {
    pub(crate) fn path(&self) -> String {
        format!("{CLIENTS}/{}", self.id)
    }
}

/// A reply with the random id and secret of a client named.
pub(crate) fn without_client(reply: &Reply) -> String {
    let json = reply.json();
    let mut text = format!("{} {}", reply.status, reply.body);
    for (name, length) in [("client_id", 32), ("client_secret", 64)] {
        if let Some(value) = json[name].as_str() {
            assert!(value.len() == length && value.bytes().all(|b| b.is_ascii_alphanumeric()), "{value}");
            text = text.replace(value, &format!("[{name}]"));
        }
    }
    text
}

impl World {
    /// Makes a client.
    pub(crate) async fn make_client(&self, body: &Value) -> Made {
        let reply = self.manage("POST", CLIENTS, Some(body)).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let secret = reply.json()["client_secret"].as_str().unwrap_or_default().to_owned();
        Made { id: reply.text("client_id"), secret }
    }

    /// Makes a client that acts in its own name.
    pub(crate) async fn make_service(&self) -> Made {
        self.make_client(&json!({ "name": "Service", "app_type": "non_interactive" })).await
    }

    /// Makes the API [`ORDERS`] with two scopes; gives its path.
    pub(crate) async fn make_api(&self) -> String {
        let scopes = json!([{ "value": "read:orders" }, { "value": "write:orders" }]);
        let reply = self.manage("POST", APIS, Some(&json!({ "identifier": ORDERS, "scopes": scopes }))).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        format!("{APIS}/{}", reply.text("id"))
    }

    /// Grants a client scopes of an API.
    pub(crate) async fn grant_scopes(&self, client: &str, audience: &str, scopes: &[&str]) -> Reply {
        let body = json!({ "client_id": client, "audience": audience, "scope": scopes });
        self.manage("POST", GRANTS, Some(&body)).await
    }

    /// The same, and gives the path of the grant.
    pub(crate) async fn granted(&self, client: &str, audience: &str, scopes: &[&str]) -> String {
        let reply = self.grant_scopes(client, audience, scopes).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        format!("{GRANTS}/{}", reply.text("id"))
    }

    /// Grant `client_credentials` for an audience.
    pub(crate) async fn service_token(&self, client: &str, secret: &str, audience: &str) -> Reply {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
            ("audience", audience),
        ];
        self.post("/oauth/token", Body::form(&fields)).await
    }
}

/// An act of an operator's where there are a client, an API and a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApplicationStep {
    ListClients,
    PostClient,
    GetClient,
    PatchClient,
    PatchMetadata,
    RotateSecret,
    DeleteClient,
    ListGrants,
    PostGrant,
    GetGrant,
    PatchGrant,
    DeleteGrant,
    ListApis,
    PostApi,
    GetApi,
    PatchApi,
    DeleteApi,
}

impl ApplicationStep {
    /// Brings a new world to where the step can be taken; gives the paths of the client, the grant and the API.
    pub(crate) async fn prepare(self, world: &World) -> String {
        let client = world.make_service().await;
        let api = world.make_api().await;
        let grant = world.granted(&client.id, ORDERS, &["read:orders"]).await;
        [client.path(), grant, api].join(" ")
    }

    pub(crate) async fn send(self, world: &World, token: &str, paths: &str) -> Reply {
        let [client, grant, api] = paths.split(' ').collect::<Vec<_>>()[..] else { panic!("{paths}") };
        let (method, path, body) = self.request(client, grant, api);
        world.bearer(method, &path, token, body.as_ref().map_or_else(Body::none, Body::json)).await
    }

    fn request(self, client: &str, grant: &str, api: &str) -> (&'static str, String, Option<Value>) {
        let of_demo_app = json!({ "client_id": "demo-app", "audience": ORDERS, "scope": ["read:orders"] });
        match self {
            Self::ListClients => ("GET", format!("{CLIENTS}?include_totals=true"), None),
            Self::PostClient => ("POST", CLIENTS.to_owned(), Some(json!({ "name": "New" }))),
            Self::GetClient => ("GET", client.to_owned(), None),
            Self::PatchClient => ("PATCH", client.to_owned(), Some(json!({ "name": "New" }))),
            Self::PatchMetadata => {
                ("PATCH", client.to_owned(), Some(json!({ "client_metadata": { "a": "b" } })))
            }
            Self::RotateSecret => ("POST", format!("{client}/rotate-secret"), None),
            Self::DeleteClient => ("DELETE", client.to_owned(), None),
            Self::ListGrants => ("GET", format!("{GRANTS}?include_totals=true"), None),
            Self::PostGrant => ("POST", GRANTS.to_owned(), Some(of_demo_app)),
            Self::GetGrant => ("GET", grant.to_owned(), None),
            Self::PatchGrant => ("PATCH", grant.to_owned(), Some(json!({ "scope": ["write:orders"] }))),
            Self::DeleteGrant => ("DELETE", grant.to_owned(), None),
            Self::ListApis => ("GET", format!("{APIS}?include_totals=true"), None),
            Self::PostApi => ("POST", APIS.to_owned(), Some(json!({ "identifier": "https://new.example" }))),
            Self::GetApi => ("GET", api.to_owned(), None),
            Self::PatchApi => ("PATCH", api.to_owned(), Some(json!({ "token_lifetime": 60 }))),
            Self::DeleteApi => ("DELETE", api.to_owned(), None),
        }
    }
}
