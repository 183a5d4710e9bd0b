//! The second trip and the message.

use postern::app::App;
use postern::delivery::DeliveryFailure;
use postern::delivery::occasion::Occasion;
use postern::delivery::sign_in::{Reach, SignInMessage, send_sign_in};
use postern::delivery::toll::Toll;
use postern::id::Nonce;
use postern::rules::channel::SendPurpose;
use postern::rules::otp::{DIGITS, OneTimeCode};
use postern::rules::passwordless::digits;
use postern::store::StoreError;
use postern::store::passwordless::{Begun, NewSignIn, SignInCode};
use postern::store::users::Profile;
use postern::wire::refusal::Refusal;

use crate::Start;

/// Stores the code and sends it.
pub(crate) async fn send(app: &App, start: &Start) -> Result<(), Refusal> {
    let lifetimes = &start.settings.lifetimes;
    let digits = usize::try_from(digits(lifetimes.code_digits, start.failures)).unwrap_or(DIGITS);
    let code = OneTimeCode::generate(&app.random, digits)?;
    let new = new_sign_in(app, start, &code)?;
    let nobody = Profile::of_nobody(start.now);
    let user = start.login.as_ref().map_or(&nobody.user_id, |login| &login.user_id);
    let (begun, toll, profile) = tokio::join!(
        app.store.begin_sign_in(&new),
        Toll::charge(app, &start.request.to, SendPurpose::Passwordless, &start.settings, start.now),
        app.store.profile(user),
    );
    let written = matches!(begun, Ok(Begun::Written)).then_some(&new);
    let (profile, toll) = match (decide(start, begun, profile), toll) {
        (Ok(profile), Ok(toll)) => (profile, toll),
        (Err(refusal), toll) => {
            Undo { app, start, new: written, toll: toll.as_ref().ok() }.all().await;
            return Err(refusal);
        }
        (Ok(_), Err(refusal)) => {
            Undo { app, start, new: written, toll: None }.all().await;
            return Err(refusal);
        }
    };
    let reach = if profile.is_some() { Reach::Somebody } else { Reach::Nobody };
    let link = start.request.send.link(&start.client.callbacks, &start.request.to, &code);
    let message = SignInMessage {
        code: &code,
        link: link.as_deref(),
        seconds_valid: lifetimes.passwordless_code_seconds,
        occasion: occasion(start, profile.as_ref().unwrap_or(&nobody)),
        reach,
    };
    let undo = Undo { app, start, new: Some(&new), toll: Some(&toll) };
    match send_sign_in(app, &start.request.to, &message).await {
        Ok(()) => return Ok(()),
        Err(DeliveryFailure::Refused) => {
            tokio::join!(undo.all(), undo.source());
        }
        // It may have been sent: the charges stay, and the code is worth nothing.
        Err(DeliveryFailure::Unknown) => undo.code().await,
    }
    Err(Refusal::DeliveryFailed)
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

/// What is taken back of a message that was not sent. If even that fails, the items expire by themselves.
struct Undo<'a> {
    app: &'a App,
    start: &'a Start,
    /// When it was written.
    new: Option<&'a NewSignIn>,
    /// When it was charged.
    toll: Option<&'a Toll>,
}

impl Undo<'_> {
    async fn code(&self) {
        let Some(new) = self.new else { return };
        warn_of(self.app.store.void_sign_in(new).await.is_err());
    }

    async fn all(&self) {
        let send = async {
            if let Some(new) = self.new {
                warn_of(self.app.store.refund_sign_in(new).await.is_err());
            }
        };
        let toll = async {
            if let Some(toll) = self.toll {
                toll.refund(self.app).await;
            }
        };
        tokio::join!(self.code(), send, toll);
    }

    /// What the source was charged; not for what it was refused itself.
    async fn source(&self) {
        let (limit, charge) = &self.start.source;
        warn_of(self.app.store.undo_attempt(limit, charge).await.is_err());
    }
}

fn warn_of(failed: bool) {
    if failed {
        tracing::warn!(event = "compensation_failed", operation = "passwordless_start");
    }
}
