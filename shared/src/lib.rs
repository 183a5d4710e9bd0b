//! The common crate of Postern: wire types, rules, tokens, the table, delivery and the HTTP edge.
//!
//! Dependencies point one way: functions use this crate; [`wire`] and [`rules`] know nothing of AWS.

pub mod app;
pub mod audit;
pub mod aws;
mod cached;
pub mod config;
pub mod delivery;
pub mod factors;
pub mod http;
pub mod id;
pub mod lambda;
pub mod observe;
pub mod rules;
pub mod store;
pub mod time;
pub mod token;
pub mod wire;
