//! The audit log: one structured record per security-relevant act (SEC-40), and the log lines it travels in.
//!
//! A handler says what happened ([`trail`]); the edge adds who asked, from where and when, and writes a line
//! ([`record`]). Nothing is called for it, so no answer waits for the audit log and none fails with it: the function
//! `audit` takes the lines from the log stream to the table and, where the tenant wants it, to an event bus.

pub mod event;
mod line;
mod log_id;
mod logging;
pub mod record;
mod rotation;
mod system;
pub mod trail;

pub use event::Event;
pub use log_id::LogId;
pub use logging::{logger_to, start_logging, start_logging_to};
pub use record::{AuditLog, Record};
pub use rotation::rotation;
pub use system::of_system;
