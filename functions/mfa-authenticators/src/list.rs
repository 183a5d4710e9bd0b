//! The list of a user's authenticators.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::bearer::MfaPrincipal;
use postern::http::private_json;
use postern::id::AuthenticatorId;
use postern::rules::destination::Destination;
use postern::rules::policy::TenantSettings;
use postern::store::users::{Authenticator, Recovery, UserState};
use postern::wire::mfa::AuthenticatorItem;
use postern::wire::refusal::Refusal;

/// Confirmed and pending authenticators, oldest first; the implicit email last.
pub(crate) async fn list(State(app): State<App>, headers: HeaderMap) -> Result<Response, Refusal> {
    let principal = MfaPrincipal::bearer(&app, &headers, "read:authenticators").await?;
    let spent = async {
        match principal.is_spendable() {
            true => app.store.is_spent(&principal.jti).await,
            false => Ok(false),
        }
    };
    let (user, spent, settings) =
        tokio::join!(app.store.user(&principal.user, app.now()), spent, app.settings());
    let user = user?.filter(|user| user.profile.accepts_tokens_of(principal.issued_at));
    match (user, spent?) {
        (Some(user), false) => Ok(private_json(&items(&user, &*settings?))),
        _ => Err(Refusal::BearerInvalid),
    }
}

fn items(user: &UserState, settings: &TenantSettings) -> Vec<AuthenticatorItem> {
    let mut items: Vec<_> = user
        .authenticators
        .iter()
        .map(|authenticator| (authenticator.created_at, item(authenticator)))
        .collect();
    items.extend(user.recovery.as_ref().map(|recovery| (recovery.created_at, recovery_code(recovery))));
    items.sort_by_key(|(created_at, _)| *created_at);
    let implicit = user
        .implicit_email(settings)
        .map(|implicit| oob(&implicit.id, &Destination::Email(implicit.address), true));
    items.into_iter().map(|(_, item)| item).chain(implicit).collect()
}

fn item(authenticator: &Authenticator) -> AuthenticatorItem {
    match authenticator.source.destination() {
        Some(to) => oob(&authenticator.id, &to, authenticator.is_active()),
        None => plain(&authenticator.id, "otp", authenticator.is_active()),
    }
}

fn oob(id: &AuthenticatorId, to: &Destination, active: bool) -> AuthenticatorItem {
    AuthenticatorItem {
        id: id.to_string(),
        authenticator_type: "oob",
        active,
        oob_channel: Some(to.channel()),
        oob_channels: Some([to.channel()]),
        name: Some(to.masked()),
        kind: if to.phone().is_some() { "phone" } else { "email" },
    }
}

fn recovery_code(recovery: &Recovery) -> AuthenticatorItem {
    plain(&recovery.id, "recovery-code", true)
}

fn plain(id: &AuthenticatorId, kind: &'static str, active: bool) -> AuthenticatorItem {
    AuthenticatorItem {
        id: id.to_string(),
        authenticator_type: kind,
        active,
        oob_channel: None,
        oob_channels: None,
        name: None,
        kind,
    }
}
