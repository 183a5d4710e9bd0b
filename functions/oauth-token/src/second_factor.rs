//! The answer that the second factor is due (contract §1.3).

use postern::app::App;
use postern::id::{ClientId, Jti};
use postern::rules::settings::Lifetimes;
use postern::store::users::Profile;
use postern::time::Timestamp;
use postern::token::claims::{GrantedBy, MfaToken, Target};
use postern::token::keyring::{KeyRing, Purpose};
use postern::token::sealed;
use postern::wire::refusal::{IssuedToken, Refusal};

/// A login whose first factor is proven.
pub(crate) struct FirstFactor<'a> {
    pub(crate) user: &'a Profile,
    pub(crate) client: &'a ClientId,
    pub(crate) target: &'a Target,
    pub(crate) nonce: Option<String>,
    pub(crate) granted_by: GrantedBy,
}

impl FirstFactor<'_> {
    /// Seals an `mfa_token` for this login. Nothing is written for it.
    pub(crate) fn ask_for_mfa(
        self,
        app: &App,
        lifetimes: &Lifetimes,
        ring: &KeyRing,
        now: Timestamp,
    ) -> Result<Refusal, Refusal> {
        let token = MfaToken {
            jti: Jti::generate(&app.random)?,
            sub: self.user.user_id.clone(),
            client_id: self.client.clone(),
            target: self.target.clone(),
            issued_at: self.user.issue_time(now),
            expires_at: now.plus(lifetimes.mfa_token_seconds),
            nonce: self.nonce,
            granted_by: self.granted_by,
        };
        let sealed = sealed::seal(ring, Purpose::MfaToken, &token, &app.random, now)?;
        Ok(Refusal::MfaRequired(IssuedToken(sealed)))
    }
}
