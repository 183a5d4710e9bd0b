//! Where a limit is kept, and each change of it as one conditional write (design §6).

use std::net::IpAddr;

use super::expression::{Write, minus_one, number, text};
use super::limits::LimitState;
use super::notices::{BlockedSource, Notice};
use super::{Item, StoreError};
use crate::id::{AuthenticatorId, UserId};
use crate::rules::limit::{Bucket, Charge, Limits, Standing};
use crate::rules::notice::NoticeKind;
use crate::rules::policy::Factor;
use crate::time::Timestamp;

/// Whose consecutive failures an attempt counts for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// One authenticator's; see [`Counter::of`].
    Authenticator(AuthenticatorId),
    /// All of the user's authenticator apps together, for `mfa-otp` names none.
    Otp,
    /// The recovery code's.
    RecoveryCode,
}

pub(super) const FAILURES: &str = "fails#";
/// The notice that told of a spent budget; gone with the last of the debt, so that the next block has its own.
const NOTICED: &str = "noticed";

impl Counter {
    /// The one of an authenticator that receives codes. The channels of one phone share it: whoever guesses by both
    /// gets no second budget.
    #[must_use]
    pub fn of(id: &AuthenticatorId) -> Self {
        Self::Authenticator(id.of_device())
    }

    pub(super) fn attribute(&self) -> String {
        match self {
            Self::Authenticator(id) => format!("{FAILURES}{id}"),
            Self::Otp => format!("{FAILURES}otp"),
            Self::RecoveryCode => format!("{FAILURES}recovery-code"),
        }
    }

    /// The factor whose failures it counts.
    #[must_use]
    pub fn factor(&self) -> Option<Factor> {
        match self {
            Self::Authenticator(id) => id.factor(),
            Self::Otp => Some(Factor::Otp),
            Self::RecoveryCode => Some(Factor::RecoveryCode),
        }
    }
}

/// Where a bucket is.
#[derive(Clone)]
pub struct LimitKey {
    pk: String,
    sk: String,
    bucket: Bucket,
    counter: Option<Counter>,
    /// At so many consecutive failures what it counts for is refused (SEC-20).
    cap: u64,
    /// Buckets of addresses that may belong to nobody are forgotten once they are clean.
    forgotten: bool,
    /// What is told when it is spent.
    tells: Option<NoticeKind>,
}

/// The partition of a login holds an address.
impl std::fmt::Debug for LimitKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LimitKey").field("bucket", &self.bucket.name).finish_non_exhaustive()
    }
}

impl LimitKey {
    /// The budget of wrong codes, counting for `counter`.
    #[must_use]
    pub fn codes(user: &UserId, counter: Counter, limits: &Limits) -> Self {
        let bucket = if counter == Counter::RecoveryCode { limits.recovery_codes } else { limits.codes };
        let cap = limits.consecutive_failures;
        Self {
            counter: Some(counter),
            cap,
            tells: Some(NoticeKind::CodesFailing),
            ..Self::of_user(user, bucket)
        }
    }

    /// Where the consecutive failures of `counter` are, to forget them: no figure of the limit matters for that.
    #[must_use]
    pub fn failures(user: &UserId, counter: Counter) -> Self {
        Self::codes(user, counter, &Limits::default())
    }

    /// Another bucket of a user.
    #[must_use]
    pub fn of_user(user: &UserId, bucket: Bucket) -> Self {
        Self {
            pk: super::users::pk(user),
            sk: format!("LIMIT#{}", bucket.name),
            bucket,
            counter: None,
            cap: u64::MAX,
            forgotten: false,
            tells: None,
        }
    }

    /// The budget of wrong passwords for the login item `pk` from a source address.
    #[must_use]
    pub fn passwords(login_pk: String, source: IpAddr, bucket: Bucket) -> Self {
        let sk = format!("LIMIT#{}#{}", bucket.name, source_network(source));
        Self { sk, tells: Some(NoticeKind::PasswordBlocked), ..Self::of_anybody(login_pk, bucket) }
    }

