//! The client side of the call log: numbers the round trips of a request.
//!
//! Overlap of calls is only certain where they start, so the SDK clients count, and tell the
//! twin's services in headers (design §9).

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use rand_core::{OsRng, RngCore as _};

use super::calls::{CALL_HEADER, FUNCTION_HEADER, TRIP_HEADER};
use super::locked;

tokio::task_local! {
    static REQUEST: Arc<Request>;
}

/// The trips of one product request.
#[derive(Debug)]
struct Request {
    function: &'static str,
    trips: Mutex<Trips>,
}

#[derive(Debug, Default)]
struct Trips {
    current: u32,
    calls_in_flight: u32,
}

/// Runs `future` as one request of `function`: its AWS calls are logged under that name and
/// numbered from 1.
///
/// The context is a task-local, so calls that `future` moves to another task (`tokio::spawn`)
/// count as made outside a request.
pub async fn in_request<F: Future>(function: &'static str, future: F) -> F::Output {
    let request = Arc::new(Request { function, trips: Mutex::default() });
    REQUEST.scope(request, future).await
}

/// The interceptor that stamps calls with function, trip and call id.
///
/// One instance, cloned, belongs into the configuration of every SDK client of a twin. A call
/// that starts while none of its request is in flight begins a new trip; calls in flight together
/// share one; the attempts of one operation are one call.
#[derive(Clone)]
pub struct TripRecorder {
    numbers: Arc<CallNumbers>,
}

struct CallNumbers {
    /// Tells recorders apart that talk to one twin.
    recorder: u64,
    next: AtomicU64,
}

impl TripRecorder {
    /// A recorder of its own series of call ids.
    #[must_use]
    pub fn new() -> Self {
        Self { numbers: Arc::new(CallNumbers { recorder: OsRng.next_u64(), next: AtomicU64::new(1) }) }
    }

    fn next_id(&self) -> String {
        format!("{:016x}-{}", self.numbers.recorder, self.numbers.next.fetch_add(1, Ordering::Relaxed))
    }
}

impl Default for TripRecorder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TripRecorder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TripRecorder")
    }
}

/// What one operation carries through its execution.
#[derive(Debug)]
struct Stamp {
    call: String,
    flight: Option<Flight>,
}

impl Storable for Stamp {
    type Storer = StoreReplace<Self>;
}

/// A call in flight. It lands when dropped, and so also when its operation is cancelled, for
/// which the SDK runs no hook.
#[derive(Debug)]
struct Flight {
    request: Arc<Request>,
    trip: u32,
}

impl Flight {
    fn start(request: Arc<Request>) -> Self {
        let trip = {
            let mut trips = locked(&request.trips);
            if trips.calls_in_flight == 0 {
                trips.current += 1;
            }
            trips.calls_in_flight += 1;
            trips.current
        };
        Self { request, trip }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        locked(&self.request.trips).calls_in_flight -= 1;
    }
}

impl Intercept for TripRecorder {
    fn name(&self) -> &'static str {
        "TripRecorder"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let flight = REQUEST.try_with(|request| Flight::start(Arc::clone(request))).ok();
        config.interceptor_state().store_put(Stamp { call: self.next_id(), flight });
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(stamp) = config.load::<Stamp>() else { return Ok(()) };
        let headers = context.request_mut().headers_mut();
        headers.try_insert(CALL_HEADER, stamp.call.clone())?;
        if let Some(flight) = &stamp.flight {
            headers.try_insert(FUNCTION_HEADER, flight.request.function)?;
            headers.try_insert(TRIP_HEADER, flight.trip.to_string())?;
        }
        Ok(())
    }
}
