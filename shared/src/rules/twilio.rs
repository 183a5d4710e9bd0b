//! A Twilio account: what is known of it, and what the parts of it look like.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest auth token, in bytes (Auth0's bound).
const TOKEN_BYTES_MAX: usize = 1_000;

/// What sealing an auth token binds it to.
pub const SEALING_CONTEXT: &[u8] = b"provider/twilio";

macro_rules! twilio_text {
    ($(#[$doc:meta])* $name:ident, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes a text of the right form.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let fits: fn(&str) -> bool = $fits;
                fits(text).then(|| Self(text.to_owned()))
            }

            /// It as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

twilio_text! {
    /// An account's id: `AC` and 32 hexadecimal digits. It stands in the path of every request.
    AccountSid, |text| is_sid(text, "AC")
}
twilio_text! {
    /// The id of a messaging service, which chooses the sender by itself: `MG` and 32 hexadecimal digits.
    MessagingServiceSid, |text| is_sid(text, "MG")
}
twilio_text! {
    /// A sender: a number (E.164), a short code, or up to eleven letters, digits and spaces, a letter among them.
    Sender, |text| is_number(text) || is_short_code(text) || is_name(text)
}

impl Sender {
    /// Whether it can call: names and short codes cannot.
    #[must_use]
    pub fn can_call(&self) -> bool {
        is_number(&self.0)
    }
}

fn is_sid(text: &str, prefix: &str) -> bool {
    let digits = text.strip_prefix(prefix).unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_short_code(text: &str) -> bool {
    (3..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    text.len() <= 11
        && text.trim() == text
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// An account's auth token. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthToken(String);

impl AuthToken {
    /// Takes a token: visible ASCII.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=TOKEN_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The token, to be sealed or sent to Twilio.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthToken(…)")
    }
}

/// What is known of an account beside its token. Nothing here is a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwilioProperties {
    /// What messages and calls come from.
    pub from: Option<Sender>,
    /// What sends messages instead.
    pub messaging_service_sid: Option<MessagingServiceSid>,
    /// The account.
    pub sid: Option<AccountSid>,
}

/// An account that can be used.
#[derive(Clone, Debug)]
pub struct TwilioAccount {
    /// The account.
    pub sid: AccountSid,
    /// Its token.
    pub auth_token: AuthToken,
    /// What messages and calls come from.
    pub from: Option<Sender>,
    /// What sends messages instead.
    pub messaging_service: Option<MessagingServiceSid>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_form() {
        let sid = format!("AC{}", "0af1".repeat(8));
        assert_eq!(AccountSid::parse(&sid).unwrap().as_str(), sid);
        for bad in ["", "AC", &sid[1..], &sid.replace("AC", "MG"), &sid.replace('f', "/"), &format!("{sid}0")]
        {
            assert_eq!(AccountSid::parse(bad), None, "{bad}");
        }
        for (sender, calls) in [("+12065550100", true), ("72345", false), ("Acme Shop", false)] {
            assert_eq!(Sender::parse(sender).unwrap().can_call(), calls, "{sender}");
        }
        for bad in
            ["", "+1", "+1206555010012345", "twelve chars", " Acme", "a\r\nb", "a&b", "12", "123456789"]
        {
            assert_eq!(Sender::parse(bad), None, "{bad}");
        }
    }

    /// SEC-34.
    #[test]
    fn a_token_is_not_shown() {
        let token = AuthToken::parse("0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(format!("{token:?}"), "AuthToken(…)");
        for bad in ["", "a b", "a\n", "ä", &"a".repeat(1_001)] {
            assert_eq!(AuthToken::parse(bad), None, "{bad}");
        }
    }
}
