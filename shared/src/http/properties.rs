//! Properties of a body of the Management API: each of its type and within its bounds, or a refusal that names it.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::id::{ClientId, UserId};
use crate::rules::web_url::{is_app_url, is_web_url};
use crate::wire::management::ManagementRefusal;

/// Longest address of a page or picture, in characters.
pub const URL_CHARACTERS_MAX: usize = 2_048;

/// A string.
///
/// # Errors
/// 400, names the property.
pub fn string<'a>(property: &str, value: &'a Value) -> Result<&'a str, ManagementRefusal> {
    value.as_str().ok_or_else(|| ManagementRefusal::property(property, "Expected type string"))
}

/// A property that null takes away, and how it is read otherwise.
///
/// # Errors
/// As `read`.
pub fn nullable<T>(
    value: &Value,
    read: impl FnOnce(&Value) -> Result<T, ManagementRefusal>,
) -> Result<Option<T>, ManagementRefusal> {
    if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

/// The id of a user.
///
/// # Errors
/// 400, names the property.
pub fn user_id(property: &str, value: &Value) -> Result<UserId, ManagementRefusal> {
    UserId::parse(string(property, value)?).ok_or_else(|| ManagementRefusal::malformed(property, "user-id"))
}

/// The id of a client.
///
/// # Errors
/// 400, names the property.
pub fn client_id(property: &str, value: &Value) -> Result<ClientId, ManagementRefusal> {
    ClientId::parse(string(property, value)?)
        .ok_or_else(|| ManagementRefusal::malformed(property, "client-id"))
}

/// A truth value.
///
/// # Errors
/// 400, names the property.
pub fn truth(property: &str, value: &Value) -> Result<bool, ManagementRefusal> {
    value.as_bool().ok_or_else(|| ManagementRefusal::property(property, "Expected type boolean"))
}

/// A whole number within bounds.
///
/// # Errors
/// 400, names the property.
pub fn integer(
    property: &str,
    value: &Value,
    bounds: &RangeInclusive<u64>,
) -> Result<u64, ManagementRefusal> {
    let invalid = |problem: &str| ManagementRefusal::property(property, problem);
    let number = value.as_u64().ok_or_else(|| invalid("Expected type integer"))?;
    if number < *bounds.start() {
        return Err(invalid(&format!("Value {number} is less than minimum {}", bounds.start())));
    }
    if number > *bounds.end() {
        return Err(invalid(&format!("Value {number} is greater than maximum {}", bounds.end())));
    }
    Ok(number)
}

/// Text for people, of so many characters, without control characters.
///
/// # Errors
/// 400, names the property.
pub fn text<'a>(
    property: &str,
    value: &'a Value,
    characters: &RangeInclusive<usize>,
) -> Result<&'a str, ManagementRefusal> {
    let invalid = |problem: &str| ManagementRefusal::property(property, problem);
    let text = string(property, value)?;
    let count = text.chars().count();
    if count < *characters.start() {
        let least = characters.start();
        return Err(invalid(&format!("String is too short ({count} chars), minimum {least}")));
    }
    if count > *characters.end() {
        let most = characters.end();
        return Err(invalid(&format!("String is too long ({count} chars), maximum {most}")));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid("String has a control character"));
    }
    Ok(text)
}

/// One of some words.
///
/// # Errors
/// 400, names the property and the words.
pub fn word<'a>(property: &str, value: &'a Value, words: &[&str]) -> Result<&'a str, ManagementRefusal> {
    let word = string(property, value)?;
    match words.contains(&word) {
        true => Ok(word),
        false => {
            let problem = format!("No enum match, expected one of: {}", words.join(", "));
            Err(ManagementRefusal::property(property, &problem))
        }
    }
}

/// The items of an array, so many at most.
///
/// # Errors
/// 400, names the property.
pub fn array<'a>(property: &str, value: &'a Value, most: usize) -> Result<&'a [Value], ManagementRefusal> {
    let invalid = |problem: &str| ManagementRefusal::property(property, problem);
    let items = value.as_array().ok_or_else(|| invalid("Expected type array"))?;
    match items.len() {
        count if count <= most => Ok(items),
        count => Err(invalid(&format!("Array is too long ({count}), maximum {most}"))),
    }
}

/// An object.
///
/// # Errors
/// 400, names the property.
pub fn members<'a>(property: &str, value: &'a Value) -> Result<&'a Map<String, Value>, ManagementRefusal> {
    value.as_object().ok_or_else(|| ManagementRefusal::property(property, "Expected type object"))
}

/// The one value that a property can have here; another asks for what is not done.
///
/// # Errors
/// 400, names the property and the value.
pub fn only(property: &str, value: &Value, expected: &Value) -> Result<(), ManagementRefusal> {
    match value == expected {
        true => Ok(()),
        false => Err(ManagementRefusal::Unsupported(format!("{property} can only be {expected} here."))),
    }
}

/// An absolute address, of http or https, or where `is_any_scheme` of whatever scheme but those that browsers run.
///
/// # Errors
/// 400, names the property.
pub fn url<'a>(property: &str, value: &'a Value, is_any_scheme: bool) -> Result<&'a str, ManagementRefusal> {
    let url = text(property, value, &(1..=URL_CHARACTERS_MAX))?;
    let is_address = if is_any_scheme { is_app_url(url) } else { is_web_url(url) };
    // As a wildcard it would mean what nothing here does.
    match is_address && !url.contains('*') {
        true => Ok(url),
        false => Err(ManagementRefusal::malformed(property, "uri")),
    }
}
