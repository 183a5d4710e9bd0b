//! How destinations are shown where the whole of them must not be: in replies, logs and notices (contract §4,
//! SEC-34).

/// Characters left readable in each part.
const SHOWN: usize = 4;

/// An address as `chuc****@exam*******`: local part and domain each keep their first 4 characters and show a `*`
/// for every other; a part of 4 characters or fewer is all `*` (Auth0's rule for the local part; for the domain,
/// where no evidence exists, our choice). Text without an `@` is all `*`. As many characters as the address.
#[must_use]
pub fn mask_email(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{}", mask_part(local), mask_part(domain)),
        None => "*".repeat(address.chars().count()),
    }
}

/// A phone number as `XXXXXXXXX9167`: one character per digit, all but the last 4 an `X`. Signs and separators are
/// left out; a number of 4 digits or fewer is all `X`, so that none is ever shown whole.
#[must_use]
pub fn mask_phone(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let hidden = if digits.len() > SHOWN { digits.len() - SHOWN } else { digits.len() };
    digits.iter().enumerate().map(|(place, digit)| if place < hidden { 'X' } else { *digit }).collect()
}

fn mask_part(part: &str) -> String {
    let shown = if part.chars().count() > SHOWN { SHOWN } else { 0 };
    part.chars().enumerate().map(|(place, character)| if place < shown { character } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Contract §4, with its evidence; the last ones our choice.
    #[test]
    fn addresses() {
        let cases = [
            ("chuck334@example.com", "chuc****@exam*******"),
            ("user@example.com", "****@exam*******"),
            ("alice@example.com", "alic*@exam*******"),
            ("a@example.com", "*@exam*******"),
            ("someone@b.co", "some***@****"),
            ("someone@b.com", "some***@b.co*"),
            ("münchen@exämple.de", "münc***@exäm******"),
            ("日本語文字@例え.テスト", "日本語文*@例え.テ**"),
            ("no address", "**********"),
            ("a@b@example.com", "***@exam*******"),
            ("@", "@"),
            ("", ""),
        ];
        for (address, masked) in cases {
            assert_eq!(mask_email(address), masked);
        }
    }

    /// Contract §4.
    #[test]
    fn phone_numbers() {
        let cases = [
            ("+5491155559167", "XXXXXXXXX9167"),
            ("+1 (415) 555-9167", "XXXXXXX9167"),
            ("12345", "X2345"),
            ("1234", "XXXX"),
            ("", ""),
            ("none", ""),
        ];
        for (number, masked) in cases {
            assert_eq!(mask_phone(number), masked);
        }
    }

    proptest! {
        #[test]
        fn an_address_keeps_its_length_and_shows_at_most_four_and_four(
            address in prop_oneof![any::<String>(), "\\PC{0,12}@\\PC{0,12}"],
        ) {
            let masked = mask_email(&address);
            prop_assert_eq!(masked.chars().count(), address.chars().count());
            let (local, domain) = masked.rsplit_once('@').unwrap_or((&masked, ""));
            for part in [local, domain] {
                prop_assert!(part.chars().filter(|c| *c != '*').count() <= 4);
                // What is shown is a prefix: behind the first four there are only stars.
                prop_assert!(part.chars().skip(4).all(|c| c == '*'));
            }
        }

        #[test]
        fn a_number_keeps_its_digits_count_and_shows_at_most_four(
            number in prop_oneof![any::<String>(), "\\+?[0-9 -]{0,20}"],
        ) {
            let masked = mask_phone(&number);
            prop_assert_eq!(masked.len(), number.chars().filter(char::is_ascii_digit).count());
            prop_assert!(masked.chars().filter(char::is_ascii_digit).count() <= 4);
            prop_assert!(masked.is_empty() || masked.starts_with('X'));
        }
    }
}
