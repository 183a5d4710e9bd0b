//! Mailing what nobody's answer waits for: security notices, and links to pages.

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};

use super::custom::Composed;
use super::{MailTags, Mailer, Unsendable};
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

    /// Mails something that nobody's answer waits for; one attempt.
    ///
    /// # Errors
    /// See [`NoticeFailure`].
    pub async fn send_notice(
        &self,
        to: &EmailAddress,
        notice: Composed,
        tags: MailTags<'_>,
    ) -> Result<(), NoticeFailure> {
        let call = self.call(to.as_str(), notice, tags).map_err(|Unsendable| NoticeFailure::Refused)?;
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
