//! One twin: the embedded AWS, the app over it, and the HTTP server that merges all functions.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use audit::{Bus, Intake};
use aws_sdk_dynamodb::config::SharedInterceptor;
use aws_smithy_types::timeout::TimeoutConfig;
use axum::Router;
use postern::app::App;
use postern::aws::{Clients, Endpoints, TlsError, http_client};
use postern::config::{AUDIT_DAYS_DEFAULT, Config, Issuer, MetricsConfig, Timeouts};
use postern::rules::random::Random;
use postern::store::schema::create_table;
use postern::time::Clock;
use postern::token::key_times::KeyTimes;
use postern::token::keys::KeyNeeds;
use postern::token::rotation::{Report, Rotation, RotationError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::audit::AuditTrail;
use crate::aws::{AwsOptions, AwsTwin, BUS_ARN, KEY_ID, StartError, Storage, TripRecorder};
use crate::control::Control;
use crate::front::router;
use crate::mail_events::MailEvents;
use crate::notices::{DeadLetter, Notices};
use crate::seed::{Seed, SeedError};

/// How long a start waits for the embedded KMS to make a key.
const FIRST_KEYS_TIMEOUT: Duration = Duration::from_secs(60);

/// The table's name in the twin.
pub const TABLE: &str = "postern";

/// How a twin is to be.
#[derive(Clone, Debug)]
pub struct TwinOptions {
    /// Port; 0 takes any free one.
    pub port: u16,
    /// Address to listen on.
    pub host: IpAddr,
    /// A directory, or memory only.
    pub storage: Storage,
    /// Planted after the demo tenant.
    pub seed: Option<PathBuf>,
    /// The issuer; the base URL when none is given.
    pub issuer: Option<String>,
    /// The time.
    pub clock: Clock,
    /// How long keys live and overlap.
    pub key_times: KeyTimes,
    /// How long to wait for the embedded AWS.
    pub timeouts: Timeouts,
    /// By which time.
    pub patience: Patience,
    /// When security notices are mailed, and records of the audit log kept.
    pub notices: NoticeDelivery,
    /// Where metrics go: to the log, or nowhere.
    pub metrics: Option<MetricsConfig>,
}

/// What ends the time of an attempt of a call to the embedded AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// That the time is over.
    OfTheClock,
    /// That the call is held, see [`HeldCalls::time_limits`]. `timeouts.attempt` and `timeouts.send` take any time then,
    /// but must differ from the other durations.
    OfAnswers,
}

/// When the table's stream and the log are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeDelivery {
    /// In the background, as soon as something is written; and whenever it is asked for.
    AtOnce,
    /// Only when it is asked for: by [`Twin::deliver_notices`] and [`Twin::deliver_audit`], or by a look at the inbox or
    /// the log over HTTP. Nothing happens behind a test's back then.
    WhenAsked,
}

impl TwinOptions {
    /// In memory, on any free port, with a clock of its own: what a test wants.
    #[must_use]
    pub fn for_tests(clock: Clock) -> Self {
        Self {
            port: 0,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            storage: Storage::Memory,
            seed: None,
            issuer: None,
            clock,
            key_times: KeyTimes::default(),
            // Its first keys are made while other tests keep the machine busy.
            timeouts: Timeouts { attempt: Duration::from_secs(20), ..Timeouts::default() },
            patience: Patience::OfTheClock,
            notices: NoticeDelivery::WhenAsked,
            metrics: Some(MetricsConfig {
                namespace: "Postern/test".to_owned(),
                function: "twin".to_owned(),
            }),
        }
    }
}

