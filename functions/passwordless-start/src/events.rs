//! What a request is in the audit log (SEC-40). Whether anybody has the address does not change it (SEC-35): an entry about
//! nobody's has no user.

use postern::audit::Event;
use postern::wire::refusal::Refusal;

use crate::request::Wanted;

/// The event of a request.
pub(crate) fn event(outcome: Result<&Wanted, &Refusal>) -> Event {
    match outcome {
        Ok(Wanted::Code) => Event::CodeSent,
        Ok(Wanted::Link { .. }) => Event::LinkSent,
        Err(Refusal::DeliveryFailed) => Event::NotificationFailed,
        Err(Refusal::TooManySends { .. }) => Event::SendsSpent,
        Err(_) => Event::LoginFailed,
    }
}

#[cfg(test)]
mod tests {
    use postern::rules::channel::Channel;

    use super::*;

    #[test]
    fn each_outcome_has_its_event() {
        let link = Wanted::Link { redirect_uri: String::new(), state: None };
        assert_eq!([&Wanted::Code, &link].map(|it| event(Ok(it)).code()), ["cs", "cls"]);
        let spent = Refusal::TooManySends { channel: Channel::Email, retry_after: 1, limit: 1 };
        let refusals = [Refusal::DeliveryFailed, spent, Refusal::ClientUnauthorized];
        assert_eq!(refusals.each_ref().map(|it| event(Err(it)).code()), ["fn", "limit_sends", "f"]);
    }
}
