//! Grant `passwordless/otp`: a code that was sent, instead of a password (contract §1.1, §9).

use postern::app::App;
use postern::audit::trail;
use postern::http::client_auth::PresentedClient;
use postern::http::{Params, RequestContext, admit_charged};
use postern::id::Nonce;
use postern::rules::destination::Destination;
use postern::rules::limit::{Charge, Quota};
use postern::rules::otp::OneTimeCode;
use postern::rules::passwordless::Connection;
use postern::rules::policy::TenantSettings;
use postern::rules::scope::Scope;
use postern::store::clients::Client;
use postern::store::{StoreError, compensated};

use postern::store::limits::LimitKey;
use postern::store::logins::{Login, LoginKey};
use postern::store::passwordless::{SignInCode, SignInKey, Try};
use postern::store::users::{Profile, UserState};
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
        trail::connection(connection.as_str());
        trail::channel(connection.channel());
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

/// Checks the code and answers tokens, with how the source's budget of wrong codes stands; or that the second factor is
/// due.
pub(crate) async fn sign_in(
    app: &App,
    context: &RequestContext,
    presented: &PresentedClient,
    params: &Params,
) -> Result<(TokenReply, Quota), Refusal> {
    let request = Request::parse(app, params)?;
    let settings = app.settings().await?;
    let (Some((to, code)), Some(client)) = (&request.typed, presented.id()) else {
        request.admit(presented, presented.look_up(&app.store).await, &settings)?;
        return Err(request.wrong());
    };
    let now = app.now();
    let key = SignInKey::new(request.connection, to, client);
    let login = LoginKey::new(request.connection.as_str(), to.as_str());
    let limit = key.guesses(context.source, settings.limits.passwords);
    let (client, login, api, attempt, ring) = tokio::join!(
        presented.look_up(&app.store),
        app.store.login(&login),
        request.wanted.look_up(&app.store),
        app.store.take_attempt(&limit, now),
        app.keys.ring(now),
    );
    let attempt = attempt?;
    let admitted = || {
        let client = request.admit(presented, client, &settings)?;
        let login = login?;
        if let Some(login) = &login {
            trail::user(&login.user_id);
        }
        let may = OfflineAccess::of(&client);
        let target = request.wanted.for_user(&app.config.issuer, api?, request.scope.as_ref(), may)?;
        Ok((client, target, login, ring?))
    };
    let spent = |retry_after| Refusal::TooManyCodes { limit: limit.bucket().burst, retry_after };
    let ((client, target, login, ring), charge) =
        admit_charged(&app.store, &limit, attempt, admitted(), spent).await?;
    let quota = charge.quota_given_back();
    let attempt = Attempt {
        app,
        settings: &settings,
        ring: &ring,
        client: &client,
        target: &target,
        key: &key,
        limit: (&limit, &charge),
        now,
    };
    Ok((attempt.answer(&request, login, code).await?, quota))
}

/// A try that is charged to its source.
struct Attempt<'a> {
    app: &'a App,
    settings: &'a TenantSettings,
    ring: &'a KeyRing,
    client: &'a Client,
    target: &'a Target,
    key: &'a SignInKey,
    limit: (&'a LimitKey, &'a Charge),
    now: Timestamp,
}

impl Attempt<'_> {
    /// The second trip: the try is counted, then the code is compared. The user is read beside it, or nobody, so that the
    /// work does not tell whether anybody has the address (SEC-35). A code whose sign-in then fails by our fault is good
    /// again: the user would have to wait for another, and did nothing wrong.
    async fn answer(
        &self,
        request: &Request,
        login: Option<Login>,
        code: &OneTimeCode,
    ) -> Result<TokenReply, Refusal> {
        let Self { app, key, now, .. } = *self;
        let id = Nonce::generate(&app.random)?;
        let nobody = Profile::of_nobody(now).user_id;
        let user = login.as_ref().map_or(&nobody, |login| &login.user_id);
        let (tried, user) = tokio::join!(app.store.try_sign_in(key, now), app.store.user(user, now));
        let stored = match tried? {
            Try::Counted(stored) => stored,
            Try::TooMany => return Err(Refusal::TooManyTries),
            Try::NoCode => return Err(request.wrong()),
        };
        let right = stored.accepts(self.ring, key, code);
        let answer = match user {
            Err(error) => {
                // Nothing is told of the code, so its source owes nothing for it.
                let (limit, charge) = self.limit;
                compensated("passwordless_otp", app.store.undo_attempt(limit, charge).await);
                Err(error.into())
            }
            Ok(user) => match user.filter(|_| right && login.is_some()) {
                None => Err(request.wrong()),
                Some(user) => self.use_up(request, &user, &stored, &id).await,
            },
        };
        let ours = matches!(&answer, Err(Refusal::Unavailable | Refusal::Busy | Refusal::Internal));
        if ours {
            compensated("passwordless_otp", app.store.restore_sign_in(key, &stored, &id, now).await);
        }
        answer
    }

    async fn use_up(
        &self,
        request: &Request,
        user: &UserState,
        stored: &SignInCode,
        id: &Nonce,
    ) -> Result<TokenReply, Refusal> {
        let Self { app, settings, ring, client, target, key, limit: (limit, charge), now } = *self;
        let (consumed, given_back) = tokio::join!(
            app.store.consume_sign_in(key, &stored.nonce, id),
            app.store.give_back(limit, charge)
        );
        if !consumed? {
            return Err(request.wrong());
        }
        // The code came back from the address, whatever becomes of the sign-in.
        if let Some((Destination::Email(address), _)) = &request.typed
            && user.marked(address, now).is_some_and(|mailbox| mailbox.proven(stored.made_at).is_some())
        {
            app.store.mailbox_is_proven(&user.profile.user_id, address, stored.made_at).await;
        }
        given_back?;
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
            nonce: request.nonce.clone(),
            granted_by: GrantedBy::Passwordless,
            first_to: request.typed.as_ref().map(|(to, _)| to.place()),
            policy: client.policy(settings.policy),
            requirements: requirements::of(user, settings),
            now,
        };
        first.answer().await
    }
}
