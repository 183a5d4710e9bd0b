//! What a presented refresh token means (RFC 6749 §6, RFC 9700 §4.14.2).
//!
//! A sign-in with `offline_access` begins a *family*: one secret that is good, and the secrets it replaced. Every use of
//! the current secret replaces it. A secret that was replaced longer ago than the leeway is *reused*: the client that
//! holds its successor would not send it, so either it or the successor was stolen, and the family ends.
//!
//! The successor is not drawn at random: it is computed from the secret it replaces, under a root key that only the
//! service has. Hence what is stored, digests only, is enough to give one and the same successor to everybody who sends
//! a secret within its leeway, and nothing has to be written for that:
//!
//! - *A reply is lost.* The client sends the same secret again, as often as it takes, and gets the same successor.
//! - *Two requests at once.* One of them replaces the secret, the other finds it replaced a moment ago; both get the
//!   same successor, whichever reply is kept.
//! - *A request is overtaken* by a whole further rotation, because it was slow or was delivered twice. It gets the
//!   secret that is current, not an intermediate one that would end the family a minute later: the chain is followed to
//!   its end. So every reply within the leeway carries a secret that is good now.
//! - *A thief* who sends a secret within its leeway has what the client has, and from then on there are two holders of
//!   one secret. The first of them to use it replaces it; the other comes with the old one, and after the leeway that
//!   ends the family for both.
//!
//! The price: whoever has the root, and a secret of the family that was current at any time while that root was in use,
//! can compute the one that is current. So a family whose current secret was computed under a root that was revoked is
//! nobody's any more ([`Chain::root`]). A step under another root ends what the first one tells, and a first secret,
//! which is drawn, was computed under none.

use std::fmt;

use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::random::{Random, RandomUnavailable};
use super::settings::Lifetimes;
use crate::id::Kid;
use crate::time::Timestamp;

/// Bytes of a secret: 256 bits.
pub const SECRET_BYTES: usize = 32;
/// Replaced secrets that are remembered; older ones are reused ones even within the leeway.
pub const REPLACED_MAX: usize = 8;

/// When a family that ends at `ends_at` at the latest is over if it is not used after `now`.
#[must_use]
pub fn expires_at(lifetimes: &Lifetimes, ends_at: Timestamp, now: Timestamp) -> Timestamp {
    ends_at.min(now.plus(lifetimes.refresh_token_idle_seconds))
}

/// The secret part of a refresh token; never shown but in the reply that issues it.
#[derive(Clone)]
pub struct RefreshSecret([u8; SECRET_BYTES]);

impl RefreshSecret {
    /// The first secret of a family.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when there is no randomness.
    pub fn generate(random: &Random) -> Result<Self, RandomUnavailable> {
        random.array().map(Self)
    }

    /// Takes the bytes of a token, or of the computation of a successor.
    #[must_use]
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the token's text and for the computation of the successor.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// What is stored of it: its plain SHA-256, for 256 random bits cannot be guessed.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        let mut bytes = [0; digest::SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, &self.0).as_ref());
        SecretDigest(bytes)
    }
}

impl fmt::Debug for RefreshSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshSecret(…)")
    }
}

/// The stored digest of a [`RefreshSecret`]; in serde 64 hexadecimal digits.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SecretDigest([u8; digest::SHA256_OUTPUT_LEN]);

impl SecretDigest {
    /// Whether both are of the same secret, compared in constant time (SEC-6).
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(…)")
    }
}

impl From<SecretDigest> for String {
    fn from(digest: SecretDigest) -> Self {
        HEXLOWER.encode(&digest.0)
    }
}

/// A stored digest is not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hexadecimal digits")]
pub struct MalformedDigest;

impl TryFrom<String> for SecretDigest {
    type Error = MalformedDigest;

    fn try_from(text: String) -> Result<Self, MalformedDigest> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| MalformedDigest)?;
        bytes.try_into().map(Self).map_err(|_| MalformedDigest)
    }
}

