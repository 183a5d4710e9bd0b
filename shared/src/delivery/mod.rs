//! Sending codes. A send is never repeated by us (design §3).

pub mod code;
pub mod issued;
pub mod notice;
pub mod phone;
pub mod phone_text;
pub mod template;
pub mod toll;

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};

use crate::config::Config;
use crate::rules::address::EmailAddress;
use crate::rules::otp::OneTimeCode;
use template::{CodeEmail, RenderedEmail};

/// How a send failed (design §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryFailure {
    /// It certainly was not sent.
    #[error("the message was refused")]
    Refused,
    /// It may have been.
    #[error("whether the message was sent is unknown")]
    Unknown,
}

/// Sends mail by SES.
#[derive(Clone, Debug)]
pub struct Mailer {
    ses: aws_sdk_sesv2::Client,
    from: Option<String>,
    configuration_set: Option<String>,
    tenant_name: String,
}

impl Mailer {
    /// A mailer with the deployment's sender.
    #[must_use]
    pub fn new(ses: aws_sdk_sesv2::Client, config: &Config) -> Self {
        Self {
            ses,
            from: config.mail_from.clone(),
            configuration_set: config.ses_configuration_set.clone(),
            tenant_name: config.tenant_name.clone(),
        }
    }

    /// Mails a code that is good for so many seconds.
    ///
    /// # Errors
    /// See [`DeliveryFailure`].
    pub async fn send_code(
        &self,
        to: &EmailAddress,
        code: &OneTimeCode,
        application: &str,
        seconds_valid: u64,
    ) -> Result<(), DeliveryFailure> {
        let Some(from) = &self.from else {
            tracing::error!(event = "no_sender", "POSTERN_MAIL_FROM is not set");
            return Err(DeliveryFailure::Refused);
        };
        let email = template::render(&CodeEmail {
            code: code.as_str(),
            tenant: &self.tenant_name,
            application,
            minutes_valid: seconds_valid / 60,
        });
        let call = self
            .ses
            .send_email()
            .from_email_address(self.sender(from))
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(content(email)?)
            .set_configuration_set_name(self.configuration_set.clone())
            .email_tags(tag("postern-message", "mfa-code")?);
        call.send().await.map(|_| ()).map_err(|error| classify("ses", "SendEmail", &error))
    }
}

impl Mailer {
    /// The address with the tenant's name before it, unless it has a name already (RFC 5322 §3.4).
    fn sender(&self, from: &str) -> String {
        let name: String = self
            .tenant_name
            .chars()
            .filter(|c| c.is_ascii_graphic() || *c == ' ')
            .filter(|c| !"\"\\".contains(*c))
            .collect();
        if from.contains('<') || name.trim().is_empty() {
            from.to_owned()
        } else {
            format!("\"{name}\" <{from}>")
        }
    }
}

fn content(email: RenderedEmail) -> Result<EmailContent, DeliveryFailure> {
    let utf8 = |text: String| {
        Content::builder().data(text).charset("UTF-8").build().map_err(|_| DeliveryFailure::Refused)
    };
    let body = Body::builder().text(utf8(email.text)?).html(utf8(email.html)?).build();
    let message = Message::builder().subject(utf8(email.subject)?).body(body).build();
    Ok(EmailContent::builder().simple(message).build())
}

fn tag(name: &str, value: &str) -> Result<MessageTag, DeliveryFailure> {
    MessageTag::builder().name(name).value(value).build().map_err(|_| DeliveryFailure::Refused)
}

/// Any answer of the service is a refusal; no answer may have sent, unless no connection was made at all.
fn classify<E, R>(service: &'static str, operation: &'static str, error: &SdkError<E, R>) -> DeliveryFailure
where
    E: ProvideErrorMetadata,
{
    let failure = match error {
        SdkError::ServiceError(_) | SdkError::ConstructionFailure(_) => DeliveryFailure::Refused,
        SdkError::DispatchFailure(dispatch) if crate::aws::never_connected(dispatch) => {
            DeliveryFailure::Refused
        }
        _ => DeliveryFailure::Unknown,
    };
    tracing::warn!(event = "delivery_failed", service, operation, code = error.code(), ?failure);
    failure
}
