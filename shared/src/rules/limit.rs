//! Limits as buckets of one number each (design §6): the theoretical arrival time `tat` of the generic cell rate
//! algorithm. A bucket of burst `b` that gains one attempt every `T` seconds admits an attempt at `now` while
//! `tat ≤ now + (b − 1)·T`, and moves `tat` to `max(tat, now) + T`.

use crate::time::Timestamp;

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name in the table and in logs.
    pub name: &'static str,
    /// Attempts a clean user has at once.
    pub burst: u64,
    /// Seconds until one attempt has come back.
    pub refill_seconds: u64,
}

/// The most consecutive failures an authenticator can be given (SEC-20), and the default.
pub const CONSECUTIVE_FAILURES_MAX: u64 = 100;

/// Whoever guesses slowly enough never spends a budget: the user is told of every so many failures in a row as well.
const FAILURES_TOLD: u64 = 20;

/// Recovery codes that a user replaces on request: each is a mail.
pub const RECOVERY_CODES_REPLACED: Bucket =
    Bucket { name: "REPLACE-RECOVERY", burst: 10, refill_seconds: 360 };

/// Mails about blocked sign-ins, per user: many sources are as many blocks, and anybody can be one.
pub const BLOCK_NOTICES: Bucket = Bucket { name: "BLOCK-NOTICE", burst: 5, refill_seconds: 3_600 };

/// Sends to one destination, by whatever user, in one window: it protects a third party's mailbox from many
/// accounts, and is wide enough never to bind before one user's own budget does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Sends in one window.
    pub sends: u64,
    /// Length of a window, in seconds.
    pub seconds: u64,
}

/// A tenant's limits (design §6); [`super::settings`] has the bounds of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Failed codes of all factors but recovery codes, per user (SEC-18, SEC-19).
    pub codes: Bucket,
    /// Failed recovery codes, per user (SEC-19).
    pub recovery_codes: Bucket,
    /// Failed passwords, per address and source (contract A3).
    pub passwords: Bucket,
    /// Mails with codes, per user (SEC-22).
    pub emails: Bucket,
    /// Text messages and calls with codes, per user (SEC-22).
    pub sms: Bucket,
    /// Associations of authenticator apps, per user (design §5).
    pub otp_associations: Bucket,
    /// Consecutive failures after which an authenticator is disabled (SEC-20).
    pub consecutive_failures: u64,
    /// Mails to one address.
    pub emails_per_destination: Window,
    /// Text messages and calls to one number.
    pub sms_per_destination: Window,
    /// Text messages and calls to one country.
    pub sms_per_prefix: Window,
    /// Codes and links of sign-ins without password, to one address or number.
    pub passwordless_sends: Bucket,
    /// Sign-ins without password begun from one source (contract §7).
    pub passwordless_starts: Bucket,
    /// Sign-ups tried from one source, refused ones included: what they tell of addresses is told slowly.
    pub signups: Bucket,
    /// Mails with a link to a new password, to one address.
    pub password_resets: Bucket,
    /// Such mails asked for from one source.
    pub password_reset_requests: Bucket,
}

