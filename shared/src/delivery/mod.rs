//! Sending codes. A send is never repeated by us (design §3).

pub mod built_in;
pub mod code;
pub mod custom;
mod html_text;
pub mod issued;
mod kind;
pub mod liquid;
pub mod notice;
pub mod occasion;
mod page;
pub mod phone;
pub mod phone_text;
pub mod sign_in;
pub mod suppression;
pub mod template;
pub mod texts;
pub mod toll;
pub mod twilio;

use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use data_encoding::BASE64;

pub use kind::{KIND_TAG, MailKind, MailTags, USER_TAG};

use crate::aws::OnDemand;
use crate::config::Config;
use crate::rules::address::EmailAddress;
use crate::rules::calendar::UtcTime;
use crate::rules::email_template::TemplateName;
use crate::rules::notice::NoticeKind;
use crate::rules::otp::OneTimeCode;
use crate::rules::policy::Factor;
use built_in::{CodeMail, LinkMail, MailDetails, NoticeDetails};
use custom::{Carries, Composed};
use liquid::Given;
use occasion::Occasion;
use template::RenderedEmail;

/// How a send failed (design §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryFailure {
    /// It certainly was not sent.
    #[error("the message was refused")]
    Refused,
    /// It was not, and will not be: whoever it is for takes none. A fact about them and no failure of the service.
    #[error("the recipient takes no messages")]
    Unreachable,
    /// It was not: from here nothing is sent to where it was to go, such as a country. The operator can change that.
    #[error("nothing is sent to there")]
    Barred,
    /// It may have been.
    #[error("whether the message was sent is unknown")]
    Unknown,
}

/// A mail that cannot even be handed to SES: there is no sender, or a part of it is missing.
struct Unsendable;

impl From<BuildError> for Unsendable {
    fn from(_: BuildError) -> Self {
        Self
    }
}

/// Sends mail by SES.
#[derive(Clone, Debug)]
pub struct Mailer {
    ses: OnDemand<aws_sdk_sesv2::Client>,
    from: Option<String>,
    configuration_set: Option<String>,
    tenant_name: String,
    issuer: String,
}

impl Mailer {
    /// A mailer with the deployment's sender.
    #[must_use]
    pub fn new(ses: OnDemand<aws_sdk_sesv2::Client>, config: &Config) -> Self {
        Self {
            ses,
            from: config.mail_from.clone(),
            configuration_set: config.ses_configuration_set.clone(),
            tenant_name: config.tenant_name.clone(),
            issuer: config.issuer.as_str().to_owned(),
        }
    }

    /// Mails the second factor's code, good for so many seconds.
    ///
    /// # Errors
    /// See [`DeliveryFailure`].
    pub async fn send_code(
        &self,
        to: &EmailAddress,
        code: &OneTimeCode,
        seconds_valid: u64,
        occasion: &Occasion<'_>,
    ) -> Result<(), DeliveryFailure> {
        let composed = self.code_email(CodeMail::SecondFactor, code.as_str(), seconds_valid / 60, occasion);
        let tags = MailTags { kind: MailKind::MfaCode, user: &occasion.profile.user_id };
        self.post(to.as_str(), composed, tags).await
    }

    /// Mails what was composed.
    async fn post(&self, to: &str, composed: Composed, tags: MailTags<'_>) -> Result<(), DeliveryFailure> {
        let call = self.call(to, composed, tags).map_err(|Unsendable| DeliveryFailure::Refused)?;
        call.send().await.map(|_| ()).map_err(|error| classify("ses", "SendEmail", &error, None))
    }

    /// The call that mails it, yet to be made.
    fn call(
        &self,
        to: &str,
        composed: Composed,
        tags: MailTags<'_>,
    ) -> Result<SendEmailFluentBuilder, Unsendable> {
        let Composed { email, from } = composed;
        let Some(address) = &self.from else {
            tracing::error!(event = "no_sender", "POSTERN_MAIL_FROM is not set");
            return Err(Unsendable);
        };
        Ok(self
            .ses
            .send_email()
            .from_email_address(sender(from.as_deref().unwrap_or(&self.tenant_name), address))
            .destination(Destination::builder().to_addresses(to).build())
            .content(content(email)?)
            .set_configuration_set_name(self.configuration_set.clone())
            .set_email_tags(Some(tags.list()?)))
    }

    /// Makes the client, if it is not there yet.
    pub fn make_client(&self) {
        self.ses.make();
    }

    /// A mail with a code: the operator's if there is one that works, else the built-in one.
    #[must_use]
    pub fn code_email(
        &self,
        mail: CodeMail,
        code: &str,
        minutes_valid: u64,
        occasion: &Occasion<'_>,
    ) -> Composed {
        let own = [
            ("code", Given::text(Some(code))),
            ("send", Given::text(Some("code"))),
            custom::connection(mail.template()),
            ("minutes_valid", Given::number(minutes_valid)),
        ];
        self.by_template(mail.template(), own, Carries::Code(code), occasion).unwrap_or_else(|| {
            let details = self.details(code, minutes_valid, occasion);
            Composed { email: built_in::code_email(mail, occasion.language(), &details), from: None }
        })
    }

