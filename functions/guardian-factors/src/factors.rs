//! `GET /api/v2/guardian/factors` and `PUT /api/v2/guardian/factors/{name}`: which factors users may use (contract §6).

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, object};
use postern::http::params::{UnreadableBody, read_body};
use postern::http::private_json;
use postern::rules::policy::Factor;
use postern::wire::management::{FactorItem, FactorState, ManagementRefusal};
use serde_json::Value;

pub(crate) async fn list(State(app): State<App>, headers: HeaderMap) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:guardian_factors").await?;
    let settings = app.store.tenant_settings().await?;
    let items = Factor::ALL.map(|factor| FactorItem {
        name: factor.as_str(),
        enabled: settings.factors.has(factor),
        trial_expired: false,
    });
    Ok(private_json(&items))
}

pub(crate) async fn set(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:guardian_factors").await?;
    let factor = name.ok().and_then(|Path(name)| Factor::parse(&name)).ok_or_else(unknown_factor)?;
    let enabled = enabled(read_body(request).await)?;
    if enabled && !factor.is_available() {
        let text = format!("The {} factor is not available in this version", factor.as_str());
        return Err(ManagementRefusal::Unsupported(text));
    }
    app.store.set_factor(factor, enabled).await?;
    Ok(private_json(&FactorState { enabled }))
}

fn unknown_factor() -> ManagementRefusal {
    let names = Factor::ALL.map(Factor::as_str).join(", ");
    ManagementRefusal::InvalidUri(format!("'No enum match' on property name (expected one of: {names})."))
}

/// `enabled`, as a boolean or, as old documentation has it, as its name.
fn enabled(body: Result<Bytes, UnreadableBody>) -> Result<bool, ManagementRefusal> {
    let invalid = |problem: &str| Err(ManagementRefusal::property("enabled", problem));
    match object(body)?.get("enabled") {
        Some(Value::Bool(enabled)) => Ok(*enabled),
        Some(Value::String(text)) if text == "true" => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        Some(_) => invalid("Expected type boolean"),
        None => invalid("Missing required property: enabled"),
    }
}
