//! The command as its real binary, against a twin: what it prints, how it ends, and what the twin then does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and so do the helpers it calls"
)]

mod applications;
mod audited;
mod doctor;
mod moving;
mod refusals;
mod support;
mod templates;
mod tenant;
mod users;
