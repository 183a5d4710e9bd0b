//! Codes of authenticator apps: HOTP (RFC 4226) over 30-second time steps (RFC 6238).

use std::fmt;

use data_encoding::BASE32_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::otp::OneTimeCode;
use super::random::{Random, RandomUnavailable};

/// Length of a time step in seconds (RFC 6238 §5.2).
const STEP_SECONDS: u64 = 30;
/// Digits of a code, as in [`OneTimeCode`].
const DIGITS: u8 = 6;
/// Bytes of a new secret: 160 bits, as RFC 4226 §4 R6 recommends (SEC-4).
const SECRET_BYTES: usize = 20;
/// Bytes of the shortest secret taken from outside: 128 bits (RFC 4226 §4 R6).
const SECRET_BYTES_MIN: usize = 16;
/// Bytes of the longest secret taken from outside: the output of HMAC-SHA-512, beyond which nothing is gained.
const SECRET_BYTES_MAX: usize = 64;
/// Everything but the unreserved characters of RFC 3986 §2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The hash below the HMAC (RFC 6238 §1.2), named as in the `algorithm` parameter of `otpauth` URIs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// HMAC-SHA-1: what every authenticator app supports. Collisions of SHA-1 do not weaken it.
    #[default]
    #[serde(rename = "SHA1")]
    Sha1,
    /// HMAC-SHA-256.
    #[serde(rename = "SHA256")]
    Sha256,
    /// HMAC-SHA-512.
    #[serde(rename = "SHA512")]
    Sha512,
}

impl Algorithm {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

/// The key shared with an authenticator app. `Debug` shows nothing; stored only sealed (SEC-4).
#[derive(Clone)]
pub struct TotpSecret(Vec<u8>);

impl TotpSecret {
    /// A new secret of 160 bits (SEC-4).
    ///
    /// # Errors
    /// [`RandomUnavailable`] when there is no randomness.
    pub fn generate(random: &Random) -> Result<Self, RandomUnavailable> {
        random.array::<SECRET_BYTES>().map(|bytes| Self(bytes.to_vec()))
    }

