//! RSA-2048 key pairs for GenerateDataKeyPairWithoutPlaintext.
//!
//! Making a pair takes a good part of a second, and every test starts a twin of its own. So one
//! pool per process (the only static of the twin) lends its pairs to all twins in memory. A twin
//! that keeps its data gets pairs that nobody else has.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use num_bigint_dig::RandPrime as _;
use rand_core::OsRng;
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _};
use rsa::{BigUint, RsaPrivateKey};

use crate::aws::locked;

/// Distinct pairs that the pool lends before it repeats one to the same twin.
const PAIRS_MAX: usize = 4;
/// Pairs that [`warm_rsa_pool`] makes: a first signing key, and one to rotate to.
const PAIRS_WARM: usize = 2;
const PRIME_BITS: usize = 1024;
const PUBLIC_EXPONENT: u32 = 65_537;
/// A pair of primes fails with a probability of about 2^-15, and then another pair is drawn.
const DRAWS_MAX: usize = 8;

static POOL: Pool =
    Pool { state: Mutex::new(State { pairs: Vec::new(), generating: 0, turn: 0 }), changed: Condvar::new() };

/// One key pair in the encodings that KMS answers.
pub(super) struct RsaPair {
    pub(super) private_pkcs8: Vec<u8>,
    pub(super) public_spki: Vec<u8>,
}

struct Pool {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    pairs: Vec<Pooled>,
    generating: usize,
    turn: usize,
}

struct Pooled {
    pair: Arc<RsaPair>,
    lent: bool,
}

/// No key pair could be made.
#[derive(Debug)]
pub(super) struct NoPair;

/// The pairs one twin has been given.
pub(super) enum Pairs {
    /// From the pool, shared with other twins of the process.
    Pooled(Mutex<Vec<Arc<RsaPair>>>),
    /// Its own.
    Fresh,
}

impl Pairs {
    /// A pair that this twin has not had yet, except that a pooled one repeats after four. Blocks
    /// while one is made: call it on a blocking thread.
    pub(super) fn next(&self) -> Result<Arc<RsaPair>, NoPair> {
        match self {
            Self::Pooled(given) => POOL.lend(&mut locked(given)),
            Self::Fresh => POOL.take(),
        }
    }
}

/// Starts making the first key pairs on a background thread; call it first thing in the process.
pub fn warm_rsa_pool() {
    // Promised before the thread runs, so that whoever asks meanwhile waits for it.
    let mut next = POOL.promise(PAIRS_WARM);
    thread::spawn(move || {
        while let Some(promise) = next {
            if POOL.make(promise).is_err() {
                return;
            }
            next = POOL.promise(PAIRS_WARM);
        }
    });
}

/// A place in the pool for a pair that is being made; given up when dropped.
struct Promise;

impl Drop for Promise {
    fn drop(&mut self) {
        locked(&POOL.state).generating -= 1;
        POOL.changed.notify_all();
    }
}

impl Pool {
    /// Reserves a place unless there are `pairs_max` pairs, or there soon will be.
    fn promise(&self, pairs_max: usize) -> Option<Promise> {
        Self::promise_in(&mut locked(&self.state), pairs_max)
    }

    fn promise_in(state: &mut State, pairs_max: usize) -> Option<Promise> {
        if state.pairs.len() + state.generating >= pairs_max {
            return None;
        }
        state.generating += 1;
        Some(Promise)
    }

    /// Makes the promised pair.
    fn make(&self, promise: Promise) -> Result<(), NoPair> {
        let pair = Arc::new(generate()?);
        locked(&self.state).pairs.push(Pooled { pair, lent: false });
        drop(promise);
        Ok(())
    }

    /// Lends a pair that is not among those `given`.
    fn lend(&self, given: &mut Vec<Arc<RsaPair>>) -> Result<Arc<RsaPair>, NoPair> {
        let mut state = locked(&self.state);
        loop {
            if let Some(pair) = state.unlike(given) {
                given.push(Arc::clone(&pair));
                return Ok(pair);
            }
            // One at a time: two would share the processors, and whoever waits for the first would wait twice as long.
            if state.generating > 0 {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else if let Some(promise) = Self::promise_in(&mut state, PAIRS_MAX) {
                drop(state);
                self.make(promise)?;
                state = locked(&self.state);
            } else {
                given.clear();
            }
        }
    }

    /// Hands over a pair that was never lent, for good.
    fn take(&self) -> Result<Arc<RsaPair>, NoPair> {
        let mut state = locked(&self.state);
        loop {
            if let Some(index) = state.pairs.iter().position(|pooled| !pooled.lent) {
                return Ok(state.pairs.swap_remove(index).pair);
            }
            if state.generating == 0 {
                drop(state);
                return generate().map(Arc::new);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl State {
    /// The next pair in turn that is not among those `given`.
    fn unlike(&mut self, given: &[Arc<RsaPair>]) -> Option<Arc<RsaPair>> {
        let count = self.pairs.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            let pooled = self.pairs.get_mut(index)?;
            if !given.iter().any(|pair| Arc::ptr_eq(pair, &pooled.pair)) {
                pooled.lent = true;
                self.turn = index + 1;
                return Some(Arc::clone(&pooled.pair));
            }
        }
        None
    }
}

/// Makes a pair, its two primes at the same time.
fn generate() -> Result<RsaPair, NoPair> {
    for _ in 0..DRAWS_MAX {
        let other = thread::spawn(|| OsRng.gen_prime(PRIME_BITS));
        let one = OsRng.gen_prime(PRIME_BITS);
        let other = other.join().map_err(|_| NoPair)?;
        // The larger prime first, as ring wants it.
        let primes = if one > other { vec![one, other] } else { vec![other, one] };
        let Ok(key) = RsaPrivateKey::from_primes(primes, BigUint::from(PUBLIC_EXPONENT)) else { continue };
        let private_pkcs8 = key.to_pkcs8_der().map_err(|_| NoPair)?.as_bytes().to_vec();
        let public_spki = key.to_public_key().to_public_key_der().map_err(|_| NoPair)?.as_bytes().to_vec();
        return Ok(RsaPair { private_pkcs8, public_spki });
    }
    Err(NoPair)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled() -> Pairs {
        Pairs::Pooled(Mutex::default())
    }

    // One test, since they share the pool of the process.
    #[test]
    fn pool_lends_distinct_pairs_and_keeps_some_back() {
        warm_rsa_pool();
        let twin = pooled();
        let pairs: Vec<_> = (0..PAIRS_MAX).map(|_| twin.next().unwrap()).collect();
        for (index, pair) in pairs.iter().enumerate() {
            assert!(pairs.iter().skip(index + 1).all(|other| other.public_spki != pair.public_spki));
        }
        let again = twin.next().unwrap();
        assert!(pairs.iter().any(|pair| Arc::ptr_eq(pair, &again)), "round robin after four");
        let elsewhere = pooled().next().unwrap();
        assert!(pairs.iter().any(|pair| Arc::ptr_eq(pair, &elsewhere)), "twins in memory share");

        let (fresh, another) = (Pairs::Fresh.next().unwrap(), Pairs::Fresh.next().unwrap());
        assert_ne!(fresh.public_spki, another.public_spki);
        assert!(pairs.iter().all(|pair| pair.public_spki != fresh.public_spki));
    }

    #[test]
    fn ring_takes_the_pair() {
        let pair = generate().unwrap();
        let key = ring::signature::RsaKeyPair::from_pkcs8(&pair.private_pkcs8).unwrap();
        assert_eq!(key.public().modulus_len(), 256);
        assert_eq!(pair.public_spki.len(), 294);
    }
}
