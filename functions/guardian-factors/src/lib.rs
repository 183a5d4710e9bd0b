//! `/api/v2/guardian/*`: which factors users may use, when the second one is asked for, the tenant's lifetimes,
//! limits and switches, and who delivers text messages (contract §6).

mod factors;
mod policies;
mod providers;
mod settings;

use axum::Router;
use axum::routing::{get, put};
use postern::app::App;
use postern::http::method_not_allowed;
use postern::token::keys::KeyNeeds;

/// What this function unwraps: roots, to seal the credentials it is given. It opens none.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    let selected = || get(providers::selected).put(providers::select);
    let twilio = || get(providers::twilio).put(providers::set_twilio);
    Router::new()
        .route("/api/v2/guardian/factors", get(factors::list))
        .route("/api/v2/guardian/factors/{name}", put(factors::set))
        .route("/api/v2/guardian/factors/sms/selected-provider", selected())
        .route("/api/v2/guardian/factors/phone/selected-provider", selected())
        .route("/api/v2/guardian/factors/sms/providers/twilio", twilio())
        .route("/api/v2/guardian/factors/phone/providers/twilio", twilio())
        .route("/api/v2/guardian/policies", get(policies::get).put(policies::put))
        .route("/api/v2/guardian/settings", get(settings::get).patch(settings::patch))
        .method_not_allowed_fallback(method_not_allowed)
}
