//! Scopes: what a token may be used for (RFC 6749 §3.3).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scope tokens in the order they were first named. In serde and `Display` one string, joined by spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scope(Vec<String>);

impl Scope {
    /// Reads a `scope` value: tokens separated by spaces. Repeated tokens count once; a token with a character
    /// that RFC 6749 §3.3 does not allow is dropped, as an unknown one would be.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut seen = BTreeSet::new();
        let tokens = text.split(' ').filter(|token| is_scope_token(token));
        Self(tokens.filter(|token| seen.insert(*token)).map(str::to_owned).collect())
    }

    /// Whether a word can be one token.
    #[must_use]
    pub fn is_token(word: &str) -> bool {
        is_scope_token(word)
    }

    /// What is granted of `available`: all of it when no scope was asked for, else the known ones of `requested`
    /// in the order asked (contract A4).
    #[must_use]
    pub fn granted(requested: Option<&Self>, available: &Self) -> Self {
        match requested {
            None => available.clone(),
            Some(requested) => {
                let known: BTreeSet<&str> = available.iter().collect();
                Self(requested.iter().filter(|token| known.contains(token)).map(str::to_owned).collect())
            }
        }
    }

    /// The set without one token.
    #[must_use]
    pub fn without(&self, token: &str) -> Self {
        Self(self.0.iter().filter(|mine| *mine != token).cloned().collect())
    }

    /// Whether `token` is in the set.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.iter().any(|mine| mine == token)
    }

    /// Whether the set has no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`: printable ASCII without space, `"` and `\`.
fn is_scope_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl From<String> for Scope {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_keep_their_order_and_count_once() {
        let scope = Scope::parse("  openid read:sample  openid profile ");
        assert_eq!(scope.to_string(), "openid read:sample profile");
        assert!(scope.contains("profile") && !scope.contains("read") && !scope.contains(""));
        assert!(!scope.contains("openid read:sample"));
    }

    #[test]
    fn tokens_with_other_characters_are_dropped() {
        let scope = Scope::parse("a\"b a\\b tab\there é \u{a0} !#$[]~ ok\n ok");
        assert_eq!(scope.to_string(), "!#$[]~ ok");
        assert!(Scope::parse(" ").is_empty());
    }

    /// Contract A4.
    #[test]
    fn unknown_scopes_are_dropped_and_none_asked_means_all() {
        let available = Scope::parse("read:sample write:sample openid");
        let granted = |text: &str| Scope::granted(Some(&Scope::parse(text)), &available).to_string();
        assert_eq!(Scope::granted(None, &available), available);
        assert_eq!(granted("openid admin read:sample"), "openid read:sample");
        assert_eq!(granted("admin"), "");
        assert_eq!(granted("READ:SAMPLE"), "");
    }

    #[test]
    fn in_json_a_scope_is_one_string() {
        let scope = Scope::parse("b a");
        assert_eq!(serde_json::to_string(&scope).unwrap(), "\"b a\"");
        assert_eq!(serde_json::from_str::<Scope>("\"b a b\"").unwrap(), scope);
    }

    fn scope_text() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "([a-d\"é]{1,2} {0,2}){0,12}"]
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent(text in scope_text()) {
            let scope = Scope::parse(&text);
            prop_assert_eq!(&Scope::parse(&scope.to_string()), &scope);
            prop_assert_eq!(scope.iter().collect::<BTreeSet<_>>().len(), scope.iter().count());
        }

        #[test]
        fn what_is_granted_was_asked_for_and_is_available(asked in scope_text(), available in scope_text()) {
            let (asked, available) = (Scope::parse(&asked), Scope::parse(&available));
            let granted = Scope::granted(Some(&asked), &available);
            prop_assert!(granted.iter().all(|token| asked.contains(token) && available.contains(token)));
            let expected = asked.iter().filter(|token| available.contains(token)).count();
            prop_assert_eq!(granted.iter().count(), expected);
            prop_assert_eq!(&Scope::granted(Some(&granted), &available), &granted);
        }
    }
}
