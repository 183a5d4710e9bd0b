//! Email templates of an operator: checked at upload, rendered for a mail, given up for the built-in text when they fail.
//!
//! The body is HTML; every value in it is escaped unless the template ends it in `| raw`. The plain text part is derived
//! from it. Subject and sender are one line each. Of the sender only the name is used: the address is the deployment's,
//! which alone SES and the function's rights let it send from.

use super::built_in::{CodeMail, LinkMail};
use super::html_text::text_of;
use super::liquid::{Escaping, Flaw, Given, Liquid};
use super::sign_in::SignInMessage;
use super::template::{RenderedEmail, break_up_digits, without_controls};
use crate::rules::email_template::{EmailTemplate, TemplateName};
use crate::rules::passwordless::Connection;
use crate::store::logins::DEFAULT_CONNECTION;

/// Characters of a subject or a sender's name.
const LINE_CHARS_MAX: usize = 200;
/// Characters of a text message: three segments in any script.
const TEXT_CHARS_MAX: usize = 201;
/// What stands for a code or a link when a template is tried.
const SAMPLE_CODE: &str = "042917";
const SAMPLE_LINK: &str = "https://example.com/sample-link";

impl CodeMail {
    /// The template an operator may write for it.
    #[must_use]
    pub fn template(self) -> TemplateName {
        match self {
            Self::SecondFactor => TemplateName::MfaOobCode,
            Self::VerifyEmail => TemplateName::VerifyEmailByCode,
            Self::SignIn => TemplateName::AuthEmailByCode,
        }
    }
}

impl LinkMail {
    /// The template an operator may write for it.
    #[must_use]
    pub fn template(self) -> TemplateName {
        match self {
            Self::Enrolment => TemplateName::EnrollmentEmail,
            Self::VerifyEmail => TemplateName::VerifyEmail,
            Self::ResetPassword => TemplateName::ResetEmail,
            Self::SignIn => TemplateName::AuthEmailByCode,
        }
    }
}

/// What a mail's template knows of the connection.
pub(super) fn connection(template: TemplateName) -> (&'static str, Given) {
    match template {
        TemplateName::AuthEmailByCode => SignInMessage::connection(Connection::Email),
        _ => ("connection", Given::members([("name", Given::text(Some(DEFAULT_CONNECTION)))])),
    }
}

/// A template as it is used.
#[derive(Debug)]
pub struct CustomTemplate {
    name: TemplateName,
    body: Liquid,
    subject: Liquid,
    from: Option<Liquid>,
    link_seconds: Option<u64>,
    result_url: Option<String>,
}

/// A template that cannot be used: which property, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("property {property}: {flaw}")]
pub struct Misfit {
    /// The property.
    pub property: &'static str,
    /// What is wrong with it, and where.
    pub flaw: Flaw,
}

