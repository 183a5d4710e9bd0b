//! `GET /mfa/authenticators` and `DELETE /mfa/authenticators/{id}`: a user's own factors (contract §4, §5); and
//! `POST /mfa/recovery-code`.

mod events;
mod list;
mod recovery;
mod remove;

use axum::Router;
use axum::routing::{delete, get, post};
use postern::app::App;
use postern::http::method_not_allowed;
use postern::token::keys::KeyNeeds;

/// What this function unwraps: roots, to open `mfa_token`s.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/mfa/authenticators", get(list::list))
        .route("/mfa/authenticators/{id}", delete(remove::remove))
        .route("/mfa/recovery-code", post(recovery::regenerate))
        .method_not_allowed_fallback(method_not_allowed)
}
