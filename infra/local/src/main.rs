//! `cargo run`: the twin on this machine.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use local::aws::{Storage, warm_rsa_pool};
use local::{NoticeDelivery, Patience, Twin, TwinError, TwinOptions};
use postern::config::Timeouts;
use postern::time::Clock;
use postern::token::key_times::{
    KEY_DAYS, KEY_RETIRE_DAYS, KNOWN_BEFORE_USE_SECONDS, KeyTimes, KeyTimesError,
};

/// Postern's twin: the Auth0 MFA API on this machine, with an embedded AWS, a demo page and an inbox.
#[derive(Parser)]
#[command(name = "postern-twin", version)]
struct Arguments {
    /// Port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Directory that keeps the table between runs.
    #[arg(long, value_name = "DIR", default_value = ".postern")]
    data: PathBuf,
    /// Keep nothing: the table lives in memory.
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// Clients, APIs and users to add to the demo tenant, as JSON.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Issuer URL; the base URL when none is given.
    #[arg(long, value_name = "URL", env = "POSTERN_ISSUER")]
    issuer: Option<String>,
    /// Days after which a key is replaced.
    #[arg(long, value_name = "DAYS", env = "POSTERN_KEY_DAYS", default_value_t = KEY_DAYS)]
    key_days: u64,
    /// Seconds that a new key is published before it is used.
    #[arg(long, value_name = "SECONDS", env = "POSTERN_KEY_PUBLISH_SECONDS", default_value_t = KNOWN_BEFORE_USE_SECONDS)]
    key_publish_seconds: u64,
    /// Days that a replaced signing key stays published.
    #[arg(long, value_name = "DAYS", env = "POSTERN_KEY_RETIRE_DAYS", default_value_t = KEY_RETIRE_DAYS)]
    key_retire_days: u64,
}

impl Arguments {
    fn options(self) -> Result<TwinOptions, KeyTimesError> {
        let key_times = KeyTimes::new(self.key_days, self.key_publish_seconds, self.key_retire_days)?;
        Ok(TwinOptions {
            port: self.port,
            host: self.host,
            storage: if self.memory { Storage::Memory } else { Storage::Directory(self.data) },
            seed: self.seed,
            issuer: self.issuer.filter(|issuer| !issuer.is_empty()),
            clock: Clock::host(),
            key_times,
            timeouts: Timeouts::default(),
            patience: Patience::OfTheClock,
            notices: NoticeDelivery::AtOnce,
            // Nobody collects them here, and people read this log.
            metrics: None,
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Arguments::parse().options() {
        Ok(options) => options,
        Err(error) => {
            let _ = writeln!(io::stderr(), "postern: {error}");
            return ExitCode::FAILURE;
        }
    };
    warm_rsa_pool();
    postern::audit::start_logging_to(io::stderr);
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "postern: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: TwinOptions) -> Result<(), TwinError> {
    let kept = match &options.storage {
        Storage::Memory => "in memory; gone when this stops".to_owned(),
        Storage::Directory(directory) => format!("kept in {}", directory.display()),
    };
    let twin = Twin::start(options).await?;
    // A closed standard output is no reason to stop serving.
    let _ = io::stdout().write_all(greeting(&twin, &kept).as_bytes()).and_then(|()| io::stdout().flush());
    wait_for_the_end().await;
    twin.stop().await;
    Ok(())
}

fn greeting(twin: &Twin, kept: &str) -> String {
    let base = twin.base_url();
    format!(
        "Postern is ready: {base}

Demo page and inbox  {base}/
API                  {base}/docs
Issuer               {issuer}
Data                 {kept}
Embedded AWS         {base}{aws}
AWS DynamoDB {dynamodb}
AWS SES {ses}
AWS SMS {sms}
AWS KMS {kms}
AWS EventBridge {event_bridge}
Twilio {twilio}

Client  demo-app / demo-secret   (public: demo-spa; Management API: demo-management / demo-management-secret)
User    user@example.com / pwd   (verified address: verified@example.com / pwd)

Sign in, and be asked for the second factor:

  curl -s {base}/oauth/token \\
    -d grant_type=password -d username=user@example.com -d password=pwd \\
    -d audience=https://someapi.com/api -d scope='openid read:sample' \\
    -d client_id=demo-app -d client_secret=demo-secret

Codes arrive at {base}/_local/inbox. Stop with Ctrl-C.
",
        aws = local::AWS,
        issuer = twin.app.config.issuer.as_str(),
        dynamodb = twin.aws.dynamodb_url(),
        ses = twin.aws.ses_url(),
        sms = twin.aws.sms_url(),
        kms = twin.aws.kms_url(),
        event_bridge = twin.aws.event_bridge_url(),
        twilio = twin.aws.twilio_url(),
    )
}

/// Ctrl-C, or SIGTERM as a supervisor sends it.
async fn wait_for_the_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    let _ = interrupted.await;
}
