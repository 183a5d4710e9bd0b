//! A client that is made when it is first used.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

type Make<C> = Box<dyn FnOnce() -> C + Send>;

/// Making a client reads the rules of all of AWS's endpoints: a good part of a start, for a client that may never be
/// used. Clones share the one client.
pub struct OnDemand<C>(Arc<LazyLock<C, Make<C>>>);

impl<C> OnDemand<C> {
    /// What `make` makes, later.
    pub fn new(make: impl FnOnce() -> C + Send + 'static) -> Self {
        let make: Make<C> = Box::new(make);
        Self(Arc::new(LazyLock::new(make)))
    }

    /// Makes it now, if it is not there yet: while an answer is waited for anyway.
    pub fn make(&self) {
        LazyLock::force(&self.0);
    }
}

impl<C> Deref for OnDemand<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C> Clone for OnDemand<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for OnDemand<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnDemand(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn it_is_made_once_and_not_before_it_is_used() {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = OnDemand::new(|| MADE.fetch_add(1, Ordering::SeqCst) + 1);
        let clone = number.clone();
        assert_eq!(MADE.load(Ordering::SeqCst), 0);
        clone.make();
        assert_eq!((*number, *clone, MADE.load(Ordering::SeqCst)), (1, 1, 1));
    }
}
