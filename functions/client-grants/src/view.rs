//! Grants as the Management API shows them.

use postern::rules::resource_id::GrantId;
use postern::rules::scope::Scope;
use serde::Serialize;

/// A grant, by the alphabet.
#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    audience: &'a str,
    client_id: &'a str,
    id: String,
    scope: Vec<&'a str>,
    subject_type: &'static str,
}

/// A grant with all fields.
pub(crate) fn shown<'a>(id: &'a GrantId, scopes: &'a Scope) -> Shown<'a> {
    Shown {
        audience: &id.audience,
        client_id: id.client_id.as_str(),
        id: id.to_string(),
        scope: scopes.iter().collect(),
        subject_type: "client",
    }
}
