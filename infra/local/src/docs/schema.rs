//! Schemas for people: each member with its type, its bounds and its meaning.

use std::fmt::Write;

use postern::delivery::template::escape_html;
use serde_json::{Map, Value};

use super::html::inline;

/// A schema; what has a name is a link to it.
pub(crate) fn shown(schema: &Value) -> String {
    let mut html = format!("<p>{}</p>", line(schema));
    let nested = schema.get("items").unwrap_or(schema);
    if nested.get("$ref").is_none() {
        html.push_str(&parts(nested));
    }
    html
}

/// Members and alternatives.
fn parts(schema: &Value) -> String {
    let mut html = String::new();
    for keyword in ["anyOf", "oneOf", "allOf"] {
        let each = schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
        // What narrows another schema says nothing that a reader does not see in the examples.
        let each: Vec<_> = each.filter(|part| keyword != "allOf" || part.get("$ref").is_some()).collect();
        if each.iter().any(|part| part.get("properties").is_some()) {
            let shown = each.into_iter().map(|part| format!("<li>{}</li>", shown(part)));
            let _ = write!(html, "<ul class=\"either\">{}</ul>", shown.collect::<String>());
        }
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return html };
    let required: Vec<_> = names(schema.get("required")).collect();
    html.push_str("<dl>");
    for (name, member) in properties {
        let must = if required.contains(&name.as_str()) { " <b>required</b>" } else { "" };
        let _ = write!(html, "<dt><code>{}</code>{must}</dt><dd>{}", escape_html(name), line(member));
        let nested = member.get("items").unwrap_or(member);
        if nested.get("$ref").is_none() {
            html.push_str(&parts(nested));
        }
        html.push_str("</dd>");
    }
    html.push_str("</dl>");
    html
}

fn names(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Type, bounds and meaning in one line.
pub(crate) fn line(schema: &Value) -> String {
    let kind = format!("<span class=\"kind\">{}</span>", kind(schema));
    match schema.get("description").and_then(Value::as_str) {
        Some(text) => format!("{kind} {}", inline(text)),
        None => kind,
    }
}

fn kind(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = escape_html(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
        let Some(Value::Array(each)) = schema.get(keyword) else { continue };
        let named = |part: &Value| keyword != "allOf" || part.get("$ref").is_some();
        let words: Vec<_> = each.iter().filter(|part| named(part)).map(kind).collect();
        return words.join(" or ");
    }
    if let Some(value) = schema.get("const") {
        return format!("<code>{}</code>", escape_html(&value.to_string()));
    }
    let Value::Object(keywords) = schema else { return "anything".to_owned() };
    let name = match keywords.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        Some(Value::String(name)) => name.clone(),
        _ => "anything".to_owned(),
    };
    let of = schema.get("items").map(|items| format!(" of {}", kind(items))).unwrap_or_default();
    format!("{}{of}{}", escape_html(&name), bounds(keywords))
}

fn bounds(keywords: &Map<String, Value>) -> String {
    let mut html = String::new();
    let both = [
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " members"),
    ];
    for (least, most, what) in both {
        let words = match (keywords.get(least), keywords.get(most)) {
            (Some(least), Some(most)) if least == most => format!("{least}{what}"),
            (Some(least), Some(most)) => format!("{least} to {most}{what}"),
            (Some(least), None) => format!("at least {least}{what}"),
            (None, Some(most)) => format!("at most {most}{what}"),
            (None, None) => continue,
        };
        let _ = write!(html, ", {words}");
    }
    for keyword in ["format", "pattern"] {
        if let Some(text) = keywords.get(keyword).and_then(Value::as_str) {
            let _ = write!(html, ", <code>{}</code>", escape_html(text));
        }
    }
    if let Some(Value::Array(words)) = keywords.get("enum") {
        let words = words.iter().map(|word| format!("<code>{}</code>", escape_html(&word.to_string())));
        let _ = write!(html, ": {}", words.collect::<Vec<_>>().join(", "));
    }
    if let Some(value) = keywords.get("default") {
        let _ = write!(html, ", by default <code>{}</code>", escape_html(&value.to_string()));
    }
    html
}