/// Why a twin did not start; the text says how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum TwinError {
    /// The port is taken.
    #[error(
        "port {0} is taken, perhaps by another twin: stop that one, or choose another port with --port (0 takes any free one)"
    )]
    PortTaken(u16),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The embedded AWS did not start.
    #[error("the embedded AWS did not start: {0}")]
    Aws(#[from] StartError),
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The table could not be made.
    #[error("the table could not be made: {0}")]
    Table(String),
    /// The first keys could not be made.
    #[error("the first keys could not be made: {0}")]
    Keys(#[from] RotationError),
    /// The seed file cannot be read.
    #[error("the seed file {0} cannot be read: {1}")]
    SeedFile(PathBuf, io::Error),
    /// The seed was not planted.
    #[error(transparent)]
    Seed(#[from] SeedError),
}

/// A running twin; dropping it stops it.
#[derive(Debug)]
pub struct Twin {
    /// The embedded AWS.
    pub aws: AwsTwin,
    /// The app, as the handlers have it.
    pub app: App,
    base_url: String,
    notices: Notices,
    mail_events: MailEvents,
    audit: AuditTrail,
    server: Server,
    background: Vec<Server>,
}

/// The task that serves; dropping it ends it.
#[derive(Debug)]
struct Server(JoinHandle<()>);

impl Server {
    /// Ends it and waits until it is gone, and with it what it holds.
    async fn end(mut self) {
        self.0.abort();
        let _ = (&mut self.0).await;
    }
}

impl Server {
    fn start(listener: TcpListener, router: Router) -> Self {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        Self(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(event = "server_ended", %error);
            }
        }))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Twin {
    /// Starts a twin and gives it back when it answers.
    ///
    /// # Errors
    /// See [`TwinError`].
    pub async fn start(options: TwinOptions) -> Result<Self, TwinError> {
        let listener = listen(options.host, options.port).await?;
        let address = listener
            .local_addr()
            .map_err(|error| TwinError::Listen(SocketAddr::new(options.host, options.port), error))?;
        let base_url = format!("http://{}", SocketAddr::new(shown(options.host), address.port()));
        let clock = options.clock.clone();
        let aws = AwsTwin::start(AwsOptions {
            database: options.storage.clone(),
            now: Arc::new(move || clock.now().0),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
        })
        .await?;
        let (app, bus) = build_app(&options, &aws, &base_url)?;
        prepare(&options, &app).await?;
        let audit = AuditTrail::new(Intake { app: app.clone(), bus: Some(bus) });
        let notices = Notices::new(app.clone(), aws.stream(TABLE));
        let mail_events = MailEvents::new(app.clone(), aws.feedback.clone());
        let control = Control {
            notices: notices.clone(),
            mail_events: mail_events.clone(),
            audit: audit.clone(),
            events: aws.events.clone(),
            inbox: aws.inbox.clone(),
            faults: aws.faults.clone(),
            calls: aws.calls.clone(),
            clock: options.clock.clone(),
            aws: aws.router(),
            loopback: options.host.is_loopback(),
        };
        let server = Server::start(listener, router(app.clone(), control, &base_url));
        // What was called to get ready is nobody's request.
        aws.calls.clear();
        let background = match options.notices {
            NoticeDelivery::AtOnce => vec![
                follow(&aws, notices.clone()),
                follow_mail(mail_events.clone(), audit.clone()),
                follow_log(audit.clone()),
            ],
            NoticeDelivery::WhenAsked => Vec::new(),
        };
        Ok(Self { aws, app, base_url, notices, mail_events, audit, server, background })
    }

    /// Has every security notice written so far mailed, or given up: then the inbox is complete.
    pub async fn deliver_notices(&self) {
        self.notices.deliver().await;
    }

    /// Has everything that SES told of mails so far taken in, or given up: then addresses that bounce are marked.
    pub async fn deliver_mail_events(&self) {
        self.mail_events.deliver().await;
    }

    /// What SES told and could not be taken in, oldest first.
    #[must_use]
    pub fn dead_mail_events(&self) -> Vec<serde_json::Value> {
        self.mail_events.dead_letters()
    }

    /// Has every record of the audit log written so far kept, or given up: then the log and the bus are complete.
    pub async fn deliver_audit(&self) {
        self.audit.deliver().await;
    }

    /// The security notices that could not be mailed, oldest first.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.notices.dead_letters()
    }

    /// Stops it, letting the embedded AWS finish what runs.
    pub async fn stop(self) {
        let Self { aws, server, background, notices, mail_events, audit, .. } = self;
        server.end().await;
        if !background.is_empty() {
            // What was read of the stream and of the log is delivered before their readers end.
            notices.deliver().await;
            mail_events.deliver().await;
            audit.deliver().await;
        }
        for follower in background {
            follower.end().await;
        }
        drop((notices, mail_events, audit));
        aws.stop().await;
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}

async fn listen(host: IpAddr, port: u16) -> Result<TcpListener, TwinError> {
    let address = SocketAddr::new(host, port);
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => TwinError::PortTaken(port),
        _ => TwinError::Listen(address, error),
    })
}

/// An unspecified address is no place to connect to.
fn shown(host: IpAddr) -> IpAddr {
    if host.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { host }
}

