//! From a right code to tokens: the transaction, and what its refusals mean.

use postern::app::App;
use postern::audit::trail::{self, Fact};
use postern::id::{AuthenticatorId, AuthenticatorPrefix, Nonce};
use postern::rules::enrolment::{Gate, may_confirm};
use postern::rules::limit::Quota;
use postern::rules::notice::NoticeKind;
use postern::rules::policy::Factor;
use postern::store::mfa::{ConfirmStep, Confirmation, Proven};
use postern::store::notices::{Notice, Recipient};
use postern::store::users::{Authenticator, Profile, Recovery, State, profile_of};
use postern::store::{DECISION_TRIES, NotWritten, RefusedStep, StoreError};
use postern::token::claims::Method;
use postern::token::issue::{SignIn, sign_in};
use postern::wire::oauth::TokenReply;
use postern::wire::refusal::Refusal;

use crate::offline::Offline;
use crate::verification::Verification;

/// A code that was right.
pub(crate) struct RightCode {
    pub(crate) challenge: Option<(AuthenticatorId, Nonce)>,
    pub(crate) proven: Proven,
    /// The factor it proves; none where the first factor was a code to the same place.
    pub(crate) method: Option<Method>,
}

/// Makes the code final and answers tokens, and how the budget of wrong codes stands. The tokens are signed first, so that
/// nothing can fail once the code is consumed.
pub(crate) async fn confirm(
    app: &App,
    check: &Verification,
    right: RightCode,
) -> Result<(TokenReply, Quota), Refusal> {
    if matches!(right.proven, Proven::Enrolment { .. }) {
        trail::fact(Fact::Enrols);
    }
    let (target, nonce, not_after) = check.target(&app.config.issuer);
    let (user, client, granted_by) = (&check.user.profile, &check.principal.client, check.granted_by());
    let sign = SignIn {
        user,
        client,
        target: &target,
        nonce,
        granted_by,
        auth_time: check.now,
        method: right.method,
        not_after,
    };
    let mut reply = sign_in(&check.ring, &app.config.issuer, &app.random, &sign, check.now)?;
    let offline = Offline::of(app, &check.settings.lifetimes, user, client, &target, granted_by, check.now)?;
    reply.refresh_token = offline.as_ref().map(|offline| offline.token.text());
    let mut confirmation = Confirmation {
        user: check.principal.user.clone(),
        jti: check.principal.jti.clone(),
        issued_at: check.principal.issued_at,
        spend_until: check.principal.is_spendable().then_some(check.principal.expires_at),
        challenge: right.challenge,
        notice: notice(app, check, &right.proven)?,
        proven: right.proven,
        limit: (check.limit.clone(), check.charge.clone()),
        clean: check.charge.was_the_only_debt(),
        refresh: offline.map(|offline| offline.family),
        now: check.now,
    };
    for _ in 0..DECISION_TRIES {
        match app.store.confirm(&confirmation).await {
            Ok(()) => return Ok((reply, check.charge.quota_given_back())),
            Err(NotWritten::Failed(StoreError::Busy)) => return Err(lost(app, check).await),
            Err(NotWritten::Failed(error)) => return Err(error.into()),
            Err(NotWritten::Refused(refused)) => {
                adapt(&mut confirmation, check, refused)?;
            }
        }
    }
    Err(Refusal::Busy)
}

/// What the user is told of it, in the same write: that there is one more way in, or one less.
fn notice(app: &App, check: &Verification, proven: &Proven) -> Result<Option<Notice>, Refusal> {
    let (kind, factor) = match proven {
        Proven::Enrolment { id, .. } => (NoticeKind::FactorAdded, id.factor()),
        Proven::RecoveryCode { .. } => (NoticeKind::RecoveryCodeUsed, Some(Factor::RecoveryCode)),
        Proven::Oob(_) | Proven::ImplicitEmail(_) | Proven::Otp { .. } => return Ok(None),
    };
    let to = Recipient::User(check.principal.user.clone());
    Ok(Some(Notice::new(kind, to, factor, &check.principal.client, &app.random, check.now)?))
}

