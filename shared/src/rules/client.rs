//! What a client is and how its secret is checked (RFC 6749 §2.1, §2.3).

use std::fmt;

use ring::digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::random::{ALPHANUMERIC, Random, RandomUnavailable};

/// 381 bits: a plain hash of it is safe to store.
const SECRET_CHARACTERS: usize = 64;

/// Whether a client can keep a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientKind {
    /// It can, and must show it.
    Confidential,
    /// It cannot: a browser or a device; a secret it sends is ignored.
    Public,
}

/// What sort of application a client is, by Auth0's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppType {
    /// On a device.
    Native,
    /// In a browser.
    Spa,
    /// On a server, with pages.
    RegularWeb,
    /// On a server, without users.
    NonInteractive,
}

impl AppType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Native, Self::Spa, Self::RegularWeb, Self::NonInteractive];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Spa => "spa",
            Self::RegularWeb => "regular_web",
            Self::NonInteractive => "non_interactive",
        }
    }

    /// How such an application authenticates unless it says otherwise.
    #[must_use]
    pub fn auth_method(self) -> AuthMethod {
        match self {
            Self::Native | Self::Spa => AuthMethod::None,
            Self::RegularWeb | Self::NonInteractive => AuthMethod::ClientSecretPost,
        }
    }
}

/// How a client authenticates at `/oauth/token` (RFC 7591 §2). A secret is taken by post and by basic, whichever of
/// the two is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Not at all.
    None,
    /// By its secret in the body.
    ClientSecretPost,
    /// By its secret in the header.
    ClientSecretBasic,
}

impl AuthMethod {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::ClientSecretPost, Self::ClientSecretBasic];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretBasic => "client_secret_basic",
        }
    }

    /// What who authenticates so can keep.
    #[must_use]
    pub fn kind(self) -> ClientKind {
        match self {
            Self::None => ClientKind::Public,
            Self::ClientSecretPost | Self::ClientSecretBasic => ClientKind::Confidential,
        }
    }
}

impl From<ClientKind> for AuthMethod {
    /// Of a client of which no more is known.
    fn from(kind: ClientKind) -> Self {
        match kind {
            ClientKind::Public => Self::None,
            ClientKind::Confidential => Self::ClientSecretPost,
        }
    }
}

/// A client's secret as it was presented or made; never shown but in the reply that makes it.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Takes what was presented or generated.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A new one.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate(random: &Random) -> Result<Self, RandomUnavailable> {
        random.string(ALPHANUMERIC, SECRET_CHARACTERS).map(Self)
    }

    /// The text, for whoever made it to be told it once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its SHA-256: enough, because secrets are generated with at least 256 bits.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(
            data_encoding::HEXLOWER.encode(digest::digest(&digest::SHA256, self.0.as_bytes()).as_ref()),
        )
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// The SHA-256 of a client's secret, in lower-case hex.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(String);

impl SecretHash {
    /// Reads one: 64 digits of lower-case hex.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == 64 && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| Self(text.to_owned()))
    }

    /// Whether `secret` is the one hashed here, in constant time (SEC-6).
    #[must_use]
    pub fn matches(&self, secret: &ClientSecret) -> bool {
        self.0.as_bytes().ct_eq(secret.hash().0.as_bytes()).into()
    }

    /// The hash of no secret, compared for unknown clients so that the work is the same (SEC-35).
    #[must_use]
    pub fn of_nobody() -> Self {
        Self("0".repeat(64))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stored words are the wire's.
    #[test]
    fn words_survive_storage() {
        for method in AuthMethod::ALL {
            assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
            assert_eq!(AuthMethod::from(method.kind()).kind(), method.kind());
        }
        for app_type in AppType::ALL {
            assert_eq!(serde_json::to_value(app_type).unwrap(), app_type.as_str());
        }
    }

    #[test]
    fn secrets_are_long_and_differ() {
        let random = Random::system();
        let [one, other] = [(); 2].map(|()| ClientSecret::generate(&random).unwrap());
        assert_eq!(one.expose().len(), SECRET_CHARACTERS);
        assert!(!one.hash().matches(&other));
    }

    #[test]
    fn only_the_secret_itself_matches_and_nothing_shows_it() {
        let secret = ClientSecret::new("demo-secret");
        assert!(secret.hash().matches(&secret));
        assert!(!secret.hash().matches(&ClientSecret::new("demo-secret ")));
        assert!(!SecretHash::of_nobody().matches(&secret));
        assert!(!format!("{secret:?} {:?}", secret.hash()).contains("demo"));
    }
}
