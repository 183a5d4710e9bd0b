//! The default e-mail that carries a one-time code: a subject, an HTML part and a plain text part.
//!
//! The parts obey two rules that programs rely on (design §9): the code is the first thing in the subject, and
//! it is the only group of exactly six digits in each part, so that a test or a mail client finds it without
//! knowing the wording. Names chosen by an operator cannot break either rule.

use std::fmt;

const HTML: &str = include_str!("code_email.html");
const TEXT: &str = include_str!("code_email.txt");
const SUBJECT: &str = "{{code}} is your {{tenant}} code";

/// Characters of a name that are shown; the rest gives way to an ellipsis. Keeps the subject and every line of
/// the text part far below the 998 octets of RFC 5322 §2.1.1.
const NAME_CHARS_MAX: usize = 64;

/// What a tenant without a name is called: "123456 is your account code".
const UNNAMED_TENANT: &str = "account";

/// What the code e-mail says. Its `Debug` does not show the code.
#[derive(Clone, Copy)]
pub struct CodeEmail<'a> {
    /// The one-time code, digits only.
    pub code: &'a str,
    /// The tenant's friendly name; when blank the mail speaks of the "account".
    pub tenant: &'a str,
    /// The application (client) the user is signing in to; when blank the tenant's name stands in.
    pub application: &'a str,
    /// How long the code is valid, in whole minutes.
    pub minutes_valid: u64,
}

impl fmt::Debug for CodeEmail<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CodeEmail")
            .field("tenant", &self.tenant)
            .field("application", &self.application)
            .field("minutes_valid", &self.minutes_valid)
            .finish_non_exhaustive()
    }
}

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

