//! The real binaries under a Lambda Runtime API: API Gateway's events, by the routes and with the environment and the
//! rights that `infra/template.yaml` gives each function, over the twin's AWS.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

#[path = "../black_box/http_server.rs"]
mod http_server;
#[path = "../black_box/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the black-box tests, which use all of it")]
mod support;

use support::{policy, template};

mod binaries;
mod flow;
mod flows;
mod function;
mod gateway;
mod signing_keys;

mod applications;
mod audit;
mod contents;
mod enrolment_page;
mod front_door;
mod login;
mod logs;
mod mail_events;
mod mailed;
mod management;
mod notices;
mod observed;
mod offline;
mod passwordless;
mod phones;
mod production;
mod rights;
mod rotate_keys;
mod routes;
mod user_factors;
mod users;
mod wiring;
