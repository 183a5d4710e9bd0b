//! What happens between a request's read and its write.

use serde_json::json;

use super::World;
use super::client::Reply;

impl World {
    /// Sends a request whose calls of that operation are answered only when `calls` of them have been made and the state
    /// has been changed. What the change itself calls is not late.
    pub(crate) async fn overtaken(
        &self,
        operation: &str,
        calls: usize,
        request: impl Future<Output = Reply> + Send + 'static,
        change: impl Future<Output = ()>,
    ) -> Reply {
        self.overtaken_after(operation, 0, calls, request, change).await
    }

    /// The same of the calls after the first `skip`.
    pub(crate) async fn overtaken_after(
        &self,
        operation: &str,
        skip: usize,
        calls: usize,
        request: impl Future<Output = Reply> + Send + 'static,
        change: impl Future<Output = ()>,
    ) -> Reply {
        self.forget_calls();
        let late = json!({
            "service": "dynamodb", "operation": operation, "mode": "latency", "latency_ms": 9_000,
            "skip": skip, "count": calls,
        });
        self.twin.aws.faults.add(serde_json::from_value(late).unwrap());
        let request = tokio::spawn(request);
        while self.operations().iter().filter(|name| name.ends_with(operation)).count() < skip + calls {
            tokio::task::yield_now().await;
        }
        change.await;
        self.twin.aws.faults.hurry();
        request.await.unwrap()
    }
}
