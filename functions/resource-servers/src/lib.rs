//! `GET` and `POST /api/v2/resource-servers`, `GET`, `PATCH` and `DELETE /api/v2/resource-servers/{id}`: the tenant's APIs
//! (contract §6).

mod properties;
mod view;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use postern::app::App;
use postern::config::{Issuer, OwnAudience};
use postern::http::fields::Fields;
use postern::http::management::{authorize, object, query};
use postern::http::paging::Page;
use postern::http::params::read_body;
use postern::http::{created_json, method_not_allowed, no_content, private_json};
use postern::rules::resource_id::identifier_of;
use postern::store::listing::{Listed, Part};
use postern::store::resource_servers::ResourceServer;
use postern::store::{Store, StoreError};
use postern::token::keys::KeyNeeds;
use postern::wire::management::ManagementRefusal;

use properties::Properties;
pub use properties::{DESCRIPTION_CHARACTERS_MAX, NAME_CHARACTERS_MAX, SCOPE_CHARACTERS_MAX, SCOPES_MAX};
use view::{management_api, shown};

/// What this function unwraps: nothing; it verifies tokens by public keys.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v2/resource-servers", get(list).post(create))
        .route("/api/v2/resource-servers/{id}", get(read).patch(change).delete(remove))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn list(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:resource_servers").await?;
    let query = query(&uri)?;
    let (page, fields) = (Page::of(&query)?, Fields::of(&query)?);
    let listed = match query.optional("identifiers").ok().flatten() {
        Some(identifier) => one(&app.store, identifier, page.part()).await?,
        None => app.store.resource_servers(page.part()).await?,
    };
    let items = listed.items.iter().map(|server| Ok(fields.of_object(shown(server)?)));
    let items = items.collect::<Result<Vec<_>, ManagementRefusal>>()?;
    Ok(page.answer_listed("resource_servers", &Listed { items, total: listed.total }))
}

/// The list of the API of one identifier, if there is one.
async fn one(store: &Store, identifier: &str, part: Part) -> Result<Listed<ResourceServer>, StoreError> {
    let found = match identifier_of(identifier) {
        Some(_) => store.resource_server(identifier).await?,
        None => None,
    };
    let total = part.is_counted.then_some(usize::from(found.is_some()));
    let items = found.into_iter().skip(part.start).take(part.size).collect();
    Ok(Listed { items, total })
}

async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "create:resource_servers").await?;
    let properties = Properties::of(&object(read_body(request).await)?, true)?;
    let server = properties.whole(&app.config.issuer, &app.random)?;
    match app.store.create_resource_server(&server).await? {
        true => Ok(created_json(&shown(&server)?)),
        false => Err(properties::taken()),
    }
}

async fn read(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:resource_servers").await?;
    let identifier = identifier(id)?;
    let fields = Fields::of(&query(&uri)?)?;
    if is_management(&app.config.issuer, &identifier) {
        return Ok(private_json(&fields.of_object(management_api(&app.config.issuer)?)));
    }
    let server = app.store.resource_server(&identifier).await?;
    let server = server.ok_or_else(ManagementRefusal::no_such_resource_server)?;
    Ok(private_json(&fields.of_object(shown(&server)?)))
}

async fn change(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:resource_servers").await?;
    let identifier = changeable(&app.config.issuer, id)?;
    let change = Properties::of(&object(read_body(request).await)?, false)?.change()?;
    let server = app.store.change_resource_server(&identifier, change).await?;
    Ok(private_json(&shown(&server.ok_or_else(ManagementRefusal::no_such_resource_server)?)?))
}

/// An API that is not there is as good as deleted.
async fn remove(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "delete:resource_servers").await?;
    let identifier = changeable(&app.config.issuer, id)?;
    app.store.delete_resource_server(&identifier).await?;
    Ok(no_content())
}

/// The identifier of the API that a path names by its id or by the identifier.
fn identifier(id: Result<Path<String>, PathRejection>) -> Result<String, ManagementRefusal> {
    id.ok()
        .and_then(|Path(id)| identifier_of(&id))
        .ok_or_else(|| ManagementRefusal::malformed_in_path("id", "resource-server-id"))
}

/// The same of an API that is not the service's own.
fn changeable(issuer: &Issuer, id: Result<Path<String>, PathRejection>) -> Result<String, ManagementRefusal> {
    let identifier = identifier(id)?;
    match is_management(issuer, &identifier) {
        true => Err(ManagementRefusal::Unsupported("The Management API cannot be changed.".to_owned())),
        false => Ok(identifier),
    }
}

fn is_management(issuer: &Issuer, identifier: &str) -> bool {
    issuer.own_audience(identifier) == Some(OwnAudience::Management)
}
