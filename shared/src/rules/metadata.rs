//! What applications and operators keep of a user, as far as Postern looks at it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest metadata, in bytes of JSON: it is read with every login.
pub const METADATA_BYTES_MAX: usize = 4_096;
/// Objects and arrays within each other; DynamoDB takes 32.
const DEPTH_MAX: usize = 16;
/// Magnitudes of numbers that are not whole; DynamoDB takes 1E-130 to 9.9E125.
const MAGNITUDES: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// Which of a user's two kinds of metadata (contract §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataKind {
    /// What the user may see and change.
    User,
    /// What only operators do.
    App,
}

impl MetadataKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::User, Self::App];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user_metadata",
            Self::App => "app_metadata",
        }
    }
}

/// `user_metadata` or `app_metadata`: a bounded JSON object, boxed because profiles are moved about and few have any. Its `Debug` shows
/// nothing.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserMetadata(Box<Map<String, Value>>);

impl UserMetadata {
    /// Takes an object that is not too long, and that the table can hold: not too deep, without nameless members, its
    /// numbers neither huge nor tiny.
    #[must_use]
    pub fn new(members: Map<String, Value>) -> Option<Self> {
        let metadata = Self(Box::new(members));
        let json = serde_json::to_vec(&*metadata.0).ok()?;
        let fits = metadata.0.iter().all(|(name, value)| !name.is_empty() && can_be_kept(value, DEPTH_MAX));
        (json.len() <= METADATA_BYTES_MAX && fits).then_some(metadata)
    }

    /// With members of the first level set, and taken away where they are null; `None` when it does not fit.
    #[must_use]
    pub fn merged(&self, members: &Map<String, Value>) -> Option<Self> {
        let mut merged = (*self.0).clone();
        for (name, value) in members {
            if value.is_null() {
                merged.remove(name);
            } else {
                merged.insert(name.clone(), value.clone());
            }
        }
        Self::new(merged)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The user's language, where applications keep it: `lang`.
    #[must_use]
    pub fn lang(&self) -> Option<&str> {
        self.0.get("lang").and_then(Value::as_str)
    }

    /// As JSON, by the alphabet: a stored map has no order, and would be shown in another one each time.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = Value::Object((*self.0).clone());
        json.sort_all_objects();
        json
    }
}

fn can_be_kept(value: &Value, depth: usize) -> bool {
    match value {
        Value::Number(number) => {
            number.is_u64()
                || number.is_i64()
                || number.as_f64().is_some_and(|it| it == 0.0 || MAGNITUDES.contains(&it.abs()))
        }
        Value::Array(items) => depth > 0 && items.iter().all(|item| can_be_kept(item, depth - 1)),
        Value::Object(members) => {
            let fits = |(name, value): (&String, &Value)| !name.is_empty() && can_be_kept(value, depth - 1);
            depth > 0 && members.iter().all(fits)
        }
        Value::Null | Value::Bool(_) | Value::String(_) => true,
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
        let unordered = of(serde_json::json!({ "b": { "d": 1, "c": 2 }, "a": 3 })).unwrap();
        assert_eq!(unordered.to_json().to_string(), r#"{"a":3,"b":{"c":2,"d":1}}"#);
    }

    /// What DynamoDB would refuse is refused before.
    #[test]
    fn metadata_can_be_kept() {
        let fits = |json: &str| UserMetadata::new(serde_json::from_str(json).unwrap()).is_some();
        let nested = |depth: usize| format!("{{\"x\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(fits(&nested(16)) && !fits(&nested(17)));
        assert!(fits(r#"{"a":{"b":0.5,"c":-1e100,"d":0.0,"e":18446744073709551615,"f":null,"g":""}}"#));
        for json in [r#"{"":1}"#, r#"{"a":[{"":1}]}"#, r#"{"a":1e101}"#, r#"{"a":[-1e-101]}"#] {
            assert!(!fits(json), "{json}");
        }
    }

    /// Contract §6: only the first level is merged.
    #[test]
    fn members_are_merged_on_the_first_level() {
        let of = |value: Value| value.as_object().unwrap().clone();
        let metadata = UserMetadata::new(of(serde_json::json!({ "a": { "x": 1 }, "b": 2, "c": 3 }))).unwrap();
        let merged = metadata.merged(&of(serde_json::json!({ "a": { "y": 1 }, "b": null, "d": 4 }))).unwrap();
        assert_eq!(merged.to_json(), serde_json::json!({ "a": { "y": 1 }, "c": 3, "d": 4 }));
        assert!(metadata.merged(&of(serde_json::json!({ "d": "x".repeat(4_090) }))).is_none());
    }
}
