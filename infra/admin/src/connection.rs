//! Which deployment a command is for.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use clap::Args;
use postern::app::App;
use postern::aws::{Clients, Endpoints, SYSTEM_ROOTS_VARIABLE, http_client};
use postern::config::{AUDIT_DAYS_DEFAULT, AUDIT_DAYS_MAX, Config, Issuer, Timeouts};
use postern::delivery::Mailer;
use postern::rules::random::Random;
use postern::store::Store;
use postern::time::{Clock, Timestamp};
use postern::token::key_times::{KEY_DAYS, KEY_RETIRE_DAYS, KNOWN_BEFORE_USE_SECONDS, KeyTimes};
use postern::token::keyring::KeyRing;
use postern::token::keys::{KeyNeeds, Keys};
use postern::token::rotation::Rotation;

use crate::CommandError;
use crate::clock::AwsClock;
use crate::journal::Journal;

/// Where a twin is that says nothing else.
const TWIN: &str = "http://127.0.0.1:3000";
/// The twin's embedded AWS, below its address.
const TWIN_AWS: &str = "/_local/aws";
/// What a twin's configuration set of mails is called.
const TWIN_MAIL_SET: &str = "postern";
/// What a twin sends from.
const TWIN_MAIL_FROM: &str = "mfa@postern.example";
/// How long a command waits for the whole of one act.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the deployment is.
#[derive(Args)]
#[command(next_help_heading = "Which deployment")]
pub(crate) struct Connection {
    /// The table's name: the stack's output `TableName`.
    #[arg(long, env = "POSTERN_TABLE", default_value = "postern", global = true, value_name = "NAME")]
    table: String,
    /// The KMS key that wraps keys: the stack's output `KmsKeyArn`, or an alias.
    #[arg(long, env = "POSTERN_KMS_KEY", default_value = "alias/postern", global = true, value_name = "KEY")]
    kms_key: String,
    /// The issuer: the stack's output `Issuer`.
    #[arg(long, env = "POSTERN_ISSUER", global = true, value_name = "URL")]
    issuer: Option<String>,
    /// Days that records of the audit log are kept: the stack's parameter `AuditRetentionDays`.
    #[arg(long, env = "POSTERN_AUDIT_DAYS", default_value_t = AUDIT_DAYS_DEFAULT, global = true, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=AUDIT_DAYS_MAX))]
    audit_days: u64,
    /// Days after which a key is replaced, by which `doctor` judges: the stack's parameter `KeyDays`.
    #[arg(
        long,
        env = "POSTERN_KEY_DAYS",
        default_value_t = KEY_DAYS,
        global = true,
        value_name = "DAYS",
        hide_short_help = true
    )]
    key_days: u64,
    /// Seconds that a new key is published before it is used, if longer than the keys that are there.
    #[arg(long, env = "POSTERN_KEY_PUBLISH_SECONDS", default_value_t = KNOWN_BEFORE_USE_SECONDS, global = true, value_name = "SECONDS", hide_short_help = true)]
    key_publish_seconds: u64,
    /// AWS region; the usual settings when none is given.
    #[arg(long, global = true)]
    region: Option<String>,
    /// Profile of the AWS configuration.
    #[arg(long, global = true)]
    profile: Option<String>,
    /// Address of all AWS services, when they are not AWS's own.
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    endpoint_url: Option<String>,
    /// DynamoDB's address alone.
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    dynamodb_url: Option<String>,
    /// KMS's address alone.
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    kms_url: Option<String>,
    /// SES's address alone.
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    ses_url: Option<String>,
    /// The twin at this address, or at http://127.0.0.1:3000: says issuer, region, credentials and AWS's address at once.
    #[arg(
        long,
        env = "POSTERN_TWIN",
        global = true,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = TWIN
    )]
    twin: Option<String>,
}

/// A deployment that commands work on.
pub(crate) struct Tenant {
    pub(crate) store: Store,
    pub(crate) random: Random,
    /// Which table this is, in words: an import goes on only where it began.
    pub(crate) place: String,
    pub(crate) clock: Clock,
    /// What AWS's last answer says of that clock.
    pub(crate) aws_clock: AwsClock,
    pub(crate) clients: Clients,
    pub(crate) kms_key: String,
    pub(crate) key_times: KeyTimes,
    pub(crate) table: String,
    /// The sender, where it is known.
    pub(crate) mail_from: Option<&'static str>,
    /// The configuration set of mails, where it is known.
    pub(crate) mail_set: Option<&'static str>,
    issuer: Option<Issuer>,
    audit_days: u64,
    timeouts: Timeouts,
    /// What calls of other hosts are made with.
    pub(crate) sdk: SdkConfig,
}

