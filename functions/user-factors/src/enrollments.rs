//! Phones and apps as the older API shows them: a user's, and one by itself.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, user_id};
use postern::http::private_json;
use postern::id::{DeviceId, UserId};
use postern::rules::policy::Factor;
use postern::store::users::{Authenticator, UserState};
use postern::wire::management::{ManagementRefusal, instant};
use serde::Serialize;

use crate::user;
use crate::view::{Method, methods};

/// A device, as a path names it.
pub(crate) type Named = Result<Path<String>, PathRejection>;

/// An enrolment. What there is nothing of is left out.
#[derive(Serialize)]
struct Enrollment {
    id: String,
    status: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
    auth_method: &'static str,
    enrolled_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_auth: Option<String>,
}

/// The confirmed ones; an address is none there.
pub(crate) async fn list(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:users").await?;
    let user = user(&app, &user_id(id)?, app.now()).await?;
    let enrollments: Vec<_> = methods(&user).filter_map(|method| enrollment(&method)).collect();
    Ok(private_json(&enrollments))
}

/// One of them by itself, which may have been begun only.
#[derive(Serialize)]
struct OneEnrollment {
    id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enrolled_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_auth: Option<String>,
}

/// The one of a device, whoever has it.
pub(crate) async fn read(
    State(app): State<App>,
    device: Named,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:guardian_enrollments").await?;
    let device = named(device)?;
    let owner = owner_of(&app, &device).await?;
    let user = app.store.user(&owner, app.now()).await?.ok_or_else(no_such_enrollment)?;
    let confirmed = methods(&user).find(|method| method.is_of(&device)).and_then(|it| enrollment(&it));
    let shown = match confirmed {
        Some(it) => OneEnrollment {
            id: it.id,
            status: it.status,
            name: it.name,
            phone_number: it.phone_number,
            enrolled_at: Some(it.enrolled_at),
            last_auth: it.last_auth,
        },
        None => pending(begun(&user, &device).ok_or_else(no_such_enrollment)?),
    };
    Ok(private_json(&shown))
}

fn pending(it: &Authenticator) -> OneEnrollment {
    OneEnrollment {
        id: it.id.device().to_owned(),
        status: "pending",
        name: None,
        phone_number: it.source.destination().map(|to| to.masked()),
        enrolled_at: None,
        last_auth: None,
    }
}

/// A phone or an app that waits for its first code.
pub(crate) fn begun<'a>(user: &'a UserState, device: &DeviceId) -> Option<&'a Authenticator> {
    let is_begun = |it: &&Authenticator| !it.is_active() && it.factor() != Factor::Email;
    user.authenticators.iter().filter(is_begun).find(|it| it.id.device() == device.as_str())
}

/// What cannot be a device is the device of nobody.
pub(crate) fn named(device: Named) -> Result<DeviceId, ManagementRefusal> {
    device.ok().and_then(|Path(device)| DeviceId::parse(&device)).ok_or_else(no_such_enrollment)
}

/// Whose it was a moment ago.
pub(crate) async fn owner_of(app: &App, device: &DeviceId) -> Result<UserId, ManagementRefusal> {
    app.store.owner_of(device).await?.ok_or_else(no_such_enrollment)
}

/// An enrolment that there is not.
pub(crate) fn no_such_enrollment() -> ManagementRefusal {
    ManagementRefusal::Inexistent { message: "Enrollment not found".to_owned(), code: "enrollment_not_found" }
}

fn enrollment(method: &Method<'_>) -> Option<Enrollment> {
    let auth_method = match method.kind() {
        "phone" => "sms",
        "totp" => "authenticator",
        _ => return None,
    };
    let main = method.authenticators().next()?;
    Some(Enrollment {
        id: main.id.device().to_owned(),
        status: "confirmed",
        kind: auth_method,
        name: main.labels.name.as_ref().map(|name| name.as_str().to_owned()),
        phone_number: main.source.destination().map(|to| to.masked()),
        auth_method,
        enrolled_at: instant(method.created_at()),
        last_auth: method.last_used_at().map(instant),
    })
}
