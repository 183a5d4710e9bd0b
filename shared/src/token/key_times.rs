//! How long keys live, and how long two of them overlap (design §4, SEC-29): what an operator sets, within what is safe.

use crate::token::claims::ACCESS_TOKEN_SECONDS_MAX;
use crate::token::keys::{KEYS_FRESH_SECONDS, KEYS_USABLE_SECONDS};

/// What the write of a new key may take from the look at the clock on, in seconds: whoever makes it gives it up then.
pub(super) const KEY_WRITE_SECONDS_MAX: u64 = 60;

/// How long a new key is known before it is used, in seconds, at the least: what an environment serves a list that it
/// cannot refresh, what a client keeps the JWKS it got of it last, and what the write of the key itself took. So nothing
/// is ever signed or sealed by one environment that another, or a client, cannot read.
pub const KNOWN_BEFORE_USE_SECONDS: u64 = KEYS_USABLE_SECONDS + KEYS_FRESH_SECONDS + KEY_WRITE_SECONDS_MAX;

/// Days that a key makes new things, where nothing is said.
pub const KEY_DAYS: u64 = 90;
/// Days that a replaced signing key stays published, where nothing is said and at the least: what a token lives at most.
pub const KEY_RETIRE_DAYS: u64 = ACCESS_TOKEN_SECONDS_MAX / DAY_SECONDS;

/// Signing keys that may be there when another is asked for over the network: every environment reads all of them.
pub const SIGNING_KEYS_MAX: usize = 16;

const KEY_DAYS_MIN: u64 = 8;
const DAYS_MAX: u64 = 365;
const PUBLISH_SECONDS_MAX: u64 = 7 * DAY_SECONDS;
const DAY_SECONDS: u64 = 86_400;
/// Signing keys that there is room for beside those of the schedule: one or two that somebody asked for.
const KEYS_ASKED_FOR: u64 = 2;
/// How often a schedule looks, in seconds: so long may a key stay that could go.
const LOOK_SECONDS: u64 = DAY_SECONDS;

/// The times of keys. There are only safe ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTimes {
    key_days: u64,
    publish_seconds: u64,
    retire_days: u64,
}

/// Why times of keys are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTimesError {
    /// The life of a key.
    #[error("days of a key's life are a number from 8 to 365")]
    Life,
    /// The time before use.
    #[error(
        "seconds that a key is published before it is used are a number from 900, for so long may an environment and then a client keep the list of keys without it, to 604800"
    )]
    Publish,
    /// The time after use.
    #[error(
        "days that a replaced signing key stays are a number from 30, for so long may a token live that it signed, to 365"
    )]
    Retire,
    /// Too many keys at once.
    #[error(
        "keys of so short a life that stay for so long would be more than 16 at once: every function reads them all"
    )]
    TooMany,
}

impl Default for KeyTimes {
    fn default() -> Self {
        Self { key_days: KEY_DAYS, publish_seconds: KNOWN_BEFORE_USE_SECONDS, retire_days: KEY_RETIRE_DAYS }
    }
}

impl KeyTimes {
    /// A key makes new things for `key_days`, is published `publish_seconds` before, and stays `retire_days` after, if it
    /// signs.
    ///
    /// # Errors
    /// When an overlap is too short for what caches keep or tokens live, or a time out of its bounds.
    pub fn new(key_days: u64, publish_seconds: u64, retire_days: u64) -> Result<Self, KeyTimesError> {
        if !(KEY_DAYS_MIN..=DAYS_MAX).contains(&key_days) {
            return Err(KeyTimesError::Life);
        }
        if !(KNOWN_BEFORE_USE_SECONDS..=PUBLISH_SECONDS_MAX).contains(&publish_seconds) {
            return Err(KeyTimesError::Publish);
        }
        if !(KEY_RETIRE_DAYS..=DAYS_MAX).contains(&retire_days) {
            return Err(KeyTimesError::Retire);
        }
        let times = Self { key_days, publish_seconds, retire_days };
        if times.scheduled_keys().saturating_add(KEYS_ASKED_FOR) > SIGNING_KEYS_MAX as u64 {
            return Err(KeyTimesError::TooMany);
        }
        Ok(times)
    }

