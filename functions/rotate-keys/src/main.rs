//! The Lambda binary of `rotate-keys`: scheduled, and run once by CloudFormation when the stack is created.

mod custom_resource;

use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use postern::app::App;
use postern::lambda::{Error, app_from_environment};
use postern::token::keys::KeyNeeds;
use postern::token::rotation::{Report, Rotation, RotationError};
use serde_json::{Value, json};

use custom_resource::CustomResource;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = app_from_environment(KeyNeeds::PUBLIC).await?;
    run(service_fn(|event| handle(&app, event))).await
}

/// A schedule rotates; CloudFormation's creation of the custom resource makes the first keys, and its update and
/// deletion do nothing.
async fn handle(app: &App, event: LambdaEvent<Value>) -> Result<Value, Error> {
    match CustomResource::of(&event.payload) {
        None => Ok(summary(&rotate(app).await?)),
        Some(resource) => {
            let outcome = if resource.is_creation() { ensure_first(app).await.map(|_| ()) } else { Ok(()) };
            resource.answer(outcome.map_err(|error| error.to_string())).await?;
            Ok(Value::Null)
        }
    }
}

fn rotation(app: &App) -> Result<Rotation<'_>, RotationError> {
    let kms_key = app
        .config
        .kms_key
        .as_deref()
        .ok_or_else(|| RotationError::Kms("POSTERN_KMS_KEY is not set".into()))?;
    Ok(Rotation { store: &app.store, kms: &app.kms, kms_key, random: &app.random })
}

async fn rotate(app: &App) -> Result<Report, RotationError> {
    rotation(app)?.rotate(app.now()).await
}

async fn ensure_first(app: &App) -> Result<Report, RotationError> {
    rotation(app)?.ensure_first(app.now()).await
}

fn summary(report: &Report) -> Value {
    tracing::info!(event = "keys_rotated", made = report.made.len(), retired = report.retired.len());
    json!({ "made": report.made, "retired": report.retired })
}
