//! Authentication methods are listed, read, and given a name.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, object, query, user_id, user_id_of};
use postern::http::paging::Page;
use postern::http::params::read_body;
use postern::http::private_json;
use postern::id::UserId;
use postern::store::users::{Authenticator, Labels, UserState};
use postern::wire::management::ManagementRefusal;

use crate::properties::labels;
use crate::user;
use crate::view::{Destinations, Method, listed, recovery_code};

/// A user and something of it, as a path names them.
pub(crate) type Named = Result<Path<(String, String)>, PathRejection>;

/// Splits a path; what cannot be the name of anything is that of nothing.
pub(crate) fn named(path: Named) -> Result<(UserId, String), ManagementRefusal> {
    let path = path.ok().map(|Path(path)| path);
    let user = user_id_of(path.as_ref().map(|(user, _)| user.as_str()))?;
    Ok((user, path.map(|(_, method)| method).unwrap_or_default()))
}

/// A method that there is not.
pub(crate) fn no_such_method() -> ManagementRefusal {
    let message = "The authentication method does not exist.".to_owned();
    ManagementRefusal::Inexistent { message, code: "inexistent_authentication_method" }
}

/// Whether an id is that of the user's recovery code.
pub(crate) fn is_recovery_code(user: &UserState, id: &str) -> bool {
    user.recovery.as_ref().is_some_and(|recovery| recovery.id.as_str() == id)
}

/// The confirmed ones, in pages.
pub(crate) async fn list(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:authentication_methods").await?;
    let (id, page) = (user_id(id)?, Page::of(&query(&uri)?)?);
    let user = user(&app, &id, app.now()).await?;
    Ok(page.answer("authenticators", &listed(&user)))
}

/// One of them.
pub(crate) async fn read(
    State(app): State<App>,
    path: Named,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:authentication_methods").await?;
    let (id, method) = named(path)?;
    let user = user(&app, &id, app.now()).await?;
    if let Some(recovery) = user.recovery.as_ref().filter(|recovery| recovery.id.as_str() == method) {
        return Ok(private_json(&recovery_code(recovery)));
    }
    let method = Method::find(&user, &method).ok_or_else(no_such_method)?;
    Ok(private_json(&method.confirmed()))
}

/// Notes a name, and which channel is preferred.
pub(crate) async fn label(
    State(app): State<App>,
    path: Named,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:authentication_methods").await?;
    let (id, method) = named(path)?;
    let labels = labels(&object(read_body(request).await)?)?;
    let user = user(&app, &id, app.now()).await?;
    if is_recovery_code(&user, &method) {
        return Err(ManagementRefusal::Unsupported("A recovery code has no name.".to_owned()));
    }
    let method = Method::find(&user, &method).ok_or_else(no_such_method)?;
    if labels.preferred.is_some_and(|channel| !method.has(channel)) {
        return Err(ManagementRefusal::property(
            "preferred_authentication_method",
            "The authentication method has no such channel",
        ));
    }
    let labelled: Vec<_> = method.authenticators().map(|it| with(it, &labels)).collect();
    let ids: Vec<_> = labelled.iter().map(|authenticator| authenticator.id.clone()).collect();
    if labels != Labels::default() && !app.store.label(&id, &ids, &labels).await? {
        return Err(no_such_method());
    }
    let method = Method::made(&labelled).ok_or_else(no_such_method)?;
    Ok(private_json(&method.item(Destinations::Masked)))
}

/// An authenticator with what is newly noted of it.
fn with(authenticator: &Authenticator, labels: &Labels) -> Authenticator {
    let before = &authenticator.labels;
    let name = labels.name.clone().or_else(|| before.name.clone());
    let labels = Labels { name, preferred: labels.preferred.or(before.preferred) };
    Authenticator { labels, ..authenticator.clone() }
}
