//! `postern keys`: the key generations.

use clap::Subcommand;
use postern::id::Kid;
use postern::store::keys::KeyGeneration;
use postern::time::Timestamp;
use postern::token::key_life::{Revocation, Signer, revocation, state};
use postern::token::keyring::KeyUse;
use postern::token::rotation::Report;
use postern::wire::management::instant;
use serde_json::{Value, json};

use crate::CommandError;
use crate::connection::Tenant;
use crate::output::{Answer, Column};
use crate::terminal::Consent;

/// What to do with keys.
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// List all generations.
    #[command(after_help = "Example:\n  postern keys list --output json")]
    List,
    /// Add a root and a signing key, which are published before they are used. It retires none: the function
    /// `rotate-keys` does.
    #[command(after_help = "Example:\n  postern keys rotate")]
    Rotate,
    /// Refuse what a signing key signed, or tokens, codes and links of a root and the refresh tokens last exchanged under
    /// it, because somebody else may have it. The current one needs a next one (`rotate`), which then begins at once.
    /// Secrets stored under a root stay readable.
    #[command(after_help = "Example:\n  postern keys revoke 5vKZoN2yVQdgRrQV --yes")]
    Revoke {
        /// The key, as `list` shows it.
        kid: String,
        #[command(flatten)]
        consent: Consent,
    },
}

const COLUMNS: [Column; 6] = [
    ("USE", "use"),
    ("GENERATION", "generation"),
    ("KID", "kid"),
    ("STATE", "state"),
    ("CREATED", "created_at"),
    ("NOT BEFORE", "not_before"),
];

impl Keys {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<Answer, CommandError> {
        match self {
            Self::List => list(tenant).await,
            Self::Rotate => tenant.journal()?.recorded("postern keys rotate", rotate(tenant)).await,
            Self::Revoke { kid, consent } => {
                consent.ask(&format!("Refuse every token that {kid} made"))?;
                tenant.journal()?.recorded("postern keys revoke", revoke(tenant, &kid)).await
            }
        }
    }
}

async fn list(tenant: &Tenant) -> Result<Answer, CommandError> {
    let mut keys = tenant.store.key_generations().await?;
    keys.sort_by_key(|key| (key.key_use, key.generation));
    let items: Vec<_> = keys.iter().map(|key| item(key, &keys, tenant.now())).collect();
    Ok(Answer::list(items, &COLUMNS, "There are no keys yet: run `postern init`."))
}

/// A generation: its times as people read them, and as programs count them.
fn item(key: &KeyGeneration, all: &[KeyGeneration], now: Timestamp) -> Value {
    json!({
        "use": key.key_use.as_str(),
        "generation": key.generation,
        "kid": key.kid.as_str(),
        "state": state(key, all, now).as_str(),
        "created_at": instant(key.created_at),
        "created_at_epoch_seconds": key.created_at.0,
        "not_before": instant(key.not_before),
        "not_before_epoch_seconds": key.not_before.0,
        "revoked_at": key.revoked_at.map(instant),
        "revoked_at_epoch_seconds": key.revoked_at.map(|at| at.0),
    })
}

/// What a revoked key signed is refused within minutes; the next one signs at once.
async fn revoke(tenant: &Tenant, kid: &str) -> Result<Answer, CommandError> {
    let mut keys = tenant.store.key_generations().await?;
    // "At once" is by a clock that everybody shares: by one that is ahead nobody would sign until then.
    let now = tenant.aws_clock.agreed()?;
    let unknown = || CommandError::Setting(format!("there is no key {kid}: see `postern keys list`"));
    let key = keys.iter().find(|key| key.kid.as_str() == kid).cloned().ok_or_else(unknown)?;
    keys.retain(|other| other.key_use == key.key_use);
    let signer = match revocation(&key, &keys, now) {
        Revocation::Done(at) => {
            let json = json!({ "kid": kid, "revoked_at": instant(at), "signer": null });
            return Ok(Answer::new(json, format!("{kid} was revoked before.\n")));
        }
        Revocation::By(signer) => signer,
        Revocation::WouldLeaveNone => {
            let text = "there is no next key to take its place: run `postern keys rotate` first";
            return Err(CommandError::Setting(text.to_owned()));
        }
    };
    let (Signer::Begun(other) | Signer::Promoted(other)) = signer;
    if !tenant.store.revoke_key_generation(&key, &signer, now).await? {
        return Err(CommandError::Setting("the keys changed meanwhile: try again".to_owned()));
    }
    let json = json!({ "kid": kid, "revoked_at": instant(now), "signer": other.kid.as_str() });
    let what = match key.key_use {
        KeyUse::Signing => "what it signed is",
        KeyUse::Root => {
            "logins, codes and links begun with it, and refresh tokens last exchanged under it, are"
        }
    };
    let text = format!(
        "Revoked {kid}: {what} refused within 10 minutes. {} is current now. Until functions have looked again, \
         in 5 minutes, some may still use the old one, and what they make with it will be refused as well.\n",
        other.kid
    );
    Ok(Answer::new(json, text))
}

/// Keys are made and none is retired: how long they stay is the deployment's to say, and a deletion is for good.
async fn rotate(tenant: &Tenant) -> Result<Answer, CommandError> {
    let mut report = Report::default();
    let outcome = tenant.rotation().await?.make_next(&mut report).await;
    if let Err(error) = outcome {
        return Err(CommandError::Keys { error, report });
    }
    let made: Vec<_> = report.made.iter().map(Kid::as_str).collect();
    let text = if made.is_empty() {
        "Made none: the next keys are there.".to_owned()
    } else {
        let after = used_after(tenant, &report.made).await;
        format!("Made {} key generations. They are published at once and used{after}.", made.len())
    };
    let json = json!({ "made": made });
    Ok(Answer::new(json, format!("{text} See `postern keys list`.\n")))
}

/// How long these wait until they are used. They are made: that the table does not tell is no failure.
async fn used_after(tenant: &Tenant, made: &[Kid]) -> String {
    let keys = tenant.store.key_generations().await.unwrap_or_default();
    let waits = keys.iter().filter(|key| made.contains(&key.kid));
    match waits.map(|key| key.not_before.since(key.created_at)).max() {
        Some(seconds) => format!(" after {} minutes", seconds.div_ceil(60)),
        None => " later".to_owned(),
    }
}
