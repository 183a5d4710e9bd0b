//! What of a request is counted: one reading of its answer and its trail, the same that the audit log is written from.

use super::metric::Metric;
use crate::audit::Event;
use crate::audit::trail::{Fact, Trail};
use crate::delivery::code::{ADDRESS_BOUNCED, RECIPIENT_BARRED, RECIPIENT_UNREACHABLE};
use crate::rules::channel::Channel;
use crate::wire::refusal::Refusal;

/// How a request was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// Why it was refused.
    pub(crate) reason: Option<&'static str>,
}

const TOO_MANY_REQUESTS: u16 = 429;

/// A metric's value. What may fail counts 0 where it does not: its sum is a number, its average a ratio.
pub(super) type Counted = (Metric, u64);

/// What counts; without an answer, of work that nobody asked for.
pub(super) fn count(answer: Option<&Answer>, trail: &Trail) -> Vec<Counted> {
    let status = answer.map_or(0, |answer| answer.status);
    let reason = answer.and_then(|answer| answer.reason);
    // A fact about one recipient and no failure of the service: whoever asks for it again and again sets off no alarm.
    let is_unreachable = [Some(ADDRESS_BOUNCED), Some(RECIPIENT_UNREACHABLE)].contains(&trail.reason);
    let is_error = status >= 500;
    let failed = u64::from(is_error && !is_unreachable);
    // Whoever goes past the proxy is bound by no firewall: what comes of it must not make a ratio of failures look small.
    let is_past_the_proxy = reason == Some(Refusal::PastTheProxy.reason());
    let requests = answer.map(|_| (Metric::Requests, 1));
    let errors = answer.filter(|_| !is_past_the_proxy).map(|_| (Metric::ServerErrors, failed));
    let answered = requests.into_iter().chain(errors);
    let undeliverable = (is_error && is_unreachable).then_some((Metric::Undeliverable, 1));
    let events = trail.events.iter().flat_map(|event| of_event(*event, reason, trail));
    let events = events.filter(|(metric, _)| !(is_unreachable && *metric == Metric::DeliveryFailures));
    let locked = trail.has(Fact::Blocks).then_some((Metric::Locked, 1));
    let limited = is_limited(status, trail).then_some((Metric::Limited, 1));
    let answered = answered.chain(undeliverable);
    answered.chain(events).chain(locked).chain(limited).collect()
}

fn of_event(event: Event, reason: Option<&str>, trail: &Trail) -> Vec<Counted> {
    match event {
        Event::PasswordExchanged => Vec::from(PASSWORD_VERIFIED),
        Event::MfaRequired => first_factor(trail),
        Event::WrongPassword => vec![(Metric::PasswordsFailed, 1)],
        Event::FactorAccepted
        | Event::RecoveryAccepted
        | Event::EnrolmentCompleted
        | Event::PasswordlessExchanged => Vec::from(CODE_VERIFIED),
        Event::FactorRefused | Event::RecoveryRefused => vec![(Metric::CodesFailed, 1)],
        Event::PasswordlessExchangeFailed if is_wrong_code(reason) => vec![(Metric::CodesFailed, 1)],
        Event::EmailSent => sent_by(Channel::Email),
        Event::SmsSent => sent_by(Channel::Sms),
        Event::CallMade => sent_by(Channel::Voice),
        // Answered as if it were sent, so that strangers learn nothing.
        Event::CodeSent if trail.reason == Some(RECIPIENT_UNREACHABLE) => Vec::new(),
        Event::CodeSent if trail.reason == Some(RECIPIENT_BARRED) => vec![(Metric::DeliveryFailures, 1)],
        Event::CodeSent | Event::LinkSent => trail.channel.map(sent_by).unwrap_or_default(),
        Event::NotificationSent | Event::VerificationMailed => Vec::from(MAILED),
        Event::NotificationFailed if trail.has(Fact::CameBack) => vec![(Metric::MailsBounced, 1)],
        Event::EmailNotSent
        | Event::SmsNotSent
        | Event::CallNotMade
        | Event::NotificationFailed
        | Event::VerificationNotMailed => vec![(Metric::DeliveryFailures, 1)],
        Event::RefreshTokenReused => vec![(Metric::RefreshTokensReused, 1)],
        Event::KeysChanged => vec![(Metric::KeysRotated, 1)],
        Event::KeysNotChanged => vec![(Metric::RotationFailures, 1)],
        _ => Vec::new(),
    }
}

const PASSWORD_VERIFIED: [Counted; 2] = [(Metric::PasswordsVerified, 1), (Metric::PasswordsFailed, 0)];
const CODE_VERIFIED: [Counted; 2] = [(Metric::CodesVerified, 1), (Metric::CodesFailed, 0)];
const MAILED: [Counted; 2] = [(Metric::MailsSent, 1), (Metric::DeliveryFailures, 0)];

/// By what a sign-in got as far as its second factor: a sent code has a channel, a password the connection it was looked
/// for in. A refresh token, which may ask for a factor again, has neither.
fn first_factor(trail: &Trail) -> Vec<Counted> {
    match (trail.channel, &trail.connection) {
        (Some(_), _) => Vec::from(CODE_VERIFIED),
        (None, Some(_)) => Vec::from(PASSWORD_VERIFIED),
        (None, None) => Vec::new(),
    }
}

fn is_wrong_code(reason: Option<&str>) -> bool {
    reason == Some(Refusal::WrongSignInCode(Channel::Email).reason())
}

