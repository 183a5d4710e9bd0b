//! Lists of grants: all, one client's, or those to one API; in numbered pages, or read on from where the last ended.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use postern::app::App;
use postern::http::Params;
use postern::http::management::{authorize, query};
use postern::http::paging::{Page, Stretch};
use postern::id::ClientId;
use postern::rules::resource_id::GrantId;
use postern::store::client_grants::ListedGrant;
use postern::store::listing::Listed;
use postern::wire::management::ManagementRefusal;

use crate::api;
use crate::view::shown;

const NAME: &str = "client_grants";

pub(crate) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:client_grants").await?;
    let query = query(&uri)?;
    let (page, stretch) = (Page::of(&query)?, Stretch::of(&query)?);
    let from = match stretch.as_ref().and_then(Stretch::from) {
        None => None,
        Some(from) => Some(GrantId::parse(from).ok_or_else(|| {
            ManagementRefusal::InvalidQuery("'Not a place in this list' on property from.".to_owned())
        })?),
    };
    let mut grants = found(&app, &query).await?;
    grants.sort_by(|one, other| one.id.cmp(&other.id));
    let Some(stretch) = stretch else {
        let items = page.shown(&grants);
        let total = page.part().is_counted.then_some(grants.len());
        let read = app.store.read_client_grants(items).await?;
        let items: Vec<_> = read.iter().map(|(id, grant)| shown(id, &grant.scopes)).collect();
        return Ok(page.answer_listed(NAME, &Listed { items, total }));
    };
    grants.retain(|grant| from.as_ref().is_none_or(|from| grant.id > *from));
    let (items, has_more) = stretch.shown(&grants);
    let next = items.last().filter(|_| has_more).map(|last| last.id.to_string());
    let read = app.store.read_client_grants(items).await?;
    let items: Vec<_> = read.iter().map(|(id, grant)| shown(id, &grant.scopes)).collect();
    Ok(Stretch::answer(NAME, &items, next))
}

/// The grants that a query asks for.
async fn found(app: &App, query: &Params) -> Result<Vec<ListedGrant>, ManagementRefusal> {
    let said = |name| query.optional(name).ok().flatten();
    if said("default_for").is_some() {
        let why = "Client grants are not searched by default_for here.".to_owned();
        return Err(ManagementRefusal::Unsupported(why));
    }
    // All are of clients in their own name, and of no organization.
    if said("subject_type").is_some_and(|word| word != "client")
        || said("allow_any_organization") == Some("true")
    {
        return Ok(Vec::new());
    }
    let mut grants = match said("client_id").map(ClientId::parse) {
        None => app.store.client_grants(None).await?,
        Some(Some(client)) => app.store.client_grants(Some(&client)).await?,
        Some(None) => Vec::new(),
    };
    if let Some(audience) = said("audience") {
        let mut audience = audience.to_owned();
        api::name_as_stored(app, &mut audience);
        grants.retain(|grant| grant.id.audience == audience);
    }
    Ok(grants)
}
