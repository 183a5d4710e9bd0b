//! The twin as its real binary, as people and their CI start it: its flags and greeting, what it keeps, the handles
//! under `/_local`, the demo page, and the commands of the README. Every process listens on a port of its own choice,
//! lives in a directory of its own, and ends with its test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and so do the helpers it calls"
)]

#[path = "../../../../tests/black_box/support/client.rs"]
#[allow(dead_code, reason = "shared with the black-box tests, which use all of it")]
mod client;
mod process;

mod control;
mod data;
mod docs;
mod flags;
mod page;
mod readme;
