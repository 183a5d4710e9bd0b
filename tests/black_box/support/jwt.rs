//! JWTs as a client checks them, by an implementation of RSA that is not the product's.

use data_encoding::BASE64URL_NOPAD;
use ring::digest;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use serde_json::Value;

use super::World;
use super::client::Body;

/// The claims of a token whose signature verifies under the published key its header names.
pub(crate) async fn claims(world: &World, token: &str) -> Value {
    let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().expect("three parts");
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    assert_eq!(header["alg"], "RS256");
    assert_eq!(header["typ"], "JWT");
    let jwks = world.send("GET", "/.well-known/jwks.json", &[], Body::none()).await.json();
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).expect("the key is published");
    let number = |name: &str| BigUint::from_bytes_be(&decode(key[name].as_str().unwrap()));
    let key = RsaPublicKey::new(number("n"), number("e")).unwrap();
    let (message, _) = token.rsplit_once('.').unwrap();
    let hash = digest::digest(&digest::SHA256, message.as_bytes());
    // The DigestInfo prefix of SHA-256 (RFC 8017 §9.2).
    let prefix = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0, 4,
        0x20,
    ];
    let scheme = Pkcs1v15Sign { hash_len: Some(32), prefix: prefix.into() };
    key.verify(scheme, hash.as_ref(), &decode(signature)).expect("the signature");
    serde_json::from_slice(&decode(payload)).unwrap()
}
