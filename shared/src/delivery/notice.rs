//! The mail of a security notice: what happened, to which account, when, and what to do if it was somebody else.
//!
//! It carries no code, and no part of it has a group of exactly six digits, so that whoever looks for a code in an
//! inbox finds none here (design §9).

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::types::Destination;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::template::{RenderedEmail, escape_html, fill, name};
use super::{Mailer, content, tag};
use crate::rules::address::EmailAddress;
use crate::rules::notice::NoticeKind;
use crate::rules::policy::Factor;
use crate::time::Timestamp;

const HTML: &str = include_str!("notice_email.html");
const ACTION: &str = include_str!("notice_action.html");

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
impl std::fmt::Debug for NoticeDetails<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NoticeDetails")
            .field("factor", &self.factor)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// How a notice was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeFailure {
    /// This message to this address will never be taken: trying again would only fail again.
    #[error("the notice was refused for good")]
    Refused,
    /// Another time it may go; if the service was silent, it may have gone this time.
    #[error("the notice was not sent this time")]
    NotNow,
}

impl Mailer {
    /// The tenant's name, as mails show it.
    #[must_use]
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }

    /// Mails a notice; one attempt.
    ///
    /// # Errors
    /// See [`NoticeFailure`].
    pub async fn send_notice(&self, to: &EmailAddress, email: RenderedEmail) -> Result<(), NoticeFailure> {
        let Some(from) = &self.from else {
            tracing::error!(event = "no_sender", "POSTERN_MAIL_FROM is not set");
            return Err(NoticeFailure::Refused);
        };
        let call = self
            .ses
            .send_email()
            .from_email_address(self.sender(from))
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(content(email).map_err(|_| NoticeFailure::Refused)?)
            .set_configuration_set_name(self.configuration_set.clone())
            .email_tags(tag("postern-message", "security-notice").map_err(|_| NoticeFailure::Refused)?);
        call.send().await.map(|_| ()).map_err(|error| classify(&error))
    }
}

/// SES refuses a message or an address by these two for good; a sender, quota or account in trouble recovers.
fn classify<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> NoticeFailure {
    let failure = match error.code() {
        Some("MessageRejected" | "BadRequestException") => NoticeFailure::Refused,
        _ => NoticeFailure::NotNow,
    };
    let code = error.code();
    tracing::warn!(event = "notice_not_sent", service = "ses", operation = "SendEmail", code, ?failure);
    failure
}

/// The words of a kind.
struct Words {
    heading: &'static str,
    what: String,
    /// What to do if it was you; only where there is something.
    if_you: &'static str,
    advice: &'static str,
}

const CHANGE_PASSWORD: &str = "If this was not you, somebody may know your password. Change it now, and look through your sign-in methods for one you do not know.";

fn words(kind: NoticeKind, details: &NoticeDetails<'_>) -> Words {
    let factor = details.factor.map_or("sign-in method", factor_name);
    let plain = |heading, what: String, advice| Words { heading, what, if_you: "", advice };
    match kind {
        NoticeKind::FactorAdded => plain(
            "A sign-in method was added",
            format!("Your account can now be confirmed with this second step: {factor}."),
            CHANGE_PASSWORD,
        ),
        NoticeKind::FactorRemoved => plain(
            "A sign-in method was removed",
            format!("Your account can no longer be confirmed with this second step: {factor}."),
            CHANGE_PASSWORD,
        ),
        NoticeKind::RecoveryCodeUsed => plain(
            "Your recovery code was used",
            "Somebody signed in to your account with the recovery code. It is used up, and a new one was shown in its place.".to_owned(),
            "If this was not you, somebody has your password and had your recovery code. Change your password now, and remove sign-in methods you do not know.",
        ),
        NoticeKind::PasswordBlocked => Words {
            heading: "Sign-in was blocked",
            what: "The password of your account was entered wrongly too often, so for now no further attempt from there is taken.".to_owned(),
            if_you: "If this was you, you can try again at once:",
            advice: "If this was not you, leave the block as it is: it keeps whoever tried from trying on. Your password was not found out by these attempts. If you use it elsewhere as well, change it.",
        },
        NoticeKind::AuthenticatorLocked => plain(
            "A sign-in method was locked",
            format!("Too many wrong codes in a row were entered for this second step: {factor}. It is locked until it is set up anew or an administrator unlocks it."),
            "If this was not you, somebody knows your password and has been guessing codes. Change your password now.",
        ),
        NoticeKind::CodesFailing => plain(
            "Wrong codes after your password",
            "Somebody entered the right password of your account, and then wrong codes again and again. They were not let in, and for now no further codes are taken.".to_owned(),
            "If this was not you, somebody knows your password. Change it now.",
        ),
    }
}

