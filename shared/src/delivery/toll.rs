//! What a send costs the country it goes to (SEC-22): charged beside the transaction of the flow, not in it, for all
//! users of a country share it.

use super::DeliveryFailure;
use super::code::{RECIPIENT_BARRED, RECIPIENT_UNREACHABLE};
use crate::app::App;
use crate::audit::trail;
use crate::rules::channel::SendPurpose;
use crate::rules::destination::Destination;
use crate::rules::policy::TenantSettings;
use crate::store::compensated;
use crate::store::sends::CountryCharge;
use crate::time::Timestamp;
use crate::wire::refusal::Refusal;

/// A send counted for its country; nothing for a mail.
#[derive(Clone, Debug)]
pub struct Toll(Option<CountryCharge>);

impl Toll {
    /// Counts a send while `persist` writes what it is for: both at once, and both or neither. When the country has had
    /// its share of this hour, what was written is undone.
    ///
    /// # Errors
    /// That of `persist`, else the country's.
    pub async fn beside<T>(
        app: &App,
        (to, purpose): (&Destination, SendPurpose),
        settings: &TenantSettings,
        now: Timestamp,
        persist: impl Future<Output = Result<T, Refusal>>,
        undo: impl AsyncFnOnce(T),
    ) -> Result<(T, Self), Refusal> {
        match tokio::join!(persist, Self::charge(app, to, purpose, settings, now)) {
            (Ok(written), Ok(toll)) => Ok((written, toll)),
            (Ok(written), Err(refusal)) => {
                undo(written).await;
                Err(refusal)
            }
            (Err(refusal), toll) => {
                if let Ok(toll) = toll {
                    toll.refund(app).await;
                }
                Err(refusal)
            }
        }
    }

    async fn charge(
        app: &App,
        to: &Destination,
        purpose: SendPurpose,
        settings: &TenantSettings,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let Some(number) = to.phone() else { return Ok(Self(None)) };
        let window = settings.limits.sms_per_prefix;
        match app.store.charge_country(number.country(), purpose, window, now).await? {
            Some(charge) => Ok(Self(Some(charge))),
            None => {
                tracing::warn!(event = "country_limit_reached", country = number.country().as_str());
                Err(Refusal::TooManySends {
                    channel: to.channel(),
                    limit: window.sends,
                    retry_after: window.retry_after(now),
                })
            }
        }
    }

    /// Ends a send. What was refused is undone, and counts for nothing; what may have been sent stays charged, and only
    /// its code is made void (design §7). So does what nobody takes, or nobody there: it cost nothing, but whoever asks
    /// for it again and again is to be told to wait, as for any code.
    ///
    /// # Errors
    /// When it was not, or may not have been, delivered.
    pub async fn settle(
        &self,
        app: &App,
        sent: Result<(), DeliveryFailure>,
        undo: impl Future<Output = ()>,
        void: impl Future<Output = ()>,
    ) -> Result<(), Refusal> {
        match sent {
            Ok(()) => return Ok(()),
            Err(DeliveryFailure::Refused) => {
                tokio::join!(undo, self.refund(app));
            }
            Err(DeliveryFailure::Unreachable) => {
                trail::reason(RECIPIENT_UNREACHABLE);
                void.await;
            }
            Err(DeliveryFailure::Barred) => {
                trail::reason(RECIPIENT_BARRED);
                void.await;
            }
            Err(DeliveryFailure::Unknown) => void.await,
        }
        Err(Refusal::DeliveryFailed)
    }

    /// Gives it back for a send that certainly did not happen.
    async fn refund(&self, app: &App) {
        let Some(charge) = &self.0 else { return };
        compensated("refund_country", app.store.refund_country(charge).await);
    }
}
