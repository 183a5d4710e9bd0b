//! How far a long command is: a line that stays where it is on a terminal, and now and then a new one elsewhere.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use postern::time::Stopwatch;

/// Between two looks of a person, in milliseconds.
const TERMINAL_MILLISECONDS: u64 = 200;
/// Between two lines of a log.
const LOG_MILLISECONDS: u64 = 10_000;
const BAR_CELLS: u64 = 24;

/// What is known of a run's length: bytes of a file, as they are on the disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bytes {
    pub(crate) read: Arc<AtomicU64>,
    pub(crate) total: u64,
}

/// Shows how far it is.
pub(crate) struct Progress {
    watch: Stopwatch,
    bytes: Bytes,
    is_terminal: bool,
    shown: Option<u64>,
}

impl Progress {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { watch: Stopwatch::start(), bytes, is_terminal: io::stderr().is_terminal(), shown: None }
    }

    /// Says it, unless it was said a moment ago. A standard error that is closed is no reason to stop.
    pub(crate) fn show(&mut self, rows: u64) {
        let now = self.watch.elapsed_milliseconds();
        let every = if self.is_terminal { TERMINAL_MILLISECONDS } else { LOG_MILLISECONDS };
        if now.saturating_sub(self.shown.unwrap_or(0)) < every {
            return;
        }
        self.shown = Some(now);
        let line = line(rows, now, self.bytes.read.load(Ordering::Relaxed), self.bytes.total);
        let _ = match self.is_terminal {
            true => write!(io::stderr(), "\r\x1b[2K{line}"),
            false => writeln!(io::stderr(), "{line}"),
        };
    }

    /// Makes room for what is said at the end.
    pub(crate) fn end(&self) {
        if self.is_terminal && self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

/// One line: a bar, rows, their rate, and the time that is left if it goes on so.
fn line(rows: u64, milliseconds: u64, read: u64, total: u64) -> String {
    let rate = rows.saturating_mul(1_000).checked_div(milliseconds).unwrap_or(0);
    let mut line = format!("{rows} rows, {rate}/s");
    if total > 0 && read > 0 {
        let read = read.min(total);
        let filled = read * BAR_CELLS / total;
        let bar: String = (0..BAR_CELLS).map(|cell| if cell < filled { '=' } else { ' ' }).collect();
        let left = u128::from(milliseconds) * u128::from(total - read) / u128::from(read) / 1_000;
        line = format!("[{bar}] {:3} %  {line}, {} left", read * 100 / total, duration(left));
    }
    line
}

fn duration(seconds: u128) -> String {
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        assert_eq!(line(0, 0, 0, 0), "0 rows, 0/s");
        assert_eq!(line(500, 1_000, 0, 0), "500 rows, 500/s", "a pipe has no length");
        assert_eq!(
            line(3_000, 2_000, 25, 100),
            "[======                  ]  25 %  3000 rows, 1500/s, 6 s left"
        );
        assert_eq!(
            line(9, 1_000, 200, 100),
            "[========================] 100 %  9 rows, 9/s, 0 s left",
            "a file that grew"
        );
    }

    #[test]
    fn durations_are_read_by_people() {
        assert_eq!([duration(59), duration(61), duration(7_260)], ["59 s", "1 min 01 s", "2 h 01 min"]);
    }
}
