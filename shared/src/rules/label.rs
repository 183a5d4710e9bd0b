//! What an operator calls a user's authenticator.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Characters of the longest label.
pub const LABEL_CHARACTERS_MAX: usize = 100;

/// A name for people. `Debug` shows nothing: a number or an address may stand in it.
///
/// Deserialising does not check: it is for what this crate wrote; input goes through [`Label::parse`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

impl Label {
    /// Takes a label as an operator typed it; `None` when it is empty, too long, or has a control character.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed =
            (1..=LABEL_CHARACTERS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The label, to be shown to operators; never for a log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Label(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_bounded_and_not_logged() {
        assert_eq!(Label::parse("Ada's phone").unwrap().as_str(), "Ada's phone");
        assert!(Label::parse(&"é".repeat(LABEL_CHARACTERS_MAX)).is_some());
        for bad in ["", "a\nb", "\u{7f}", &"é".repeat(LABEL_CHARACTERS_MAX + 1)] {
            assert!(Label::parse(bad).is_none(), "{bad:?}");
        }
        assert_eq!(format!("{:?}", Label::parse("+4915112345678")), "Some(Label(…))");
    }
}
