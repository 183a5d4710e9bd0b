//! `postern apis`: the APIs that tokens are for, with their scopes.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::CommandError;
use crate::connection::Tenant;
use crate::management::{Management, path};
use crate::output::{Answer, Column, cell};
use crate::properties::{From, Properties};
use crate::terminal::Consent;

/// What to do with APIs.
#[derive(Subcommand)]
pub(crate) enum Apis {
    /// List all APIs.
    #[command(after_help = "Example:\n  postern apis list")]
    List,
    /// Show an API.
    #[command(after_help = "Example:\n  postern apis show https://api.example.com")]
    Show {
        /// The API's identifier or id.
        api: String,
    },
    /// Make an API.
    #[command(
        after_help = "Example:\n  postern apis create https://api.example.com --name Orders --scope 'read:orders=See orders' --scope write:orders"
    )]
    Create {
        /// Its identifier: the audience that applications ask for. It stays for good.
        identifier: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Change an API; what is not named stays.
    #[command(after_help = "Example:\n  postern apis update https://api.example.com --token-lifetime 3600")]
    Update {
        /// The API's identifier or id.
        api: String,
        #[command(flatten)]
        common: Common,
    },
    /// Delete an API and the grants to it.
    #[command(after_help = "Example:\n  postern apis delete https://api.example.com --yes")]
    Delete {
        /// The API's identifier or id.
        api: String,
        #[command(flatten)]
        consent: Consent,
    },
}

#[derive(Args)]
pub(crate) struct Common {
    /// Its name.
    #[arg(long)]
    name: Option<String>,
    /// A scope, and after `=` what it is for; repeated for each. Those that are given replace all there are.
    #[arg(long = "scope", value_name = "SCOPE[=TEXT]")]
    scopes: Vec<String>,
    /// How long access tokens are good, in seconds.
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<u64>,
    /// Whether sign-ins may leave refresh tokens.
    #[arg(long, value_name = "true|false")]
    allow_offline_access: Option<bool>,
    #[command(flatten)]
    from: From,
}

impl Common {
    fn properties(&self) -> Result<Properties, CommandError> {
        let scopes: Vec<_> = self.scopes.iter().map(|text| scope(text)).collect();
        let properties = self.from.read()?.set_some("name", self.name.as_deref());
        Ok(properties
            .set_some("scopes", (!scopes.is_empty()).then_some(scopes))
            .set_some("token_lifetime", self.token_lifetime)
            .set_some("allow_offline_access", self.allow_offline_access))
    }
}

fn scope(text: &str) -> Value {
    let (value, description) = match text.split_once('=') {
        Some((value, description)) => (value, Some(description)),
        None => (text, None),
    };
    let mut scope = Map::from_iter([("value".to_owned(), Value::from(value))]);
    scope.extend(description.map(|words| ("description".to_owned(), Value::from(words))));
    Value::Object(scope)
}

const COLUMNS: [Column; 4] = [
    ("IDENTIFIER", "identifier"),
    ("NAME", "name"),
    ("TOKENS LIVE (s)", "token_lifetime"),
    ("SCOPES", "scopes"),
];

impl Apis {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<Answer, CommandError> {
        let management = Management::open(tenant).await?;
        let one = |api: &str| path(&["resource-servers", api]);
        match self {
            Self::List => list(&management).await,
            Self::Show { api } => Ok(Answer::object(management.get(&one(&api)).await?)),
            Self::Create { identifier, common } => {
                let body = common.properties()?.set_some("identifier", identifier).whole();
                Ok(done(management.post(&path(&["resource-servers"]), &body).await?, "Made"))
            }
            Self::Update { api, common } => {
                let body = common.properties()?.change()?;
                Ok(done(management.patch(&one(&api), &body).await?, "Changed"))
            }
            Self::Delete { api, consent } => {
                let there = management.get(&one(&api)).await?;
                let name = cell(there.get("identifier"));
                consent.ask(&format!("Delete {name} and all grants to it"))?;
                management.delete(&one(&api)).await?;
                let json = json!({ "identifier": there.get("identifier"), "deleted": true });
                Ok(Answer::new(json, format!("Deleted {name}.\n")))
            }
        }
    }
}

fn done(api: Value, done: &str) -> Answer {
    let text = format!("{done} {}.\n", cell(api.get("identifier")));
    Answer::new(api, text)
}

/// All APIs of the tenant, of their scopes the names. The Management API itself is none of these.
async fn list(management: &Management) -> Result<Answer, CommandError> {
    let items = management.list(&path(&["resource-servers"]), &[], usize::MAX).await?;
    let none = "There are no APIs yet: see `postern apis create`.";
    Ok(Answer::list_by(items, &COLUMNS, none, |api| {
        let scopes = api.get("scopes").and_then(Value::as_array).into_iter().flatten();
        let words: Value = scopes.filter_map(|scope| scope.get("value").cloned()).collect();
        api.insert("scopes".to_owned(), words);
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_may_say_what_it_is_for() {
        assert_eq!(scope("read:a"), json!({ "value": "read:a" }));
        assert_eq!(scope("read:a=x=y"), json!({ "value": "read:a", "description": "x=y" }));
    }
}
