//! A code on its way to wherever it is to go.

use super::DeliveryFailure;
use super::issued::IssuedCode;
use super::occasion::Occasion;
use super::phone::{Provider, Texter};
use crate::app::App;
use crate::audit::trail;
use crate::rules::destination::Destination;
use crate::rules::limit::{Limits, Standing};
use crate::rules::otp::OneTimeCode;
use crate::rules::policy::{SmsProvider, TenantSettings};
use crate::store::limits::{LimitKey, Taken};
use crate::store::users::UserState;
use crate::time::Timestamp;
use crate::wire::refusal::Refusal;

/// Why a code is not sent, in the audit log: mail to there bounced for good.
pub(crate) const ADDRESS_BOUNCED: &str = "address_bounced";
/// The same of a number that the provider says takes no messages or calls; also of a sign-in without password, which is
/// answered as if it were sent.
pub const RECIPIENT_UNREACHABLE: &str = "recipient_unreachable";
/// The same where the provider sends nothing to the number's country, or not from the sender.
pub const RECIPIENT_BARRED: &str = "recipient_barred";

/// A code and what its message says beside it.
#[derive(Clone, Copy, Debug)]
pub struct CodeMessage<'a> {
    /// The code.
    pub code: &'a OneTimeCode,
    /// How long the code is good, in seconds.
    pub seconds_valid: u64,
    /// Whom it is for: decides the language, and the domain that a text message binds the code to.
    pub occasion: Occasion<'a>,
}

impl<'a> CodeMessage<'a> {
    /// The message of a code on an occasion.
    #[must_use]
    pub fn of(issued: &'a IssuedCode, occasion: Occasion<'a>) -> Self {
        Self { code: &issued.code, seconds_valid: issued.seconds_valid(occasion.now), occasion }
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
    match to {
        Destination::Email(address) => {
            app.mailer.send_code(address, message.code, message.seconds_valid, &message.occasion).await
        }
        Destination::Sms(number) => {
            texter(app)?.text(&provider(app, message.occasion.settings).await?, number, message).await
        }
        Destination::Voice(number) => {
            texter(app)?.call(&provider(app, message.occasion.settings).await?, number, message).await
        }
    }
}

/// What sends texts and calls; a function that has none was built or deployed wrongly.
pub(super) fn texter(app: &App) -> Result<&Texter, DeliveryFailure> {
    app.texter.as_ref().ok_or_else(|| {
        tracing::error!(event = "no_sender", "this function was built without text messages and calls");
        DeliveryFailure::Refused
    })
}

/// How the user's budget of sends stands; what is spent is refused.
///
/// # Errors
/// When nothing of it is left.
pub fn standing(
    user: &UserState,
    to: &Destination,
    limits: &Limits,
    now: Timestamp,
) -> Result<Standing, Refusal> {
    let (bucket, _) = to.budgets(limits);
    match bucket.standing(user.limit(bucket).tat, now) {
        Standing::Spent { retry_after } => {
            Err(Refusal::TooManySends { channel: to.channel(), limit: bucket.burst, retry_after })
        }
        standing => Ok(standing),
    }
}

/// Refuses a code that will not arrive: it must not look sent. Asking for it costs a send all the same, or who asks again
/// and again would never be told to wait.
///
/// # Errors
/// When mail to there bounced for good, or the budget of sends is spent by asking, or AWS fails.
pub async fn reachable(
    app: &App,
    user: &UserState,
    to: &Destination,
    limits: &Limits,
    now: Timestamp,
) -> Result<(), Refusal> {
    if !user.is_unreachable(to, now) {
        return Ok(());
    }
    let (bucket, _) = to.budgets(limits);
    let key = LimitKey::of_user(&user.profile.user_id, bucket);
    match app.store.take_attempt(&key, now).await? {
        Taken::Charged(_) => {
            trail::reason(ADDRESS_BOUNCED);
            Err(Refusal::DeliveryFailed)
        }
        Taken::Spent { retry_after } => {
            Err(Refusal::TooManySends { channel: to.channel(), limit: bucket.burst, retry_after })
        }
    }
}

/// Who delivers to phones, as the tenant has it.
pub(super) async fn provider(app: &App, settings: &TenantSettings) -> Result<Provider, DeliveryFailure> {
    match settings.sms_provider {
        SmsProvider::Aws => Ok(Provider::Aws),
        SmsProvider::Twilio => match app.twilio_account().await {
            Ok(Some(account)) => Ok(Provider::Twilio(account)),
            Ok(None) => {
                tracing::error!(event = "no_sender", "the Twilio account has no sid or no auth_token");
                Err(DeliveryFailure::Refused)
            }
            Err(error) => {
                tracing::error!(event = "no_sender", %error, "the Twilio account is not to be had");
                Err(DeliveryFailure::Refused)
            }
        },
    }
}
