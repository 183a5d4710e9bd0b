//! Removing one of the user's authenticators.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::bearer::MfaPrincipal;
use postern::http::no_content;
use postern::id::AuthenticatorId;
use postern::rules::enrolment::Proof;
use postern::rules::limit::Limits;
use postern::rules::notice::NoticeKind;
use postern::rules::policy::{Factor, TenantSettings};
use postern::store::limits::Counter;
use postern::store::mfa::{Removal, RemoveStep};
use postern::store::notices::{Notice, Recipient};
use postern::store::users::{Authenticator, State as AuthenticatorState, UserState};
use postern::store::{DECISION_TRIES, NotWritten, RefusedStep};
use postern::time::Timestamp;
use postern::wire::refusal::Refusal;

/// Removes an authenticator: for an enrolled user only with fresh proof of MFA (SEC-27, SEC-31).
pub(crate) async fn remove(
    State(app): State<App>,
    id: Result<Path<String>, axum::extract::rejection::PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let principal = MfaPrincipal::bearer(&app, &headers, "remove:authenticators").await?;
    if principal.is_spendable() {
        return Err(Refusal::BearerInvalid);
    }
    let id =
        id.ok().and_then(|Path(id)| AuthenticatorId::parse(&id)).ok_or(Refusal::AuthenticatorNotFound)?;
    let now = app.now();
    for _ in 0..DECISION_TRIES {
        let (user, settings) = tokio::join!(app.store.user(&principal.user, now), app.settings());
        let user = user?.filter(|user| user.profile.accepts_tokens_of(principal.issued_at));
        let user = user.ok_or(Refusal::BearerInvalid)?;
        let request = Request { app: &app, principal: &principal, settings: &*settings?, now };
        let removal = request.decide(&user, &id)?;
        match app.store.remove_authenticator(&removal).await {
            Ok(()) => return Ok(no_content()),
            Err(NotWritten::Failed(error)) => return Err(error.into()),
            Err(NotWritten::Refused(refused)) => {
                let gone = |refused: &RefusedStep<RemoveStep>| {
                    refused.step == RemoveStep::Authenticator && refused.old.is_none()
                };
                if refused.iter().any(gone) {
                    return Err(Refusal::AuthenticatorNotFound);
                }
            }
        }
    }
    Err(Refusal::Busy)
}

struct Request<'a> {
    app: &'a App,
    principal: &'a MfaPrincipal,
    settings: &'a TenantSettings,
    now: Timestamp,
}

impl Request<'_> {
    fn decide(&self, user: &UserState, id: &AuthenticatorId) -> Result<Removal, Refusal> {
        let proven = self.principal.proof(self.now) == Proof::FreshMfa;
        if user.is_enrolled(self.settings) && !proven {
            return Err(self.needs_fresh_mfa());
        }
        if user.implicit_email(self.settings).is_some_and(|implicit| implicit.id == *id) {
            return Err(Refusal::ImplicitAuthenticator);
        }
        if user.recovery.as_ref().is_some_and(|recovery| recovery.id == *id) {
            return Err(Refusal::InvalidRequest(
                "A recovery code cannot be deleted; it is replaced when it is used, or by POST /mfa/recovery-code".into(),
            ));
        }
        let known = user.authenticators.iter().find(|authenticator| authenticator.id == *id);
        let authenticator = known.ok_or(Refusal::AuthenticatorNotFound)?;
        // Another login's pending authenticator may be the real owner's: a password alone must not void it.
        if !proven && self.is_of_another_login(authenticator) {
            return Err(self.needs_fresh_mfa());
        }
        let limits = &self.settings.limits;
        Ok(Removal {
            issued_at: self.principal.issued_at,
            profile: user.profile.clone(),
            authenticator: authenticator.clone(),
            twin: user.twin_of(authenticator).cloned(),
            forgets: forgets(user, authenticator, limits),
            forgets_recovery: user.limit(limits.recovery_codes).counts(&Counter::RecoveryCode),
            with_recovery: self.is_last(user, authenticator),
            notice: self.notice(authenticator)?,
        })
    }

    /// What the user is told: nothing of an authenticator that never counted.
    fn notice(&self, removed: &Authenticator) -> Result<Option<Notice>, Refusal> {
        if !removed.is_active() {
            return Ok(None);
        }
        let to = Recipient::User(self.principal.user.clone());
        let (factor, client) = (Some(removed.factor()), &self.principal.client);
        let notice = Notice::new(NoticeKind::FactorRemoved, to, factor, client, &self.app.random, self.now)?;
        Ok(Some(notice))
    }

    fn needs_fresh_mfa(&self) -> Refusal {
        Refusal::FreshMfaNeeded(self.app.config.issuer.mfa_audience())
    }

    fn is_of_another_login(&self, authenticator: &Authenticator) -> bool {
        matches!(&authenticator.state, AuthenticatorState::Pending { jti, .. } if *jti != self.principal.jti)
    }

    /// With the last authenticator goes the recovery code, which would recover nothing; the next enrolment shows a
    /// new one.
    fn is_last(&self, user: &UserState, authenticator: &Authenticator) -> bool {
        let verified = user.profile.email_verified && user.profile.email.is_some();
        authenticator.is_active()
            && user.profile.active_authenticators <= if user.twin_of(authenticator).is_some() { 2 } else { 1 }
            && user.recovery.is_some()
            && !(verified && self.settings.factors.has(Factor::Email))
    }
}

/// Whose failures go with an authenticator: apps share theirs, so the last one takes them.
fn forgets(user: &UserState, authenticator: &Authenticator, limits: &Limits) -> Option<Counter> {
    let counter = authenticator.counter();
    let shared =
        user.active().any(|other| !other.id.is_same_device(&authenticator.id) && other.counter() == counter);
    (authenticator.is_active() && !shared && user.limit(limits.codes).counts(&counter)).then_some(counter)
}
