//! Phone numbers, as destinations of codes (E.164, contract §3).

use std::fmt;

use phonelib::PhoneNumberType;
use serde::{Deserialize, Serialize};

use super::mask::mask_phone;

/// Digits of the longest number (E.164 §6.1).
const DIGITS_MAX: usize = 15;
/// Digits of the shortest number that can be anybody's: a country's code and a local number.
const DIGITS_MIN: usize = 7;

/// A country or territory by its ISO 3166-1 alpha-2 code, in upper case.
///
/// In serde a plain string. Deserialising does not check: it is for what this crate wrote; input goes through
/// [`Country::parse`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Country(String);

impl Country {
    /// Takes a code as an operator typed it, in any case; `None` when no country has it.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let code = code.to_ascii_uppercase();
        let known = is_country(&code) && phonelib::country_by_code(&code).is_some();
        known.then_some(Self(code))
    }

    /// The code, such as `DE`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the code is a country's: the plan's own codes for numbers of no country (`001` of satellite and other
/// networks; those from `XA` to `XZ` but Kosovo's, which ISO leaves to its users) are not.
fn is_country(code: &str) -> bool {
    let letters = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    letters && (code == "XK" || !code.starts_with('X'))
}

/// A phone number that codes can be sent to, in E.164 form. `Debug` shows it masked (SEC-34), and there is no
/// `Display`, so that none is logged by accident.
///
/// Stored with its country, so that only the function that takes numbers in has to know the numbering plans.
/// Deserialising does not check: input goes through [`PhoneNumber::parse`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumber {
    number: String,
    country: Country,
}

/// Why text is not a number that codes can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotANumber {
    /// It is not in E.164 form, or no numbering plan has such a number.
    Malformed,
    /// It exists, and calling or texting it costs whoever does so more than an ordinary number: premium and shared
    /// cost, personal (`+44 70`), satellite networks and others of no country. Fraud lives on these.
    Costly,
}

impl PhoneNumber {
    /// Takes a number as a client sent it: `+`, country code and number, ASCII digits only; nothing is trimmed.
    ///
    /// Its country code, length and (in North America) area code must exist. Whether a range is in service is not
    /// asked: operators open new ones faster than anybody's tables follow.
    ///
    /// # Errors
    /// See [`NotANumber`].
    pub fn parse(input: &str) -> Result<Self, NotANumber> {
        let dialled = planned(input).ok_or(NotANumber::Malformed)?;
        // The plan's own form of it: a trunk prefix left in by mistake would make the same phone two destinations.
        // What is left without the prefix has to be a number in its own right, and in its last form.
        let number = planned(dialled.e164()).ok_or(NotANumber::Malformed)?;
        if number.e164() != dialled.e164() {
            return Err(NotANumber::Malformed);
        }
        let country = number.country().code;
        let costly = matches!(
            number.phone_type(),
            PhoneNumberType::PremiumRate | PhoneNumberType::SharedCost | PhoneNumberType::PersonalNumber
        );
        if costly || !is_country(country) {
            return Err(NotANumber::Costly);
        }
        Ok(Self { number: number.e164().to_owned(), country: Country(country.to_owned()) })
    }

    /// The number with its `+`, for delivery and keys; never for a log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// Where its numbering plan is.
    #[must_use]
    pub fn country(&self) -> &Country {
        &self.country
    }
}

/// The number as a numbering plan has it; `None` when it is not in E.164 form or no plan has it.
fn planned(input: &str) -> Option<phonelib::PhoneNumber> {
    let digits = input.strip_prefix('+')?;
    let shaped = (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if shaped { phonelib::PhoneNumber::parse(input) } else { None }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", mask_phone(&self.number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn good_numbers_know_their_country() {
        for (number, country) in [
            ("+14155552671", "US"),
            ("+16045551234", "CA"),
            ("+18765551234", "JM"),
            ("+447400123456", "GB"),
            ("+447781123456", "GG"),
            ("+4915112345678", "DE"),
            ("+5491155559167", "AR"),
            ("+79161234567", "RU"),
            ("+77011234567", "KZ"),
            ("+819012345678", "JP"),
            ("+38344123456", "XK"),
            ("+493012345678", "DE"),
        ] {
            let parsed = PhoneNumber::parse(number).unwrap();
            assert_eq!((parsed.as_str(), parsed.country().as_str()), (number, country));
        }
    }

    #[test]
    fn bad_numbers() {
        for number in [
            "",
            "+",
            "4915112345678",
            "004915112345678",
            "+49",
            "+491",
            "+49 151 12345678",
            "+49-151-12345678",
            "+4915112345678x5",
            "+49151123456789012",
            "+2101234567",
            "+9991234567890",
            "+0123456789",
            "+1415555267",
            "+141555526711",
            "+11115552671",
            "+１４１５５５５２６７１",
            "+1415555２671",
            " +14155552671",
            "+14155552671 ",
            "+14155552671\n",
            "+14155552671\r\nTo: +1",
            "++14155552671",
            "tel:+14155552671",
            "+1415555\u{0}671",
        ] {
            assert_eq!(PhoneNumber::parse(number), Err(NotANumber::Malformed), "{number:?}");
        }
    }

    /// SEC-22: what costs the sender extra is refused, whoever owns it.
    #[test]
    fn costly_numbers() {
        for number in [
            "+19005551234",
            "+449012345678",
            "+447012345678",
            "+499001234567",
            "+33899123456",
            "+881612345678",
            "+88213123456",
            "+979123456789",
            "+870773123456",
        ] {
            assert_eq!(PhoneNumber::parse(number), Err(NotANumber::Costly), "{number}");
        }
    }

    #[test]
    fn countries_are_those_of_iso() {
        for (code, known) in
            [("de", Some("DE")), ("XK", Some("XK")), ("XP", None), ("001", None), ("ZZ", None), ("", None)]
        {
            assert_eq!(Country::parse(code).as_ref().map(Country::as_str), known, "{code}");
        }
    }

    #[test]
    fn a_trunk_prefix_is_left_out() {
        assert_eq!(PhoneNumber::parse("+49015112345678").unwrap().as_str(), "+4915112345678");
        // Without it the number is too short for anybody's.
        assert_eq!(PhoneNumber::parse("+4901000"), Err(NotANumber::Malformed));
    }

    /// SEC-34.
    #[test]
    fn debug_is_masked() {
        let number = PhoneNumber::parse("+5491155559167").unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(XXXXXXXXX9167)");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_idempotent(input in prop_oneof![any::<String>(), "\\+[0-9]{5,17}"]) {
            if let Ok(number) = PhoneNumber::parse(&input) {
                prop_assert!(number.as_str().starts_with('+'));
                prop_assert!(number.as_str()[1..].bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert_eq!(PhoneNumber::parse(number.as_str()), Ok(number.clone()));
            }
        }
    }
}
