//! Who may begin an enrolment, and what it changes: the parts that codes and apps share.

use std::sync::Arc;

use crate::app::App;
use crate::delivery::custom::CustomTemplate;
use crate::delivery::occasion::Occasion;
use crate::http::bearer::MfaPrincipal;
use crate::http::client_auth::PresentedClient;
use crate::id::AuthenticatorId;
use crate::rules::email_template::TemplateName;
use crate::rules::enrolment::{Gate, NotAllowed, PENDING_MAX, has_room, may_associate};
use crate::rules::language::RequestedLanguages;
use crate::rules::policy::{Factor, TenantSettings};
use crate::rules::recovery::RecoveryCode;
use crate::store::clients::Client;
use crate::store::mfa::{AssociateStep, Association, MfaState, NewAuthenticator, Replaced};
use crate::store::users::{Authenticator, Pending, State, UserState, profile_of};
use crate::store::{NotWritten, RefusedStep};
use crate::time::Timestamp;
use crate::token::keyring::KeyRing;
use crate::wire::refusal::Refusal;

/// A login that may enrol, with all it was decided on.
#[derive(Debug)]
pub struct Enrolment {
    /// Who enrols.
    pub principal: MfaPrincipal,
    /// The user, as last read.
    pub user: UserState,
    /// That login's challenges.
    pub mfa: MfaState,
    /// The tenant's settings.
    pub settings: Arc<TenantSettings>,
    template: Option<Arc<CustomTemplate>>,
    languages: RequestedLanguages,
    /// The keys.
    pub ring: Arc<KeyRing>,
    /// When.
    pub now: Timestamp,
    /// The named client, for the mail.
    client: Option<Client>,
    /// Shown once; becomes the user's when the authenticator is confirmed.
    pub recovery_code: Option<RecoveryCode>,
}

impl Enrolment {
    /// The first trip, and who the bearer still is.
    ///
    /// # Errors
    /// When the client is not the token's, the token stands for nobody any more, or AWS fails.
    pub async fn begin(
        app: &App,
        principal: MfaPrincipal,
        presented: Option<&PresentedClient>,
        languages: RequestedLanguages,
        is_mailed: bool,
    ) -> Result<Self, Refusal> {
        let now = app.now();
        let client = async {
            match presented {
                Some(presented) => presented.look_up(&app.store).await.map(|found| Some((presented, found))),
                None => Ok(None),
            }
        };
        let template = async {
            match is_mailed {
                true => app.template(TemplateName::MfaOobCode).await,
                false => Ok(None),
            }
        };
        let (client, user, mfa, settings, template, ring) = tokio::join!(
            client,
            app.store.user(&principal.user, now),
            app.store.mfa(&principal.jti),
            app.settings(),
            template,
            app.keys.ring(now),
        );
        let (client, user, mfa, settings, template, ring) =
            (client?, user?, mfa?, settings?, template?, ring?);
        let client = client.map(|(presented, found)| named(&principal, presented, found)).transpose()?;
        let user = user.ok_or(Refusal::BearerInvalid)?;
        if principal.is_spendable() && mfa.spent {
            return Err(Refusal::BearerInvalid);
        }
        let shows_code = settings.factors.has(Factor::RecoveryCode)
            && principal.is_shown_recovery_code_first()
            && !user.is_enrolled(&settings);
        let recovery_code = if shows_code { Some(RecoveryCode::generate(&app.random)?) } else { None };
        Ok(Self { principal, user, mfa, settings, template, languages, ring, now, client, recovery_code })
    }

