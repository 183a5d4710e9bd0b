//! Properties of a body of the Management API: each of its type and within its bounds, or a refusal that names it.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

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
    match is_url(url, is_any_scheme) {
        true => Ok(url),
        false => Err(ManagementRefusal::malformed(property, "uri")),
    }
}

fn is_url(url: &str, is_any_scheme: bool) -> bool {
    const RUN_BY_BROWSERS: [&str; 4] = ["javascript", "data", "vbscript", "blob"];
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let scheme = scheme.to_ascii_lowercase();
    let is_web = ["http", "https"].contains(&&*scheme);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let is_known = is_web || (is_any_scheme && is_scheme && !RUN_BY_BROWSERS.contains(&&*scheme));
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let has_host = !authority.is_empty() && !authority.starts_with(['/', '?', '#']);
    let leads_somewhere = if is_web { has_host } else { !rest.is_empty() };
    is_known && leads_somewhere && rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_run_is_no_address() {
        for good in ["https://app.example/in?x=1#y", "http://localhost:4200/", "HTTPS://app.example"] {
            assert!(is_url(good, true) && is_url(good, false), "{good}");
        }
        for app in ["com.example.app://callback", "myapp:/in", "exp+app://x"] {
            assert!(is_url(app, true) && !is_url(app, false), "{app}");
        }
        for bad in [
            "",
            "app",
            "//app.example",
            "https:",
            "https://",
            "https:///x",
            "https://?x",
            "https://a b",
            "1a://x",
            "://x",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "https://*.app.example",
            "https://\u{e9}.example",
            "myapp:",
        ] {
            assert!(!is_url(bad, true), "{bad}");
        }
    }
}
