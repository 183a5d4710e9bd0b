//! Grant `mfa-otp`: a code of an authenticator app (RFC 6238, contract A3).

use postern::app::App;
use postern::audit::trail;
use postern::factors::confirm::{enrolment, gate};
use postern::factors::otp::{matching_step, open};
use postern::factors::{Refused, Verification};
use postern::http::Params;
use postern::http::client_auth::PresentedClient;
use postern::id::AuthenticatorId;
use postern::rules::limit::Quota;
use postern::rules::otp::{DIGITS, OneTimeCode};
use postern::rules::policy::Factor;
use postern::store::limits::{Counter, LimitKey};
use postern::store::mfa::{Proven, Reseal};
use postern::store::users::{Authenticator, Source, State};
use postern::token::claims::Method;
use postern::token::{sealed, totp_secret};
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

use crate::confirm::{RightCode, confirm};
use crate::verification::MfaGrant;

/// Checks the code and answers tokens.
pub(crate) async fn verify(
    app: &App,
    presented: &PresentedClient,
    params: &Params,
) -> Result<(TokenReply, Quota), Refusal> {
    let (mfa_token, otp) = (params.required("mfa_token")?, params.required("otp")?);
    trail::factor(Factor::Otp);
    let grant = MfaGrant { app, presented, grant: Grant::MfaOtp, as_wrong: || Refusal::InvalidOtpCode };
    let principal = grant.demand_tokens(grant.open_mfa_token(mfa_token).await).await?;
    let settings = app.settings().await?;
    let limit = LimitKey::codes(&principal.user, Counter::Otp, &settings.limits);
    let code = grant.demand_code(OneTimeCode::parse(otp, DIGITS), &principal, &limit).await?;
    let check = grant.begin(principal, limit).await?;
    match right_code(app, &check, &code) {
        Ok(right) => confirm(app, &check, right).await,
        Err(refused) => Err(check.settle(app, refused).await),
    }
}

/// The authenticator app whose code it is: an active one, else the one this login began to enrol.
fn right_code(app: &App, check: &Verification, code: &OneTimeCode) -> Result<RightCode, Refused> {
    let before = Refused::BeforeTheCode;
    let apps =
        || check.user.authenticators.iter().filter(|authenticator| authenticator.factor() == Factor::Otp);
    let active: Vec<_> = apps().filter(|app| app.is_active() && check.principal.is_spendable()).collect();
    // Only what the profile still lists: the association that this login made last.
    let listed = |id: &AuthenticatorId| check.user.profile.pending.iter().any(|pending| pending.id == *id);
    let mine = |app: &Authenticator| {
        matches!(&app.state, State::Pending { jti, .. } if *jti == check.principal.jti) && listed(&app.id)
    };
    let pending = apps().find(|app| mine(app));
    if active.is_empty() && pending.is_none() {
        return Err(before(without_app(check)));
    }
    if !check.settings.factors.has(Factor::Otp) {
        return Err(before(Refusal::FactorOff(Factor::Otp.as_str())));
    }
    // From here on the code is compared, so the attempt counts whatever happens.
    for authenticator in &active {
        if let Some(step) = matching_step(check, authenticator, code).map_err(Refused::ByTheCode)? {
            let reseal = reseal(app, check, authenticator).map_err(Refused::ByTheCode)?;
            return Ok(right(Proven::Otp { id: authenticator.id.clone(), step, reseal }));
        }
    }
    let Some(pending) = pending else { return Err(Refused::ByTheCode(Refusal::InvalidOtpCode)) };
    // With an active app the code was compared already, so the attempt counts whatever the gate says.
    let gated = if active.is_empty() { before } else { Refused::ByTheCode };
    gate(check).map_err(gated)?;
    let step = matching_step(check, pending, code).map_err(Refused::ByTheCode)?;
    let step = step.ok_or(Refused::ByTheCode(Refusal::InvalidOtpCode))?;
    enrolment(app, check, pending, Some(step)).map(right).map_err(Refused::ByTheCode)
}

fn right(proven: Proven) -> RightCode {
    RightCode { challenge: None, proven, method: Some(Method::Otp) }
}

/// What a user without an app is told: to enrol, or that this is not the factor to use.
fn without_app(check: &Verification) -> Refusal {
    if check.user.active().next().is_none() && check.user.implicit_email(&check.settings).is_none() {
        Refusal::NotEnrolled
    } else {
        Refusal::UnsupportedChallengeType("otp".to_owned())
    }
}

/// Seals the secret anew when it is under an older root, in the same write that uses it (SEC-44).
fn reseal(app: &App, check: &Verification, authenticator: &Authenticator) -> Result<Option<Reseal>, Refusal> {
    let Source::Otp { secret, .. } = &authenticator.source else { return Ok(None) };
    let newest = check.ring.root(check.now)?;
    if sealed::kid_of(&secret.0).as_ref() == Some(&newest.kid) {
        return Ok(None);
    }
    let plain = open(check, authenticator, secret)?;
    let (user, id) = (&check.principal.user, &authenticator.id);
    let anew = totp_secret::seal(&check.ring, user, id, &plain, &app.random, check.now)?;
    Ok(Some(Reseal(anew)))
}
