//! What applications see of the deployment: its name, its documents, and its time.

use std::net::IpAddr;
use std::time::Duration;

use postern::aws::{Fetched, HttpFailed, get};
use postern::config::Issuer;
use postern::store::keys::KeyGeneration;
use postern::time::Timestamp;
use postern::token::key_life::{KeyState, state};
use postern::token::keyring::KeyUse;
use postern::token::keys::KEYS_FRESH_SECONDS;
use serde_json::Value;

use super::finding::Finding;
use crate::clock::{Clocks, MEND, SKEW_MAX_SECONDS, SKEW_OK_SECONDS};
use crate::connection::Tenant;
use crate::output::harmless;

const ISSUER: &str = "issuer";
const DNS: &str = "dns";
const DISCOVERY: &str = "discovery";
const JWKS: &str = "jwks";
const CLOCK: &str = "clock";

/// How long a document is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// All that is seen from outside.
pub(super) async fn checks(tenant: &Tenant) -> Vec<Finding> {
    let Ok(issuer) = tenant.issuer() else {
        let mend = "give the stack's output `Issuer` by --issuer; without it neither DNS, documents nor clock are checked";
        return vec![Finding::fail(ISSUER, "no issuer to look at", mend)];
    };
    let (configuration, jwks) = (".well-known/openid-configuration", ".well-known/jwks.json");
    let (configuration, jwks) = (issuer.endpoint(configuration), issuer.endpoint(jwks));
    // Clocks are compared as of that answer, however long the others take.
    let published_keys = async { (get(&tenant.sdk, &jwks, PATIENCE).await, tenant.now()) };
    let (dns, configuration, (jwks, now), keys) = tokio::join!(
        dns(issuer),
        get(&tenant.sdk, &configuration, PATIENCE),
        published_keys,
        tenant.store.key_generations(),
    );
    let keys = keys.unwrap_or_default();
    vec![dns, discovery(issuer, &configuration), published(&jwks, &keys, now), clock(&jwks, now)]
}

/// Host and port of a URL.
fn host(issuer: &Issuer) -> Option<(&str, u16)> {
    let (scheme, rest) = issuer.as_str().split_once("://")?;
    let authority = rest.split('/').next()?;
    let default = if scheme == "http" { 80 } else { 443 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (authority, default),
    };
    Some((host.trim_start_matches('[').trim_end_matches(']'), port)).filter(|(host, _)| !host.is_empty())
}

async fn dns(issuer: &Issuer) -> Finding {
    let Some((host, port)) = host(issuer) else {
        return Finding::fail(DNS, "the issuer is no URL", "give the stack's output `Issuer` by --issuer");
    };
    if host.parse::<IpAddr>().is_ok() {
        return Finding::ok(DNS, format!("{host} is an address itself"));
    }
    match tokio::net::lookup_host((host, port)).await.map(|mut found| found.next()) {
        Ok(Some(address)) => Finding::ok(DNS, format!("{host} is {}", address.ip())),
        _ => {
            let mend = "point it to the stack's output `DomainTarget` (a CNAME or alias record), and wait for DNS to follow";
            Finding::fail(DNS, format!("{host} has no address"), mend)
        }
    }
}

/// The document, or what is wrong with the answer.
fn document(check: &'static str, fetched: &Result<Fetched, HttpFailed>) -> Result<Value, Finding> {
    let mend = "see the check of DNS, the API's custom domain and its certificate, and the log of the function well-known";
    match fetched {
        Err(error) => Err(Finding::fail(check, harmless(&error.to_string()), mend)),
        Ok(Fetched { status: 200, body, .. }) => serde_json::from_slice(body)
            .map_err(|_| Finding::fail(check, "what answers there is not Postern", "check --issuer")),
        Ok(Fetched { status, .. }) => {
            Err(Finding::fail(check, format!("answered with status {status}"), mend))
        }
    }
}

fn discovery(issuer: &Issuer, fetched: &Result<Fetched, HttpFailed>) -> Finding {
    let document = match document(DISCOVERY, fetched) {
        Ok(document) => document,
        Err(finding) => return finding,
    };
    match document.get("issuer").and_then(Value::as_str) {
        Some(said) if said == issuer.as_str() => Finding::ok(DISCOVERY, format!("{said} names itself so")),
        said => {
            let found = format!("it names itself {}", harmless(said.unwrap_or("nothing")));
            let mend =
                "tokens carry that name: use it by --issuer, or deploy with the parameter `DomainName`";
            Finding::fail(DISCOVERY, found, mend)
        }
    }
}

/// That what tokens are signed with is published as it is in the table, and what is revoked is not.
fn published(fetched: &Result<Fetched, HttpFailed>, keys: &[KeyGeneration], now: Timestamp) -> Finding {
    let document = match document(JWKS, fetched) {
        Ok(document) => document,
        Err(finding) => return finding,
    };
    let published = document.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |key: &Value, name| key.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_there = |key: &KeyGeneration| {
        let modulus = key.public.as_ref().map(|public| public.n.as_str()).unwrap_or_default();
        published.iter().any(|other| text(other, "kid") == key.kid.as_str() && text(other, "n") == modulus)
    };
    let signing: Vec<_> = keys.iter().filter(|key| key.key_use == KeyUse::Signing).collect();
    let current = signing.iter().find(|key| state(key, keys, now) == KeyState::Current);
    let revoked = |key: &&&KeyGeneration| {
        key.revoked_at.is_some_and(|at| now.since(at) > 2 * KEYS_FRESH_SECONDS) && is_there(key)
    };
    match current {
        None => {
            Finding::fail(JWKS, "there is no key in the table to compare it with", "see the check of keys")
        }
        Some(key) if !is_there(key) => {
            let found =
                format!("the key that signs, {}, is not published: every API refuses new tokens", key.kid);
            let mend = "check that --issuer and --table are of one deployment; if so, see the log of the function well-known";
            Finding::fail(JWKS, found, mend)
        }
        Some(_) if signing.iter().any(|key| revoked(&key)) => {
            let mend = "see the log of the function well-known: it has not read the keys for ten minutes";
            Finding::fail(JWKS, "a revoked key is still published", mend)
        }
        Some(key) => {
            Finding::ok(JWKS, format!("{} published, with {}, which signs", published.len(), key.kid))
        }
    }
}

fn clock(fetched: &Result<Fetched, HttpFailed>, now: Timestamp) -> Finding {
    let date = fetched.as_ref().ok().and_then(|fetched| fetched.date.as_deref());
    let Some(clocks) = Clocks::of_answer(date, now) else {
        return Finding::warn(CLOCK, "there was no answer to compare it with", "see the check of jwks");
    };
    let skew = clocks.skew();
    let found = format!("this machine and the deployment are {skew} s apart");
    match skew {
        skew if skew <= SKEW_OK_SECONDS => Finding::ok(CLOCK, "this machine and the deployment agree"),
        skew if skew <= SKEW_MAX_SECONDS => Finding::warn(CLOCK, found, MEND),
        _ => Finding::fail(CLOCK, found, MEND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_issuers_are_found() {
        for (url, found) in [
            ("https://login.example.com/", Some(("login.example.com", 443))),
            ("http://127.0.0.1:3000", Some(("127.0.0.1", 3000))),
            ("http://[::1]:3000", Some(("::1", 3000))),
            ("https://[::1]/", Some(("::1", 443))),
            ("example.com", None),
        ] {
            assert_eq!(host(&Issuer::new(url)), found, "{url}");
        }
    }
}
