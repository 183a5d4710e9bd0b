//! What a send costs the country it goes to (SEC-22): charged beside the transaction of the flow, not in it, for all
//! users of a country share it.

use crate::app::App;
use crate::rules::channel::SendPurpose;
use crate::rules::destination::Destination;
use crate::rules::policy::TenantSettings;
use crate::store::sends::CountryCharge;
use crate::time::Timestamp;
use crate::wire::refusal::Refusal;

/// A send counted for its country; nothing for a mail.
#[derive(Clone, Debug)]
pub struct Toll(Option<CountryCharge>);

impl Toll {
    /// Counts a send.
    ///
    /// # Errors
    /// When its country has had its share of this hour.
    pub async fn charge(
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

    /// Gives it back for a send that certainly did not happen; when even that fails it expires by itself.
    pub async fn refund(&self, app: &App) {
        let Some(charge) = &self.0 else { return };
        if app.store.refund_country(charge).await.is_err() {
            tracing::warn!(event = "compensation_failed", operation = "refund_country");
        }
    }
}
