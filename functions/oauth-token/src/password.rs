//! Grants `password` and `password-realm`: the first factor (contract §1.1, A3).

use postern::app::App;
use postern::audit::trail;
use postern::http::client_auth::PresentedClient;
use postern::http::{Params, RequestContext, admit_charged};
use postern::rules::limit::Quota;
use postern::rules::policy::TenantSettings;
use postern::rules::scope::Scope;
use postern::store::limits::LimitKey;
use postern::store::logins::{DEFAULT_CONNECTION, Login, LoginKey, PasswordHash};
use postern::store::users::UserState;
use postern::time::Timestamp;
use postern::token::claims::GrantedBy;
use postern::token::password::{self, Password};
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

use crate::first_factor::FirstFactor;
use crate::target::{OfflineAccess, Wanted};
use crate::{admit, alarm, requirements};

/// Longest `nonce` that is carried into the id token, in bytes.
const NONCE_BYTES_MAX: usize = 512;

struct PasswordRequest {
    login: LoginKey,
    password: Password,
    wanted: Wanted,
    scope: Option<Scope>,
    nonce: Option<String>,
}

impl PasswordRequest {
    fn parse(app: &App, grant: Grant, params: &Params) -> Result<Self, Refusal> {
        let username = params.required("username")?;
        let password = Password::new(params.required("password")?);
        let connection = match grant {
            Grant::PasswordRealm => params.required("realm")?,
            _ => DEFAULT_CONNECTION,
        };
        Ok(Self {
            login: LoginKey::new(connection, username),
            password,
            wanted: Wanted::of(&app.config.issuer, params.optional("audience")?),
            scope: params.optional("scope")?.map(Scope::parse),
            nonce: nonce(params)?,
        })
    }
}

/// The `nonce` for the id token, if sent.
pub(crate) fn nonce(params: &Params) -> Result<Option<String>, Refusal> {
    let nonce = params.optional("nonce")?.map(ToOwned::to_owned);
    if nonce.as_ref().is_some_and(|nonce| nonce.len() > NONCE_BYTES_MAX) {
        return Err(Refusal::InvalidRequest("Parameter nonce is too long".into()));
    }
    Ok(nonce)
}

/// Checks the password and answers tokens, with how the budget of wrong passwords stands; or that the second factor is
/// due.
pub(crate) async fn sign_in(
    app: &App,
    context: &RequestContext,
    presented: &PresentedClient,
    grant: Grant,
    params: &Params,
) -> Result<(TokenReply, Quota), Refusal> {
    let request = PasswordRequest::parse(app, grant, params)?;
    let now = app.now();
    let settings = app.settings().await?;
    let limit = LimitKey::passwords(request.login.pk().to_owned(), context.source, settings.limits.passwords);
    let (client, login, api, attempt, ring) = tokio::join!(
        presented.look_up(&app.store),
        app.store.login(&request.login),
        request.wanted.look_up(&app.store),
        app.store.take_attempt(&limit, now),
        app.keys.ring(now),
    );
    let attempt = attempt?;
    let admit = || {
        let client = admit(presented, client?, grant)?;
        let login = login?;
        note(&request.login, login.as_ref());
        let may = OfflineAccess::of(&client);
        let target = request.wanted.for_user(&app.config.issuer, api?, request.scope.as_ref(), may)?;
        Ok((client, target, login, ring?))
    };
    let spent = |retry_after| Refusal::TooManyPasswords { limit: limit.bucket().burst, retry_after };
    let ((client, target, login, ring), charge) =
        admit_charged(&app.store, &limit, attempt, admit(), spent).await?;
    let Some(login) = opened(login, request.password.clone(), &settings).await? else {
        return Err(alarm::wrong_password(app, &limit, &charge, &client.client_id).await);
    };
    let (user, given_back) =
        tokio::join!(verified(app, &request.login, &login, now), app.store.give_back(&limit, &charge));
    given_back?;
    let user = user?;
    let first = FirstFactor {
        app,
        settings: &settings,
        ring: &ring,
        user: &user.profile,
        client: &client.client_id,
        target: &target,
        nonce: request.nonce,
        granted_by: GrantedBy::Password,
        first_to: None,
        policy: client.policy(settings.policy),
        requirements: requirements::of(&user, &settings),
        now,
    };
    let renewal = renew(app, &request.login, &login, request.password);
    let (answer, ()) = tokio::join!(first.answer(), renewal);
    Ok((answer?, charge.quota_given_back()))
}

/// For the audit log: whose login it is. A connection that nobody of that name is in may be anything somebody typed.
fn note(asked: &LoginKey, login: Option<&Login>) {
    if let Some(login) = login {
        trail::user(&login.user_id);
        trail::connection(asked.connection());
    }
}

/// The login, if the password is its own. Where there is none, the work is the same.
async fn opened(
    login: Option<Login>,
    password: Password,
    settings: &TenantSettings,
) -> Result<Option<Login>, Refusal> {
    let stored = login.as_ref().and_then(|login| login.password_hash.as_ref().map(|hash| hash.0.clone()));
    let is_right = password::verify(password, stored, settings.bcrypt_cost).await?;
    Ok(login.filter(|_| is_right))
}

/// A hash that the user moved in with gives way to one of ours, now that the password is known. The sign-in does not
/// depend on it: the next one tries again.
async fn renew(app: &App, key: &LoginKey, login: &Login, password: Password) {
    let Some(verified) = login.password_hash.as_ref().filter(|hash| password.outgrows(&hash.0)) else {
        return;
    };
    let Ok(renewed) = password::hash_apart(password, &app.random).await else { return };
    let renewed = app.store.renew_password_hash(key, verified, &PasswordHash(renewed)).await;
    if !matches!(renewed, Ok(true)) {
        tracing::info!(event = "password_hash_not_renewed");
    }
}

/// The user whose password was verified, unless blocked.
async fn verified(app: &App, key: &LoginKey, login: &Login, now: Timestamp) -> Result<UserState, Refusal> {
    let user = app.store.user(&login.user_id, now).await?.ok_or(Refusal::WrongPassword)?;
    if user.profile.blocked {
        return Err(Refusal::UserBlocked);
    }
    // Something ended this user's tokens a moment ago: if that was a change of the password, what was verified may be
    // the one of before, and must not get tokens of after (SEC-42).
    if user.profile.issue_time(now) != now && !is_still(app, key, login).await? {
        return Err(Refusal::WrongPassword);
    }
    Ok(user)
}

/// Whether the password that was verified is the one there is.
async fn is_still(app: &App, key: &LoginKey, verified: &Login) -> Result<bool, Refusal> {
    let hash = |login: &Login| login.password_hash.as_ref().map(|hash| hash.0.clone());
    Ok(app.store.login(key).await?.is_some_and(|login| hash(&login) == hash(verified)))
}