fn sent_by(channel: Channel) -> Vec<Counted> {
    let sent = |metric| vec![(metric, 1), (Metric::DeliveryFailures, 0)];
    match channel {
        Channel::Email => [(Metric::CodesSentByEmail, 1)].into_iter().chain(MAILED).collect(),
        Channel::Sms => sent(Metric::CodesSentBySms),
        Channel::Voice => sent(Metric::CodesSentByVoice),
    }
}

/// Pages are answered with other statuses; there the events tell. The answer that closed something was itself looked at.
fn is_limited(status: u16, trail: &Trail) -> bool {
    let closed = [Event::FactorLocked, Event::RecoveryLocked, Event::AccountBlocked];
    let refused = trail
        .events
        .iter()
        .any(|event| *event == Event::SendsSpent || (closed.contains(event) && !trail.has(Fact::Blocks)));
    status == TOO_MANY_REQUESTS || refused
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beside the request itself.
    fn counted(status: u16, reason: &'static str, trail: Trail) -> String {
        let answer = Answer { status, reason: (!reason.is_empty()).then_some(reason) };
        let counted = count(Some(&answer), &trail).into_iter().skip(1);
        let counted: Vec<_> = counted.map(|(metric, value)| format!("{}={value}", metric.name())).collect();
        counted.join(" ")
    }

    fn events(events: &[Event]) -> Trail {
        Trail { events: events.to_vec(), ..Trail::default() }
    }

    #[test]
    fn a_first_factor_is_told_by_what_it_left() {
        let due = || events(&[Event::MfaRequired]);
        let password = Trail { connection: Some("Username-Password-Authentication".into()), ..due() };
        let code = Trail { connection: Some("email".into()), channel: Some(Channel::Email), ..due() };
        assert_eq!(
            counted(403, "mfa_required", password),
            "ServerErrors=0 PasswordsVerified=1 PasswordsFailed=0"
        );
        assert_eq!(counted(403, "mfa_required", code), "ServerErrors=0 CodesVerified=1 CodesFailed=0");
        assert_eq!(counted(403, "mfa_required", due()), "ServerErrors=0");
    }

    /// What closes a login or a factor is counted once; what is refused since, as that.
    #[test]
    fn the_last_straw_is_no_refusal_of_a_spent_budget() {
        let events = || events(&[Event::FactorRefused, Event::FactorLocked]);
        let last = Trail { facts: vec![Fact::Blocks], ..events() };
        assert_eq!(counted(403, "invalid_otp_code", last), "ServerErrors=0 CodesFailed=1 Locked=1");
        let since = Trail { events: vec![Event::FactorLocked], ..Trail::default() };
        assert_eq!(counted(429, "too_many_codes", since.clone()), "ServerErrors=0 Limited=1");
        assert_eq!(counted(200, "too_many_codes", since), "ServerErrors=0 Limited=1", "on a page");
    }

    #[test]
    fn a_sign_in_code_fails_by_being_wrong_only() {
        let failed = || events(&[Event::PasswordlessExchangeFailed]);
        assert_eq!(counted(403, "wrong_sign_in_code", failed()), "ServerErrors=0 CodesFailed=1");
        assert_eq!(counted(403, "client_unauthorized", failed()), "ServerErrors=0");
        assert_eq!(counted(503, "unavailable", failed()), "ServerErrors=1");
    }

    #[test]
    fn a_recipient_that_takes_nothing_is_no_failure_of_ours() {
        let refused = || events(&[Event::FactorRejected, Event::EmailNotSent]);
        for reason in [ADDRESS_BOUNCED, RECIPIENT_UNREACHABLE] {
            let told = Trail { reason: Some(reason), ..refused() };
            assert_eq!(counted(503, "delivery_failed", told), "ServerErrors=0 Undeliverable=1");
        }
        assert_eq!(counted(503, "delivery_failed", refused()), "ServerErrors=1 DeliveryFailures=1");
    }

    /// SEC-35: it looks sent to whoever asked, and is counted as what it is.
    #[test]
    fn a_sign_in_code_that_looks_sent_is_none() {
        let sent = |reason| Trail { channel: Some(Channel::Sms), reason, ..events(&[Event::CodeSent]) };
        assert_eq!(counted(200, "", sent(None)), "ServerErrors=0 CodesSentBySms=1 DeliveryFailures=0");
        assert_eq!(counted(200, "", sent(Some(RECIPIENT_UNREACHABLE))), "ServerErrors=0");
        assert_eq!(counted(200, "", sent(Some(RECIPIENT_BARRED))), "ServerErrors=0 DeliveryFailures=1");
    }

    /// Whoever lets mails of theirs come back hides no failure of SES.
    #[test]
    fn a_mail_that_came_back_is_none_that_could_not_be_sent() {
        let failed = || events(&[Event::NotificationFailed]);
        let came_back = Trail { facts: vec![Fact::CameBack], ..failed() };
        assert_eq!(count(None, &came_back), [(Metric::MailsBounced, 1)]);
        assert_eq!(count(None, &failed()), [(Metric::DeliveryFailures, 1)]);
    }

    /// Requests that no firewall bounds make no failure look rare.
    #[test]
    fn who_goes_past_the_proxy_is_no_part_of_the_ratio() {
        assert_eq!(counted(403, "past_the_proxy", Trail::default()), "");
    }

    #[test]
    fn work_that_nobody_asked_for_has_no_answer() {
        let trail = events(&[Event::NotificationSent, Event::KeysNotChanged]);
        let counted = [(Metric::MailsSent, 1), (Metric::DeliveryFailures, 0), (Metric::RotationFailures, 1)];
        assert_eq!(count(None, &trail), counted);
    }
}
