//! The twin: every endpoint of Postern on one port, over an embedded AWS (design §9). Never part of a Lambda binary.

pub mod audit;
pub mod aws;
mod control;
mod docs;
mod front;
pub mod mail_events;
pub mod notices;
mod page;
pub mod seed;
pub mod twin;

pub use control::AWS;
pub use twin::{NoticeDelivery, Patience, Twin, TwinError, TwinOptions};
