//! A user gets a new recovery code from an operator.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, user_id};
use postern::http::private_json;
use postern::id::{AuthenticatorId, AuthenticatorPrefix};
use postern::rules::notice::NoticeKind;
use postern::rules::policy::Factor;
use postern::rules::recovery::RecoveryCode;
use postern::store::mfa::{Authority, Regeneration};
use postern::store::{DECISION_TRIES, NotWritten};
use postern::wire::management::ManagementRefusal;
use postern::wire::mfa::RecoveryCodeReply;

use crate::{Notices, user};

/// Replaces the code of a user who is enrolled, and shows the new one, once.
pub(crate) async fn regenerate(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    let client = authorize(&app, &headers, "update:users").await?;
    let (id, now) = (user_id(id)?, app.now());
    let notices = Notices { app: &app, user: &id, client: &client, now };
    let code = RecoveryCode::generate(&app.random)?;
    for _ in 0..DECISION_TRIES {
        let (user, settings) = tokio::join!(user(&app, &id, now), app.settings());
        let (user, settings) = (user?, settings?);
        if !settings.factors.has(Factor::RecoveryCode) {
            let text = "The recovery-code factor is not enabled.".to_owned();
            return Err(ManagementRefusal::Unsupported(text));
        }
        if !user.is_enrolled(&settings) {
            return Err(not_enrolled());
        }
        let regeneration = Regeneration::of(
            &user,
            &settings.limits,
            Authority::Operator,
            (code.hash(), AuthenticatorId::generate(AuthenticatorPrefix::RecoveryCode, &app.random)?),
            notices.of(NoticeKind::FactorAdded, Some(Factor::RecoveryCode))?,
        );
        match app.store.regenerate_recovery_code(&regeneration).await {
            Ok(()) => return Ok(private_json(&RecoveryCodeReply { recovery_code: code.as_str() })),
            Err(NotWritten::Failed(error)) => return Err(error.into()),
            // The code was used, or the last factor went, meanwhile.
            Err(NotWritten::Refused(_)) => {}
        }
    }
    Err(ManagementRefusal::Busy)
}

/// A recovery code by itself would recover nothing.
fn not_enrolled() -> ManagementRefusal {
    let message = "Enrollment not found".to_owned();
    ManagementRefusal::Inexistent { message, code: "enrollment_not_found" }
}
