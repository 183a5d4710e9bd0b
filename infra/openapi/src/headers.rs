//! Headers of answers that programs act on, and how requests prove who sends them.

use postern::wire::management::SCOPES;
use serde_json::{Map, Value, json};

pub(crate) const RETRY_AFTER: &str = "Retry-After";

/// Refers to a header among the components; one that is always there stands under a name of its own.
pub(crate) fn reference(name: &str, is_always_there: bool) -> Value {
    let suffix = if is_always_there { "-Always" } else { "" };
    json!({ "$ref": format!("#/components/headers/{name}{suffix}") })
}

/// The headers among the components.
pub(crate) fn all() -> Value {
    let header = |about: &str, schema: Value, example: Value| json!({ "description": about, "schema": schema, "example": example });
    let count = || json!({ "type": "integer", "minimum": 0 });
    let mut retry_after =
        header("Seconds after which to try again.", json!({ "type": "integer", "minimum": 1 }), 360.into());
    let sometimes = retry_after.clone();
    if let Some(retry_after) = retry_after.as_object_mut() {
        retry_after.insert("required".to_owned(), Value::Bool(true));
    }
    json!({
        "Retry-After": sometimes,
        "Retry-After-Always": retry_after,
        "WWW-Authenticate": header("What would be let in (RFC 6750, RFC 7617).", json!({ "type": "string" }), "Bearer".into()),
        "X-RateLimit-Limit": header("Attempts the limit admits at once.", count(), 10.into()),
        "X-RateLimit-Remaining": header("Attempts left.", count(), 9.into()),
        "X-RateLimit-Reset": header("When one more has come back, in seconds since 1970.", count(), 1_900_000_380_u64.into()),
        "Cache-Control": header("Who may keep the answer, and how long.", json!({ "type": "string" }), "public, max-age=300".into()),
    })
}

/// The security schemes among the components.
pub(crate) fn security_schemes() -> Value {
    json!({
        "management": {
            "type": "oauth2",
            "description": "An access token of the Management API: `POST /oauth/token` with `grant_type=client_credentials` and `audience=https://DOMAIN/api/v2/`, by a client that has a grant to it.",
            "flows": { "clientCredentials": { "tokenUrl": "/oauth/token", "scopes": scopes() } },
        },
        "mfaToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "The `mfa_token` of `mfa_required`, or an access token for the audience `https://DOMAIN/mfa/` with the scope that is named. Where the operation says so, the latter only.",
        },
        "accessToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A user's access token of a sign-in that asked for `openid`.",
        },
        "clientBasic": {
            "type": "http",
            "scheme": "basic",
            "description": "`client_id` and `client_secret`, each form-encoded (RFC 6749 §2.3.1). Or they stand in the body; a public client has its `client_id` only.",
        },
    })
}

/// Each scope with what it allows, in the words of its name.
fn scopes() -> Value {
    let meaning = |scope: &str| {
        let (act, of) = scope.split_once(':').unwrap_or((scope, ""));
        let mut act: Vec<char> = act.chars().collect();
        if let Some(first) = act.first_mut() {
            first.make_ascii_uppercase();
        }
        format!("{} {}.", act.into_iter().collect::<String>(), of.replace('_', " "))
    };
    let scopes: Map<_, _> =
        SCOPES.into_iter().map(|scope| (scope.to_owned(), meaning(scope).into())).collect();
    Value::Object(scopes)
}
