//! `postern keys`: the key generations.

use clap::Subcommand;
use postern::token::key_life::{Revocation, Signer, revocation, state};
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
    /// Refuse what a signing key signed, because somebody else may have it. The current one needs a next one (`rotate`),
    /// which then signs at once.
    Revoke {
        /// The key, as `list` shows it.
        kid: String,
    },
}

impl Keys {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<String, CommandError> {
        match self {
            Self::List => list(tenant).await,
            Self::Rotate => rotate(tenant).await,
            Self::Revoke { kid } => revoke(tenant, &kid).await,
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
        let state = state(key, &keys, tenant.now()).as_str();
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

/// What a revoked key signed is refused within minutes; the next one signs at once.
async fn revoke(tenant: &Tenant, kid: &str) -> Result<String, CommandError> {
    let now = tenant.now();
    let mut keys = tenant.store.key_generations().await?;
    keys.retain(|key| key.key_use == KeyUse::Signing);
    let key = keys.iter().find(|key| key.kid.as_str() == kid).ok_or_else(|| {
        CommandError::Setting(format!("there is no signing key {kid}: see `postern keys list`"))
    })?;
    let signer = match revocation(key, &keys, now) {
        Revocation::Done(_) => return Ok(format!("{kid} was revoked before.\n")),
        Revocation::By(signer) => signer,
        Revocation::WouldLeaveNone => {
            let text = "there is no next key to sign with: run `postern keys rotate` first";
            return Err(CommandError::Setting(text.to_owned()));
        }
    };
    let (Signer::Begun(other) | Signer::Promoted(other)) = signer;
    match tenant.store.revoke_key_generation(key, &signer, now).await? {
        true => Ok(format!(
            "Revoked {kid}: what it signed is refused within 10 minutes. {} signs now. Until functions have looked again, \
             in 5 minutes, some may still sign with the old one, and those tokens will be refused as well.\n",
            other.kid
        )),
        false => Err(CommandError::Setting("the keys changed meanwhile: try again".to_owned())),
    }
}

async fn rotate(tenant: &Tenant) -> Result<String, CommandError> {
    let report = tenant.rotation().rotate(tenant.now()).await?;
    let mut text = format!("Made {} key generations, retired {}.\n", report.made.len(), report.retired.len());
    text.push_str("New keys are published at once and used after 15 minutes. See `postern keys list`.\n");
    Ok(text)
}
