//! SES's list of addresses that it does not try: one that bounced gets there by itself, and leaves it by us. It is the
//! account's: others send by it too, and people put addresses on it by hand.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::ProvideErrorMetadata;

use super::Mailer;
use crate::rules::address::EmailAddress;
use crate::time::Timestamp;

/// SES did not say what is on its list, or that the address is off it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address may still be on SES's suppression list")]
pub struct StillSuppressed;

/// How an address stands on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// It is not there.
    None,
    /// Since then, by a mail of the account's that bounced.
    Since(Timestamp),
    /// Somebody put it there, whose reasons are their own.
    ByHand,
}

/// Looks an address up.
///
/// # Errors
/// See [`StillSuppressed`].
async fn listing(ses: &Client, address: &EmailAddress) -> Result<Listing, StillSuppressed> {
    let found = match ses.get_suppressed_destination().email_address(address.as_str()).send().await {
        Ok(found) => found,
        Err(error) if error.as_service_error().is_some_and(|it| it.is_not_found_exception()) => {
            return Ok(Listing::None);
        }
        Err(error) => return Err(failed("GetSuppressedDestination", error.code())),
    };
    let Some(listed) = found.suppressed_destination() else { return Ok(Listing::None) };
    let at = Timestamp(u64::try_from(listed.last_update_time().secs()).unwrap_or_default());
    let by_mail = listed.attributes().and_then(|it| it.message_id());
    Ok(if by_mail.is_some() { Listing::Since(at) } else { Listing::ByHand })
}

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
    Err(failed("DeleteSuppressedDestination", error.code()))
}

fn failed(operation: &'static str, code: Option<&str>) -> StillSuppressed {
    tracing::warn!(event = "aws_call_failed", service = "ses", operation, code);
    StillSuppressed
}

impl Mailer {
    /// How an address stands on the account's suppression list.
    ///
    /// # Errors
    /// See [`StillSuppressed`].
    pub async fn listing(&self, address: &EmailAddress) -> Result<Listing, StillSuppressed> {
        listing(&self.ses, address).await
    }

    /// See [`take_off_list`].
    ///
    /// # Errors
    /// See [`StillSuppressed`].
    pub async fn take_off_list(&self, address: &EmailAddress) -> Result<(), StillSuppressed> {
        take_off_list(&self.ses, address).await
    }
}
