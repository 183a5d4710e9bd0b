//! SES's list of addresses that it does not try: one that bounced gets there by itself, and leaves it by us.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::ProvideErrorMetadata;

use super::Mailer;
use crate::rules::address::EmailAddress;

/// SES did not say that the address is off its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address may still be on SES's suppression list")]
pub struct StillSuppressed;

/// Takes an address off the account's suppression list, so that SES tries the next mail to it. One that is not there is
/// fine.
///
/// # Errors
/// See [`StillSuppressed`].
pub async fn take_off_list(ses: &Client, address: &EmailAddress) -> Result<(), StillSuppressed> {
    let Err(error) = ses.delete_suppressed_destination().email_address(address.as_str()).send().await else {
        return Ok(());
    };
    if error.as_service_error().is_some_and(|error| error.is_not_found_exception()) {
        return Ok(());
    }
    tracing::warn!(
        event = "aws_call_failed",
        service = "ses",
        operation = "DeleteSuppressedDestination",
        code = error.code()
    );
    Err(StillSuppressed)
}

impl Mailer {
    /// See [`take_off_list`].
    ///
    /// # Errors
    /// See [`StillSuppressed`].
    pub async fn take_off_list(&self, address: &EmailAddress) -> Result<(), StillSuppressed> {
        take_off_list(&self.ses, address).await
    }
}