    /// The most signing keys that a daily look leaves at once. One is made every [`KeyTimes::due_seconds`] at the
    /// soonest, and stays until the one after it was made, published and used for the time of retirement, and a look came.
    fn scheduled_keys(self) -> u64 {
        let over_after = self.publish_seconds + self.retire_seconds() + LOOK_SECONDS;
        over_after.div_ceil(self.due_seconds()).saturating_add(1)
    }

    /// Days that a key makes new things.
    #[must_use]
    pub fn key_days(self) -> u64 {
        self.key_days
    }

    /// The age at which a key is replaced by a rotation that looks whether it is time, in seconds. A day less than its
    /// life: a look every day finds it in time, and one every `key_days` does though it comes a moment early.
    #[must_use]
    pub fn due_seconds(self) -> u64 {
        self.key_days.saturating_sub(1).saturating_mul(DAY_SECONDS)
    }

    /// How long a key is published before it is used, in seconds.
    #[must_use]
    pub fn publish_seconds(self) -> u64 {
        self.publish_seconds
    }

    /// How long a signing key stays after its successor began, in days.
    #[must_use]
    pub fn retire_days(self) -> u64 {
        self.retire_days
    }

    /// The same in seconds.
    #[must_use]
    pub fn retire_seconds(self) -> u64 {
        self.retire_days.saturating_mul(DAY_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEC-29: no overlap is shorter than what caches keep and tokens live, and the keys are not too many.
    #[test]
    fn only_safe_times_are_taken() {
        assert_eq!(KeyTimes::new(90, 900, 30), Ok(KeyTimes::default()));
        assert!(KeyTimes::new(8, 604_800, 83).is_ok());
        assert!(KeyTimes::new(8, 900, 89).is_ok());
        assert!(KeyTimes::new(365, 900, 365).is_ok());
        for (key_days, publish, retire, error) in [
            (7, 900, 30, KeyTimesError::Life),
            (366, 900, 30, KeyTimesError::Life),
            (90, 899, 30, KeyTimesError::Publish),
            (90, 604_801, 30, KeyTimesError::Publish),
            (90, 900, 29, KeyTimesError::Retire),
            (90, 900, 366, KeyTimesError::Retire),
            (8, 604_800, 84, KeyTimesError::TooMany),
            (8, 900, 90, KeyTimesError::TooMany),
        ] {
            assert_eq!(KeyTimes::new(key_days, publish, retire), Err(error));
        }
        assert!(KeyTimes::default().retire_seconds() >= ACCESS_TOKEN_SECONDS_MAX);
    }

    /// The most keys that there are at once, when a schedule looks `every` so many seconds, for two years. A look
    /// makes a key before it deletes others, as a rotation does.
    fn most_keys(times: KeyTimes, every: u64) -> usize {
        let (mut made_at, mut most) = (vec![0], 1);
        for now in (0..2 * 365 * DAY_SECONDS).step_by(usize::try_from(every).unwrap()) {
            if made_at.last().is_some_and(|last| now - last >= times.due_seconds()) {
                made_at.push(now);
            }
            most = most.max(made_at.len());
            let is_needed =
                |successor: &u64| successor + times.publish_seconds + times.retire_seconds() > now;
            let gone = made_at.iter().skip(1).filter(|successor| !is_needed(successor)).count();
            made_at.drain(..gone);
        }
        most
    }

    proptest::proptest! {
        /// Whatever times are taken, there is room for two keys that somebody asks for, by the schedule itself.
        #[test]
        fn keys_leave_room_for_others(
            key_days in KEY_DAYS_MIN..=30,
            publish in KNOWN_BEFORE_USE_SECONDS..=PUBLISH_SECONDS_MAX,
            retire_days in KEY_RETIRE_DAYS..=DAYS_MAX,
            every in 3_600_u64..=DAY_SECONDS,
        ) {
            if let Ok(times) = KeyTimes::new(key_days, publish, retire_days) {
                proptest::prop_assert!(most_keys(times, every) + 2 <= SIGNING_KEYS_MAX);
            }
        }
    }

    /// The same where it is closest, and the bound is no narrower than it has to be.
    #[test]
    fn the_room_is_used() {
        let keys = |publish, retire| most_keys(KeyTimes::new(8, publish, retire).unwrap(), DAY_SECONDS);
        assert_eq!((keys(604_800, 83), keys(900, 89)), (14, 14));
    }
}
