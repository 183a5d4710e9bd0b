//! Scope `offline_access`: a sign-in that leaves a refresh token (OpenID Connect Core §11).

use postern::app::App;
use postern::id::{ClientId, FamilyId};
use postern::rules::refresh::{Chain, RefreshSecret, expires_at};
use postern::rules::settings::Lifetimes;
use postern::store::refresh::{Family, NewFamily};
use postern::store::users::Profile;
use postern::time::Timestamp;
use postern::token::claims::{GrantedBy, Target};
use postern::token::refresh::RefreshToken;
use postern::wire::refusal::Refusal;

/// The scope that asks for a refresh token.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// A refresh token to be issued, and its family to be written.
pub(crate) struct Offline {
    pub(crate) token: RefreshToken,
    pub(crate) family: NewFamily,
}

impl Offline {
    /// What a sign-in that was just completed leaves; `None` unless `offline_access` was granted.
    pub(crate) fn of(
        app: &App,
        lifetimes: &Lifetimes,
        user: &Profile,
        client: &ClientId,
        target: &Target,
        granted_by: GrantedBy,
        now: Timestamp,
    ) -> Result<Option<Self>, Refusal> {
        if !target.scope.contains(OFFLINE_ACCESS) {
            return Ok(None);
        }
        let token = RefreshToken {
            user: user.user_id.clone(),
            family: FamilyId::generate(&app.random)?,
            audience: target.audience.clone(),
            secret: RefreshSecret::generate(&app.random)?,
        };
        let ends_at = now.plus(lifetimes.refresh_token_seconds);
        let family = Family {
            client_id: client.clone(),
            audience: target.audience.clone(),
            scope: target.scope.clone(),
            granted_by,
            auth_time: now,
            issued_at: user.issue_time(now),
            ends_at,
            expires_at: expires_at(lifetimes, ends_at, now),
            revoked: false,
            chain: Chain::begin(&token.secret),
        };
        let family = NewFamily { user: token.user.clone(), id: token.family.clone(), family };
        Ok(Some(Self { token, family }))
    }
}
