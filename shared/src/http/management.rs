//! Access to the Management API: a bearer token for its audience, with the scope of the operation (contract §6).

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, Uri};
use serde_json::{Map, Value};

use super::bearer::bearer_token;
use super::params::{Members, Params, UnreadableBody};
use crate::app::App;
use crate::audit::trail;
use crate::id::{ClientId, UserId};
use crate::rules::scope::Scope;
use crate::store::StoreError;
use crate::token::jwt::{self, JwtError};
use crate::wire::management::ManagementRefusal;

/// Who manages.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The client that the token is of.
    pub client: ClientId,
    /// What the token is for.
    pub scopes: Scope,
}

impl Caller {
    /// Demands another scope than the operation's own; of several, joined by commas, one.
    ///
    /// # Errors
    /// 403 in the Management API's format.
    pub fn demand(&self, scope: &'static str) -> Result<(), ManagementRefusal> {
        match scope.split(',').any(|scope| self.scopes.contains(scope)) {
            true => Ok(()),
            false => Err(ManagementRefusal::InsufficientScope(scope)),
        }
    }
}

/// Lets a request pass that has `scope`, or any of several that are joined by commas; gives the client that it is of.
///
/// # Errors
/// 401 and 403 in the Management API's format.
pub async fn authorize(
    app: &App,
    headers: &HeaderMap,
    scope: &'static str,
) -> Result<ClientId, ManagementRefusal> {
    caller(app, headers, scope).await.map(|caller| caller.client)
}

/// The same, and gives all that the request may do.
///
/// # Errors
/// 401 and 403 in the Management API's format.
pub async fn caller(
    app: &App,
    headers: &HeaderMap,
    scope: &'static str,
) -> Result<Caller, ManagementRefusal> {
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
    let caller = Caller { scopes: claims.scopes(), client: ClientId::new(claims.azp) };
    trail::client(&caller.client);
    caller.demand(scope)?;
    Ok(caller)
}

/// The user that a path names.
///
/// # Errors
/// 400 in the Management API's format for what cannot be an id.
pub fn user_id(id: Result<Path<String>, PathRejection>) -> Result<UserId, ManagementRefusal> {
    let id = id.ok().map(|Path(id)| id);
    user_id_of(id.as_deref())
}

/// The same, of a path that names more than a user.
///
/// # Errors
/// As [`user_id`].
pub fn user_id_of(id: Option<&str>) -> Result<UserId, ManagementRefusal> {
    let id =
        id.and_then(UserId::parse).ok_or_else(|| ManagementRefusal::malformed_in_path("id", "user-id"))?;
    trail::user(&id);
    Ok(id)
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

/// The objects of a body that is an array of them.
///
/// # Errors
/// 400 or 413 in the Management API's format.
pub fn objects(
    body: Result<axum::body::Bytes, UnreadableBody>,
) -> Result<Vec<Map<String, Value>>, ManagementRefusal> {
    let body = readable(body)?;
    let objects = array(Ok(body.clone()))?.into_iter().map(|item| match item {
        Value::Object(object) => Ok(object),
        _ => Err(ManagementRefusal::InvalidBody("Expected type object but found another type".into())),
    });
    let objects: Vec<_> = objects.collect::<Result<_, _>>()?;
    let written: Vec<Members> = serde_json::from_slice(&body).unwrap_or_default();
    // As of one object: a map keeps the last of repeated members.
    if !written.iter().map(|Members(members)| members.len()).eq(objects.iter().map(Map::len)) {
        return Err(ManagementRefusal::InvalidBody("A property must not be repeated".into()));
    }
    Ok(objects)
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
