//! `POST /api/v2/users`, `GET`, `PATCH` and `DELETE /api/v2/users/{id}`, `DELETE /api/v2/users/{id}/authenticators` and
//! `GET /api/v2/users-by-email`: the tenant's users (contract §6).

mod properties;
mod view;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{delete, get, post};
use postern::app::App;
use postern::http::management::{authorize, object, query};
use postern::http::params::read_body;
use postern::http::{method_not_allowed, no_content, private_json};
use postern::id::UserId;
use postern::rules::address::EmailAddress;
use postern::rules::passwordless::Connection;
use postern::store::accounts::PasswordChange;
use postern::store::logins::{DEFAULT_CONNECTION, LoginKey, LoginName, PasswordHash};
use postern::store::user_changes::{Changed, NewLogin, UserChange};
use postern::store::users::Profile;
use postern::store::{DECISION_TRIES, StoreError};
use postern::token::keys::KeyNeeds;
use postern::token::password::{Password, hash_apart};
use postern::wire::management::ManagementRefusal;

use properties::{Change, NewUser};
use view::{Fields, shown};

/// What this function unwraps: nothing; it verifies tokens by public keys.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v2/users", post(create))
        .route("/api/v2/users/{id}", get(read).patch(change).delete(remove))
        .route("/api/v2/users/{id}/authenticators", delete(reset))
        .route("/api/v2/users-by-email", get(by_email))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "create:users").await?;
    let body = object(read_body(request).await)?;
    let NewUser { email, password, chosen_id, change } = NewUser::of(&body)?;
    let now = app.now();
    let mut profile = Profile {
        email: Some(email.clone()),
        // A chosen id may have been another user's: what that one was issued must not open this account.
        tokens_valid_after: chosen_id.is_some().then_some(now),
        ..Profile::new(chosen_id.map_or_else(|| UserId::generate(&app.random), Ok)?, now)
    };
    if !change.apply_to(&mut profile) {
        return Err(properties::metadata_does_not_fit());
    }
    let hash = PasswordHash(hash_apart(password, &app.random).await?);
    let login =
        NewLogin { name: LoginName::new(DEFAULT_CONNECTION, email.as_str()), password_hash: Some(hash) };
    profile.logins = vec![login.name.clone()];
    if !app.store.create_user(&profile, &[login]).await? {
        return Err(ManagementRefusal::UserExists);
    }
    let mut response = private_json(&shown(&profile)?);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

async fn read(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:users").await?;
    let user = named(id)?;
    let fields = Fields::of(&query(&uri)?)?;
    let profile = app.store.profile(&user).await?.ok_or_else(ManagementRefusal::no_such_user)?;
    Ok(private_json(&fields.of_user(&profile)?))
}

/// The users who sign in by an address, by password or by codes: usually one.
async fn by_email(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:users").await?;
    let query = query(&uri)?;
    let fields = Fields::of(&query)?;
    let address = query.optional("email").ok().flatten().and_then(EmailAddress::parse).ok_or_else(|| {
        let problem = "'Object didn't pass validation for format email' on property email.";
        ManagementRefusal::InvalidQuery(problem.to_owned())
    })?;
    let key = |connection| LoginKey::new(connection, address.as_str());
    let (by_password, by_code) = (key(DEFAULT_CONNECTION), key(Connection::Email.as_str()));
    let (by_password, by_code) = tokio::try_join!(app.store.login(&by_password), app.store.login(&by_code))?;
    let first = by_password.map(|login| login.user_id);
    let second = by_code.map(|login| login.user_id).filter(|user| Some(user) != first.as_ref());
    let (first, second) = tokio::try_join!(profile_of(&app, first), profile_of(&app, second))?;
    let users = [first, second].into_iter().flatten();
    let users: Result<Vec<_>, _> = users.map(|profile| fields.of_user(&profile)).collect();
    Ok(private_json(&users?))
}

async fn profile_of(app: &App, user: Option<UserId>) -> Result<Option<Profile>, StoreError> {
    match user {
        Some(user) => app.store.profile(&user).await,
        None => Ok(None),
    }
}

async fn change(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:users").await?;
    let user = named(id)?;
    let body = object(read_body(request).await)?;
    let profile = match Change::of(&body)? {
        Change::Profile(change) => change_profile(&app, &user, &change).await?,
        Change::Password(password) => set_password(&app, &user, password).await?,
    };
    Ok(private_json(&shown(&profile)?))
}

async fn change_profile(app: &App, user: &UserId, change: &UserChange) -> Result<Profile, ManagementRefusal> {
    match app.store.change_user(user, change, app.now()).await? {
        Changed::Done(profile) => Ok(*profile),
        Changed::NoSuchUser => Err(ManagementRefusal::no_such_user()),
        Changed::AddressTaken => Err(ManagementRefusal::UserExists),
        Changed::MetadataDoesNotFit => Err(properties::metadata_does_not_fit()),
    }
}

/// A new password ends what was issued under the old one (SEC-42).
async fn set_password(app: &App, user: &UserId, password: Password) -> Result<Profile, ManagementRefusal> {
    let hash = PasswordHash(hash_apart(password, &app.random).await?);
    let now = app.now();
    for _ in 0..DECISION_TRIES {
        let seen = app.store.user(user, now).await?.ok_or_else(ManagementRefusal::no_such_user)?;
        let login = seen.profile.password_login().map(LoginName::key).ok_or_else(|| {
            ManagementRefusal::property("password", "The user does not sign in by password")
        })?;
        let change = PasswordChange { seen: &seen, login: &login, hash: &hash, now };
        // Otherwise the login was moved or deleted meanwhile.
        if app.store.set_password(&change).await? {
            return Ok(Profile { updated_at: now, ..seen.profile });
        }
    }
    Err(ManagementRefusal::Busy)
}

/// A user that is not there is as good as deleted.
async fn remove(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "delete:users").await?;
    app.store.delete_user(&named(id)?).await?;
    Ok(no_content())
}

/// Forgets all of a user's factors and ends what was issued (SEC-42).
async fn reset(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "delete:guardian_enrollments").await?;
    match app.store.reset_mfa(&named(id)?, app.now()).await? {
        true => Ok(no_content()),
        false => Err(ManagementRefusal::no_such_user()),
    }
}

fn named(id: Result<Path<String>, PathRejection>) -> Result<UserId, ManagementRefusal> {
    id.ok().and_then(|Path(id)| UserId::parse(&id)).ok_or_else(|| {
        let problem = "'Object didn't pass validation for format user-id' on property id.";
        ManagementRefusal::InvalidUri(problem.to_owned())
    })
}
