//! What this test's requests log. A twin of a test runs on the test's own thread, and so does its log.

use std::io;
use std::sync::{Arc, Mutex};

use postern::audit::logger_to;
use tracing::subscriber::DefaultGuard;

/// Everything logged on this thread since it was made. Not for tests with several worker threads.
pub(crate) struct Log {
    written: Written,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(crate) fn start() -> Self {
        // Whether an event is wanted is remembered for all threads, and while there is one log only, by what the thread
        // wants that comes to the event first: that of another test wants nothing. With a log for everybody there are two.
        postern::audit::start_logging_to(io::sink);
        let written = Written::default();
        let writer = written.clone();
        let guard = tracing::subscriber::set_default(logger_to(move || writer.clone()));
        Self { written, _guard: guard }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.written.0.lock().unwrap().clone()).unwrap()
    }

    /// The same without ids of entries of the audit log: three quarters of each are digits at random, among which anything
    /// may stand.
    pub(crate) fn text_without_ids(&self) -> String {
        let without_id = |line: &str| -> String {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            line.as_object_mut().unwrap().remove("log_id");
            line.to_string()
        };
        self.text().lines().map(without_id).collect::<Vec<_>>().join("\n")
    }

    /// The lines of an event, parsed.
    pub(crate) fn events(&self, event: &str) -> Vec<serde_json::Value> {
        let lines = self.text();
        let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter(|line| line["event"] == event).collect()
    }
}
