//! What the page says of a refusal. It says it in English, as the other pages do.

use postern::rules::channel::Channel;
use postern::wire::refusal::Refusal;

const FAILED: &str = "Something failed on our side, and nothing was lost. Please try again in a moment.";

/// What is wrong with what was typed or asked for, where there is something to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remark {
    /// The code is not the one.
    WrongCode,
    /// The code, or what it was for, is over.
    Over,
    /// The attempts are spent.
    TooManyCodes,
    /// The messages are spent.
    TooManySends,
    /// So are the enrolments that may wait at once.
    TooManyBegun,
    /// The factor is off, or not what the ticket is for.
    Off,
    /// No number was given.
    NoNumber,
    /// No address was given, and the account has none.
    NoAddress,
    /// What was given cannot be used.
    NotUsable,
    /// The message did not go out.
    NotSent,
    /// AWS fails, or others were quicker once too often.
    Failed,
}

impl Remark {
    /// `None` where there is nothing left to do on the page.
    pub(crate) fn of(refusal: &Refusal) -> Option<Self> {
        match refusal {
            Refusal::InvalidBindingCode | Refusal::InvalidOtpCode => Some(Self::WrongCode),
            Refusal::OobCodeExpired => Some(Self::Over),
            Refusal::TooManyCodes { .. } => Some(Self::TooManyCodes),
            Refusal::TooManySends { .. } => Some(Self::TooManySends),
            Refusal::TooManyPending { .. } => Some(Self::TooManyBegun),
            Refusal::FactorOff(_) => Some(Self::Off),
            Refusal::MissingParameter("phone_number") => Some(Self::NoNumber),
            Refusal::MissingParameter("email") => Some(Self::NoAddress),
            Refusal::InvalidRequest(_) => Some(Self::NotUsable),
            Refusal::DeliveryFailed => Some(Self::NotSent),
            Refusal::Unavailable | Refusal::Busy | Refusal::Internal => Some(Self::Failed),
            _ => None,
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::WrongCode => {
                "That code is not right. Please look again; an app shows a new one every 30 seconds."
            }
            Self::Over => "That code is no longer good. Please begin once more.",
            Self::TooManyCodes => "There were too many wrong codes. Please wait some minutes and try again.",
            Self::TooManySends => {
                "Too many codes were sent. Please wait a while and try again, or choose another way."
            }
            Self::TooManyBegun => {
                "Too many were begun and not finished. Please wait some minutes and try again."
            }
            Self::Off => "That way is not available at present. Please choose another one.",
            Self::NoNumber => "Please enter a phone number.",
            Self::NoAddress => "Please enter an email address: your account has none.",
            Self::NotUsable => {
                "That cannot be used. A phone number begins with + and the country code, an address has the form name@example.com."
            }
            Self::Failed => FAILED,
            Self::NotSent => "The code could not be sent just now. Please try again in a moment.",
        }
    }
}

/// Why the page is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// No ticket, or one that is over, used or void: one answer to all of it.
    NoTicket,
    /// The user has a factor by now, and the ticket is for a first one.
    Enrolled,
    /// AWS fails, or others were quicker once too often.
    Unavailable,
}

impl Closed {
    pub(crate) fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::AlreadyEnrolled => Self::Enrolled,
            Refusal::Unavailable | Refusal::Busy | Refusal::Internal | Refusal::DeliveryFailed => {
                Self::Unavailable
            }
            _ => Self::NoTicket,
        }
    }

    /// Heading and text.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NoTicket => (
                "This link no longer works",
                "It may have been used, have expired or be incomplete. Ask whoever sent it for a new one.",
            ),
            Self::Enrolled => (
                "Two-step verification is set up already",
                "Your account has a second step, and this link is for a first one. You can close this page and sign in.",
            ),
            Self::Unavailable => ("That did not work", FAILED),
        }
    }
}

/// How a code is sent, as a sentence about it has it.
pub(crate) fn sent_by(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "We mailed a code to",
        Channel::Sms => "We sent a text message with a code to",
        Channel::Voice => "We are calling with a code at",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a ticket's state makes of a refusal is told alike, whatever the endpoint of the API would call it.
    #[test]
    fn a_void_ticket_is_one_answer() {
        for refusal in [Refusal::BearerInvalid, Refusal::MalformedMfaToken, Refusal::BodyTooLarge] {
            assert_eq!((Remark::of(&refusal), Closed::of(&refusal)), (None, Closed::NoTicket));
        }
        assert_eq!(Closed::of(&Refusal::AlreadyEnrolled), Closed::Enrolled);
        assert_eq!(
            (Remark::of(&Refusal::Busy), Closed::of(&Refusal::Busy)),
            (Some(Remark::Failed), Closed::Unavailable)
        );
    }
}
