//! The plain text part of a mail that was written in HTML only: what a reader would see, in lines.

/// Elements whose content is not for readers.
const HIDDEN: [&str; 5] = ["head", "style", "script", "title", "template"];
/// Elements that begin a paragraph, and those that begin a line.
const PARAGRAPHS: [&str; 11] = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote"];
const LINES: [&str; 8] = ["br", "div", "tr", "li", "section", "header", "footer", "hr"];

/// The text of an HTML document. Links keep their address, in angle brackets after their text.
pub(super) fn text_of(html: &str) -> String {
    let mut text = Text::default();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.say(before);
        rest = if let Some(comment) = after.strip_prefix("!--") {
            comment.split_once("-->").map_or("", |(_, rest)| rest)
        } else {
            let end = tag_end(after);
            text.tag(after.get(..end).unwrap_or_default());
            after.get(end + 1..).unwrap_or_default()
        };
    }
    text.say(rest);
    text.finish()
}

/// Where a tag ends: at a `>` outside of quotes.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    for (index, c) in tag.char_indices() {
        match (quote, c) {
            (Some(opened), _) if opened == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => return index,
            _ => {}
        }
    }
    tag.len()
}

#[derive(Default)]
struct Text {
    lines: String,
    /// The hidden element that has to end first.
    hidden: Option<String>,
    /// The address of the link that is open.
    link: Option<String>,
    blank_wanted: bool,
}

impl Text {
    fn say(&mut self, raw: &str) {
        if self.hidden.is_some() {
            return;
        }
        let spoken = entities(raw);
        if spoken.starts_with(char::is_whitespace) {
            self.blank_wanted = true;
        }
        for word in spoken.split_whitespace() {
            if self.blank_wanted && !self.lines.is_empty() && !self.lines.ends_with('\n') {
                self.lines.push(' ');
            }
            self.lines.push_str(word);
            self.blank_wanted = true;
        }
        self.blank_wanted = spoken.ends_with(char::is_whitespace);
    }

    fn tag(&mut self, tag: &str) {
        let (closes, tag) = match tag.strip_prefix('/') {
            Some(tag) => (true, tag),
            None => (false, tag),
        };
        let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let name = tag.get(..end).unwrap_or_default().to_ascii_lowercase();
        if let Some(hidden) = &self.hidden {
            if closes && *hidden == name {
                self.hidden = None;
            }
            return;
        }
        match name.as_str() {
            hidden if HIDDEN.contains(&hidden) && !closes && !tag.ends_with('/') => self.hidden = Some(name),
            paragraph if PARAGRAPHS.contains(&paragraph) => self.break_line(2),
            line if LINES.contains(&line) => {
                self.break_line(1);
                if line == "li" && !closes {
                    self.lines.push_str("- ");
                }
            }
            "td" | "th" => self.blank_wanted = true,
            "a" if closes => {
                let link = self.link.take().filter(|url| !self.lines.ends_with(url.as_str()));
                if let Some(url) = link {
                    self.lines.push_str(&format!(" <{url}>"));
                }
            }
            "a" => self.link = attribute(tag, "href").filter(|url| url.starts_with("http")),
            "img" => {
                if let Some(alt) = attribute(tag, "alt") {
                    self.say(&alt);
                }
            }
            _ => {}
        }
    }

    fn break_line(&mut self, newlines: usize) {
        while self.lines.ends_with(' ') {
            self.lines.pop();
        }
        let have = self.lines.len() - self.lines.trim_end_matches('\n').len();
        if !self.lines.is_empty() {
            (have..newlines).for_each(|_| self.lines.push('\n'));
        }
        self.blank_wanted = false;
    }

    fn finish(mut self) -> String {
        let length = self.lines.trim_end().len();
        self.lines.truncate(length);
        self.lines.push('\n');
        self.lines
    }
}

/// An attribute's value, with its entities read.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        let (before, after) = rest.split_once('=')?;
        let word = before.trim_end().rsplit(|c: char| c.is_whitespace() || c == '"' || c == '\'').next()?;
        let value = after.trim_start();
        let (value, next) = match value.chars().next()? {
            quote @ ('"' | '\'') => value.get(1..)?.split_once(quote)?,
            _ => value.split_once(char::is_whitespace).unwrap_or((value, "")),
        };
        if word.eq_ignore_ascii_case(name) {
            return Some(entities(value));
        }
        rest = next;
    }
}

/// The entities that mails are written with; others stay as they are.
fn entities(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let entity = after.split_once(';').filter(|(name, _)| name.len() <= 8);
        match entity.and_then(|(name, rest)| Some((character(name)?, rest))) {
            Some((character, after)) => {
                text.push(character);
                rest = after;
            }
            None => {
                text.push('&');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

fn character(entity: &str) -> Option<char> {
    let number = entity.strip_prefix('#');
    match (entity, number.and_then(|number| number.strip_prefix(['x', 'X'])), number) {
        ("amp", ..) => Some('&'),
        ("lt", ..) => Some('<'),
        ("gt", ..) => Some('>'),
        ("quot", ..) => Some('"'),
        ("apos", ..) => Some('\''),
        ("nbsp", ..) => Some(' '),
        ("ndash", ..) => Some('–'),
        ("mdash", ..) => Some('—'),
        ("hellip", ..) => Some('…'),
        ("copy", ..) => Some('©'),
        (_, Some(hex), _) => u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
        (_, None, Some(decimal)) => decimal.parse().ok().and_then(char::from_u32),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_reads_as_lines() {
        let html = r##"<!DOCTYPE html><html><head><title>No</title><style>p > b { color: #123456 }</style></head>
        <body><!-- <p>nothing</p> --><h1>Hello&nbsp;&amp; welcome</h1>
          <p>Your code is
             <b>042917</b>, <i>keep</i> it.</p><ul><li>One</li><li>Two &#8211; &#x2714;</li></ul>
          <p><a href="https://a.example/?x=1&amp;y=2">Open it</a> or <a href="#top">not</a>.<br/>Bye<img alt="!" src="x"></p>
        </body></html>"##;
        assert_snapshot!(text_of(html), @"
        Hello & welcome

        Your code is 042917, keep it.

        - One
        - Two – ✔

        Open it <https://a.example/?x=1&y=2> or not.
        Bye!
        ");
    }

    proptest! {
        #[test]
        fn any_text_is_a_document(html in "(<|>|/|!--|-->|a|href|=|\"|'|p|li|style|&|#|;|amp|[0-9]| |\\PC){0,60}") {
            let text = text_of(&html);
            prop_assert!(text.ends_with('\n') && !text.contains("\n\n\n"));
        }
    }
}
