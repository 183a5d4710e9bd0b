//! The mails Postern writes itself, in the language of whoever reads them.

use std::fmt;

use super::page::{Block, Page, Values};
use super::template::{RenderedEmail, name};
use super::texts::{CodeWords, LinkWords, Texts};
use crate::rules::calendar::UtcTime;
use crate::rules::language::Language;
use crate::rules::notice::NoticeKind;
use crate::rules::policy::Factor;
use crate::time::Timestamp;

/// What a code in a mail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeMail {
    /// The second factor.
    SecondFactor,
    /// To prove an address.
    VerifyEmail,
    /// A sign-in without password.
    SignIn,
}

/// What a link in a mail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkMail {
    /// Enrolment.
    Enrolment,
    /// To prove an address.
    VerifyEmail,
    /// A new password.
    ResetPassword,
    /// A sign-in without password.
    SignIn,
}

/// What a mail with a code or a link says. Its `Debug` does not show them.
#[derive(Clone, Copy)]
pub struct MailDetails<'a> {
    /// The code, digits only; or the URL.
    pub secret: &'a str,
    /// The tenant's friendly name; when blank the mail speaks of the "account".
    pub tenant: &'a str,
    /// The application (client) the user is signing in to; when blank the tenant's name stands in.
    pub application: &'a str,
    /// How long it is valid, in whole minutes.
    pub minutes_valid: u64,
}

impl fmt::Debug for MailDetails<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MailDetails")
            .field("tenant", &self.tenant)
            .field("application", &self.application)
            .field("minutes_valid", &self.minutes_valid)
            .finish_non_exhaustive()
    }
}

/// What a notice says beside its kind.
#[derive(Clone, Copy)]
pub struct NoticeDetails<'a> {
    /// The tenant's friendly name.
    pub tenant: &'a str,
    /// The account, as it may be shown: its masked address.
    pub account: &'a str,
    /// The application through which it happened.
    pub application: Option<&'a str>,
    /// The factor it happened to.
    pub factor: Option<Factor>,
    /// When it happened.
    pub at: Timestamp,
    /// The address or network that wrong passwords came from.
    pub source: Option<&'a str>,
    /// Where a block can be ended; whoever has this link can end it.
    pub unblock: Option<&'a str>,
}

/// Without addresses and the link.
impl fmt::Debug for NoticeDetails<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NoticeDetails")
            .field("factor", &self.factor)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// A mail with a code. Never fails: whatever the names contain, they come out as one harmless line.
#[must_use]
pub fn code_email(mail: CodeMail, language: Language, details: &MailDetails<'_>) -> RenderedEmail {
    let texts = language.texts();
    let CodeWords { subject, heading, instruction, unasked } = match mail {
        CodeMail::SecondFactor => &texts.mfa_code,
        CodeMail::VerifyEmail => &texts.verify_email,
        CodeMail::SignIn => &texts.sign_in_code,
    };
    let blocks = vec![
        Block::Code,
        Block::Sentence(instruction),
        Block::Remark(&texts.never_share),
        Block::Note { lead: unasked.lead, text: unasked.text },
    ];
    let values = values(texts, details.secret, details);
    Page { texts, subject, heading, values, blocks }.draw()
}

/// A mail with a link.
#[must_use]
pub fn link_email(mail: LinkMail, language: Language, details: &MailDetails<'_>) -> RenderedEmail {
    let texts = language.texts();
    let LinkWords { subject, heading, instruction, button, unasked } = match mail {
        LinkMail::Enrolment => &texts.enrolment_link,
        LinkMail::VerifyEmail => &texts.verify_link,
        LinkMail::ResetPassword => &texts.reset_link,
        LinkMail::SignIn => &texts.sign_in_link,
    };
    let blocks = vec![
        Block::Sentence(instruction),
        Block::Link { url: details.secret.to_owned(), button },
        Block::Note { lead: unasked.lead, text: unasked.text },
    ];
    Page { texts, subject, heading, values: values(texts, "", details), blocks }.draw()
}

fn values(texts: &Texts, code: &str, details: &MailDetails<'_>) -> Values {
    Values::new(texts, code, details.tenant, details.application, details.minutes_valid)
}

/// A security notice. No part of it has a group of exactly six digits, so that whoever looks for a code in an inbox
/// finds none here (design §9).
#[must_use]
pub fn notice_email(kind: NoticeKind, language: Language, details: &NoticeDetails<'_>) -> RenderedEmail {
    let texts = language.texts();
    let notices = &texts.notices;
    let words = notices.of(kind);
    let factor = details.factor.and_then(|factor| notices.factor(factor));
    let facts = [
        (notices.account_label, Some(name(details.account)).filter(|account| !account.is_empty())),
        (notices.method_label, factor.map(ToOwned::to_owned)),
        (notices.application_label, details.application.map(name).filter(|name| !name.is_empty())),
        (notices.source_label, details.source.map(name)),
        (notices.time_label, Some(UtcTime::of(details.at).to_string())),
    ];
    let facts = facts.into_iter().filter_map(|(label, fact)| Some((label, fact?))).collect();
    let mut blocks = vec![Block::Sentence(words.body), Block::Facts(facts)];
    if let Some(url) = details.unblock {
        blocks.push(Block::Link { url: url.to_owned(), button: notices.unblock });
    }
    blocks.push(Block::Note { lead: notices.not_you, text: words.advice });
    let values = Values::new(texts, "", details.tenant, details.application.unwrap_or_default(), 0);
    Page { texts, subject: words.subject, heading: words.heading, values, blocks }.draw()
}

#[cfg(test)]
#[path = "built_in_tests.rs"]
mod tests;