fn factor_name(factor: Factor) -> &'static str {
    match factor {
        Factor::Sms => "codes by phone",
        Factor::PushNotification => "push notification",
        Factor::Otp => "an authenticator app",
        Factor::Email => "codes by email",
        Factor::Duo => "Duo",
        Factor::WebauthnRoaming => "a security key",
        Factor::WebauthnPlatform => "this device's screen lock",
        Factor::RecoveryCode => "the recovery code",
    }
}

/// Fills the mail of a notice in the language asked for, or the nearest there is. Never fails: whatever the names
/// contain, they come out as harmless lines.
#[must_use]
pub fn notice_email(kind: NoticeKind, _language: Option<&str>, details: &NoticeDetails<'_>) -> RenderedEmail {
    let tenant = Some(name(details.tenant)).filter(|name| !name.is_empty());
    let tenant = tenant.unwrap_or_else(|| "your account".to_owned());
    let words = words(kind, details);
    let facts = facts(details);
    let link = details.unblock.map(without_code).unwrap_or_default();
    let label = "Unblock sign-in";
    let lines = |between: &str, escape: fn(&str) -> String| {
        facts
            .iter()
            .map(|(what, value)| format!("{what}: {}", escape(value)))
            .collect::<Vec<_>>()
            .join(between)
    };
    let values = |facts: String, action: String| {
        [
            ("tenant", escape_html(&tenant)),
            ("heading", words.heading.to_owned()),
            ("what", escape_html(&words.what)),
            ("facts", facts),
            ("action", action),
            ("advice", words.advice.to_owned()),
        ]
    };
    let action = match details.unblock {
        None => String::new(),
        Some(_) => {
            let values =
                [("if_you", words.if_you.to_owned()), ("link", link.clone()), ("label", label.to_owned())];
            fill(ACTION, &values, escape_html)
        }
    };
    // The values are HTML already: facts and action bring their own tags.
    let html = fill(HTML, &values(lines("<br>\n", escape_html), action), str::to_owned);
    let offer =
        if link.is_empty() { String::new() } else { format!("{}\n\n{label}: {link}\n\n", words.if_you) };
    let facts = lines("\n", str::to_owned);
    let text = format!("{}\n\n{}\n\n{facts}\n\n{offer}{}\n", words.heading, words.what, words.advice);
    RenderedEmail { subject: format!("{}: {tenant}", words.heading), html, text }
}

/// Who, where from, and when, in the order they are shown.
fn facts(details: &NoticeDetails<'_>) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Account", name(details.account))];
    facts.extend(details.application.map(|it| ("Application", name(it))).filter(|(_, it)| !it.is_empty()));
    facts.extend(details.source.map(|it| ("From", name(it))).filter(|(_, it)| !it.is_empty()));
    facts.push(("Time", utc(details.at)));
    facts
}

/// `2026-11-22 04:07 UTC`: the same in every language, and no group of six digits.
fn utc(at: Timestamp) -> String {
    let seconds = i64::try_from(at.0).unwrap_or(i64::MAX);
    let text = DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap_or_default();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => "unknown".to_owned(),
    }
}