    /// A secret out of our own store, as [`TotpSecret::as_bytes`] gave it.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// A secret in the base32 of RFC 4648 §6, upper case, without padding; `None` when it is not that, or has
    /// fewer than 128 or more than 512 bits.
    #[must_use]
    pub fn from_base32(text: &str) -> Option<Self> {
        if text.len() > BASE32_NOPAD.encode_len(SECRET_BYTES_MAX) {
            return None;
        }
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).ok()?;
        (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The secret in base32 without padding, 32 characters for 160 bits (contract §3). Only for the reply that
    /// shows it to its user.
    #[must_use]
    pub fn to_base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The bytes, only for sealing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(redacted)")
    }
}

/// The HOTP value of `counter` in `digits` decimal digits with leading zeros (RFC 4226 §5.3; 6 to 8 make sense).
#[must_use]
pub fn hotp(secret: &TotpSecret, algorithm: Algorithm, counter: u64, digits: u8) -> String {
    let mac = hmac::sign(&hmac::Key::new(algorithm.hmac(), &secret.0), &counter.to_be_bytes());
    let mac = mac.as_ref();
    // Dynamic truncation: the low four bits of the last byte say where the 31-bit number starts.
    let offset = usize::from(mac.last().copied().unwrap_or_default() & 0x0f);
    let word = mac.iter().skip(offset).take(4).fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    let number = u64::from(word & 0x7fff_ffff) % 10_u64.saturating_pow(digits.into());
    format!("{number:0width$}", width = digits.into())
}

/// The time step of `now` (seconds since the Unix epoch), steps counted from there (RFC 6238 §4.2, T0 = 0).
#[must_use]
pub fn step(now: u64) -> u64 {
    now / STEP_SECONDS
}

/// The step at which `code` is good at `now` (seconds since the Unix epoch), or `None`.
///
/// Good are the current step and the one before, never the next (SEC-13, RFC 6238 §5.2), and only a step after
/// `last_step`, the one used last (SEC-14). The caller stores the answer by a write under the same condition, so
/// that of two racing requests one loses.
#[must_use]
pub fn verify(
    secret: &TotpSecret,
    algorithm: Algorithm,
    code: &OneTimeCode,
    now: u64,
    last_step: Option<u64>,
) -> Option<u64> {
    let matches = |step: u64| -> bool {
        hotp(secret, algorithm, step, DIGITS).as_bytes().ct_eq(code.as_str().as_bytes()).into()
    };
    let current = step(now);
    let previous = current.saturating_sub(1);
    // Both are computed whatever the first one says: the work done tells nothing. Should both steps have the same
    // code, the later counts, so that the code is used up for both.
    let found = match (matches(current), matches(previous)) {
        (true, _) => current,
        (false, true) => previous,
        (false, false) => return None,
    };
    last_step.is_none_or(|last| found > last).then_some(found)
}

/// What an authenticator app reads from the QR code (contract §3): issuer and account percent-encoded, the
/// defaults of the apps spelled out. Contains the secret: only for the reply that shows it to its user.
#[must_use]
pub fn barcode_uri(tenant: &str, account: &str, secret: &TotpSecret) -> String {
    let tenant = utf8_percent_encode(tenant, ENCODED);
    let account = utf8_percent_encode(account, ENCODED);
    let secret = secret.to_base32();
    format!(
        "otpauth://totp/{tenant}:{account}?secret={secret}&issuer={tenant}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    )
}

/// The context a secret is sealed in: it opens only for this user and this authenticator (SEC-4).
#[must_use]
pub fn sealing_context(user: &str, authenticator: &str) -> Vec<u8> {
    // A zero byte ends each part: neither can contain one.
    [user.as_bytes(), &[0], authenticator.as_bytes(), &[0]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The test secrets of RFC 6238 appendix B: "1234567890" repeated to the length of the hash.
    fn rfc_secret(length: usize) -> TotpSecret {
        TotpSecret::from_bytes(b"1234567890".iter().copied().cycle().take(length).collect())
    }

    fn code_at(step: u64) -> OneTimeCode {
        OneTimeCode::parse(&hotp(&rfc_secret(20), Algorithm::Sha1, step, 6), 6).unwrap()
    }

    fn verify_sha1(code: &OneTimeCode, now: u64, last_step: Option<u64>) -> Option<u64> {
        verify(&rfc_secret(20), Algorithm::Sha1, code, now, last_step)
    }

    /// SEC-15: RFC 4226 appendix D.
    #[test]
    fn hotp_vectors() {
        let expected = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (counter, code) in (0..).zip(expected) {
            assert_eq!(hotp(&rfc_secret(20), Algorithm::Sha1, counter, 6), code);
        }
    }

    /// SEC-15: RFC 6238 appendix B.
    #[test]
    fn totp_vectors() {
        let vectors = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ];
        for (now, sha1, sha256, sha512) in vectors {
            assert_eq!(hotp(&rfc_secret(20), Algorithm::Sha1, step(now), 8), sha1);
            assert_eq!(hotp(&rfc_secret(32), Algorithm::Sha256, step(now), 8), sha256);
            assert_eq!(hotp(&rfc_secret(64), Algorithm::Sha512, step(now), 8), sha512);
        }
    }

    /// SEC-13, at both ends of the current step.
    #[test]
    fn the_current_step_and_the_one_before_and_no_other() {
        let current = step(1_111_111_111);
        for now in [current * 30, current * 30 + 29] {
            let found = |offset: i64| verify_sha1(&code_at(current.strict_add_signed(offset)), now, None);
            assert_eq!(found(-2), None);
            assert_eq!(found(-1), Some(current - 1));
            assert_eq!(found(0), Some(current));
            assert_eq!(found(1), None);
        }
    }

    /// SEC-13, for the other hashes too.
    #[test]
    fn every_algorithm_verifies() {
        for (algorithm, length) in [(Algorithm::Sha1, 20), (Algorithm::Sha256, 32), (Algorithm::Sha512, 64)] {
            let secret = rfc_secret(length);
            let code = OneTimeCode::parse(&hotp(&secret, algorithm, 40, 6), 6).unwrap();
            assert_eq!(verify(&secret, algorithm, &code, 40 * 30, None), Some(40));
            assert_eq!(verify(&rfc_secret(length + 1), algorithm, &code, 40 * 30, None), None);
        }
    }

    /// SEC-14.
    #[test]
    fn a_step_is_good_once_and_none_before_it() {
        let (now, current) = (1_111_111_111, step(1_111_111_111));
        assert_eq!(verify_sha1(&code_at(current), now, Some(current - 1)), Some(current));
        assert_eq!(verify_sha1(&code_at(current), now, Some(current)), None);
        assert_eq!(verify_sha1(&code_at(current - 1), now, Some(current)), None);
        assert_eq!(verify_sha1(&code_at(current - 1), now, Some(current - 1)), None);
        assert_eq!(verify_sha1(&code_at(current - 1), now, Some(current - 2)), Some(current - 1));
    }

    #[test]
    fn the_first_and_the_last_second_of_time_do_not_panic() {
        assert_eq!(verify_sha1(&code_at(0), 0, None), Some(0));
        assert_eq!(verify_sha1(&code_at(0), 0, Some(0)), None);
        let last = step(u64::MAX);
        assert_eq!(verify_sha1(&code_at(last), u64::MAX, Some(last - 1)), Some(last));
    }

    /// SEC-4 and contract §3: 160 bits, 32 characters.
    #[test]
    fn a_new_secret_has_160_bits() {
        let secret = TotpSecret::generate(&Random::seeded(1)).unwrap();
        assert_eq!(secret.as_bytes().len(), 20);
        let text = secret.to_base32();
        assert_eq!(text.len(), 32);
        assert_eq!(TotpSecret::from_base32(&text).unwrap().as_bytes(), secret.as_bytes());
        assert_eq!(format!("{secret:?}"), "TotpSecret(redacted)");
    }

    #[test]
    fn secrets_that_are_no_secrets() {
        let too_short = BASE32_NOPAD.encode(&[1; 15]);
        let too_long = BASE32_NOPAD.encode(&[1; 65]);
        let lower_case = rfc_secret(20).to_base32().to_lowercase();
        for text in ["", "GEZDGNBV========", "0189", &too_short, &too_long, &lower_case, &"A".repeat(10_000)]
        {
            assert!(TotpSecret::from_base32(text).is_none(), "{text}");
        }
    }

    /// Contract §3.
    #[test]
    fn barcode_uri_follows_the_contract() {
        insta::assert_snapshot!(
            barcode_uri("Tenant Name", "user+a@example.com", &rfc_secret(20)),
            @"otpauth://totp/Tenant%20Name:user%2Ba%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tenant%20Name&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn barcode_uri_lets_no_name_add_a_parameter() {
        let uri = barcode_uri("A&B:C?#/é", "x@y.z&secret=AAAA", &rfc_secret(20));
        assert!(
            uri.starts_with("otpauth://totp/A%26B%3AC%3F%23%2F%C3%A9:x%40y.z%26secret%3DAAAA?secret=GEZD")
        );
        assert_eq!(uri.matches("secret=").count(), 1);
    }

    #[test]
    fn algorithms_are_named_as_in_the_uri() {
        let names = serde_json::to_string(&[Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512]).unwrap();
        assert_eq!(names, r#"["SHA1","SHA256","SHA512"]"#);
        assert_eq!(serde_json::from_str::<Algorithm>("\"SHA512\"").unwrap(), Algorithm::Sha512);
    }

    proptest! {
        #[test]
        fn from_base32_never_panics(text in prop_oneof![any::<String>(), "[A-Z2-7=]{0,120}"]) {
            if let Some(secret) = TotpSecret::from_base32(&text) {
                prop_assert_eq!(secret.to_base32(), text);
            }
        }

        /// SEC-13, SEC-14 at any time: whatever is accepted is new, and current or one before.
        #[test]
        fn an_accepted_step_is_in_the_window(
            now: u64,
            back in 0_u64..4,
            last in proptest::option::of(0_u64..4),
        ) {
            let last = last.map(|back| step(now).saturating_sub(back));
            let code = code_at(step(now).saturating_sub(back));
            if let Some(found) = verify_sha1(&code, now, last) {
                prop_assert!(found == step(now) || found + 1 == step(now));
                prop_assert!(last.is_none_or(|last| found > last));
            }
        }
    }
}
