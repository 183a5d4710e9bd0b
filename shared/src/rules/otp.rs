//! One-time codes: what is mailed or texted for a challenge, what an authenticator app shows, and what comes back
//! as `binding_code` or `otp`.

use std::fmt;

use subtle::ConstantTimeEq;

use super::random::{Random, RandomUnavailable};

/// Decimal digits in a code of an authenticator app, and the least in one that is sent (NIST SP 800-63B-4 §3.1.3.2).
pub const DIGITS: usize = 6;

/// So many ASCII digits as its kind has. Shown by no `Debug` or `Display`, compared only by [`OneTimeCode::ct_eq`] (SEC-6).
#[derive(Clone)]
pub struct OneTimeCode(String);

impl OneTimeCode {
    /// A new code of so many digits, uniform over all of them (SEC-1).
    ///
    /// # Errors
    /// [`RandomUnavailable`] when there is no randomness; no code exists then.
    pub fn generate(random: &Random, digits: usize) -> Result<Self, RandomUnavailable> {
        random.string(b"0123456789", digits).map(Self)
    }

    /// Takes what a client sent: exactly so many ASCII digits, nothing trimmed, no full-width digits, no signs; `None`
    /// for anything else, which is answered as a wrong code and not charged (SEC-16, contract A3).
    #[must_use]
    pub fn parse(input: &str, digits: usize) -> Option<Self> {
        let well_formed = input.len() == digits && input.bytes().all(|byte| byte.is_ascii_digit());
        well_formed.then(|| Self(input.to_owned()))
    }

    /// The digits, only for delivery to the user and for the MAC that is stored (SEC-2).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the codes are equal, in time that does not depend on where they differ (SEC-6).
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::random::chi_square;
    use proptest::prelude::*;

    /// SEC-16.
    #[test]
    fn only_six_ascii_digits_are_a_code() {
        assert_eq!(OneTimeCode::parse("012345", DIGITS).unwrap().as_str(), "012345");
        let wrong = [
            "",
            "12345",
            "1234567",
            " 12345",
            "12345 ",
            "123456 ",
            "123456\n",
            "12 345",
            "+12345",
            "-12345",
            "12345a",
            "0x1234",
            "１２３４５６",
            "१२",
            "12３4",
            "1\u{0}2345",
            "1e5000",
        ];
        for input in wrong {
            assert!(OneTimeCode::parse(input, DIGITS).is_none(), "{input:?}");
        }
    }

    /// SEC-1: the codes of a fixed stream.
    #[test]
    fn a_seed_fixes_the_codes() {
        let random = Random::seeded(42);
        let codes: Vec<_> = (0..4).map(|_| OneTimeCode::generate(&random, DIGITS).unwrap().0).collect();
        insta::assert_snapshot!(codes.join(" "), @"836275 061079 262956 641608");
    }

    /// SEC-1: every digit at every place, leading zeros included. 9 degrees of freedom: 34 is passed by chance
    /// about once in ten thousand seeds and places.
    #[test]
    fn codes_are_uniform_at_every_place() {
        let random = Random::seeded(1);
        let mut counts = [[0_u32; 10]; DIGITS];
        for _ in 0..60_000 {
            let code = OneTimeCode::generate(&random, DIGITS).unwrap();
            for (place, digit) in code.as_str().bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        for place in counts {
            assert!(chi_square(&place) < 34.0, "{place:?}");
        }
    }

    /// SEC-34.
    #[test]
    fn debug_shows_no_digit() {
        let shown = format!("{:?}", OneTimeCode::parse("012345", DIGITS));
        assert!(!shown.chars().any(|c| c.is_ascii_digit()), "{shown}");
    }

    /// A tenant may want longer codes; the length is part of the shape.
    #[test]
    fn longer_codes() {
        for digits in DIGITS..=10 {
            let code = OneTimeCode::generate(&Random::seeded(7), digits).unwrap();
            assert_eq!(code.as_str().len(), digits);
            assert!(OneTimeCode::parse(code.as_str(), digits).is_some());
            assert!(OneTimeCode::parse(code.as_str(), digits + 1).is_none());
        }
    }

    proptest! {
        #[test]
        fn parse_takes_exactly_the_codes(input in prop_oneof![any::<String>(), "\\PC{6}", "[0-9]{4,8}"]) {
            let expected = input.chars().count() == 6 && input.chars().all(|c| "0123456789".contains(c));
            prop_assert_eq!(OneTimeCode::parse(&input, DIGITS).is_some(), expected);
        }

        #[test]
        fn what_is_generated_parses_and_equals_only_itself(seed: u64) {
            let random = Random::seeded(seed);
            let one = OneTimeCode::generate(&random, DIGITS).unwrap();
            let two = OneTimeCode::generate(&random, DIGITS).unwrap();
            prop_assert!(OneTimeCode::parse(one.as_str(), DIGITS).unwrap().ct_eq(&one));
            prop_assert_eq!(one.ct_eq(&two), one.as_str() == two.as_str());
        }
    }
}