/// What a mail must show, for it is sent for nothing else.
#[derive(Clone, Copy)]
pub(super) enum Carries<'a> {
    /// A code.
    Code(&'a str),
    /// A link.
    Link(&'a str),
    /// Only words.
    Nothing,
}

/// A mail, by a template or built in.
#[derive(Debug)]
pub struct Composed {
    /// The mail.
    pub email: RenderedEmail,
    /// The sender's name, when a template has one.
    pub from: Option<String>,
}

impl CustomTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// See [`Misfit`].
    pub fn parse(template: &EmailTemplate) -> Result<Self, Misfit> {
        let property = |property| move |flaw| Misfit { property, flaw };
        let from = template.from.as_deref().map(|from| Liquid::parse(from, Escaping::None)).transpose();
        Ok(Self {
            name: template.template,
            body: Liquid::parse(&template.body, escaping(template.template)).map_err(property("body"))?,
            subject: Liquid::parse(&template.subject, Escaping::None).map_err(property("subject"))?,
            from: from.map_err(property("from"))?,
            link_seconds: template.url_lifetime_in_seconds,
            result_url: template.result_url.clone(),
        })
    }

    /// Parses a template and tries it: what does too much, or forgets the code it is there for, is refused before it is
    /// stored.
    ///
    /// # Errors
    /// See [`Misfit`].
    pub fn check(template: &EmailTemplate) -> Result<(), Misfit> {
        let custom = Self::parse(template)?;
        let misfit = |property, problem: &str| Misfit {
            property,
            flaw: Flaw { line: 1, column: 1, problem: problem.to_owned() },
        };
        let values = sample();
        let too_much = "The template cannot be rendered: it does too much or makes too long a text";
        for (property, liquid) in [("subject", Some(&custom.subject)), ("from", custom.from.as_ref())] {
            if liquid.is_some_and(|liquid| liquid.render(&values).is_err()) {
                return Err(misfit(property, too_much));
            }
        }
        let html = custom.body.render(&values).map_err(|_| misfit("body", too_much))?;
        let text = text_of(&html);
        match template.template {
            TemplateName::SmsPasswordless if as_text(&html, SAMPLE_CODE).is_none() => {
                let problem =
                    "The template does not show the code ({{ code }}), or makes more than 201 characters";
                Err(misfit("body", problem))
            }
            TemplateName::AuthEmailByCode if !text.contains(SAMPLE_CODE) && !html.contains(SAMPLE_LINK) => {
                let problem = "The template shows neither the code, {{ code }}, nor the link, {{ link }}";
                Err(misfit("body", problem))
            }
            TemplateName::MfaOobCode | TemplateName::VerifyEmailByCode if !text.contains(SAMPLE_CODE) => {
                Err(misfit("body", "The template does not show the code: {{ code }}"))
            }
            TemplateName::EnrollmentEmail | TemplateName::VerifyEmail | TemplateName::ResetEmail
                if !html.contains(SAMPLE_LINK) =>
            {
                Err(misfit("body", "The template does not show the link: {{ link }}"))
            }
            _ => Ok(()),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> TemplateName {
        self.name
    }

    /// How long its link is good, in seconds, where it says so.
    #[must_use]
    pub fn link_seconds(&self) -> Option<u64> {
        self.link_seconds
    }

    /// Where the page of its link leads on, where it says so.
    #[must_use]
    pub fn result_url(&self) -> Option<&str> {
        self.result_url.as_deref()
    }

    /// A mail by this template, or `None` (and a line in the log) when it fails for these values or does not show what
    /// the mail is sent for.
    pub(super) fn render(&self, values: &Given, carries: Carries<'_>) -> Option<Composed> {
        let rendered = self.try_render(values, carries);
        if rendered.is_none() {
            let template = self.name.as_str();
            tracing::error!(event = "template_failed", template, "the built-in text is sent instead");
        }
        rendered
    }

    /// A text message by this template, or `None` as with mails.
    pub(super) fn render_text(&self, values: &Given, code: &str) -> Option<String> {
        let text = self.body.render(values).ok().and_then(|text| as_text(&text, code));
        if text.is_none() {
            let template = self.name.as_str();
            tracing::error!(event = "template_failed", template, "the built-in text is sent instead");
        }
        text
    }

    fn try_render(&self, values: &Given, carries: Carries<'_>) -> Option<Composed> {
        let html = self.body.render(values).ok()?;
        let text = only_code(&text_of(&html), carries);
        let shown = match carries {
            Carries::Code(code) => text.contains(code),
            Carries::Link(url) => html.contains(url) || html.contains(&url.replace('&', "&amp;")),
            Carries::Nothing => true,
        };
        if !shown {
            return None;
        }
        let subject = line(&self.subject.render(values).ok()?);
        let from = match &self.from {
            Some(from) => display_name(&line(&from.render(values).ok()?)),
            None => None,
        };
        Some(Composed { email: RenderedEmail { subject, html, text }, from })
    }
}

/// Text messages are not HTML.
fn escaping(name: TemplateName) -> Escaping {
    if name == TemplateName::SmsPasswordless { Escaping::None } else { Escaping::Html }
}

/// A text message: one line, with the code as its only group of digits that could be one.
fn as_text(rendered: &str, code: &str) -> Option<String> {
    let text = only_code(&words(rendered), Carries::Code(code));
    let fits = text.contains(code) && text.chars().count() <= TEXT_CHARS_MAX;
    fits.then_some(text)
}

/// What templates are tried with.
fn sample() -> Given {
    let application =
        Given::members([("name", Given::text(Some("Sample"))), ("clientID", Given::text(Some("sample")))]);
    let user = Given::members([
        ("user_id", Given::text(Some("auth0|sample"))),
        ("email", Given::text(Some("sample@example.com"))),
        ("email_verified", Given::truth(true)),
        ("name", Given::text(Some("Sample"))),
    ]);
    Given::members([
        ("user", user),
        ("email", Given::text(Some("sample@example.com"))),
        ("code", Given::text(Some(SAMPLE_CODE))),
        ("link", Given::text(Some(SAMPLE_LINK))),
        ("url", Given::text(Some(SAMPLE_LINK))),
        ("application", application),
        ("tenant", Given::text(Some("Sample"))),
        ("friendly_name", Given::text(Some("Sample"))),
        ("now", Given::number(1_900_000_020)),
        ("minutes_valid", Given::number(5)),
    ])
}

/// One line without control characters, however the template was written: a subject cannot add a header.
fn line(text: &str) -> String {
    words(text).chars().take(LINE_CHARS_MAX).collect()
}

fn words(text: &str) -> String {
    let visible = without_controls(&text.replace(char::is_whitespace, " "));
    let words: Vec<_> = visible.split_whitespace().collect();
    words.join(" ")
}

/// The name of `Name <address>`; an address alone has none.
fn display_name(from: &str) -> Option<String> {
    let name = from.split_once('<').map_or(from, |(name, _)| name);
    let name: String = name.chars().filter(|c| !"\"\\<>".contains(*c)).collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty() && !name.contains('@'))
}

/// Other groups of digits than the code are broken up, as in every mail.
fn only_code(text: &str, carries: Carries<'_>) -> String {
    match carries {
        Carries::Code(code) if !code.is_empty() => {
            text.split(code).map(break_up_digits).collect::<Vec<_>>().join(code)
        }
        _ => break_up_digits(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::email_template::Syntax;

    fn template(body: &str, subject: &str, from: Option<&str>) -> EmailTemplate {
        EmailTemplate {
            template: TemplateName::MfaOobCode,
            body: body.into(),
            from: from.map(Into::into),
            result_url: None,
            subject: subject.into(),
            syntax: Syntax::Liquid,
            url_lifetime_in_seconds: None,
            include_email_in_redirect: None,
            enabled: true,
        }
    }

    fn render(template: &EmailTemplate) -> Option<Composed> {
        CustomTemplate::parse(template).unwrap().render(&sample(), Carries::Code(SAMPLE_CODE))
    }

    #[test]
    fn the_text_part_is_derived_and_its_code_is_the_only_one() {
        let email = render(&template("<p>Call 555123 or type <b>{{ code }}</b></p>", "{{ code }}", None))
            .unwrap()
            .email;
        assert_eq!(email.text, "Call 555 123 or type 042917\n");
        assert_eq!(email.subject, "042917");
    }

    /// A subject or a sender cannot add a header, whatever the template or a name contains.
    #[test]
    fn lines_stay_lines() {
        let template = template(
            "{{ code }}",
            "a\r\nBcc: x@example.com\u{0}\u{2028}b",
            Some("Acme\r\nX: y <a@b.example>"),
        );
        let custom = render(&template).unwrap();
        assert_eq!(custom.email.subject, "a Bcc: x@example.com b");
        assert_eq!(custom.from.as_deref(), Some("Acme X: y"));
        assert_eq!(display_name("\"Söhne\" <a@b.example>").as_deref(), Some("Söhne"));
        assert_eq!(display_name("a@b.example"), None);
        assert_eq!(display_name("<a@b.example>"), None);
    }

    #[test]
    fn a_template_without_the_code_is_not_used() {
        let flaw = |template: &EmailTemplate| CustomTemplate::check(template).unwrap_err().to_string();
        let forgets = template("<p>Hello</p>", "s", None);
        assert!(flaw(&forgets).starts_with("property body: The template does not show the code"));
        assert!(render(&forgets).is_none());
        let hides = template("<style>{{ code }}</style>", "s", None);
        assert!(render(&hides).is_none());
        let runs = template("{% for i in (1..100000) %}{% endfor %}{{ code }}", "s", None);
        assert!(flaw(&runs).starts_with("property body: The template cannot be rendered"));
        assert!(
            flaw(&template("{{ code }}", "{{ x | y }}", None))
                .starts_with("property subject: Unknown filter 'y' at line 1, column 8")
        );
        assert!(
            CustomTemplate::check(&template("{{ code }}", "s", Some("{{ application.name }} <a@b.example>")))
                .is_ok()
        );
    }
}
