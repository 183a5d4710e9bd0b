//! A code on its way to wherever it is to go.

use super::DeliveryFailure;
use super::issued::IssuedCode;
use super::occasion::Occasion;
use crate::app::App;
use crate::rules::destination::Destination;
use crate::rules::otp::OneTimeCode;

/// A code and what its message says beside it.
#[derive(Clone, Copy, Debug)]
pub struct CodeMessage<'a> {
    /// The code.
    pub issued: &'a IssuedCode,
    /// Whom it is for, and where it comes from.
    pub occasion: Occasion<'a>,
}

impl CodeMessage<'_> {
    /// The code.
    #[must_use]
    pub fn code(&self) -> &OneTimeCode {
        &self.issued.code
    }

    /// How long it is good, in seconds.
    #[must_use]
    pub fn seconds_valid(&self) -> u64 {
        self.issued.seconds_valid(self.occasion.now)
    }
}

/// Sends a code to wherever it is to go.
///
/// # Errors
/// See [`DeliveryFailure`].
pub async fn send_code(
    app: &App,
    to: &Destination,
    message: &CodeMessage<'_>,
) -> Result<(), DeliveryFailure> {
    let texter = || {
        app.texter.as_ref().ok_or_else(|| {
            tracing::error!(event = "no_sender", "this function was built without text messages and calls");
            DeliveryFailure::Refused
        })
    };
    match to {
        Destination::Email(address) => {
            app.mailer.send_code(address, message.code(), message.seconds_valid(), &message.occasion).await
        }
        Destination::Sms(number) => texter()?.text(number, message).await,
        Destination::Voice(number) => texter()?.call(number, message).await,
    }
}
