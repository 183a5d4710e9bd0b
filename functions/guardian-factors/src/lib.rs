//! `/api/v2/guardian/*`: which factors users may use, when the second one is asked for, and the tenant's lifetimes,
//! limits and switches (contract §6).

mod factors;
mod policies;
mod settings;

use axum::Router;
use axum::routing::{get, put};
use postern::app::App;
use postern::http::method_not_allowed;
use postern::token::keys::KeyNeeds;

/// What this function unwraps: nothing; it verifies tokens by public keys.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v2/guardian/factors", get(factors::list))
        .route("/api/v2/guardian/factors/{name}", put(factors::set))
        .route("/api/v2/guardian/policies", get(policies::get).put(policies::put))
        .route("/api/v2/guardian/settings", get(settings::get).patch(settings::patch))
        .method_not_allowed_fallback(method_not_allowed)
}
