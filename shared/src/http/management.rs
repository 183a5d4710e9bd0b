//! Access to the Management API: a bearer token for its audience, with the scope of the operation (contract §6).

use axum::http::{HeaderMap, Uri};
use serde_json::{Map, Value};

use super::bearer::bearer_token;
use super::params::{Members, Params, UnreadableBody};
use crate::app::App;
use crate::id::ClientId;
use crate::store::StoreError;
use crate::token::jwt::{self, JwtError};
use crate::wire::management::ManagementRefusal;

/// Lets a request pass that has `scope`; gives the client that it is of.
///
/// # Errors
/// 401 and 403 in the Management API's format.
pub async fn authorize(
    app: &App,
    headers: &HeaderMap,
    scope: &'static str,
) -> Result<ClientId, ManagementRefusal> {
    let token = bearer_token(headers).ok_or(ManagementRefusal::MissingAuthentication)?;
    let now = app.now();
    let kid = jwt::kid_of(token).ok_or(ManagementRefusal::InvalidToken)?;
    let ring = app
        .keys
        .ring_with(Some(&kid), now)
        .await
        .map_err(|error: StoreError| ManagementRefusal::from(error))?;
    let issuer = &app.config.issuer;
    let verified = jwt::verify(&ring, token, issuer.as_str(), &issuer.management_audience(), now);
    let claims = verified.map_err(|error| match error {
        JwtError::Invalid => ManagementRefusal::InvalidToken,
        JwtError::Expired => ManagementRefusal::ExpiredToken,
    })?;
    match claims.scopes().contains(scope) {
        true => Ok(ClientId::new(claims.azp)),
        false => Err(ManagementRefusal::InsufficientScope(scope)),
    }
}

/// The JSON object of a body.
///
/// # Errors
/// 400 or 413 in the Management API's format.
pub fn object(
    body: Result<axum::body::Bytes, UnreadableBody>,
) -> Result<Map<String, Value>, ManagementRefusal> {
    let body = readable(body)?;
    match serde_json::from_slice(&body) {
        Ok(Value::Object(object)) if has_repeated_members(&body, object.len()) => {
            Err(ManagementRefusal::InvalidBody("A property must not be repeated".into()))
        }
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ManagementRefusal::InvalidBody("Expected type object but found another type".into())),
        Err(_) => Err(ManagementRefusal::InvalidBody("The body is not valid JSON".into())),
    }
}

/// The JSON array of a body.
///
/// # Errors
/// 400 or 413 in the Management API's format.
pub fn array(body: Result<axum::body::Bytes, UnreadableBody>) -> Result<Vec<Value>, ManagementRefusal> {
    match serde_json::from_slice(&readable(body)?) {
        Ok(Value::Array(array)) => Ok(array),
        Ok(_) => Err(ManagementRefusal::InvalidBody("Expected type array but found another type".into())),
        Err(_) => Err(ManagementRefusal::InvalidBody("The body is not valid JSON".into())),
    }
}

/// The parameters of a query.
///
/// # Errors
/// 400 in the Management API's format for what repeats a parameter or is not UTF-8.
pub fn query(uri: &Uri) -> Result<Params, ManagementRefusal> {
    Params::parse_form(uri.query().unwrap_or_default())
        .map_err(|_| ManagementRefusal::InvalidQuery("A parameter is repeated, or is not valid UTF-8".into()))
}

fn readable(body: Result<axum::body::Bytes, UnreadableBody>) -> Result<axum::body::Bytes, ManagementRefusal> {
    body.map_err(|error| match error {
        UnreadableBody::TooLarge => ManagementRefusal::BodyTooLarge,
        UnreadableBody::Broken => ManagementRefusal::InvalidBody("The body could not be read".into()),
    })
}

/// A map keeps the last of repeated members and hides that there were more (SEC-37).
fn has_repeated_members(body: &[u8], distinct: usize) -> bool {
    serde_json::from_slice(body).map_or(true, |Members(members)| members.len() != distinct)
}
