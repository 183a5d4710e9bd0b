//! JWTs: JWS compact serialisation with RS256, and nothing else (RFC 7515, RFC 7519, RFC 8725).

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::id::Kid;
use crate::time::Timestamp;
use crate::token::claims::AccessClaims;
use crate::token::keyring::{KeyError, KeyRing};

/// Longest JWT that is looked at, in bytes.
const JWT_BYTES_MAX: usize = 12 * 1024;

#[derive(Serialize)]
struct OutgoingHeader<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a Kid,
}

/// Only what we act on, and only in the one way we issue: everything else is refused below.
#[derive(Deserialize)]
struct IncomingHeader {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    kid: String,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// Why a JWT was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Not a token of ours for this audience.
    #[error("the token is not valid")]
    Invalid,
    /// It was, but is over.
    #[error("the token is expired")]
    Expired,
}

/// Signs claims with the current key.
///
/// # Errors
/// When this environment has no signing key.
pub fn sign<T: Serialize>(ring: &KeyRing, claims: &T, now: Timestamp) -> Result<String, KeyError> {
    let key = ring.signer(now)?;
    let header = OutgoingHeader { alg: "RS256", typ: "JWT", kid: &key.kid };
    let header = serde_json::to_vec(&header).map_err(|_| KeyError)?;
    let payload = serde_json::to_vec(claims).map_err(|_| KeyError)?;
    let message = format!("{}.{}", BASE64URL_NOPAD.encode(&header), BASE64URL_NOPAD.encode(&payload));
    let signature = key.sign(message.as_bytes())?;
    Ok(format!("{message}.{}", BASE64URL_NOPAD.encode(&signature)))
}

/// The kid a JWT names, if it has the form of one.
#[must_use]
pub fn kid_of(token: &str) -> Option<Kid> {
    let (header, _) = token.split_once('.')?;
    if token.len() > JWT_BYTES_MAX || token.bytes().filter(|b| *b == b'.').count() != 2 {
        return None;
    }
    Kid::parse(&parse_header(header)?.kid)
}

/// Checks signature, issuer, audience and times, and gives the claims (SEC-26). Keys come only from our own ring:
/// `jku`, `x5u` and `jwk` headers are never looked at.
///
/// # Errors
/// See [`JwtError`].
pub fn verify(
    ring: &KeyRing,
    token: &str,
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<AccessClaims, JwtError> {
    let kid = kid_of(token).ok_or(JwtError::Invalid)?;
    let key = ring.verifier(&kid).ok_or(JwtError::Invalid)?;
    let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Invalid)?;
    let signature = decode(signature).ok_or(JwtError::Invalid)?;
    if !key.verifies(message.as_bytes(), &signature) {
        return Err(JwtError::Invalid);
    }
    let (_, payload) = message.split_once('.').ok_or(JwtError::Invalid)?;
    let payload = decode(payload).ok_or(JwtError::Invalid)?;
    let claims: AccessClaims = serde_json::from_slice(&payload).map_err(|_| JwtError::Invalid)?;
    let begun = claims.nbf.is_none_or(|from| from <= now);
    if claims.iss != issuer || !claims.aud.contains(audience) || !begun {
        return Err(JwtError::Invalid);
    }
    if claims.exp.is_past(now) { Err(JwtError::Expired) } else { Ok(claims) }
}

fn parse_header(encoded: &str) -> Option<IncomingHeader> {
    let header: IncomingHeader = serde_json::from_slice(&decode(encoded)?).ok()?;
    let plain_jwt = header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
    (header.alg == "RS256" && plain_jwt && header.crit.is_none()).then_some(header)
}

fn decode(part: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(part.as_bytes()).ok()
}
