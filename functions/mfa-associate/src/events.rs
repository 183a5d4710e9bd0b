//! What a request is in the audit log: by its outcome, and how the code was to be sent (SEC-40).

use postern::audit::Event;
use postern::audit::trail::Trail;
use postern::wire::refusal::Refusal;

/// The events of a request, in order.
pub(crate) fn events(outcome: Result<(), &Refusal>, known: &Trail) -> Vec<Event> {
    match outcome {
        Ok(()) => [Event::EnrolmentStarted].into_iter().chain(known.channel.map(Event::sent)).collect(),
        Err(Refusal::DeliveryFailed) => {
            [Event::EnrolmentNotStarted].into_iter().chain(known.channel.map(Event::not_sent)).collect()
        }
        Err(Refusal::TooManySends { .. }) => vec![Event::SendsSpent],
        Err(_) => vec![Event::EnrolmentNotStarted],
    }
}

#[cfg(test)]
mod tests {
    use postern::rules::channel::Channel;

    use super::*;

    fn codes(outcome: Result<(), &Refusal>, channel: Option<Channel>) -> String {
        let known = Trail { channel, ..Trail::default() };
        let codes: Vec<_> = events(outcome, &known).into_iter().map(Event::code).collect();
        codes.join(" ")
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
