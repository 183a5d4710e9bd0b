//! Associating an address or a phone: the pending authenticator and its first challenge.

use crate::app::App;
use crate::audit::trail;
use crate::delivery::code::{ADDRESS_BOUNCED, CodeMessage, reachable, send_code, standing};
use crate::delivery::issued::{CodeFor, IssuedCode};
use crate::delivery::toll::Toll;
use crate::id::AuthenticatorId;
use crate::rules::channel::SendPurpose;
use crate::rules::destination::Destination;
use crate::rules::limit::{Quota, Standing};
use crate::rules::policy::Factor;
use crate::store::mailboxes::BOUNCED_MAX;
use crate::store::mfa::{Association, ChallengePurpose, NewAuthenticator, Sending};
use crate::store::users::{Authenticator, Labels};
use crate::store::{DECISION_TRIES, compensated};
use crate::wire::refusal::Refusal;

use super::enrolment::Enrolment;
use super::request::Wanted;

/// An authenticator whose code is on its way.
#[derive(Debug)]
pub struct Begun {
    /// Its id.
    pub id: AuthenticatorId,
    /// Where its code went.
    pub to: Destination,
    /// What the client gets instead of the code.
    pub oob_code: String,
    /// The recovery code, where one is shown now.
    pub recovery_codes: Option<[String; 1]>,
    /// How the user's budget of sends stands.
    pub quota: Quota,
}

/// Creates the authenticator and sends its code.
///
/// # Errors
/// When the user may not enrol it, the tenant does not send there, a budget is spent, or AWS fails.
pub async fn associate(app: &App, mut enrolment: Enrolment, wanted: Wanted) -> Result<Begun, Refusal> {
    enrolment.gate(app)?;
    let to = destination(&enrolment, wanted)?;
    let new = NewOob::make(app, &enrolment, to)?;
    // What is refused already costs the country nothing.
    new.association(app, &enrolment)?;
    few_bounced(&enrolment, &new.to)?;
    reachable(app, &enrolment.user, &new.to, &enrolment.settings.limits, enrolment.now).await?;
    let (settings, now) = (enrolment.settings.clone(), enrolment.now);
    let persisted = persist(app, &mut enrolment, &new);
    let undone = async |association| undo(app, &association).await;
    let (association, toll) =
        Toll::beside(app, (&new.to, SendPurpose::Enrol), &settings, now, persisted, undone).await?;
    deliver(app, &enrolment, &new, &association, &toll).await?;
    let (bucket, _) = new.to.budgets(&settings.limits);
    let quota = bucket.quota_after(enrolment.user.limit(bucket).tat, now);
    let recovery_codes = enrolment.recovery_codes();
    Ok(Begun { id: new.id, to: new.to, oob_code: new.issued.oob_code, recovery_codes, quota })
}

/// Whether another address may be tried: each that bounces costs the operator's name with SES, and one user is not to
/// cost it without end.
fn few_bounced(enrolment: &Enrolment, to: &Destination) -> Result<(), Refusal> {
    let is_mail = matches!(to, Destination::Email(_));
    match enrolment.user.too_many_bounced_for(enrolment.now).filter(|_| is_mail) {
        None => Ok(()),
        Some(retry_after) => {
            trail::reason(ADDRESS_BOUNCED);
            Err(Refusal::TooManyPending { limit: BOUNCED_MAX as u64, retry_after })
        }
    }
}

/// Where the code goes, if the tenant sends there.
fn destination(enrolment: &Enrolment, wanted: Wanted) -> Result<Destination, Refusal> {
    let settings = &enrolment.settings;
    let to = match wanted {
        Wanted::Named(to) => Some(to),
        Wanted::AccountEmail => enrolment.user.profile.email.clone().map(Destination::Email),
    };
    let to = to.ok_or(Refusal::MissingParameter("email"));
    // A factor that is off is said to be, also to an account without an address.
    let off = match &to {
        Ok(to) => to.switched_off(settings),
        Err(_) => (!settings.factors.has(Factor::Email)).then_some(Factor::Email.as_str()),
    };
    if let Some(off) = off {
        return Err(Refusal::FactorOff(off));
    }
    let to = to?;
    if !to.is_in_allowed_country(settings) {
        let text = "Parameter phone_number is of a country that codes are not sent to";
        return Err(Refusal::InvalidRequest(text.into()));
    }
    Ok(to)
}

/// An authenticator with its code, and the other channel of the same phone.
struct NewOob {
    to: Destination,
    id: AuthenticatorId,
    twin: Option<(AuthenticatorId, Destination)>,
    issued: IssuedCode,
}

impl NewOob {
    fn make(app: &App, enrolment: &Enrolment, to: Destination) -> Result<Self, Refusal> {
        let id = AuthenticatorId::generate(to.prefix(), &app.random)?;
        let wanted = CodeFor {
            ring: &enrolment.ring,
            principal: &enrolment.principal,
            authenticator: &id,
            to: &to,
            purpose: ChallengePurpose::Enrol,
            lifetimes: &enrolment.settings.lifetimes,
            now: enrolment.now,
        };
        let issued = IssuedCode::make(app, wanted)?;
        // With both channels on, one association is both (contract §3).
        let both = to.twin().filter(|twin| twin.switched_off(&enrolment.settings).is_none());
        let twin = id.twin().zip(both);
        Ok(Self { to, id, twin, issued })
    }

    /// The transaction, as the state now known allows it.
    fn association(&self, app: &App, enrolment: &Enrolment) -> Result<Association, Refusal> {
        let now = enrolment.now;
        let limits = &enrolment.settings.limits;
        let (bucket, window) = self.to.budgets(limits);
        let standing = standing(&enrolment.user, &self.to, limits, now)?;
        let sending = Sending {
            user: enrolment.principal.user.clone(),
            bucket,
            decayed: standing == Standing::Decayed,
            channel: self.to.channel(),
            purpose: ChallengePurpose::Enrol,
            destination: self.issued.destination.clone(),
            window,
            now,
        };
        let pending = |id: &AuthenticatorId, to: &Destination| Authenticator {
            id: id.clone(),
            created_at: now,
            source: to.clone().into(),
            state: enrolment.pending_state(),
            labels: Labels::default(),
        };
        let authenticator = pending(&self.id, &self.to);
        let twin = self.twin.as_ref().map(|(id, to)| pending(id, to));
        let kind = NewAuthenticator::Oob { challenge: self.issued.challenge.clone(), sending };
        enrolment.association(app, authenticator, twin, Some(self.issued.destination.clone()), kind)
    }
}

async fn persist(app: &App, enrolment: &mut Enrolment, new: &NewOob) -> Result<Association, Refusal> {
    for _ in 0..DECISION_TRIES {
        let association = new.association(app, enrolment)?;
        match app.store.associate(&association).await {
            Ok(()) => return Ok(association),
            Err(refused) => enrolment.adapt(app, &association, refused).await?,
        }
    }
    Err(Refusal::Busy)
}

/// Sends the code.
async fn deliver(
    app: &App,
    enrolment: &Enrolment,
    new: &NewOob,
    association: &Association,
    toll: &Toll,
) -> Result<(), Refusal> {
    let message = CodeMessage::of(&new.issued, enrolment.occasion());
    let sent = send_code(app, &new.to, &message).await;
    let void = async {
        let jti = &enrolment.principal.jti;
        compensated("associate", app.store.void_challenge(jti, &new.id, &new.issued.challenge).await);
    };
    toll.settle(app, sent, undo(app, association), void).await
}

async fn undo(app: &App, association: &Association) {
    compensated("associate", app.store.undo_association(association).await);
}
