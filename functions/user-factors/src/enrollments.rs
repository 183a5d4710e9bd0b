//! A user's phones and apps as the older API shows them.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, user_id};
use postern::http::private_json;
use postern::wire::management::{ManagementRefusal, instant};
use serde::Serialize;

use crate::user;
use crate::view::{Method, methods};

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
