//! What goes over the wire: bodies, error codes and texts. No I/O and no AWS.

pub mod log;
pub mod management;
pub mod mfa;
pub mod mfa_due;
pub mod oauth;
pub mod passwordless;
mod reason;
pub mod refusal;
pub mod refusal_body;
pub mod signup;
