//! The rules of the product as pure functions: no I/O, no AWS; time and randomness are passed in.
//!
//! Secrets are newtypes whose `Debug` shows nothing and whose only comparison is constant-time (SEC-6).

pub mod address;
pub mod calendar;
pub mod channel;
pub mod client;
pub mod destination;
pub mod email_template;
pub mod enrolment;
pub mod label;
pub mod language;
pub mod limit;
pub mod mask;
pub mod metadata;
pub mod notice;
pub mod otp;
pub mod passwordless;
pub mod phone;
pub mod policy;
pub mod random;
pub mod recovery;
pub mod refresh;
pub mod resource_id;
pub mod scope;
pub mod settings;
pub mod totp;
pub mod twilio;
pub mod web_url;
