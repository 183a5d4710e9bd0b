//! `GET` and `POST /api/v2/client-grants`, `GET`, `PATCH` and `DELETE /api/v2/client-grants/{id}`: what clients may get of
//! APIs in their own name (contract §6).

mod api;
mod list;
mod properties;
mod view;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use postern::app::App;
use postern::http::management::{authorize, caller, object};
use postern::http::params::read_body;
use postern::http::{created_json, method_not_allowed, no_content, private_json};
use postern::rules::resource_id::GrantId;
use postern::store::client_grants::{Granted, Regranted};
use postern::store::{DECISION_TRIES, StoreError};
use postern::token::keys::KeyNeeds;
use postern::wire::management::ManagementRefusal;

use api::GrantedApi;
use properties::{NewGrant, scopes_of_change};
pub use properties::{SCOPE_CHARACTERS_MAX, SCOPES_MAX};
use view::shown;

/// What this function unwraps: nothing; it verifies tokens by public keys.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v2/client-grants", get(list::list).post(create))
        .route("/api/v2/client-grants/{id}", get(read).patch(change).delete(remove))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let caller = caller(&app, &headers, "create:client_grants").await?;
    let NewGrant { mut id, scopes } = NewGrant::of(&object(read_body(request).await)?)?;
    api::name_as_stored(&app, &mut id.audience);
    for _ in 0..DECISION_TRIES {
        let api = GrantedApi::read(&app, &id.audience).await?;
        let api = api.ok_or_else(ManagementRefusal::no_such_resource_server)?;
        api.demand_grantable(&scopes, &caller)?;
        match app.store.create_client_grant(&id, &scopes, api.stored()).await? {
            Granted::Done => return Ok(created_json(&shown(&id, &scopes))),
            Granted::NoSuchClient => return Err(ManagementRefusal::no_such_client()),
            Granted::Exists => {
                let why = "The client has a grant to this API already.".to_owned();
                return Err(ManagementRefusal::Conflict(why));
            }
            Granted::Overtaken => {}
        }
    }
    Err(StoreError::Busy.into())
}

async fn read(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:client_grants").await?;
    let id = grant_id(id)?;
    let grant = app.store.client_grant(&id.client_id, &id.audience).await?.ok_or_else(no_such_grant)?;
    Ok(private_json(&shown(&id, &grant.scopes)))
}

/// Scopes that the grant has may stay, whoever asks; those that are added must be there to be granted.
async fn change(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let caller = caller(&app, &headers, "update:client_grants").await?;
    let id = grant_id(id)?;
    let scopes = scopes_of_change(&object(read_body(request).await)?)?;
    for _ in 0..DECISION_TRIES {
        let grant = app.store.client_grant(&id.client_id, &id.audience);
        let (grant, api) = tokio::join!(grant, GrantedApi::read(&app, &id.audience));
        let (grant, api) = grant?.zip(api?).ok_or_else(no_such_grant)?;
        if !grant.is_to(api.stored()) {
            return Err(no_such_grant());
        }
        let Some(scopes) = &scopes else { return Ok(private_json(&shown(&id, &grant.scopes))) };
        let added = grant.scopes.iter().fold(scopes.clone(), |added, scope| added.without(scope));
        api.demand_grantable(&added, &caller)?;
        match app.store.change_client_grant(&id, scopes, &grant, api.stored()).await? {
            Regranted::Done => return Ok(private_json(&shown(&id, scopes))),
            Regranted::Overtaken => {}
        }
    }
    Err(StoreError::Busy.into())
}

/// A grant that is not there is as good as deleted.
async fn remove(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "delete:client_grants").await?;
    app.store.delete_client_grant(&grant_id(id)?).await?;
    Ok(no_content())
}

fn grant_id(id: Result<Path<String>, PathRejection>) -> Result<GrantId, ManagementRefusal> {
    id.ok()
        .and_then(|Path(id)| GrantId::parse(&id))
        .ok_or_else(|| ManagementRefusal::malformed_in_path("id", "client-grant-id"))
}

fn no_such_grant() -> ManagementRefusal {
    ManagementRefusal::Inexistent {
        message: "The client grant does not exist.".to_owned(),
        code: "inexistent_client_grant",
    }
}