impl Limits {
    /// Auth0's figures (contract §7), and for what Auth0 does not limit, figures that no honest user meets.
    pub const DEFAULT: Self = Self {
        codes: Bucket { name: "CODES", burst: 10, refill_seconds: 360 },
        recovery_codes: Bucket { name: "RECOVERY", burst: 10, refill_seconds: 360 },
        passwords: Bucket { name: "PASSWORD", burst: 10, refill_seconds: 360 },
        emails: Bucket { name: "SEND-EMAIL", burst: 20, refill_seconds: 60 },
        sms: Bucket { name: "SEND-SMS", burst: 10, refill_seconds: 3_600 },
        otp_associations: Bucket { name: "ENROL-OTP", burst: 10, refill_seconds: 360 },
        consecutive_failures: CONSECUTIVE_FAILURES_MAX,
        emails_per_destination: Window { sends: 100, seconds: 3_600 },
        sms_per_destination: Window { sends: 30, seconds: 3_600 },
        sms_per_prefix: Window { sends: 1_000, seconds: 3_600 },
        // Each code may be guessed at three times: this is also what bounds guessing.
        passwordless_sends: Bucket { name: "PASSWORDLESS", burst: 10, refill_seconds: 600 },
        passwordless_starts: Bucket { name: "PASSWORDLESS-START", burst: 50, refill_seconds: 72 },
        signups: Bucket { name: "SIGNUP", burst: 20, refill_seconds: 180 },
        password_resets: Bucket { name: "RESET", burst: 5, refill_seconds: 600 },
        password_reset_requests: Bucket { name: "RESET-REQUEST", burst: 20, refill_seconds: 180 },
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Window {
    /// The window that `now` is in, by its start.
    #[must_use]
    pub fn start(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0 - now.0 % self.seconds)
    }

    /// Seconds until the next window.
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> u64 {
        self.start(now).plus(self.seconds).since(now)
    }
}

/// How a limit stands, as `x-ratelimit-*` tell it (contract §0 "Rate headers").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Attempts a clean user has at once.
    pub limit: u64,
    /// Attempts left now.
    pub remaining: u64,
    /// Seconds until one more has come back; 0 when none is owed.
    pub resets_in: u64,
}

/// How a bucket stands before an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Clean, or in debt with room left: the attempt moves `tat` on by `T`.
    Open,
    /// The debt of old has decayed: the attempt starts afresh from now.
    Decayed,
    /// No attempt left.
    Spent {
        /// Seconds until one has come back.
        retry_after: u64,
    },
}

impl Bucket {
    /// The largest `tat` that admits an attempt at `now`.
    #[must_use]
    pub fn admits_until(&self, now: Timestamp) -> Timestamp {
        now.plus(self.burst.saturating_sub(1).saturating_mul(self.refill_seconds))
    }

    /// How the bucket stands at `now` when its item says `tat`.
    #[must_use]
    pub fn standing(&self, tat: Option<Timestamp>, now: Timestamp) -> Standing {
        match tat {
            None => Standing::Open,
            Some(tat) if tat < now => Standing::Decayed,
            Some(tat) if tat <= self.admits_until(now) => Standing::Open,
            Some(tat) => Standing::Spent { retry_after: tat.since(self.admits_until(now)) },
        }
    }

    /// How the bucket stands after one more attempt at `now`, which it admitted.
    #[must_use]
    pub fn quota_after(&self, tat: Option<Timestamp>, now: Timestamp) -> Quota {
        self.quota(tat.unwrap_or(now).max(now).plus(self.refill_seconds), now)
    }

    /// How the bucket stands at `now` when its item says `tat`.
    fn quota(&self, tat: Timestamp, now: Timestamp) -> Quota {
        let (owed_seconds, refill) = (tat.since(now), self.refill_seconds.max(1));
        let owed = owed_seconds.div_ceil(refill);
        Quota {
            limit: self.burst,
            remaining: self.burst.saturating_sub(owed),
            resets_in: match owed_seconds {
                0 => 0,
                owed_seconds => (owed_seconds - 1) % refill + 1,
            },
        }
    }

    /// Seconds after which even a full bucket is clean again: how long its item matters.
    #[must_use]
    pub fn memory_seconds(&self) -> u64 {
        self.burst.saturating_add(1).saturating_mul(self.refill_seconds)
    }
}

/// An attempt that was charged and may be given back.
#[derive(Clone, Debug)]
pub struct Charge {
    /// The bucket charged.
    pub bucket: Bucket,
    /// When.
    pub at: Timestamp,
    /// `tat` as this charge left it.
    pub tat: Timestamp,
    /// Consecutive failures of what it counts for, with this one; 0 where none are counted.
    pub failures: u64,
    /// Whether it brought what it counts for to the hard cap (SEC-20): it is the only charge that did.
    pub locks: bool,
    /// Whether the user was told already that this budget was spent: once until all of its debt is gone.
    pub told: bool,
}

impl Charge {
    /// Whether it took the last attempt there was.
    #[must_use]
    pub fn was_the_last(&self) -> bool {
        self.tat > self.bucket.admits_until(self.at)
    }

