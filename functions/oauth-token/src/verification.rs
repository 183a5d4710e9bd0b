//! What the three MFA grants share: the first trip, and whose fault a refusal is.

use std::sync::Arc;

use postern::app::App;
use postern::config::Issuer;
use postern::http::admit_charged;
use postern::http::bearer::{MfaPrincipal, PrincipalToken};
use postern::http::client_auth::PresentedClient;
use postern::rules::destination::Place;
use postern::rules::limit::Charge;
use postern::rules::policy::TenantSettings;
use postern::store::limits::LimitKey;
use postern::store::mfa::MfaState;
use postern::store::notices::Recipient;
use postern::store::users::UserState;
use postern::time::Timestamp;
use postern::token::claims::{GrantedBy, MFA_ACCESS_TOKEN_SECONDS, Target};
use postern::token::keyring::KeyRing;
use postern::wire::oauth::Grant;
use postern::wire::refusal::Refusal;

use crate::{admit, alarm};

/// A request whose tokens open and match, whose client may use the grant, and whose attempt is charged.
pub(crate) struct Verification {
    pub(crate) principal: MfaPrincipal,
    pub(crate) user: UserState,
    pub(crate) mfa: MfaState,
    pub(crate) settings: Arc<TenantSettings>,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) limit: LimitKey,
    pub(crate) charge: Charge,
    /// What a wrong code is called.
    pub(crate) as_wrong: fn() -> Refusal,
    pub(crate) now: Timestamp,
}

/// A refusal, and whether the code had been looked at: only then does the attempt count.
pub(crate) enum Refused {
    BeforeTheCode(Refusal),
    ByTheCode(Refusal),
}

/// A request of an MFA grant before anything is known to be right.
pub(crate) struct MfaGrant<'a> {
    pub(crate) app: &'a App,
    pub(crate) presented: &'a PresentedClient,
    pub(crate) grant: Grant,
    /// What a wrong code is called; also one that cannot be a code, and one that lost a race.
    pub(crate) as_wrong: fn() -> Refusal,
}

impl MfaGrant<'_> {
    /// Opens the `mfa_token` parameter and checks that it is this client's: no call is made.
    pub(crate) async fn open_mfa_token(&self, text: &str) -> Result<MfaPrincipal, Refusal> {
        let read = MfaPrincipal::read(self.app, text, self.app.now()).await;
        let principal = read.map_err(|error| error.as_parameter())?;
        if self.presented.id() != Some(&principal.client) {
            return Err(Refusal::MfaTokenOfAnotherClient);
        }
        Ok(principal)
    }

    /// Demands that the tokens hold. Where they do not, the client comes first, then the grant, then that (contract A3
    /// "order of checks"); nothing is charged.
    pub(crate) async fn demand_tokens<T>(&self, opened: Result<T, Refusal>) -> Result<T, Refusal> {
        let refusal = match opened {
            Ok(opened) => return Ok(opened),
            Err(refusal) => refusal,
        };
        admit(self.presented, self.presented.look_up(&self.app.store).await?, self.grant)?;
        Err(refusal)
    }

    /// Demands that what was typed can be a code. Where it cannot, it gets what a wrong code gets in every respect but
    /// the charge (contract A3).
    pub(crate) async fn demand_code<C>(
        &self,
        typed: Option<C>,
        principal: &MfaPrincipal,
        limit: &LimitKey,
    ) -> Result<C, Refusal> {
        if let Some(code) = typed {
            return Ok(code);
        }
        let now = self.app.now();
        let (client, mfa, user) = tokio::join!(
            self.presented.look_up(&self.app.store),
            self.app.store.mfa(&principal.jti),
            self.app.store.user(&principal.user, now),
        );
        admit(self.presented, client?, self.grant)?;
        let user = holder(principal, user?, &mfa?)?;
        match limit.refusal(&user.limit(limit.bucket()), now) {
            Some(retry_after) => Err(Refusal::TooManyCodes { limit: limit.bucket().burst, retry_after }),
            None => Err((self.as_wrong)()),
        }
    }

    /// The first trip of everything else: client, attempt and state together.
    pub(crate) async fn begin(
        &self,
        principal: MfaPrincipal,
        limit: LimitKey,
    ) -> Result<Verification, Refusal> {
        let (app, now) = (self.app, self.app.now());
        let (client, attempt, mfa, user, settings, ring) = tokio::join!(
            self.presented.look_up(&app.store),
            app.store.take_attempt(&limit, now),
            app.store.mfa(&principal.jti),
            app.store.user(&principal.user, now),
            app.settings(),
            app.keys.ring(now),
        );
        let attempt = attempt?;
        let admit = || {
            admit(self.presented, client?, self.grant)?;
            let mfa = mfa?;
            Ok((holder(&principal, user?, &mfa)?, mfa, settings?, ring?))
        };
        let spent = |retry_after| Refusal::TooManyCodes { limit: limit.bucket().burst, retry_after };
        let ((user, mfa, settings, ring), charge) =
            admit_charged(&app.store, &limit, attempt, admit(), spent).await?;
        let as_wrong = self.as_wrong;
        Ok(Verification { principal, user, mfa, settings, ring, limit, charge, as_wrong, now })
    }
}

impl Verification {
    /// Takes the attempt back when the code was never looked at; tells the user when it was one wrong code too many.
    pub(crate) async fn settle(&self, app: &App, refused: Refused) -> Refusal {
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

    /// What the first factor was.
    pub(crate) fn granted_by(&self) -> GrantedBy {
        match &self.principal.token {
            PrincipalToken::Mfa(token) => token.granted_by,
            PrincipalToken::Access(claims) => claims.gty.unwrap_or(GrantedBy::Password),
        }
    }

    /// The address or number that the first factor's code went to, if it was one.
    pub(crate) fn first_to(&self) -> Option<&Place> {
        match &self.principal.token {
            PrincipalToken::Mfa(token) => token.first_to.as_ref(),
            PrincipalToken::Access(_) => None,
        }
    }

    /// What the tokens will be for: what the login asked for, or more of the access token it was confirmed with.
    pub(crate) fn target(&self, issuer: &Issuer) -> (Target, Option<&str>, Option<Timestamp>) {
        match &self.principal.token {
            PrincipalToken::Mfa(token) => (token.target.clone(), token.nonce.as_deref(), None),
            PrincipalToken::Access(claims) => {
                let target = Target {
                    audience: issuer.mfa_audience(),
                    scope: claims.scopes(),
                    lifetime_seconds: MFA_ACCESS_TOKEN_SECONDS,
                };
                (target, None, Some(claims.exp))
            }
        }
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
