//! What every mail is made of: the rendered message, and names made harmless before they get into it.
//!
//! Mails obey two rules that programs rely on (design §9): the code is the first thing in the subject, and it is the
//! only group of exactly six digits in each part, so that a test or a mail client finds it without knowing the wording.
//! Names chosen by an operator cannot break either rule.

use std::fmt;

/// Characters of a name that are shown; the rest gives way to an ellipsis. Keeps the subject and every line of
/// the text part far below the 998 octets of RFC 5322 §2.1.1.
const NAME_CHARS_MAX: usize = 64;

/// A message ready to be sent. Each part contains the code, therefore `Debug` shows lengths only.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedEmail {
    /// One line without control characters; begins with the code.
    pub subject: String,
    /// The `text/html` part: a whole document that fetches nothing and links nowhere.
    pub html: String,
    /// The `text/plain` part, lines ended by LF.
    pub text: String,
}

impl fmt::Debug for RenderedEmail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RenderedEmail")
            .field("subject_bytes", &self.subject.len())
            .field("html_bytes", &self.html.len())
            .field("text_bytes", &self.text.len())
            .finish()
    }
}

/// Replaces each `{{name}}` by its escaped value in one pass, so that a value which itself looks like a
/// placeholder stays text. An unknown placeholder is left as it is.
#[must_use]
pub fn fill(template: &str, values: &[(&str, String)], escape: fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(template.len().saturating_mul(2));
    let mut rest = template;
    while let Some((before, opened)) = rest.split_once("{{") {
        let Some((name, after)) = opened.split_once("}}") else { break };
        filled.push_str(before);
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(&escape(value)),
            None => filled.extend(["{{", name, "}}"]),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Escapes for element content and for quoted attributes alike.
#[must_use]
pub fn escape_html(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// An operator's or client's name as it may appear in a subject: one line, bounded, with no control or
/// direction characters and no group of digits that could be taken for the code.
pub(super) fn name(raw: &str) -> String {
    let spaced: String = raw.chars().map(|c| if breaks_line(c) { ' ' } else { c }).collect();
    let visible = without_controls(&spaced);
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut bounded: String = line.chars().take(NAME_CHARS_MAX).collect();
    if bounded.len() < line.len() {
        bounded.push('…');
    }
    break_up_digits(&bounded)
}

/// C0, DEL and C1 (header injection through CR LF among them), and Unicode's line and paragraph separators.
pub(super) fn breaks_line(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Drops control characters, and the invisible ones by which a name can reorder or hide what stands around it
/// (Unicode UAX #9 §2: direction marks, embeddings, overrides, isolates). Joiners stay: scripts and emoji need
/// them.
pub(super) fn without_controls(value: &str) -> String {
    let hides = |c: char| {
        matches!(c, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    value.chars().filter(|c| !breaks_line(*c) && !hides(*c)).collect()
}

/// Puts a space after each third digit of every run of six digits or more: "Shop 200100" reads "Shop 200 100".
/// Shorter runs, such as years, stay whole. Digits of every script count, as they do for `\d` in many engines.
pub(super) fn break_up_digits(value: &str) -> String {
    const RUN_MIN: usize = 6;
    const GROUP: usize = 3;
    let mut broken = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        let numeric = first.is_numeric();
        let end = rest.find(|c: char| c.is_numeric() != numeric).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        let long = numeric && run.chars().count() >= RUN_MIN;
        for (index, character) in run.chars().enumerate() {
            if long && index > 0 && index.is_multiple_of(GROUP) {
                broken.push(' ');
            }
            broken.push(character);
        }
        rest = after;
    }
    broken
}
