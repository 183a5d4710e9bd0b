//! Grant `refresh_token`: the tokens of an earlier sign-in, renewed (RFC 6749 §6, contract §1.1, §1.4). The refresh token
//! is replaced each time; `postern::rules::refresh` says what becomes of the one it replaces.

use std::sync::Arc;

use postern::app::App;
use postern::audit::trail::{self, Fact};
use postern::http::Params;
use postern::http::client_auth::PresentedClient;
use postern::id::ClientId;
use postern::rules::policy::TenantSettings;
use postern::rules::refresh::{RefreshSecret, Standing, expires_at};
use postern::rules::scope::Scope;
use postern::store::DECISION_TRIES;
use postern::store::clients::{Api, Client};
use postern::store::refresh::{Family, Rotated, Rotation};
use postern::store::users::Profile;
use postern::time::Timestamp;
use postern::token::claims::{GrantedBy, Target};
use postern::token::issue::{SignIn, sign_in};
use postern::token::keyring::{KeyRing, Purpose};
use postern::token::refresh::RefreshToken;
use postern::wire::mfa_due::MfaRequirements;
use postern::wire::oauth::{Grant, TokenReply};
use postern::wire::refusal::Refusal;

use crate::first_factor::FirstFactor;
use crate::target::{OfflineAccess, Wanted, shown};
use crate::{admit, requirements};

/// What the client asked for; its tokens may ask for less than the sign-in did, never for more.
struct RefreshRequest {
    /// `None` for text that cannot be a token.
    token: Option<RefreshToken>,
    /// The audience named, if one was.
    audience: Option<String>,
    scope: Option<Scope>,
}

impl RefreshRequest {
    fn parse(params: &Params) -> Result<Self, Refusal> {
        Ok(Self {
            token: RefreshToken::parse(params.required("refresh_token")?),
            audience: params.optional("audience")?.map(ToOwned::to_owned),
            scope: params.optional("scope")?.map(Scope::parse),
        })
    }
}

/// Checks the refresh token, replaces it, and answers tokens.
pub(crate) async fn issue(
    app: &App,
    presented: &PresentedClient,
    params: &Params,
) -> Result<TokenReply, Refusal> {
    let RefreshRequest { token, audience, scope } = RefreshRequest::parse(params)?;
    let Some(token) = token else {
        // An unknown client learns nothing about tokens.
        admit(presented, presented.look_up(&app.store).await?, Grant::RefreshToken)?;
        return Err(Refusal::UnknownRefreshToken);
    };
    let now = app.now();
    let own = Wanted::of(&app.config.issuer, Some(&token.audience));
    let (client, family, profile, api, settings, ring) = tokio::join!(
        presented.look_up(&app.store),
        app.store.refresh_family(&token.user, &token.family),
        app.store.profile(&token.user),
        own.look_up(&app.store),
        app.settings(),
        app.keys.ring(now),
    );
    let client = admit(presented, client?, Grant::RefreshToken)?;
    let (family, api, settings, ring) = (family?, api?, settings?, ring?);
    let refresh = Refresh { app, token, client: client.client_id.clone(), settings, ring, now };
    let family = refresh.admit_family(family).await?;
    let profile = refresh.admit_user(profile?, &family)?;
    let wanted = Asked { audience, scope, own, api };
    let target = wanted.target(app, &client, &family)?;
    refresh.answer(&profile, &target, family).await
}

/// What is asked for beside what the sign-in was for.
struct Asked {
    audience: Option<String>,
    scope: Option<Scope>,
    own: Wanted,
    api: Option<Api>,
}

impl Asked {
    /// The audience of the sign-in with its scopes or fewer, as the API has them today; or managing one's factors.
    fn target(self, app: &App, client: &Client, family: &Family) -> Result<Target, Refusal> {
        let issuer = &app.config.issuer;
        if let Some(audience) = &self.audience {
            match Wanted::of(issuer, Some(audience)) {
                Wanted::Mfa => {
                    return Wanted::Mfa.for_user(issuer, None, self.scope.as_ref(), OfflineAccess::No);
                }
                other if other == self.own => {}
                _ => return Err(Refusal::UnknownAudience(shown(audience))),
            }
        }
        let scope = Scope::granted(self.scope.as_ref(), &family.scope);
        self.own.for_user(issuer, self.api, Some(&scope), OfflineAccess::of(client))
    }
}

/// A refresh token of a client that may use this grant.
struct Refresh<'a> {
    app: &'a App,
    token: RefreshToken,
    client: ClientId,
    settings: Arc<TenantSettings>,
    ring: Arc<KeyRing>,
    now: Timestamp,
}

