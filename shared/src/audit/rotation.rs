//! Rotations of keys in the audit log.

use super::event::Event;
use super::trail;
use crate::token::rotation::Report;

/// Notes what a rotation did, and why it failed if it did: both, of one that failed when it had done something, for what
/// was done stays done; nothing, of one that found nothing to do (SEC-40). Of a rotation that did what a request or a
/// command asked for the record of that is enough.
pub fn rotation(report: &Report, failure: Option<&'static str>) {
    if let Some(reason) = failure {
        trail::reason(reason);
    }
    let changed = (*report != Report::default()).then_some(Event::KeysChanged);
    trail::conclude(|_| changed.into_iter().chain(failure.map(|_| Event::KeysNotChanged)));
}
