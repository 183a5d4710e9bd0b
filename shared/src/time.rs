//! The one home of the wall clock and of sleeping. Everything else is handed `now`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A point in time, in whole seconds since the Unix epoch (the unit of JWT `NumericDate`, RFC 7519 §2, and of
/// DynamoDB's TTL attribute).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The time `seconds` later.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to `self`; 0 when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whether something that expires at `self` is over at `now`: valid strictly before its expiry (SEC-7).
    #[must_use]
    pub fn is_past(self, now: Self) -> bool {
        self.0 <= now.0
    }
}

#[derive(Clone, Copy, Debug)]
enum Base {
    Host,
    Fixed(u64),
}

/// The clock of every handler: host time, or a fixed start for tests, plus all advances made so far.
///
/// Clones share their advances.
#[derive(Clone, Debug)]
pub struct Clock {
    base: Base,
    advanced_seconds: Arc<AtomicU64>,
}

impl Clock {
    /// Host time.
    #[must_use]
    pub fn host() -> Self {
        Self { base: Base::Host, advanced_seconds: Arc::default() }
    }

    /// A clock that stands still at `start` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn fixed(start: Timestamp) -> Self {
        Self { base: Base::Fixed(start.0), advanced_seconds: Arc::default() }
    }

    /// The time now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one home of the wall clock")]
    pub fn now(&self) -> Timestamp {
        let base = match self.base {
            Base::Fixed(start) => start,
            // A host clock before 1970 reads as 0: every token is then unexpired but none verifies elsewhere.
            Base::Host => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        };
        Timestamp(base).plus(self.advanced_seconds.load(Ordering::SeqCst))
    }

    /// Moves this clock and its clones forward; time never goes back.
    pub fn advance(&self, seconds: u64) {
        let add = |advanced: u64| Some(advanced.saturating_add(seconds));
        let _ = self.advanced_seconds.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
    }
}

/// A running measurement, for logs only: no rule depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one home of the wall clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since the start.
    #[must_use]
    pub fn elapsed_microseconds(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn elapsed_milliseconds(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Waits for `duration` of host time, for back-off between retries only.
#[allow(clippy::disallowed_methods, reason = "the one home of sleeping")]
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEC-7: a code issued for 300 s is good at 299 s and over at 300 s.
    #[test]
    fn expiry_is_exclusive() {
        let expires = Timestamp(1_000).plus(300);
        assert!(!expires.is_past(Timestamp(1_299)));
        assert!(expires.is_past(Timestamp(1_300)));
    }

    /// I6: time moves only when the test moves it, for every clone.
    #[test]
    fn a_fixed_clock_moves_only_by_advance() {
        let clock = Clock::fixed(Timestamp(50));
        let clone = clock.clone();
        assert_eq!(clock.now(), Timestamp(50));
        clone.advance(7);
        assert_eq!(clock.now(), Timestamp(57));
    }
}