    /// A bucket of whoever may be behind a partition, or nobody: it is forgotten once it is clean.
    #[must_use]
    pub fn of_anybody(pk: String, bucket: Bucket) -> Self {
        let sk = format!("LIMIT#{}", bucket.name);
        Self { pk, sk, bucket, counter: None, cap: u64::MAX, forgotten: true, tells: None }
    }

    /// A bucket of a source address.
    #[must_use]
    pub fn of_source(source: IpAddr, bucket: Bucket) -> Self {
        Self::of_anybody(format!("SOURCE#{}", source_network(source)), bucket)
    }

    fn failures_attribute(&self) -> Option<String> {
        self.counter.as_ref().map(Counter::attribute)
    }

    /// The charge as a write. It admits only the standing it was decided on.
    #[must_use]
    pub fn charge(&self, decayed: bool, now: Timestamp) -> Write {
        let next = now.plus(self.bucket.refill_seconds);
        let (assignment, condition) = if decayed {
            ("tat = :next", "tat < :now")
        } else {
            (
                "tat = if_not_exists(tat, :now) + :refill",
                "attribute_not_exists(tat) OR tat BETWEEN :now AND :until",
            )
        };
        let forget = if self.forgotten { ", expires_at = :forget" } else { "" };
        let count = if self.counter.is_some() { " ADD #fails :one" } else { "" };
        // A debt that begins anew has not been told of.
        let anew = if decayed { " REMOVE noticed" } else { "" };
        let mut write = Write::update(&self.pk, &self.sk, format!("SET {assignment}{forget}{anew}{count}"))
            .when(condition)
            .value(":now", number(now.0));
        write = if decayed {
            write.value(":next", number(next.0))
        } else {
            write
                .value(":refill", number(self.bucket.refill_seconds))
                .value(":until", number(self.bucket.admits_until(now).0))
        };
        if self.forgotten {
            write = write.value(":forget", number(now.plus(self.bucket.memory_seconds()).0));
        }
        if let Some(failures) = self.failures_attribute() {
            write = write
                .name("#fails", failures)
                .when("attribute_not_exists(#fails) OR #fails < :cap")
                .value(":one", number(1))
                .value(":cap", number(self.cap));
        }
        write
    }

    /// A charge that was taken, from the bucket's item as it left it.
    pub(super) fn charged(&self, item: &Item, now: Timestamp) -> Result<Charge, StoreError> {
        let state = LimitState::of(item);
        Ok(Charge {
            bucket: self.bucket,
            at: now,
            tat: state.tat.ok_or(StoreError::Corrupt)?,
            failures: self.counter.as_ref().map_or(0, |counter| state.failures_of(counter)),
            locks: self.counter.as_ref().is_some_and(|counter| state.is_locked(counter, self.cap)),
            told: item.contains_key(NOTICED),
        })
    }

    /// Gives a charge back after success, and zeroes the consecutive failures it counted for. The clean form leaves
    /// nothing owed and is refused when something was charged since; the other always applies.
    #[must_use]
    pub fn give_back(&self, charge: &Charge, clean: bool) -> Write {
        let failures = self.failures_attribute();
        let also = if failures.is_some() { ", #fails" } else { "" };
        let mut write = if clean {
            Write::update(&self.pk, &self.sk, format!("REMOVE tat, noticed{also}"))
                .when("tat = :mine")
                .value(":mine", number(charge.tat.0))
        } else {
            let remove = if failures.is_some() { " REMOVE #fails" } else { "" };
            self.subtract(charge.tat, remove)
        };
        if let Some(failures) = failures {
            write = write.name("#fails", failures);
        }
        write
    }

    /// Undoes a charge for something that never came to its check: what it counted is taken back, not zeroed.
    #[must_use]
    pub fn undo(&self, charge: &Charge) -> Write {
        let Some(failures) = self.failures_attribute() else { return self.subtract(charge.tat, "") };
        self.subtract(charge.tat, " ADD #fails :minus").name("#fails", failures).value(":minus", minus_one())
    }

