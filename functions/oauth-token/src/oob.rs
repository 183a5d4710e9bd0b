//! Grant `mfa-oob`: a code that was sent (contract §1.1, A3).

use postern::app::App;
use postern::audit::trail;
use postern::factors::confirm::{enrolment, gate};
use postern::factors::{Refused, Verification};
use postern::http::Params;
use postern::http::bearer::MfaPrincipal;
use postern::http::client_auth::PresentedClient;
use postern::id::AuthenticatorId;
use postern::rules::destination::Destination;
use postern::rules::limit::Quota;
use postern::rules::otp::OneTimeCode;
use postern::store::limits::{Counter, LimitKey};
use postern::store::mfa::{ChallengePurpose, Proven};
use postern::store::users::{Authenticator, State};
use postern::token::claims::{GrantedBy, Method, OobCode};
use postern::token::keyring::Purpose;
use postern::token::sealed;
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

use crate::confirm::{RightCode, confirm};
use crate::verification::{MfaGrant, first_to, granted_by};

/// Checks the code and answers tokens.
pub(crate) async fn verify(
    app: &App,
    presented: &PresentedClient,
    params: &Params,
) -> Result<(TokenReply, Quota), Refusal> {
    let (mfa_token, oob_code) = (params.required("mfa_token")?, params.required("oob_code")?);
    let typed = params.required("binding_code")?;
    let grant = MfaGrant { app, presented, grant: Grant::MfaOob, as_wrong: || Refusal::InvalidBindingCode };
    let (principal, oob) = grant.demand_tokens(open(&grant, mfa_token, oob_code).await).await?;
    let limits = app.settings().await?.limits;
    let limit = match oob.purpose {
        ChallengePurpose::Verify => {
            LimitKey::codes(&principal.user, Counter::of(&oob.authenticator_id), &limits)
        }
        // What is not confirmed yet has no history of failures to keep; the user's budget counts all the same.
        ChallengePurpose::Enrol => LimitKey::of_user(&principal.user, limits.codes),
    };
    let code = OneTimeCode::parse(typed, oob.digits);
    let code = grant.demand_code(code, &principal, &limit).await?;
    let check = grant.begin(principal, limit).await?;
    match right_code(app, &check, &oob, &code) {
        Ok(right) => confirm(app, &check, right).await,
        Err(refused) => Err(check.settle(app, refused).await),
    }
}

/// Opens both tokens: form, then expiry, then match (contract A3 "order of checks").
async fn open(
    grant: &MfaGrant<'_>,
    mfa_token: &str,
    oob_code: &str,
) -> Result<(MfaPrincipal, OobCode), Refusal> {
    let now = grant.app.now();
    let principal = grant.open_mfa_token(mfa_token).await;
    // A malformed one of either comes before anything else that is wrong with the other.
    if let Err(Refusal::MalformedMfaToken) = principal {
        return Err(Refusal::MalformedMfaToken);
    }
    let kid = sealed::kid_of(oob_code).ok_or(Refusal::MalformedOobCode)?;
    let ring = grant.app.keys.ring_with(Some(&kid), now).await?;
    let oob: OobCode =
        sealed::open(&ring, Purpose::OobCode, oob_code).map_err(|_| Refusal::MalformedOobCode)?;
    if let Some(factor) = oob.authenticator_id.factor() {
        trail::factor(factor);
    }
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
    let purpose = purpose(check, explicit).filter(|purpose| *purpose == oob.purpose).ok_or_else(wrong)?;
    if purpose == ChallengePurpose::Enrol {
        gate(check).map_err(before)?;
    }
    let to = destination(check, id, explicit);
    if let Some(off) = to.as_ref().and_then(|to| to.switched_off(&check.settings)) {
        return Err(before(Refusal::FactorOff(off)));
    }
    let challenge = check.challenge(id, purpose).filter(|challenge| challenge.nonce == oob.nonce);
    let challenge = challenge.filter(|challenge| check.accepts(challenge, id, code)).ok_or_else(wrong)?;
    let proven = match (explicit, implicit) {
        (Some(authenticator), _) if purpose == ChallengePurpose::Enrol => {
            enrolment(app, check, authenticator, None).map_err(before)?
        }
        (Some(authenticator), _) => Proven::Oob(authenticator.id.clone()),
        (None, Some(implicit)) => Proven::ImplicitEmail(implicit.address),
        (None, None) => return Err(wrong()),
    };
    let to = to.ok_or_else(wrong)?;
    // Whoever gets the codes of one place has one factor, however often it is shown. Where it is not known any more to
    // which place the first one went, no place is another.
    let is_another = match first_to(&check.principal) {
        Some(first) => *first != to.place(),
        None => granted_by(&check.principal) != GrantedBy::Passwordless,
    };
    let method = is_another.then(|| Method::from(to.channel()));
    Ok(RightCode { challenge: Some((id.clone(), challenge.nonce.clone())), proven, method })
}

/// What a code for this authenticator can be for; `None` where this login has no business with it.
fn purpose(check: &Verification, explicit: Option<&Authenticator>) -> Option<ChallengePurpose> {
    match explicit.map(|authenticator| &authenticator.state) {
        Some(State::Pending { jti, .. }) => (*jti == check.principal.jti).then_some(ChallengePurpose::Enrol),
        // An access token confirms enrolments; it is not a login that could be completed.
        _ => check.principal.is_spendable().then_some(ChallengePurpose::Verify),
    }
}

/// Where the codes of one of the user's authenticators go, the implicit one included even while the factor is off.
fn destination(
    check: &Verification,
    id: &AuthenticatorId,
    explicit: Option<&Authenticator>,
) -> Option<Destination> {
    if let Some(authenticator) = explicit {
        return authenticator.source.destination();
    }
    let profile = &check.user.profile;
    let address = profile.email.clone().filter(|_| profile.implicit_id().as_ref() == Some(id));
    address.map(Destination::Email)
}
