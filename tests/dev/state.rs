//! Development target.
#![allow(dead_code, unused_imports)]

#[path = "../black_box/support/mod.rs"]
mod support;
