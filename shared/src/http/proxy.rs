//! A proxy that the operator put before the gateway, such as a firewall. It proves itself by a secret in every request,
//! so that who finds the gateway's own address cannot go past it, nor name a client's address in its stead.

use axum::http::HeaderMap;

use crate::rules::client::{ClientSecret, SecretHash};

/// The header that the proxy puts its secret into, in place of whatever a client sent there.
pub const PROXY_SECRET_HEADER: &str = "x-postern-proxy-secret";

/// The secrets that are taken, as hashes: two while one takes the other's place.
#[derive(Clone, Debug)]
pub struct ProxySecrets(Vec<SecretHash>);

impl ProxySecrets {
    /// Reads one or two SHA-256 in lower-case hex, joined by a comma; `None` when it is anything else.
    ///
    /// The hash of nothing is none: it is what comes of a secret that was forgotten, and everybody has that one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let nothing = ClientSecret::new("");
        let hashes: Option<Vec<_>> = text
            .split(',')
            .map(|hash| SecretHash::parse(hash).filter(|hash| !hash.matches(&nothing)))
            .collect();
        hashes.filter(|hashes| hashes.len() <= 2).map(Self)
    }

    /// Whether a request has one of them, in constant time (SEC-6).
    #[must_use]
    pub fn are_proven_by(&self, headers: &HeaderMap) -> bool {
        let presented = headers.get(PROXY_SECRET_HEADER).and_then(|value| value.to_str().ok());
        let presented = ClientSecret::new(presented.unwrap_or_default());
        // Each is compared, also after one was right.
        self.0.iter().fold(false, |proven, hash| proven | hash.matches(&presented))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "an old secret of the proxy's, long enough";
    const NEW: &str = "a new secret of the proxy's, long enough";

    fn hash(secret: &str) -> String {
        serde_json::to_value(ClientSecret::new(secret).hash()).unwrap().as_str().unwrap().to_owned()
    }

    fn headers(secret: &str) -> HeaderMap {
        HeaderMap::from_iter([(PROXY_SECRET_HEADER.parse().unwrap(), secret.parse().unwrap())])
    }

    /// A secret is replaced without a request being refused: both are taken for a while, and then the new one only.
    #[test]
    fn a_secret_is_replaced_while_requests_come() {
        let both = ProxySecrets::parse(&format!("{},{}", hash(OLD), hash(NEW))).unwrap();
        let new = ProxySecrets::parse(&hash(NEW)).unwrap();
        assert!(both.are_proven_by(&headers(OLD)) && both.are_proven_by(&headers(NEW)));
        assert!(!new.are_proven_by(&headers(OLD)) && new.are_proven_by(&headers(NEW)));
        for wrong in ["", "another", &hash(NEW)] {
            assert!(!both.are_proven_by(&headers(wrong)), "{wrong}");
        }
        assert!(!both.are_proven_by(&HeaderMap::new()));
    }

    #[test]
    fn what_are_no_hashes_of_secrets_is_refused() {
        let one = hash(NEW);
        for wrong in ["", "secret", &one[1..], &one.to_uppercase(), &format!("{one},"), &hash("")] {
            assert!(ProxySecrets::parse(wrong).is_none(), "{wrong}");
        }
        assert!(ProxySecrets::parse(&format!("{one},{one},{one}")).is_none());
    }
}