/// A secret that was replaced.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replaced {
    /// Of the secret.
    pub digest: SecretDigest,
    /// When it was replaced.
    pub at: Timestamp,
    /// The root its successor was computed under.
    pub kid: Kid,
}

/// The secrets of a family.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chain {
    /// Of the secret that is good.
    pub secret_digest: SecretDigest,
    /// Those replaced within the leeway before the last rotation, oldest first; each one's successor is the next, the
    /// last one's is the current secret.
    #[serde(default)]
    pub replaced: Vec<Replaced>,
}

/// What a presented secret is in its family.
#[derive(Clone, Copy, Debug)]
pub enum Standing<'a> {
    /// The one that is good: to be replaced.
    Current,
    /// Replaced within the leeway: the steps from it to the current one, its own replacement first.
    Recent(&'a [Replaced]),
    /// Replaced longer ago, or never this family's: the family ends.
    Reused,
}

impl Chain {
    /// The chain of a new family.
    #[must_use]
    pub fn begin(secret: &RefreshSecret) -> Self {
        Self { secret_digest: secret.digest(), replaced: Vec::new() }
    }

    /// The root that the secret which is good was computed under; none of a first secret.
    #[must_use]
    pub fn root(&self) -> Option<&Kid> {
        self.replaced.last().map(|replaced| &replaced.kid)
    }

    /// What a presented secret is.
    #[must_use]
    pub fn standing(&self, presented: &SecretDigest, now: Timestamp, leeway_seconds: u64) -> Standing<'_> {
        if self.secret_digest.matches(presented) {
            return Standing::Current;
        }
        let known = self.replaced.iter().position(|replaced| replaced.digest.matches(presented));
        let steps = known.and_then(|index| self.replaced.get(index..)).unwrap_or_default();
        match steps.first() {
            Some(own) if is_recent(own, now, leeway_seconds) => Standing::Recent(steps),
            _ => Standing::Reused,
        }
    }

    /// The chain after the current secret was replaced by its successor.
    #[must_use]
    pub fn rotated(&self, next: &RefreshSecret, kid: &Kid, now: Timestamp, leeway_seconds: u64) -> Self {
        let mine = Replaced { digest: self.secret_digest.clone(), at: now, kid: kid.clone() };
        let recent = self.replaced.iter().filter(|replaced| is_recent(replaced, now, leeway_seconds));
        let mut replaced: Vec<_> = recent.cloned().chain([mine]).collect();
        let surplus = replaced.len().saturating_sub(REPLACED_MAX);
        replaced.drain(..surplus);
        Self { secret_digest: next.digest(), replaced }
    }
}

