//! Associating an email address: the pending authenticator and its first challenge.

use postern::app::App;
use postern::delivery::DeliveryFailure;
use postern::delivery::issued::IssuedCode;
use postern::id::{AuthenticatorId, AuthenticatorPrefix};
use postern::rules::address::EmailAddress;
use postern::rules::limit::Standing;
use postern::rules::policy::Factor;
use postern::store::DECISION_TRIES;
use postern::store::mfa::{Association, ChallengePurpose, NewAuthenticator, Sending};
use postern::store::users::{Authenticator, Source};
use postern::wire::mfa::AssociateReply;
use postern::wire::refusal::{Channel, Refusal};

use crate::enrolment::Enrolment;

/// Creates the authenticator and mails its code.
pub(crate) async fn associate(
    app: &App,
    mut enrolment: Enrolment,
    address: Option<EmailAddress>,
) -> Result<AssociateReply, Refusal> {
    enrolment.gate(app)?;
    if !enrolment.settings.factors.has(Factor::Email) {
        return Err(Refusal::FactorOff(Factor::Email.as_str()));
    }
    let address =
        address.or_else(|| enrolment.user.profile.email.clone()).ok_or(Refusal::MissingParameter("email"))?;
    let new = NewEmail::make(app, &enrolment, address)?;
    let association = persist(app, &mut enrolment, &new).await?;
    deliver(app, &enrolment, &new, &association).await?;
    Ok(AssociateReply::Oob {
        authenticator_type: "oob",
        binding_method: "prompt",
        recovery_codes: enrolment.recovery_codes(),
        oob_channel: Channel::Email,
        oob_code: new.issued.oob_code,
    })
}

struct NewEmail {
    address: EmailAddress,
    id: AuthenticatorId,
    issued: IssuedCode,
}

impl NewEmail {
    fn make(app: &App, enrolment: &Enrolment, address: EmailAddress) -> Result<Self, Refusal> {
        let id = AuthenticatorId::generate(AuthenticatorPrefix::Email, &app.random)?;
        let (ring, principal, now) = (&enrolment.ring, &enrolment.principal, enrolment.now);
        let lifetimes = &enrolment.settings.lifetimes;
        let issued =
            IssuedCode::make(app, ring, principal, &id, &address, ChallengePurpose::Enrol, lifetimes, now)?;
        Ok(Self { address, id, issued })
    }
}

async fn persist(app: &App, enrolment: &mut Enrolment, new: &NewEmail) -> Result<Association, Refusal> {
    for _ in 0..DECISION_TRIES {
        let (now, limits) = (enrolment.now, enrolment.settings.limits);
        let standing = limits.emails.standing(enrolment.user.limit(limits.emails).tat, now);
        if let Standing::Spent { retry_after } = standing {
            return Err(Refusal::TooManySends { channel: Channel::Email, retry_after });
        }
        let sending = Sending {
            user: enrolment.principal.user.clone(),
            bucket: limits.emails,
            decayed: standing == Standing::Decayed,
            purpose: ChallengePurpose::Enrol,
            destination: new.issued.destination.clone(),
            window: limits.emails_per_destination,
            now,
        };
        let authenticator = Authenticator {
            id: new.id.clone(),
            created_at: now,
            source: Source::Email { destination: new.address.clone() },
            state: enrolment.pending_state(),
        };
        let kind = NewAuthenticator::Oob { challenge: new.issued.challenge.clone(), sending };
        let association =
            enrolment.association(app, authenticator, Some(new.issued.destination.clone()), kind)?;
        match app.store.associate(&association).await {
            Ok(()) => return Ok(association),
            Err(refused) => enrolment.adapt(app, &association, refused).await?,
        }
    }
    Err(Refusal::Busy)
}

/// Mails the code. What was refused is undone; what may have been sent only loses its challenge (design §7). If even
/// that fails, the items expire by themselves.
async fn deliver(
    app: &App,
    enrolment: &Enrolment,
    new: &NewEmail,
    association: &Association,
) -> Result<(), Refusal> {
    let issued = &new.issued;
    let seconds = issued.seconds_valid(enrolment.now);
    match app.mailer.send_code(&new.address, &issued.code, seconds, &enrolment.occasion()).await {
        Ok(()) => return Ok(()),
        Err(DeliveryFailure::Refused) => {
            if app.store.undo_association(association).await.is_err() {
                tracing::warn!(event = "compensation_failed", operation = "associate");
            }
        }
        Err(DeliveryFailure::Unknown) => {
            let voided =
                app.store.void_challenge(&enrolment.principal.jti, &new.id, &new.issued.challenge).await;
            if voided.is_err() {
                tracing::warn!(event = "compensation_failed", operation = "associate");
            }
        }
    }
    Err(Refusal::DeliveryFailed)
}
