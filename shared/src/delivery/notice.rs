//! Mailing a security notice.

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::types::Destination;

use super::custom::Composed;
use super::{Mailer, content, sender, tag};
use crate::rules::address::EmailAddress;

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
    pub async fn send_notice(&self, to: &EmailAddress, notice: Composed) -> Result<(), NoticeFailure> {
        let Composed { email, from } = notice;
        let Some(address) = &self.from else {
            tracing::error!(event = "no_sender", "POSTERN_MAIL_FROM is not set");
            return Err(NoticeFailure::Refused);
        };
        let call = self
            .ses
            .send_email()
            .from_email_address(sender(from.as_deref().unwrap_or(&self.tenant_name), address))
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
