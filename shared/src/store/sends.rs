//! What goes to the phones of one country in an hour, by whatever user: the counter that toll fraud runs into
//! (SEC-22, design §3). One for each purpose: what strangers may ask for is not to use up what users need.
//!
//! Many users share it, so it is spread over items that each hold a share of the limit, and is written outside the
//! transactions, which would conflict on it.

use super::expression::{Write, minus_one, number};
use super::{Outcome, Store, StoreError};
use crate::rules::channel::SendPurpose;
use crate::rules::limit::Window;
use crate::rules::phone::Country;
use crate::time::Timestamp;

/// Items a country's counter is spread over.
const SHARDS: u64 = 4;

/// A send that was counted for a country, and may be given back.
#[derive(Clone, Debug)]
pub struct CountryCharge {
    pk: String,
    sk: String,
}

impl CountryCharge {
    fn of(country: &Country, purpose: SendPurpose, shard: u64, window: Window, now: Timestamp) -> Self {
        Self {
            pk: format!("COUNTRY#{}#{shard}", country.as_str()),
            sk: format!("SENDS#{}#{}", purpose.as_str(), window.start(now).0),
        }
    }

    fn count(&self, most: u64, window: Window, now: Timestamp) -> Write {
        Write::update(&self.pk, &self.sk, "SET expires_at = :over ADD sends :one")
            .when("attribute_not_exists(sends) OR sends < :most")
            .value(":over", number(window.start(now).plus(2 * window.seconds).0))
            .value(":one", number(1))
            .value(":most", number(most))
    }

    fn uncount(&self) -> Write {
        Write::update(&self.pk, &self.sk, "ADD sends :minus").value(":minus", minus_one())
    }
}

impl Store {
    /// Counts a send to a country; `None` when the limit is reached. One write while there is room; only near the
    /// limit, where a share is used up, another is tried.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn charge_country(
        &self,
        country: &Country,
        purpose: SendPurpose,
        window: Window,
        now: Timestamp,
    ) -> Result<Option<CountryCharge>, StoreError> {
        let shards = window.sends.min(SHARDS);
        // Which share is tried first is no secret: without randomness it is the first.
        let first = u32::try_from(shards).ok().filter(|shards| *shards > 0);
        let first = first.and_then(|shards| self.random.below(shards).ok()).map_or(0, u64::from);
        for shard in (first..shards).chain(0..first) {
            let charge = CountryCharge::of(country, purpose, shard, window, now);
            let share = window.sends / shards + u64::from(shard < window.sends % shards);
            if let Outcome::Done(_) = self.charge(&charge.count(share, window, now)).await? {
                return Ok(Some(charge));
            }
        }
        Ok(None)
    }

    /// Gives a send back that certainly did not happen.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn refund_country(&self, charge: &CountryCharge) -> Result<(), StoreError> {
        self.charge(&charge.uncount()).await.map(|_| ())
    }
}
