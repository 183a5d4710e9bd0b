//! A flow through the functions that two tests look at: its own, and the one that counts what the roles allow.

use std::collections::BTreeSet;
use std::pin::Pin;

use tokio::sync::OnceCell;

use crate::gateway::Gateway;
use crate::policy::Allowed;

/// What of its role each function used.
pub(crate) type Used = BTreeSet<(String, Allowed)>;

type Run = fn() -> Pin<Box<dyn Future<Output = Gateway>>>;

/// Whichever test comes first runs it.
pub(crate) struct Flow {
    run: Run,
    used: OnceCell<Used>,
}

impl Flow {
    pub(crate) const fn new(run: Run) -> Self {
        Self { run, used: OnceCell::const_new() }
    }

    /// Runs it unless it ran; fails the test when it fails.
    pub(crate) async fn used(&self) -> &Used {
        self.used.get_or_init(|| async { (self.run)().await.used() }).await
    }
}
