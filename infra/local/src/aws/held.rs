//! Calls that are held: never answered, or later than anybody waits. For tests a held call is late at once and any other
//! never is: a busy machine is not taken for a silent service, and nobody waits for silence.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::{AsyncSleep, SharedAsyncSleep, Sleep};
use postern::time::pause;
use tokio::sync::watch;

use super::locked;

/// The held calls of one twin. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct HeldCalls(Arc<Mutex<Round>>);

/// From one end of all patience to the next.
#[derive(Debug, Default)]
struct Round {
    /// Attempts that wait for an answer under a limit of [`HeldCalls::time_limits`].
    waiting: usize,
    /// Calls that are held.
    held: usize,
    /// The number of the round. When it changes, patience is at its end.
    number: watch::Sender<u64>,
}

/// What a round counts.
#[derive(Clone, Copy, Debug)]
enum Count {
    Waiting,
    Held,
}

impl Round {
    fn count(&mut self, what: Count) -> &mut usize {
        match what {
            Count::Waiting => &mut self.waiting,
            Count::Held => &mut self.held,
        }
    }

    /// Ends the round when every answer that is waited for is one that is held.
    fn settle(&mut self) {
        if self.held > 0 && self.held == self.waiting {
            (self.held, self.waiting) = (0, 0);
            self.number.send_modify(|number| *number += 1);
        }
    }
}

/// One of what a round counts, until it is dropped or the round is over.
#[derive(Debug)]
struct Counted {
    calls: HeldCalls,
    what: Count,
    number: u64,
    over: watch::Receiver<u64>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut round = locked(&self.calls.0);
        if self.number == *round.number.borrow() {
            *round.count(self.what) -= 1;
            round.settle();
        }
    }
}

impl HeldCalls {
    /// Time for the clients of this twin: who sleeps for exactly one of `limits`, as the limit of an attempt does, sleeps
    /// until all attempts under way are held, however long that takes; any other sleep is a real one. The limits must
    /// differ from every other duration of the clients.
    #[must_use]
    pub fn time_limits(&self, limits: [Duration; 2]) -> SharedAsyncSleep {
        SharedAsyncSleep::new(TimeLimits { calls: self.clone(), limits })
    }

    /// Holds the call that waits for this, until it is dropped: never resolves.
    pub async fn hold(&self) {
        let _held = self.enter(Count::Held);
        std::future::pending().await
    }

    fn enter(&self, what: Count) -> Counted {
        let mut round = locked(&self.0);
        let number = *round.number.borrow();
        let counted = Counted { calls: self.clone(), what, number, over: round.number.subscribe() };
        *round.count(what) += 1;
        round.settle();
        counted
    }
}

#[derive(Debug)]
struct TimeLimits {
    calls: HeldCalls,
    limits: [Duration; 2],
}

impl AsyncSleep for TimeLimits {
    fn sleep(&self, duration: Duration) -> Sleep {
        if !self.limits.contains(&duration) {
            return Sleep::new(pause(duration));
        }
        let mut waiting = self.calls.enter(Count::Waiting);
        Sleep::new(async move {
            // An error would mean that the round is gone, and with it whoever could answer.
            _ = waiting.over.changed().await;
        })
    }
}