impl Refresh<'_> {
    /// Demands a family of this client that is not over and whose secret was not reused.
    async fn admit_family(&self, family: Option<Family>) -> Result<Family, Refusal> {
        let fits = |family: &Family| {
            family.client_id == self.client && family.audience == self.token.audience && !self.is_over(family)
        };
        let family = family.filter(fits).ok_or(Refusal::UnknownRefreshToken)?;
        trail::user(&self.token.user);
        match self.standing(&family) {
            Standing::Current | Standing::Recent(_) => Ok(family),
            Standing::Reused => Err(self.end_reused().await),
        }
    }

    /// Demands a user who still accepts what was issued when the family was.
    fn admit_user(&self, profile: Option<Profile>, family: &Family) -> Result<Profile, Refusal> {
        let profile = profile.ok_or(Refusal::RefreshUserGone)?;
        if profile.blocked {
            return Err(Refusal::UserBlocked);
        }
        if !profile.accepts_tokens_of(family.issued_at) {
            return Err(Refusal::UnknownRefreshToken);
        }
        Ok(profile)
    }

    /// Whether nothing is given for its tokens: also when the current one was computed under a root that somebody else
    /// may have, and with it this very token. Whatever is presented then, it proves nothing.
    fn is_over(&self, family: &Family) -> bool {
        let root = family.chain.root().and_then(|kid| self.ring.root_of(kid));
        family.is_over(self.now) || root.is_some_and(|root| !root.vouches_for(Purpose::RefreshSecret))
    }

    fn leeway(&self) -> u64 {
        self.settings.lifetimes.refresh_token_leeway_seconds
    }

    fn standing<'f>(&self, family: &'f Family) -> Standing<'f> {
        family.chain.standing(&self.token.secret.digest(), self.now, self.leeway())
    }

    /// Ends the family: its tokens are in two places (RFC 9700 §4.14.2).
    async fn end_reused(&self) -> Refusal {
        trail::fact(Fact::TokenReused);
        let RefreshToken { user, family, .. } = &self.token;
        match self.app.store.end_refresh_family(user, family, &self.client).await {
            Ok(_) => {
                tracing::warn!(event = "refresh_token_reused", client_id = %self.client);
                Refusal::UnknownRefreshToken
            }
            Err(error) => error.into(),
        }
    }

    /// Read only where the tenant wants `mfa_required` to say it.
    async fn requirements(&self, user: &Profile) -> Result<Option<MfaRequirements>, Refusal> {
        if !self.settings.mfa_requirements {
            return Ok(None);
        }
        let state = self.app.store.user(&user.user_id, self.now).await?;
        Ok(state.and_then(|state| requirements::of(&state, &self.settings)))
    }

    /// Tokens, or that MFA is due: managing factors is not for whoever holds a refresh token, once there are any
    /// (design §5). Being asked for MFA leaves the refresh token as it is, for that answer has no room for the next one.
    async fn answer(&self, user: &Profile, target: &Target, family: Family) -> Result<TokenReply, Refusal> {
        let for_factors = target.audience == self.app.config.issuer.mfa_audience();
        if for_factors && user.is_enrolled(&self.settings) {
            let login = FirstFactor {
                app: self.app,
                settings: &self.settings,
                ring: &self.ring,
                user,
                client: &self.client,
                target,
                nonce: None,
                granted_by: family.granted_by,
                first_to: None,
                policy: self.settings.policy,
                requirements: self.requirements(user).await?,
                now: self.now,
            };
            return Err(login.ask_for_mfa()?);
        }
        // The tokens are signed first, so that nothing can fail once the refresh token is replaced.
        let renewed = SignIn {
            user,
            client: &self.client,
            target,
            nonce: None,
            granted_by: renewed_by(family.granted_by),
            auth_time: family.auth_time,
            method: None,
            not_after: None,
        };
        let mut reply = sign_in(&self.ring, &self.app.config.issuer, &self.app.random, &renewed, self.now)?;
        let secret = self.next_secret(family).await?;
        reply.refresh_token = Some(self.token.with(secret).text());
        Ok(reply)
    }

    /// The secret that is current from now on: this request's successor, or the one another request made.
    async fn next_secret(&self, mut family: Family) -> Result<RefreshSecret, Refusal> {
        for _ in 0..DECISION_TRIES {
            if self.is_over(&family) {
                return Err(Refusal::UnknownRefreshToken);
            }
            let next = match self.standing(&family) {
                Standing::Recent(steps) => return Ok(self.token.follow(&self.ring, steps)?),
                Standing::Reused => return Err(self.end_reused().await),
                Standing::Current => self.ring.root(self.now)?,
            };
            let secret = self.token.successor(next)?;
            let rotation = Rotation {
                user: &self.token.user,
                id: &self.token.family,
                seen: &family,
                next: family.chain.rotated(&secret, &next.kid, self.now, self.leeway()),
                expires_at: expires_at(&self.settings.lifetimes, family.ends_at, self.now),
            };
            match self.app.store.rotate_refresh_family(&rotation).await? {
                Rotated::Done => return Ok(secret),
                Rotated::Overtaken(newer) => family = *newer,
                Rotated::Gone => return Err(Refusal::UnknownRefreshToken),
            }
        }
        Err(Refusal::Busy)
    }
}

/// What renewed tokens say they were granted by. One mailbox stays one factor however often its tokens are renewed, so
/// that a sign-in by a code remains one.
fn renewed_by(first: GrantedBy) -> GrantedBy {
    match first {
        GrantedBy::Passwordless => first,
        _ => GrantedBy::RefreshToken,
    }
}
