//! A challenge by email: the code, the transaction, the mail.

use postern::app::App;
use postern::delivery::DeliveryFailure;
use postern::delivery::issued::IssuedCode;
use postern::id::AuthenticatorId;
use postern::rules::address::EmailAddress;
use postern::rules::limit::Standing;
use postern::store::mfa::{ChallengePurpose, ChallengeStep, NewChallenge, Sending};
use postern::store::users::profile_of;
use postern::store::{DECISION_TRIES, NotWritten, RefusedStep};
use postern::wire::refusal::{Channel, Refusal};

use crate::Login;

/// Mails a code and gives the `oob_code` it answers.
pub(crate) async fn challenge(
    app: &App,
    mut login: Login,
    id: AuthenticatorId,
    address: EmailAddress,
    implicit: bool,
) -> Result<String, Refusal> {
    let implicit = implicit.then(|| address.clone());
    let (ring, principal, now) = (&login.ring, &login.principal, login.now);
    let lifetimes = &login.settings.lifetimes;
    let issued =
        IssuedCode::make(app, ring, principal, &id, &address, ChallengePurpose::Verify, lifetimes, now)?;
    let made = persist(app, &mut login, id, implicit, &issued).await?;
    deliver(app, &login, &made, &address, &issued).await?;
    Ok(issued.oob_code)
}

async fn persist(
    app: &App,
    login: &mut Login,
    id: AuthenticatorId,
    implicit: Option<EmailAddress>,
    issued: &IssuedCode,
) -> Result<NewChallenge, Refusal> {
    let limits = login.settings.limits;
    let sending = Sending {
        user: login.principal.user.clone(),
        bucket: limits.emails,
        decayed: false,
        purpose: ChallengePurpose::Verify,
        destination: issued.destination.clone(),
        window: limits.emails_per_destination,
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
        let standing = limits.emails.standing(login.user.limit(limits.emails).tat, login.now);
        if let Standing::Spent { retry_after } = standing {
            return Err(Refusal::TooManySends { channel: Channel::Email, retry_after });
        }
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
                let retry_after = new.sending.window.retry_after(login.now);
                return Err(Refusal::TooManySends { channel: Channel::Email, retry_after });
            }
            ChallengeStep::Challenge => {}
        }
    }
    Ok(())
}

/// Mails the code. What was refused is undone; what may have been sent only loses its challenge (design §7). If even
/// that fails, the items expire by themselves.
async fn deliver(
    app: &App,
    login: &Login,
    made: &NewChallenge,
    address: &EmailAddress,
    issued: &IssuedCode,
) -> Result<(), Refusal> {
    let seconds = issued.seconds_valid(login.now);
    let compensated = match app.mailer.send_code(address, &issued.code, seconds, &login.occasion()).await {
        Ok(()) => return Ok(()),
        Err(DeliveryFailure::Refused) => app.store.undo_challenge(made).await.is_ok(),
        Err(DeliveryFailure::Unknown) => {
            app.store.void_challenge(&made.jti, &made.authenticator_id, &made.challenge).await.is_ok()
        }
    };
    if !compensated {
        tracing::warn!(event = "compensation_failed", operation = "challenge");
    }
    Err(Refusal::DeliveryFailed)
}
