//! What the three MFA grants share: the first trip, and whose fault a refusal is.

use std::sync::Arc;

use postern::app::App;
use postern::config::Issuer;
use postern::http::Params;
use postern::http::bearer::{MfaPrincipal, PrincipalToken};
use postern::http::client_auth::PresentedClient;
use postern::rules::limit::{Bucket, Charge, Standing};
use postern::rules::policy::TenantSettings;
use postern::store::limits::{LimitKey, Taken};
use postern::store::mfa::MfaState;
use postern::store::users::UserState;
use postern::time::Timestamp;
use postern::token::claims::{MFA_ACCESS_TOKEN_SECONDS, Target};
use postern::token::keyring::KeyRing;
use postern::wire::oauth::Grant;
use postern::wire::refusal::Refusal;

use crate::admit;

/// A request whose tokens open and match, whose client may use the grant, and whose attempt is charged.
pub(crate) struct Verification {
    pub(crate) principal: MfaPrincipal,
    pub(crate) user: UserState,
    pub(crate) mfa: MfaState,
    pub(crate) settings: Arc<TenantSettings>,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) limit: LimitKey,
    pub(crate) charge: Charge,
    pub(crate) now: Timestamp,
}

/// A refusal, and whether the code had been looked at: only then does the attempt count.
pub(crate) enum Refused {
    BeforeTheCode(Refusal),
    ByTheCode(Refusal),
}

/// Opens the `mfa_token` parameter and checks that it is this client's: no call is made.
pub(crate) async fn open_mfa_token(
    app: &App,
    presented: &PresentedClient,
    text: &str,
    now: Timestamp,
) -> Result<MfaPrincipal, Refusal> {
    let principal = MfaPrincipal::read(app, text, now).await.map_err(|error| error.as_parameter())?;
    Ok(principal).and_then(|principal| {
        if presented.id() == Some(&principal.client) {
            Ok(principal)
        } else {
            Err(Refusal::MfaTokenOfAnotherClient)
        }
    })
}

/// The answer to a code that cannot be one: what a wrong code gets in every respect, but for the charge (contract A3).
pub(crate) async fn refuse_misshapen(
    app: &App,
    presented: &PresentedClient,
    grant: Grant,
    principal: &MfaPrincipal,
    bucket: Bucket,
    wrong: Refusal,
) -> Refusal {
    let now = app.now();
    let (client, mfa, user) = tokio::join!(
        presented.look_up(&app.store),
        app.store.mfa(&principal.jti),
        app.store.user(&principal.user, now),
    );
    let refusal = || {
        admit(presented, client?, grant)?;
        let user = holder(principal, user?, &mfa?)?;
        match bucket.standing(user.limit(bucket).tat, now) {
            Standing::Spent { retry_after } => Err(Refusal::TooManyCodes { retry_after }),
            _ => Ok(()),
        }
    };
    refusal().err().unwrap_or(wrong)
}

/// The answer when the tokens do not hold: the client first, then the grant, then that (contract A3 "order of
/// checks"). Nothing is charged.
pub(crate) async fn refuse_uncharged(
    app: &App,
    presented: &PresentedClient,
    grant: Grant,
    refusal: Refusal,
) -> Refusal {
    match presented.look_up(&app.store).await {
        Err(error) => error.into(),
        Ok(client) => admit(presented, client, grant).err().unwrap_or(refusal),
    }
}

impl Verification {
    /// The first trip: client, attempt and state together.
    pub(crate) async fn begin(
        app: &App,
        presented: &PresentedClient,
        grant: Grant,
        principal: MfaPrincipal,
        limit: LimitKey,
    ) -> Result<Self, Refusal> {
        let now = app.now();
        let (client, attempt, mfa, user, settings, ring) = tokio::join!(
            presented.look_up(&app.store),
            app.store.take_attempt(&limit, now),
            app.store.mfa(&principal.jti),
            app.store.user(&principal.user, now),
            app.settings(),
            app.keys.ring(now),
        );
        let attempt = attempt?;
        let admit = || {
            admit(presented, client?, grant)?;
            let mfa = mfa?;
            Ok((holder(&principal, user?, &mfa)?, mfa, settings?, ring?))
        };
        match (admit(), attempt) {
            (Ok((user, mfa, settings, ring)), Taken::Charged(charge)) => {
                Ok(Self { principal, user, mfa, settings, ring, limit, charge, now })
            }
            (Ok(_), Taken::Spent { retry_after }) => Err(Refusal::TooManyCodes { retry_after }),
            (Err(refusal), Taken::Charged(charge)) => {
                app.store.undo_attempt(&limit, &charge).await?;
                Err(refusal)
            }
            (Err(refusal), Taken::Spent { .. }) => Err(refusal),
        }
    }

    /// Takes the attempt back when the code was never looked at.
    pub(crate) async fn settle(&self, app: &App, refused: Refused) -> Refusal {
        match refused {
            Refused::ByTheCode(refusal) => refusal,
            Refused::BeforeTheCode(refusal) => {
                match app.store.undo_attempt(&self.limit, &self.charge).await {
                    Ok(()) => refusal,
                    Err(error) => error.into(),
                }
            }
        }
    }

    /// What the tokens will be for: what the login asked for, or more of the access token it was confirmed with.
    pub(crate) fn target(&self, issuer: &Issuer) -> (Target, Option<&str>, Option<Timestamp>) {
        match &self.principal.token {
            PrincipalToken::Mfa(token) => (token.target.clone(), token.nonce.as_deref(), None),
            PrincipalToken::Access(claims) => {
                let target = Target {
                    audience: issuer.mfa_audience(),
                    scope: claims.scopes(),
                    lifetime_seconds: MFA_ACCESS_TOKEN_SECONDS,
                };
                (target, None, Some(claims.exp))
            }
        }
    }
}

/// The user a token still stands for.
fn holder(principal: &MfaPrincipal, user: Option<UserState>, mfa: &MfaState) -> Result<UserState, Refusal> {
    let user = user.ok_or(Refusal::MalformedMfaToken)?;
    let used_up = principal.is_spendable() && mfa.spent;
    if used_up || !user.profile.accepts_tokens_of(principal.issued_at) {
        return Err(Refusal::MalformedMfaToken);
    }
    Ok(user)
}

/// The `mfa_token` parameter's text.
pub(crate) fn mfa_token(params: &Params) -> Result<&str, Refusal> {
    params.required("mfa_token")
}
