//! `postern factors` and `postern settings`: which second factors there are, when one is asked for, and the tenant's
//! figures and switches.

use clap::{Subcommand, ValueEnum};
use postern::rules::settings::SETTINGS;
use serde_json::{Value, json};

use crate::CommandError;
use crate::connection::Tenant;
use crate::management::{Management, path};
use crate::output::{Answer, Column, Table, harmless};
use crate::properties::Properties;
use crate::terminal::{self, Consent};

/// What to do with second factors.
#[derive(Subcommand)]
pub(crate) enum Factors {
    /// List all factors, and whether users may use them.
    #[command(after_help = "Example:\n  postern factors list")]
    List,
    /// Let users use a factor.
    #[command(after_help = "Example:\n  postern factors enable otp")]
    Enable {
        /// Its name, as `list` shows it.
        name: String,
    },
    /// Let users not use a factor any longer.
    #[command(after_help = "Example:\n  postern factors disable sms --yes")]
    Disable {
        /// Its name, as `list` shows it.
        name: String,
        #[command(flatten)]
        consent: Consent,
    },
    /// Show when the second factor is asked for, or say it.
    #[command(after_help = "Examples:\n  postern factors policy\n  postern factors policy all-applications")]
    Policy {
        /// The policy; the one there is, is shown when none is given.
        policy: Option<Policy>,
    },
}

/// When the second factor is asked for.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Policy {
    /// At each sign-in to whatever application.
    AllApplications,
    /// Only where an application says so.
    Never,
}

const COLUMNS: [Column; 2] = [("FACTOR", "name"), ("ENABLED", "enabled")];

impl Factors {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<Answer, CommandError> {
        let api = Management::open(tenant).await?;
        match self {
            Self::List => {
                let items = api.get(&path(&["guardian", "factors"])).await?;
                let items = items.as_array().cloned().unwrap_or_default();
                Ok(Answer::list(items, &COLUMNS, "There are no factors."))
            }
            Self::Enable { name } => switch(&api, &name, true).await,
            Self::Disable { name, consent } => {
                consent.ask(&format!("Disable {name}: who has no other factor cannot prove a second one"))?;
                switch(&api, &name, false).await
            }
            Self::Policy { policy } => {
                let path = path(&["guardian", "policies"]);
                let policies = match policy {
                    None => api.get(&path).await?,
                    Some(Policy::Never) => api.put(&path, &json!([])).await?,
                    Some(Policy::AllApplications) => api.put(&path, &json!(["all-applications"])).await?,
                };
                let word = policies.get(0).and_then(Value::as_str).unwrap_or("never").to_owned();
                Ok(Answer::new(policies, format!("{word}\n")))
            }
        }
    }
}

async fn switch(api: &Management, name: &str, enabled: bool) -> Result<Answer, CommandError> {
    let state = api.put(&path(&["guardian", "factors", name]), &json!({ "enabled": enabled })).await?;
    let text = format!("{name} is {}.\n", if enabled { "enabled" } else { "disabled" });
    Ok(Answer::new(json!({ "name": name, "enabled": state.get("enabled") }), text))
}

/// What to do with the tenant's settings.
#[derive(Subcommand)]
pub(crate) enum Settings {
    /// List all settings with their values and meanings.
    #[command(after_help = "Example:\n  postern settings list")]
    List,
    /// Change settings: all that are named, or none when one does not fit.
    #[command(
        after_help = "Examples:\n  postern settings set code_seconds=600 voice=false\n  postern settings set 'countries=[\"DE\",\"AT\"]' default_language=null"
    )]
    Set {
        /// A setting and its value: a number, true or false, a word, a JSON array, or null for the default.
        #[arg(required = true, value_name = "NAME=VALUE")]
        settings: Vec<String>,
    },
}

impl Settings {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<Answer, CommandError> {
        let api = Management::open(tenant).await?;
        let path = path(&["guardian", "settings"]);
        let settings = match self {
            Self::List => api.get(&path).await?,
            Self::Set { settings } => {
                let mut changes = Properties::default();
                for text in &settings {
                    let (name, value) = text.split_once('=').ok_or_else(|| {
                        CommandError::Setting(format!("{text}: not of the form NAME=VALUE"))
                    })?;
                    // What is no JSON is a word.
                    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
                    changes = changes.set(name, value);
                }
                api.patch(&path, &changes.whole()).await?
            }
        };
        let mut table = Table::new(["SETTING", "VALUE", "MEANING"].map(ToOwned::to_owned).to_vec());
        for setting in SETTINGS {
            let value = typed(settings.get(setting.name).unwrap_or(&Value::Null));
            table.row(vec![setting.name.to_owned(), value, setting.meaning.to_owned()]);
        }
        Ok(Answer { text: table.render(terminal::width()), json: settings })
    }
}

/// A value as `set` takes it.
fn typed(value: &Value) -> String {
    match value {
        Value::String(word) => harmless(word),
        other => harmless(&other.to_string()),
    }
}
