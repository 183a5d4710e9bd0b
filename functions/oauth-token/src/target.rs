//! Which API a login is for, and which of the scopes asked for it gets (contract A4).

use postern::config::{Issuer, OwnAudience};
use postern::rules::scope::Scope;
use postern::store::clients::{Api, Client};
use postern::store::{Store, StoreError};
use postern::token::claims::{ACCESS_TOKEN_SECONDS, MFA_ACCESS_TOKEN_SECONDS, Target};
use postern::wire::management::management_scopes;
use postern::wire::oauth::Grant;
use postern::wire::refusal::Refusal;

use crate::offline::OFFLINE_ACCESS;

/// Scopes of OpenID Connect, which any login may ask for.
const OPENID_SCOPES: &str = "openid profile email";
/// Scopes of the `/mfa/` audience.
const MFA_SCOPES: &str = "enroll read:authenticators remove:authenticators";

/// Whether scope `offline_access` can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfflineAccess {
    /// To a client that may use refresh tokens.
    Yes,
    /// To no other, nor where nothing is to be renewed.
    No,
}

impl OfflineAccess {
    /// Whether a client can be granted it.
    pub(crate) fn of(client: &Client) -> Self {
        if client.may_use(Grant::RefreshToken) { Self::Yes } else { Self::No }
    }
}

/// The audience a request names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// None, or `/userinfo` itself.
    Userinfo,
    /// Managing one's own factors.
    Mfa,
    /// The Management API.
    Management,
    /// An API of the tenant.
    Api(String),
}

impl Wanted {
    /// The audience a request names; our own are known with and without the last slash.
    pub(crate) fn of(issuer: &Issuer, audience: Option<&str>) -> Self {
        let Some(audience) = audience else { return Self::Userinfo };
        match issuer.own_audience(audience) {
            Some(OwnAudience::Mfa) => Self::Mfa,
            Some(OwnAudience::Management) => Self::Management,
            Some(OwnAudience::Userinfo) => Self::Userinfo,
            None => Self::Api(audience.to_owned()),
        }
    }

    /// The stored API, where there is one to look up.
    pub(crate) async fn look_up(&self, store: &Store) -> Result<Option<Api>, StoreError> {
        match self {
            Self::Api(identifier) => store.api(identifier).await,
            _ => Ok(None),
        }
    }

    /// What a user's login gets.
    pub(crate) fn for_user(
        &self,
        issuer: &Issuer,
        api: Option<Api>,
        requested: Option<&Scope>,
        offline: OfflineAccess,
    ) -> Result<Target, Refusal> {
        let offline = match &api {
            Some(api) if !api.allow_offline_access => OfflineAccess::No,
            _ => offline,
        };
        let (audience, all, lifetime_seconds) = match (self, api) {
            (Self::Userinfo, _) => {
                (issuer.userinfo_audience(), Scope::parse(OPENID_SCOPES), ACCESS_TOKEN_SECONDS)
            }
            (Self::Mfa, _) => (issuer.mfa_audience(), Scope::parse(MFA_SCOPES), MFA_ACCESS_TOKEN_SECONDS),
            (Self::Api(_), Some(api)) => (api.identifier, api.scopes, api.token_lifetime_seconds),
            (Self::Api(audience), None) => return Err(Refusal::UnknownAudience(shown(audience))),
            // Its scopes are for operators' clients; a user has none of them.
            (Self::Management, _) => return Err(Refusal::UnknownAudience(issuer.management_audience())),
        };
        let scope = match (requested, offline) {
            // Nobody gets a refresh token who did not ask for one, whatever an API calls its scopes.
            (None, _) => all.without(OFFLINE_ACCESS),
            (Some(_), _) if matches!(self, Self::Mfa) => Scope::granted(requested, &all),
            (Some(_), OfflineAccess::Yes) => {
                Scope::granted(requested, &Scope::parse(&format!("{all} {OPENID_SCOPES} {OFFLINE_ACCESS}")))
            }
            (Some(_), OfflineAccess::No) => {
                Scope::granted(requested, &Scope::parse(&format!("{all} {OPENID_SCOPES}")))
                    .without(OFFLINE_ACCESS)
            }
        };
        Ok(Target { audience, scope, lifetime_seconds })
    }

