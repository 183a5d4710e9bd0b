//! `POST /passwordless/start`: sends a code or a link that takes a password's place (contract §9).
//!
//! Nothing in the answer or in the work tells whether anybody has the address (SEC-35): the same items are written, and
//! the same service is called, for an address of nobody in a way that reaches nobody.

mod events;
mod request;
mod sending;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use data_encoding::HEXLOWER;
use postern::app::App;
use postern::audit::trail;
use postern::delivery::custom::CustomTemplate;
use postern::http::client_auth::PresentedClient;
use postern::http::{Params, RequestContext, admit_charged, method_not_allowed, private_json_within};
use postern::rules::destination::Destination;
use postern::rules::email_template::TemplateName;
use postern::rules::language::RequestedLanguages;
use postern::rules::limit::Charge;
use postern::rules::passwordless::Connection;
use postern::rules::policy::TenantSettings;
use postern::store::clients::Client;
use postern::store::limits::LimitKey;
use postern::store::logins::{Login, LoginKey};
use postern::store::passwordless::SignInKey;
use postern::time::Timestamp;
use postern::token::keyring::KeyRing;
use postern::token::keys::KeyNeeds;
use postern::wire::oauth::Grant;
use postern::wire::passwordless::{StartFault, StartReply};
use postern::wire::refusal::Refusal;
use ring::digest;

use request::{StartRequest, Wanted};

/// What this function unwraps: roots, for the MAC of codes.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new().route("/passwordless/start", post(start)).method_not_allowed_fallback(method_not_allowed)
}

/// A start that may go on, with all it was decided on.
struct Start {
    request: StartRequest,
    client: Client,
    /// Whose the address is, if it is anybody's.
    login: Option<Login>,
    /// What the code is bound to.
    key: SignInKey,
    /// Wrong codes since the last right one.
    failures: u64,
    /// What the source was charged.
    source: (LimitKey, Charge),
    settings: Arc<TenantSettings>,
    template: Option<Arc<CustomTemplate>>,
    languages: RequestedLanguages,
    ring: Arc<KeyRing>,
    now: Timestamp,
}

async fn start(
    State(app): State<App>,
    context: RequestContext,
    languages: RequestedLanguages,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    let outcome = begin(&app, &context, languages, &headers, &params).await;
    let asked = outcome.as_ref().map(|(_, wanted)| wanted);
    trail::conclude(|_| [events::event(asked)]);
    outcome.map(|(response, _)| response)
}

/// Gives the answer, and what was sent.
async fn begin(
    app: &App,
    context: &RequestContext,
    languages: RequestedLanguages,
    headers: &HeaderMap,
    params: &Params,
) -> Result<(Response, Wanted), Refusal> {
    let presented = PresentedClient::if_named(headers, params)?;
    let presented = presented.ok_or(Refusal::BadStart(StartFault::Missing("client_id")))?;
    let request = StartRequest::parse(params)?;
    trail::connection(request.connection.as_str());
    trail::channel(request.connection.channel());
    let start = admit(app, context, &presented, request, languages).await?;
    sending::send(app, &start).await?;
    let (_, charge) = &start.source;
    let answer = private_json_within(&reply(&start), charge.quota());
    Ok((answer, start.request.send))
}

/// The first trip: the source's budget, the client, and whose the address is.
async fn admit(
    app: &App,
    context: &RequestContext,
    presented: &PresentedClient,
    request: StartRequest,
    languages: RequestedLanguages,
) -> Result<Start, Refusal> {
    let now = app.now();
    let settings = app.settings().await?;
    let source = LimitKey::of_source(context.source, settings.limits.passwordless_starts);
    let login = LoginKey::new(request.connection.as_str(), request.to.as_str());
    let named = presented.id().ok_or(Refusal::ClientUnauthorized)?;
    let key = SignInKey::new(request.connection, &request.to, named);
    let (client, login, failures, attempt, template, ring) = tokio::join!(
        presented.look_up(&app.store),
        app.store.login(&login),
        app.store.sign_in_failures(&key),
        app.store.take_attempt(&source, now),
        app.template(template(request.connection)),
        app.keys.ring(now),
    );
    let attempt = attempt?;
    let admitted = || {
        let client = presented.authenticate(client?)?;
        if !client.may_use(Grant::PasswordlessOtp) {
            return Err(Refusal::GrantNotAllowed(Grant::PasswordlessOtp.as_str()));
        }
        demand_allowed(&request, &client, &settings)?;
        Ok(client)
    };
    let (channel, limit) = (request.connection.channel(), source.bucket().burst);
    let spent = |retry_after| Refusal::TooManySends { channel, limit, retry_after };
    let (client, charge) = admit_charged(&app.store, &source, attempt, admitted(), spent).await?;
    let (login, failures, template, ring) = (login?, failures?, template?, ring?);
    let source = (source, charge);
    Ok(Start { request, client, login, key, failures, source, settings, template, languages, ring, now })
}

fn template(connection: Connection) -> TemplateName {
    match connection {
        Connection::Email => TemplateName::AuthEmailByCode,
        Connection::Sms => TemplateName::SmsPasswordless,
    }
}

/// What tenant and client have to allow.
fn demand_allowed(request: &StartRequest, client: &Client, settings: &TenantSettings) -> Result<(), Refusal> {
    if !request.connection.is_on(settings) {
        return Err(Refusal::BadStart(StartFault::ConnectionOff));
    }
    if !request.to.is_in_allowed_country(settings) {
        let why = "Codes are not sent to phone numbers of this country";
        return Err(Refusal::BadStart(StartFault::PhoneNumberRefused(why)));
    }
    request.send.demand_callback(&client.callbacks)
}

fn reply(start: &Start) -> StartReply<'_> {
    let to = &start.request.to;
    let id = id_of(start.request.connection, to);
    match start.request.connection {
        Connection::Email => StartReply::Email { id, email: to.as_str(), email_verified: false },
        Connection::Sms => StartReply::Sms {
            id,
            phone_number: to.as_str(),
            phone_verified: false,
            request_language: start.languages.raw(),
        },
    }
}

/// Characters of an id, as Auth0's have.
const ID_CHARACTERS: usize = 24;

/// An id that whoever knows the address can compute: it says nothing.
fn id_of(connection: Connection, to: &Destination) -> String {
    let text = format!("{}|{}", connection.as_str(), to.as_str());
    let hex = HEXLOWER.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    hex.chars().take(ID_CHARACTERS).collect()
}
