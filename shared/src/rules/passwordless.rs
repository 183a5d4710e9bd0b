//! Signing in without password: by which connections, to which address, and where a link leads (contract §9).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::address::EmailAddress;
use super::destination::Destination;
use super::otp::OneTimeCode;
use super::phone::{NotANumber, PhoneNumber};
use super::policy::TenantSettings;
use crate::rules::channel::Channel;

/// How often a code may be tried (contract §7).
pub const TRIES: u64 = 3;

/// How long wrong codes are remembered for an address when no right one follows, in seconds: 30 days.
pub const FAILURES_REMEMBERED_SECONDS: u64 = 30 * 86_400;
/// After so many wrong codes in a row an address gets the longest codes there are. Every start may be somebody else's, so
/// guessing cannot be ended by a lock without locking the owner out; it is made hopeless instead (SEC-20).
const FAILURES_BEFORE_LONG_CODES: u64 = 30;
/// Digits of the longest codes.
const LONGEST: u64 = 10;

/// Digits of the next code, after so many wrong ones in a row, where codes usually have `usual` digits.
#[must_use]
pub fn digits(usual: u64, failures: u64) -> u64 {
    if failures < FAILURES_BEFORE_LONG_CODES { usual } else { LONGEST.max(usual) }
}

/// By which connections users may sign in without password; by none unless the operator says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PasswordlessSwitches {
    /// By mail.
    pub email: bool,
    /// By SMS.
    pub sms: bool,
}

/// A connection without passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Codes and links by mail.
    Email,
    /// Codes by SMS.
    Sms,
}

impl Connection {
    /// The name on the wire and in keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// The connection of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Email, Self::Sms].into_iter().find(|connection| connection.as_str() == name)
    }

    /// Whether the tenant has it on.
    #[must_use]
    pub fn is_on(self, settings: &TenantSettings) -> bool {
        match self {
            Self::Email => settings.passwordless.email,
            Self::Sms => settings.passwordless.sms,
        }
    }

    /// The channel of its codes.
    #[must_use]
    pub fn channel(self) -> Channel {
        match self {
            Self::Email => Channel::Email,
            Self::Sms => Channel::Sms,
        }
    }

    /// Where its codes for what somebody typed go.
    ///
    /// # Errors
    /// When that is no address, or no number codes are sent to.
    pub fn destination(self, typed: &str) -> Result<Destination, NotANumber> {
        match self {
            Self::Email => EmailAddress::parse(typed).map(Destination::Email).ok_or(NotANumber::Malformed),
            Self::Sms => PhoneNumber::parse(typed).map(Destination::Sms),
        }
    }
}

/// What stays as it is in a fragment (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Longest `state` that a link carries, in bytes.
pub const STATE_BYTES_MAX: usize = 512;

/// A link to the application with what it needs to complete the sign-in, in the fragment: no server, proxy or log of one
/// ever sees it. `None` unless the client registered the address to the letter.
#[must_use]
pub fn link(
    callbacks: &[String],
    redirect_uri: &str,
    address: &EmailAddress,
    code: &OneTimeCode,
    state: Option<&str>,
) -> Option<String> {
    if !may_lead_to(callbacks, redirect_uri) {
        return None;
    }
    let escaped = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
    let (address, code) = (escaped(address.as_str()), code.as_str());
    let mut link = format!("{redirect_uri}#connection=email&email={address}&code={code}");
    if let Some(state) = state {
        link.push_str("&state=");
        link.push_str(&escaped(state));
    }
    Some(link)
}

/// Whether a client's links may lead there. An address that has a fragment of its own has no room for ours.
#[must_use]
pub fn may_lead_to(callbacks: &[String], redirect_uri: &str) -> bool {
    !redirect_uri.contains('#') && callbacks.iter().any(|registered| registered == redirect_uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_only_where_the_client_said() {
        let callbacks = ["https://app.example/in".to_owned(), "https://app.example/#x".to_owned()];
        let address = EmailAddress::parse("a+b@example.com").unwrap();
        let code = OneTimeCode::parse("042917", 6).unwrap();
        let link = |to: &str, state| link(&callbacks, to, &address, &code, state);
        assert_eq!(
            link("https://app.example/in", Some("a&b=c#")).as_deref(),
            Some(
                "https://app.example/in#connection=email&email=a%2Bb%40example.com&code=042917&state=a%26b%3Dc%23"
            )
        );
        for elsewhere in [
            "https://app.example/in/",
            "https://app.example/in?x",
            "https://app.example/In",
            "https://app.example/#x",
            "https://evil.example/",
            "",
        ] {
            assert_eq!(link(elsewhere, None), None, "{elsewhere}");
        }
    }

    #[test]
    fn connections_have_addresses_of_their_kind() {
        assert!(Connection::Email.destination("a@example.com").is_ok());
        assert!(Connection::Sms.destination("+4915112345678").is_ok());
        assert_eq!(Connection::Email.destination("+4915112345678"), Err(NotANumber::Malformed));
        assert_eq!(Connection::Sms.destination("a@example.com"), Err(NotANumber::Malformed));
        assert_eq!(Connection::Sms.destination("+449012345678"), Err(NotANumber::Costly));
        assert_eq!(Connection::parse("email"), Some(Connection::Email));
        assert_eq!(Connection::parse("Username-Password-Authentication"), None);
    }
}
