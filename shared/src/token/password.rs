//! Password hashes: Argon2id with OWASP's parameters, PHC strings; and those that users moved in with (`foreign`).

use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::rules::random::Random;
use crate::token::foreign;

/// Longest password that is hashed, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// NIST SP 800-63B-4 §3.1.1.2: the shortest password beside a second factor, in characters.
pub const PASSWORD_CHARACTERS_MIN: usize = 8;
/// OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
pub(super) const MEMORY_KIB: u32 = 19_456;
pub(super) const PASSES: u32 = 2;
pub(super) const LANES: u32 = 1;

/// The hash of a password nobody has, verified for users who do not exist, so that the work is the same (SEC-35).
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cG9zdGVybi1ub2JvZHkhIQ$Y0qf1xHc3mVbq9oZrN6sWw2kT5uJ8yLdAeXhGiKlMnM";

/// A password as the user typed it; never shown.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Takes what was typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Takes one that somebody chose.
    ///
    /// # Errors
    /// See [`Unsuitable`].
    pub fn chosen(text: &str) -> Result<Self, Unsuitable> {
        if text.chars().count() < PASSWORD_CHARACTERS_MIN {
            Err(Unsuitable::TooShort)
        } else if text.len() > PASSWORD_BYTES_MAX {
            Err(Unsuitable::TooLong)
        } else {
            Ok(Self::new(text))
        }
    }

    /// Whether the stored hash that it was verified with is to give way to one of ours.
    #[must_use]
    pub fn outgrows(&self, stored: &str) -> bool {
        foreign::gives_way(stored, &self.0)
    }
}

/// Why a password cannot be chosen. What it consists of is nobody's business (NIST SP 800-63B-4 §3.1.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsuitable {
    /// Less than [`PASSWORD_CHARACTERS_MIN`].
    TooShort,
    /// More than [`PASSWORD_BYTES_MAX`].
    TooLong,
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Hashing failed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashingFailed;

fn argon2id() -> Result<Argon2<'static>, HashingFailed> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| HashingFailed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a new password: a PHC string.
///
/// # Errors
/// When there is no randomness or no memory.
pub fn hash(password: &Password, random: &Random) -> Result<String, HashingFailed> {
    let salt: [u8; 16] = random.array().map_err(|_| HashingFailed)?;
    let hash: PasswordHash =
        argon2id()?.hash_password_with_salt(password.0.as_bytes(), &salt).map_err(|_| HashingFailed)?;
    Ok(hash.to_string())
}

/// The same on a blocking thread, for it takes tens of milliseconds of processor time.
///
/// # Errors
/// When there is no randomness or no memory, or the thread could not run.
pub async fn hash_apart(password: Password, random: &Random) -> Result<String, HashingFailed> {
    let random = random.clone();
    tokio::task::spawn_blocking(move || hash(&password, &random)).await.map_err(|_| HashingFailed)?
}

/// Whether the password is the stored one. `None` as the stored hash stands for an unknown user: the same work is
/// done and the answer is no. Where users moved in with bcrypt hashes, of `bcrypt_cost` at most, that is both kinds of
/// work for everybody, whatever hash is theirs (SEC-35). Runs on a blocking thread, for it takes tens of milliseconds of
/// processor time.
///
/// # Errors
/// When the thread could not run.
pub async fn verify(
    password: Password,
    stored: Option<String>,
    bcrypt_cost: u64,
) -> Result<bool, HashingFailed> {
    let check = move || {
        let fits = password.0.len() <= PASSWORD_BYTES_MAX;
        let typed = if fits { password.0.as_bytes() } else { &[] };
        let (argon2, bcrypt) = match stored.as_deref() {
            Some(stored) if foreign::is_bcrypt(stored) => (None, Some(stored)),
            other => (other, None),
        };
        let by_argon2 = matches_argon2(typed, argon2.unwrap_or(NOBODY)) && argon2.is_some();
        let by_bcrypt = match bcrypt {
            Some(stored) => foreign::verify_bcrypt(typed, stored),
            None if bcrypt_cost > 0 => {
                foreign::work_like_bcrypt(typed, bcrypt_cost);
                false
            }
            None => false,
        };
        (by_argon2 || by_bcrypt) && fits
    };
    tokio::task::spawn_blocking(check).await.map_err(|_| HashingFailed)
}

fn matches_argon2(typed: &[u8], stored: &str) -> bool {
    let (Ok(parsed), Ok(argon2)) = (PasswordHash::new(stored), argon2id()) else { return false };
    argon2.verify_password(typed, &parsed).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEC-35: the dummy is a hash like any other, so that an unknown user costs the same work.
    #[tokio::test]
    async fn an_unknown_user_is_refused_after_the_same_work() {
        let dummy = PasswordHash::new(NOBODY).unwrap();
        let real = hash(&Password::new("pwd"), &Random::seeded(1)).unwrap();
        let real = PasswordHash::new(&real).unwrap();
        assert_eq!(dummy.params.to_string(), real.params.to_string());
        assert_eq!(dummy.hash.unwrap().as_bytes().len(), real.hash.unwrap().as_bytes().len());
        assert!(!verify(Password::new("pwd"), None, 0).await.unwrap());
        assert!(!verify(Password::new("pwd"), None, 4).await.unwrap());
    }

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let phc = hash(&Password::new("pwd"), &Random::seeded(1)).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        for bcrypt_cost in [0, 4] {
            assert!(verify(Password::new("pwd"), Some(phc.clone()), bcrypt_cost).await.unwrap());
            assert!(!verify(Password::new("pwd "), Some(phc.clone()), bcrypt_cost).await.unwrap());
        }
    }

    /// What users moved in with is verified, and gives way.
    #[tokio::test]
    async fn a_bcrypt_hash_verifies() {
        let stored = bcrypt::hash_with_salt("pwd", 4, [7; 16]).unwrap().to_string();
        for bcrypt_cost in [0, 4] {
            assert!(verify(Password::new("pwd"), Some(stored.clone()), bcrypt_cost).await.unwrap());
            assert!(!verify(Password::new("pwd "), Some(stored.clone()), bcrypt_cost).await.unwrap());
            let long = "p".repeat(PASSWORD_BYTES_MAX + 1);
            assert!(!verify(Password::new(long), Some(stored.clone()), bcrypt_cost).await.unwrap());
        }
        let renewed = hash(&Password::new("pwd"), &Random::seeded(1)).unwrap();
        assert!(Password::new("pwd").outgrows(&stored) && !Password::new("pwd").outgrows(&renewed));
    }
}
