//! `GET` and `POST /api/v2/users`, `GET`, `PATCH` and `DELETE /api/v2/users/{id}`, `DELETE /api/v2/users/{id}/authenticators` and
//! `GET /api/v2/users-by-email`: the tenant's users (contract §6). `POST /api/v2/jobs/verification-email` and `GET
//! /api/v2/jobs/{id}`: the mails that verify their addresses.

mod jobs;
mod list;
mod properties;
mod view;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{delete, get, post};
use postern::app::App;
use postern::audit::trail;
use postern::http::fields::Fields;
use postern::http::management::{authorize, object, query, user_id};
use postern::http::params::read_body;
use postern::http::{method_not_allowed, no_content, private_json};
use postern::id::{ClientId, UserId};
use postern::rules::address::EmailAddress;
use postern::rules::language::RequestedLanguages;
use postern::rules::notice::NoticeKind;
use postern::rules::passwordless::Connection;
use postern::store::accounts::NewPassword;
use postern::store::logins::{DEFAULT_CONNECTION, LoginKey, LoginName, PasswordHash};
use postern::store::notices::{Notice, Recipient};
use postern::store::user_changes::{Changed, DoesNotFit, UserChange};
use postern::store::user_life::NewLogin;
use postern::store::users::Profile;
use postern::store::{StoreError, compensated};
use postern::token::keys::KeyNeeds;
use postern::token::password::{Password, hash_apart};
use postern::wire::management::ManagementRefusal;

use properties::{Change, NewUser};
use view::shown;

/// What this function unwraps: nothing; it verifies tokens by public keys.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v2/users", get(list::list).post(create))
        .route("/api/v2/users/{id}", get(read).patch(change).delete(remove))
        .route("/api/v2/users/{id}/authenticators", delete(reset))
        .route("/api/v2/users-by-email", get(by_email))
        .route("/api/v2/jobs/verification-email", post(jobs::start))
        .route("/api/v2/jobs/{id}", get(jobs::read))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    languages: RequestedLanguages,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "create:users").await?;
    let body = object(read_body(request).await)?;
    let NewUser { email, password, chosen_id, is_mailed, change } = NewUser::of(&body)?;
    let is_chosen = chosen_id.is_some();
    let user = chosen_id.map_or_else(|| UserId::generate(&app.random), Ok)?;
    let mut profile = Profile { email: Some(email.clone()), ..Profile::new(user, app.now()) };
    change.apply_to(&mut profile).map_err(|DoesNotFit(kind)| properties::metadata_does_not_fit(kind))?;
    let hash = PasswordHash(hash_apart(password, &app.random).await?);
    let name = LoginName::new(DEFAULT_CONNECTION, email.as_str());
    let logins = [NewLogin { name, password_hash: Some(hash) }];
    // Asked for with the user, both or neither; what becomes of the mail is no part of the answer.
    let mail = match is_mailed && !profile.email_verified {
        true => Some(jobs::verification(&app, &profile.user_id, None, languages)?),
        false => None,
    };
    let created = match is_chosen {
        true => app.store.create_user_by_chosen_id(&profile, &logins, mail.as_ref(), &app.clock).await?,
        false => app.store.create_user_and_mail(profile, &logins, mail.as_ref()).await?,
    };
    let created = created.ok_or(ManagementRefusal::UserExists)?;
    trail::user(&created.user_id);
    let mut response = private_json(&shown(&created)?);
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
    let user = user_id(id)?;
    let fields = Fields::of(&query(&uri)?)?;
    let profile = app.store.profile(&user).await?.ok_or_else(ManagementRefusal::no_such_user)?;
    Ok(private_json(&fields.of_object(shown(&profile)?)))
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
    let address = query.optional("email").ok().flatten().and_then(EmailAddress::parse);
    let address = address.ok_or_else(|| ManagementRefusal::malformed_in_query("email", "email"))?;
    let users = by_address(&app, &address).await?;
    let users = users.iter().map(|profile| Ok(fields.of_object(shown(profile)?)));
    let users: Result<Vec<_>, ManagementRefusal> = users.collect();
    Ok(private_json(&users?))
}

/// The users of an address: by password, then by codes, which usually are one.
async fn by_address(app: &App, address: &EmailAddress) -> Result<Vec<Profile>, StoreError> {
    let key = |connection| LoginKey::new(connection, address.as_str());
    let (by_password, by_code) = (key(DEFAULT_CONNECTION), key(Connection::Email.as_str()));
    let (by_password, by_code) = tokio::try_join!(app.store.login(&by_password), app.store.login(&by_code))?;
    let first = by_password.map(|login| login.user_id);
    let second = by_code.map(|login| login.user_id).filter(|user| Some(user) != first.as_ref());
    let (first, second) = tokio::try_join!(profile_of(app, first), profile_of(app, second))?;
    Ok([first, second].into_iter().flatten().collect())
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
    languages: RequestedLanguages,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let by = authorize(&app, &headers, "update:users").await?;
    let user = user_id(id)?;
    let body = object(read_body(request).await)?;
    let Change { password, is_mailed, client, change } = Change::of(&body)?;
    let changed = match password {
        None => app.store.change_user(&user, &change, &app.clock).await?,
        Some(password) => set_password(&app, (&user, &by), password, &change).await?,
    };
    match changed {
        Changed::Done(profile) => {
            if is_mailed && !profile.email_verified {
                let mail = jobs::verification(&app, &user, client, languages)?;
                // The change is done; an operator who misses the mail asks for it by a job.
                compensated("verification_email", app.store.ask_for_mail(&user, &mail).await);
            }
            Ok(private_json(&shown(&profile)?))
        }
        Changed::NoSuchUser => Err(ManagementRefusal::no_such_user()),
        Changed::NoPassword => {
            Err(ManagementRefusal::property("password", "The user does not sign in by password"))
        }
        Changed::AddressTaken => Err(ManagementRefusal::UserExists),
        Changed::MetadataDoesNotFit(kind) => Err(properties::metadata_does_not_fit(kind)),
    }
}

/// It ends what was issued under the old one (SEC-42), and the user is told (SEC-31).
async fn set_password(
    app: &App,
    (user, by): (&UserId, &ClientId),
    password: Password,
    change: &UserChange,
) -> Result<Changed, ManagementRefusal> {
    let hash = PasswordHash(hash_apart(password, &app.random).await?);
    let to = Recipient::User(user.clone());
    let notice = Notice::new(NoticeKind::PasswordChanged, to, None, by, &app.random, app.now())?;
    let new = NewPassword { hash: &hash, change, notice: &notice };
    Ok(app.store.set_password(user, new, &app.clock).await?)
}

/// A user that is not there is as good as deleted.
async fn remove(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "delete:users").await?;
    app.store.delete_user(&user_id(id)?, &app.clock).await?;
    Ok(no_content())
}

/// Forgets all of a user's factors, tells the user (SEC-31) and ends what was issued (SEC-42).
async fn reset(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    let client = authorize(&app, &headers, "delete:guardian_enrollments").await?;
    let user = user_id(id)?;
    let to = Recipient::User(user.clone());
    let notice = Notice::new(NoticeKind::FactorRemoved, to, None, &client, &app.random, app.now())?;
    match app.store.reset_mfa(&user, &notice, &app.clock).await? {
        true => Ok(no_content()),
        false => Err(ManagementRefusal::no_such_user()),
    }
}
