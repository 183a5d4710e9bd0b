//! What the three MFA grants share: whose tokens they are, the first trip, and what the tokens will say of the login.

use postern::app::App;
use postern::config::Issuer;
use postern::factors::Verification;
use postern::http::bearer::{MfaPrincipal, PrincipalToken};
use postern::http::client_auth::PresentedClient;
use postern::rules::destination::Place;
use postern::store::limits::LimitKey;
use postern::time::Timestamp;
use postern::token::claims::{GrantedBy, MFA_ACCESS_TOKEN_SECONDS, Target};
use postern::wire::oauth::Grant;
use postern::wire::refusal::Refusal;

use crate::admit;

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
        let (app, as_wrong) = (self.app, self.as_wrong);
        Err(Verification::refusal_of_no_code(app, principal, limit, as_wrong, self.admitted()).await)
    }

    /// The first trip of everything else: client, attempt and state together.
    pub(crate) async fn begin(
        &self,
        principal: MfaPrincipal,
        limit: LimitKey,
    ) -> Result<Verification, Refusal> {
        Verification::begin(self.app, principal, limit, self.as_wrong, self.admitted()).await
    }

    /// Whether the client is who it says and may use the grant.
    async fn admitted(&self) -> Result<(), Refusal> {
        let client = self.presented.look_up(&self.app.store).await?;
        admit(self.presented, client, self.grant).map(drop)
    }
}

/// What the first factor was.
pub(crate) fn granted_by(principal: &MfaPrincipal) -> GrantedBy {
    match &principal.token {
        PrincipalToken::Mfa(token) => token.granted_by,
        PrincipalToken::Access(claims) => claims.gty.unwrap_or(GrantedBy::Password),
        // It leads to no tokens: see `target`.
        PrincipalToken::Ticket(_) => GrantedBy::Password,
    }
}

/// The address or number that the first factor's code went to, if it was one.
pub(crate) fn first_to(principal: &MfaPrincipal) -> Option<&Place> {
    match &principal.token {
        PrincipalToken::Mfa(token) => token.first_to.as_ref(),
        PrincipalToken::Access(_) | PrincipalToken::Ticket(_) => None,
    }
}

/// What the tokens will be for: what the login asked for, or more of the access token it was confirmed with. A ticket of
/// the page that enrols is no login.
pub(crate) fn target<'a>(
    principal: &'a MfaPrincipal,
    issuer: &Issuer,
) -> Result<(Target, Option<&'a str>, Option<Timestamp>), Refusal> {
    match &principal.token {
        PrincipalToken::Mfa(token) => Ok((token.target.clone(), token.nonce.as_deref(), None)),
        PrincipalToken::Access(claims) => {
            let target = Target {
                audience: issuer.mfa_audience(),
                scope: claims.scopes(),
                lifetime_seconds: MFA_ACCESS_TOKEN_SECONDS,
            };
            Ok((target, None, Some(claims.exp)))
        }
        PrincipalToken::Ticket(_) => Err(Refusal::MalformedMfaToken),
    }
}
