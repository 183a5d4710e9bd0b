//! What becomes of a client by the properties that a request names: as a new one, and as a change of what there is.

use std::collections::BTreeMap;

use postern::http::management::Caller;
use postern::id::ClientId;
use postern::rules::client::{AppType, AuthMethod, ClientKind, ClientSecret};
use postern::rules::random::Random;
use postern::store::StoreError;
use postern::store::applications::Application;
use postern::store::clients::{Client, POLICY_METADATA};
use postern::store::properties::PropertyChange;
use postern::wire::management::ManagementRefusal;
use postern::wire::oauth::Grant;

use crate::MAY_MAKE_SECRETS;
use crate::properties::Properties;

/// Most members of metadata, as Auth0 has it.
pub const METADATA_MEMBERS_MAX: usize = 10;
/// Whoever says for the tenant when the second factor is asked for may say it for a client.
const MAY_SET_POLICIES: &str = "update:mfa_policies";

impl Properties {
    /// A new client, and the secret that it gets if it can keep one.
    pub(crate) fn whole(
        self,
        client_id: ClientId,
        caller: &Caller,
        random: &Random,
    ) -> Result<(Application, Option<ClientSecret>), ManagementRefusal> {
        let client_metadata = self.merged(&BTreeMap::new())?;
        demand_policy(&BTreeMap::new(), &client_metadata, caller)?;
        let by_type = self.app_type.map_or(AuthMethod::ClientSecretPost, AppType::auth_method);
        let method = self.auth_method.unwrap_or(by_type);
        let secret = match method.kind() {
            ClientKind::Confidential => Some(ClientSecret::generate(random)?),
            ClientKind::Public => None,
        };
        let mut texts: BTreeMap<_, _> = self.texts.into_iter().collect();
        let mut lists: BTreeMap<_, _> = self.lists.into_iter().collect();
        let mut text = |name| texts.remove(name).flatten();
        let mut list = |name| lists.remove(name).flatten();
        let application = Application {
            client: Client {
                client_id,
                name: self.name.ok_or_else(|| ManagementRefusal::missing("name"))?,
                kind: method.kind(),
                secret_hash: secret.as_ref().map(ClientSecret::hash),
                grant_types: self.grant_types.unwrap_or_else(|| default_grant_types(self.app_type)),
                client_metadata,
                callbacks: self.callbacks.unwrap_or_default(),
            },
            description: text("description"),
            logo_uri: text("logo_uri"),
            app_type: self.app_type,
            token_endpoint_auth_method: Some(method),
            initiate_login_uri: text("initiate_login_uri"),
            allowed_origins: list("allowed_origins"),
            web_origins: list("web_origins"),
            allowed_logout_urls: list("allowed_logout_urls"),
        };
        Ok((application, secret))
    }

    /// Whether what is to be written depends on what the client is.
    pub(crate) fn depend_on_state(&self) -> bool {
        self.auth_method.is_some() || self.metadata.is_some()
    }

    /// The change, as far as it does not.
    pub(crate) fn independent(&self) -> Result<PropertyChange, StoreError> {
        let mut change = PropertyChange::default();
        if let Some(name) = &self.name {
            change.set("name", name)?;
        }
        if let Some(app_type) = &self.app_type {
            change.set("app_type", app_type)?;
        }
        if let Some(grant_types) = &self.grant_types {
            change.set("grant_types", grant_types)?;
        }
        if let Some(callbacks) = &self.callbacks {
            change.set("callbacks", callbacks)?;
        }
        for (property, words) in &self.texts {
            match words {
                Some(words) => change.set(property, words)?,
                None => change.take_away(property),
            }
        }
        for (property, items) in &self.lists {
            match items {
                Some(items) => change.set(property, items)?,
                None => change.take_away(property),
            }
        }
        Ok(change)
    }

    /// The whole change of what was seen, and the secret that the client gets by it. Who may only update clients makes
    /// nobody's secret, or could become any client, and leaves the second factor as it is.
    pub(crate) fn decided(
        &self,
        seen: &Client,
        caller: &Caller,
        random: &Random,
    ) -> Result<(PropertyChange, Option<ClientSecret>), ManagementRefusal> {
        let mut change = self.independent()?;
        if self.metadata.is_some() {
            let metadata = self.merged(&seen.client_metadata)?;
            demand_policy(&seen.client_metadata, &metadata, caller)?;
            match metadata.is_empty() {
                true => change.take_away("client_metadata"),
                false => change.set("client_metadata", &metadata)?,
            }
        }
        let Some(method) = self.auth_method else { return Ok((change, None)) };
        change.set("token_endpoint_auth_method", &method)?;
        change.set("kind", &method.kind())?;
        match (method.kind(), &seen.secret_hash) {
            (ClientKind::Confidential, Some(_)) => Ok((change, None)),
            (ClientKind::Confidential, None) => {
                caller.demand(MAY_MAKE_SECRETS)?;
                let secret = ClientSecret::generate(random)?;
                change.set("secret_hash", &secret.hash())?;
                Ok((change, Some(secret)))
            }
            (ClientKind::Public, _) => {
                change.take_away("secret_hash");
                Ok((change, None))
            }
        }
    }

    /// Metadata with the members that are named set, and taken away.
    fn merged(&self, seen: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, ManagementRefusal> {
        let mut merged = seen.clone();
        match &self.metadata {
            None => {}
            Some(None) => merged.clear(),
            Some(Some(members)) => {
                for (name, value) in members {
                    match value {
                        Some(value) => merged.insert(name.clone(), value.clone()),
                        None => merged.remove(name),
                    };
                }
            }
        }
        match merged.len() {
            count if count <= METADATA_MEMBERS_MAX => Ok(merged),
            count => {
                let problem =
                    format!("Too many properties defined ({count}), maximum {METADATA_MEMBERS_MAX}");
                Err(ManagementRefusal::property("client_metadata", &problem))
            }
        }
    }
}

/// A client's own policy goes before the tenant's.
fn demand_policy(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    caller: &Caller,
) -> Result<(), ManagementRefusal> {
    match before.get(POLICY_METADATA) == after.get(POLICY_METADATA) {
        true => Ok(()),
        false => caller.demand(MAY_SET_POLICIES),
    }
}

/// Grants of a client of which nothing is said, as at Auth0. Nothing here serves the first two.
fn default_grant_types(app_type: Option<AppType>) -> Vec<String> {
    let (code, implicit) = ("authorization_code", "implicit");
    let (refresh, own) = (Grant::RefreshToken.as_str(), Grant::ClientCredentials.as_str());
    let words = match app_type {
        Some(AppType::Native | AppType::Spa) => vec![code, implicit, refresh],
        Some(AppType::RegularWeb) | None => vec![code, implicit, refresh, own],
        Some(AppType::NonInteractive) => vec![own],
    };
    words.into_iter().map(ToOwned::to_owned).collect()
}
