//! What commands show: tables for people, one JSON document for programs.

use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::terminal;

/// How a command answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Table,
    /// One document for programs, on the standard output; everything else is on the standard error.
    Json,
}

/// What a command has to say, in both forms. It has no `Debug`: it may hold a secret that was made.
pub(crate) struct Answer {
    /// For programs: as the Management API has it where it has it.
    pub(crate) json: Value,
    /// For people.
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn new(json: Value, text: impl Into<String>) -> Self {
        Self { json, text: text.into() }
    }

    /// A list of objects as a table, or a sentence where there is none.
    pub(crate) fn list(items: Vec<Value>, columns: &[Column], none: &str) -> Self {
        let text = listed(&items, columns, none);
        Self { json: Value::Array(items), text }
    }

    /// As [`Self::list`], where the table shows something else of an object than the object itself.
    pub(crate) fn list_by(
        items: Vec<Value>,
        columns: &[Column],
        none: &str,
        shown: impl Fn(&mut Map<String, Value>),
    ) -> Self {
        let mut rows = items.clone();
        rows.iter_mut().filter_map(Value::as_object_mut).for_each(shown);
        Self { text: listed(&rows, columns, none), json: Value::Array(items) }
    }

    /// An object as a line for each of its properties.
    pub(crate) fn object(object: Value) -> Self {
        let text = properties(&object);
        Self { json: object, text }
    }

    pub(crate) fn written(self, output: Output) -> String {
        match output {
            Output::Table => self.text,
            Output::Json => escaped(&format!("{:#}\n", self.json)),
        }
    }
}

fn listed(rows: &[Value], columns: &[Column], none: &str) -> String {
    match rows.is_empty() {
        true => format!("{none}\n"),
        false => table(rows, columns).render(terminal::width()),
    }
}

/// JSON with nothing in it that would drive a terminal: the same document, for such characters stand in its texts only.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match c != '\n' && is_harmful(c) {
            true => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => escaped.push(c),
        }
    }
    escaped
}

/// A column: its heading, and the property that it shows.
pub(crate) type Column = (&'static str, &'static str);

fn table(items: &[Value], columns: &[Column]) -> Table {
    let mut table = Table::new(columns.iter().map(|(heading, _)| (*heading).to_owned()).collect());
    for item in items {
        table.row(columns.iter().map(|(_, name)| cell(item.get(*name))).collect());
    }
    table
}

/// A value in a line: a list by its words, what there is not as a dash.
pub(crate) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::String(text)) => harmless(text),
        Some(Value::Array(items)) if items.is_empty() => "-".to_owned(),
        Some(Value::Array(items)) => items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(" "),
        Some(other) => harmless(&other.to_string()),
    }
}

/// Text as a terminal may be given it: names are whatever somebody signed up with, and must not move the cursor, colour
/// what follows or turn it around.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

fn is_harmful(c: char) -> bool {
    const TURNING: [char; 12] = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
        '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
    ];
    c.is_control() || TURNING.contains(&c) || ['\u{2028}', '\u{2029}'].contains(&c)
}

/// The properties of an object, a line each; those of objects in it by their path.
fn properties(object: &Value) -> String {
    let mut lines = Vec::new();
    collect("", object, &mut lines);
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(name, value)| format!("{name:<width$}  {value}\n")).collect()
}

fn collect(prefix: &str, object: &Value, lines: &mut Vec<(String, String)>) {
    for (name, value) in object.as_object().into_iter().flatten() {
        let name = format!("{prefix}{}", harmless(name));
        match value {
            Value::Object(members) if !members.is_empty() => collect(&format!("{name}."), value, lines),
            // Objects in a list, such as scopes with their descriptions: one below the other.
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for (index, item) in items.iter().enumerate() {
                    let name = if index == 0 { name.clone() } else { String::new() };
                    lines.push((name, members_of(item)));
                }
            }
            _ => lines.push((name, cell(Some(value)))),
        }
    }
}

fn members_of(item: &Value) -> String {
    let members = item.as_object().into_iter().flatten();
    let members = members.map(|(name, value)| format!("{}={}", harmless(name), cell(Some(value))));
    members.collect::<Vec<_>>().join(" ")
}

/// Rows under headings.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

/// Between two columns.
const GAP: usize = 2;
/// No column is made narrower.
const COLUMN_MIN: usize = 8;

impl Table {
    pub(crate) fn new(headings: Vec<String>) -> Self {
        Self { rows: vec![headings] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Aligned; cut to a terminal's width, the widest columns first. What is no terminal is given all.
    pub(crate) fn render(&self, width: Option<usize>) -> String {
        let widths = self.widths(width);
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let cell = cut(cell, *width);
                line.push_str(&cell);
                line.extend(std::iter::repeat_n(' ', width + GAP - cell.chars().count().min(*width)));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let mut widths: Vec<_> = (0..columns).map(widest).collect();
        let Some(available) = width else { return widths };
        loop {
            let needed = widths.iter().sum::<usize>() + GAP * columns.saturating_sub(1);
            match widths.iter_mut().max() {
                Some(widest) if needed > available && *widest > COLUMN_MIN => *widest -= 1,
                _ => return widths,
            }
        }
    }
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn items() -> Vec<Value> {
        vec![
            json!({ "id": "a", "name": "Short", "on": true, "words": ["x", "y"] }),
            json!({ "id": "bb", "name": "A name that is rather long", "on": false, "words": [] }),
        ]
    }

    const COLUMNS: [Column; 4] = [("ID", "id"), ("NAME", "name"), ("ON", "on"), ("WORDS", "words")];

    #[test]
    fn columns_are_aligned() {
        assert_snapshot!(table(&items(), &COLUMNS).render(None), @r"
        ID  NAME                        ON   WORDS
        a   Short                       yes  x y
        bb  A name that is rather long  no   -
        ");
        assert_snapshot!(table(&items(), &COLUMNS).render(Some(30)), @r"
        ID  NAME            ON   WORDS
        a   Short           yes  x y
        bb  A name that i…  no   -
        ");
        assert_snapshot!(table(&items(), &COLUMNS).render(Some(1)), @r"
        ID  NAME      ON   WORDS
        a   Short     yes  x y
        bb  A name …  no   -
        ");
    }

    /// A user signs up by whatever name; the operator's terminal shows it and does not obey it.
    #[test]
    fn names_do_not_drive_the_terminal() {
        let name = "\u{1b}[2J\u{9b}31mred\u{202e}drawkcab\r\n";
        assert_eq!(cell(Some(&json!(name))), "\u{fffd}[2J\u{fffd}31mred\u{fffd}drawkcab\u{fffd}\u{fffd}");
        let object =
            json!({ "\u{1b}[2J": { "a": 1 }, "list": [{ "value": "\u{7}", "x": null }, { "value": "b" }] });
        assert_snapshot!(properties(&object), @"
        \u{fffd}[2J.a  1
        list    value=\u{fffd} x=-
                value=b
        ");
    }
}
