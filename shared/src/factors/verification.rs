//! A code that is checked: the attempt is charged while the state is read, and given back when the code was not looked at.

use std::sync::Arc;

use super::alarm;
use crate::app::App;
use crate::http::admit_charged;
use crate::http::bearer::MfaPrincipal;
use crate::id::AuthenticatorId;
use crate::rules::limit::Charge;
use crate::rules::otp::OneTimeCode;
use crate::rules::policy::TenantSettings;
use crate::store::limits::LimitKey;
use crate::store::mfa::{Challenge, ChallengePurpose, CodeBinding, MfaState};
use crate::store::notices::Recipient;
use crate::store::users::UserState;
use crate::time::Timestamp;
use crate::token::keyring::KeyRing;
use crate::wire::refusal::Refusal;

/// A request whose tokens open and match, whose asker is admitted, and whose attempt is charged.
#[derive(Debug)]
pub struct Verification {
    /// In whose name.
    pub principal: MfaPrincipal,
    /// The user.
    pub user: UserState,
    /// That login's challenges.
    pub mfa: MfaState,
    /// The tenant's settings.
    pub settings: Arc<TenantSettings>,
    /// The keys.
    pub ring: Arc<KeyRing>,
    /// The budget of wrong codes.
    pub limit: LimitKey,
    /// What was taken from it.
    pub charge: Charge,
    /// What a wrong code is called.
    pub as_wrong: fn() -> Refusal,
    /// When.
    pub now: Timestamp,
}

/// A refusal, and whether the code had been looked at: only then does the attempt count.
#[derive(Debug)]
pub enum Refused {
    /// It had not.
    BeforeTheCode(Refusal),
    /// It had.
    ByTheCode(Refusal),
}

impl Verification {
    /// The first trip: who asks, the attempt and the state together. `admitted` is what is to be found out of the asker.
    ///
    /// # Errors
    /// The asker's refusal, 429 while the budget is spent, what the token's state means, or that AWS fails.
    pub async fn begin(
        app: &App,
        principal: MfaPrincipal,
        limit: LimitKey,
        as_wrong: fn() -> Refusal,
        admitted: impl Future<Output = Result<(), Refusal>>,
    ) -> Result<Self, Refusal> {
        let now = app.now();
        let (admitted, attempt, mfa, user, settings, ring) = tokio::join!(
            admitted,
            app.store.take_attempt(&limit, now),
            app.store.mfa(&principal.jti),
            app.store.user(&principal.user, now),
            app.settings(),
            app.keys.ring(now),
        );
        let attempt = attempt?;
        let admit = || {
            admitted?;
            let mfa = mfa?;
            Ok((holder(&principal, user?, &mfa)?, mfa, settings?, ring?))
        };
        let spent = |retry_after| Refusal::TooManyCodes { limit: limit.bucket().burst, retry_after };
        let ((user, mfa, settings, ring), charge) =
            admit_charged(&app.store, &limit, attempt, admit(), spent).await?;
        Ok(Self { principal, user, mfa, settings, ring, limit, charge, as_wrong, now })
    }

    /// What a code gets that cannot be one: what a wrong one gets in every respect but the charge (contract A3).
    pub async fn refusal_of_no_code(
        app: &App,
        principal: &MfaPrincipal,
        limit: &LimitKey,
        as_wrong: fn() -> Refusal,
        admitted: impl Future<Output = Result<(), Refusal>>,
    ) -> Refusal {
        let now = app.now();
        let (admitted, mfa, user) =
            tokio::join!(admitted, app.store.mfa(&principal.jti), app.store.user(&principal.user, now));
        let held = || {
            admitted?;
            holder(principal, user?, &mfa?)
        };
        let user = match held() {
            Ok(user) => user,
            Err(refusal) => return refusal,
        };
        match limit.refusal(&user.limit(limit.bucket()), now) {
            Some(retry_after) => Refusal::TooManyCodes { limit: limit.bucket().burst, retry_after },
            None => as_wrong(),
        }
    }

    /// Takes the attempt back when the code was never looked at; tells the user when it was one wrong code too many.
    pub async fn settle(&self, app: &App, refused: Refused) -> Refusal {
        match refused {
            Refused::ByTheCode(refusal) => {
                let to = Recipient::User(self.principal.user.clone());
                alarm::raise(app, &self.limit, &self.charge, to, &self.principal.client).await;
                refusal
            }
            Refused::BeforeTheCode(refusal) => {
                match app.store.undo_attempt(&self.limit, &self.charge).await {
                    Ok(()) => refusal,
                    Err(error) => error.into(),
                }
            }
        }
    }

    /// The challenge of an authenticator for that purpose, while its code is good.
    #[must_use]
    pub fn challenge(&self, id: &AuthenticatorId, purpose: ChallengePurpose) -> Option<&Challenge> {
        let challenge = self.mfa.challenge(id)?;
        let is_good = challenge.purpose == purpose && !challenge.expires_at.is_past(self.now);
        is_good.then_some(challenge)
    }

    /// Whether `code` is that challenge's, of that authenticator and this login (SEC-11).
    #[must_use]
    pub fn accepts(&self, challenge: &Challenge, id: &AuthenticatorId, code: &OneTimeCode) -> bool {
        let binding = CodeBinding {
            user: &self.principal.user,
            authenticator: id,
            jti: &self.principal.jti,
            client: &self.principal.client,
        };
        challenge.accepts(&self.ring, binding, code)
    }
}

/// The user a token still stands for.
fn holder(principal: &MfaPrincipal, user: Option<UserState>, mfa: &MfaState) -> Result<UserState, Refusal> {
    let user = user.ok_or(Refusal::MalformedMfaToken)?;
    let used_up = principal.is_spendable() && mfa.spent;
    if used_up || !user.profile.accepts_tokens_of(principal.issued_at) {
        return Err(Refusal::MalformedMfaToken);
    }
    Ok(user)
}
