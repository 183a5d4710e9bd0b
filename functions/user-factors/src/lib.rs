//! What an operator sees and does of one user's factors (contract §6): `/api/v2/users/{id}/authentication-methods`,
//! `…/enrollments`, `…/recovery-code-regeneration`, `…/multifactor/…`, `/api/v2/guardian/enrollments/{id}` and
//! `/api/v2/user-blocks/{id}`.

mod blocks;
mod create;
mod enrollments;
mod maker;
mod methods;
mod properties;
mod recovery;
mod remove;
mod replace;
mod view;

use axum::Router;
use axum::routing::{delete, get, post};
use postern::app::App;
use postern::http::method_not_allowed;
use postern::id::{ClientId, UserId};
use postern::rules::notice::NoticeKind;
use postern::rules::policy::Factor;
use postern::store::notices::{Notice, Recipient};
use postern::store::users::UserState;
use postern::time::Timestamp;
use postern::token::keys::KeyNeeds;
use postern::wire::management::ManagementRefusal;

/// What this function unwraps: roots, to seal the secrets of apps.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/api/v2/users/{id}/authentication-methods",
            get(methods::list).post(create::create).put(replace::replace).delete(remove::remove_all),
        )
        .route(
            "/api/v2/users/{id}/authentication-methods/{method}",
            get(methods::read).patch(methods::label).delete(remove::remove),
        )
        .route("/api/v2/users/{id}/enrollments", get(enrollments::list))
        .route("/api/v2/guardian/enrollments/{id}", get(enrollments::read).delete(remove::remove_device))
        .route("/api/v2/users/{id}/recovery-code-regeneration", post(recovery::regenerate))
        .route("/api/v2/users/{id}/multifactor/{provider}", delete(remove::remove_provider))
        .route(
            "/api/v2/users/{id}/multifactor/actions/invalidate-remember-browser",
            post(remove::forget_browsers),
        )
        .route("/api/v2/user-blocks/{id}", get(blocks::list).delete(blocks::end))
        .method_not_allowed_fallback(method_not_allowed)
}

/// The user as now is.
async fn user(app: &App, user: &UserId, now: Timestamp) -> Result<UserState, ManagementRefusal> {
    app.store.user(user, now).await?.ok_or_else(ManagementRefusal::no_such_user)
}

/// What the user is told of something that an operator does by a client (SEC-31).
struct Notices<'a> {
    app: &'a App,
    user: &'a UserId,
    client: &'a ClientId,
    now: Timestamp,
}

impl Notices<'_> {
    fn of(&self, kind: NoticeKind, factor: Option<Factor>) -> Result<Notice, ManagementRefusal> {
        let to = Recipient::User(self.user.clone());
        Ok(Notice::new(kind, to, factor, self.client, &self.app.random, self.now)?)
    }
}
