//! Development target.
#![allow(dead_code, unused_imports)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "../black_box/support/mod.rs"]
mod support;

#[path = "../black_box/bindings.rs"]
mod bindings;
#[path = "../black_box/budgets.rs"]
mod budgets;
#[path = "../black_box/enrolment.rs"]
mod enrolment;
#[path = "../black_box/expiry.rs"]
mod expiry;
#[path = "../black_box/fault_rules.rs"]
mod fault_rules;
#[path = "../black_box/faults.rs"]
mod faults;
#[path = "../black_box/limits.rs"]
mod limits;
#[path = "../black_box/races.rs"]
mod races;
#[path = "../black_box/removal.rs"]
mod removal;
#[path = "../black_box/secrets.rs"]
mod secrets;
#[path = "../black_box/send_limits.rs"]
mod send_limits;
#[path = "../black_box/totp.rs"]
mod totp;
#[path = "../black_box/overtaken.rs"]
mod overtaken;
