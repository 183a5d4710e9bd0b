//! Associating an authenticator app: a pending authenticator with a sealed secret (RFC 6238, SEC-4).

use crate::app::App;
use crate::id::{AuthenticatorId, AuthenticatorPrefix};
use crate::rules::limit::{Quota, Standing};
use crate::rules::otp::OneTimeCode;
use crate::rules::policy::Factor;
use crate::rules::totp::{self, Algorithm, TotpSecret, barcode_uri};
use crate::store::DECISION_TRIES;
use crate::store::limits::Counter;
use crate::store::mfa::NewAuthenticator;
use crate::store::users::{Authenticator, Labels, Profile, SealedSecret, Source};
use crate::token::totp_secret;
use crate::wire::refusal::Refusal;

use super::enrolment::Enrolment;
use super::verification::Verification;

/// An app that waits for its first code.
#[derive(Debug)]
pub struct Begun {
    /// Its id.
    pub id: AuthenticatorId,
    /// The secret.
    pub secret: TotpSecret,
    /// The same as an app reads it.
    pub barcode_uri: String,
    /// The recovery code, where one is shown now.
    pub recovery_codes: Option<[String; 1]>,
    /// How the budget of associations stands.
    pub quota: Quota,
}

/// Creates the authenticator, with a secret of its own.
///
/// # Errors
/// When the user may not enrol it, the factor is off, the budget is spent, or AWS fails.
pub async fn associate(app: &App, mut enrolment: Enrolment) -> Result<Begun, Refusal> {
    enrolment.gate(app)?;
    if !enrolment.settings.factors.has(Factor::Otp) {
        return Err(Refusal::FactorOff(Factor::Otp.as_str()));
    }
    let id = AuthenticatorId::generate(AuthenticatorPrefix::Totp, &app.random)?;
    let secret = TotpSecret::generate(&app.random)?;
    let (user, now) = (&enrolment.principal.user, enrolment.now);
    let sealed = totp_secret::seal(&enrolment.ring, user, &id, &secret, &app.random, now)?;
    persist(app, &mut enrolment, &id, sealed).await?;
    let bucket = enrolment.settings.limits.otp_associations;
    let quota = bucket.quota_after(enrolment.user.limit(bucket).tat, now);
    let barcode_uri = barcode(app, &enrolment.user.profile, &secret);
    Ok(Begun { id, secret, barcode_uri, recovery_codes: enrolment.recovery_codes(), quota })
}

/// A user's secret as an app reads it.
#[must_use]
pub fn barcode(app: &App, profile: &Profile, secret: &TotpSecret) -> String {
    let account = profile.email.as_ref().map_or(profile.user_id.as_str(), |address| address.as_str());
    barcode_uri(&app.config.tenant_name, account, secret)
}

/// The secret of one of the user's apps.
///
/// # Errors
/// When it does not open.
pub fn open(
    check: &Verification,
    authenticator: &Authenticator,
    secret: &SealedSecret,
) -> Result<TotpSecret, Refusal> {
    let user = &check.principal.user;
    totp_secret::open(&check.ring, user, &authenticator.id, secret).map_err(|_| Refusal::Internal)
}

/// The time step whose code it is, of one of the user's apps; `None` when it is none of those that count.
///
/// # Errors
/// When the secret does not open.
pub fn matching_step(
    check: &Verification,
    authenticator: &Authenticator,
    code: &OneTimeCode,
) -> Result<Option<u64>, Refusal> {
    let Source::Otp { secret, algorithm, last_step } = &authenticator.source else { return Ok(None) };
    let secret = open(check, authenticator, secret)?;
    Ok(totp::verify(&secret, *algorithm, code, check.now.0, *last_step))
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
