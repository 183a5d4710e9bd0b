//! The page by which a preview is looked at, and what makes a mail a file of its own.

use postern::delivery::template::{escape_html, fill};
use postern::rules::language::Language;

/// A mail that was written.
pub(super) struct Entry {
    pub(super) mail: String,
    pub(super) language: Language,
    pub(super) file: String,
    pub(super) subject: String,
    /// Whether it is by the tenant's template.
    pub(super) is_own: bool,
}

/// Of one width, and nothing in it runs or is sent anywhere, whatever a template holds. Pictures are those that a mail
/// would show.
const HEAD: &str = r#"<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'none'">
<style>html { width: 640px; margin: 0 auto; }</style>
"#;

/// The mail as it is sent, but for what makes it a picture of itself.
pub(super) fn standing_alone(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    // Where a template is no whole document, a browser makes the head itself.
    let start = lower.find("<head>").map_or_else(|| after_doctype(&lower), |at| at + "<head>".len());
    let (before, after) = html.split_at_checked(start).unwrap_or(("", html));
    format!("{before}\n{HEAD}{after}")
}

/// What stands before a document type turns it off.
fn after_doctype(lower: &str) -> usize {
    let skipped = lower.len() - lower.trim_start().len();
    match lower.trim_start().starts_with("<!doctype") {
        true => lower.find('>').map_or(skipped, |at| at + 1),
        false => 0,
    }
}

const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Mails of {{tenant}}</title>
<style>
body { margin: 2rem; font: 15px/1.5 system-ui, sans-serif; color: #1a1d27; background: #fff; }
table { border-collapse: collapse; }
th, td { padding: .4rem .75rem; border-bottom: 1px solid #d9dce6; text-align: start; vertical-align: top; }
thead th { position: sticky; top: 0; background: #fff; }
th { font-weight: 600; white-space: nowrap; }
a { color: #2f3fbf; }
.own { font-size: 12px; color: #4a5164; }
@media (prefers-color-scheme: dark) {
body, thead th { color: #e8eaf2; background: #16181f; }
th, td { border-color: #343846; }
a { color: #a9b4ff; }
.own { color: #a3a9ba; }
}
</style>
</head>
<body>
<h1>Mails of {{tenant}}</h1>
<table>
<thead><tr><th scope="col">Mail</th>{{languages}}</tr></thead>
<tbody>
{{rows}}</tbody>
</table>
</body>
</html>
"#;

/// A row for each mail, a column for each language.
pub(super) fn page(tenant: &str, languages: &[Language], entries: &[Entry]) -> String {
    let columns = languages.iter().map(|language| format!(r#"<th scope="col">{}</th>"#, language.tag()));
    let rows = entries.chunk_by(|one, next| one.mail == next.mail).map(row);
    let values =
        [("tenant", escape_html(tenant)), ("languages", columns.collect()), ("rows", rows.collect())];
    fill(PAGE, &values, str::to_owned)
}

fn row(entries: &[Entry]) -> String {
    let Some(first) = entries.first() else { return String::new() };
    let own = if first.is_own { r#"<br><span class="own">the tenant's text</span>"# } else { "" };
    let cells: String = entries.iter().map(cell).collect();
    format!("<tr><th scope=\"row\">{}{own}</th>{cells}</tr>\n", escape_html(&first.mail))
}

fn cell(entry: &Entry) -> String {
    let (file, subject) = (escape_html(&entry.file), escape_html(&entry.subject));
    let (tag, direction) =
        (entry.language.tag(), if entry.language.is_right_to_left() { "rtl" } else { "ltr" });
    format!(r#"<td><a href="{file}" lang="{tag}" dir="{direction}">{subject}</a></td>"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_template_is_it_is_fixed_in_width_and_does_nothing() {
        let whole = standing_alone("<!DOCTYPE html>\n<HTML><Head><title>a</title></head></html>");
        assert!(whole.starts_with("<!DOCTYPE html>\n<HTML><Head>\n<meta http-equiv="), "{whole}");
        let bare = standing_alone("<!doctype html><p>\u{130}</p>");
        assert!(bare.starts_with("<!doctype html>\n<meta") && bare.ends_with("<p>\u{130}</p>"), "{bare}");
        assert!(standing_alone("<p>a</p>").starts_with("\n<meta"));
    }

    /// Names and subjects are text.
    #[test]
    fn the_index_holds_text() {
        let entry = Entry {
            mail: "mfa_oob_code".to_owned(),
            language: Language::Ar,
            file: "a.html".to_owned(),
            subject: "<b>{{rows}}".to_owned(),
            is_own: true,
        };
        let page = page("<i>", &[Language::Ar], &[entry]);
        assert!(page.contains("<title>Mails of &lt;i&gt;</title>"));
        assert!(
            page.contains(r#"<td><a href="a.html" lang="ar" dir="rtl">&lt;b&gt;{{rows}}</a></td>"#),
            "{page}"
        );
    }
}