fn is_recent(replaced: &Replaced, now: Timestamp, leeway_seconds: u64) -> bool {
    !replaced.at.plus(leeway_seconds).is_past(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEEWAY: u64 = 30;

    fn secret(number: usize) -> RefreshSecret {
        let mut bytes = [0; SECRET_BYTES];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        RefreshSecret::from_bytes(bytes)
    }

    fn rotated(chain: &Chain, next: usize, now: Timestamp) -> Chain {
        chain.rotated(&secret(next), &Kid::new(format!("root-{next}")), now, LEEWAY)
    }

    /// The leeway is exclusive, and not prolonged by those who use it.
    #[test]
    fn a_replaced_secret_is_accepted_until_its_leeway_is_over() {
        let now = Timestamp(1_000);
        let chain = rotated(&Chain::begin(&secret(0)), 1, now);
        let standing = |number, seconds| chain.standing(&secret(number).digest(), now.plus(seconds), LEEWAY);
        assert!(matches!(standing(1, 1_000_000), Standing::Current));
        for seconds in [0, 1, 29] {
            assert!(matches!(standing(0, seconds), Standing::Recent([_])), "{seconds}");
        }
        for seconds in [30, 31, 1_000_000] {
            assert!(matches!(standing(0, seconds), Standing::Reused), "{seconds}");
        }
        assert!(matches!(standing(7, 0), Standing::Reused), "never this family's");
    }

    /// However long ago the last step was, and however many of them are forgotten.
    #[test]
    fn a_chain_knows_the_root_of_its_secret() {
        let mut chain = Chain::begin(&secret(0));
        assert_eq!(chain.root(), None, "it was drawn");
        for number in 1..=2 * REPLACED_MAX {
            chain = rotated(&chain, number, Timestamp(1_000).plus(7 * number as u64));
            assert_eq!(chain.root(), Some(&Kid::new(format!("root-{number}"))));
        }
        chain = chain.rotated(&secret(99), &Kid::new("other"), Timestamp(9_000_000), 0);
        assert_eq!((chain.root(), chain.replaced.len()), (Some(&Kid::new("other")), 1));
    }

    #[test]
    fn without_leeway_nothing_replaced_is_accepted() {
        let now = Timestamp(1_000);
        let chain = Chain::begin(&secret(0)).rotated(&secret(1), &Kid::new("root"), now, 0);
        assert!(matches!(chain.standing(&secret(0).digest(), now, 0), Standing::Reused));
    }

    #[test]
    fn the_end_comes_by_age_or_by_idleness() {
        let (lifetimes, day) = (Lifetimes::default(), 86_400);
        let ends_at = Timestamp(30 * day);
        assert_eq!(expires_at(&lifetimes, ends_at, Timestamp(0)), Timestamp(15 * day));
        assert_eq!(expires_at(&lifetimes, ends_at, Timestamp(20 * day)), ends_at);
    }

    #[test]
    fn nothing_shows_a_secret_and_a_digest_survives_its_text() {
        let digest = secret(3).digest();
        assert_eq!(format!("{:?} {:?}", secret(3), digest), "RefreshSecret(…) SecretDigest(…)");
        let text = String::from(digest.clone());
        assert!(SecretDigest::try_from(text.clone()).unwrap().matches(&digest));
        assert!(SecretDigest::try_from(text.to_uppercase()).is_err());
        assert!(SecretDigest::try_from(text[2..].to_owned()).is_err());
    }

    proptest! {
        /// Whatever is presented in whatever order: the current secret rotates; one replaced within the leeway leads to
        /// the current one, step by step, under the roots it was made with; everything else is reuse.
        #[test]
        fn a_presented_secret_is_what_its_history_says(
            events in proptest::collection::vec((0_u64..25, 0_usize..12), 1..80),
        ) {
            let mut now = Timestamp(1_000_000);
            let mut chain = Chain::begin(&secret(0));
            // When each secret was replaced; the current one is the next number.
            let mut replaced_at: Vec<Timestamp> = Vec::new();
            for (gap, back) in events {
                now = now.plus(gap);
                let current = replaced_at.len();
                let presented = current.saturating_sub(back);
                let recent = replaced_at.get(presented).is_some_and(|at| now.since(*at) < LEEWAY);
                let remembered = current - presented <= REPLACED_MAX;
                match chain.standing(&secret(presented).digest(), now, LEEWAY) {
                    Standing::Current => {
                        prop_assert_eq!(presented, current);
                        chain = rotated(&chain, current + 1, now);
                        replaced_at.push(now);
                    }
                    Standing::Recent(steps) => {
                        prop_assert!(presented < current && recent && remembered);
                        prop_assert_eq!(steps.len(), current - presented);
                        for (step, number) in steps.iter().zip(presented..) {
                            prop_assert!(step.digest.matches(&secret(number).digest()));
                            prop_assert_eq!(&step.kid, &Kid::new(format!("root-{}", number + 1)));
                        }
                    }
                    Standing::Reused => prop_assert!(presented < current && !(recent && remembered)),
                }
                prop_assert!(chain.replaced.len() <= REPLACED_MAX);
            }
        }
    }
}
