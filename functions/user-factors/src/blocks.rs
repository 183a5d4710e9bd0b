//! Sign-ins of a user that are blocked after wrong passwords.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::future::try_join_all;
use postern::app::App;
use postern::http::management::{authorize, user_id};
use postern::http::{no_content, private_json};
use postern::store::logins::LoginName;
use postern::wire::management::ManagementRefusal;
use serde::Serialize;

/// Most that are shown: an attacker has as many networks as there are.
const SHOWN_MAX: usize = 1_000;

/// One of them.
#[derive(Serialize)]
struct Block<'a> {
    identifier: &'a str,
    ip: String,
    connection: &'a str,
}

#[derive(Serialize)]
struct Blocks<'a> {
    blocked_for: Vec<Block<'a>>,
}

/// The addresses of the user from which no password is taken now, not even the right one; those that are blocked longest
/// where there are more than can be shown.
pub(crate) async fn list(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:users").await?;
    let logins = logins(&app, id).await?;
    let budgets =
        try_join_all(logins.iter().map(|login| async { app.store.password_budgets(&login.key()).await }));
    let (budgets, settings) = tokio::join!(budgets, app.settings());
    let (budgets, bucket, now) = (budgets?, settings?.limits.passwords, app.now());
    let each = logins.iter().zip(&budgets).flat_map(|(login, budgets)| {
        let spent = budgets.iter().filter(move |budget| budget.is_spent(bucket, now));
        spent.map(move |budget| Block {
            identifier: &login.name,
            ip: budget.source().to_owned(),
            connection: &login.connection,
        })
    });
    Ok(private_json(&Blocks { blocked_for: each.take(SHOWN_MAX).collect() }))
}

/// Gives the user all passwords back, from wherever.
pub(crate) async fn end(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:users").await?;
    let logins = logins(&app, id).await?;
    try_join_all(logins.iter().map(|login| async { app.store.end_blocks(&login.key()).await })).await?;
    Ok(no_content())
}

/// The logins that a password belongs to.
async fn logins(
    app: &App,
    id: Result<Path<String>, PathRejection>,
) -> Result<Vec<LoginName>, ManagementRefusal> {
    let profile = app.store.profile(&user_id(id)?).await?.ok_or_else(ManagementRefusal::no_such_user)?;
    Ok(profile.logins.into_iter().filter(LoginName::has_password).collect())
}
