//! A code on its way to wherever it is to go.

use super::DeliveryFailure;
use super::issued::IssuedCode;
use crate::app::App;
use crate::rules::destination::Destination;
use crate::rules::otp::OneTimeCode;
use crate::rules::policy::TenantSettings;
use crate::time::Timestamp;

/// A code and what its message says beside it.
#[derive(Clone, Copy, Debug)]
pub struct CodeMessage<'a> {
    /// The code.
    pub code: &'a OneTimeCode,
    /// The application (client) the user is signing in to; may be blank.
    pub application: &'a str,
    /// The language to write or speak in (BCP 47).
    pub language: &'a str,
    /// How long the code is good, in seconds.
    pub seconds_valid: u64,
    /// The domain that a text message binds the code to.
    pub web_otp_domain: Option<&'a str>,
}

impl<'a> CodeMessage<'a> {
    /// The message of a code for an application, as the tenant wants it.
    #[must_use]
    pub fn of(
        issued: &'a IssuedCode,
        application: &'a str,
        settings: &'a TenantSettings,
        now: Timestamp,
    ) -> Self {
        Self {
            code: &issued.code,
            application,
            language: settings.default_language.as_deref().unwrap_or(DEFAULT_LANGUAGE),
            seconds_valid: issued.seconds_valid(now),
            web_otp_domain: settings.web_otp_domain.as_deref(),
        }
    }
}

/// Where neither the request nor the tenant names one.
const DEFAULT_LANGUAGE: &str = "en";

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
            let CodeMessage { code, application, seconds_valid, .. } = *message;
            app.mailer.send_code(address, code, application, seconds_valid).await
        }
        Destination::Sms(number) => texter()?.text(number, message).await,
        Destination::Voice(number) => texter()?.call(number, message).await,
    }
}
