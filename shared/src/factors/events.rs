//! What an enrolment is in the audit log: by its outcome, and by what became known on the way (SEC-40).

use crate::audit::Event;
use crate::audit::trail::{Fact, Trail};
use crate::wire::refusal::Refusal;

/// The events of a request that begins one, in order.
#[must_use]
pub fn begun(outcome: Result<(), &Refusal>, known: &Trail) -> Vec<Event> {
    with_sending(outcome, known, Event::EnrolmentStarted, Event::EnrolmentNotStarted)
}

/// The events of a request that may have a code sent, in order: that it is `started` or `refused`, and what became of the
/// code.
#[must_use]
pub fn with_sending(
    outcome: Result<(), &Refusal>,
    known: &Trail,
    started: Event,
    refused: Event,
) -> Vec<Event> {
    match outcome {
        Ok(()) => [started].into_iter().chain(known.channel.map(Event::sent)).collect(),
        Err(Refusal::DeliveryFailed) => {
            [refused].into_iter().chain(known.channel.map(Event::not_sent)).collect()
        }
        Err(Refusal::TooManySends { .. }) => vec![Event::SendsSpent],
        Err(_) => vec![refused],
    }
}

/// The events of a code that was to confirm one where no tokens are issued for it, in order.
#[must_use]
pub fn confirmed(outcome: Result<(), &Refusal>, known: &Trail) -> Vec<Event> {
    match outcome {
        Ok(()) => vec![Event::EnrolmentCompleted],
        Err(Refusal::InvalidBindingCode | Refusal::InvalidOtpCode) => {
            let locked = known.has(Fact::Blocks).then_some(Event::FactorLocked);
            [Event::FactorRefused].into_iter().chain(locked).collect()
        }
        Err(Refusal::TooManyCodes { .. }) => vec![Event::FactorLocked],
        Err(_) => vec![Event::FactorRejected],
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::channel::Channel;

    use super::*;

    fn codes(outcome: Result<(), &Refusal>, channel: Option<Channel>) -> String {
        let known = Trail { channel, ..Trail::default() };
        let codes: Vec<_> = begun(outcome, &known).into_iter().map(Event::code).collect();
        codes.join(" ")
    }

    #[test]
    fn a_code_of_a_page() {
        let of = |outcome: Result<(), &Refusal>, facts: &[Fact]| {
            let known = Trail { facts: facts.to_vec(), ..Trail::default() };
            let codes: Vec<_> = confirmed(outcome, &known).into_iter().map(Event::code).collect();
            codes.join(" ")
        };
        assert_eq!(of(Ok(()), &[]), "gd_enrollment_complete");
        assert_eq!(of(Err(&Refusal::InvalidOtpCode), &[]), "gd_auth_failed");
        let locked = of(Err(&Refusal::InvalidBindingCode), &[Fact::Blocks]);
        assert_eq!(locked, "gd_auth_failed gd_otp_rate_limit_exceed");
        let spent = Refusal::TooManyCodes { retry_after: 1, limit: 1 };
        assert_eq!(of(Err(&spent), &[]), "gd_otp_rate_limit_exceed");
        assert_eq!(of(Err(&Refusal::AlreadyEnrolled), &[]), "gd_auth_rejected");
    }

    #[test]
    fn each_outcome_has_its_events() {
        assert_eq!(codes(Ok(()), None), "gd_start_enroll", "an app has nothing sent to it");
        assert_eq!(codes(Ok(()), Some(Channel::Voice)), "gd_start_enroll gd_send_voice");
        let failed = codes(Err(&Refusal::DeliveryFailed), Some(Channel::Email));
        assert_eq!(failed, "gd_start_enroll_failed gd_send_email_failure");
        let spent = Refusal::TooManySends { channel: Channel::Sms, retry_after: 1, limit: 1 };
        assert_eq!(codes(Err(&spent), Some(Channel::Sms)), "limit_sends");
        assert_eq!(codes(Err(&Refusal::AlreadyEnrolled), Some(Channel::Sms)), "gd_start_enroll_failed");
    }
}
