//! A function's life in Lambda: build the app once, prime it, then serve API Gateway's events, or others.

use std::time::Duration;

use aws_config::SdkConfig;
use axum::Router;
use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use serde_json::Value;

use crate::app::App;
use crate::aws::{Clients, Endpoints, sdk_config_of_lambda};
use crate::config::{Config, Timeouts};
use crate::http;
use crate::observe::watched;
use crate::rules::random::Random;
use crate::time::Clock;
use crate::token::keys::KeyNeeds;

/// How long an attempt of a call may take where keys are made: KMS takes seconds for a pair now and then.
pub const KMS_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// What can end a function.
pub type Error = lambda_http::Error;

/// Serves `routes` until the environment ends. `needs` says which keys the function unwraps.
///
/// # Errors
/// When the environment is incomplete, or the Lambda Runtime API goes away.
pub async fn serve(routes: Router<App>, needs: KeyNeeds) -> Result<(), Error> {
    run(routes, app_from_environment(needs, Timeouts::default()).await?).await
}

/// The same for a function that has KMS make keys, which may take seconds.
///
/// # Errors
/// As [`serve`].
pub async fn serve_patiently(routes: Router<App>, needs: KeyNeeds) -> Result<(), Error> {
    let timeouts = Timeouts { attempt: KMS_ATTEMPT_TIMEOUT, ..Timeouts::default() };
    run(routes, app_from_environment(needs, timeouts).await?).await
}

/// The same for a function that sends codes: only these contain the client for text messages and calls.
///
/// # Errors
/// As [`serve`].
pub async fn serve_sending(routes: Router<App>, needs: KeyNeeds) -> Result<(), Error> {
    let (config, sdk) = environment(Timeouts::default()).await?;
    let timeouts = config.timeouts;
    let endpoints = Endpoints { twilio: config.twilio_url.clone(), ..Endpoints::default() };
    let clients =
        Clients::new(&sdk, &timeouts, &endpoints, None).with_phone(&sdk, &timeouts, &endpoints, None);
    run(routes, App::new(config, clients, needs, Clock::host(), Random::system())).await
}

/// Serves events, of whatever kind, until the environment ends. `handle` is given an event and the id of its invocation.
///
/// # Errors
/// When the Lambda Runtime API goes away.
pub async fn serve_events(
    app: &App,
    handle: impl AsyncFn(Value, &str) -> Result<Value, Error>,
) -> Result<(), Error> {
    let serve = async |event: LambdaEvent<Value>| {
        let LambdaEvent { payload, context } = event;
        // On the heap: such a future is as deep as the compiler follows.
        watched(app, &context.request_id, Box::pin(handle(payload, &context.request_id))).await
    };
    lambda_runtime::run(service_fn(serve)).await
}

async fn run(routes: Router<App>, app: App) -> Result<(), Error> {
    app.prime().await;
    lambda_http::run(http::serve(routes, app)).await
}

/// The app from environment variables, in the form all functions share.
///
/// # Errors
/// When a variable is missing or TLS cannot be set up.
pub async fn app_from_environment(needs: KeyNeeds, timeouts: Timeouts) -> Result<App, Error> {
    app_and_sdk_from_environment(needs, timeouts).await.map(|(app, _)| app)
}

/// The same, and the SDK's configuration, for a client that only one function has.
///
/// # Errors
/// As [`app_from_environment`].
pub async fn app_and_sdk_from_environment(
    needs: KeyNeeds,
    timeouts: Timeouts,
) -> Result<(App, SdkConfig), Error> {
    let (config, sdk) = environment(timeouts).await?;
    let clients = Clients::new(&sdk, &config.timeouts, &Endpoints::default(), None);
    Ok((App::new(config, clients, needs, Clock::host(), Random::system()), sdk))
}

async fn environment(timeouts: Timeouts) -> Result<(Config, SdkConfig), Error> {
    crate::audit::start_logging();
    let config = Config { timeouts, ..Config::from_variables(|name| std::env::var(name).ok())? };
    Ok((config, sdk_config_of_lambda().await?))
}
