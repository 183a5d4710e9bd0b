//! The API that a grant is to, and which of its scopes may be granted by whom.

use postern::app::App;
use postern::config::OwnAudience;
use postern::http::management::Caller;
use postern::rules::scope::Scope;
use postern::store::StoreError;
use postern::store::clients::Api;
use postern::wire::management::{ManagementRefusal, SCOPES};

/// An API that can be granted.
pub(crate) enum GrantedApi {
    /// The Management API, which is not stored.
    Management,
    /// One of the tenant's.
    Stored(Api),
}

/// The Management API's audience as grants have it, with its last slash.
pub(crate) fn name_as_stored(app: &App, audience: &mut String) {
    if app.config.issuer.own_audience(audience) == Some(OwnAudience::Management) {
        *audience = app.config.issuer.management_audience();
    }
}

impl GrantedApi {
    /// Looks it up; `None` where there is none that could be granted: a user's own factors and `/userinfo` are not.
    pub(crate) async fn read(app: &App, audience: &str) -> Result<Option<Self>, StoreError> {
        match app.config.issuer.own_audience(audience) {
            Some(OwnAudience::Management) => Ok(Some(Self::Management)),
            Some(OwnAudience::Mfa | OwnAudience::Userinfo) => Ok(None),
            None => Ok(app.store.api(audience).await?.map(Self::Stored)),
        }
    }

    /// The stored API.
    pub(crate) fn stored(&self) -> Option<&Api> {
        match self {
            Self::Management => None,
            Self::Stored(api) => Some(api),
        }
    }

    /// Demands that the API knows the scopes; and of the Management API, that who grants them has them: nobody gives
    /// more than they have, or granting would be having all.
    pub(crate) fn demand_grantable(&self, scopes: &Scope, caller: &Caller) -> Result<(), ManagementRefusal> {
        for scope in scopes.iter() {
            let unknown = || {
                let problem = format!("The API does not know the scope {}", scope.escape_default());
                ManagementRefusal::property("scope", &problem)
            };
            match self {
                Self::Stored(api) if !api.scopes.contains(scope) => return Err(unknown()),
                Self::Stored(_) => {}
                Self::Management => {
                    let known = SCOPES.into_iter().find(|known| *known == scope);
                    caller.demand(known.ok_or_else(unknown)?)?;
                }
            }
        }
        Ok(())
    }
}
