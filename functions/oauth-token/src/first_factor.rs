//! What a proven first factor leads to: the second one, or tokens (contract §1.2, §1.3).

use postern::app::App;
use postern::id::{ClientId, Jti};
use postern::rules::destination::Place;
use postern::rules::policy::{MfaPolicy, TenantSettings};
use postern::store::users::Profile;
use postern::time::Timestamp;
use postern::token::claims::{GrantedBy, MfaToken, Target};
use postern::token::issue::{SignIn, sign_in};
use postern::token::keyring::{KeyRing, Purpose};
use postern::token::sealed;
use postern::wire::mfa_due::{IssuedToken, MfaDue, MfaRequirements};
use postern::wire::oauth::TokenReply;
use postern::wire::refusal::Refusal;

use crate::offline::Offline;

/// A login whose first factor is proven.
pub(crate) struct FirstFactor<'a> {
    pub(crate) app: &'a App,
    pub(crate) settings: &'a TenantSettings,
    pub(crate) ring: &'a KeyRing,
    pub(crate) user: &'a Profile,
    pub(crate) client: &'a ClientId,
    pub(crate) target: &'a Target,
    pub(crate) nonce: Option<String>,
    pub(crate) granted_by: GrantedBy,
    /// The address or number that its code went to, if it was one.
    pub(crate) first_to: Option<Place>,
    /// When the second factor is asked for: the client's word, else the tenant's.
    pub(crate) policy: MfaPolicy,
    /// What `mfa_required` says of the factors.
    pub(crate) requirements: Option<MfaRequirements>,
    pub(crate) now: Timestamp,
}

impl FirstFactor<'_> {
    /// Tokens, or that the second factor is due.
    pub(crate) async fn answer(self) -> Result<TokenReply, Refusal> {
        let for_factors = self.target.audience == self.app.config.issuer.mfa_audience();
        let mfa_is_due = if for_factors {
            // This is how the first factor is added; further ones need the ones there are (design §5).
            self.user.is_enrolled(self.settings)
        } else {
            self.policy == MfaPolicy::AllApplications
        };
        if mfa_is_due { Err(self.ask_for_mfa()?) } else { self.tokens().await }
    }

    /// Seals an `mfa_token` for this login. Nothing is written for it.
    pub(crate) fn ask_for_mfa(self) -> Result<Refusal, Refusal> {
        let token = MfaToken {
            jti: Jti::generate(&self.app.random)?,
            sub: self.user.user_id.clone(),
            client_id: self.client.clone(),
            target: self.target.clone(),
            issued_at: self.user.issue_time(self.now),
            expires_at: self.now.plus(self.settings.lifetimes.mfa_token_seconds),
            nonce: self.nonce,
            granted_by: self.granted_by,
            first_to: self.first_to.clone(),
        };
        let sealed = sealed::seal(self.ring, Purpose::MfaToken, &token, &self.app.random, self.now)?;
        Ok(Refusal::MfaRequired(MfaDue { mfa_token: IssuedToken(sealed), requirements: self.requirements }))
    }

    async fn tokens(self) -> Result<TokenReply, Refusal> {
        let Self { app, user, client, target, granted_by, now, .. } = self;
        let login = SignIn {
            user,
            client,
            target,
            nonce: self.nonce.as_deref(),
            granted_by,
            auth_time: now,
            method: None,
            not_after: None,
        };
        let mut reply = sign_in(self.ring, &app.config.issuer, &app.random, &login, now)?;
        let lifetimes = &self.settings.lifetimes;
        if let Some(offline) = Offline::of(app, lifetimes, user, client, target, granted_by, now)? {
            app.store.begin_refresh_family(&offline.family).await?;
            reply.refresh_token = Some(offline.token.text());
        }
        Ok(reply)
    }
}
