//! Password hashes that were made elsewhere, and come with users who move in: which are taken, and how they are verified.
//!
//! Their cost is bounded, for whoever signs in has it spent. All but those that cost what ours do give way to one
//! of ours at the next successful sign-in.

use std::str::FromStr;

use argon2::Params;
use argon2::password_hash::phc;

use super::password::{LANES, MEMORY_KIB, PASSES};

use crate::rules::policy::BCRYPT_COST_MAX;
use crate::store::logins::PasswordHash;

/// Beginnings of bcrypt's own form. `$2x$` marks the hashes of a faulty implementation.
const BCRYPT: [&str; 3] = ["$2a$", "$2b$", "$2y$"];
/// Below this it is no cost of bcrypt's.
const BCRYPT_COST_MIN: u64 = 4;
/// What of a password counts for bcrypt, in bytes: whatever comes after is ignored.
pub const BCRYPT_BYTES: usize = 72;

/// The most memory of an Argon2 hash that is taken, in KiB: 64 MiB.
const ARGON2_MEMORY_KIB_MAX: u32 = 65_536;
/// The most passes.
const ARGON2_PASSES_MAX: u32 = 10;
/// The most lanes.
const ARGON2_LANES_MAX: u32 = 8;

/// Why a hash is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashFlaw {
    /// It has not the form of one.
    Malformed,
    /// Verifying it would cost too much of every sign-in.
    TooCostly,
}

/// A hash to be stored, with what bcrypt's work it stands for.
#[derive(Clone, Debug)]
pub struct ForeignHash {
    /// As it is stored.
    pub hash: PasswordHash,
    /// The cost, where it is bcrypt's.
    pub bcrypt_cost: Option<u64>,
}

/// Takes a hash in bcrypt's own form: `$2b$10$…`.
///
/// # Errors
/// See [`HashFlaw`].
pub fn bcrypt_hash(text: &str) -> Result<ForeignHash, HashFlaw> {
    if !is_bcrypt(text) {
        return Err(HashFlaw::Malformed);
    }
    let parts = bcrypt::HashParts::from_str(text).map_err(|_| HashFlaw::Malformed)?;
    let cost = u64::from(parts.get_cost());
    match cost {
        BCRYPT_COST_MIN..=BCRYPT_COST_MAX => {
            Ok(ForeignHash { hash: PasswordHash(text.to_owned()), bcrypt_cost: Some(cost) })
        }
        ..BCRYPT_COST_MIN => Err(HashFlaw::Malformed),
        _ => Err(HashFlaw::TooCostly),
    }
}

/// Takes the PHC string of any kind of Argon2.
///
/// # Errors
/// See [`HashFlaw`].
pub fn argon2_hash(text: &str) -> Result<ForeignHash, HashFlaw> {
    let parsed = phc::PasswordHash::new(text).map_err(|_| HashFlaw::Malformed)?;
    let is_known = ["argon2id", "argon2i", "argon2d"].contains(&parsed.algorithm.as_str());
    if !is_known || parsed.salt.is_none() || parsed.hash.is_none() {
        return Err(HashFlaw::Malformed);
    }
    let params = Params::try_from(&parsed).map_err(|_| HashFlaw::Malformed)?;
    let is_bounded = params.m_cost() <= ARGON2_MEMORY_KIB_MAX
        && params.t_cost() <= ARGON2_PASSES_MAX
        && params.p_cost() <= ARGON2_LANES_MAX;
    match is_bounded {
        true => Ok(ForeignHash { hash: PasswordHash(text.to_owned()), bcrypt_cost: None }),
        false => Err(HashFlaw::TooCostly),
    }
}

/// Whether a stored hash has bcrypt's own form.
#[must_use]
pub fn is_bcrypt(stored: &str) -> bool {
    BCRYPT.iter().any(|beginning| stored.starts_with(beginning))
}

/// Whether a stored hash costs what ours do: another cost would tell by its time whose account it is, or be cheap to
/// guess at.
fn is_own(stored: &str) -> bool {
    let own = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
    stored.starts_with(&own)
}

/// Whether a stored hash is to give way to one of ours, once the password is known that it is of. Of a password that is
/// longer than bcrypt looks at nobody knows whether it was typed rightly to its end: its hash stays.
#[must_use]
pub fn gives_way(stored: &str, password: &str) -> bool {
    match is_bcrypt(stored) {
        true => password.len() <= BCRYPT_BYTES,
        false => !is_own(stored),
    }
}

