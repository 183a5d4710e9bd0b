//! Grant `mfa-recovery-code`: the code shown at enrolment, replaced on use (contract A3, SEC-5).

use postern::app::App;
use postern::audit::trail;
use postern::factors::{Refused, Verification};
use postern::http::Params;
use postern::http::client_auth::PresentedClient;
use postern::rules::limit::Quota;
use postern::rules::policy::Factor;
use postern::rules::recovery::RecoveryCode;
use postern::store::limits::{Counter, LimitKey};
use postern::store::mfa::Proven;
use postern::token::claims::Method;
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

use crate::confirm::{RightCode, confirm};
use crate::verification::MfaGrant;

/// Checks the code, replaces it, and answers tokens with the new one.
pub(crate) async fn verify(
    app: &App,
    presented: &PresentedClient,
    params: &Params,
) -> Result<(TokenReply, Quota), Refusal> {
    let (mfa_token, typed) = (params.required("mfa_token")?, params.required("recovery_code")?);
    trail::factor(Factor::RecoveryCode);
    let grant =
        MfaGrant { app, presented, grant: Grant::MfaRecoveryCode, as_wrong: || Refusal::RecoveryRejected };
    let opened = grant.open_mfa_token(mfa_token).await.and_then(|principal| {
        // An access token confirms enrolments only.
        if principal.is_spendable() { Ok(principal) } else { Err(Refusal::MalformedMfaToken) }
    });
    let principal = grant.demand_tokens(opened).await?;
    let settings = app.settings().await?;
    let limit = LimitKey::codes(&principal.user, Counter::RecoveryCode, &settings.limits);
    let code = grant.demand_code(RecoveryCode::parse(typed), &principal, &limit).await?;
    let check = grant.begin(principal, limit).await?;
    let next = RecoveryCode::generate(&app.random)?;
    match right_code(&check, &code, &next) {
        Ok(right) => {
            let (mut reply, quota) = confirm(app, &check, right).await?;
            reply.recovery_code = Some(next.as_str().to_owned());
            Ok((reply, quota))
        }
        Err(refused) => Err(check.settle(app, refused).await),
    }
}

fn right_code(check: &Verification, code: &RecoveryCode, next: &RecoveryCode) -> Result<RightCode, Refused> {
    let Some(recovery) = &check.user.recovery else {
        return Err(Refused::BeforeTheCode(Refusal::NoRecoveryCode));
    };
    if !check.settings.factors.has(Factor::RecoveryCode) {
        return Err(Refused::BeforeTheCode(Refusal::FactorOff(Factor::RecoveryCode.as_str())));
    }
    if !recovery.hash.matches(code) {
        return Err(Refused::ByTheCode(Refusal::RecoveryRejected));
    }
    Ok(RightCode {
        challenge: None,
        proven: Proven::RecoveryCode { old: recovery.hash.clone(), new: next.hash() },
        method: Some(Method::RecoveryCode),
    })
}
