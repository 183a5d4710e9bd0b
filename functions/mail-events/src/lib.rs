//! `mail-events`: what SES tells of a mail after it took it, by a rule of EventBridge: that it came back, that somebody
//! complained of it, or that SES did not send it after all.
//!
//! EventBridge and Lambda deliver at least once, and in any order. A mark is written on condition that nothing newer is
//! known of the address, so events may repeat; a record of the audit log may then come twice. What cannot be read, or is
//! about a mail of somebody else's, is told of and dropped: it would be no other the next time. When the table fails, the
//! invocation does, and Lambda repeats it.

mod event;

use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use postern::app::App;
use postern::audit::trail::Fact;
use postern::audit::{Event, of_system, trail};
use postern::config::Timeouts;
use postern::lambda::{Error, app_from_environment};
use postern::observe::watched;
use postern::store::StoreError;
use postern::store::mailboxes::{Mailbox, Marking, Standing};
use postern::token::keys::KeyNeeds;
use serde_json::{Value, json};

use event::{MailEvent, Told};

/// What this function unwraps: nothing, so it has no rights to any key.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The address is marked.
    Marked,
    /// Something as new is known of the address.
    Known,
    /// It marks nothing, or nobody's address: it is in the audit log only.
    Recorded,
    /// It is none of ours, or cannot be read.
    Ignored,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Marked => "marked",
            Self::Known => "known",
            Self::Recorded => "recorded",
            Self::Ignored => "ignored",
        }
    }
}

/// Serves events until the environment ends.
///
/// # Errors
/// When the environment is incomplete, or the Lambda Runtime API goes away.
pub async fn serve() -> Result<(), Error> {
    let app = app_from_environment(KEYS, Timeouts::default()).await?;
    let serve = async |event: LambdaEvent<Value>| {
        let LambdaEvent { payload, context } = event;
        handle_as(&app, payload, &context.request_id).await
    };
    run(service_fn(serve)).await
}

/// Takes an event in.
///
/// # Errors
/// When the table fails: then the event is to come again.
pub async fn handle(app: &App, event: Value) -> Result<Value, Error> {
    handle_as(app, event, "").await
}

/// The same for the invocation of that id.
async fn handle_as(app: &App, event: Value, request_id: &str) -> Result<Value, Error> {
    watched(app, request_id, Box::pin(take_in(app, event, request_id))).await
}

async fn take_in(app: &App, event: Value, request_id: &str) -> Result<Value, Error> {
    let outcome = match MailEvent::read(event) {
        Ok(told) => {
            let take = Box::pin(take(app, &told));
            let outcome = of_system(app, "mail-events", request_id, take).await?;
            tracing::info!(event = "mail_event", told = ?told.told, mail = told.kind, outcome = outcome.as_str());
            outcome
        }
        Err(what) => {
            tracing::warn!(event = "mail_event_ignored", what);
            Outcome::Ignored
        }
    };
    Ok(json!({ "outcome": outcome.as_str() }))
}

/// Marks the address, if it is to be, and then says so to the audit log.
async fn take(app: &App, told: &MailEvent) -> Result<Outcome, StoreError> {
    let marking = match (told.told.standing(), &told.user) {
        (Some(standing), Some(user)) => {
            let sent_at = told.sent_at.min(app.now());
            Some(app.store.mark_mailbox(&Mailbox::new(user, &told.to, standing, sent_at)).await?)
        }
        _ => None,
    };
    note(told);
    Ok(match marking {
        Some(Marking::Marked) => Outcome::Marked,
        Some(Marking::Known) => Outcome::Known,
        Some(Marking::Nobody) | None => Outcome::Recorded,
    })
}

/// For the audit log.
fn note(told: &MailEvent) {
    if let Some(user) = &told.user {
        trail::user(user);
    }
    if let Some(factor) = told.factor() {
        trail::factor(factor);
    }
    trail::reason(told.told.reason());
    trail::fact(Fact::CameBack);
    trail::record(match told.told {
        Told::Complained => Event::MailComplained,
        Told::Bounced | Told::Suppressed | Told::BouncedForNow | Told::Rejected => Event::NotificationFailed,
    });
}

impl Told {
    /// How the address takes mail by this; `None` where it does not tell.
    fn standing(self) -> Option<Standing> {
        match self {
            Self::Bounced | Self::Suppressed => Some(Standing::Bounced),
            Self::Complained => Some(Standing::Complained),
            Self::BouncedForNow | Self::Rejected => None,
        }
    }
}
