//! Grant `mfa-recovery-code`: the code shown at enrolment, replaced on use (contract A3, SEC-5).

use postern::app::App;
use postern::http::Params;
use postern::http::client_auth::PresentedClient;
use postern::rules::limit::RECOVERY_CODES;
use postern::rules::policy::Factor;
use postern::rules::recovery::RecoveryCode;
use postern::store::limits::{Counter, LimitKey};
use postern::store::mfa::Proven;
use postern::token::claims::Method;
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

use crate::confirm::{RightCode, confirm};
use crate::verification::{
    Refused, Verification, mfa_token, open_mfa_token, refuse_misshapen, refuse_uncharged,
};

/// Checks the code, replaces it, and answers tokens with the new one.
pub(crate) async fn verify(
    app: &App,
    presented: &PresentedClient,
    params: &Params,
) -> Result<TokenReply, Refusal> {
    let (mfa_token, typed) = (mfa_token(params)?, params.required("recovery_code")?);
    let code = RecoveryCode::parse(typed);
    let opened = open_mfa_token(app, presented, mfa_token, app.now()).await.and_then(|principal| {
        // An access token confirms enrolments only.
        if principal.is_spendable() { Ok(principal) } else { Err(Refusal::MalformedMfaToken) }
    });
    let principal = match opened {
        Ok(opened) => opened,
        Err(refusal) => return Err(refuse_uncharged(app, presented, Grant::MfaRecoveryCode, refusal).await),
    };
    let Some(code) = code else {
        let wrong = Refusal::RecoveryRejected;
        return Err(refuse_misshapen(
            app,
            presented,
            Grant::MfaRecoveryCode,
            &principal,
            RECOVERY_CODES,
            wrong,
        )
        .await);
    };
    let limit = LimitKey::codes(&principal.user, Counter::RecoveryCode);
    let check = Verification::begin(app, presented, Grant::MfaRecoveryCode, principal, limit).await?;
    let next = RecoveryCode::generate(&app.random)?;
    match right_code(&check, &code, &next) {
        Ok(right) => {
            let mut reply = confirm(app, &check, right).await?;
            reply.recovery_code = Some(next.as_str().to_owned());
            Ok(reply)
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
        method: Method::RecoveryCode,
        as_wrong: || Refusal::RecoveryRejected,
    })
}
