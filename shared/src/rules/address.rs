//! Email addresses, as login names and as destinations.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::mask::mask_email;

/// Bytes of the longest address (RFC 5321 §4.5.3.1.3: a path of 256 with its angle brackets).
pub const ADDRESS_BYTES_MAX: usize = 254;
/// Bytes of the longest local part (RFC 5321 §4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// Bytes of the longest label of a domain (RFC 1035 §2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// An email address in lower case, which is how addresses are compared. `Debug` shows it masked (SEC-34), and there
/// is no `Display`, so that none is logged by accident.
///
/// In serde a plain string. Deserialising does not check: it is for what this crate wrote; input goes through
/// [`EmailAddress::parse`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Takes an address as a client sent it; `None` when it is not one. Nothing is trimmed.
    ///
    /// Deliberately narrower than RFC 5321: ASCII only (no internationalised local parts; an international domain
    /// in its `xn--` form), a dot-atom before the `@` (no quoted form), after it a domain of at least two
    /// labels whose last is not a number (no address literal, no bare host name such as `localhost`). No space or
    /// control character can pass, so an address cannot break out of a mail header.
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        if input.len() > ADDRESS_BYTES_MAX {
            return None;
        }
        let (local, domain) = input.split_once('@')?;
        (is_local_part(local) && is_domain(domain)).then(|| Self(input.to_ascii_lowercase()))
    }

    /// The address in lower case, for delivery, keys and claims; never for a log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A dot-atom (RFC 5322 §3.2.3): `atext` in pieces joined by single dots.
fn is_local_part(local: &str) -> bool {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local.len() <= LOCAL_BYTES_MAX
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// At least two labels of letters, digits and inner hyphens (RFC 1123 §2.1), the last not all digits.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let ends_well = |(_, last): (&str, &str)| !last.bytes().all(|byte| byte.is_ascii_digit());
    domain.rsplit_once('.').is_some_and(ends_well) && domain.split('.').all(is_label)
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", mask_email(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_compared_in_lower_case() {
        let address = EmailAddress::parse("User.Name+tag@Example.COM").unwrap();
        assert_eq!(address.as_str(), "user.name+tag@example.com");
        assert_eq!(Some(address), EmailAddress::parse("user.name+tag@example.com"));
    }

    #[test]
    fn good_addresses() {
        let longest_local = format!("{}@example.com", "a".repeat(64));
        let longest =
            format!("{}@{}.com", "a".repeat(64), ["b".repeat(63), "c".repeat(63), "d".repeat(57)].join("."));
        assert_eq!(longest.len(), 254);
        for input in [
            "a@b.co",
            "o'brien@x-y.example",
            "a#b@1.2.xn--p1ai",
            "!#$%&'*+-/=?^_`{|}~@e.org",
            &longest_local,
            &longest,
        ] {
            assert!(EmailAddress::parse(input).is_some(), "{input}");
        }
    }

    #[test]
    fn bad_addresses() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        let too_long = format!("a@{}com", "b.".repeat(126));
        let wrong = [
            "",
            "@",
            "a",
            "a@",
            "@b.co",
            "a@localhost",
            "a@b.",
            "a@.co",
            "a@b..co",
            "a@-b.co",
            "a@b-.co",
            "a@b.1",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "a@b_c.co",
            ".a@b.co",
            "a.@b.co",
            "a..b@c.de",
            "a@b@c.de",
            "\"a\"@b.co",
            "\"a@b\"@c.de",
            "a b@c.de",
            " a@b.co",
            "a@b.co ",
            "a@b.co\r\nBcc: c@d.ef",
            "a\n@b.co",
            "a\0@b.co",
            "a@b.co\n",
            "ä@b.co",
            "a@bü.de",
            "a＠b.co",
            "Name <a@b.co>",
            "a,c@b.co",
            "a@b.co,c@d.ef",
            "a(x)@b.co",
            "a\\@b.co",
            "a@b.co.",
            &long_local,
            &long_label,
            &too_long,
        ];
        for input in wrong {
            assert!(EmailAddress::parse(input).is_none(), "{input:?}");
        }
    }

    /// SEC-34.
    #[test]
    fn debug_is_masked_and_serde_is_a_string() {
        let address = EmailAddress::parse("chuck334@example.com").unwrap();
        assert_eq!(format!("{address:?}"), "EmailAddress(chuc****@exam*******)");
        assert_eq!(serde_json::to_string(&address).unwrap(), "\"chuck334@example.com\"");
        assert_eq!(serde_json::from_str::<EmailAddress>("\"chuck334@example.com\"").unwrap(), address);
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_idempotent(input in prop_oneof![
            any::<String>(),
            "[a-zA-Z0-9.+@\" -]{1,12}@[a-zA-Z0-9.-]{1,12}",
            "[a-zA-Z0-9]{1,64}@([a-zA-Z0-9]{1,9}\\.){1,3}[a-z]{2,5}",
        ]) {
            if let Some(address) = EmailAddress::parse(&input) {
                prop_assert_eq!(address.as_str(), input.to_ascii_lowercase());
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Some(address.clone()));
                prop_assert!(address.as_str().bytes().all(|b| b.is_ascii_graphic()));
                prop_assert_eq!(address.as_str().matches('@').count(), 1);
            }
        }
    }
}
