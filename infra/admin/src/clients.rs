//! `postern clients`: the tenant's applications, and which APIs they may get in their own name.

use clap::{Args, Subcommand};
use postern::config::OwnAudience;
use postern::id::ClientId;
use postern::rules::resource_id::GrantId;
use postern::wire::oauth::Grant;
use serde_json::{Value, json};

use crate::CommandError;
use crate::connection::Tenant;
use crate::management::{Management, path};
use crate::output::{Answer, Column, cell, harmless};
use crate::properties::{From, Properties};
use crate::terminal::Consent;

/// Auth0's prefix of grants that no standard names; it may be left out.
const GRANT_PREFIX: &str = "http://auth0.com/oauth/grant-type/";
/// What may be said for the Management API's audience.
const MANAGEMENT: &str = "management";

/// What to do with applications.
#[derive(Subcommand)]
pub(crate) enum Clients {
    /// List all applications.
    #[command(after_help = "Example:\n  postern clients list --output json")]
    List,
    /// Show an application.
    #[command(after_help = "Example:\n  postern clients show demo-app")]
    Show {
        /// The client's id.
        id: String,
    },
    /// Make an application; its secret is printed once.
    #[command(
        after_help = "Examples:\n  postern clients create --name Shop --grant-types password,mfa-otp,mfa-oob,mfa-recovery-code\n  postern clients create --name 'Shop in the browser' --public --callback https://shop.example.com/in"
    )]
    Create(Create),
    /// Change an application; what is not named stays.
    #[command(after_help = "Example:\n  postern clients update demo-app --allow mfa-otp --deny password")]
    Update(Update),
    /// Replace an application's secret; the new one is printed once, and the old one is good no longer.
    #[command(after_help = "Example:\n  postern clients rotate-secret demo-app --yes")]
    RotateSecret {
        /// The client's id.
        id: String,
        #[command(flatten)]
        consent: Consent,
    },
    /// Delete an application and its grants.
    #[command(after_help = "Example:\n  postern clients delete demo-app --yes")]
    Delete {
        /// The client's id.
        id: String,
        #[command(flatten)]
        consent: Consent,
    },
    /// List which APIs applications may get in their own name.
    #[command(after_help = "Example:\n  postern clients grants --client demo-management")]
    Grants {
        /// Only those of this application.
        #[arg(long, value_name = "ID")]
        client: Option<String>,
        /// Only those to this API, by its identifier; `management` is the Management API.
        #[arg(long, value_name = "API")]
        api: Option<String>,
    },
    /// Let an application get tokens for an API in its own name, with exactly these scopes.
    #[command(
        after_help = "Examples:\n  postern clients grant my-backend https://api.example.com --scope read:orders\n  postern clients grant my-tool management --scope read:users,update:users"
    )]
    Grant {
        /// The client's id.
        id: String,
        /// The API's identifier; `management` is the Management API.
        api: String,
        /// The scopes, separated by commas; it may be repeated.
        #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
        scope: Vec<String>,
    },
    /// Take an application's grant to an API away.
    #[command(after_help = "Example:\n  postern clients revoke-grant my-tool management --yes")]
    RevokeGrant {
        /// The client's id.
        id: String,
        /// The API's identifier; `management` is the Management API.
        api: String,
        #[command(flatten)]
        consent: Consent,
    },
}

/// What a new application is.
#[derive(Args)]
pub(crate) struct Create {
    /// Its name, which users see in mails.
    #[arg(long, required_unless_present = "from")]
    name: Option<String>,
    /// It can keep no secret: it runs in browsers or on phones.
    #[arg(long)]
    public: bool,
    #[command(flatten)]
    common: Common,
}

