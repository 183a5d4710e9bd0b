//! Grant `mfa-oob`: a code that was sent (contract §1.1, A3).

use postern::app::App;
use postern::http::Params;
use postern::http::bearer::MfaPrincipal;
use postern::http::client_auth::PresentedClient;
use postern::id::AuthenticatorId;
use postern::rules::limit::CODES;
use postern::rules::otp::OneTimeCode;
use postern::rules::policy::Factor;
use postern::store::limits::{Counter, LimitKey};
use postern::store::mfa::{ChallengePurpose, CodeBinding, Proven};
use postern::store::users::State;
use postern::time::Timestamp;
use postern::token::claims::{Method, OobCode};
use postern::token::keyring::Purpose;
use postern::token::sealed;
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

use crate::confirm::{RightCode, confirm, enrolment, gate};
use crate::verification::{
    Refused, Verification, mfa_token, open_mfa_token, refuse_misshapen, refuse_uncharged,
};

/// Checks the code and answers tokens.
pub(crate) async fn verify(
    app: &App,
    presented: &PresentedClient,
    params: &Params,
) -> Result<TokenReply, Refusal> {
    let (mfa_token, oob_code) = (mfa_token(params)?, params.required("oob_code")?);
    let binding_code = params.required("binding_code")?;
    let code = OneTimeCode::parse(binding_code);
    let opened = open(app, presented, mfa_token, oob_code, app.now()).await;
    let (principal, oob) = match opened {
        Ok(opened) => opened,
        Err(refusal) => return Err(refuse_uncharged(app, presented, Grant::MfaOob, refusal).await),
    };
    let Some(code) = code else {
        let wrong = Refusal::InvalidBindingCode;
        return Err(refuse_misshapen(app, presented, Grant::MfaOob, &principal, CODES, wrong).await);
    };
    let limit = match oob.purpose {
        ChallengePurpose::Verify => {
            LimitKey::codes(&principal.user, Counter::Authenticator(oob.authenticator_id.clone()))
        }
        // What is not confirmed yet has no history of failures to keep; the user's budget counts all the same.
        ChallengePurpose::Enrol => LimitKey::of_user(&principal.user, CODES),
    };
    let check = Verification::begin(app, presented, Grant::MfaOob, principal, limit).await?;
    match right_code(app, &check, &oob, &code) {
        Ok(right) => confirm(app, &check, right).await,
        Err(refused) => Err(check.settle(app, refused).await),
    }
}

/// Opens both tokens: form, then expiry, then match (contract A3 "order of checks").
async fn open(
    app: &App,
    presented: &PresentedClient,
    mfa_token: &str,
    oob_code: &str,
    now: Timestamp,
) -> Result<(MfaPrincipal, OobCode), Refusal> {
    let principal = open_mfa_token(app, presented, mfa_token, now).await;
    // A malformed one of either comes before anything else that is wrong with the other.
    if let Err(Refusal::MalformedMfaToken) = principal {
        return Err(Refusal::MalformedMfaToken);
    }
    let kid = sealed::kid_of(oob_code).ok_or(Refusal::MalformedOobCode)?;
    let ring = app.keys.ring_with(Some(&kid), now).await?;
    let oob: OobCode =
        sealed::open(&ring, Purpose::OobCode, oob_code).map_err(|_| Refusal::MalformedOobCode)?;
    if let Err(Refusal::MfaTokenExpired) = principal {
        return Err(Refusal::MfaTokenExpired);
    }
    if oob.expires_at.is_past(now) {
        return Err(Refusal::OobCodeExpired);
    }
    let principal = principal?;
    if oob.jti != principal.jti {
        return Err(Refusal::OobCodeMismatch);
    }
    Ok((principal, oob))
}

/// Which authenticator the code is for, and whether it is that challenge's.
fn right_code(
    app: &App,
    check: &Verification,
    oob: &OobCode,
    code: &OneTimeCode,
) -> Result<RightCode, Refused> {
    let before = Refused::BeforeTheCode;
    let wrong = || Refused::ByTheCode(Refusal::InvalidBindingCode);
    let id = &oob.authenticator_id;
    let explicit = check.user.authenticators.iter().find(|authenticator| authenticator.id == *id);
    let implicit = check.user.implicit_email(&check.settings).filter(|implicit| implicit.id == *id);
    let purpose = match explicit.map(|authenticator| &authenticator.state) {
        Some(State::Pending { jti, .. }) if *jti == check.principal.jti => ChallengePurpose::Enrol,
        Some(State::Pending { .. }) => return Err(wrong()),
        // An access token confirms enrolments; it is not a login that could be completed.
        _ if !check.principal.is_spendable() => return Err(wrong()),
        _ => ChallengePurpose::Verify,
    };
    if purpose != oob.purpose {
        return Err(wrong());
    }
    if purpose == ChallengePurpose::Enrol {
        gate(check).map_err(before)?;
    }
    if is_email_of(check, id, explicit.is_some()) && !check.settings.factors.has(Factor::Email) {
        return Err(before(Refusal::FactorOff(Factor::Email.as_str())));
    }
    let binding = CodeBinding {
        user: &check.principal.user,
        authenticator: id,
        jti: &check.principal.jti,
        client: &check.principal.client,
    };
    let challenge = check.mfa.challenge(id).filter(|challenge| {
        challenge.nonce == oob.nonce
            && challenge.purpose == purpose
            && !challenge.expires_at.is_past(check.now)
    });
    let challenge =
        challenge.filter(|challenge| challenge.accepts(&check.ring, binding, code)).ok_or_else(wrong)?;
    let proven = match (explicit, implicit) {
        (Some(authenticator), _) if purpose == ChallengePurpose::Enrol => {
            enrolment(app, check, authenticator, None).map_err(before)?
        }
        (Some(authenticator), _) => Proven::Oob(authenticator.id.clone()),
        (None, Some(implicit)) => Proven::ImplicitEmail(implicit.address),
        (None, None) => return Err(wrong()),
    };
    Ok(RightCode {
        challenge: Some((id.clone(), challenge.nonce.clone())),
        proven,
        method: Method::Email,
        as_wrong: || Refusal::InvalidBindingCode,
    })
}

/// Whether an id is one of the user's email authenticators, the implicit one included even while the factor is off.
fn is_email_of(check: &Verification, id: &AuthenticatorId, explicit: bool) -> bool {
    explicit || check.user.profile.implicit_id().as_ref() == Some(id)
}
