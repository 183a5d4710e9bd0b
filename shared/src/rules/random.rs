//! The one source of random bytes: the operating system's, or a fixed stream for tests.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};

/// Draws after which [`Random::below`] gives up. Each is refused with a chance under 1/2, so a working source
/// reaches this about once in 2^128 calls; only a broken one does in practice.
const DRAWS_MAX: u32 = 128;

/// Symbols of ids and of clients' secrets.
pub const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// No random value could be had. The caller fails closed: no code, no secret, no token (SEC-36).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no random bytes available")]
pub struct RandomUnavailable;

/// A source of random bytes. Clones share it.
#[derive(Clone)]
pub struct Random(Arc<Source>);

enum Source {
    System(SystemRandom),
    Seeded { seed: u64, next_block: Mutex<u64> },
}

impl Random {
    /// The operating system's generator, the only source of a running service (SEC-1).
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Source::System(SystemRandom::new())))
    }

    /// For tests only: the same bytes for the same seed and the same order of calls. Anyone who knows the seed
    /// knows every code.
    ///
    /// Block `i` of the stream is `SHA-256(seed ‖ i)`, both big-endian `u64`; every call starts a new block.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Source::Seeded { seed, next_block: Mutex::new(0) }))
    }

    /// Fills `buffer` with random bytes.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when the operating system gives none; `buffer` must then not be used.
    pub fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomUnavailable> {
        match &*self.0 {
            Source::System(system) => system.fill(buffer).map_err(|_| RandomUnavailable),
            Source::Seeded { seed, next_block } => {
                // A test thread that panicked leaves a counter that is still good.
                let mut block = next_block.lock().unwrap_or_else(PoisonError::into_inner);
                for chunk in buffer.chunks_mut(digest::SHA256_OUTPUT_LEN) {
                    let input = [seed.to_be_bytes(), block.to_be_bytes()].concat();
                    let output = digest::digest(&digest::SHA256, &input);
                    chunk.iter_mut().zip(output.as_ref()).for_each(|(to, from)| *to = *from);
                    *block = block.wrapping_add(1);
                }
                Ok(())
            }
        }
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// [`RandomUnavailable`] as for [`Random::fill`].
    pub fn array<const N: usize>(&self) -> Result<[u8; N], RandomUnavailable> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A uniform number in `0..n`. Draws in the incomplete last multiple of `n` are thrown away, because a bare
    /// remainder would favour small numbers (SEC-1).
    ///
    /// # Errors
    /// [`RandomUnavailable`] as for [`Random::fill`], and for `n` = 0, which leaves nothing to choose from.
    pub fn below(&self, n: u32) -> Result<u32, RandomUnavailable> {
        // 2^32 mod n, in 32 bits; `n` = 0 has no remainder.
        let surplus = n.wrapping_neg().checked_rem(n).ok_or(RandomUnavailable)?;
        for _ in 0..DRAWS_MAX {
            let draw = u32::from_be_bytes(self.array()?);
            if draw <= u32::MAX - surplus {
                return Ok(draw % n);
            }
        }
        Err(RandomUnavailable)
    }

    /// `len` symbols, each drawn uniformly from `alphabet` (distinct ASCII bytes).
    ///
    /// # Errors
    /// [`RandomUnavailable`] as for [`Random::fill`], and for an empty alphabet.
    pub fn string(&self, alphabet: &[u8], len: usize) -> Result<String, RandomUnavailable> {
        let size = u32::try_from(alphabet.len()).map_err(|_| RandomUnavailable)?;
        (0..len)
            .map(|_| {
                let index = usize::try_from(self.below(size)?).map_err(|_| RandomUnavailable)?;
                alphabet.get(index).copied().map(char::from).ok_or(RandomUnavailable)
            })
            .collect()
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.0 {
            Source::System(_) => "Random(system)",
            Source::Seeded { .. } => "Random(seeded)",
        })
    }
}

/// Pearson's statistic of observed counts against the uniform distribution, shared by the smoke tests.
#[cfg(test)]
pub(crate) fn chi_square(counts: &[u32]) -> f64 {
    let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_seed_fixes_the_stream_and_clones_share_it() {
        let (one, two) = (Random::seeded(7), Random::seeded(7));
        let clone = one.clone();
        let from_one: [[u8; 40]; 2] = [one.array().unwrap(), clone.array().unwrap()];
        let from_two: [[u8; 40]; 2] = [two.array().unwrap(), two.array().unwrap()];
        assert_eq!(from_one, from_two);
        assert_ne!(from_one[0], from_one[1]);
        assert_ne!(from_one[0], Random::seeded(8).array::<40>().unwrap());
    }

    #[test]
    fn the_system_source_gives_different_bytes() {
        let random = Random::system();
        assert_ne!(random.array::<32>().unwrap(), random.array::<32>().unwrap());
    }

    #[test]
    fn nothing_to_choose_from_is_an_error() {
        let random = Random::seeded(1);
        assert_eq!(random.below(0), Err(RandomUnavailable));
        assert_eq!(random.string(b"", 1), Err(RandomUnavailable));
        assert_eq!(random.string(b"", 0), Ok(String::new()));
        assert_eq!(random.below(1), Ok(0));
    }

    /// SEC-1. A remainder without rejection would put five eighths of the draws into the lower half of this range.
    #[test]
    fn below_has_no_modulo_bias() {
        let n = 3 << 30;
        let random = Random::seeded(2);
        let low = (0..30_000).filter(|_| random.below(n).unwrap() < n / 2).count();
        assert!((14_600..15_400).contains(&low), "{low} of 30000");
    }

    /// SEC-1. 32 degrees of freedom: 70 is passed by chance about once in ten thousand seeds.
    #[test]
    fn symbols_are_uniform() {
        let alphabet = crate::rules::recovery::ALPHABET;
        let text = Random::seeded(3).string(alphabet, 66_000).unwrap();
        let counts: Vec<u32> =
            alphabet.iter().map(|s| text.bytes().filter(|b| b == s).count() as u32).collect();
        assert_eq!(counts.iter().sum::<u32>(), 66_000);
        assert!(chi_square(&counts) < 70.0, "{counts:?}");
    }

    proptest! {
        #[test]
        fn below_stays_below(seed: u64, n in 1..=u32::MAX) {
            prop_assert!(Random::seeded(seed).below(n).unwrap() < n);
        }
    }
}
