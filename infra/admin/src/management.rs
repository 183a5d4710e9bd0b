//! The Management API in this process: the functions' own handlers over the operator's own credentials, so that a command
//! and a client are bound by the same rules, answered the same and recorded alike.

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use postern::app::App;
use postern::id::ClientId;
use postern::token::claims::Target;
use postern::token::issue::client_token;
use postern::wire::management::management_scopes;
use serde_json::Value;
use tower::ServiceExt;

use crate::CommandError;
use crate::connection::Tenant;
use crate::journal::{CLIENT, Journal};

/// Life of the token that the command makes for itself, in seconds: it never leaves the process.
const TOKEN_SECONDS: u64 = 600;
/// Items of a page, the most there may be.
const PAGE_ITEMS: usize = 100;
/// What stands for itself in a part of a path (RFC 3986 §2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A path of the API, built from parts that may hold anything.
pub(crate) fn path(parts: &[&str]) -> String {
    let parts: String =
        parts.iter().map(|part| format!("/{}", utf8_percent_encode(part, UNRESERVED))).collect();
    format!("/api/v2{parts}")
}

/// A path with parameters of its query.
pub(crate) fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED)))
        .collect();
    format!("{path}?{}", pairs.join("&"))
}

/// The API, open for whoever may use the table and the KMS key.
pub(crate) struct Management {
    /// Has what the handlers record.
    pub(crate) journal: Journal,
    router: Router,
    bearer: String,
}

impl Management {
    pub(crate) async fn open(tenant: &Tenant) -> Result<Self, CommandError> {
        let issuer = tenant.issuer()?;
        let app = tenant.app(issuer);
        let target = Target {
            audience: issuer.management_audience(),
            scope: management_scopes(),
            lifetime_seconds: TOKEN_SECONDS,
        };
        let now = app.now();
        let ring = app.keys.ring(now).await.map_err(|_| CommandError::no_keys())?;
        let token = client_token(&ring, issuer, &ClientId::new(CLIENT), &target, now)
            .map_err(|_| CommandError::no_keys())?;
        let bearer = format!("Bearer {}", token.access_token);
        Ok(Self { router: postern::http::serve(routes(), app.clone()), journal: Journal::of(app)?, bearer })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, CommandError> {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, CommandError> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<Value, CommandError> {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, CommandError> {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), CommandError> {
        self.call(Method::DELETE, path, None).await.map(|_| ())
    }

    /// The items of a list, page after page, at most so many.
    pub(crate) async fn list(
        &self,
        path: &str,
        query: &[(&str, &str)],
        most: usize,
    ) -> Result<Vec<Value>, CommandError> {
        let mut items = Vec::new();
        for page in 0.. {
            let number = page.to_string();
            let size = PAGE_ITEMS.to_string();
            let query = [query, &[("page", number.as_str()), ("per_page", size.as_str())]].concat();
            let Value::Array(mut found) = self.get(&with_query(path, &query)).await? else { break };
            let is_last = found.len() < PAGE_ITEMS;
            items.append(&mut found);
            if is_last || items.len() >= most {
                break;
            }
        }
        items.truncate(most);
        Ok(items)
    }

    /// What is answered; null where nothing is.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, CommandError> {
        let request = Request::builder().method(method).uri(path).header(AUTHORIZATION, &self.bearer);
        let request = request.header(CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).map_err(|_| CommandError::unanswered())?;
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        self.journal.write().await;
        let status = response.status();
        let answer = response.into_body().collect().await.map_err(|_| CommandError::unanswered())?.to_bytes();
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let answer: Value = serde_json::from_slice(&answer).map_err(|_| CommandError::unanswered())?;
        if status.is_success() { Ok(answer) } else { Err(CommandError::refused(&answer)) }
    }
}

/// The groups that commands use.
fn routes() -> Router<App> {
    Router::new()
        .merge(clients::routes())
        .merge(client_grants::routes())
        .merge(resource_servers::routes())
        .merge(users::routes())
        .merge(user_factors::routes())
        .merge(guardian_factors::routes())
        .merge(email_templates::routes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_named_stays_one_part_of_a_path() {
        assert_eq!(path(&["users", "auth0|a/../b?c#d"]), "/api/v2/users/auth0%7Ca%2F..%2Fb%3Fc%23d");
        assert_eq!(with_query("/x", &[("q", "a&b=c")]), "/x?q=a%26b%3Dc");
    }
}
