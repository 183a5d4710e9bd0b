//! `GET` and `POST /api/v2/clients`, `GET`, `PATCH` and `DELETE /api/v2/clients/{id}` and
//! `POST /api/v2/clients/{id}/rotate-secret`: the tenant's applications (contract §6).

mod properties;
mod state;
mod view;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use postern::app::App;
use postern::http::fields::Fields;
use postern::http::management::{authorize, caller, object, query};
use postern::http::paging::Page;
use postern::http::params::read_body;
use postern::http::{Params, created_json, method_not_allowed, no_content, private_json};
use postern::id::ClientId;
use postern::rules::client::ClientSecret;
use postern::store::applications::Changed;
use postern::store::listing::Listed;
use postern::store::{DECISION_TRIES, StoreError};
use postern::token::keys::KeyNeeds;
use postern::wire::management::ManagementRefusal;

use properties::Properties;
pub use properties::{
    ADDRESSES_MAX, DESCRIPTION_CHARACTERS_MAX, METADATA_CHARACTERS_MAX, NAME_CHARACTERS_MAX, OTHER_GRANTS,
};
pub use state::METADATA_MEMBERS_MAX;
use view::{shown, shown_with};

/// What this function unwraps: nothing; it verifies tokens by public keys.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// Whoever may replace secrets may make them.
const MAY_MAKE_SECRETS: &str = "update:client_keys";

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v2/clients", get(list).post(create))
        .route("/api/v2/clients/{id}", get(read).patch(change).delete(remove))
        .route("/api/v2/clients/{id}/rotate-secret", post(rotate))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn list(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:clients").await?;
    let query = query(&uri)?;
    let (page, fields) = (Page::of(&query)?, Fields::of(&query)?);
    let listed = match any_fits(&query)? {
        true => app.store.applications(page.part()).await?,
        false => Listed { items: Vec::new(), total: page.part().is_counted.then_some(0) },
    };
    let items = listed.items.iter().map(|application| Ok(fields.of_object(shown(application)?)));
    let items = items.collect::<Result<Vec<_>, ManagementRefusal>>()?;
    Ok(page.answer_listed("clients", &Listed { items, total: listed.total }))
}

/// Whether a list may have any client: all of them are first parties, and none is global.
fn any_fits(query: &Params) -> Result<bool, ManagementRefusal> {
    let said = |name| query.optional(name).ok().flatten();
    for name in ["app_type", "q", "external_client_id"] {
        if said(name).is_some() {
            return Err(ManagementRefusal::Unsupported(format!("Clients are not searched by {name} here.")));
        }
    }
    let truth = |name, all| match said(name) {
        None => Ok(true),
        Some("true") => Ok(all),
        Some("false") => Ok(!all),
        Some(_) => {
            Err(ManagementRefusal::InvalidQuery(format!("'Expected type boolean' on property {name}.")))
        }
    };
    Ok(truth("is_first_party", true)? & truth("is_global", false)?)
}

/// A new client's secret is told this once; nobody is told it again (SEC-5).
async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let caller = caller(&app, &headers, "create:clients").await?;
    let properties = Properties::of(&object(read_body(request).await)?)?;
    let id = ClientId::generate(&app.random)?;
    let (application, secret) = properties.whole(id, &caller, &app.random)?;
    match app.store.create_application(&application).await? {
        true => Ok(created_json(&shown_with(&application, secret.as_ref())?)),
        // The id was drawn at random: asked again, it is another one.
        false => Err(StoreError::Busy.into()),
    }
}

async fn read(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:clients").await?;
    let id = client_id(id)?;
    let fields = Fields::of(&query(&uri)?)?;
    let application = app.store.application(&id).await?.ok_or_else(ManagementRefusal::no_such_client)?;
    Ok(private_json(&fields.of_object(shown(&application)?)))
}

/// Most changes depend on nothing and are one write. What depends on the client as it is, is decided on what was read,
/// and written on condition of that.
async fn change(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let caller = caller(&app, &headers, "update:clients").await?;
    let id = client_id(id)?;
    let properties = Properties::of(&object(read_body(request).await)?)?;
    if !properties.depend_on_state() {
        return match app.store.change_application(&id, properties.independent()?, None).await? {
            Changed::Done(application) => Ok(private_json(&shown(&application)?)),
            Changed::Gone | Changed::Overtaken => Err(ManagementRefusal::no_such_client()),
        };
    }
    for _ in 0..DECISION_TRIES {
        let seen = app.store.application(&id).await?.ok_or_else(ManagementRefusal::no_such_client)?;
        let (change, secret) = properties.decided(&seen.client, &caller, &app.random)?;
        match app.store.change_application(&id, change, Some(&seen.client)).await? {
            Changed::Done(application) => {
                return Ok(private_json(&shown_with(&application, secret.as_ref())?));
            }
            Changed::Gone => return Err(ManagementRefusal::no_such_client()),
            Changed::Overtaken => {}
        }
    }
    Err(StoreError::Busy.into())
}

/// A client that is not there is as good as deleted.
async fn remove(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "delete:clients").await?;
    app.store.delete_application(&client_id(id)?).await?;
    Ok(no_content())
}

/// The old secret is good no longer when this is answered.
async fn rotate(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, MAY_MAKE_SECRETS).await?;
    let id = client_id(id)?;
    let secret = ClientSecret::generate(&app.random)?;
    match app.store.replace_client_secret(&id, &secret.hash()).await? {
        Changed::Done(application) => Ok(private_json(&shown_with(&application, Some(&secret))?)),
        Changed::Gone => Err(ManagementRefusal::no_such_client()),
        Changed::Overtaken => {
            let why = "The client is public: token_endpoint_auth_method is none, and it has no secret.";
            Err(ManagementRefusal::Unsupported(why.to_owned()))
        }
    }
}

fn client_id(id: Result<Path<String>, PathRejection>) -> Result<ClientId, ManagementRefusal> {
    id.ok()
        .and_then(|Path(id)| ClientId::parse(&id))
        .ok_or_else(|| ManagementRefusal::malformed_in_path("id", "client-id"))
}
