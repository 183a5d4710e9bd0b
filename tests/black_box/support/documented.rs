//! The OpenAPI document, by which every answer is checked that a test gets.

use std::sync::LazyLock;

use openapi::{Exchange, conforms};
use serde_json::Value;

use super::client::Reply;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| openapi::document(None));

/// An answer that the document does not have, or a request that was done and that it does not allow, fails the test.
pub(crate) fn assert_documented(method: &str, path: &str, sent: &[u8], reply: &Reply) {
    let sent: Option<Value> = serde_json::from_slice(sent).ok();
    let exchange = Exchange {
        method,
        path: path.split_once('?').map_or(path, |(path, _)| path),
        sent: sent.as_ref(),
        status: reply.status,
        content_type: reply.header("content-type"),
        body: &reply.body,
    };
    if let Err(problem) = conforms(&DOCUMENT, &exchange) {
        panic!("not as docs/openapi.json has it: {problem}");
    }
}
