//! Rotations of keys that somebody asked for, in the audit log.

use super::event::Event;
use super::trail;
use crate::token::rotation::{Report, RotationError};

/// Notes a rotation that failed, beside the request's or the command's own record: it is more than one that was refused,
/// and what it did before stays done (SEC-40). Of one that did what it was asked for that own record is enough.
pub fn rotation_failed(report: &Report, error: &RotationError) {
    let changed = (*report != Report::default()).then_some(Event::KeysChanged);
    let failed = (!matches!(error, RotationError::TooMany)).then_some(Event::KeysNotChanged);
    if failed.is_some() {
        trail::reason(error.reason());
    }
    trail::conclude(|_| changed.into_iter().chain(failed));
}
