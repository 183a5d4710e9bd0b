//! `mail-events`: what SES tells of a mail after it took it, by two rules of EventBridge: that it came back, that somebody
//! complained of it, or that SES did not send it after all.
//!
//! SES keeps a list of addresses that bounced and tries none of them again. It protects the sender's name, and would last
//! for ever: so when SES says that it did not try, and the address has been on the list for as long as a mark stands, it
//! leaves the list and the next mail is tried. If that one bounces, it is listed and marked again: one real bounce a week.
//! Until then the address is marked, whoever's mail it was that bounced.
//!
//! EventBridge and Lambda deliver at least once, and in any order. A mark is written on condition that nothing newer is
//! known of the address, so events may repeat; a record of the audit log may then come twice. What cannot be read, or is
//! about a mail of somebody else's, is told of and dropped: it would be no other the next time. When the table or SES
//! fails, the invocation does, and Lambda repeats it.

mod event;

use postern::app::App;
use postern::audit::trail::Fact;
use postern::audit::{Event, of_system, trail};
use postern::config::Timeouts;
use postern::delivery::suppression::{Listing, StillSuppressed};
use postern::id::UserId;
use postern::lambda::{Error, app_from_environment, serve_events};
use postern::observe::watched;
use postern::store::StoreError;
use postern::store::mailboxes::{KEPT_SECONDS, Mailbox, Marking, Standing};
use postern::time::Timestamp;
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
    /// As much is known of the address: nothing changes.
    Known,
    /// The address left SES's list: the next mail is tried.
    TriedAnew,
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
            Self::TriedAnew => "tried_anew",
            Self::Recorded => "recorded",
            Self::Ignored => "ignored",
        }
    }
}

/// The event is to come again.
#[derive(Debug, thiserror::Error)]
enum TryAgain {
    #[error(transparent)]
    Table(#[from] StoreError),
    #[error(transparent)]
    List(#[from] StillSuppressed),
}

/// Serves events until the environment ends.
///
/// # Errors
/// When the environment is incomplete, or the Lambda Runtime API goes away.
pub async fn serve() -> Result<(), Error> {
    let app = app_from_environment(KEYS, Timeouts::default()).await?;
    serve_events(&app, async |event, request_id| take_in(&app, event, request_id).await).await
}

/// Takes an event in.
///
/// # Errors
/// When the table or SES fails: then the event is to come again.
pub async fn handle(app: &App, event: Value) -> Result<Value, Error> {
    watched(app, "", Box::pin(take_in(app, event, ""))).await
}

async fn take_in(app: &App, event: Value, request_id: &str) -> Result<Value, Error> {
    let outcome = match MailEvent::read(event) {
        Ok(told) => {
            let take = Box::pin(take(app, &told));
            let outcome = of_system(app, "mail-events", request_id, take).await?;
            tracing::info!(event = "mail_event", told = ?told.told, mail = told.kind.as_str(), outcome = outcome.as_str());
            outcome
        }
        Err(what) => {
            tracing::warn!(event = "mail_event_ignored", what);
            Outcome::Ignored
        }
    };
    Ok(json!({ "outcome": outcome.as_str() }))
}

/// Acts on what is told of the address, and then says so to the audit log. A mail of an older version does not say whose
/// it was: what is told of it is only recorded.
async fn take(app: &App, told: &MailEvent) -> Result<Outcome, TryAgain> {
    let outcome = match (&told.user, told.told) {
        (Some(user), Told::Bounced) => mark(app, told, user, Standing::Bounced, told.sent_at).await?,
        (Some(user), Told::Complained) => mark(app, told, user, Standing::Complained, told.sent_at).await?,
        (Some(user), Told::Suppressed) => not_tried(app, told, user).await?,
        (_, Told::BouncedForNow | Told::Forwarded | Told::Rejected) | (None, _) => Outcome::Recorded,
    };
    note(told);
    Ok(outcome)
}

/// Marks the address, by a mail of that time.
async fn mark(
    app: &App,
    told: &MailEvent,
    user: &UserId,
    standing: Standing,
    at: Timestamp,
) -> Result<Outcome, StoreError> {
    let mailbox = Mailbox::new(user, &told.to, standing, at.min(app.now()));
    let marking = app.store.mark_mailbox(&mailbox).await?;
    Ok(match marking {
        Marking::Marked => Outcome::Marked,
        Marking::Known => Outcome::Known,
        Marking::Nobody => Outcome::Recorded,
    })
}

/// Seconds on SES's list after which an address is tried anew: as long as a mark stands, but for the time that a mail takes
/// to bounce.
const LISTED_SECONDS: u64 = KEPT_SECONDS - 3_600;

/// SES did not try. What has been on its list for long enough leaves it; anything else is marked, by the mail that bounced,
/// so that a code that will not arrive does not look sent. What somebody listed by hand stays.
async fn not_tried(app: &App, told: &MailEvent, user: &UserId) -> Result<Outcome, TryAgain> {
    let bounced_at = match app.mailer.listing(&told.to).await? {
        Listing::None => return Ok(Outcome::Known),
        Listing::Since(at) if at.plus(LISTED_SECONDS).is_past(app.now()) => {
            app.mailer.take_off_list(&told.to).await?;
            return Ok(Outcome::TriedAnew);
        }
        Listing::Since(at) => at,
        Listing::ByHand => told.sent_at,
    };
    Ok(mark(app, told, user, Standing::Bounced, bounced_at).await?)
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
        Told::Bounced | Told::Suppressed | Told::BouncedForNow | Told::Forwarded | Told::Rejected => {
            Event::NotificationFailed
        }
    });
}
