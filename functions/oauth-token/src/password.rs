//! Grants `password` and `password-realm`: the first factor (contract §1.1, A3).

use postern::app::App;
use postern::config::Issuer;
use postern::http::client_auth::PresentedClient;
use postern::http::{Params, RequestContext};
use postern::rules::policy::{MfaPolicy, TenantSettings};
use postern::rules::scope::Scope;
use postern::rules::settings::Lifetimes;
use postern::store::limits::{LimitKey, Taken};
use postern::store::logins::{DEFAULT_CONNECTION, LoginKey};
use postern::store::users::UserState;
use postern::time::Timestamp;
use postern::token::claims::{GrantedBy, Target};
use postern::token::issue::{SignIn, sign_in as issue_tokens};
use postern::token::keyring::KeyRing;
use postern::token::password::{self, Password};
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

use crate::admit;
use crate::offline::Offline;
use crate::second_factor::FirstFactor;
use crate::target::{self, Wanted};

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
        let nonce = params.optional("nonce")?.map(ToOwned::to_owned);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > NONCE_BYTES_MAX) {
            return Err(Refusal::InvalidRequest("Parameter nonce is too long".into()));
        }
        Ok(Self {
            login: LoginKey::new(connection, username),
            password,
            wanted: Wanted::of(&app.config.issuer, params.optional("audience")?),
            scope: params.optional("scope")?.map(Scope::parse),
            nonce,
        })
    }
}

/// Checks the password and answers tokens, or that the second factor is due.
pub(crate) async fn sign_in(
    app: &App,
    context: &RequestContext,
    presented: &PresentedClient,
    grant: Grant,
    params: &Params,
) -> Result<TokenReply, Refusal> {
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
        let offline = target::Offline::of(&client);
        let target = request.wanted.for_user(&app.config.issuer, api?, request.scope.as_ref(), offline)?;
        Ok((client.client_id, target, login?, ring?))
    };
    let (client, target, login, ring) = match (admit(), &attempt) {
        (Ok(admitted), _) => admitted,
        (Err(refusal), Taken::Charged(charge)) => {
            // The password was never looked at.
            app.store.undo_attempt(&limit, charge).await?;
            return Err(refusal);
        }
        (Err(refusal), Taken::Spent { .. }) => return Err(refusal),
    };
    let charge = match attempt {
        Taken::Charged(charge) => charge,
        Taken::Spent { retry_after } => return Err(Refusal::TooManyPasswords { retry_after }),
    };
    let stored = login.as_ref().map(|login| login.password_hash.0.clone());
    let right = password::verify(request.password, stored).await?;
    let Some(login) = login.filter(|_| right) else { return Err(Refusal::WrongPassword) };
    let (user, given_back) =
        tokio::join!(app.store.user(&login.user_id, now), app.store.give_back(&limit, &charge));
    given_back?;
    let user = user?.ok_or(Refusal::WrongPassword)?;
    if user.profile.blocked {
        return Err(Refusal::UserBlocked);
    }
    let issuer = &app.config.issuer;
    let first = FirstFactor {
        user: &user.profile,
        client: &client,
        target: &target,
        nonce: request.nonce,
        granted_by: GrantedBy::Password,
    };
    if mfa_is_due(issuer, &target, &user, &settings) {
        return Err(first.ask_for_mfa(app, &settings.lifetimes, &ring, now)?);
    }
    tokens(app, &settings.lifetimes, &ring, first, now).await
}

fn mfa_is_due(issuer: &Issuer, target: &Target, user: &UserState, settings: &TenantSettings) -> bool {
    if target.audience == issuer.mfa_audience() {
        // This is how the first factor is added; further ones need the ones there are (design §5).
        user.is_enrolled(settings)
    } else {
        settings.policy == MfaPolicy::AllApplications
    }
}

/// Tokens without a second factor.
async fn tokens(
    app: &App,
    lifetimes: &Lifetimes,
    ring: &KeyRing,
    login: FirstFactor<'_>,
    now: Timestamp,
) -> Result<TokenReply, Refusal> {
    let FirstFactor { user, client, target, nonce, granted_by } = login;
    let sign_in = SignIn {
        user,
        client,
        target,
        nonce: nonce.as_deref(),
        granted_by,
        auth_time: now,
        method: None,
        not_after: None,
    };
    let mut reply = issue_tokens(ring, &app.config.issuer, &app.random, &sign_in, now)?;
    if let Some(offline) = Offline::of(app, lifetimes, user, client, target, granted_by, now)? {
        app.store.begin_refresh_family(&offline.family).await?;
        reply.refresh_token = Some(offline.token.text());
    }
    Ok(reply)
}
