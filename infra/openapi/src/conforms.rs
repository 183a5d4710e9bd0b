//! Whether what was sent and answered is what the document says of the operation.

use serde_json::Value;

use crate::check::Checker;

/// A request that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// `GET` and so on.
    pub method: &'a str,
    /// Without query.
    pub path: &'a str,
    /// The request's body, where it is JSON.
    pub sent: Option<&'a Value>,
    /// The answer's status.
    pub status: u16,
    /// The answer's content type.
    pub content_type: Option<&'a str>,
    /// The answer's body.
    pub body: &'a str,
}

/// What every path answers, and no operation says by itself (the document's own description does).
const EVERYWHERE: [u16; 2] = [405, 413];

/// Checks an answer by a document; and of a request to the Management API that was done, that its body was one that the
/// document allows. What is asked of a path that is not in the document is not looked at.
///
/// # Errors
/// What does not fit.
pub fn conforms(document: &Value, exchange: &Exchange<'_>) -> Result<(), String> {
    let Some((template, item)) = path_item(document, exchange.path) else { return Ok(()) };
    if EVERYWHERE.contains(&exchange.status) {
        return Ok(());
    }
    let method = exchange.method.to_ascii_lowercase();
    // The gateway and axum answer HEAD as GET, without the body.
    let Some(operation) = item.get(&method) else { return Ok(()) };
    let told = |problem: String| format!("{} {template} {}: {problem}", exchange.method, exchange.status);
    let checker = Checker::new(document);
    let response = operation.get("responses").and_then(|all| all.get(exchange.status.to_string()));
    let response =
        response.ok_or_else(|| told(format!("the status is not in the document: {}", exchange.body)))?;
    let response = checker.resolved(response).ok_or_else(|| told("no such component".to_owned()))?;
    answer(checker, response, exchange).map_err(told)?;
    match exchange.sent {
        Some(sent) if exchange.status < 300 && template.starts_with("/api/v2/") => {
            request(checker, operation, sent).map_err(told)
        }
        _ => Ok(()),
    }
}

fn answer(checker: Checker<'_>, response: &Value, exchange: &Exchange<'_>) -> Result<(), String> {
    let declared = exchange.content_type.map(|name| name.split(';').next().unwrap_or_default().trim());
    let Some(content) = response.get("content") else {
        return if exchange.body.is_empty() { Ok(()) } else { Err("there should be no body".to_owned()) };
    };
    let declared = declared.ok_or("there is no content type")?;
    let media = content.get(declared).ok_or_else(|| format!("{declared} is not in the document"))?;
    let schema = media.get("schema").ok_or("no schema")?;
    let body = match declared {
        "application/json" => serde_json::from_str(exchange.body).map_err(|error| error.to_string())?,
        _ => Value::String(exchange.body.to_owned()),
    };
    checker.check(schema, &body).map_err(|misfit| format!("{misfit}: {body}"))
}

fn request(checker: Checker<'_>, operation: &Value, sent: &Value) -> Result<(), String> {
    match operation.pointer("/requestBody/content/application~1json/schema") {
        Some(schema) => checker.check(schema, sent).map_err(|misfit| format!("it took {sent}: {misfit}")),
        None => Ok(()),
    }
}

/// The path of the document that a request's is: one without parameters before one with.
fn path_item<'a>(document: &'a Value, path: &str) -> Option<(&'a str, &'a Value)> {
    let paths = document.get("paths")?.as_object()?;
    let matching = paths.iter().filter(|(template, _)| is_of(template, path));
    matching
        .min_by_key(|(template, _)| template.matches('{').count())
        .map(|(name, item)| (name.as_str(), item))
}

fn is_of(template: &str, path: &str) -> bool {
    let (wanted, found) = (template.split('/'), path.split('/'));
    wanted.clone().count() == found.clone().count()
        && wanted.zip(found).all(|(wanted, found)| {
            let is_parameter = wanted.starts_with('{') && !found.is_empty();
            is_parameter || wanted == found
        })
}
