//! An operation for people: what it takes, what it answers, and how to call it.

use std::fmt::Write;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use postern::delivery::template::escape_html;
use serde_json::Value;

use super::html::{code, inline, text_of};
use super::schema;

/// An operation of the document.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) object: &'a Value,
}

impl<'a> Operation<'a> {
    pub(crate) fn id(&self) -> &'a str {
        self.object["operationId"].as_str().unwrap_or_default()
    }

    pub(crate) fn summary(&self) -> &'a str {
        self.object["summary"].as_str().unwrap_or_default()
    }

    fn parameters(&self) -> impl Iterator<Item = &'a Value> {
        self.object["parameters"].as_array().into_iter().flatten()
    }

    /// The body's content types, with what is said of each.
    fn bodies(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.object.pointer("/requestBody/content").and_then(Value::as_object).into_iter().flatten()
    }
}

/// All of it.
pub(crate) fn section(document: &Value, operation: &Operation<'_>, base_url: &str) -> String {
    let (method, path) = (operation.method.to_uppercase(), escape_html(operation.path));
    let mut html = format!(
        "<section id=\"{}\"><h3>{}</h3><p class=\"route\"><b>{method}</b> <code>{path}</code></p>",
        escape_html(operation.id()),
        escape_html(operation.summary()),
    );
    html.push_str(&text_of(&operation.object["description"]));
    let _ = write!(html, "<p class=\"access\">{}</p>", access(&operation.object["security"]));
    parameters(&mut html, operation);
    body(&mut html, document, operation);
    let _ = write!(html, "<h4>Call</h4><pre>{}</pre>", escape_html(&curl(operation, base_url)));
    answers(&mut html, document, operation);
    html.push_str("</section>");
    html
}

fn access(security: &Value) -> String {
    let scheme = security.as_array().into_iter().flatten().filter_map(Value::as_object).flatten().next();
    let Some((scheme, scopes)) = scheme else { return "Open to anybody.".to_owned() };
    let scopes = scopes.as_array().into_iter().flatten().filter_map(Value::as_str);
    let scopes: Vec<_> = scopes.map(|scope| format!("<code>{}</code>", escape_html(scope))).collect();
    let scopes = scopes.join(", ");
    match scheme.as_str() {
        "management" => format!("Bearer token of the Management API with scope {scopes}."),
        "mfaToken" => format!("Bearer token: an <code>mfa_token</code>, or an access token for the <code>/mfa/</code> audience with scope {scopes}."),
        "accessToken" => "Bearer token: a user's access token.".to_owned(),
        _ => "A client, by <code>client_id</code> and <code>client_secret</code> in the body, or by HTTP Basic.".to_owned(),
    }
}

fn parameters(html: &mut String, operation: &Operation<'_>) {
    let mut each = operation.parameters().peekable();
    if each.peek().is_none() {
        return;
    }
    html.push_str("<h4>Parameters</h4><dl>");
    for parameter in each {
        let (name, place) = (&parameter["name"], &parameter["in"]);
        let must = if parameter["required"] == true { " <b>required</b>" } else { "" };
        let _ = write!(
            html,
            "<dt><code>{}</code> <span class=\"kind\">{}</span>{must}</dt><dd>{} {}</dd>",
            escape_html(name.as_str().unwrap_or_default()),
            escape_html(place.as_str().unwrap_or_default()),
            schema::line(&parameter["schema"]),
            inline(parameter["description"].as_str().unwrap_or_default()),
        );
    }
    html.push_str("</dl>");
}

/// What has a name is shown here all the same: most bodies are of one operation.
fn body(html: &mut String, document: &Value, operation: &Operation<'_>) {
    let types: Vec<_> =
        operation.bodies().map(|(name, _)| format!("<code>{}</code>", escape_html(name))).collect();
    if let Some((_, media)) = operation.bodies().next() {
        let schema = openapi::Checker::new(document).resolved(&media["schema"]).unwrap_or(&media["schema"]);
        let _ = write!(html, "<h4>Body</h4><p>{}</p>{}", types.join(" or "), schema::shown(schema));
    }
}

fn answers(html: &mut String, document: &Value, operation: &Operation<'_>) {
    html.push_str("<h4>Answers</h4>");
    for (status, answer) in operation.object["responses"].as_object().into_iter().flatten() {
        let answer = openapi::Checker::new(document).resolved(answer).unwrap_or(answer);
        let meaning = inline(answer["description"].as_str().unwrap_or_default());
        let _ = write!(html, "<details><summary><b>{}</b> {meaning}</summary>", escape_html(status));
        let headers = answer["headers"].as_object().into_iter().flatten();
        let headers: Vec<_> =
            headers.map(|(name, _)| format!("<code>{}</code>", escape_html(name))).collect();
        if !headers.is_empty() {
            let _ = write!(html, "<p>Headers: {}</p>", headers.join(", "));
        }
        for (name, media) in answer["content"].as_object().into_iter().flatten() {
            let _ =
                write!(html, "<p><code>{}</code> {}</p>", escape_html(name), schema::line(&media["schema"]));
            let named = media["examples"].as_object().into_iter().flatten().map(|(_, it)| &it["value"]);
            media.get("example").into_iter().chain(named).for_each(|example| html.push_str(&code(example)));
        }
        html.push_str("</details>");
    }
}

/// A command that calls it, with the examples of its parameters.
fn curl(operation: &Operation<'_>, base_url: &str) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let encoded = |value: &Value| utf8_percent_encode(&text(value), NON_ALPHANUMERIC).to_string();
    let (mut path, mut query) = (operation.path.to_owned(), Vec::new());
    for parameter in operation.parameters() {
        let name = parameter["name"].as_str().unwrap_or_default();
        match parameter["in"].as_str() {
            Some("path") => path = path.replace(&format!("{{{name}}}"), &encoded(&parameter["example"])),
            Some("query") if parameter["required"] == true => {
                query.push(format!("{name}={}", encoded(&parameter["example"])));
            }
            _ => {}
        }
    }
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let mut lines = vec![format!("curl -X {} '{base_url}{path}{query}'", operation.method.to_uppercase())];
    let security = operation.object["security"].to_string();
    if ["management", "mfaToken", "accessToken"].iter().any(|scheme| security.contains(scheme)) {
        lines.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
    }
    match operation.bodies().next() {
        Some((name, media)) if name == "application/json" => {
            lines.push("-H 'Content-Type: application/json'".to_owned());
            lines.push(format!("-d '{}'", media["example"].to_string().replace('\'', "'\\''")));
        }
        Some((_, media)) => {
            let pairs = media["example"].as_object().into_iter().flatten();
            lines.extend(pairs.map(|(name, value)| format!("--data-urlencode '{name}={}'", text(value))));
        }
        None => {}
    }
    lines.join(" \\\n  ")
}
