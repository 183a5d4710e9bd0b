//! An operator gives a user an authentication method. It counts as confirmed: the operator vouches for it.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, object, user_id};
use postern::http::params::read_body;
use postern::http::private_json;
use postern::rules::enrolment::AUTHENTICATORS_MAX;
use postern::rules::notice::NoticeKind;
use postern::rules::policy::{Factor, TenantSettings};
use postern::store::limits::Counter;
use postern::store::mfa::{Import, Imported};
use postern::store::users::UserState;
use postern::time::Timestamp;
use postern::wire::management::ManagementRefusal;

use crate::maker::Maker;
use crate::properties::NewMethod;
use crate::view::{Destinations, Method};
use crate::{Notices, user};

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
    let (user, maker) = tokio::join!(user(&app, &id, now), Maker::new(&app, &id, now));
    let (user, maker) = (user?, maker?);
    let authenticators = maker.make(new)?;
    let method = Method::made(&authenticators).ok_or(ManagementRefusal::Internal)?;
    if !has_room(&user, authenticators.len(), now) {
        return Err(too_many());
    }
    let notices = Notices { app: &app, user: &id, client: &client, now };
    let import = Import {
        user: id.clone(),
        authenticators: authenticators.clone(),
        forgets: forgets(&user, method.factor(), &maker.settings),
        notice: Some(notices.of(NoticeKind::FactorAdded, Some(method.factor()))?),
    };
    match app.store.import_authenticators(&import).await? {
        Imported::Done => {}
        Imported::NoSuchUser => return Err(ManagementRefusal::no_such_user()),
        Imported::TooMany => return Err(too_many()),
        // Its id is random.
        Imported::Known => return Err(ManagementRefusal::Busy),
    }
    let mut response = private_json(&method.item(Destinations::Masked));
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// Whether a user may have so many more, unconfirmed ones included (design §5).
fn has_room(user: &UserState, added: usize, now: Timestamp) -> bool {
    user.active().count() + user.profile.pending_now(now).len() + added <= AUTHENTICATORS_MAX
}

fn too_many() -> ManagementRefusal {
    let text = "The user has the largest number of authentication methods.".to_owned();
    ManagementRefusal::Unsupported(text)
}

/// Failures that are counted for apps of old: none of theirs is there any more, so a new one begins without (SEC-20).
fn forgets(user: &UserState, factor: Factor, settings: &TenantSettings) -> Option<Counter> {
    let is_first = !user.active().any(|active| active.factor() == Factor::Otp);
    let counts = user.limit(settings.limits.codes).counts(&Counter::Otp);
    (factor == Factor::Otp && is_first && counts).then_some(Counter::Otp)
}
