//! From a right code to its one write: what it changes, what the user is told of it, and what its refusals mean.

use super::verification::Verification;
use crate::app::App;
use crate::id::{AuthenticatorId, AuthenticatorPrefix, Nonce};
use crate::rules::enrolment::{Gate, may_confirm};
use crate::rules::notice::NoticeKind;
use crate::rules::policy::Factor;
use crate::rules::recovery::RecoveryHash;
use crate::store::mailboxes::Cleared;
use crate::store::mfa::{ConfirmStep, Confirmation, Proven};
use crate::store::notices::{Notice, Recipient};
use crate::store::refresh::NewFamily;
use crate::store::users::{Authenticator, Profile, Recovery, Source, State, profile_of};
use crate::store::{DECISION_TRIES, NotWritten, RefusedStep, StoreError};
use crate::wire::refusal::Refusal;

/// The write that makes a right code final.
///
/// # Errors
/// When there is no randomness.
pub fn confirmation(
    app: &App,
    check: &Verification,
    challenge: Option<(AuthenticatorId, Nonce)>,
    proven: Proven,
    refresh: Option<NewFamily>,
) -> Result<Confirmation, Refusal> {
    Ok(Confirmation {
        user: check.principal.user.clone(),
        jti: check.principal.jti.clone(),
        issued_at: check.principal.issued_at,
        spend_until: check.principal.spend_until(),
        mailbox: challenge.as_ref().and_then(|(id, _)| proven_mailbox(check, id, &proven)),
        challenge,
        notice: notice(app, check, &proven)?,
        proven,
        limit: (check.limit.clone(), check.charge.clone()),
        clean: check.charge.was_the_only_debt(),
        refresh,
        now: check.now,
    })
}

/// Makes a right code final; gives what was written, adapted to the state it found.
///
/// # Errors
/// What that state means, or that AWS fails.
pub async fn make_final(
    app: &App,
    check: &Verification,
    mut confirmation: Confirmation,
) -> Result<Confirmation, Refusal> {
    for _ in 0..DECISION_TRIES {
        match app.store.confirm(&confirmation).await {
            Ok(()) => return Ok(confirmation),
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

/// The end of what is told of the address that the code was mailed to, by mails that were sent before it.
fn proven_mailbox(check: &Verification, challenge: &AuthenticatorId, proven: &Proven) -> Option<Cleared> {
    let source = |id: &AuthenticatorId| {
        let authenticator = check.user.authenticators.iter().find(|other| other.id == *id)?;
        match &authenticator.source {
            Source::Email { destination } => Some(destination.clone()),
            _ => None,
        }
    };
    let address = match proven {
        Proven::ImplicitEmail(address) => Some(address.clone()),
        Proven::Oob(id) | Proven::Enrolment { id, .. } => source(id),
        Proven::Otp { .. } | Proven::RecoveryCode { .. } => None,
    };
    let sent_at = check.mfa.challenge(challenge)?.made_at;
    check.user.marked(&address?, check.now)?.proven(sent_at)
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
            // A newer mail told of the address meanwhile.
            ConfirmStep::Mailbox => confirmation.mailbox = None,
            ConfirmStep::Profile => {
                let profile = profile_of(old.ok_or(Refusal::MalformedMfaToken)?)?;
                adapt_profile(confirmation, check, &profile)?;
            }
            ConfirmStep::Recovery if confirmation.proven.gives_up_recovery() => {}
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
///
/// # Errors
/// When the user enrolled meanwhile, or there is no randomness.
pub fn enrolment(
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
        Some(hash) => Some(recovery_of(app, check, hash.clone())?),
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
        recovery_replaces: true,
        step,
    })
}

/// A recovery code that becomes the user's with what is confirmed.
///
/// # Errors
/// When there is no randomness.
pub fn recovery_of(app: &App, check: &Verification, hash: RecoveryHash) -> Result<Recovery, Refusal> {
    let id = AuthenticatorId::generate(AuthenticatorPrefix::RecoveryCode, &app.random)?;
    Ok(Recovery { id, hash, created_at: check.now })
}

/// The condition under which this login may confirm an authenticator.
///
/// # Errors
/// When the user enrolled meanwhile and the token proves too little.
pub fn gate(check: &Verification) -> Result<Gate, Refusal> {
    let enrolled = check.user.is_enrolled(&check.settings);
    may_confirm(check.principal.proof(check.now), enrolled).ok_or(Refusal::AlreadyEnrolled)
}
