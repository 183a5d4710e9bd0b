//! Second factors in a row.

use postern::rules::address::EmailAddress;
use postern::rules::phone::{NotANumber, PhoneNumber};
use postern::rules::totp::TotpSecret;
use postern::token::vouched::Reaches;
use serde_json::Value;

use super::reason::Reason;

/// As many as Auth0 takes.
const FACTORS_MAX: usize = 10;

/// Reads `mfa_factors`: `[{"totp": {"secret": …}}, {"phone": {"value": …}}, {"email": {"value": …}}]`.
pub(crate) fn factors(value: &Value) -> Result<Vec<Reaches>, Reason> {
    let items =
        value.as_array().ok_or(Reason::WrongType { property: "mfa_factors", expected: "an array" })?;
    let mut all: Vec<Reaches> = Vec::new();
    for item in items {
        let members = item.as_object().filter(|members| !members.is_empty()).ok_or(Reason::Factor)?;
        for (name, value) in members {
            let factor = factor(name, value)?;
            if all.iter().any(|other| is_same(other, &factor)) {
                return Err(Reason::FactorTwice);
            }
            all.push(factor);
        }
    }
    if all.len() > FACTORS_MAX { Err(Reason::TooManyFactors) } else { Ok(all) }
}

fn factor(name: &str, value: &Value) -> Result<Reaches, Reason> {
    let text = |member| value.get(member).and_then(Value::as_str).ok_or(Reason::Factor);
    match name {
        "totp" => secret(text("secret")?).map(Reaches::App).ok_or(Reason::TotpSecret),
        "phone" => PhoneNumber::parse(text("value")?).map(Reaches::Phone).map_err(|flaw| match flaw {
            NotANumber::Malformed => Reason::FactorPhone,
            NotANumber::Costly => Reason::FactorPhoneCostly,
        }),
        "email" => EmailAddress::parse(text("value")?).map(Reaches::Address).ok_or(Reason::FactorEmail),
        _ => Err(Reason::Factor),
    }
}

/// Base32 as people and other systems write it: in either case, with padding or blanks.
fn secret(text: &str) -> Option<TotpSecret> {
    let text = text.trim_end_matches('=').replace(' ', "");
    TotpSecret::from_base32(&text.to_ascii_uppercase())
}

fn is_same(one: &Reaches, other: &Reaches) -> bool {
    match (one, other) {
        (Reaches::Address(one), Reaches::Address(other)) => one == other,
        (Reaches::Phone(one), Reaches::Phone(other)) => one == other,
        (Reaches::App(one), Reaches::App(other)) => one.as_bytes() == other.as_bytes(),
        _ => false,
    }
}
