//! Refresh tokens as text, and the computation of the next one (`rules::refresh` says why it is computed).
//!
//! Text form: `v1.<base64url(family ‖ secret ‖ user ‖ 0 ‖ audience)>`. It is opaque to clients and not sealed: the
//! secret alone makes it good. It names the audience so that the API can be looked up beside everything else, and what
//! it grants is what the API grants today.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::hmac;

use crate::id::{FamilyId, UserId};
use crate::rules::refresh::{RefreshSecret, Replaced, SECRET_BYTES};
use crate::token::keyring::{KeyError, KeyRing, Purpose, Root};

const PREFIX: &str = "v1.";
/// Longest token that is looked at, in bytes: a user id and an audience of the greatest length fit, and what becomes a
/// key of the table stays below what a key may be.
const TOKEN_BYTES_MAX: usize = 2 * 1024;

/// A refresh token.
#[derive(Clone)]
pub struct RefreshToken {
    /// Whose.
    pub user: UserId,
    /// Of which sign-in.
    pub family: FamilyId,
    /// For which API.
    pub audience: String,
    /// What makes it good.
    pub secret: RefreshSecret,
}

/// Its family's name is all that is needed to end it, so that is not shown either.
impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

impl RefreshToken {
    /// Reads a token; `None` when it cannot be one of ours, which callers treat as unknown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(text.strip_prefix(PREFIX)?.as_bytes()).ok()?;
        let (family, rest) = bytes.split_at_checked(FamilyId::BYTES)?;
        let (secret, rest) = rest.split_first_chunk::<SECRET_BYTES>()?;
        let (user, audience) = std::str::from_utf8(rest).ok()?.split_once('\0')?;
        Some(Self {
            user: Some(user).filter(|user| !user.is_empty()).map(UserId::new)?,
            family: FamilyId::parse(std::str::from_utf8(family).ok()?)?,
            audience: audience.to_owned(),
            secret: RefreshSecret::from_bytes(*secret),
        })
    }

    /// The token as the client gets it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut bytes = self.family.as_str().as_bytes().to_vec();
        bytes.extend_from_slice(self.secret.as_bytes());
        bytes.extend_from_slice(self.user.as_str().as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(self.audience.as_bytes());
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes))
    }

    /// The same token with another secret.
    #[must_use]
    pub fn with(&self, secret: RefreshSecret) -> Self {
        Self { secret, ..self.clone() }
    }

    /// The secret that replaces this one, under a root: a MAC of it, which nobody else can compute and which tells
    /// nothing about the one after it.
    ///
    /// # Errors
    /// When the root yields no key.
    pub fn successor(&self, root: &Root) -> Result<RefreshSecret, KeyError> {
        let mut message = self.family.as_str().as_bytes().to_vec();
        message.extend_from_slice(self.secret.as_bytes());
        let tag = hmac::sign(&root.mac_key(Purpose::RefreshSecret)?, &message);
        tag.as_ref().try_into().map(RefreshSecret::from_bytes).map_err(|_| KeyError)
    }

    /// The secret at the end of these steps, each computed under the root it was first computed under.
    ///
    /// # Errors
    /// When a root is not known here.
    pub fn follow(&self, ring: &KeyRing, steps: &[Replaced]) -> Result<RefreshSecret, KeyError> {
        let mut at = self.clone();
        for step in steps {
            at.secret = at.successor(ring.root_of(&step.kid).ok_or(KeyError)?)?;
        }
        Ok(at.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::id::Kid;
    use crate::rules::random::Random;
    use crate::rules::refresh::{Chain, Standing};
    use crate::time::Timestamp;

    fn token() -> RefreshToken {
        let random = Random::seeded(1);
        RefreshToken {
            user: UserId::new("auth0|1"),
            family: FamilyId::generate(&random).unwrap(),
            audience: "https://someapi.com/api".into(),
            secret: RefreshSecret::generate(&random).unwrap(),
        }
    }

    fn root(kid: &str, byte: u8) -> Arc<Root> {
        Arc::new(Root::new(Kid::new(kid), Timestamp(0), &[byte; 32]))
    }

    #[test]
    fn a_token_survives_its_text_and_shows_nothing() {
        let token = token();
        let read = RefreshToken::parse(&token.text()).unwrap();
        assert_eq!((&read.user, &read.family, &read.audience), (&token.user, &token.family, &token.audience));
        assert!(read.secret.digest().matches(&token.secret.digest()));
        assert_eq!(format!("{token:?}"), "RefreshToken(…)");
        assert!(token.text().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
    }

    /// Design §3: what becomes a key is bounded and checked first.
    #[test]
    fn what_cannot_be_a_token_is_none() {
        let encoded = |bytes: &[u8]| format!("v1.{}", BASE64URL_NOPAD.encode(bytes));
        let body = |family: &str, rest: &[u8]| [family.as_bytes(), &[7; SECRET_BYTES], rest].concat();
        let family = "f".repeat(FamilyId::BYTES);
        assert!(RefreshToken::parse(&encoded(&body(&family, b"u\0"))).is_some(), "an audience may be empty");
        let long = "u".repeat(2_000);
        for bad in [
            String::new(),
            "v1.".into(),
            "v1.!".into(),
            "a.b.c".into(),
            token().text().replace("v1.", "v2."),
            encoded(&body(&family, b"u")),
            encoded(&body(&family, b"\0a")),
            encoded(&body(&family, b"\xff\0a")),
            encoded(&body(&"#".repeat(FamilyId::BYTES), b"u\0a")),
            encoded(&body("short", b"")),
            encoded(&body(&family, format!("{long}\0").as_bytes())),
        ] {
            assert!(RefreshToken::parse(&bad).is_none(), "{bad}");
        }
    }

    /// The successor depends on the secret, the family and the root, and on nothing else.
    #[test]
    fn a_successor_is_the_same_every_time_and_nobody_elses() {
        let (token, root_a) = (token(), root("a", 1));
        let next = token.successor(&root_a).unwrap().digest();
        assert!(token.successor(&root_a).unwrap().digest().matches(&next));
        let other_audience = RefreshToken { audience: String::new(), ..token.clone() };
        assert!(other_audience.successor(&root_a).unwrap().digest().matches(&next));
        assert!(!token.successor(&root("b", 2)).unwrap().digest().matches(&next));
        let other_family =
            RefreshToken { family: FamilyId::new("g".repeat(FamilyId::BYTES)), ..token.clone() };
        assert!(!other_family.successor(&root_a).unwrap().digest().matches(&next));
        let second = token.with(token.successor(&root_a).unwrap());
        assert!(!second.successor(&root_a).unwrap().digest().matches(&next));
    }

    /// SEC-3: a chain is followed under the roots it was made with, also after a rotation of roots.
    #[test]
    fn a_chain_is_followed_across_roots() {
        let ring = KeyRing { roots: vec![root("a", 1), root("b", 2)], signing: Vec::new() };
        let (first, now) = (token(), Timestamp(10));
        let mut chain = Chain::begin(&first.secret);
        let mut last = first.clone();
        for (kid, at) in [("a", now), ("b", now.plus(5)), ("b", now.plus(6))] {
            let kid = Kid::new(kid);
            let next = last.successor(ring.root_of(&kid).unwrap()).unwrap();
            chain = chain.rotated(&next, &kid, at, 30);
            last = last.with(next);
        }
        let Standing::Recent(steps) = chain.standing(&first.secret.digest(), now.plus(7), 30) else {
            panic!("recent");
        };
        assert!(first.follow(&ring, steps).unwrap().digest().matches(&chain.secret_digest));
        let without = KeyRing { roots: vec![root("a", 1)], signing: Vec::new() };
        assert!(first.follow(&without, steps).is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_is_refused_or_read_without_a_panic(text in "(v1\\.)?[A-Za-z0-9_.-]{0,200}|.*") {
            if let Some(token) = RefreshToken::parse(&text) {
                proptest::prop_assert_eq!(token.text(), text);
            }
        }
    }
}