    /// Forgets the consecutive failures: of an authenticator that is removed, or enrolled anew (SEC-20).
    #[must_use]
    pub fn forget(&self) -> Write {
        let failures = self.failures_attribute().unwrap_or_else(|| FAILURES.to_owned());
        Write::update(&self.pk, &self.sk, "REMOVE #fails").name("#fails", failures)
    }

    /// Clears the debt, that it was told, and the consecutive failures if it counts any.
    #[must_use]
    pub fn clear(&self) -> Write {
        match self.failures_attribute() {
            Some(failures) => {
                Write::update(&self.pk, &self.sk, "REMOVE tat, noticed, #fails").name("#fails", failures)
            }
            None => Write::update(&self.pk, &self.sk, "REMOVE tat, noticed"),
        }
    }

    /// Deletes the bucket with everything it counts.
    #[must_use]
    pub fn delete(&self) -> Write {
        Write::delete(&self.pk, &self.sk)
    }

    /// Gives one refill back, whatever else was charged since.
    #[must_use]
    pub fn refund(&self, now: Timestamp) -> Write {
        self.subtract(now.plus(self.bucket.refill_seconds), "")
    }

    fn subtract(&self, tat_if_cleared: Timestamp, also: &str) -> Write {
        Write::update(&self.pk, &self.sk, format!("SET tat = if_not_exists(tat, :cleared) - :refill{also}"))
            .value(":cleared", number(tat_if_cleared.0))
            .value(":refill", number(self.bucket.refill_seconds))
    }

    /// What the user is to be told of when the answer that was charged is wrong.
    #[must_use]
    pub fn alarm(&self, charge: &Charge) -> Option<NoticeKind> {
        match charge.locks {
            true => Some(NoticeKind::AuthenticatorLocked),
            false => self.tells.filter(|_| charge.goes_on() || charge.was_the_last() && !charge.told),
        }
    }

    /// Marks the budget as told of, while what is told still holds.
    pub(super) fn mark(&self, charge: &Charge, notice: &Notice) -> Write {
        let write = Write::update(&self.pk, &self.sk, "SET noticed = :notice")
            .value(":notice", text(notice.id.as_str()));
        match self.failures_attribute().filter(|_| charge.locks || charge.goes_on()) {
            Some(failures) if charge.locks => {
                write.when("#fails >= :cap").name("#fails", failures).value(":cap", number(self.cap))
            }
            Some(failures) => write
                .when("#fails >= :failures")
                .name("#fails", failures)
                .value(":failures", number(charge.failures)),
            None => write
                .when("attribute_not_exists(noticed) AND tat > :until")
                .value(":until", number(self.bucket.admits_until(charge.at).0)),
        }
    }

    /// The factor whose failures it counts, if it counts any.
    #[must_use]
    pub fn factor(&self) -> Option<Factor> {
        self.counter.as_ref().and_then(Counter::factor)
    }

    /// The budget of passwords as a block names it.
    #[must_use]
    pub fn blocked_source(&self) -> BlockedSource {
        BlockedSource { login: self.pk.clone(), limit: self.sk.clone() }
    }

    /// Seconds to wait where the bucket admits no attempt: it is spent, or what it counts for is at the hard cap.
    #[must_use]
    pub fn refusal(&self, state: &LimitState, now: Timestamp) -> Option<u64> {
        let locked = self.counter.as_ref().is_some_and(|counter| state.is_locked(counter, self.cap));
        match self.bucket.standing(state.tat, now) {
            Standing::Spent { retry_after } => Some(retry_after),
            _ => locked.then_some(self.bucket.refill_seconds),
        }
    }

    /// The bucket.
    #[must_use]
    pub fn bucket(&self) -> Bucket {
        self.bucket
    }
}

/// An IPv6 host owns its /64, so that is what counts as one source.
fn source_network(source: IpAddr) -> String {
    match source {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One IPv6 subscriber has 2^64 addresses: they share a budget.
    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_network() {
        let network = |text: &str| source_network(text.parse().unwrap());
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8::1"));
    }
}
