//! What AWS's JSON protocols have in common.

use std::fmt::Write as _;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use rand_core::{OsRng, RngCore as _};
use serde_json::{Value, json};

/// The message of an exception that a fault asked for.
pub(super) const REFUSED: &str = "The twin was told to refuse this call.";

/// `bytes` random bytes in lower-case hexadecimal.
pub(super) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    OsRng.fill_bytes(&mut random);
    data_encoding::HEXLOWER.encode(&random)
}

/// A random id in the shape of a UUID.
pub(super) fn random_id() -> String {
    let mut id = random_hex(4);
    for bytes in [2, 2, 2, 6] {
        // Writing to a String cannot fail.
        let _ = write!(id, "-{}", random_hex(bytes));
    }
    id
}

/// A JSON answer with the request id that every AWS service sends.
pub(super) fn json_answer(status: StatusCode, content_type: &'static str, body: &Value) -> Response {
    let headers = [(CONTENT_TYPE.as_str(), content_type.to_owned()), ("x-amzn-requestid", random_id())];
    (status, headers, body.to_string()).into_response()
}

/// An error of the AWS JSON protocols: its name in the body as `__type`.
pub(super) fn json_error(
    status: StatusCode,
    content_type: &'static str,
    name: &str,
    message: &str,
) -> Response {
    json_answer(status, content_type, &json!({ "__type": name, "message": message }))
}

/// The operation of an AWS JSON request: what follows `prefix` in `X-Amz-Target`.
pub(super) fn target_operation(headers: &http::HeaderMap, prefix: &str) -> Option<String> {
    headers.get("x-amz-target")?.to_str().ok()?.strip_prefix(prefix).map(str::to_owned)
}