    /// What the message to the user may say.
    #[must_use]
    pub fn occasion(&self) -> Occasion<'_> {
        Occasion {
            profile: &self.user.profile,
            client: Some(&self.principal.client),
            application: self.client.as_ref().map_or("", |client| &client.name),
            client_metadata: self.client.as_ref().map(|client| &client.client_metadata),
            languages: &self.languages,
            settings: &self.settings,
            template: self.template.as_deref(),
            now: self.now,
        }
    }

    /// Whether the user's state, as it is now known, lets this login enrol.
    ///
    /// # Errors
    /// When the token is no longer good, or the user enrolled and the token proves too little.
    pub fn gate(&self, app: &App) -> Result<Gate, Refusal> {
        if !self.user.profile.accepts_tokens_of(self.principal.issued_at) {
            return Err(Refusal::BearerInvalid);
        }
        let enrolled = self.user.is_enrolled(&self.settings);
        may_associate(self.principal.proof(self.now), enrolled).map_err(|refused| match refused {
            NotAllowed::AlreadyEnrolled => Refusal::AlreadyEnrolled,
            NotAllowed::FreshMfaNeeded => Refusal::FreshMfaNeeded(app.config.issuer.mfa_audience()),
        })
    }

    /// The association of an authenticator, as the state now known allows it.
    pub(super) fn association(
        &self,
        app: &App,
        authenticator: Authenticator,
        twin: Option<Authenticator>,
        destination: Option<String>,
        kind: NewAuthenticator,
    ) -> Result<Association, Refusal> {
        let gate = self.gate(app)?;
        let mine = Pending {
            id: authenticator.id.clone(),
            jti: self.principal.jti.clone(),
            channel: authenticator.source.kind(),
            destination,
            expires_at: self.principal.expires_at,
        };
        let channels = 1 + usize::from(twin.is_some());
        let (replaced, pending) = self.pending_with(mine, channels)?;
        Ok(Association {
            jti: self.principal.jti.clone(),
            issued_at: self.principal.issued_at,
            spendable: self.principal.is_spendable(),
            gate,
            settings: (*self.settings).clone(),
            authenticator,
            twin,
            kind,
            profile: self.user.profile.clone(),
            pending,
            replaced,
            now: self.now,
        })
    }

    /// The list of pending authenticators with a new one, and what it replaces: the same login's association of the
    /// same destination. Another login's stays, for a thief must not void the victim's (design §5).
    fn pending_with(
        &self,
        mine: Pending,
        channels: usize,
    ) -> Result<(Option<Replaced>, Vec<Pending>), Refusal> {
        let same = |other: &Pending| {
            other.jti == mine.jti && other.channel == mine.channel && other.destination == mine.destination
        };
        let now = self.user.profile.pending_now(self.now);
        let (gone, mut stays): (Vec<_>, Vec<_>) = now.into_iter().partition(same);
        if stays.len() >= PENDING_MAX {
            let first = stays.iter().map(|pending| pending.expires_at).min().unwrap_or(self.now);
            return Err(Refusal::TooManyPending {
                limit: PENDING_MAX as u64,
                retry_after: first.since(self.now),
            });
        }
        let goes = |it: &Authenticator| gone.iter().any(|gone| gone.id.is_same_device(&it.id));
        let held = self.user.authenticators.iter().filter(|it| !goes(it)).count();
        if !has_room(held, channels) {
            return Err(Refusal::InvalidRequest("The user has the largest number of authenticators".into()));
        }
        stays.push(mine);
        let item =
            |pending: &Pending| self.user.authenticators.iter().find(|known| known.id == pending.id).cloned();
        let replaced = gone.first().and_then(item).map(|authenticator| Replaced {
            challenge: self.mfa.challenge_item(&authenticator.id),
            twin: self.user.twin_of(&authenticator).cloned(),
            authenticator,
        });
        Ok((replaced, stays))
    }

    /// The state of a pending authenticator of this login.
    pub(super) fn pending_state(&self) -> State {
        State::Pending {
            jti: self.principal.jti.clone(),
            recovery_hash: self.recovery_code.as_ref().map(RecoveryCode::hash),
            expires_at: self.principal.expires_at,
        }
    }

    /// The recovery code for the reply.
    #[must_use]
    pub fn recovery_codes(&self) -> Option<[String; 1]> {
        self.recovery_code.as_ref().map(|code| [code.as_str().to_owned()])
    }

    /// Takes in the state that a refused transaction showed, to decide again; or says what that state means.
    pub(super) async fn adapt(
        &mut self,
        app: &App,
        association: &Association,
        refused: NotWritten<AssociateStep>,
    ) -> Result<(), Refusal> {
        let refused = match refused {
            NotWritten::Failed(error) => return Err(error.into()),
            NotWritten::Refused(refused) => refused,
        };
        for RefusedStep { step, old } in refused {
            match (step, &association.kind) {
                (AssociateStep::Spent, _) => return Err(Refusal::BearerInvalid),
                (AssociateStep::Profile, _) => {
                    self.user.profile = profile_of(old.ok_or(Refusal::BearerInvalid)?)?;
                }
                (AssociateStep::Limit, NewAuthenticator::Oob { sending, .. }) => {
                    self.user.limit_was(sending.bucket, old.as_ref());
                }
                (AssociateStep::Limit, NewAuthenticator::Otp { bucket, .. }) => {
                    self.user.limit_was(*bucket, old.as_ref());
                }
                (AssociateStep::DestinationLimit, NewAuthenticator::Oob { sending, .. }) => {
                    return Err(Refusal::TooManySends {
                        channel: sending.channel,
                        limit: sending.window.sends,
                        retry_after: sending.window.retry_after(self.now),
                    });
                }
                _ => {}
            }
        }
        self.read_what_came_meanwhile(app).await
    }

    /// Reads the state again when another request of this login has begun an authenticator since: what this one
    /// replaces goes with its items, not only from the list, or it would wait beside the five.
    async fn read_what_came_meanwhile(&mut self, app: &App) -> Result<(), Refusal> {
        let known = |id: &AuthenticatorId| {
            self.user.authenticators.iter().any(|authenticator| authenticator.id == *id)
        };
        let mut own = self.user.profile.pending.iter().filter(|pending| pending.jti == self.principal.jti);
        if own.all(|pending| known(&pending.id)) {
            return Ok(());
        }
        let (user, mfa) =
            tokio::join!(app.store.user(&self.principal.user, self.now), app.store.mfa(&self.principal.jti));
        self.user = user?.ok_or(Refusal::BearerInvalid)?;
        self.mfa = mfa?;
        Ok(())
    }
}

/// The client that was named, which must be the token's.
fn named(
    principal: &MfaPrincipal,
    presented: &PresentedClient,
    found: Option<Client>,
) -> Result<Client, Refusal> {
    let client = presented.authenticate_if_proven(found)?;
    if client.client_id != principal.client {
        return Err(Refusal::MfaTokenOfAnotherClient);
    }
    Ok(client)
}
