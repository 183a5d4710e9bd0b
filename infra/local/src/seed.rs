//! What a tenant begins with: the demo tenant, and files of the same form given by `--seed`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use postern::app::App;
use postern::id::{ClientId, UserId};
use postern::rules::address::EmailAddress;
use postern::rules::client::{ClientKind, ClientSecret};
use postern::rules::metadata::UserMetadata;
use postern::rules::passwordless::Connection;
use postern::rules::phone::PhoneNumber;
use postern::rules::policy::TenantSettings;
use postern::rules::scope::Scope;
use postern::rules::settings::{Setting, SettingValue, Unfit};
use postern::store::StoreError;
use postern::store::clients::{Api, Client};
use postern::store::expression::{text, value_of};
use postern::store::logins::{DEFAULT_CONNECTION, LoginName, PasswordHash};
use postern::store::user_life::NewLogin;
use postern::store::users::Profile;
use postern::token::claims::ACCESS_TOKEN_SECONDS;
use postern::token::password::{self, Password};
use postern::wire::management::management_scopes;
use ring::digest;
use serde::Deserialize;

/// The demo tenant: its names are fixed, so that documentation and tests can rely on them (design §9).
const DEMO_TENANT: &str = include_str!("demo-tenant.json");

/// A tenant's beginning.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    #[serde(default)]
    clients: Vec<SeedClient>,
    #[serde(default)]
    apis: Vec<SeedApi>,
    #[serde(default)]
    users: Vec<SeedUser>,
    /// Settings, by their names in the Management API.
    #[serde(default)]
    settings: BTreeMap<String, SettingValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedClient {
    client_id: String,
    /// Without one the client is public.
    client_secret: Option<String>,
    name: String,
    grant_types: Vec<String>,
    #[serde(default)]
    client_metadata: BTreeMap<String, String>,
    /// Where links in mails may lead.
    #[serde(default)]
    callbacks: Vec<String>,
    /// Whether it gets every scope of the Management API, for `client_credentials`.
    #[serde(default)]
    management: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedApi {
    identifier: String,
    scope: String,
    token_lifetime_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedUser {
    email: String,
    password: String,
    #[serde(default)]
    email_verified: bool,
    user_id: Option<String>,
    connection: Option<String>,
    /// A number to sign in by, where the tenant has the connection `sms` on.
    phone_number: Option<String>,
    name: Option<String>,
    nickname: Option<String>,
    user_metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Why a seed was not planted.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The file is not of the form.
    #[error("the seed is not valid: {0}")]
    Invalid(String),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Seed {
    /// Reads a seed.
    ///
    /// # Errors
    /// With line and column of what does not fit.
    pub fn parse(json: &str) -> Result<Self, SeedError> {
        serde_json::from_str(json).map_err(|error| SeedError::Invalid(error.to_string()))
    }

    /// The demo tenant.
    ///
    /// # Errors
    /// Never in practice: the file is part of the program.
    pub fn demo() -> Result<Self, SeedError> {
        Self::parse(DEMO_TENANT)
    }

    /// Plants it: clients and APIs are replaced, users that are there stay as they are, and so does whoever has their
    /// address by now, and so do settings once one was set.
    ///
    /// # Errors
    /// See [`SeedError`].
    pub async fn plant(&self, app: &App) -> Result<(), SeedError> {
        let named: Vec<_> = self.users.iter().map(Named::by).collect::<Result<_, _>>()?;
        self.each_once(&named)?;
        self.plant_settings(app).await?;
        for client in &self.clients {
            plant_client(app, client).await?;
        }
        for api in &self.apis {
            let token_lifetime_seconds = api.token_lifetime_seconds.unwrap_or(ACCESS_TOKEN_SECONDS);
            let scopes = Scope::parse(&api.scope);
            app.store.put_api(&Api::new(&api.identifier, scopes, token_lifetime_seconds)).await?;
        }
        for (row, (user, named)) in self.users.iter().zip(&named).enumerate() {
            plant_user(app, row, user, named).await?;
        }
        Ok(())
    }

    /// Only where nothing was ever set: what an operator changed stays.
    async fn plant_settings(&self, app: &App) -> Result<(), SeedError> {
        let mut settings = TenantSettings::default();
        let mut changes = Vec::new();
        for (name, value) in &self.settings {
            let unfit = |why: &str| SeedError::Invalid(format!("settings: {name} {why}"));
            let setting = Setting::named(name).ok_or_else(|| unfit("is no setting"))?;
            setting.set(&mut settings, value.clone()).map_err(|Unfit(why)| unfit(&why))?;
            changes.push((setting, value.clone()));
        }
        if !changes.is_empty() && app.store.tenant_settings().await? == TenantSettings::default() {
            app.store.change_settings(&changes).await?;
        }
        Ok(())
    }

    /// Refuses a row that has another row's id, address or number.
    fn each_once(&self, named: &[Named]) -> Result<(), SeedError> {
        let mut rows = BTreeMap::new();
        for (row, (seed, user)) in self.users.iter().zip(named).enumerate() {
            if let Some(first) = user.keys().find_map(|key| rows.insert(key, row)) {
                return Err(SeedError::Invalid(format!(
                    "users[{row}] ({}) has the id, address or number of users[{first}]",
                    seed.email
                )));
            }
        }
        Ok(())
    }
}

async fn plant_client(app: &App, seed: &SeedClient) -> Result<(), SeedError> {
    let client_id = ClientId::parse(&seed.client_id)
        .ok_or_else(|| SeedError::Invalid(format!("client_id {} cannot be one", seed.client_id)))?;
    let secret = seed.client_secret.as_ref().map(ClientSecret::new);
    let client = Client {
        client_id: client_id.clone(),
        name: seed.name.clone(),
        kind: if secret.is_some() { ClientKind::Confidential } else { ClientKind::Public },
        secret_hash: secret.map(|secret| secret.hash()),
        grant_types: seed.grant_types.clone(),
        client_metadata: seed.client_metadata.clone(),
        callbacks: seed.callbacks.clone(),
    };
    app.store.put_client(&client).await?;
    if seed.management {
        let audience = app.config.issuer.management_audience();
        app.store.put_client_grant(&client_id, &audience, &management_scopes()).await?;
    }
    Ok(())
}

/// A user as a row names it.
struct Named {
    user_id: UserId,
    address: EmailAddress,
    logins: Vec<LoginName>,
}

impl Named {
    fn by(seed: &SeedUser) -> Result<Self, SeedError> {
        let address = EmailAddress::parse(&seed.email)
            .ok_or_else(|| SeedError::Invalid(format!("user {} has no valid address", seed.email)))?;
        let user_id = seed.user_id.clone().map_or_else(|| stable_id(&address), UserId::new);
        let logins = logins_of(seed, &address)?;
        Ok(Self { user_id, address, logins })
    }

    /// What nobody else can have.
    fn keys(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.user_id.to_string())
            .chain(self.logins.iter().map(|login| login.key().pk().to_owned()))
    }
}

/// Whoever is seeded may sign in by a code as well, where the tenant has the connection on.
fn logins_of(seed: &SeedUser, address: &EmailAddress) -> Result<Vec<LoginName>, SeedError> {
    let connection = seed.connection.as_deref().unwrap_or(DEFAULT_CONNECTION);
    let mut logins = vec![
        LoginName::new(connection, address.as_str()),
        LoginName::new(Connection::Email.as_str(), address.as_str()),
    ];
    // Where codes take the password's place there is none.
    logins.retain(|login| login.has_password() || login.connection == Connection::Email.as_str());
    logins.dedup();
    if let Some(number) = &seed.phone_number {
        let number = PhoneNumber::parse(number)
            .map_err(|_| SeedError::Invalid(format!("user {} has no valid phone_number", seed.email)))?;
        logins.push(LoginName::new(Connection::Sms.as_str(), number.as_str()));
    }
    Ok(logins)
}

async fn plant_user(app: &App, row: usize, seed: &SeedUser, named: &Named) -> Result<(), SeedError> {
    let metadata = |members| {
        UserMetadata::new(members)
            .ok_or_else(|| SeedError::Invalid(format!("user {} has too long user_metadata", seed.email)))
    };
    let user_metadata = seed.user_metadata.clone().map(metadata).transpose()?;
    let Named { user_id, address, logins } = named;
    if let Some(profile) = app.store.profile(user_id).await? {
        return adopt(app, &profile, logins).await;
    }
    let profile = Profile {
        email: Some(address.clone()),
        email_verified: seed.email_verified,
        name: seed.name.clone(),
        nickname: seed.nickname.clone(),
        user_metadata,
        ..Profile::new(user_id.clone(), app.now())
    };
    let hash = PasswordHash(hash(app, &seed.password)?);
    let login = |name: &LoginName| NewLogin {
        name: name.clone(),
        password_hash: name.has_password().then(|| hash.clone()),
    };
    let logins: Vec<_> = logins.iter().map(login).collect();
    if app.store.create_user_by_chosen_id(&profile, &logins, None, &app.clock).await?.is_none() {
        // An operator deleted or moved the user whom an earlier start planted, and gave another one the address.
        tracing::warn!(event = "seed_user_not_planted", row, reason = "somebody has the address or number");
    }
    Ok(())
}

/// A profile kept from before profiles listed their logins gets those that are its: only a twin has such profiles.
async fn adopt(app: &App, profile: &Profile, named: &[LoginName]) -> Result<(), SeedError> {
    if !profile.logins.is_empty() {
        return Ok(());
    }
    let mut logins = Vec::new();
    for name in named {
        let login = app.store.login(&name.key()).await?;
        logins.extend(login.filter(|login| login.user_id == profile.user_id).map(|_| name));
    }
    let update = app.store.dynamodb().update_item().table_name(app.store.table());
    let update = update
        .key("pk", text(format!("USER#{}", profile.user_id)))
        .key("sk", text("PROFILE"))
        .update_expression("SET logins = :logins")
        .expression_attribute_values(":logins", value_of(&logins)?);
    update.send().await.map_err(|_| StoreError::Unavailable)?;
    Ok(())
}

/// The same address has the same id in every twin, so that tests can name it.
fn stable_id(address: &EmailAddress) -> UserId {
    let hex = HEXLOWER.encode(digest::digest(&digest::SHA256, address.as_str().as_bytes()).as_ref());
    UserId::new(format!("auth0|{}", hex.chars().take(24).collect::<String>()))
}

/// Hashing takes tens of milliseconds by design; a process that starts a twin per test hashes each password once. The
/// map knows passwords by their SHA-256, so that it keeps none in the clear.
fn hash(app: &App, password: &str) -> Result<String, SeedError> {
    static HASHED: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut hashed = HASHED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = HEXLOWER.encode(digest::digest(&digest::SHA256, password.as_bytes()).as_ref());
    if let Some(hash) = hashed.get(&key) {
        return Ok(hash.clone());
    }
    let hash = password::hash(&Password::new(password), &app.random)
        .map_err(|error| SeedError::Invalid(error.to_string()))?;
    hashed.insert(key, hash.clone());
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_tenant_is_valid_and_a_misspelt_member_is_named() {
        assert_eq!(Seed::demo().unwrap().users.len(), 2);
        let error = Seed::parse(r#"{"user": []}"#).err().unwrap();
        assert!(error.to_string().contains("unknown field `user`"));
    }
}
