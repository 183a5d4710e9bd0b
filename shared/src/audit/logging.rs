//! Structured logs: one JSON object per line on standard output (SEC-40).

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::observe;

/// Starts logging to standard output, where Lambda collects it, at the level `POSTERN_LOG` names (`error`, `warn`,
/// `info`, `debug`; default `info`). A second call changes nothing.
pub fn start_logging() {
    start_logging_to(std::io::stdout);
}

/// The same to a place of the caller's choice: the twin logs to standard error.
pub fn start_logging_to<W>(writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let _ = logger_to(writer).try_init();
}

/// What [`start_logging_to`] starts, for whoever wants the log of one thread only.
#[must_use]
pub fn logger_to<W>(writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = std::env::var("POSTERN_LOG").ok().and_then(|text| text.parse::<LevelFilter>().ok());
    let level = level.unwrap_or(LevelFilter::INFO).min(LevelFilter::DEBUG);
    let layer = tracing_subscriber::fmt::layer()
        .event_format(super::line::JsonLines)
        .with_writer(writer)
        .with_filter(filter(level));
    tracing_subscriber::registry().with(layer)
}

/// Our own crates log at the level asked for. The others warn at most: at finer levels the AWS SDK and the HTTP client
/// write out whole requests, and those hold codes and keys (SEC-34).
fn filter(level: LevelFilter) -> Targets {
    const OURS: [&str; 27] = [
        "postern",
        "email_templates",
        "oauth_token",
        "oauth_revoke",
        "mfa_associate",
        "mfa_challenge",
        "mfa_enrollment",
        "passwordless_start",
        "mfa_authenticators",
        "guardian_factors",
        "well_known",
        "userinfo",
        "users",
        "user_factors",
        "clients",
        "client_grants",
        "resource_servers",
        "rotate_keys",
        "signing_keys",
        "notices",
        "mail_events",
        "audit",
        "logs",
        "unblock",
        "dbconnections",
        "tickets",
        "local",
    ];
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(OURS.into_iter().map(|target| (target, level)))
        // The audit log is no matter of taste: whoever wants fewer lines still has it.
        .with_target(super::record::TARGET, level.max(LevelFilter::INFO))
        // Nor are metrics.
        .with_target(observe::TARGET, level.max(LevelFilter::INFO))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;
    use crate::audit::record::TARGET;

    /// SEC-40: whoever wants fewer lines still has the audit log.
    #[test]
    fn records_are_written_at_every_level() {
        for level in [LevelFilter::OFF, LevelFilter::ERROR, LevelFilter::WARN, LevelFilter::DEBUG] {
            let filter = filter(level);
            assert!(filter.would_enable(TARGET, &Level::INFO), "{level}");
            assert!(filter.would_enable(observe::TARGET, &Level::INFO), "{level}");
            let is_asked_for = filter.would_enable("postern::http::edge", &Level::INFO);
            assert_eq!(is_asked_for, level == LevelFilter::DEBUG, "{level}");
        }
    }
}
