//! Development target.
#![allow(dead_code, unused_imports)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../black_box/bad_input.rs"]
mod bad_input;
#[path = "../black_box/bad_paths.rs"]
mod bad_paths;
#[path = "../black_box/bodies.rs"]
mod bodies;
#[path = "../black_box/fuzz.rs"]
mod fuzz;
#[path = "../black_box/management.rs"]
mod management;
#[path = "../black_box/support/mod.rs"]
mod support;
#[path = "../black_box/wire_authenticators.rs"]
mod wire_authenticators;
#[path = "../black_box/wire_claims.rs"]
mod wire_claims;
#[path = "../black_box/wire_codes.rs"]
mod wire_codes;
#[path = "../black_box/wire_limits.rs"]
mod wire_limits;
#[path = "../black_box/wire_mfa.rs"]
mod wire_mfa;
#[path = "../black_box/wire_token.rs"]
mod wire_token;
