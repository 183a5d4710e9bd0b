//! What changes seldom and is needed by every request: kept for a minute, and for a while longer when looking again
//! fails (design §3).

use tokio::sync::Mutex;

use crate::store::StoreError;
use crate::time::Timestamp;

/// How long something is served without looking again, in seconds.
const FRESH_SECONDS: u64 = 60;
/// How long it is served when looking again fails, in seconds.
const USABLE_SECONDS: u64 = 360;
/// After a failed look the next one waits so long, in seconds.
const RELOOK_SECONDS: u64 = 10;

/// The last known state of something in the table.
#[derive(Debug)]
pub(crate) struct Cached<T>(Mutex<Option<Known<T>>>);

#[derive(Debug)]
struct Known<T> {
    value: T,
    at: Timestamp,
    looked_at: Timestamp,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Cached<T> {
    /// What is known, looked up again by `look` when it is old. Requests that come at the same time share one look.
    pub(crate) async fn get(
        &self,
        now: Timestamp,
        look: impl AsyncFnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut cached = self.0.lock().await;
        if let Some(known) = &*cached {
            let fresh = now.since(known.at) < FRESH_SECONDS;
            // The last look failed a moment ago: not every request has to wait for the same failure.
            let bridged = now.since(known.looked_at) < RELOOK_SECONDS && now.since(known.at) < USABLE_SECONDS;
            if fresh || bridged {
                return Ok(known.value.clone());
            }
        }
        match (look().await, &mut *cached) {
            (Ok(value), _) => {
                *cached = Some(Known { value: value.clone(), at: now, looked_at: now });
                Ok(value)
            }
            (Err(_), Some(known)) if now.since(known.at) < USABLE_SECONDS => {
                known.looked_at = now;
                Ok(known.value.clone())
            }
            (Err(error), _) => Err(error),
        }
    }
}