/// Whoever kept colliding is told the state it finds: most likely that somebody else used this login (design §3).
async fn lost(app: &App, check: &Verification) -> Refusal {
    match app.store.mfa(&check.principal.jti).await {
        Ok(mfa) if mfa.spent && check.principal.is_spendable() => Refusal::MalformedMfaToken,
        Ok(_) => Refusal::Busy,
        Err(error) => error.into(),
    }
}

/// Adapts the transaction to the state it found, or says what that state means.
fn adapt(
    confirmation: &mut Confirmation,
    check: &Verification,
    refused: Vec<RefusedStep<ConfirmStep>>,
) -> Result<(), Refusal> {
    if refused.iter().any(|refused| refused.step == ConfirmStep::Spent) {
        return Err(Refusal::MalformedMfaToken);
    }
    for RefusedStep { step, old } in refused {
        match step {
            ConfirmStep::Limit => confirmation.clean = false,
            ConfirmStep::Profile => {
                let profile = profile_of(old.ok_or(Refusal::MalformedMfaToken)?)?;
                adapt_profile(confirmation, check, &profile)?;
            }
            _ => return Err((check.as_wrong)()),
        }
    }
    Ok(())
}

fn adapt_profile(
    confirmation: &mut Confirmation,
    check: &Verification,
    profile: &Profile,
) -> Result<(), Refusal> {
    if !profile.accepts_tokens_of(check.principal.issued_at) {
        return Err(Refusal::MalformedMfaToken);
    }
    match &mut confirmation.proven {
        Proven::Enrolment { id, gate, settings, pending, pending_after, recovery, .. } => {
            if *gate == Gate::OnlyIfNotEnrolled && profile.is_enrolled(settings) {
                return Err(Refusal::AlreadyEnrolled);
            }
            if profile.active_authenticators > 0 {
                // It came with a recovery code of its own, which is in use now.
                *recovery = None;
            }
            // Another login's association came or went: ours is still the one it was.
            pending.clone_from(&profile.pending);
            *pending_after =
                profile.pending.iter().filter(|other| !other.id.is_same_device(id)).cloned().collect();
            Ok(())
        }
        // The address is no longer the account's.
        _ => Err((check.as_wrong)()),
    }
}

/// What confirming a pending authenticator will change, if its gate is open.
pub(crate) fn enrolment(
    app: &App,
    check: &Verification,
    authenticator: &Authenticator,
    step: Option<u64>,
) -> Result<Proven, Refusal> {
    let gate = gate(check)?;
    let State::Pending { recovery_hash, .. } = &authenticator.state else { return Err(Refusal::Internal) };
    // A code shown at association becomes the user's only while nothing else stands: it never replaces one in use.
    let shown = recovery_hash.as_ref().filter(|_| check.user.profile.active_authenticators == 0);
    let recovery = match shown {
        None => None,
        Some(hash) => Some(Recovery {
            id: AuthenticatorId::generate(AuthenticatorPrefix::RecoveryCode, &app.random)?,
            hash: hash.clone(),
            created_at: check.now,
        }),
    };
    let pending = check.user.profile.pending.clone();
    let id = &authenticator.id;
    let pending_after = pending.iter().filter(|other| !other.id.is_same_device(id)).cloned().collect();
    Ok(Proven::Enrolment {
        id: id.clone(),
        twin: check.user.twin_of(authenticator).map(|twin| twin.id.clone()),
        gate,
        settings: check.settings.clone(),
        pending,
        pending_after,
        recovery,
        step,
    })
}

/// The condition under which this login may confirm an authenticator.
pub(crate) fn gate(check: &Verification) -> Result<Gate, Refusal> {
    let enrolled = check.user.is_enrolled(&check.settings);
    may_confirm(check.principal.proof(check.now), enrolled).ok_or(Refusal::AlreadyEnrolled)
}
