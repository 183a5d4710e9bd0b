//! Structured logs: one JSON object per line on standard output (SEC-40).

use tracing_subscriber::filter::LevelFilter;

/// Starts logging to standard output, where Lambda collects it, at the level `POSTERN_LOG` names (`error`, `warn`,
/// `info`, `debug`; default `info`). A second call changes nothing.
pub fn start_logging() {
    start_logging_to(std::io::stdout);
}

/// The same to a place of the caller's choice: the twin logs to standard error.
pub fn start_logging_to<W>(writer: W)
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let level = std::env::var("POSTERN_LOG").ok().and_then(|text| text.parse::<LevelFilter>().ok());
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .with_writer(writer)
        .try_init();
}