/// Whether the password is the one of a bcrypt hash.
///
/// bcrypt repeats the password with a zero byte behind it, so that with zero bytes within it several passwords are one:
/// they are refused.
pub(super) fn verify_bcrypt(password: &[u8], stored: &str) -> bool {
    let typed = if password.contains(&0) { b"" } else { password };
    // The work is done for a password that is refused as well.
    bcrypt::verify(typed, stored).unwrap_or(false) && !password.contains(&0)
}

/// As much work as verifying a bcrypt hash of that cost.
pub(super) fn work_like_bcrypt(password: &[u8], cost: u64) {
    let cost = u32::try_from(cost).unwrap_or_default();
    let _ = std::hint::black_box(bcrypt::hash_with_salt(password, cost, [0; 16]));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A published vector of the algorithm: the password is `U*U`.
    const HASH: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    fn flaw(taken: Result<ForeignHash, HashFlaw>) -> Option<HashFlaw> {
        taken.err()
    }

    /// Every prefix is the same algorithm; the cost is bounded.
    #[test]
    fn bcrypt_hashes_are_taken_up_to_a_cost() {
        for prefix in BCRYPT {
            let hash = bcrypt_hash(&HASH.replace("$2a$", prefix)).unwrap();
            assert_eq!(hash.bcrypt_cost, Some(5));
            assert!(verify_bcrypt(b"U*U", &hash.hash.0) && !verify_bcrypt(b"U*V", &hash.hash.0));
        }
        assert!(bcrypt_hash(&HASH.replace("$05$", "$14$")).is_ok());
        assert_eq!(flaw(bcrypt_hash(&HASH.replace("$05$", "$15$"))), Some(HashFlaw::TooCostly));
        let cut = &HASH[..59];
        for text in ["", "x", cut, &HASH.replace("$2a$", "$2x$"), &HASH.replace("$05$", "$03$")] {
            assert_eq!(flaw(bcrypt_hash(text)), Some(HashFlaw::Malformed), "{text}");
        }
    }

    /// What comes after 72 bytes does not count, and a zero byte never fits.
    #[test]
    fn long_passwords_and_zero_bytes() {
        let long = "x".repeat(BCRYPT_BYTES);
        let hash = bcrypt::hash_with_salt(&long, 4, [7; 16]).unwrap().to_string();
        assert!(verify_bcrypt(long.as_bytes(), &hash) && verify_bcrypt(format!("{long}y").as_bytes(), &hash));
        assert!(!verify_bcrypt(&long.as_bytes()[1..], &hash));
        assert!(gives_way(&hash, &long) && !gives_way(&hash, &format!("{long}y")));
        let hash = bcrypt::hash_with_salt("ab", 4, [7; 16]).unwrap().to_string();
        assert!(bcrypt::verify("ab\0ab", &hash).unwrap(), "or the rule is for nothing");
        assert!(!verify_bcrypt(b"ab\0ab", &hash) && !verify_bcrypt(b"ab\0", &hash));
        let empty = bcrypt::hash_with_salt("", 4, [7; 16]).unwrap().to_string();
        assert!(!verify_bcrypt(b"\0", &empty), "the work is done with another password");
    }

    #[test]
    fn argon2_hashes_are_taken_within_bounds() {
        let hash = |kind: &str, memory: u32, passes: u32, lanes: u32| {
            format!(
                "${kind}$v=19$m={memory},t={passes},p={lanes}$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG"
            )
        };
        for kind in ["argon2id", "argon2i", "argon2d"] {
            let taken = argon2_hash(&hash(kind, 65_536, 10, 8)).unwrap();
            assert!(gives_way(&taken.hash.0, "any"));
        }
        for (memory, is_ours) in [(MEMORY_KIB, true), (MEMORY_KIB + 1, false)] {
            assert_eq!(gives_way(&hash("argon2id", memory, PASSES, LANES), "any"), !is_ours);
        }
        for text in [hash("argon2id", 65_537, 1, 1), hash("argon2id", 64, 11, 1), hash("argon2id", 128, 1, 9)]
        {
            assert_eq!(flaw(argon2_hash(&text)), Some(HashFlaw::TooCostly), "{text}");
        }
        for text in ["", HASH, &hash("scrypt", 64, 1, 1), "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ"] {
            assert_eq!(flaw(argon2_hash(text)), Some(HashFlaw::Malformed), "{text}");
        }
    }
}