/// A link in which nothing looks like a code: the last digit of every group of exactly six is percent-encoded, which
/// changes the text and not the link. The host is left alone.
fn without_code(link: &str) -> String {
    let Some((place, query)) = link.split_once('?') else { return link.to_owned() };
    let mut clean = format!("{place}?");
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        match run.split_at_checked(5) {
            Some((five, last)) if digits && last.len() == 1 => {
                clean.push_str(five);
                clean.push_str("%3");
                clean.push_str(last);
            }
            _ => clean.push_str(run),
        }
        rest = after;
    }
    clean
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    const DETAILS: NoticeDetails<'static> = NoticeDetails {
        tenant: "Acme",
        account: "u***@exam*******",
        application: Some("Acme Shop"),
        factor: Some(Factor::Otp),
        at: Timestamp(1_900_000_020),
        source: None,
        unblock: None,
    };

    fn groups_of_six(part: &str) -> Vec<&str> {
        part.split(|c: char| !c.is_numeric()).filter(|run| run.chars().count() == 6).collect()
    }

    #[test]
    fn a_notice_says_what_who_when_and_what_to_do() {
        let email = notice_email(NoticeKind::FactorAdded, None, &DETAILS);
        assert_snapshot!(email.subject, @"A sign-in method was added: Acme");
        assert_snapshot!(email.text, @r"
        A sign-in method was added

        Your account can now be confirmed with this second step: an authenticator app.

        Account: u***@exam*******
        Application: Acme Shop
        Time: 2030-03-17 17:47 UTC

        If this was not you, somebody may know your password. Change it now, and look through your sign-in methods for one you do not know.
        ");
    }

    /// Contract A3 "blocked": the mail has the link, and says where the attempts came from.
    #[test]
    fn a_block_can_be_ended_by_its_mail() {
        let details = NoticeDetails {
            factor: None,
            source: Some("192.0.2.7"),
            unblock: Some("https://issuer/u/unblock?ticket=kid.a123456b"),
            ..DETAILS
        };
        let email = notice_email(NoticeKind::PasswordBlocked, None, &details);
        assert!(email.html.contains(r#"href="https://issuer/u/unblock?ticket=kid.a12345%36b""#));
        assert_snapshot!(email.text, @r"
        Sign-in was blocked

        The password of your account was entered wrongly too often, so for now no further attempt from there is taken.

        Account: u***@exam*******
        Application: Acme Shop
        From: 192.0.2.7
        Time: 2030-03-17 17:47 UTC

        If this was you, you can try again at once:

        Unblock sign-in: https://issuer/u/unblock?ticket=kid.a12345%36b

        If this was not you, leave the block as it is: it keeps whoever tried from trying on. Your password was not found out by these attempts. If you use it elsewhere as well, change it.
        ");
    }

    /// design §9: notices have no group of exactly six digits; every kind fills every placeholder.
    #[test]
    fn no_kind_leaves_a_placeholder_or_looks_like_a_code() {
        let details = NoticeDetails { unblock: Some("https://issuer/u/unblock?ticket=654321"), ..DETAILS };
        for kind in NoticeKind::ALL {
            let email = notice_email(kind, Some("de"), &details);
            for part in [&email.subject, &email.html, &email.text] {
                assert!(!part.contains("{{"), "{kind:?}: {part}");
            }
            for part in [&email.subject, &email.text] {
                assert!(groups_of_six(part).is_empty(), "{kind:?}: {part}");
            }
        }
    }

    #[test]
    fn names_are_text_and_not_markup() {
        let details = NoticeDetails { tenant: "<b>&", application: Some("\"><script>\r\n"), ..DETAILS };
        let email = notice_email(NoticeKind::FactorRemoved, None, &details);
        assert!(!email.html.contains("<script>") && !email.html.contains("<b>"));
        assert!(!email.subject.contains(['\r', '\n']));
    }

    proptest! {
        /// design §9: no name, source or ticket brings a group of exactly six digits into the text or the subject.
        #[test]
        fn nothing_shown_looks_like_a_code(
            tenant in "\\PC{0,40}", application in "[0-9 a-z]{0,40}", ticket in "[0-9a-zA-Z_.-]{0,400}",
        ) {
            let link = format!("https://issuer/u/unblock?ticket={ticket}");
            let details = NoticeDetails {
                tenant: &tenant, application: Some(&application), unblock: Some(&link), ..DETAILS
            };
            let email = notice_email(NoticeKind::PasswordBlocked, None, &details);
            for part in [&email.subject, &email.text] {
                prop_assert!(groups_of_six(part).is_empty(), "{}", part);
            }
        }
    }
}
