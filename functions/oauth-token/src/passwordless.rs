//! Grant `passwordless/otp`: a code that was sent, instead of a password (contract §1.1, §9).

use postern::app::App;
use postern::http::Params;
use postern::http::client_auth::PresentedClient;
use postern::rules::destination::Destination;
use postern::rules::otp::OneTimeCode;
use postern::rules::passwordless::Connection;
use postern::rules::policy::TenantSettings;
use postern::rules::scope::Scope;
use postern::store::clients::Client;
use postern::store::logins::{Login, LoginKey};
use postern::store::passwordless::{SignInCode, SignInKey, Try};
use postern::store::{StoreError, compensated};
use postern::time::Timestamp;
use postern::token::claims::{GrantedBy, Target};
use postern::token::keyring::KeyRing;
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

use crate::first_factor::FirstFactor;
use crate::target::{OfflineAccess, Wanted};
use crate::{admit, password, requirements};

const GRANT: Grant = Grant::PasswordlessOtp;
/// The lengths a code may have, whatever the tenant's is now: it may have been another when the code was sent.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=10;

struct Request {
    connection: Connection,
    /// Where the code went and what it was; `None` for what cannot be either, which is a wrong code.
    typed: Option<(Destination, OneTimeCode)>,
    wanted: Wanted,
    scope: Option<Scope>,
    nonce: Option<String>,
}

impl Request {
    fn parse(app: &App, params: &Params) -> Result<Self, Refusal> {
        let (username, otp) = (params.required("username")?, params.required("otp")?);
        let connection = Connection::parse(params.required("realm")?)
            .ok_or_else(|| Refusal::InvalidRequest("Parameter realm must be email or sms".into()))?;
        let code = Some(otp.len()).filter(|length| DIGITS.contains(length));
        let code = code.and_then(|length| OneTimeCode::parse(otp, length));
        Ok(Self {
            connection,
            typed: connection.destination(username).ok().zip(code),
            wanted: Wanted::of(&app.config.issuer, params.optional("audience")?),
            scope: params.optional("scope")?.map(Scope::parse),
            nonce: password::nonce(params)?,
        })
    }

    fn wrong(&self) -> Refusal {
        Refusal::WrongSignInCode(self.connection.channel())
    }

    /// Demands a client that may use the grant, and the connection.
    fn admit(
        &self,
        presented: &PresentedClient,
        client: Result<Option<Client>, StoreError>,
        settings: &TenantSettings,
    ) -> Result<Client, Refusal> {
        let client = admit(presented, client?, GRANT)?;
        if self.connection.is_on(settings) {
            return Ok(client);
        }
        let text = format!("The {} connection is not enabled", self.connection.as_str());
        Err(Refusal::InvalidRequest(text))
    }
}

/// Checks the code and answers tokens, or that the second factor is due.
pub(crate) async fn sign_in(
    app: &App,
    presented: &PresentedClient,
    params: &Params,
) -> Result<TokenReply, Refusal> {
    let request = Request::parse(app, params)?;
    let settings = app.settings().await?;
    let (Some((to, code)), Some(client)) = (&request.typed, presented.id()) else {
        request.admit(presented, presented.look_up(&app.store).await, &settings)?;
        return Err(request.wrong());
    };
    let now = app.now();
    let key = SignInKey::new(request.connection, to, client);
    let login = LoginKey::new(request.connection.as_str(), to.as_str());
    let (client, login, api, tried, ring) = tokio::join!(
        presented.look_up(&app.store),
        app.store.login(&login),
        request.wanted.look_up(&app.store),
        app.store.try_sign_in(&key, now),
        app.keys.ring(now),
    );
    let tried = tried?;
    let admitted = || {
        let client = request.admit(presented, client, &settings)?;
        let may = OfflineAccess::of(&client);
        let target = request.wanted.for_user(&app.config.issuer, api?, request.scope.as_ref(), may)?;
        Ok((client, target, login?, ring?))
    };
    let (client, target, login, ring) = match (admitted(), &tried) {
        (Ok(admitted), _) => admitted,
        (Err(refusal), Try::Counted(stored)) => {
            // The code was never looked at.
            app.store.untry_sign_in(&key, stored).await?;
            return Err(refusal);
        }
        (Err(refusal), _) => return Err(refusal),
    };
    let stored = match tried {
        Try::Counted(stored) => stored,
        Try::TooMany => return Err(Refusal::TooManyTries),
        Try::NoCode => return Err(request.wrong()),
    };
    let right = stored.accepts(&ring, &key, code);
    let login = login.filter(|_| right).ok_or_else(|| request.wrong())?;
    let proven = Proven { app, settings: &settings, ring: &ring, client: &client, target: &target, now };
    proven.complete(request, &login, &key, &stored).await
}

/// A sign-in whose code is right.
struct Proven<'a> {
    app: &'a App,
    settings: &'a TenantSettings,
    ring: &'a KeyRing,
    client: &'a Client,
    target: &'a Target,
    now: Timestamp,
}

impl Proven<'_> {
    /// Uses the code up and answers. A code whose sign-in then fails by our fault is good again: the user would have to
    /// wait for another, and did nothing wrong.
    async fn complete(
        self,
        request: Request,
        login: &Login,
        key: &SignInKey,
        stored: &SignInCode,
    ) -> Result<TokenReply, Refusal> {
        let app = self.app;
        let answer = self.use_up(request, login, key, stored).await;
        let ours = matches!(&answer, Err(Refusal::Unavailable | Refusal::Busy | Refusal::Internal));
        if ours {
            compensated("passwordless_otp", app.store.restore_sign_in(key, stored).await);
        }
        answer
    }

    async fn use_up(
        self,
        request: Request,
        login: &Login,
        key: &SignInKey,
        stored: &SignInCode,
    ) -> Result<TokenReply, Refusal> {
        let Self { app, settings, ring, client, target, now } = self;
        let wrong = request.wrong();
        let (user, consumed) =
            tokio::join!(app.store.user(&login.user_id, now), app.store.consume_sign_in(key, &stored.nonce));
        if !consumed? {
            return Err(wrong);
        }
        let user = user?.ok_or(wrong)?;
        if user.profile.blocked {
            return Err(Refusal::UserBlocked);
        }
        let first = FirstFactor {
            app,
            settings,
            ring,
            user: &user.profile,
            client: &client.client_id,
            target,
            nonce: request.nonce,
            granted_by: GrantedBy::Passwordless,
            policy: client.policy(settings.policy),
            requirements: requirements::of(&user, settings),
            now,
        };
        first.answer().await
    }
}
