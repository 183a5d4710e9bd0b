//! Recovery codes: one per user, shown once, stored as a hash, replaced on use (SEC-5).

use std::fmt;

use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::random::{Random, RandomUnavailable};

/// The 33 symbols of Auth0's codes: digits without 0, capitals without I and O (contract §7).
pub(crate) const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Symbols in a code: 24 × log2(33) = 121 bits (SEC-5 asks for 120).
const LENGTH: usize = 24;
/// Bytes of input looked at: a code with a separator after each symbol fits.
const INPUT_BYTES_MAX: usize = 64;

/// A recovery code in its one written form: 24 symbols, capitals, no separators. `Debug` shows nothing.
#[derive(Clone)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// A new code of 121 bits.
    ///
    /// # Errors
    /// [`RandomUnavailable`] when there is no randomness.
    pub fn generate(random: &Random) -> Result<Self, RandomUnavailable> {
        random.string(ALPHABET, LENGTH).map(Self)
    }

    /// Takes what a person copied by hand: lower case, spaces and hyphens are forgiven; `None` for anything else,
    /// and for more than 64 bytes.
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        if input.len() > INPUT_BYTES_MAX {
            return None;
        }
        let code: String =
            input.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_uppercase()).collect();
        let well_formed = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        well_formed.then_some(Self(code))
    }

    /// The code, only for the one reply that shows it to its user.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored of the code: its plain SHA-256. A salt or a slow hash protects what can be guessed; 121
    /// random bits cannot (NIST SP 800-63B-4 §3.1.2.2 asks for a slow one only below 112 bits).
    #[must_use]
    pub fn hash(&self) -> RecoveryHash {
        let mut bytes = [0; digest::SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, self.0.as_bytes()).as_ref());
        RecoveryHash(bytes)
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(redacted)")
    }
}

/// The stored hash of a [`RecoveryCode`]; in serde 64 hexadecimal digits.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RecoveryHash([u8; digest::SHA256_OUTPUT_LEN]);

/// A stored recovery hash is not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recovery hash is 64 lower-case hexadecimal digits")]
pub struct MalformedRecoveryHash;

impl RecoveryHash {
    /// Whether `code` is the one hashed, compared in constant time (SEC-6).
    #[must_use]
    pub fn matches(&self, code: &RecoveryCode) -> bool {
        self.0.ct_eq(&code.hash().0).into()
    }

    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// The hash that [`RecoveryHash::to_hex`] wrote.
    ///
    /// # Errors
    /// [`MalformedRecoveryHash`] for any other text.
    pub fn from_hex(text: &str) -> Result<Self, MalformedRecoveryHash> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| MalformedRecoveryHash)?;
        bytes.try_into().map(Self).map_err(|_| MalformedRecoveryHash)
    }
}

impl From<RecoveryHash> for String {
    fn from(hash: RecoveryHash) -> Self {
        hash.to_hex()
    }
}

impl TryFrom<String> for RecoveryHash {
    type Error = MalformedRecoveryHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_hex(&text)
    }
}

impl fmt::Debug for RecoveryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryHash(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CODE: &str = "17EQHNZC2SZDYG7X4QXVX9SW";

    /// SEC-5: at least 120 bits.
    #[test]
    fn a_code_has_120_bits() {
        assert!((ALPHABET.len() as f64).log2() * LENGTH as f64 >= 120.0);
        let code = RecoveryCode::generate(&Random::seeded(42)).unwrap();
        insta::assert_snapshot!(code.as_str(), @"82F11DMXUDG4D75F1VAW5DXX");
    }

    #[test]
    fn handwriting_is_forgiven() {
        let spelled_out = CODE.chars().map(|c| format!("{c}-")).collect::<String>();
        for input in [CODE, "17eq-hnzc-2szd-yg7x-4qxv-x9sw", " 17EQHN ZC2SZD YG7X4Q XVX9SW ", &spelled_out] {
            assert_eq!(RecoveryCode::parse(input).unwrap().as_str(), CODE, "{input}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        let padded = format!("{CODE}{}", " ".repeat(41));
        let wrong = [
            "",
            "17EQ",
            "17EQHNZC2SZDYG7X4QXVX9SWA",
            "07EQHNZC2SZDYG7X4QXVX9SW",
            "I7EQHNZC2SZDYG7X4QXVX9SW",
            "O7EQHNZC2SZDYG7X4QXVX9SW",
            "17EQHNZC2SZDYG7X4QXVX9S\n",
            "１7EQHNZC2SZDYG7X4QXVX9",
            &padded,
        ];
        for input in wrong {
            assert!(RecoveryCode::parse(input).is_none(), "{input:?}");
        }
    }

    #[test]
    fn the_hash_is_the_sha_256_of_the_written_form() {
        let hash = RecoveryCode::parse(CODE).unwrap().hash();
        insta::assert_snapshot!(hash.to_hex(), @"fa0993c6935c6ece9cf8aa7fd98fd2cf41b22fe409a88dea3010bbd62678b32b");
        assert!(RecoveryHash::from_hex(&hash.to_hex()[1..]).is_err());
        assert!(RecoveryHash::from_hex(&hash.to_hex()[2..]).is_err());
        assert!(RecoveryHash::from_hex(&hash.to_hex().to_uppercase()).is_err());
    }

    /// SEC-34.
    #[test]
    fn debug_shows_nothing() {
        let code = RecoveryCode::parse(CODE).unwrap();
        assert_eq!(format!("{code:?} {:?}", code.hash()), "RecoveryCode(redacted) RecoveryHash(redacted)");
    }

    proptest! {
        #[test]
        fn parse_never_panics_and_is_idempotent(
            input in prop_oneof![any::<String>(), "[0-9A-Za-z -]{20,40}", "[1-9A-HJ-NP-Za-hj-np-z]{24}"],
        ) {
            if let Some(code) = RecoveryCode::parse(&input) {
                let again = RecoveryCode::parse(code.as_str()).unwrap();
                prop_assert_eq!(again.as_str(), code.as_str());
            }
        }

        #[test]
        fn a_generated_code_survives_the_round_trip_and_matches_only_itself(seed: u64) {
            let random = Random::seeded(seed);
            let code = RecoveryCode::generate(&random).unwrap();
            let other = RecoveryCode::generate(&random).unwrap();
            let stored = serde_json::to_string(&code.hash()).unwrap();
            let hash: RecoveryHash = serde_json::from_str(&stored).unwrap();
            prop_assert!(hash.matches(&RecoveryCode::parse(&code.as_str().to_lowercase()).unwrap()));
            prop_assert!(!hash.matches(&other));
        }
    }
}