impl Connection {
    pub(crate) async fn open(self) -> Result<Tenant, CommandError> {
        // The command retires no keys, so how long they stay is the deployment's alone.
        let key_times = KeyTimes::new(self.key_days, self.key_publish_seconds, KEY_RETIRE_DAYS);
        let key_times = key_times.map_err(|error| CommandError::Setting(error.to_string()))?;
        let sdk = self.sdk().await?;
        let Some(region) = sdk.region().map(ToString::to_string) else {
            let text = "no AWS region: give --region, or set AWS_REGION (any region will do for a twin)";
            return Err(CommandError::Setting(text.to_owned()));
        };
        let endpoint = self.endpoint();
        let at = |url: &Option<String>| url.clone().or_else(|| endpoint.clone());
        let endpoints = Endpoints {
            dynamodb: at(&self.dynamodb_url),
            kms: at(&self.kms_url),
            ses: at(&self.ses_url),
            ..Endpoints::default()
        };
        let place = format!("{} in {}", self.table, endpoints.dynamodb.as_ref().unwrap_or(&region));
        // KMS may take seconds for a key pair, and a person can wait.
        let timeouts =
            Timeouts { attempt: Duration::from_secs(10), request: PATIENCE, ..Timeouts::default() };
        let clock = Clock::host();
        let aws_clock = AwsClock::beside(&clock);
        let clients = Clients::new(&sdk, &timeouts, &endpoints, Some(&aws_clock.observer()));
        let random = Random::system();
        Ok(Tenant {
            store: Store::new(clients.dynamodb.clone(), &self.table, random.clone()),
            random,
            place,
            clock,
            aws_clock,
            clients,
            kms_key: self.kms_key,
            key_times,
            table: self.table,
            mail_from: self.twin.is_some().then_some(TWIN_MAIL_FROM),
            mail_set: self.twin.is_some().then_some(TWIN_MAIL_SET),
            audit_days: self.audit_days,
            issuer: self.issuer.or(self.twin).as_deref().map(Issuer::new),
            timeouts,
            sdk,
        })
    }

    fn endpoint(&self) -> Option<String> {
        let of_twin = || self.twin.as_ref().map(|twin| format!("{}{TWIN_AWS}", twin.trim_end_matches('/')));
        self.endpoint_url.clone().or_else(of_twin)
    }

    async fn sdk(&self) -> Result<SdkConfig, CommandError> {
        let system_roots = std::env::var_os(SYSTEM_ROOTS_VARIABLE).is_some();
        let http = http_client(system_roots).map_err(|error| CommandError::Setting(error.to_string()))?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if self.twin.is_some() {
            // A twin takes whatever it is shown: nothing of the operator's own is shown to it.
            loader = loader.credentials_provider(Credentials::new("twin", "twin", None, None, "twin"));
            if self.region.is_none() {
                loader = loader.region(Region::from_static("eu-central-1"));
            }
        }
        Ok(loader.load().await)
    }
}

impl Tenant {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn issuer(&self) -> Result<&Issuer, CommandError> {
        let text = "no issuer: give --issuer with the stack's output `Issuer`, or --twin";
        self.issuer.as_ref().ok_or_else(|| CommandError::Setting(text.to_owned()))
    }

    /// What handlers work with, as a function has it: keys to sign with, and nothing to send by.
    pub(crate) fn app(&self, issuer: &Issuer) -> App {
        let needs = KeyNeeds { roots: false, signing: true };
        let config = self.config(issuer.clone(), String::new());
        App::new(config, self.clients.clone(), needs, self.clock.clone(), self.random.clone())
    }

    /// The audit log. Its records name no host where no issuer is given.
    pub(crate) fn journal(&self) -> Result<Journal, CommandError> {
        let issuer = self.issuer.clone().unwrap_or_else(|| Issuer::new(""));
        Journal::of(self.app(&issuer))
    }

    /// What writes mails, and sends none.
    pub(crate) fn mailer(&self, tenant_name: &str) -> Mailer {
        let issuer = self.issuer.clone().unwrap_or_else(|| Issuer::new("https://login.example.com"));
        Mailer::new(self.clients.ses.clone(), &self.config(issuer, tenant_name.to_owned()))
    }

    fn config(&self, issuer: Issuer, tenant_name: String) -> Config {
        Config {
            table: self.table.clone(),
            issuer,
            tenant_name,
            mail_from: None,
            ses_configuration_set: None,
            sms_origination_identity: None,
            voice_origination_identity: None,
            sms_configuration_set: None,
            twilio_url: None,
            kms_key: Some(self.kms_key.clone()),
            key_times: self.key_times,
            client_ip_header: None,
            proxy_secrets: None,
            audit_event_bus: None,
            audit_days: self.audit_days,
            metrics: None,
            timeouts: self.timeouts,
        }
    }

    /// The roots, unwrapped.
    pub(crate) async fn ring(&self) -> Result<Arc<KeyRing>, CommandError> {
        let keys = Keys::new(self.store.clone(), self.clients.kms.clone(), KeyNeeds::ROOTS);
        keys.ring(self.now()).await.map_err(|_| CommandError::no_keys())
    }

    /// What makes keys, by a clock that is right: they begin by it, for every environment and every API.
    pub(crate) async fn rotation(&self) -> Result<Rotation<'_>, CommandError> {
        // Any answer of AWS tells its time.
        self.store.key_generations().await?;
        self.aws_clock.agreed()?;
        let (store, kms, kms_key) = (&self.store, &self.clients.kms, &self.kms_key);
        Ok(Rotation { store, kms, kms_key, random: &self.random, clock: &self.clock, times: self.key_times })
    }
}
