//! What operators watch: how requests go, in numbers (`docs/OPERATIONS.md`, "What to watch").
//!
//! A request is watched by the task that handles it, like its trail. What is seen is written as one line of CloudWatch's
//! embedded metric format before the answer is given: nothing is called for it, so no answer waits for a metric and none
//! fails with it. Security facts are not noted again: they are counted from the trail ([`count`]).

mod calls;
mod count;
mod emf;
mod metric;

use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

use crate::app::App;
use crate::audit::trail::Trail;
use crate::config::MetricsConfig;
use crate::time::Timestamp;

pub use calls::{CallMetric, CallWatch, Service};
pub use metric::{By, Metric, Unit};

use count::Counted;

pub(crate) use calls::Call;
pub(crate) use count::Answer;
pub(crate) use emf::TARGET;

tokio::task_local! {
    static SEEN: RefCell<Seen>;
}

/// What was seen of one request, or of one invocation that nobody asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    request_id: String,
    answered: Option<Answered>,
    counts: Vec<Counted>,
    calls: Vec<Call>,
}

/// How a request was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// The route's template: a path holds ids.
    pub(crate) route: String,
    /// HTTP status.
    pub(crate) status: u16,
    /// How long it took.
    pub(crate) milliseconds: u64,
}

/// Where metrics go. One belongs to each execution environment.
#[derive(Debug)]
pub struct Metrics {
    config: Option<MetricsConfig>,
    start: Mutex<Start>,
}

/// What is seen before the first request belongs to that one: nobody else waited for it.
#[derive(Debug, Default)]
struct Start {
    is_over: bool,
    calls: Vec<Call>,
}

impl Metrics {
    /// To the log; nowhere without a configuration.
    #[must_use]
    pub fn new(config: Option<MetricsConfig>) -> Self {
        Self { config, start: Mutex::default() }
    }

    /// Does what an environment does before its first request, and keeps the calls of it for that request's line.
    pub(crate) async fn of_start<F: Future>(&self, work: F) -> F::Output {
        let (output, seen) = scoped("", work).await;
        self.start.lock().unwrap_or_else(PoisonError::into_inner).calls = seen.calls;
        output
    }

    fn write(&self, now: Timestamp, mut seen: Seen) {
        let Some(config) = &self.config else { return };
        {
            let mut start = self.start.lock().unwrap_or_else(PoisonError::into_inner);
            if !start.is_over {
                start.is_over = true;
                seen.counts.push((Metric::ColdStarts, 1));
                seen.calls.append(&mut start.calls);
            }
        }
        emf::write(config, now, &seen);
    }
}

/// Does some work as one request, or one invocation, of that id, and writes what was seen of it.
pub async fn watched<F: Future>(app: &App, request_id: &str, work: F) -> F::Output {
    let (output, seen) = scoped(request_id, work).await;
    app.metrics.write(app.now(), seen);
    output
}

async fn scoped<F: Future>(request_id: &str, work: F) -> (F::Output, Seen) {
    let seen = Seen { request_id: request_id.to_owned(), ..Seen::default() };
    let watch = async {
        let output = work.await;
        (output, SEEN.with(RefCell::take))
    };
    SEEN.scope(RefCell::new(seen), watch).await
}

/// The request was answered.
pub(crate) fn answered(answered: Answered) {
    note(|seen| seen.answered = Some(answered));
}

/// This became known of the request, or of a part of the work that nobody asked for.
pub(crate) fn happened(answer: Option<&Answer>, trail: &Trail) {
    note(|seen| seen.counts.extend(count::count(answer, trail)));
}

/// An attempt of a call is over.
fn called(call: Call) {
    note(|seen| seen.calls.push(call));
}

/// The id of the request that is handled, for every line that is logged meanwhile.
pub(crate) fn request_id() -> Option<String> {
    let id = SEEN.try_with(|seen| seen.try_borrow().ok().map(|seen| seen.request_id.clone()));
    id.ok().flatten().filter(|id| !id.is_empty())
}

fn note(change: impl FnOnce(&mut Seen)) {
    let _ = SEEN.try_with(|seen| change(&mut seen.borrow_mut()));
}
