//! Password hashes: Argon2id with OWASP's parameters, PHC strings.

use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::rules::random::Random;

/// Longest password that is hashed, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// NIST SP 800-63B-4 §3.1.1.2: the shortest password beside a second factor, in characters.
pub const PASSWORD_CHARACTERS_MIN: usize = 8;
/// OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

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
/// done and the answer is no. Runs on a blocking thread, for it takes tens of milliseconds of processor time.
///
/// # Errors
/// When the thread could not run.
pub async fn verify(password: Password, stored: Option<String>) -> Result<bool, HashingFailed> {
    let check = move || {
        let known = stored.is_some();
        let phc = stored.unwrap_or_else(|| NOBODY.to_owned());
        let (Ok(parsed), Ok(argon2)) = (PasswordHash::new(&phc), argon2id()) else { return false };
        let fits = password.0.len() <= PASSWORD_BYTES_MAX;
        let typed = if fits { password.0.as_bytes() } else { &[] };
        let matches = argon2.verify_password(typed, &parsed).is_ok();
        matches && known && fits
    };
    tokio::task::spawn_blocking(check).await.map_err(|_| HashingFailed)
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
        assert!(!verify(Password::new("pwd"), None).await.unwrap());
    }

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let phc = hash(&Password::new("pwd"), &Random::seeded(1)).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(Password::new("pwd"), Some(phc.clone())).await.unwrap());
        assert!(!verify(Password::new("pwd "), Some(phc)).await.unwrap());
    }
}
