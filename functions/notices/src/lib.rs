//! `notices`: mails what requests leave in the table to be mailed, invoked by the table's stream: security notices
//! (SEC-31, SEC-33), and links that verify an address, lead to a new password, or enrol.
//!
//! The stream delivers at least once. A mail that was mailed is marked so and not mailed again; twice in the mailbox
//! it is only when the mark could not be written after SES had taken the mail, or when SES took it and did not say so.

mod account;
mod event;
mod events;
mod mail;

use postern::app::App;
use postern::audit::of_system;
use postern::config::Timeouts;
use postern::lambda::{Error, app_from_environment, serve_events};
use postern::observe::watched;
use postern::token::keys::KeyNeeds;
use serde_json::Value;

use event::{Announced, Answer, StreamEvent};

/// What this function unwraps: roots, to seal the tickets of links.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// Serves events until the environment ends.
///
/// # Errors
/// When the environment is incomplete, or the Lambda Runtime API goes away.
pub async fn serve() -> Result<(), Error> {
    let app = app_from_environment(KEYS, Timeouts::default()).await?;
    app.prime().await;
    serve_events(&app, async |event, request_id| mail_announced(&app, event, request_id).await).await
}

/// Mails what a batch of the stream announces, in order, up to the first that cannot be mailed now: what ails one
/// (SES, the table) ails the next, and the stream repeats everything from there on anyway.
///
/// # Errors
/// When the event is none of a DynamoDB stream.
pub async fn handle(app: &App, event: Value) -> Result<Value, Error> {
    watched(app, "", Box::pin(mail_announced(app, event, ""))).await
}

async fn mail_announced(app: &App, event: Value, request_id: &str) -> Result<Value, Error> {
    let event = StreamEvent::read(event)?;
    for change in event.announced() {
        let send = Box::pin(async {
            match &change.what {
                Announced::Notice(notice) => mail::send(app, notice).await,
                Announced::Mail(mail) => account::send(app, mail).await,
            }
        });
        match of_system(app, "notices", request_id, send).await {
            Ok(outcome) => tracing::info!(event = change.what.name(), ?outcome),
            Err(mail::TryAgain) => return Ok(Answer::from(change.sequence_number).into_json()),
        }
    }
    Ok(Answer::done().into_json())
}
