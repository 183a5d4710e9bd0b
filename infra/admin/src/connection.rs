//! Which deployment a command is for.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use clap::Args;
use postern::aws::{Clients, Endpoints, SYSTEM_ROOTS_VARIABLE, http_client};
use postern::config::{Issuer, Timeouts};
use postern::rules::random::Random;
use postern::store::Store;
use postern::time::{Clock, Timestamp};
use postern::token::keyring::KeyRing;
use postern::token::keys::{KeyNeeds, Keys};
use postern::token::rotation::Rotation;

use crate::CommandError;

/// Where the deployment is.
#[derive(Args)]
pub(crate) struct Connection {
    /// The table's name: the stack's output `TableName`.
    #[arg(long, env = "POSTERN_TABLE", default_value = "postern", global = true)]
    table: String,
    /// The KMS key that wraps keys: the stack's output `KmsKeyArn`, or an alias.
    #[arg(long, env = "POSTERN_KMS_KEY", default_value = "alias/postern", global = true)]
    kms_key: String,
    /// The issuer: the stack's output `Issuer`.
    #[arg(long, env = "POSTERN_ISSUER", global = true)]
    issuer: Option<String>,
    /// AWS region; the usual settings when none is given.
    #[arg(long, global = true)]
    region: Option<String>,
    /// Profile of the AWS configuration.
    #[arg(long, global = true)]
    profile: Option<String>,
    /// DynamoDB's address, when it is not AWS's: the twin prints its own.
    #[arg(long, global = true)]
    dynamodb_url: Option<String>,
    /// KMS's address, when it is not AWS's: the twin prints its own.
    #[arg(long, global = true)]
    kms_url: Option<String>,
}

/// A deployment that commands work on.
pub(crate) struct Tenant {
    pub(crate) store: Store,
    pub(crate) random: Random,
    /// Which table this is, in words: an import goes on only where it began.
    pub(crate) place: String,
    pub(crate) clock: Clock,
    clients: Clients,
    kms_key: String,
    issuer: Option<Issuer>,
}

impl Connection {
    pub(crate) async fn open(self) -> Result<Tenant, CommandError> {
        let system_roots = std::env::var_os(SYSTEM_ROOTS_VARIABLE).is_some();
        let http = http_client(system_roots).map_err(|error| CommandError::Setting(error.to_string()))?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
        if let Some(region) = self.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(profile) = self.profile {
            loader = loader.profile_name(profile);
        }
        let sdk = loader.load().await;
        if sdk.region().is_none() {
            let text = "no AWS region: give --region, or set AWS_REGION (any region will do for a twin)";
            return Err(CommandError::Setting(text.to_owned()));
        }
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        let place = format!("{} in {}", self.table, self.dynamodb_url.as_ref().unwrap_or(&region));
        let endpoints = Endpoints { dynamodb: self.dynamodb_url, kms: self.kms_url, ..Endpoints::default() };
        // KMS may take seconds for a key pair, and a person can wait.
        let timeouts = Timeouts { attempt: Duration::from_secs(10), ..Timeouts::default() };
        let clients = Clients::new(&sdk, &timeouts, &endpoints, None);
        let random = Random::system();
        Ok(Tenant {
            store: Store::new(clients.dynamodb.clone(), &self.table, random.clone()),
            random,
            place,
            clock: Clock::host(),
            clients,
            kms_key: self.kms_key,
            issuer: self.issuer.as_deref().map(Issuer::new),
        })
    }
}

impl Tenant {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn issuer(&self) -> Result<&Issuer, CommandError> {
        let text = "no issuer: give --issuer with the stack's output `Issuer`, or the twin's base URL";
        self.issuer.as_ref().ok_or_else(|| CommandError::Setting(text.to_owned()))
    }

    /// The roots, unwrapped.
    pub(crate) async fn ring(&self) -> Result<Arc<KeyRing>, CommandError> {
        let keys = Keys::new(self.store.clone(), self.clients.kms.clone(), KeyNeeds::ROOTS);
        let text = "the keys cannot be had: run `postern init` once, and check that you may use the KMS key";
        keys.ring(self.now()).await.map_err(|_| CommandError::Setting(text.to_owned()))
    }

    pub(crate) fn rotation(&self) -> Rotation<'_> {
        Rotation { store: &self.store, kms: &self.clients.kms, kms_key: &self.kms_key, random: &self.random }
    }
}
