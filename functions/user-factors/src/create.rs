//! An operator gives a user an authentication method. It counts as confirmed: the operator vouches for it.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, object, user_id};
use postern::http::params::read_body;
use postern::http::private_json;
use postern::rules::notice::NoticeKind;
use postern::store::mfa::{Gift, Given};
use postern::wire::management::ManagementRefusal;

use crate::Notices;
use crate::maker::{Maker, already_exists};
use crate::properties::NewMethod;
use crate::view::{Destinations, Method};

/// Makes a method.
pub(crate) async fn create(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let client = authorize(&app, &headers, "create:authentication_methods").await?;
    let id = user_id(id)?;
    let new = NewMethod::of(&object(read_body(request).await)?)?;
    let now = app.now();
    let maker = Maker::new(&app, &id, now).await?;
    let authenticators = maker.make(new)?;
    let method = Method::made(&authenticators).ok_or(ManagementRefusal::Internal)?;
    let notices = Notices { app: &app, user: &id, client: &client, now };
    let gift = Gift {
        user: id.clone(),
        authenticators: authenticators.clone(),
        notice: Some(notices.of(NoticeKind::FactorAdded, Some(method.factor()))?),
    };
    match app.store.give(&gift, &maker.settings, now).await? {
        Given::Done => {}
        Given::Known => return Err(already_exists()),
        Given::NoSuchUser => return Err(ManagementRefusal::no_such_user()),
        Given::TooMany => return Err(ManagementRefusal::TooManyEntities),
    }
    let mut response = private_json(&method.item(Destinations::Masked));
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}
