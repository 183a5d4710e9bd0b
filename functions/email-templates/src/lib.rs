//! `POST /api/v2/email-templates` and `GET`, `PUT`, `PATCH /api/v2/email-templates/{name}`: the mails an operator writes
//! (contract §6).

mod properties;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use postern::app::App;
use postern::delivery::custom::{CustomTemplate, Misfit};
use postern::http::management::{authorize, object};
use postern::http::params::read_body;
use postern::http::{method_not_allowed, private_json};
use postern::rules::email_template::{EmailTemplate, TemplateName};
use postern::store::templates::TemplateChange;
use postern::token::keys::KeyNeeds;
use postern::wire::management::ManagementRefusal;

use properties::Properties;

/// What this function unwraps: nothing; it verifies tokens by public keys.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v2/email-templates", post(create))
        .route("/api/v2/email-templates/{name}", get(read).put(replace).patch(change))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "create:email_templates").await?;
    let body = object(read_body(request).await)?;
    let template = Properties::of(&body)?.whole(None)?;
    usable(&template)?;
    if !app.store.create_email_template(&template).await? {
        let name = template.template.as_str();
        return Err(ManagementRefusal::Conflict(format!("Template {name} already exists.")));
    }
    Ok(private_json(&template).into_response())
}

async fn read(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:email_templates").await?;
    let name = named(name)?;
    let template = app.store.email_template(name).await?.ok_or_else(|| absent(name))?;
    Ok(private_json(&template))
}

async fn replace(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let (name, properties) = update(&app, name, &headers, request).await?;
    let template = properties.whole(Some(name))?;
    usable(&template)?;
    match app.store.replace_email_template(&template).await? {
        true => Ok(private_json(&template)),
        false => Err(absent(name)),
    }
}

async fn change(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let (name, properties) = update(&app, name, &headers, request).await?;
    properties.must_be(name)?;
    // Each property stands for itself, so those that change are checked beside harmless others.
    usable(&properties.beside_harmless(name))?;
    let mut change = TemplateChange::default();
    properties.write_to(&mut change)?;
    let template = app.store.change_email_template(name, change).await?.ok_or_else(|| absent(name))?;
    Ok(private_json(&template))
}

/// What both ways of changing a template begin with: the right to, which one, and what of it.
async fn update(
    app: &App,
    name: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
    request: Request,
) -> Result<(TemplateName, Properties), ManagementRefusal> {
    authorize(app, headers, "update:email_templates").await?;
    let name = named(name)?;
    let body = object(read_body(request).await)?;
    Ok((name, Properties::of(&body)?))
}

fn named(name: Result<Path<String>, PathRejection>) -> Result<TemplateName, ManagementRefusal> {
    name.ok().and_then(|Path(name)| TemplateName::parse(&name)).ok_or_else(|| {
        let names = TemplateName::ALL.map(TemplateName::as_str).join(", ");
        ManagementRefusal::InvalidUri(format!(
            "'No enum match' on property templateName (expected one of: {names})."
        ))
    })
}

fn absent(name: TemplateName) -> ManagementRefusal {
    ManagementRefusal::Inexistent {
        message: format!("The template {} does not exist.", name.as_str()),
        code: "inexistent_email_template",
    }
}

fn usable(template: &EmailTemplate) -> Result<(), ManagementRefusal> {
    CustomTemplate::check(template).map_err(|Misfit { property, flaw }| {
        ManagementRefusal::property(property, &format!("Invalid Liquid: {flaw}"))
    })
}
