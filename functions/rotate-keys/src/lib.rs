//! `rotate-keys`: run by a schedule, and once by CloudFormation when the stack is created (design §4, §9).

mod custom_resource;

use std::time::Duration;

use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use postern::app::App;
use postern::audit::{self, of_system};
use postern::config::Timeouts;
use postern::lambda::{Error, KMS_ATTEMPT_TIMEOUT, app_from_environment};
use postern::observe::watched;
use postern::time::pause;
use postern::token::keys::KeyNeeds;
use postern::token::rotation::{Report, Rotation, RotationError};
use serde_json::{Value, json};

use custom_resource::{Change, CustomResource};

/// The rights of a role made a moment ago may not be known everywhere yet.
const CREATION_TRIES: u32 = 4;
const CREATION_PAUSE: Duration = Duration::from_secs(5);
/// What creation may take, so that CloudFormation is answered before Lambda ends the function at 60 s.
const CREATION_TIMEOUT: Duration = Duration::from_secs(35);

/// Its name in the audit log.
const FUNCTION: &str = "rotate-keys";

/// Serves events until the environment ends. A wrong environment is told to whoever invokes it, because
/// CloudFormation would otherwise wait for an answer in vain.
///
/// # Errors
/// When the Lambda Runtime API goes away.
pub async fn serve() -> Result<(), Error> {
    let timeouts = Timeouts { attempt: KMS_ATTEMPT_TIMEOUT, ..Timeouts::default() };
    let app = app_from_environment(KeyNeeds::PUBLIC, timeouts).await.map_err(|error| error.to_string());
    run(service_fn(|event| handle(app.as_ref(), event))).await
}

/// Who asks for a rotation.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// The schedule: what is due.
    Schedule,
    /// A person: now.
    Person,
}

impl Asked {
    /// EventBridge says who it is.
    fn of(event: &Value) -> Self {
        match event.get("source").and_then(Value::as_str) {
            Some("aws.events" | "aws.scheduler") => Self::Schedule,
            _ => Self::Person,
        }
    }
}

/// A schedule rotates what is due, a person everything; CloudFormation's creation of the custom resource makes the first
/// keys, its update looks whether the times of keys are sound, and its deletion does nothing.
async fn handle(app: Result<&App, &String>, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let request_id = &event.context.request_id;
    match CustomResource::of(&event.payload) {
        None => {
            let app = app.map_err(Clone::clone)?;
            let asked = Asked::of(&event.payload);
            let work = of_system(app, FUNCTION, request_id, Box::pin(rotate(app, asked)));
            Ok(summary(&watched(app, request_id, work).await?))
        }
        Some(resource) => {
            let outcome = match (resource.change(), app) {
                (Change::Deletion, _) => Ok(()),
                // By what CloudFormation says, and not by the environment: when an update is taken back it asks once
                // more, and which of the two the function has by then is nobody's business.
                (Change::Update, _) => resource.judge_times(),
                (Change::Creation, Err(error)) => Err(error.clone()),
                (Change::Creation, Ok(app)) => {
                    let work = of_system(app, FUNCTION, request_id, Box::pin(create(app)));
                    watched(app, request_id, work).await
                }
            };
            resource.answer(outcome).await?;
            Ok(Value::Null)
        }
    }
}

async fn rotate(app: &App, asked: Asked) -> Result<Report, RotationError> {
    let mut report = Report::default();
    let outcome = async {
        let rotation = rotation(app)?;
        match asked {
            Asked::Schedule => rotation.rotate_due(&mut report).await,
            Asked::Person => rotation.rotate(&mut report).await,
        }
    };
    let outcome = outcome.await;
    if let Err(error) = &outcome {
        tracing::error!(
            event = "keys_not_rotated",
            %error,
            made = report.made.len(),
            retired = report.retired.len(),
            "the next run does what is missing"
        );
    }
    audit::rotation(&report, outcome.as_ref().err().map(RotationError::reason));
    outcome.map(|()| report)
}

async fn create(app: &App) -> Result<(), String> {
    let mut report = Report::default();
    let made = tokio::time::timeout(CREATION_TIMEOUT, async {
        for _ in 1..CREATION_TRIES {
            match ensure_first(app, &mut report).await {
                Ok(()) => return Ok(()),
                Err(error) => tracing::warn!(event = "first_keys_not_made", %error),
            }
            pause(CREATION_PAUSE).await;
        }
        ensure_first(app, &mut report).await
    });
    let made = made.await;
    let failure = match &made {
        Ok(made) => made.as_ref().err().map(RotationError::reason),
        Err(_) => Some("timeout"),
    };
    audit::rotation(&report, failure);
    match made {
        Ok(made) => made.map_err(|error| error.to_string()),
        Err(_) => Err("the first keys were not made in time".to_owned()),
    }
}

async fn ensure_first(app: &App, report: &mut Report) -> Result<(), RotationError> {
    rotation(app)?.ensure_first(report).await
}

fn rotation(app: &App) -> Result<Rotation<'_>, RotationError> {
    let missing = || RotationError::Kms("POSTERN_KMS_KEY is not set".to_owned());
    let kms_key = app.config.kms_key.as_deref().ok_or_else(missing)?;
    let times = app.config.key_times;
    let (store, random, clock) = (&app.store, &app.random, &app.clock);
    Ok(Rotation { store, kms: &app.kms, kms_key, random, clock, times })
}

fn summary(report: &Report) -> Value {
    tracing::info!(event = "keys_rotated", made = report.made.len(), retired = report.retired.len());
    json!({ "made": report.made, "retired": report.retired })
}
