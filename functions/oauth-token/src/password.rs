//! Grants `password` and `password-realm`: the first factor (contract §1.1, A3).

use postern::app::App;
use postern::http::client_auth::PresentedClient;
use postern::http::{Params, RequestContext};
use postern::id::{ClientId, Jti};
use postern::rules::policy::{MfaPolicy, TenantSettings};
use postern::rules::scope::Scope;
use postern::store::limits::{LimitKey, Taken};
use postern::store::logins::{DEFAULT_CONNECTION, LoginKey};
use postern::store::users::UserState;
use postern::time::Timestamp;
use postern::token::claims::{MfaToken, Target};
use postern::token::issue::{SignIn, sign_in as issue_tokens};
use postern::token::keyring::{KeyRing, Purpose};
use postern::token::password::{self, Password};
use postern::token::sealed;
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::{IssuedToken, Refusal};

use crate::admit;
use crate::target::Wanted;

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
        let target = request.wanted.for_user(&app.config.issuer, api?, request.scope.as_ref())?;
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
    let first = FirstFactor {
        app,
        ring: &ring,
        settings: &settings,
        client: &client,
        target: &target,
        nonce: request.nonce,
        now,
    };
    first.answer(&user)
}

struct FirstFactor<'a> {
    app: &'a App,
    ring: &'a KeyRing,
    settings: &'a TenantSettings,
    client: &'a ClientId,
    target: &'a Target,
    nonce: Option<String>,
    now: Timestamp,
}

impl FirstFactor<'_> {
    fn answer(self, user: &UserState) -> Result<TokenReply, Refusal> {
        let for_factors = self.target.audience == self.app.config.issuer.mfa_audience();
        let mfa_is_due = if for_factors {
            // This is how the first factor is added; further ones need the ones there are (design §5).
            user.is_enrolled(self.settings)
        } else {
            self.settings.policy == MfaPolicy::AllApplications
        };
        if mfa_is_due { Err(self.ask_for_mfa(user)?) } else { self.tokens(user) }
    }

    fn tokens(self, user: &UserState) -> Result<TokenReply, Refusal> {
        let sign_in = SignIn {
            user: &user.profile,
            client: self.client,
            target: self.target,
            nonce: self.nonce.as_deref(),
            method: None,
            not_after: None,
        };
        Ok(issue_tokens(self.ring, &self.app.config.issuer, &self.app.random, &sign_in, self.now)?)
    }

    fn ask_for_mfa(self, user: &UserState) -> Result<Refusal, Refusal> {
        let token = MfaToken {
            jti: Jti::generate(&self.app.random)?,
            sub: user.profile.user_id.clone(),
            client_id: self.client.clone(),
            target: self.target.clone(),
            issued_at: self.now,
            expires_at: self.now.plus(self.settings.lifetimes.mfa_token_seconds),
            nonce: self.nonce,
        };
        let sealed = sealed::seal(self.ring, Purpose::MfaToken, &token, &self.app.random, self.now)?;
        Ok(Refusal::MfaRequired(IssuedToken(sealed)))
    }
}
