//! How a factor is enrolled and a code of it checked, whoever asks: a client with a user's token, or the page that an
//! operator's ticket leads to. The rules are one and the same, and so are the writes.

pub mod alarm;
pub mod confirm;
mod enrolment;
pub mod events;
pub mod oob;
pub mod otp;
mod request;
mod verification;

pub use enrolment::Enrolment;
pub use request::{AssociateRequest, Wanted};
pub use verification::{Refused, Verification};
