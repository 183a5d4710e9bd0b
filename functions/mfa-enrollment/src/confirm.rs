//! The code that confirms what was begun, and with it the ticket's one use.

use std::future::ready;

use postern::app::App;
use postern::factors::confirm::{confirmation, enrolment, gate, make_final, recovery_of};
use postern::factors::otp::matching_step;
use postern::factors::{Refused, Verification};
use postern::id::{AuthenticatorId, Nonce};
use postern::rules::otp::{DIGITS, OneTimeCode};
use postern::rules::policy::Factor;
use postern::rules::recovery::RecoveryCode;
use postern::store::limits::{Counter, LimitKey};
use postern::store::mfa::{ChallengePurpose, Proven};
use postern::store::users::{Authenticator, Source};
use postern::wire::refusal::Refusal;

use crate::Visitor;
use crate::begin::pending;

/// Digits of a code that was sent, at most: what the setting `code_digits` admits. How many it has may change meanwhile.
const DIGITS_MAX: usize = 10;

/// What a right code confirms.
struct Right {
    challenge: Option<(AuthenticatorId, Nonce)>,
    proven: Proven,
}

/// Confirms a factor; gives the recovery code that the user gets with it, if there is none yet.
pub(crate) async fn confirm(
    app: &App,
    visitor: &Visitor,
    id: &AuthenticatorId,
    typed: &str,
) -> Result<Option<RecoveryCode>, Refusal> {
    let limits = app.settings().await?.limits;
    let principal = visitor.principal(app);
    // As the grants have it: an app's failures count for all of the user's apps, and what receives codes has no history
    // to keep before it is confirmed.
    let (limit, as_wrong, digits_max): (_, fn() -> Refusal, _) = match id.factor() {
        Some(Factor::Otp) => {
            let limit = LimitKey::codes(&principal.user, Counter::Otp, &limits);
            (limit, || Refusal::InvalidOtpCode, DIGITS)
        }
        _ => {
            let limit = LimitKey::of_user(&principal.user, limits.codes);
            (limit, || Refusal::InvalidBindingCode, DIGITS_MAX)
        }
    };
    let Some(code) = code(typed, digits_max) else {
        let admitted = ready(Ok(()));
        return Err(Verification::refusal_of_no_code(app, &principal, &limit, as_wrong, admitted).await);
    };
    let check = Verification::begin(app, principal, limit, as_wrong, ready(Ok(()))).await?;
    let right = match right_code(app, &check, id, &code) {
        Ok(right) => right,
        Err(refused) => return Err(check.settle(app, refused).await),
    };
    finish(app, &check, right).await
}

/// Apps and messages write codes in groups.
fn code(typed: &str, digits_max: usize) -> Option<OneTimeCode> {
    let digits: String = typed.chars().filter(|c| *c != ' ').collect();
    OneTimeCode::parse(&digits, digits.len().clamp(DIGITS, digits_max))
}

/// Whether it is the code of what this ticket began.
fn right_code(
    app: &App,
    check: &Verification,
    id: &AuthenticatorId,
    code: &OneTimeCode,
) -> Result<Right, Refused> {
    let before = Refused::BeforeTheCode;
    let pending = pending(&check.user, &check.principal.jti, id);
    let pending = pending.ok_or(before(Refusal::OobCodeExpired))?;
    gate(check).map_err(before)?;
    if let Some(off) = switched_off(check, pending) {
        return Err(before(Refusal::FactorOff(off)));
    }
    let (challenge, step) = if matches!(pending.source, Source::Otp { .. }) {
        let step = matching_step(check, pending, code).map_err(Refused::ByTheCode)?;
        (None, Some(step.ok_or(Refused::ByTheCode(Refusal::InvalidOtpCode))?))
    } else {
        let challenge = check.challenge(id, ChallengePurpose::Enrol);
        let challenge = challenge.ok_or(before(Refusal::OobCodeExpired))?;
        if !check.accepts(challenge, id, code) {
            return Err(Refused::ByTheCode(Refusal::InvalidBindingCode));
        }
        (Some((id.clone(), challenge.nonce.clone())), None)
    };
    let proven = enrolment(app, check, pending, step).map_err(Refused::ByTheCode)?;
    Ok(Right { challenge, proven })
}

fn switched_off(check: &Verification, pending: &Authenticator) -> Option<&'static str> {
    match pending.source.destination() {
        Some(to) => to.switched_off(&check.settings),
        None => (!check.settings.factors.has(Factor::Otp)).then_some(Factor::Otp.as_str()),
    }
}

/// The one write. A recovery code comes with it where the user has none, and takes no other's place.
async fn finish(app: &App, check: &Verification, right: Right) -> Result<Option<RecoveryCode>, Refusal> {
    let Right { challenge, mut proven } = right;
    let wants_one = check.settings.factors.has(Factor::RecoveryCode) && check.user.recovery.is_none();
    let code = if wants_one { Some(RecoveryCode::generate(&app.random)?) } else { None };
    if let Proven::Enrolment { recovery, recovery_replaces, .. } = &mut proven {
        *recovery = code.as_ref().map(|code| recovery_of(app, check, code.hash())).transpose()?;
        *recovery_replaces = false;
    }
    let confirmation = confirmation(app, check, challenge, proven, None)?;
    let done = make_final(app, check, confirmation).await?;
    let is_theirs = matches!(done.proven, Proven::Enrolment { recovery: Some(_), .. });
    Ok(code.filter(|_| is_theirs))
}
