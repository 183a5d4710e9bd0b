//! What an application keeps of a user, as far as Postern looks at it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest metadata, in bytes of JSON: it is read with every login.
const METADATA_BYTES_MAX: usize = 4_096;

/// `user_metadata`: a bounded JSON object, boxed because profiles are moved about and few have any. Its `Debug` shows
/// nothing.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserMetadata(Box<Map<String, Value>>);

impl UserMetadata {
    /// Takes an object that is not too long.
    #[must_use]
    pub fn new(members: Map<String, Value>) -> Option<Self> {
        let metadata = Self(Box::new(members));
        let json = serde_json::to_vec(&*metadata.0).ok()?;
        (json.len() <= METADATA_BYTES_MAX).then_some(metadata)
    }

    /// The user's language, where applications keep it: `lang`.
    #[must_use]
    pub fn lang(&self) -> Option<&str> {
        self.0.get("lang").and_then(Value::as_str)
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        Value::Object((*self.0).clone())
    }
}

impl std::fmt::Debug for UserMetadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserMetadata(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_bounded_and_not_shown() {
        let of = |value: Value| UserMetadata::new(value.as_object().unwrap().clone());
        let metadata = of(serde_json::json!({ "lang": "de", "phone": "+1" })).unwrap();
        assert_eq!(metadata.lang(), Some("de"));
        assert_eq!(of(serde_json::json!({ "lang": 1 })).unwrap().lang(), None);
        assert!(of(serde_json::json!({ "x": "x".repeat(4_090) })).is_none());
        assert!(!format!("{metadata:?}").contains("+1"));
    }
}
