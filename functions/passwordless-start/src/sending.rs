//! The second trip and the message.

use postern::app::App;
use postern::audit::trail;
use postern::delivery::DeliveryFailure;
use postern::delivery::code::{RECIPIENT_BARRED, RECIPIENT_UNREACHABLE};
use postern::delivery::occasion::Occasion;
use postern::delivery::sign_in::{Reach, SignInMessage, send_sign_in};
use postern::delivery::toll::Toll;
use postern::id::Nonce;
use postern::rules::channel::SendPurpose;
use postern::rules::otp::{DIGITS, OneTimeCode};
use postern::rules::passwordless::digits;
use postern::store::passwordless::{Begun, NewSignIn, SignInCode};
use postern::store::users::Profile;
use postern::store::{StoreError, compensated};
use postern::wire::refusal::Refusal;

use crate::Start;

/// In log lines.
const OPERATION: &str = "passwordless_start";

/// Stores the code and sends it.
pub(crate) async fn send(app: &App, start: &Start) -> Result<(), Refusal> {
    let lifetimes = &start.settings.lifetimes;
    let digits = usize::try_from(digits(lifetimes.code_digits, start.failures)).unwrap_or(DIGITS);
    let code = OneTimeCode::generate(&app.random, digits)?;
    let new = new_sign_in(app, start, &code)?;
    let persisted = begin(app, start, &new);
    let undone = async |_| take_back(app, &new).await;
    let (profile, toll) = Toll::beside(
        app,
        (&start.request.to, SendPurpose::Passwordless),
        &start.settings,
        start.now,
        persisted,
        undone,
    )
    .await?;
    if let Some(profile) = &profile {
        trail::user(&profile.user_id);
    }
    let nobody = Profile::of_nobody(start.now);
    let link = start.request.send.link(&start.client.callbacks, &start.request.to, &code);
    let message = SignInMessage {
        code: &code,
        link: link.as_deref(),
        seconds_valid: lifetimes.passwordless_code_seconds,
        occasion: occasion(start, profile.as_ref().unwrap_or(&nobody)),
        reach: if profile.is_some() { Reach::Somebody } else { Reach::Nobody },
    };
    let sent = send_sign_in(app, &start.request.to, &message).await.or_else(as_of_nobody);
    let undo = async {
        tokio::join!(take_back(app, &new), give_back(app, start));
    };
    let void = async { compensated(OPERATION, app.store.void_sign_in(&new).await) };
    toll.settle(app, sent, undo, void).await
}

/// Strangers may ask, so a number that nothing is sent to looks as one that nobody has (SEC-35). Only the log knows.
fn as_of_nobody(failure: DeliveryFailure) -> Result<(), DeliveryFailure> {
    match failure {
        DeliveryFailure::Unreachable => trail::reason(RECIPIENT_UNREACHABLE),
        DeliveryFailure::Barred => trail::reason(RECIPIENT_BARRED),
        DeliveryFailure::Refused | DeliveryFailure::Unknown => return Err(failure),
    }
    Ok(())
}

/// Stores the code and counts that it is sent, and reads whom it is for; of a refusal nothing stays.
async fn begin(app: &App, start: &Start, new: &NewSignIn) -> Result<Option<Profile>, Refusal> {
    let nobody = Profile::of_nobody(start.now).user_id;
    let user = start.login.as_ref().map_or(&nobody, |login| &login.user_id);
    let (begun, profile) = tokio::join!(app.store.begin_sign_in(new), app.store.profile(user));
    let is_written = matches!(begun, Ok(Begun::Written));
    let whom = decide(start, begun, profile);
    if is_written && whom.is_err() {
        take_back(app, new).await;
    }
    whom
}

/// Whom the message is for, if it is for anybody: a blocked user cannot sign in and is sent nothing, which does not show.
fn decide(
    start: &Start,
    begun: Result<Begun, StoreError>,
    profile: Result<Option<Profile>, StoreError>,
) -> Result<Option<Profile>, Refusal> {
    if let Begun::Spent { retry_after } = begun? {
        let limit = start.settings.limits.passwordless_sends.burst;
        return Err(Refusal::TooManySends {
            channel: start.request.connection.channel(),
            limit,
            retry_after,
        });
    }
    Ok(profile?.filter(|profile| start.login.is_some() && !profile.blocked))
}

fn new_sign_in(app: &App, start: &Start, code: &OneTimeCode) -> Result<NewSignIn, Refusal> {
    let key = start.key.clone();
    let nonce = Nonce::generate(&app.random)?;
    let expires_at = start.now.plus(start.settings.lifetimes.passwordless_code_seconds);
    let code = SignInCode::new(&start.ring, &key, nonce, code, (start.now, expires_at))?;
    let sends = start.settings.limits.passwordless_sends;
    Ok(NewSignIn { key, code, failures: start.failures, sends, now: start.now })
}

/// What the message may say.
fn occasion<'a>(start: &'a Start, profile: &'a Profile) -> Occasion<'a> {
    Occasion {
        profile,
        client: Some(&start.client.client_id),
        application: &start.client.name,
        client_metadata: Some(&start.client.client_metadata),
        languages: &start.languages,
        settings: &start.settings,
        template: start.template.as_deref(),
        now: start.now,
    }
}

/// Takes back what was stored and counted for a message that was not sent.
async fn take_back(app: &App, new: &NewSignIn) {
    let (code, send) = tokio::join!(app.store.void_sign_in(new), app.store.refund_sign_in(new));
    compensated(OPERATION, code);
    compensated(OPERATION, send);
}

/// Gives the source back what it was charged; not for what it was refused itself.
async fn give_back(app: &App, start: &Start) {
    let (limit, charge) = &start.source;
    compensated(OPERATION, app.store.undo_attempt(limit, charge).await);
}
