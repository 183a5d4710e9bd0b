//! A challenge by a code that is sent: the code, the transaction, the message.

use postern::app::App;
use postern::delivery::code::{CodeMessage, reachable, send_code, standing};
use postern::delivery::issued::{CodeFor, IssuedCode};
use postern::delivery::toll::Toll;
use postern::id::AuthenticatorId;
use postern::rules::address::EmailAddress;
use postern::rules::channel::SendPurpose;
use postern::rules::destination::Destination;
use postern::rules::limit::{Quota, Standing};
use postern::store::mfa::{ChallengePurpose, ChallengeStep, NewChallenge, Sending};
use postern::store::users::profile_of;
use postern::store::{DECISION_TRIES, NotWritten, RefusedStep, compensated};
use postern::wire::refusal::Refusal;

use crate::Login;

/// Sends a code and gives the `oob_code` it answers.
pub(crate) async fn challenge(
    app: &App,
    mut login: Login,
    id: AuthenticatorId,
    to: Destination,
    implicit: Option<EmailAddress>,
) -> Result<(String, Quota), Refusal> {
    if !to.is_in_allowed_country(&login.settings) {
        let text = "Codes are not sent to phone numbers of this country";
        return Err(Refusal::InvalidRequest(text.into()));
    }
    let wanted = CodeFor {
        ring: &login.ring,
        principal: &login.principal,
        authenticator: &id,
        to: &to,
        purpose: ChallengePurpose::Verify,
        lifetimes: &login.settings.lifetimes,
        now: login.now,
    };
    let issued = IssuedCode::make(app, wanted)?;
    // What is refused already costs the country nothing.
    standing(&login.user, &to, &login.settings.limits, login.now)?;
    reachable(app, &login.user, &to, &login.settings.limits, login.now).await?;
    let (settings, now) = (login.settings.clone(), login.now);
    let persisted = persist(app, &mut login, id, &to, implicit, &issued);
    let undone = async |made| undo(app, &made).await;
    let (made, toll) =
        Toll::beside(app, (&to, SendPurpose::Verify), &settings, now, persisted, undone).await?;
    deliver(app, &login, &made, &to, &issued, &toll).await?;
    let (bucket, _) = to.budgets(&settings.limits);
    Ok((issued.oob_code, bucket.quota_after(login.user.limit(bucket).tat, now)))
}

async fn persist(
    app: &App,
    login: &mut Login,
    id: AuthenticatorId,
    to: &Destination,
    implicit: Option<EmailAddress>,
    issued: &IssuedCode,
) -> Result<NewChallenge, Refusal> {
    let (bucket, window) = to.budgets(&login.settings.limits);
    let sending = Sending {
        user: login.principal.user.clone(),
        bucket,
        decayed: false,
        channel: to.channel(),
        purpose: ChallengePurpose::Verify,
        destination: issued.destination.clone(),
        window,
        now: login.now,
    };
    let mut new = NewChallenge {
        jti: login.principal.jti.clone(),
        issued_at: login.principal.issued_at,
        earlier: login.mfa.challenge_item(&id),
        authenticator_id: id,
        implicit,
        challenge: issued.challenge.clone(),
        sending,
    };
    for _ in 0..DECISION_TRIES {
        let standing = standing(&login.user, to, &login.settings.limits, login.now)?;
        new.sending.decayed = standing == Standing::Decayed;
        match app.store.create_challenge(&new).await {
            Ok(()) => return Ok(new),
            Err(NotWritten::Failed(error)) => return Err(error.into()),
            Err(NotWritten::Refused(refused)) => adapt(login, &new, refused)?,
        }
    }
    Err(Refusal::Busy)
}

/// Takes in the state that a refused transaction showed, or says what it means.
fn adapt(
    login: &mut Login,
    new: &NewChallenge,
    refused: Vec<RefusedStep<ChallengeStep>>,
) -> Result<(), Refusal> {
    for RefusedStep { step, old } in refused {
        match step {
            ChallengeStep::Spent => return Err(Refusal::MalformedMfaToken),
            ChallengeStep::Authenticator => return Err(Refusal::AuthenticatorNotFound),
            ChallengeStep::Profile => {
                let profile = profile_of(old.ok_or(Refusal::MalformedMfaToken)?)?;
                if !profile.accepts_tokens_of(new.issued_at) {
                    return Err(Refusal::MalformedMfaToken);
                }
                if new.implicit.is_some() {
                    // The address is no longer the account's.
                    return Err(Refusal::AuthenticatorNotFound);
                }
            }
            ChallengeStep::SendLimit => login.user.limit_was(new.sending.bucket, old.as_ref()),
            ChallengeStep::DestinationLimit => {
                let Sending { channel, window, .. } = new.sending;
                let retry_after = window.retry_after(login.now);
                return Err(Refusal::TooManySends { channel, limit: window.sends, retry_after });
            }
            ChallengeStep::Challenge => {}
        }
    }
    Ok(())
}

/// Sends the code.
async fn deliver(
    app: &App,
    login: &Login,
    made: &NewChallenge,
    to: &Destination,
    issued: &IssuedCode,
    toll: &Toll,
) -> Result<(), Refusal> {
    let message = CodeMessage::of(issued, login.occasion());
    let sent = send_code(app, to, &message).await;
    let void = async {
        let voided = app.store.void_challenge(&made.jti, &made.authenticator_id, &made.challenge).await;
        compensated("challenge", voided);
    };
    toll.settle(app, sent, undo(app, made), void).await
}

async fn undo(app: &App, made: &NewChallenge) {
    compensated("challenge", app.store.undo_challenge(made).await);
}
