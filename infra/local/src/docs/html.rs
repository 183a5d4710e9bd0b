//! The parts of the page: what is on it, by groups, and the schemas that they refer to.

use std::fmt::Write;

use postern::delivery::template::escape_html;
use serde_json::Value;

use super::operation::{Operation, section};
use super::schema;

/// What is put into the page.
pub(crate) struct Content {
    /// Links to everything.
    pub(crate) contents: String,
    /// Everything.
    pub(crate) main: String,
}

/// Makes it of the document.
pub(crate) fn content(document: &Value, base_url: &str) -> Content {
    let (mut contents, mut main) = (String::new(), String::new());
    main.push_str(&document.pointer("/info/description").map(text_of).unwrap_or_default());
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = tag["name"].as_str().unwrap_or_default();
        let operations = of_group(document, name);
        let (anchor, shown) = (anchor(name), escape_html(name));
        let _ = write!(contents, "<details><summary>{shown}</summary><ul>");
        let _ = write!(main, "<h2 id=\"{anchor}\">{shown}</h2>{}", text_of(&tag["description"]));
        for operation in operations {
            let id = escape_html(operation.id());
            let _ = write!(contents, "<li><a href=\"#{id}\">{}</a>", escape_html(operation.summary()));
            main.push_str(&section(document, &operation, base_url));
        }
        contents.push_str("</ul></details>");
    }
    main.push_str("<h2 id=\"schemas\">Schemas</h2>");
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    for (name, schema) in schemas.into_iter().flatten() {
        let name = escape_html(name);
        let _ =
            write!(main, "<section id=\"schema-{name}\"><h3>{name}</h3>{}</section>", schema::shown(schema));
    }
    contents.push_str("<p><a href=\"#schemas\">Schemas</a></p>");
    Content { contents, main }
}

fn of_group<'a>(document: &'a Value, name: &str) -> Vec<Operation<'a>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, object)| Operation { method, path, object })
    });
    all.filter(|operation| operation.object.pointer("/tags/0").is_some_and(|tag| tag == name)).collect()
}

fn anchor(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

/// Paragraphs, with code between backticks.
pub(crate) fn text_of(text: &Value) -> String {
    let text = text.as_str().unwrap_or_default();
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>", inline(paragraph))).collect()
}

/// Words, with code between backticks.
pub(crate) fn inline(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = escape_html(part);
        let _ = if index % 2 == 1 { write!(html, "<code>{part}</code>") } else { write!(html, "{part}") };
    }
    html
}

/// JSON as it is read.
pub(crate) fn code(value: &Value) -> String {
    format!("<pre>{}</pre>", escape_html(&format!("{value:#}")))
}