    /// The same with a link.
    #[must_use]
    pub fn link_email(
        &self,
        mail: LinkMail,
        url: &str,
        minutes_valid: u64,
        occasion: &Occasion<'_>,
    ) -> Composed {
        let url = &page::unmistakable(url);
        let own = [
            ("link", Given::text(Some(url))),
            ("url", Given::text(Some(url))),
            ("send", Given::text(Some("link"))),
            custom::connection(mail.template()),
            ("minutes_valid", Given::number(minutes_valid)),
        ];
        self.by_template(mail.template(), own, Carries::Link(url), occasion).unwrap_or_else(|| {
            let details = self.details(url, minutes_valid, occasion);
            Composed { email: built_in::link_email(mail, occasion.language(), &details), from: None }
        })
    }

    /// The same of a security notice, whose template is `security_notice` for all kinds.
    #[must_use]
    pub fn notice_email(
        &self,
        kind: NoticeKind,
        details: &NoticeDetails<'_>,
        occasion: &Occasion<'_>,
    ) -> Composed {
        let url = details.unblock.map(page::unmistakable);
        let notice = Given::members([
            ("kind", Given::text(Some(kind.as_str()))),
            ("factor", Given::text(details.factor.map(Factor::as_str))),
            ("account", Given::text(Some(details.account))),
            ("source", Given::text(details.source)),
            ("time", Given::text(Some(&UtcTime::of(details.at).to_string()))),
        ]);
        let own =
            [("notice", notice), ("link", Given::text(url.as_deref())), ("url", Given::text(url.as_deref()))];
        // Who is blocked needs the way out, whatever the operator wrote.
        let carries = url.as_deref().map_or(Carries::Nothing, Carries::Link);
        self.by_template(TemplateName::SecurityNotice, own, carries, occasion).unwrap_or_else(|| Composed {
            email: built_in::notice_email(kind, occasion.language(), details),
            from: None,
        })
    }

    fn by_template<const N: usize>(
        &self,
        name: TemplateName,
        own: [(&'static str, Given); N],
        carries: Carries<'_>,
        occasion: &Occasion<'_>,
    ) -> Option<Composed> {
        let template = occasion.template.filter(|template| template.name() == name)?;
        let values = occasion.values(&self.tenant_name, &self.issuer).into_iter().chain(own);
        let values = values.map(|(name, value)| (name.to_owned(), value)).collect();
        template.render(&Given::Members(values), carries)
    }

    fn details<'a>(
        &'a self,
        secret: &'a str,
        minutes_valid: u64,
        occasion: &Occasion<'a>,
    ) -> MailDetails<'a> {
        MailDetails { secret, tenant: &self.tenant_name, application: occasion.application, minutes_valid }
    }
}

/// The address with a name before it, unless it has a name already (RFC 5322 §3.4). A name beyond ASCII becomes encoded
/// words (RFC 2047 §5).
fn sender(name: &str, address: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control() && !"\"\\<>".contains(*c)).collect();
    let name = name.trim();
    if address.contains('<') || name.is_empty() {
        address.to_owned()
    } else if name.is_ascii() {
        format!("\"{name}\" <{address}>")
    } else {
        format!("{} <{address}>", encoded_words(name))
    }
}

/// Words of at most 75 characters, each of whole characters: 45 bytes of UTF-8 are 60 of Base64.
fn encoded_words(name: &str) -> String {
    const BYTES_MAX: usize = 45;
    let mut words: Vec<String> = vec![String::new()];
    for c in name.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= BYTES_MAX => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let encoded: Vec<_> =
        words.iter().map(|word| format!("=?UTF-8?B?{}?=", BASE64.encode(word.as_bytes()))).collect();
    encoded.join(" ")
}

fn content(email: RenderedEmail) -> Result<EmailContent, BuildError> {
    let utf8 = |text: String| Content::builder().data(text).charset("UTF-8").build();
    let body = Body::builder().text(utf8(email.text)?).html(utf8(email.html)?).build();
    let message = Message::builder().subject(utf8(email.subject)?).body(body).build();
    Ok(EmailContent::builder().simple(message).build())
}

/// Any answer of the service is a refusal; no answer may have sent, unless no connection was made at all.
/// `about_recipient` is what it is when the answer is about whom the message was for.
fn classify<E, R>(
    service: &'static str,
    operation: &'static str,
    error: &SdkError<E, R>,
    about_recipient: Option<DeliveryFailure>,
) -> DeliveryFailure
where
    E: ProvideErrorMetadata,
{
    let failure = about_recipient.unwrap_or_else(|| match error {
        SdkError::ServiceError(_) | SdkError::ConstructionFailure(_) => DeliveryFailure::Refused,
        SdkError::DispatchFailure(dispatch) if crate::aws::never_connected(dispatch) => {
            DeliveryFailure::Refused
        }
        _ => DeliveryFailure::Unknown,
    });
    tracing::warn!(event = "delivery_failed", service, operation, code = error.code(), ?failure);
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_have_names_of_any_script_and_one_line() {
        assert_eq!(sender("Acme \"Shop\"", "a@b.example"), "\"Acme Shop\" <a@b.example>");
        assert_eq!(sender("A\r\nBcc: x", "a@b.example"), "\"ABcc: x\" <a@b.example>");
        assert_eq!(sender(" ", "a@b.example"), "a@b.example");
        assert_eq!(sender("Acme", "Other <a@b.example>"), "Other <a@b.example>");
        assert_eq!(sender("Söhne", "a@b.example"), "=?UTF-8?B?U8O2aG5l?= <a@b.example>");
        let long = sender(&"ü".repeat(40), "a@b.example");
        assert!(
            long.split(' ').all(|word| word.len() <= 75 && (word.starts_with("=?") || word.starts_with('<')))
        );
    }
}