    /// The audience of a client's own token, the scopes that there are, and its life.
    pub(crate) fn for_client(
        &self,
        issuer: &Issuer,
        api: Option<Api>,
    ) -> Result<(String, Scope, u64), Refusal> {
        match (self, api) {
            (Self::Api(_), Some(api)) => Ok((api.identifier, api.scopes, api.token_lifetime_seconds)),
            (Self::Api(audience), None) => Err(Refusal::UnknownAudience(shown(audience))),
            (Self::Management, _) => {
                Ok((issuer.management_audience(), management_scopes(), ACCESS_TOKEN_SECONDS))
            }
            (Self::Mfa, _) => Err(Refusal::ClientGrantMissing(issuer.mfa_audience())),
            (Self::Userinfo, _) => Err(Refusal::ClientGrantMissing(issuer.userinfo_audience())),
        }
    }

    /// The key of a client's grant.
    pub(crate) fn grant_audience(&self, issuer: &Issuer) -> String {
        match self {
            Self::Api(identifier) => identifier.clone(),
            Self::Management => issuer.management_audience(),
            Self::Mfa => issuer.mfa_audience(),
            Self::Userinfo => issuer.userinfo_audience(),
        }
    }
}

/// Longest unknown audience that is repeated in a refusal, in characters.
const AUDIENCE_SHOWN_MAX: usize = 600;

pub(crate) fn shown(audience: &str) -> String {
    audience.chars().take(AUDIENCE_SHOWN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(wanted: &Wanted, requested: Option<&str>) -> Target {
        offline_target(wanted, requested, OfflineAccess::No)
    }

    fn offline_target(wanted: &Wanted, requested: Option<&str>, offline: OfflineAccess) -> Target {
        let api = Api::new("https://api", Scope::parse("read:sample write:sample offline_access"), 60);
        let requested = requested.map(Scope::parse);
        wanted.for_user(&Issuer::new("https://i"), Some(api), requested.as_ref(), offline).unwrap()
    }

    /// `offline_access` is granted when it is asked for by who may use it, for an audience it makes sense for.
    #[test]
    fn offline_access_has_to_be_asked_for_and_allowed() {
        let asked = Some("openid offline_access read:sample");
        let scope = |wanted: &Wanted, requested, offline| {
            offline_target(wanted, requested, offline).scope.to_string()
        };
        let api = Wanted::Api("https://api".into());
        assert_eq!(scope(&api, asked, OfflineAccess::Yes), "openid offline_access read:sample");
        assert_eq!(scope(&api, asked, OfflineAccess::No), "openid read:sample");
        assert_eq!(scope(&api, None, OfflineAccess::Yes), "read:sample write:sample");
        assert_eq!(scope(&Wanted::Userinfo, asked, OfflineAccess::Yes), "openid offline_access");
        assert_eq!(scope(&Wanted::Mfa, Some("offline_access enroll"), OfflineAccess::Yes), "enroll");
    }

    /// A4 "scope": omitted gives all of the API's, unknown ones are dropped.
    #[test]
    fn scopes_follow_the_request() {
        let api = Wanted::Api("https://api".into());
        assert_eq!(target(&api, None).scope.to_string(), "read:sample write:sample");
        assert_eq!(target(&api, Some("openid read:sample admin")).scope.to_string(), "openid read:sample");
        assert_eq!(target(&api, Some("admin")).scope.to_string(), "");
        assert_eq!(target(&Wanted::Mfa, Some("openid enroll")).scope.to_string(), "enroll");
    }

    #[test]
    fn the_mfa_audience_is_known_with_and_without_its_slash() {
        let issuer = Issuer::new("https://i");
        for audience in ["https://i/mfa/", "https://i/mfa"] {
            assert!(matches!(Wanted::of(&issuer, Some(audience)), Wanted::Mfa));
        }
        assert!(matches!(Wanted::of(&issuer, Some("https://i/mfa/x")), Wanted::Api(_)));
    }
}
