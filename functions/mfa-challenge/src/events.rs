//! What a request is in the audit log: by its outcome, and how the code was to be sent (SEC-40).

use postern::audit::Event;
use postern::audit::trail::Trail;
use postern::factors::events::with_sending;
use postern::wire::refusal::Refusal;

/// The events of a request, in order.
pub(crate) fn events(outcome: Result<(), &Refusal>, known: &Trail) -> Vec<Event> {
    match outcome {
        Err(Refusal::TooManyCodes { .. }) => vec![Event::FactorLocked],
        _ => with_sending(outcome, known, Event::ChallengeStarted, Event::FactorRejected),
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
        assert_eq!(codes(Ok(()), None), "gd_start_auth", "an app has nothing sent to it");
        let channels = [Channel::Email, Channel::Sms, Channel::Voice].map(Some);
        assert_eq!(
            channels.map(|channel| codes(Ok(()), channel)),
            ["gd_start_auth gd_send_email", "gd_start_auth gd_send_sms", "gd_start_auth gd_send_voice"]
        );
        let failed = channels.map(|channel| codes(Err(&Refusal::DeliveryFailed), channel));
        assert_eq!(
            failed,
            ["email", "sms", "voice"].map(|it| format!("gd_auth_rejected gd_send_{it}_failure"))
        );
        let (channel, retry_after, limit) = (Channel::Sms, 1, 1);
        let spent = Refusal::TooManySends { channel, retry_after, limit };
        assert_eq!(codes(Err(&spent), Some(channel)), "limit_sends");
        let locked = Refusal::TooManyCodes { retry_after, limit };
        assert_eq!(codes(Err(&locked), None), "gd_otp_rate_limit_exceed");
        assert_eq!(codes(Err(&Refusal::MalformedMfaToken), None), "gd_auth_rejected");
    }
}