    /// Whether failures go on in a row though the budget never was spent: every so many are told (SEC-33).
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.failures > 0 && self.failures.is_multiple_of(FAILURES_TOLD)
    }

    /// How the bucket stands with this charge.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.bucket.quota(self.tat, self.at)
    }

    /// How the bucket stands once this charge is given back.
    #[must_use]
    pub fn quota_given_back(&self) -> Quota {
        self.bucket.quota(Timestamp(self.tat.0.saturating_sub(self.bucket.refill_seconds)), self.at)
    }

    /// Whether nothing else was owed when this was charged: then giving it back makes the bucket clean.
    #[must_use]
    pub fn was_the_only_debt(&self) -> bool {
        self.tat.0.saturating_sub(self.bucket.refill_seconds) <= self.at.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: Bucket = Limits::DEFAULT.codes;

    fn attempt(bucket: Bucket, tat: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        match bucket.standing(tat, now) {
            Standing::Spent { .. } => None,
            Standing::Open => Some(tat.unwrap_or(now).plus(bucket.refill_seconds)),
            Standing::Decayed => Some(now.plus(bucket.refill_seconds)),
        }
    }

    /// SEC-19: ten at once, then one every six minutes.
    #[test]
    fn ten_attempts_then_one_per_six_minutes() {
        let (mut tat, now) = (None, Timestamp(1_000_000));
        for _ in 0..10 {
            tat = Some(attempt(CODES, tat, now).unwrap());
        }
        assert_eq!(CODES.standing(tat, now), Standing::Spent { retry_after: 360 });
        assert!(attempt(CODES, tat, now.plus(359)).is_none());
        tat = attempt(CODES, tat, now.plus(360));
        assert!(tat.is_some());
        assert_eq!(CODES.standing(tat, now.plus(360)), Standing::Spent { retry_after: 360 });
    }

    /// What is told to remain is what can be taken: no more, no less.
    #[test]
    fn the_quota_told_is_the_quota_there_is() {
        let now = Timestamp(1_000_000);
        let mut tat = None;
        for left in (0..10).rev() {
            assert_eq!(CODES.quota_after(tat, now).remaining, left);
            tat = attempt(CODES, tat, now);
        }
        let later = now.plus(100);
        let quota = CODES.quota_after(Some(now.plus(360)), later);
        assert_eq!((quota.limit, quota.remaining, quota.resets_in), (10, 8, 260));
    }

    /// A charge tells the same, and a success that gives it back leaves what there was before.
    #[test]
    fn a_charge_tells_the_quota_before_and_after_it() {
        let (now, mut before) = (Timestamp(1_000_000), None);
        for _ in 0..10 {
            let tat = attempt(CODES, before, now).unwrap();
            let charge = Charge { bucket: CODES, at: now, tat, failures: 0, locks: false, told: false };
            assert_eq!(charge.quota(), CODES.quota_after(before, now));
            assert_eq!(charge.quota_given_back(), CODES.quota(before.unwrap_or(now), now));
            before = Some(tat);
        }
        let clean = Quota { limit: 10, remaining: 10, resets_in: 0 };
        assert_eq!(CODES.quota(now, now), clean);
    }

    #[test]
    fn a_window_ends_when_the_next_begins() {
        let now = Timestamp(7_000);
        assert_eq!(Limits::DEFAULT.emails_per_destination.start(now), Timestamp(3_600));
        assert_eq!(Limits::DEFAULT.emails_per_destination.retry_after(now), 200);
    }

    proptest::proptest! {
        /// I2: in any window of time no more attempts pass than the burst plus what came back meanwhile.
        #[test]
        fn never_more_than_burst_plus_refill(gaps in proptest::collection::vec(0_u64..900, 1..200)) {
            let start = Timestamp(1_000_000);
            let (mut now, mut tat, mut passed) = (start, None, 0_u64);
            for gap in gaps {
                now = now.plus(gap);
                if let Some(next) = attempt(CODES, tat, now) {
                    tat = Some(next);
                    passed += 1;
                }
                proptest::prop_assert!(passed <= CODES.burst + now.since(start) / CODES.refill_seconds);
            }
        }
    }
}
