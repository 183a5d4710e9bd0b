//! What is stored of a code: its MAC, together with all that the code is bound to (SEC-2, SEC-11).

use ring::hmac;
use serde::{Deserialize, Serialize};

use super::keyring::{KeyError, KeyRing, Purpose};
use crate::id::Kid;
use crate::time::Timestamp;

/// A MAC, and the root it was made under.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CodeMac {
    pub(crate) mac: String,
    pub(crate) kid: Kid,
}

impl CodeMac {
    /// The MAC of a code and what it is bound to, under the newest root.
    ///
    /// # Errors
    /// When there is no root.
    pub fn make(ring: &KeyRing, purpose: Purpose, parts: &[&str], now: Timestamp) -> Result<Self, KeyError> {
        let root = ring.root(now)?;
        let tag = hmac::sign(&root.mac_key(purpose)?, &message(parts));
        Ok(Self { mac: data_encoding::HEXLOWER.encode(tag.as_ref()), kid: root.kid.clone() })
    }

    /// Whether it is the MAC of these, in constant time, under the root it was made with (SEC-3, SEC-6).
    #[must_use]
    pub fn is_of(&self, ring: &KeyRing, purpose: Purpose, parts: &[&str]) -> bool {
        let root = ring.root_of(&self.kid).filter(|root| root.vouches_for(purpose));
        let Some(root) = root else { return false };
        let (Ok(key), Ok(mac)) = (root.mac_key(purpose), data_encoding::HEXLOWER.decode(self.mac.as_bytes()))
        else {
            return false;
        };
        hmac::verify(&key, &message(parts), &mac).is_ok()
    }
}

/// A zero byte ends each part: none of them can contain one.
fn message(parts: &[&str]) -> Vec<u8> {
    parts.iter().flat_map(|part| part.bytes().chain([0])).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::token::keyring::Root;

    /// SEC-11: neither the bounds between the parts nor the purpose can be moved; and what is stored are two attributes.
    #[test]
    fn a_mac_is_of_its_parts_and_purpose_only() {
        let root = Root::new(Kid::new("r1"), Timestamp(0), &[7; 32]);
        let ring = KeyRing { roots: vec![Arc::new(root)], signing: vec![] };
        let mac = CodeMac::make(&ring, Purpose::CodeMac, &["ab", "c"], Timestamp(1)).unwrap();
        assert!(mac.is_of(&ring, Purpose::CodeMac, &["ab", "c"]));
        for other in [&["a", "bc"][..], &["ab", "c", ""], &["abc"], &["ab", "d"]] {
            assert!(!mac.is_of(&ring, Purpose::CodeMac, other), "{other:?}");
        }
        assert!(!mac.is_of(&ring, Purpose::SignInCodeMac, &["ab", "c"]));
        assert!(!mac.is_of(&KeyRing::default(), Purpose::CodeMac, &["ab", "c"]));
        let stored = serde_json::to_value(&mac).unwrap();
        assert_eq!(stored, serde_json::json!({"mac": stored["mac"], "kid": "r1"}));
    }
}
