//! One mail as a list of blocks, drawn twice: as HTML that works with and without styles, in the dark and from right to
//! left, and as plain text. What stands in one part stands in the other.

use super::template::{RenderedEmail, break_up_digits, escape_html, fill, name, without_controls};
use super::texts::{Remark, Texts};

const SHELL: &str = include_str!("shell.html");

/// First strong isolate, left-to-right isolate and their end (UAX #9 §2.4): in plain text what `bdi` is in HTML.
const ISOLATE: char = '\u{2068}';
const ISOLATE_LTR: char = '\u{2066}';
const END_ISOLATE: char = '\u{2069}';

/// A part of a mail.
pub(super) enum Block<'a> {
    /// The code, large.
    Code,
    /// A sentence.
    Sentence(&'a str),
    /// A sentence that stands out, and another.
    Remark(&'a Remark),
    /// Names and values.
    Facts(Vec<(&'a str, String)>),
    /// Something to open.
    Link { url: String, button: &'a str },
    /// The last word: what to do if it was somebody else.
    Note { lead: &'a str, text: &'a str },
}

/// A mail before it is drawn.
pub(super) struct Page<'a> {
    pub(super) texts: &'a Texts,
    pub(super) subject: &'a str,
    pub(super) heading: &'a str,
    pub(super) values: Values,
    pub(super) blocks: Vec<Block<'a>>,
}

/// What sentences are filled with, made harmless.
pub(super) struct Values {
    code: String,
    tenant: String,
    application: String,
    validity: String,
}

impl Values {
    /// Blank names give way: the tenant's to a word for the account, the application's to the tenant's.
    pub(super) fn new(
        texts: &Texts,
        code: &str,
        tenant: &str,
        application: &str,
        minutes_valid: u64,
    ) -> Self {
        let tenant = Some(name(tenant)).filter(|name| !name.is_empty());
        let tenant = tenant.unwrap_or_else(|| texts.account.to_owned());
        let application = Some(name(application)).filter(|name| !name.is_empty());
        let application = application.unwrap_or_else(|| tenant.clone());
        let number = break_up_digits(&minutes_valid.to_string());
        let validity = texts.minutes.say(minutes_valid, &number);
        Self { code: without_controls(code), tenant, application, validity }
    }

    fn plain(&self, isolated: bool) -> [(&'static str, String); 4] {
        let name = |name: &str| if isolated { isolate(name) } else { name.to_owned() };
        [
            ("code", self.code.clone()),
            ("tenant", name(&self.tenant)),
            ("application", name(&self.application)),
            ("validity", self.validity.clone()),
        ]
    }

    fn html(&self) -> [(&'static str, String); 4] {
        let strong = |text: &str| format!("<strong><bdi>{}</bdi></strong>", escape_html(text));
        [
            ("code", escape_html(&self.code)),
            ("tenant", format!("<bdi>{}</bdi>", escape_html(&self.tenant))),
            ("application", strong(&self.application)),
            ("validity", format!("<strong>{}</strong>", escape_html(&self.validity))),
        ]
    }
}

fn isolate(text: &str) -> String {
    format!("{ISOLATE}{text}{END_ISOLATE}")
}

fn as_it_is(value: &str) -> String {
    value.to_owned()
}

impl Page<'_> {
    /// Draws it.
    pub(super) fn draw(&self) -> RenderedEmail {
        let isolated = self.texts.language.is_right_to_left();
        let plain = self.values.plain(isolated);
        RenderedEmail {
            subject: fill(self.subject, &plain, as_it_is),
            html: self.html(),
            text: self.text(&plain, isolated),
        }
    }

    fn text(&self, values: &[(&'static str, String)], isolated: bool) -> String {
        let say = |sentence: &str| fill(sentence, values, as_it_is);
        let mut parts = vec![say(self.heading)];
        for block in &self.blocks {
            parts.push(match block {
                Block::Code if isolated => format!("{ISOLATE_LTR}{}{END_ISOLATE}", self.values.code),
                Block::Code => self.values.code.clone(),
                Block::Sentence(sentence) => say(sentence),
                Block::Remark(Remark { lead, text }) | Block::Note { lead, text } => {
                    format!("{} {}", say(lead), say(text))
                }
                Block::Facts(facts) => {
                    let value = |value: &str| if isolated { isolate(value) } else { value.to_owned() };
                    let lines: Vec<_> =
                        facts.iter().map(|(label, fact)| format!("{label}: {}", value(fact))).collect();
                    lines.join("\n")
                }
                Block::Link { url, button } => format!("{button}:\n{}", unmistakable(url)),
            });
        }
        let mut text = parts.join("\n\n");
        text.push('\n');
        text
    }

    fn html(&self) -> String {
        let values = self.values.html();
        let say = |sentence: &str| fill(sentence, &values, as_it_is);
        let language = self.texts.language;
        let blocks: String = self.blocks.iter().map(|block| self.html_block(block, &say)).collect();
        let shell = [
            ("lang", language.tag().to_owned()),
            ("dir", if language.is_right_to_left() { "rtl" } else { "ltr" }.to_owned()),
            ("title", say(self.heading)),
            ("tenant", escape_html(&self.values.tenant)),
            ("blocks", blocks),
        ];
        fill(SHELL, &shell, as_it_is)
    }

    fn html_block(&self, block: &Block<'_>, say: &dyn Fn(&str) -> String) -> String {
        match block {
            Block::Code => {
                // Screen readers say "123456" as one large number; this is read digit by digit.
                let spelled = self.values.code.chars().map(String::from).collect::<Vec<_>>().join(" ");
                let label = format!("{}: {}", self.texts.code_label, escape_html(&spelled));
                fill(CODE, &[("label", label), ("code", escape_html(&self.values.code))], as_it_is)
            }
            Block::Sentence(sentence) => fill(PARAGRAPH, &[("text", say(sentence))], as_it_is),
            Block::Remark(Remark { lead, text }) => {
                let text = format!("<strong>{}</strong> {}", say(lead), say(text));
                fill(PARAGRAPH, &[("text", text)], as_it_is)
            }
            Block::Facts(facts) => {
                let line = |(label, fact): &(&str, String)| {
                    format!("{}: <strong><bdi>{}</bdi></strong>", escape_html(label), escape_html(fact))
                };
                let lines: Vec<_> = facts.iter().map(line).collect();
                fill(PARAGRAPH, &[("text", lines.join("<br>"))], as_it_is)
            }
            Block::Link { url, button } => {
                let url = escape_html(&unmistakable(url));
                let by_hand = escape_html(self.texts.open_by_hand);
                fill(LINK, &[("url", url), ("button", escape_html(button)), ("by_hand", by_hand)], as_it_is)
            }
            Block::Note { lead, text } => {
                let side = if self.texts.language.is_right_to_left() { "right" } else { "left" };
                let values = [("side", side.to_owned()), ("lead", say(lead)), ("text", say(text))];
                fill(NOTE, &values, as_it_is)
            }
        }
    }
}

/// A URL in which no group of digits looks like a code: the fourth digit of a long run is percent-encoded, which names
/// the same resource (RFC 3986 §2.3). The host stays as it is.
pub(super) fn unmistakable(url: &str) -> String {
    const RUN_MIN: usize = 6;
    let host_end = url.split_once("://").and_then(|(scheme, rest)| Some(scheme.len() + 3 + rest.find('/')?));
    let (host, mut rest) = url.split_at_checked(host_end.unwrap_or(0)).unwrap_or(("", url));
    let mut written = String::with_capacity(url.len());
    written.push_str(host);
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        written.push_str(before);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (run, after) = digits.split_at(end);
        for (index, digit) in run.chars().enumerate() {
            // "%3N" ends in the digit itself, so that a run goes on with at most three more.
            match run.len() >= RUN_MIN && index % 3 == 2 {
                true => written.push_str(&format!("%3{digit}")),
                false => written.push(digit),
            }
        }
        rest = after;
    }
    written.push_str(rest);
    written
}

const CODE: &str = r#"<tr>
<td class="pad" style="padding:20px 36px 0 36px;">
<div id="code" class="code" dir="ltr" role="group" aria-label="{{label}}" style="padding:18px 8px 18px 14px; background-color:#eef0fb; border:1px solid #c5cbea; border-radius:10px; text-align:center; font-family:Consolas, Menlo, 'DejaVu Sans Mono', 'Courier New', monospace; font-size:42px; line-height:50px; font-weight:700; letter-spacing:6px; color:#1a1d27; white-space:nowrap; -webkit-user-select:all; -moz-user-select:all; user-select:all;">{{code}}</div>
</td>
</tr>
"#;

const PARAGRAPH: &str = r#"<tr>
<td class="pad ink" style="padding:16px 36px 0 36px; font-size:16px; line-height:24px; color:#1a1d27; overflow-wrap:anywhere;">{{text}}</td>
</tr>
"#;

const LINK: &str = r#"<tr>
<td class="pad" style="padding:20px 36px 0 36px;"><a class="button" href="{{url}}" style="display:inline-block; padding:13px 24px; background-color:#2f3fbf; border-radius:8px; font-size:16px; line-height:22px; font-weight:600; color:#ffffff; text-decoration:none; text-align:center;">{{button}}</a></td>
</tr>
<tr>
<td class="pad soft" style="padding:14px 36px 0 36px; font-size:13px; line-height:19px; color:#4a5164; overflow-wrap:anywhere;">{{by_hand}}<br><span dir="ltr">{{url}}</span></td>
</tr>
"#;

const NOTE: &str = r##"<tr>
<td class="pad" style="padding:24px 36px 32px 36px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="width:100%; border-collapse:separate;">
<tr>
<td class="note" bgcolor="#fff6e0" style="padding:14px 16px; background-color:#fff6e0; border-{{side}}:4px solid #b7791f; border-radius:6px; font-size:15px; line-height:22px; color:#4d3800;"><strong>{{lead}}</strong> {{text}}</td>
</tr>
</table>
</td>
</tr>
"##;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_keep_their_meaning_and_lose_what_looks_like_a_code() {
        let url = unmistakable("https://a.example:8080/u?t=ab123456cd12345ef1234567890123");
        assert_eq!(url, "https://a.example:8080/u?t=ab12%3345%36cd12345ef12%3345%3678%3901%323");
        assert!(url.split(|c: char| !c.is_ascii_digit()).all(|run| run.len() != 6));
        let decoded = percent_encoding::percent_decode_str(&url).decode_utf8().unwrap();
        assert_eq!(decoded, "https://a.example:8080/u?t=ab123456cd12345ef1234567890123");
    }
}
