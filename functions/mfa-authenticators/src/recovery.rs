//! `POST /mfa/recovery-code`: a signed-in user replaces the recovery code, after fresh MFA. An extension of Postern's:
//! Auth0 leaves it to the operator.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::audit::trail;
use postern::http::bearer::MfaPrincipal;
use postern::http::private_json_within;
use postern::id::{AuthenticatorId, AuthenticatorPrefix};
use postern::rules::enrolment::Proof;
use postern::rules::limit::{RECOVERY_CODES_REPLACED, Standing};
use postern::rules::notice::NoticeKind;
use postern::rules::policy::Factor;
use postern::rules::random::RandomUnavailable;
use postern::rules::recovery::RecoveryCode;
use postern::store::NotWritten;
use postern::store::mfa::{Authority, RegenerateStep, Regeneration};
use postern::store::notices::{Notice, Recipient};
use postern::time::Timestamp;
use postern::wire::mfa::RecoveryCodeReply;
use postern::wire::refusal::Refusal;

use crate::events::{Change, event};

/// Replaces the code and shows the new one, once.
pub(crate) async fn regenerate(State(app): State<App>, headers: HeaderMap) -> Result<Response, Refusal> {
    trail::factor(Factor::RecoveryCode);
    let outcome = replaced(&app, &headers).await;
    trail::conclude(|_| [event(Change::Replace, outcome.as_ref().map(|_| ()))]);
    outcome
}

async fn replaced(app: &App, headers: &HeaderMap) -> Result<Response, Refusal> {
    let principal = MfaPrincipal::bearer(app, headers, "enroll").await?;
    let now = app.now();
    let (user, settings) = tokio::join!(app.store.user(&principal.user, now), app.settings());
    let (user, settings) = (user?.ok_or(Refusal::BearerInvalid)?, settings?);
    if !user.profile.accepts_tokens_of(principal.issued_at) {
        return Err(Refusal::BearerInvalid);
    }
    if principal.proof(now) != Proof::FreshMfa {
        return Err(Refusal::FreshMfaNeeded(app.config.issuer.mfa_audience()));
    }
    if !user.is_enrolled(&settings) {
        return Err(Refusal::NotEnrolled);
    }
    if !settings.factors.has(Factor::RecoveryCode) {
        return Err(Refusal::FactorOff(Factor::RecoveryCode.as_str()));
    }
    let (bucket, tat) = (RECOVERY_CODES_REPLACED, user.limit(RECOVERY_CODES_REPLACED).tat);
    if let Standing::Spent { retry_after } = bucket.standing(tat, now) {
        return Err(Refusal::TooManyCodes { limit: bucket.burst, retry_after });
    }
    let code = RecoveryCode::generate(&app.random)?;
    let regeneration = Regeneration::of(
        &user,
        &settings.limits,
        Authority::Token(principal.issued_at),
        (code.hash(), AuthenticatorId::generate(AuthenticatorPrefix::RecoveryCode, &app.random)?),
        notice(app, &principal, now)?,
    );
    match app.store.regenerate_recovery_code(&regeneration).await {
        Ok(()) => {
            let reply = RecoveryCodeReply { recovery_code: code.as_str() };
            Ok(private_json_within(&reply, bucket.quota_after(tat, now)))
        }
        Err(NotWritten::Failed(error)) => Err(error.into()),
        Err(NotWritten::Refused(refused)) => {
            let ended = refused.iter().any(|refused| refused.step == RegenerateStep::Profile);
            Err(if ended { Refusal::BearerInvalid } else { Refusal::Busy })
        }
    }
}

fn notice(app: &App, principal: &MfaPrincipal, now: Timestamp) -> Result<Notice, RandomUnavailable> {
    let (to, factor) = (Recipient::User(principal.user.clone()), Some(Factor::RecoveryCode));
    Notice::new(NoticeKind::FactorAdded, to, factor, &principal.client, &app.random, now)
}
