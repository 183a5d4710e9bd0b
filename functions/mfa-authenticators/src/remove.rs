//! Removing one of the user's authenticators.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::audit::trail;
use postern::http::bearer::MfaPrincipal;
use postern::http::no_content;
use postern::id::AuthenticatorId;
use postern::rules::enrolment::Proof;
use postern::rules::notice::NoticeKind;
use postern::rules::policy::TenantSettings;
use postern::store::mfa::{Authority, Removal, RemoveStep};
use postern::store::notices::{Notice, Recipient};
use postern::store::users::{Authenticator, State as AuthenticatorState, UserState};
use postern::store::{DECISION_TRIES, NotWritten, RefusedStep};
use postern::time::Timestamp;
use postern::wire::refusal::Refusal;

use crate::events::{Change, event};

/// Removes an authenticator: for an enrolled user only with fresh proof of MFA (SEC-27, SEC-31).
pub(crate) async fn remove(
    State(app): State<App>,
    id: Result<Path<String>, axum::extract::rejection::PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id = id.ok().and_then(|Path(id)| AuthenticatorId::parse(&id));
    let outcome = removed(&app, id, &headers).await;
    trail::conclude(|_| [event(Change::Remove, outcome.as_ref().copied())]);
    outcome.map(|()| no_content())
}

async fn removed(app: &App, id: Option<AuthenticatorId>, headers: &HeaderMap) -> Result<(), Refusal> {
    let principal = MfaPrincipal::bearer(app, headers, "remove:authenticators").await?;
    if principal.is_spendable() {
        return Err(Refusal::BearerInvalid);
    }
    let id = id.ok_or(Refusal::AuthenticatorNotFound)?;
    let now = app.now();
    for _ in 0..DECISION_TRIES {
        let (user, settings) = tokio::join!(app.store.user(&principal.user, now), app.settings());
        let user = user?.filter(|user| user.profile.accepts_tokens_of(principal.issued_at));
        let user = user.ok_or(Refusal::BearerInvalid)?;
        let request = Request { app, principal: &principal, settings: &*settings?, now };
        let removal = request.decide(&user, &id)?;
        match app.store.remove_authenticators(&removal, &app.clock).await {
            Ok(()) => return Ok(()),
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
        trail::factor(authenticator.factor());
        // Another login's pending authenticator may be the real owner's: a password alone must not void it.
        if !proven && self.is_of_another_login(authenticator) {
            return Err(self.needs_fresh_mfa());
        }
        let authority = Authority::Token(self.principal.issued_at);
        let notice = self.notice(authenticator)?;
        let gone = [Some(authenticator), user.twin_of(authenticator)].into_iter().flatten().cloned();
        Ok(Removal::of(user, gone.collect(), self.settings, authority, notice))
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
}
