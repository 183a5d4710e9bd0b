//! Ids of what already has a name: a client's grant to an API, and an API. They are made of the name, so that whoever
//! has one knows where the thing is without looking it up, and what was stored before there were ids has one, too.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;

use crate::id::ClientId;

const GRANT_PREFIX: &str = "cgr_";
const API_PREFIX: &str = "api_";
/// Longest identifier of an API, in bytes; nothing is known by a longer one.
pub const IDENTIFIER_BYTES_MAX: usize = 600;

/// Which client's grant, to which API: `cgr_…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrantId {
    /// Whose.
    pub client_id: ClientId,
    /// The API's identifier.
    pub audience: String,
}

impl GrantId {
    /// Takes an id as a request names it; `None` for what cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = decoded(text.strip_prefix(GRANT_PREFIX)?)?;
        // A client id has no space.
        let (client, audience) = name.split_once(' ')?;
        let is_audience = (1..=IDENTIFIER_BYTES_MAX).contains(&audience.len());
        let client_id = ClientId::parse(client).filter(|_| is_audience)?;
        Some(Self { client_id, audience: audience.to_owned() })
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{} {}", self.client_id, self.audience);
        write!(f, "{GRANT_PREFIX}{}", BASE64URL_NOPAD.encode(name.as_bytes()))
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrantId(…)")
    }
}

/// The id of an API: `api_…`.
#[must_use]
pub fn api_id(identifier: &str) -> String {
    format!("{API_PREFIX}{}", BASE64URL_NOPAD.encode(identifier.as_bytes()))
}

/// The identifier of the API that a request names by its id, or by the identifier itself; `None` for what can be
/// neither.
#[must_use]
pub fn identifier_of(text: &str) -> Option<String> {
    let by_id = text.strip_prefix(API_PREFIX).and_then(decoded).filter(|name| is_identifier(name));
    by_id.or_else(|| Some(text.to_owned()).filter(|text| (1..=IDENTIFIER_BYTES_MAX).contains(&text.len())))
}

/// Whether a new API may have this identifier: printable ASCII, and not another API's id.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    (1..=IDENTIFIER_BYTES_MAX).contains(&text.len()) && is_printable
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_known_by_its_id() {
        let grant = GrantId { client_id: ClientId::new("app"), audience: "https://api/a b#c".into() };
        assert_eq!(grant.to_string(), "cgr_YXBwIGh0dHBzOi8vYXBpL2EgYiNj");
        assert!(GrantId::parse(&grant.to_string()).as_ref() == Some(&grant));
        let of = |name: &str| GrantId::parse(&format!("cgr_{}", BASE64URL_NOPAD.encode(name.as_bytes())));
        for name in ["", "app", "app ", " https://api", &format!("app {}", "x".repeat(601))] {
            assert!(of(name).is_none(), "{name}");
        }
        for text in ["", "cgr_", "cgr_YXBwIGh0dHBzOi8vYXBpL2EgYiNj=", "YXBwIGh0dHBzOi8vYXBpL2EgYiNj", "cgr_!"]
        {
            assert!(GrantId::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_api_is_known_by_its_id_and_by_its_identifier() {
        let id = api_id("https://api/v1");
        assert_eq!(id, "api_aHR0cHM6Ly9hcGkvdjE");
        for name in [&*id, "https://api/v1"] {
            assert_eq!(identifier_of(name).as_deref(), Some("https://api/v1"));
        }
        // Not every word that begins like an id is one.
        for name in ["api_test", "api_users", "api_"] {
            assert_eq!(identifier_of(name).as_deref(), Some(name));
        }
        assert_eq!(identifier_of(&"x".repeat(601)), None);
        assert_eq!(identifier_of(""), None);
    }
}
