//! Associating an authenticator app: a pending authenticator with a sealed secret (RFC 6238, SEC-4).

use postern::app::App;
use postern::id::{AuthenticatorId, AuthenticatorPrefix};
use postern::rules::limit::{Quota, Standing};
use postern::rules::policy::Factor;
use postern::rules::totp::{Algorithm, TotpSecret, barcode_uri};
use postern::store::DECISION_TRIES;
use postern::store::limits::Counter;
use postern::store::mfa::NewAuthenticator;
use postern::store::users::{Authenticator, Labels, SealedSecret, Source};
use postern::token::totp_secret;
use postern::wire::mfa::AssociateReply;
use postern::wire::refusal::Refusal;

use crate::enrolment::Enrolment;

/// Creates the authenticator and shows its secret.
pub(crate) async fn associate(
    app: &App,
    mut enrolment: Enrolment,
) -> Result<(AssociateReply, Quota), Refusal> {
    enrolment.gate(app)?;
    if !enrolment.settings.factors.has(Factor::Otp) {
        return Err(Refusal::FactorOff(Factor::Otp.as_str()));
    }
    let id = AuthenticatorId::generate(AuthenticatorPrefix::Totp, &app.random)?;
    let secret = TotpSecret::generate(&app.random)?;
    let (user, now) = (&enrolment.principal.user, enrolment.now);
    let sealed = totp_secret::seal(&enrolment.ring, user, &id, &secret, &app.random, now)?;
    persist(app, &mut enrolment, &id, sealed).await?;
    let account = enrolment.user.profile.email.as_ref().map(|address| address.as_str());
    let account = account.unwrap_or(enrolment.principal.user.as_str());
    let bucket = enrolment.settings.limits.otp_associations;
    let reply = AssociateReply::Otp {
        authenticator_type: "otp",
        secret: secret.to_base32(),
        barcode_uri: barcode_uri(&app.config.tenant_name, account, &secret),
        recovery_codes: enrolment.recovery_codes(),
    };
    Ok((reply, bucket.quota_after(enrolment.user.limit(bucket).tat, now)))
}

async fn persist(
    app: &App,
    enrolment: &mut Enrolment,
    id: &AuthenticatorId,
    secret: SealedSecret,
) -> Result<(), Refusal> {
    for _ in 0..DECISION_TRIES {
        let limits = enrolment.settings.limits;
        let bucket = limits.otp_associations;
        let standing = bucket.standing(enrolment.user.limit(bucket).tat, enrolment.now);
        if let Standing::Spent { retry_after } = standing {
            return Err(Refusal::TooManyCodes { limit: bucket.burst, retry_after });
        }
        let authenticator = Authenticator {
            id: id.clone(),
            created_at: enrolment.now,
            source: Source::Otp { secret: secret.clone(), algorithm: Algorithm::Sha1, last_step: None },
            state: enrolment.pending_state(),
            labels: Labels::default(),
        };
        let none_active = !enrolment.user.active().any(|active| active.factor() == Factor::Otp);
        let kind = NewAuthenticator::Otp {
            bucket,
            decayed: standing == Standing::Decayed,
            forgets: none_active && enrolment.user.limit(limits.codes).counts(&Counter::Otp),
        };
        let association = enrolment.association(app, authenticator, None, None, kind)?;
        match app.store.associate(&association).await {
            Ok(()) => return Ok(()),
            Err(refused) => enrolment.adapt(app, &association, refused).await?,
        }
    }
    Err(Refusal::Busy)
}