fn build_app(options: &TwinOptions, aws: &AwsTwin, base_url: &str) -> Result<(App, Bus), TwinError> {
    let config = Config {
        table: TABLE.to_owned(),
        issuer: Issuer::new(options.issuer.as_deref().unwrap_or(base_url)),
        tenant_name: "Postern Demo".to_owned(),
        mail_from: Some("mfa@postern.example".to_owned()),
        ses_configuration_set: Some("postern".to_owned()),
        sms_origination_identity: Some("postern".to_owned()),
        voice_origination_identity: Some("+12065550100".to_owned()),
        sms_configuration_set: Some("postern".to_owned()),
        twilio_url: Some(aws.twilio_url()),
        kms_key: Some(KEY_ID.to_owned()),
        key_times: options.key_times,
        client_ip_header: None,
        proxy_secrets: None,
        audit_days: AUDIT_DAYS_DEFAULT,
        audit_event_bus: Some(BUS_ARN.to_owned()),
        metrics: options.metrics.clone(),
        timeouts: options.timeouts,
    };
    let credentials = aws_sdk_dynamodb::config::Credentials::new("twin", "twin", None, None, "twin");
    let mut sdk = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-central-1"))
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(credentials))
        .http_client(http_client(false)?);
    if options.patience == Patience::OfAnswers {
        let limits = [options.timeouts.attempt, options.timeouts.send];
        sdk = sdk.sleep_impl(aws.held.time_limits(limits));
    }
    let sdk = sdk.build();
    let endpoints = Endpoints {
        dynamodb: Some(aws.dynamodb_url()),
        kms: Some(aws.kms_url()),
        ses: Some(aws.ses_url()),
        sms: Some(aws.sms_url()),
        twilio: Some(aws.twilio_url()),
    };
    let recorder = SharedInterceptor::new(TripRecorder::new());
    let (timeouts, recorder) = (&options.timeouts, Some(&recorder));
    let clients =
        Clients::new(&sdk, timeouts, &endpoints, recorder).with_phone(&sdk, timeouts, &endpoints, recorder);
    let bus = Bus::new(&sdk, timeouts, BUS_ARN.to_owned(), Some(&aws.event_bridge_url()), recorder);
    Ok((App::new(config, clients, KeyNeeds::ALL, options.clock.clone(), Random::system()), bus))
}

/// Follows the table's stream.
fn follow(aws: &AwsTwin, notices: Notices) -> Server {
    let written = aws.written();
    Server(tokio::spawn(async move {
        loop {
            written.notified().await;
            notices.deliver().await;
        }
    }))
}

/// Follows what SES tells of mails.
fn follow_mail(mail_events: MailEvents, audit: AuditTrail) -> Server {
    let told = mail_events.told();
    Server(tokio::spawn(async move {
        loop {
            told.notified().await;
            mail_events.deliver().await;
            audit.wake();
        }
    }))
}

/// Follows the log.
fn follow_log(audit: AuditTrail) -> Server {
    Server(tokio::spawn(async move { audit.follow().await }))
}

/// A client for the first keys: the embedded KMS makes a pair in a good part of a second, and on a busy machine in many.
fn in_no_hurry(kms: &aws_sdk_kms::Client) -> aws_sdk_kms::Client {
    let limits = TimeoutConfig::builder().operation_attempt_timeout(FIRST_KEYS_TIMEOUT).build();
    aws_sdk_kms::Client::from_conf(kms.config().to_builder().timeout_config(limits).build())
}

/// Table, first keys and tenant.
async fn prepare(options: &TwinOptions, app: &App) -> Result<(), TwinError> {
    create_table(app.store.dynamodb(), TABLE).await.map_err(|error| TwinError::Table(error.to_string()))?;
    let kms = in_no_hurry(&app.kms);
    let times = options.key_times;
    let (store, random, clock) = (&app.store, &app.random, &app.clock);
    let rotation = Rotation { store, kms: &kms, kms_key: KEY_ID, random, clock, times };
    rotation.ensure_first(&mut Report::default()).await?;
    Seed::demo()?.plant(app).await?;
    if let Some(path) = &options.seed {
        let json = std::fs::read_to_string(path).map_err(|error| TwinError::SeedFile(path.clone(), error))?;
        Seed::parse(&json)?.plant(app).await?;
    }
    app.prime().await;
    Ok(())
}