/// What of an application changes.
#[derive(Args)]
pub(crate) struct Update {
    /// The client's id.
    id: String,
    /// Its name, which users see in mails.
    #[arg(long)]
    name: Option<String>,
    /// Grant types that it may use as well, separated by commas.
    #[arg(long, value_name = "TYPES", value_delimiter = ',', conflicts_with = "grant_types")]
    allow: Vec<String>,
    /// Grant types that it may not use any longer, separated by commas.
    #[arg(long, value_name = "TYPES", value_delimiter = ',', conflicts_with = "grant_types")]
    deny: Vec<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Common {
    /// The grant types that it may use, separated by commas: client_credentials, refresh_token, password, password-realm,
    /// passwordless/otp, mfa-oob, mfa-otp, mfa-recovery-code.
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    grant_types: Vec<String>,
    /// An address that users come back to; it may be repeated.
    #[arg(long = "callback", value_name = "URL")]
    callbacks: Vec<String>,
    /// What it is: native, spa, regular_web or non_interactive.
    #[arg(long, value_name = "TYPE")]
    app_type: Option<String>,
    /// A description.
    #[arg(long)]
    description: Option<String>,
    #[command(flatten)]
    from: From,
}

impl Common {
    fn properties(&self, name: Option<&str>) -> Result<Properties, CommandError> {
        let grants: Vec<_> = self.grant_types.iter().map(|word| grant_type(word)).collect();
        let properties = self.from.read()?.set_some("name", name);
        Ok(properties
            .set_list("grant_types", &grants)
            .set_list("callbacks", &self.callbacks)
            .set_some("app_type", self.app_type.as_deref())
            .set_some("description", self.description.as_deref()))
    }
}

/// A grant type by its last words. What is none of ours is left for the API to judge.
fn grant_type(word: &str) -> String {
    match Grant::parse(&format!("{GRANT_PREFIX}{word}")) {
        Some(grant) => grant.as_str().to_owned(),
        None => word.to_owned(),
    }
}

const COLUMNS: [Column; 4] = [
    ("CLIENT ID", "client_id"),
    ("NAME", "name"),
    ("SECRET", "token_endpoint_auth_method"),
    ("GRANT TYPES", "grant_types"),
];
const GRANT_COLUMNS: [Column; 3] = [("CLIENT ID", "client_id"), ("API", "audience"), ("SCOPES", "scope")];

impl Clients {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<Answer, CommandError> {
        let api = Management::open(tenant).await?;
        match self {
            Self::List => list(&api).await,
            Self::Show { id } => Ok(Answer::object(api.get(&client(&id)).await?)),
            Self::Create(create) => {
                let method = create.public.then_some("none");
                let properties = create.common.properties(create.name.as_deref())?;
                let body = properties.set_some("token_endpoint_auth_method", method).whole();
                Ok(with_secret(api.post(&path(&["clients"]), &body).await?, "Made"))
            }
            Self::Update(update) => update.run(&api).await,
            Self::RotateSecret { id, consent } => {
                consent.ask(&format!("Replace the secret of {}", named(&api, &id).await?))?;
                let path = path(&["clients", &id, "rotate-secret"]);
                Ok(with_secret(api.post(&path, &json!({})).await?, "Replaced the secret of"))
            }
            Self::Delete { id, consent } => {
                let name = named(&api, &id).await?;
                consent.ask(&format!("Delete {name}: nobody signs in by it any longer"))?;
                api.delete(&client(&id)).await?;
                Ok(Answer::new(json!({ "client_id": id, "deleted": true }), format!("Deleted {name}.\n")))
            }
            Self::Grants { client, api: of } => grants(tenant, &api, client, of).await,
            Self::Grant { id, api: to, scope } => grant(&api, &grant_id(tenant, &id, &to)?, &scope).await,
            Self::RevokeGrant { id, api: to, consent } => {
                let grant = grant_id(tenant, &id, &to)?;
                let path = path(&["client-grants", &grant.to_string()]);
                api.get(&path).await?;
                consent.ask(&format!(
                    "Take the grant of {} to {} away",
                    harmless(&id),
                    harmless(&grant.audience)
                ))?;
                api.delete(&path).await?;
                let json = json!({ "client_id": id, "audience": grant.audience, "deleted": true });
                Ok(Answer::new(
                    json,
                    format!("{} gets no more tokens for {}.\n", harmless(&id), harmless(&grant.audience)),
                ))
            }
        }
    }
}

impl Update {
    /// Single grant types are switched in the list as it is: who changes it at the same moment is overwritten, as with
    /// every client of the Management API.
    async fn run(self, api: &Management) -> Result<Answer, CommandError> {
        let path = client(&self.id);
        let mut properties = self.common.properties(self.name.as_deref())?;
        if !self.allow.is_empty() || !self.deny.is_empty() {
            let now = api.get(&path).await?;
            let now = now.get("grant_types").and_then(Value::as_array).cloned().unwrap_or_default();
            let denied: Vec<_> = self.deny.iter().map(|word| grant_type(word)).collect();
            let mut grants: Vec<_> = now.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            grants.extend(self.allow.iter().map(|word| grant_type(word)));
            grants.retain(|grant| !denied.contains(grant));
            properties = properties.set("grant_types", grants);
        }
        Ok(with_secret(api.patch(&path, &properties.change()?).await?, "Changed"))
    }
}

fn client(id: &str) -> String {
    path(&["clients", id])
}

/// An application that is there, by name and id.
async fn named(api: &Management, id: &str) -> Result<String, CommandError> {
    let client = api.get(&client(id)).await?;
    Ok(format!("{} ({})", cell(client.get("name")), cell(client.get("client_id"))))
}

/// All applications, their grants in short.
async fn list(api: &Management) -> Result<Answer, CommandError> {
    let items = api.list(&path(&["clients"]), &[], usize::MAX).await?;
    let none = "There are no applications yet: see `postern init`.";
    Ok(Answer::list_by(items, &COLUMNS, none, |client| {
        let grants = client.get("grant_types").and_then(Value::as_array).into_iter().flatten();
        let words = grants.filter_map(Value::as_str).map(|grant| grant.trim_start_matches(GRANT_PREFIX));
        let words: Value = words.collect();
        client.insert("grant_types".to_owned(), words);
    }))
}

/// An application, and the secret that was made with it, apart from everything else: it is not to be had again.
fn with_secret(client: Value, done: &str) -> Answer {
    let (id, name) = (cell(client.get("client_id")), cell(client.get("name")));
    let secret = client.get("client_secret").and_then(Value::as_str);
    let text = match secret {
        Some(secret) => format!(
            "{done} {name} (the secret is shown this once):\n\n  client_id      {id}\n  client_secret  {secret}\n"
        ),
        None => format!("{done} {name}:\n\n  client_id  {id}\n"),
    };
    Answer::new(client, text)
}

fn audience(tenant: &Tenant, api: &str) -> Result<String, CommandError> {
    let issuer = tenant.issuer()?;
    let is_management = api == MANAGEMENT || issuer.own_audience(api) == Some(OwnAudience::Management);
    Ok(if is_management { issuer.management_audience() } else { api.to_owned() })
}

fn grant_id(tenant: &Tenant, client: &str, api: &str) -> Result<GrantId, CommandError> {
    Ok(GrantId { client_id: ClientId::new(client), audience: audience(tenant, api)? })
}

async fn grants(
    tenant: &Tenant,
    api: &Management,
    client: Option<String>,
    of: Option<String>,
) -> Result<Answer, CommandError> {
    let of = of.map(|of| audience(tenant, &of)).transpose()?;
    let mut query = Vec::new();
    query.extend(client.as_deref().map(|client| ("client_id", client)));
    query.extend(of.as_deref().map(|of| ("audience", of)));
    let items = api.list(&path(&["client-grants"]), &query, usize::MAX).await?;
    Ok(Answer::list(items, &GRANT_COLUMNS, "There are no such grants: `postern clients grant` makes one."))
}

/// Makes the grant, or gives the one that is there these scopes.
async fn grant(api: &Management, id: &GrantId, scopes: &[String]) -> Result<Answer, CommandError> {
    let body = json!({ "client_id": id.client_id.as_str(), "audience": id.audience, "scope": scopes });
    let granted = match api.post(&path(&["client-grants"]), &body).await {
        Err(CommandError::Refused { status: 409, .. }) => {
            api.patch(&path(&["client-grants", &id.to_string()]), &json!({ "scope": scopes })).await
        }
        made => made,
    }?;
    let text = format!(
        "{} may get {} with: {}\n",
        cell(granted.get("client_id")),
        cell(granted.get("audience")),
        cell(granted.get("scope"))
    );
    Ok(Answer::new(granted, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grant_type_has_a_short_name() {
        for grant in Grant::ALL {
            assert_eq!(grant_type(grant.as_str()), grant.as_str());
            assert_eq!(grant_type(grant.as_str().trim_start_matches(GRANT_PREFIX)), grant.as_str());
        }
        assert_eq!(grant_type("implicit"), "implicit");
    }
}
