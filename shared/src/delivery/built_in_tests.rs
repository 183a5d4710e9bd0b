use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

const EMAIL: MailDetails<'static> =
    MailDetails { secret: "042917", tenant: "Acme", application: "Acme Shop", minutes_valid: 5 };
const NOTICE: NoticeDetails<'static> = NoticeDetails {
    tenant: "Acme 654321",
    account: "us**@exa*******",
    application: Some("Acme Shop"),
    factor: Some(Factor::Email),
    at: Timestamp(1_900_000_020),
    source: Some("203.0.113.7"),
    unblock: Some("https://login.example.com/u/unblock?ticket=ab123456cd&x=1"),
};

fn render(details: &MailDetails<'_>) -> RenderedEmail {
    code_email(CodeMail::SecondFactor, Language::En, details)
}

/// Every run of exactly six digits of any script, as `(?<!\d)\d{6}(?!\d)` finds them.
fn groups_of_six(part: &str) -> Vec<&str> {
    part.split(|c: char| !c.is_numeric()).filter(|run| run.chars().count() == 6).collect()
}

/// What a reader sees of the body: tags gone, one line per block.
fn visible(html: &str) -> String {
    let (_, body) = html.split_once("<body").unwrap();
    let body = body.replace("</td>", "\n").replace("</h1>", "\n").replace("<br>", "\n");
    let text: String = body.split('<').filter_map(|piece| piece.split_once('>')).map(|p| p.1).collect();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn all_mails(language: Language) -> Vec<RenderedEmail> {
    let codes = [CodeMail::SecondFactor, CodeMail::VerifyEmail, CodeMail::SignIn];
    let links = [LinkMail::Enrolment, LinkMail::VerifyEmail, LinkMail::ResetPassword, LinkMail::SignIn];
    let link = MailDetails { secret: "https://login.example.com/l?t=123456", ..EMAIL };
    let codes = codes.map(|mail| code_email(mail, language, &EMAIL));
    let links = links.map(|mail| link_email(mail, language, &link));
    let notices = NoticeKind::ALL.map(|kind| notice_email(kind, language, &NOTICE));
    codes.into_iter().chain(links).chain(notices).collect()
}

#[test]
fn the_default_email() {
    let rendered = render(&EMAIL);
    assert_snapshot!(rendered.subject, @"042917 is your Acme code");
    assert_snapshot!(rendered.text, @"
    Your code

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
}

#[test]
fn a_notice_and_a_link() {
    let notice = notice_email(NoticeKind::PasswordBlocked, Language::En, &NOTICE);
    assert_snapshot!(notice.subject, @"Sign-in to your Acme 654 321 account was blocked");
    assert_snapshot!(notice.text, @"
    Sign-in was blocked

    A wrong password was entered too many times, so sign-in from that place is blocked for now. If you merely forgot your password, you can end the block with the link.

    Account: us**@exa*******
    Method: Email
    Application: Acme Shop
    IP address: 203.0.113.7
    Time: 2030-03-17 17:47 UTC

    End the block:
    https://login.example.com/u/unblock?ticket=ab12%3345%36cd&x=1

    This was not you? Then somebody is trying to guess your password. Your account is still safe. Do not open the link, and make sure that your password is long and used nowhere else.
    ");
    assert!(
        notice.html.contains(r#"href="https://login.example.com/u/unblock?ticket=ab12%3345%36cd&amp;x=1""#)
    );
    let link =
        link_email(LinkMail::SignIn, Language::De, &MailDetails { secret: "https://a.example/l", ..EMAIL });
    assert_snapshot!(visible(&link.html), @"
    Acme
    Anmelden
    Öffnen Sie den Link, um sich bei Acme Shop anzumelden. Er ist 5 Minuten gültig und funktioniert einmal.
    Anmelden
    Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse im Browser:
    https://a.example/l
    Sie melden sich gerade nicht an? Dann können Sie diese E-Mail ignorieren. Ohne den Link kommt niemand in Ihr Konto.
    ");
}

/// design §9, in every language: the code leads the subject and is the only group of six digits in each part; mails
/// without a code have none; nothing is left to be filled in.
#[test]
fn every_language_keeps_the_rules() {
    for language in Language::ALL {
        for (index, mail) in all_mails(language).iter().enumerate() {
            let expected: &[&str] = if index < 3 { &["042917"] } else { &[] };
            for part in [&mail.subject, &mail.text, &mail.html] {
                assert_eq!(groups_of_six(part), expected, "{language:?} {index}");
                assert!(!part.contains("{{") && !part.contains("}}"), "{language:?} {index}");
            }
            assert!(index >= 3 || mail.subject.starts_with("042917"), "{language:?} {index}");
            assert!(mail.subject.chars().count() <= 110, "{language:?}: {}", mail.subject);
            let direction = if language == Language::Ar { "rtl" } else { "ltr" };
            let begins = format!("<!DOCTYPE html>\n<html lang=\"{}\" dir=\"{direction}\">", language.tag());
            assert!(mail.html.starts_with(&begins), "{language:?}");
        }
    }
}

/// Every language says how long the code is good for, and where it is to be typed.
#[test]
fn every_language_says_what_matters() {
    for language in Language::ALL {
        let texts = language.texts();
        let mail = code_email(CodeMail::SecondFactor, language, &EMAIL);
        assert!(mail.text.contains(&texts.minutes.say(5, "5")), "{language:?}");
        assert!(mail.text.contains("Acme Shop") && mail.subject.contains("Acme"), "{language:?}");
        for words in [texts.sms_code, texts.sms_sign_in, texts.voice_code] {
            assert!(words.contains("{{code}}") && words.contains("{{application}}"), "{language:?}");
        }
        for kind in NoticeKind::ALL {
            assert!(texts.notices.of(kind).subject.contains("{{tenant}}"), "{language:?} {kind:?}");
        }
    }
}

/// Right to left: the whole document, with names and code isolated in both parts.
#[test]
fn arabic_is_written_from_right_to_left() {
    let mail = code_email(CodeMail::SecondFactor, Language::Ar, &EMAIL);
    assert_snapshot!(mail.subject.escape_unicode().to_string().contains("\\u{2068}\\u{41}"), @"true");
    assert!(mail.text.contains("\u{2066}042917\u{2069}"));
    assert!(mail.text.contains("\u{2068}Acme Shop\u{2069}"));
    assert!(mail.html.contains(r#"class="card" dir="rtl" lang="ar""#));
    assert!(mail.html.contains("<bdi>Acme Shop</bdi>"));
    assert!(mail.html.contains("border-right:4px"));
    assert!(mail.html.contains(r#"id="code" class="code" dir="ltr""#));
    assert!(
        !code_email(CodeMail::SecondFactor, Language::De, &EMAIL).text.contains(['\u{2066}', '\u{2068}'])
    );
}

#[test]
fn the_code_is_one_piece_of_text_spelled_for_screen_readers() {
    let html = render(&EMAIL).html;
    assert_eq!(html.matches(">042917</div>").count(), 1);
    assert_eq!(html.matches("042917").count(), 1);
    assert!(html.contains(r#"aria-label="Code: 0 4 2 9 1 7""#));
}

/// One run of text between two tags, so that a double click or a tap takes all of it and nothing else.
#[test]
fn the_code_is_selected_as_one_piece() {
    for mail in [CodeMail::SecondFactor, CodeMail::VerifyEmail, CodeMail::SignIn] {
        for language in Language::ALL {
            let html = code_email(mail, language, &EMAIL).html;
            let (_, code) = html.split_once(r#"<div id="code""#).unwrap();
            let (attributes, rest) = code.split_once('>').unwrap();
            assert!(attributes.contains(" user-select:all;"), "{language:?}");
            assert_eq!(rest.split_once('<').unwrap().0, "042917", "{language:?}");
        }
    }
}

/// What stands in one part stands in the other, in the same order: whoever reads the plain text misses nothing. Only the
/// HTML has the tenant's name as a letterhead and an address beside its button.
#[test]
fn both_parts_say_the_same() {
    for language in Language::ALL {
        for mail in all_mails(language) {
            let html =
                visible(&mail.html).replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&");
            let by_hand = language.texts().open_by_hand;
            let html: Vec<_> = html.lines().skip(1).filter(|line| *line != by_hand).collect();
            let text = mail.text.replace(['\u{2066}', '\u{2068}', '\u{2069}'], "");
            let button =
                html.iter().position(|line| line.starts_with("https://")).and_then(|url| url.checked_sub(1));
            let button = button.map(|index| format!("{}:", html[index]));
            let text: Vec<_> = text
                .lines()
                .filter(|line| !line.is_empty())
                .map(|line| if button.as_deref() == Some(line) { line.trim_end_matches(':') } else { line })
                .collect();
            assert_eq!(text, html, "{language:?}");
        }
    }
}

/// The value of a property in a list of declarations.
fn declared<'a>(declarations: &'a str, property: &str) -> Option<&'a str> {
    let pairs = declarations.split(';').filter_map(|declaration| declaration.split_once(':'));
    let found = pairs.map(|(name, value)| (name.trim(), value)).find(|(name, _)| *name == property);
    found.map(|(_, value)| value.trim().trim_end_matches("!important").trim_end())
}

/// The attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let start = format!(" {name}=\"");
    tag.split_once(&start).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(value, _)| value)
}

/// What the dark scheme declares for a class.
fn dark<'a>(html: &'a str, class: &str) -> Option<&'a str> {
    let (_, dark) = html.split_once("@media (prefers-color-scheme: dark) {")?;
    let (dark, _) = dark.split_once("\n}")?;
    dark.split_once(&format!(".{class} {{"))?.1.split_once('}').map(|(declarations, _)| declarations)
}

/// Mail programs darken what says nothing of schemes as they please, and make codes unreadable. This says so in every
/// place they look, and no colour of the light scheme is left in the dark one.
#[test]
fn every_colour_has_one_for_the_dark() {
    for mail in all_mails(Language::En) {
        for declaration in [
            r#"<meta name="color-scheme" content="light dark">"#,
            r#"<meta name="supported-color-schemes" content="light dark">"#,
            ":root { color-scheme: light dark; supported-color-schemes: light dark; }",
        ] {
            assert!(mail.html.contains(declaration), "{declaration}");
        }
        let (_, body) = mail.html.split_once("</head>").unwrap();
        let mut coloured = 0;
        for tag in body.split('<').filter_map(|piece| piece.split_once('>')).map(|(tag, _)| tag) {
            for property in ["color", "background-color"] {
                if declared(attribute(tag, "style"), property).is_none() {
                    continue;
                }
                coloured += 1;
                let mut rules =
                    attribute(tag, "class").split(' ').filter_map(|class| dark(&mail.html, class));
                assert!(rules.any(|rule| declared(rule, property).is_some()), "{property} of {tag}");
            }
        }
        assert!(coloured > 5);
    }
}

/// WCAG 2.2 relative luminance of `#rrggbb`.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

/// WCAG 2.2 §1.4.3: text stands out from its ground by at least 4.5 to 1, in the light and in the dark.
#[test]
fn text_can_be_read_in_both_schemes() {
    let notice = notice_email(NoticeKind::PasswordBlocked, Language::En, &NOTICE);
    let html = render(&EMAIL).html + &notice.html;
    let light = |class: &str, property: &str| {
        let tags = html.split('<').filter_map(|piece| piece.split_once('>')).map(|(tag, _)| tag);
        let mut tags = tags.filter(|tag| attribute(tag, "class").split(' ').any(|name| name == class));
        tags.find_map(|tag| declared(attribute(tag, "style"), property).map(ToOwned::to_owned)).unwrap()
    };
    let dark = |class: &str, property: &str| {
        declared(dark(&html, class).unwrap(), property).map(ToOwned::to_owned).unwrap()
    };
    for (text, ground) in
        [("ink", "card"), ("soft", "card"), ("code", "code"), ("button", "button"), ("note", "note")]
    {
        for (scheme, text_colour, ground_colour) in [
            ("light", light(text, "color"), light(ground, "background-color")),
            ("dark", dark(text, "color"), dark(ground, "background-color")),
        ] {
            let (one, other) = (luminance(&text_colour), luminance(&ground_colour));
            let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
            assert!(contrast >= 4.5, "{scheme}: {text} on {ground}: {contrast:.2}");
        }
    }
}

/// Nothing to fetch, nothing to click, nothing that runs: no tracking, and no habit of clicking in mails.
#[test]
fn html_has_no_link_and_fetches_nothing() {
    let html = render(&EMAIL).html.to_lowercase();
    for unwanted in ["http", "href", "src=", "<img", "url(", "@import", "<script", "<a ", "background="] {
        assert!(!html.contains(unwanted), "{unwanted}");
    }
    assert_eq!(html.matches("<table").count(), html.matches("<table role=\"presentation\"").count());
    for mail in all_mails(Language::En) {
        for unwanted in ["src=", "<img", "url(", "@import", "<script", "background="] {
            assert!(!mail.html.contains(unwanted), "{unwanted}");
        }
    }
}

#[test]
fn names_are_escaped_in_html_and_plain_elsewhere() {
    let name = r#"<b onload="x('y')">&"#;
    let rendered = render(&MailDetails { tenant: name, application: name, ..EMAIL });
    assert!(!rendered.html.contains("<b "));
    assert_eq!(rendered.html.matches("&lt;b onload=&quot;x(&#39;y&#39;)&quot;&gt;&amp;").count(), 3);
    assert!(rendered.text.contains(name));
    assert!(rendered.subject.contains(name));
}

#[test]
fn a_value_is_not_a_template() {
    let rendered = render(&MailDetails { tenant: "{{code}} {{", application: "}}", ..EMAIL });
    assert_snapshot!(rendered.subject, @"042917 is your {{code}} {{ code");
    assert_eq!(groups_of_six(&rendered.text), ["042917"]);
}

/// A name must not add a header (CR LF), a line of its own to the text, or turn the reading direction.
#[test]
fn names_stay_on_their_line() {
    let tenant = "Acme\r\nBcc: a@example.com\u{0}\u{202e}\u{2028}\tGmbH\u{85} ";
    let rendered = render(&MailDetails { tenant, application: "\r\n\r\nFake", ..EMAIL });
    assert_snapshot!(rendered.subject, @"042917 is your Acme Bcc: a@example.com GmbH code");
    assert_eq!(rendered.text.lines().count(), render(&EMAIL).text.lines().count());
    assert!(!rendered.html.contains(['\r', '\u{0}', '\u{202e}', '\u{2028}', '\u{85}']));
}

#[test]
fn digits_in_names_are_never_taken_for_the_code() {
    let rendered =
        render(&MailDetails { tenant: "Studio 654321", application: "٦٥٤٣٢١ 1234567 2026", ..EMAIL });
    assert_snapshot!(rendered.subject, @"042917 is your Studio 654 321 code");
    assert_eq!(groups_of_six(&rendered.text), ["042917"]);
    assert_eq!(groups_of_six(&rendered.html), ["042917"]);
    assert!(rendered.text.contains("٦٥٤ ٣٢١ 123 456 7 2026"));
}

#[test]
fn blank_and_long_names() {
    let unnamed = render(&MailDetails { tenant: " \n", application: "", ..EMAIL });
    assert_snapshot!(unnamed.subject, @"042917 is your account code");
    assert!(unnamed.text.contains("Enter it in account to continue."));
    let long = render(&MailDetails { tenant: &"ü".repeat(500), ..EMAIL });
    assert_eq!(long.subject, format!("042917 is your {}… code", "ü".repeat(64)));
}

/// SEC-34: neither the question nor the answer shows the code or a link when printed.
#[test]
fn debug_is_redacted() {
    assert_snapshot!(format!("{EMAIL:?}"), @r#"MailDetails { tenant: "Acme", application: "Acme Shop", minutes_valid: 5, .. }"#);
    assert!(!format!("{:?}", render(&EMAIL)).contains("042917"));
    let notice = format!("{NOTICE:?}");
    assert!(!notice.contains("ticket") && !notice.contains('@'), "{notice}");
}

proptest! {
    /// Whatever the names are, in every language: the code is the only group of six digits, and the subject is one line.
    #[test]
    fn only_the_code_has_six_digits(
        code in "[0-9]{6}",
        tenant in "[0-9\\PC\\r\\n\u{200d}\u{202e}]{0,80}",
        application in any::<String>(),
        minutes_valid in any::<u64>(),
        language in proptest::sample::select(Language::ALL.to_vec()),
        mail in proptest::sample::select(vec![CodeMail::SecondFactor, CodeMail::VerifyEmail, CodeMail::SignIn]),
    ) {
        let details =
            MailDetails { secret: &code, tenant: &tenant, application: &application, minutes_valid };
        let rendered = code_email(mail, language, &details);
        for part in [&rendered.text, &rendered.html] {
            prop_assert_eq!(groups_of_six(part), vec![code.as_str()]);
        }
        prop_assert_eq!(groups_of_six(&rendered.subject), vec![code.as_str()]);
        prop_assert!(rendered.subject.starts_with(&code));
        prop_assert!(!rendered.subject.contains(char::is_control));
    }
}