/// Fills the default template. Never fails: whatever the names contain, they come out as one harmless line.
#[must_use]
pub fn render(email: &CodeEmail<'_>) -> RenderedEmail {
    let code = without_controls(email.code);
    let tenant = Some(name(email.tenant)).filter(|name| !name.is_empty());
    let tenant = tenant.unwrap_or_else(|| UNNAMED_TENANT.to_owned());
    let application = Some(name(email.application)).filter(|name| !name.is_empty());
    let application = application.unwrap_or_else(|| tenant.clone());
    let values = [
        // Screen readers say "123456" as one large number; this is read digit by digit.
        ("code_spelled", code.chars().map(String::from).collect::<Vec<_>>().join(" ")),
        ("code", code),
        ("tenant", tenant),
        ("application", application),
        ("validity", validity(email.minutes_valid)),
    ];
    RenderedEmail {
        subject: fill(SUBJECT, &values, str::to_owned),
        html: fill(HTML, &values, escape_html),
        text: fill(TEXT, &values, str::to_owned),
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
fn breaks_line(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Drops control characters, and the invisible ones by which a name can reorder or hide what stands around it
/// (Unicode UAX #9 §2: direction marks, embeddings, overrides, isolates). Joiners stay: scripts and emoji need
/// them.
fn without_controls(value: &str) -> String {
    let hides = |c: char| {
        matches!(c, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    value.chars().filter(|c| !breaks_line(*c) && !hides(*c)).collect()
}

/// Puts a space after each third digit of every run of six digits or more: "Shop 200100" reads "Shop 200 100".
/// Shorter runs, such as years, stay whole. Digits of every script count, as they do for `\d` in many engines.
fn break_up_digits(value: &str) -> String {
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

/// "5 minutes", in words a reader understands also at the edges.
fn validity(minutes: u64) -> String {
    match minutes {
        0 => "less than a minute".to_owned(),
        1 => "1 minute".to_owned(),
        _ => format!("{} minutes", break_up_digits(&minutes.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    const EMAIL: CodeEmail<'static> =
        CodeEmail { code: "042917", tenant: "Acme", application: "Acme Shop", minutes_valid: 5 };

    /// Every run of exactly six digits of any script, as `(?<!\d)\d{6}(?!\d)` finds them.
    fn groups_of_six(part: &str) -> Vec<&str> {
        part.split(|c: char| !c.is_numeric()).filter(|run| run.chars().count() == 6).collect()
    }

    /// What a reader sees of the body: tags gone, one line per block.
    fn visible(html: &str) -> String {
        let (_, body) = html.split_once("<body").unwrap();
        let body = body.replace("</td>", "\n").replace("</h1>", "\n");
        let text: String = body.split('<').filter_map(|piece| piece.split_once('>')).map(|p| p.1).collect();
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_default_email() {
        let rendered = render(&EMAIL);
        assert_snapshot!(rendered.subject, @"042917 is your Acme code");
        assert_snapshot!(rendered.text, @"
        Your Acme code is

        042917

        Enter it in Acme Shop to continue. It is valid for 5 minutes and works once.

        Never share this code. Nobody from Acme will ever ask you for it.

        You did not ask for this code? Then somebody may know your password. Change your password now and tell nobody the code.
        ");
        assert_snapshot!(visible(&rendered.html), @"
        Acme
        Your code
        042917
        Enter it in Acme Shop to continue. It is valid for 5 minutes and works once.
        Never share this code. Nobody from Acme will ever ask you for it.
        You did not ask for this code? Then somebody may know your password. Change your password now and tell nobody the code.
        ");
        assert!(!rendered.html.contains("{{") && !rendered.text.contains("{{"));
    }

    #[test]
    fn the_code_is_one_piece_of_text_spelled_for_screen_readers() {
        let html = render(&EMAIL).html;
        assert_eq!(html.matches(">042917</div>").count(), 1);
        assert_eq!(html.matches("042917").count(), 1);
        assert!(html.contains(r#"aria-label="Code: 0 4 2 9 1 7""#));
    }

    /// Nothing to fetch, nothing to click, nothing that runs: no tracking, and no habit of clicking in mails.
    #[test]
    fn html_has_no_link_and_fetches_nothing() {
        let html = render(&EMAIL).html.to_lowercase();
        for unwanted in ["http", "href", "src=", "<img", "url(", "@import", "<script", "<a ", "background="] {
            assert!(!html.contains(unwanted), "{unwanted}");
        }
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\""));
        assert_eq!(html.matches("<table").count(), html.matches("<table role=\"presentation\"").count());
    }

    #[test]
    fn names_are_escaped_in_html_and_plain_elsewhere() {
        let name = r#"<b onload="x('y')">&"#;
        let rendered = render(&CodeEmail { tenant: name, application: name, ..EMAIL });
        assert!(!rendered.html.contains("<b "));
        assert_eq!(rendered.html.matches("&lt;b onload=&quot;x(&#39;y&#39;)&quot;&gt;&amp;").count(), 4);
        assert!(rendered.text.contains(name));
        assert!(rendered.subject.contains(name));
    }

    #[test]
    fn a_value_is_not_a_template() {
        let rendered = render(&CodeEmail { tenant: "{{code}} {{", application: "}}", ..EMAIL });
        assert_snapshot!(rendered.subject, @"042917 is your {{code}} {{ code");
        assert_eq!(groups_of_six(&rendered.text), ["042917"]);
    }

    /// A name must not add a header (CR LF), a line of its own to the text, or turn the reading direction.
    #[test]
    fn names_stay_on_their_line() {
        let tenant = "Acme\r\nBcc: a@example.com\u{0}\u{202e}\u{2028}\tGmbH\u{85} ";
        let rendered = render(&CodeEmail { tenant, application: "\r\n\r\nFake", ..EMAIL });
        assert_snapshot!(rendered.subject, @"042917 is your Acme Bcc: a@example.com GmbH code");
        assert_eq!(rendered.text.lines().count(), render(&EMAIL).text.lines().count());
        assert!(!rendered.html.contains(['\r', '\u{0}', '\u{202e}', '\u{2028}', '\u{85}']));
    }

    #[test]
    fn digits_in_names_are_never_taken_for_the_code() {
        let rendered =
            render(&CodeEmail { tenant: "Studio 654321", application: "٦٥٤٣٢١ 1234567 2026", ..EMAIL });
        assert_snapshot!(rendered.subject, @"042917 is your Studio 654 321 code");
        assert_eq!(groups_of_six(&rendered.text), ["042917"]);
        assert_eq!(groups_of_six(&rendered.html), ["042917"]);
        assert!(rendered.text.contains("٦٥٤ ٣٢١ 123 456 7 2026"));
    }

    #[test]
    fn blank_and_long_names() {
        let unnamed = render(&CodeEmail { tenant: " \n", application: "", ..EMAIL });
        assert_snapshot!(unnamed.subject, @"042917 is your account code");
        assert!(unnamed.text.contains("Enter it in account to continue."));
        let long = render(&CodeEmail { tenant: &"ü".repeat(500), ..EMAIL });
        assert_eq!(long.subject, format!("042917 is your {}… code", "ü".repeat(64)));
    }

    #[test]
    fn validity_reads_well() {
        assert_eq!(
            [0, 1, 5, 100_000].map(validity),
            ["less than a minute", "1 minute", "5 minutes", "100 000 minutes"]
        );
    }

    /// SEC-34: neither the question nor the answer shows the code when printed.
    #[test]
    fn debug_is_redacted() {
        assert_snapshot!(format!("{EMAIL:?}"), @r#"CodeEmail { tenant: "Acme", application: "Acme Shop", minutes_valid: 5, .. }"#);
        assert!(!format!("{:?}", render(&EMAIL)).contains("042917"));
    }

    proptest! {
        /// Whatever the names are: the code is the only group of six digits, and the subject is one line.
        #[test]
        fn only_the_code_has_six_digits(
            code in "[0-9]{6}",
            tenant in "[0-9\\PC\\r\\n\u{200d}\u{202e}]{0,80}",
            application in any::<String>(),
            minutes_valid in any::<u64>(),
        ) {
            let rendered =
                render(&CodeEmail { code: &code, tenant: &tenant, application: &application, minutes_valid });
            for part in [&rendered.subject, &rendered.text, &rendered.html] {
                prop_assert_eq!(groups_of_six(part), vec![code.as_str()]);
            }
            prop_assert!(rendered.subject.starts_with(&code));
            prop_assert!(!rendered.subject.contains(char::is_control));
        }
    }
}
