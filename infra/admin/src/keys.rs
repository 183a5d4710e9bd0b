//! `postern keys`: the key generations.

use clap::Subcommand;
use postern::store::keys::KeyGeneration;
use postern::time::Timestamp;
use postern::token::keyring::KeyUse;

use crate::CommandError;
use crate::connection::Tenant;

/// What to do with keys.
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// List all generations.
    List,
    /// Add a root and a signing key, and retire signing keys that no live token needs.
    Rotate,
}

impl Keys {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<String, CommandError> {
        match self {
            Self::List => list(tenant).await,
            Self::Rotate => rotate(tenant).await,
        }
    }
}

async fn list(tenant: &Tenant) -> Result<String, CommandError> {
    let mut keys = tenant.store.key_generations().await?;
    if keys.is_empty() {
        return Ok("There are no keys yet: run `postern init`.\n".to_owned());
    }
    keys.sort_by_key(|key| (key.key_use, key.generation));
    let mut text = format!(
        "{:<8} {:>10}  {:<24} {:<8} {:>12}  {:>12}\n",
        "USE", "GENERATION", "KID", "STATE", "CREATED", "NOT BEFORE"
    );
    for key in &keys {
        let state = state(key, &keys, tenant.now());
        text.push_str(&format!(
            "{:<8} {:>10}  {:<24} {:<8} {:>12}  {:>12}\n",
            key.key_use.as_str(),
            key.generation,
            key.kid,
            state,
            key.created_at.0,
            key.not_before.0
        ));
    }
    Ok(text)
}

/// Follows from the times alone: the newest that has begun is current.
fn state(key: &KeyGeneration, all: &[KeyGeneration], now: Timestamp) -> &'static str {
    let begun = |other: &&KeyGeneration| other.key_use == key.key_use && other.not_before <= now;
    let current = all.iter().filter(begun).map(|other| (other.not_before, other.generation)).max();
    match (key.key_use, current) {
        _ if key.not_before > now => "next",
        (_, Some(newest)) if newest == (key.not_before, key.generation) => "current",
        // It signs or seals nothing new, and still verifies and opens what it made.
        (KeyUse::Root | KeyUse::Signing, _) => "old",
    }
}

async fn rotate(tenant: &Tenant) -> Result<String, CommandError> {
    let report = tenant.rotation().rotate(tenant.now()).await?;
    let mut text = format!("Made {} key generations, retired {}.\n", report.made.len(), report.retired.len());
    text.push_str("New keys are published at once and used after 15 minutes. See `postern keys list`.\n");
    Ok(text)
}
