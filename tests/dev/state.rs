//! Development target.
#![allow(dead_code, unused_imports)]

#[path = "../black_box/support/mod.rs"]
mod support;

#[path = "../black_box/enrolment.rs"]
mod enrolment;
#[path = "../black_box/removal.rs"]
mod removal;
