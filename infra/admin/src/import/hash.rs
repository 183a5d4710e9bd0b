//! Password hashes in a row.

use postern::token::foreign::{ForeignHash, HashFlaw, argon2_hash, bcrypt_hash};
use serde_json::Value;

use super::reason::Reason;

const CUSTOM: &str = "custom_password_hash";

/// Auth0's own hash: bcrypt's.
pub(crate) fn own(value: &Value) -> Result<ForeignHash, Reason> {
    const PROPERTY: &str = "password_hash";
    let text = value.as_str().ok_or(Reason::WrongType { property: PROPERTY, expected: "a string" })?;
    bcrypt_hash(text).map_err(|flaw| reason(flaw, PROPERTY))
}

/// A hash that was brought to Auth0 from elsewhere: `{"algorithm": …, "hash": {"value": …}}`.
pub(crate) fn custom(value: &Value) -> Result<ForeignHash, Reason> {
    let wrong = Reason::WrongType { property: CUSTOM, expected: "an object with algorithm and hash" };
    let members = value.as_object().ok_or(wrong.clone())?;
    let take = match members.get("algorithm").and_then(Value::as_str).ok_or(wrong.clone())? {
        "bcrypt" => bcrypt_hash,
        "argon2" => argon2_hash,
        _ => return Err(Reason::HashAlgorithm),
    };
    let hash = members.get("hash").and_then(Value::as_object).ok_or(wrong.clone())?;
    // Both have salt and parameters within, and are written in ASCII.
    let is_plain = |name: &str, value: &Value| name == "encoding" && value == "utf8";
    let is_detailed = hash.iter().any(|(name, value)| name != "value" && !is_plain(name, value))
        || members.keys().any(|name| !["algorithm", "hash"].contains(&name.as_str()));
    if is_detailed {
        return Err(Reason::HashDetail);
    }
    let text = hash.get("value").and_then(Value::as_str).ok_or(wrong)?;
    take(text).map_err(|flaw| reason(flaw, CUSTOM))
}

fn reason(flaw: HashFlaw, property: &'static str) -> Reason {
    match flaw {
        HashFlaw::Malformed => Reason::HashMalformed(property),
        HashFlaw::TooCostly => Reason::HashTooCostly(property),
    }
}
