//! The properties of a grant as a request names them.

use postern::http::properties::{array, only, string, text};
use postern::id::ClientId;
use postern::rules::resource_id::{GrantId, IDENTIFIER_BYTES_MAX};
use postern::rules::scope::Scope;
use postern::wire::management::ManagementRefusal;
use serde_json::{Map, Value, json};

/// Most scopes of a grant.
pub const SCOPES_MAX: usize = 500;
/// Longest scope, in characters, as Auth0 has it.
pub const SCOPE_CHARACTERS_MAX: usize = 280;

/// A grant to be made.
pub(crate) struct NewGrant {
    pub(crate) id: GrantId,
    pub(crate) scopes: Scope,
}

impl NewGrant {
    pub(crate) fn of(body: &Map<String, Value>) -> Result<Self, ManagementRefusal> {
        let (mut client_id, mut audience, mut scopes) = (None, None, None);
        for (name, value) in body {
            match name.as_str() {
                "client_id" => client_id = Some(client(value)?),
                "audience" => {
                    audience = Some(text(name, value, &(1..=IDENTIFIER_BYTES_MAX))?.to_owned());
                }
                _ => scopes = scope_or_fixed(name, value)?.or(scopes),
            }
        }
        let client_id = client_id.ok_or_else(|| ManagementRefusal::missing("client_id"))?;
        let audience = audience.ok_or_else(|| ManagementRefusal::missing("audience"))?;
        let scopes = scopes.ok_or_else(|| ManagementRefusal::missing("scope"))?;
        Ok(Self { id: GrantId { client_id, audience }, scopes })
    }
}

/// The scopes that a change names; `None` when it names none.
pub(crate) fn scopes_of_change(body: &Map<String, Value>) -> Result<Option<Scope>, ManagementRefusal> {
    let mut scopes = None;
    for (name, value) in body {
        scopes = scope_or_fixed(name, value)?.or(scopes);
    }
    Ok(scopes)
}

/// Beside the scopes there are properties with one value here, for another would ask for what is not done.
fn scope_or_fixed(name: &str, value: &Value) -> Result<Option<Scope>, ManagementRefusal> {
    match name {
        "scope" => return scope(value).map(Some),
        "subject_type" => only(name, value, &json!("client"))?,
        "organization_usage" => only(name, value, &json!("deny"))?,
        "allow_any_organization" | "allow_all_scopes" => only(name, value, &json!(false))?,
        "authorization_details_types" => only(name, value, &json!([]))?,
        _ => return Err(ManagementRefusal::additional(name)),
    }
    Ok(None)
}

/// What cannot be a client's id is no client's.
fn client(value: &Value) -> Result<ClientId, ManagementRefusal> {
    ClientId::parse(string("client_id", value)?).ok_or_else(ManagementRefusal::no_such_client)
}

fn scope(value: &Value) -> Result<Scope, ManagementRefusal> {
    let mut words = Vec::new();
    for value in array("scope", value, SCOPES_MAX)? {
        let word = text("scope", value, &(1..=SCOPE_CHARACTERS_MAX))?;
        if !Scope::is_token(word) {
            return Err(ManagementRefusal::malformed("scope", "scope"));
        }
        words.push(word);
    }
    Ok(Scope::parse(&words.join(" ")))
}
