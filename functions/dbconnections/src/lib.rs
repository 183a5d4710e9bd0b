//! `POST /dbconnections/signup` and `POST /dbconnections/change_password`: what anybody may ask of the connection of
//! passwords (contract §6).
//!
//! Neither looks at any user. A new password is asked for by an item that the function on the table's stream takes up, so
//! work and answer are the same whoever has the address (SEC-35). A sign-up does tell whether an address is taken, as
//! Auth0's does; a source may ask a few times an hour.

mod request;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use postern::app::App;
use postern::audit::{Event, trail};
use postern::http::client_auth::PresentedClient;
use postern::http::{
    Params, RequestContext, admit_charged, method_not_allowed, never_stored, private_json_within,
};
use postern::id::UserId;
use postern::rules::channel::Channel;
use postern::rules::language::RequestedLanguages;
use postern::rules::limit::{Bucket, Charge};
use postern::rules::policy::TenantSettings;
use postern::store::account_mails::{AccountMail, Errand, sends_to};
use postern::store::clients::Client;
use postern::store::compensated;
use postern::store::limits::{Begun, LimitKey};
use postern::store::logins::{DEFAULT_CONNECTION, LoginKey, LoginName, PasswordHash};
use postern::store::user_life::NewLogin;
use postern::store::users::Profile;
use postern::token::keys::KeyNeeds;
use postern::token::password::hash_apart;
use postern::wire::refusal::Refusal;
use postern::wire::signup::{RESET_ANSWER, SignedUp, SignupRefusal};

pub use request::{METADATA_NAME_CHARACTERS_MAX, METADATA_PROPERTIES_MAX, METADATA_VALUE_CHARACTERS_MAX};
use request::{ResetRequest, Signup};

/// What this function unwraps: nothing.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/dbconnections/signup", post(sign_up))
        .route("/dbconnections/change_password", post(change_password))
        .method_not_allowed_fallback(method_not_allowed)
}

/// Who asks, admitted: the client it names, and what its source was charged.
struct Admitted {
    client: Client,
    source: LimitKey,
    charge: Charge,
    settings: Arc<TenantSettings>,
}

/// Charges the source while the client is looked up: whoever names none is charged nothing.
async fn admit(
    app: &App,
    context: &RequestContext,
    presented: &PresentedClient,
    bucket: fn(&TenantSettings) -> Bucket,
    spent: fn(retry_after: u64, limit: u64) -> Refusal,
) -> Result<Admitted, Refusal> {
    let settings = app.settings().await?;
    let source = LimitKey::of_source(context.source, bucket(&settings));
    let (client, attempt) =
        tokio::join!(presented.look_up(&app.store), app.store.take_attempt(&source, app.now()));
    let attempt = attempt?;
    let client = client.map_err(Refusal::from).and_then(|client| presented.authenticate_if_proven(client));
    let limit = source.bucket().burst;
    let (client, charge) =
        admit_charged(&app.store, &source, attempt, client, |retry_after| spent(retry_after, limit)).await?;
    Ok(Admitted { client, source, charge, settings })
}

/// What a request is in the audit log (SEC-40): whoever has the address (SEC-35).
fn event<T, E>(outcome: Result<T, E>, done: Event, not_done: Event) -> Event {
    if outcome.is_ok() { done } else { not_done }
}

async fn change_password(
    State(app): State<App>,
    context: RequestContext,
    languages: RequestedLanguages,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    trail::connection(DEFAULT_CONNECTION);
    let outcome = ask_for_reset(&app, &context, languages, &headers, &params).await;
    trail::conclude(|_| [event(outcome.as_ref(), Event::ResetAsked, Event::ResetNotAsked)]);
    outcome
}

async fn ask_for_reset(
    app: &App,
    context: &RequestContext,
    languages: RequestedLanguages,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, Refusal> {
    let presented = PresentedClient::of(headers, params)?;
    let ResetRequest { email } = ResetRequest::parse(params)?;
    let admitted =
        admit(app, context, &presented, |it| it.limits.password_reset_requests, too_many_resets).await?;
    let now = app.now();
    let sends = sends_to(&email, admitted.settings.limits.password_resets);
    let errand = Errand::reset(&LoginKey::new(DEFAULT_CONNECTION, email.as_str()));
    let mail = AccountMail::new(errand, Some(admitted.client.client_id), languages, &app.random, now)?;
    match app.store.ask_for_mail_within(&mail, &sends, now).await {
        Ok(Begun::Written) => Ok(reset_answer(&admitted.charge)),
        Ok(Begun::Spent { retry_after }) => Err(too_many_resets(retry_after, sends.bucket().burst)),
        Err(error) => {
            let undone = app.store.undo_attempt(&admitted.source, &admitted.charge).await;
            compensated("change_password", undone);
            Err(error.into())
        }
    }
}

fn too_many_resets(retry_after: u64, limit: u64) -> Refusal {
    Refusal::TooManySends { channel: Channel::Email, retry_after, limit }
}

fn reset_answer(charge: &Charge) -> Response {
    let mut response = ([(CONTENT_TYPE, "text/html; charset=utf-8")], RESET_ANSWER).into_response();
    never_stored(&mut response);
    response.extensions_mut().insert(charge.quota());
    response
}

async fn sign_up(
    State(app): State<App>,
    context: RequestContext,
    languages: RequestedLanguages,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, SignupRefusal> {
    trail::connection(DEFAULT_CONNECTION);
    let outcome = create(&app, &context, languages, &headers, &params).await;
    trail::conclude(|_| [event(outcome.as_ref(), Event::SignedUp, Event::SignupFailed)]);
    outcome
}

async fn create(
    app: &App,
    context: &RequestContext,
    languages: RequestedLanguages,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, SignupRefusal> {
    let presented = PresentedClient::of(headers, params)?;
    let Signup { email, password, change } = Signup::parse(params)?;
    if !app.settings().await?.signup {
        return Err(SignupRefusal::Disabled);
    }
    let admitted = admit(app, context, &presented, |it| it.limits.signups, too_many_signups).await?;
    let hash = PasswordHash(hash_apart(password, &app.random).await?);
    let now = app.now();
    let user = UserId::generate(&app.random)?;
    let mut profile = Profile { email: Some(email.clone()), ..Profile::new(user.clone(), now) };
    change.apply_to(&mut profile).map_err(|_| request::metadata_does_not_fit())?;
    let name = LoginName::new(DEFAULT_CONNECTION, email.as_str());
    let logins = [NewLogin { name, password_hash: Some(hash) }];
    let client = Some(admitted.client.client_id);
    let mail = AccountMail::new(Errand::VerifyEmail(user.clone()), client, languages, &app.random, now)?;
    match app.store.create_user_and_mail(profile, &logins, Some(&mail)).await {
        Ok(Some(_)) => {
            trail::user(&user);
            let body = SignedUp { id: user.name(), email: email.as_str(), email_verified: false };
            Ok(private_json_within(&body, admitted.charge.quota()))
        }
        // It stays charged: this is what tells who has an account.
        Ok(None) => Err(SignupRefusal::Invalid),
        Err(error) => {
            compensated("signup", app.store.undo_attempt(&admitted.source, &admitted.charge).await);
            Err(error.into())
        }
    }
}

fn too_many_signups(retry_after: u64, limit: u64) -> Refusal {
    Refusal::TooManySignups { retry_after, limit }
}
