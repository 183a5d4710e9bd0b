//! Who uses `/mfa/*`: the bearer of an `mfa_token`, or of an access token for the `/mfa/` audience (contract §0); or who
//! came by an operator's link to the page that enrols.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::app::App;
use crate::audit::trail;
use crate::id::{ClientId, Jti, UserId};
use crate::rules::enrolment::Proof;
use crate::store::StoreError;
use crate::time::Timestamp;
use crate::token::claims::{AccessClaims, MfaToken};
use crate::token::enrolment_ticket::{ENROLMENT_SECONDS, EnrolmentTicket, TICKET_SECONDS};
use crate::token::jwt::{self, JwtError};
use crate::token::keyring::Purpose;
use crate::token::sealed;
use crate::wire::refusal::Refusal;

/// A token that names a login's MFA.
#[derive(Debug)]
pub struct MfaPrincipal {
    /// The user.
    pub user: UserId,
    /// The login.
    pub jti: Jti,
    /// The client the token was issued to.
    pub client: ClientId,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When what is begun with it is over: with the token, or sooner.
    pub expires_at: Timestamp,
    /// Which kind it is.
    pub token: PrincipalToken,
}

/// The kinds of token.
#[derive(Debug)]
pub enum PrincipalToken {
    /// The sealed token of `mfa_required`.
    Mfa(Box<MfaToken>),
    /// A JWT for the `/mfa/` audience.
    Access(Box<AccessClaims>),
    /// The ticket of the page that enrols; never read as one of the others.
    Ticket(Box<EnrolmentTicket>),
}

/// Why a token names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalError {
    /// It is not ours.
    Invalid,
    /// It was, but is over.
    Expired,
    /// The keys could not be read.
    Failed(StoreError),
}

impl PrincipalError {
    /// The refusal where the token is the bearer.
    #[must_use]
    pub fn as_bearer(self) -> Refusal {
        match self {
            Self::Invalid => Refusal::BearerInvalid,
            Self::Expired => Refusal::BearerExpired,
            Self::Failed(error) => error.into(),
        }
    }

    /// The refusal where the token is the parameter `mfa_token`.
    #[must_use]
    pub fn as_parameter(self) -> Refusal {
        match self {
            Self::Invalid => Refusal::MalformedMfaToken,
            Self::Expired => Refusal::MfaTokenExpired,
            Self::Failed(error) => error.into(),
        }
    }
}

impl MfaPrincipal {
    /// Reads either kind of token; no call is made while the keys are cached.
    ///
    /// # Errors
    /// See [`PrincipalError`].
    pub async fn read(app: &App, text: &str, now: Timestamp) -> Result<Self, PrincipalError> {
        match sealed::kid_of(text) {
            Some(kid) => {
                let ring = app.keys.ring_with(Some(&kid), now).await.map_err(PrincipalError::Failed)?;
                let token: MfaToken =
                    sealed::open(&ring, Purpose::MfaToken, text).map_err(|_| PrincipalError::Invalid)?;
                Self::of_mfa_token(token, now)
            }
            None => Self::read_access_token(app, text, now).await,
        }
    }

    fn of_mfa_token(token: MfaToken, now: Timestamp) -> Result<Self, PrincipalError> {
        trail::user(&token.sub);
        if token.expires_at.is_past(now) {
            return Err(PrincipalError::Expired);
        }
        Ok(Self {
            user: token.sub.clone(),
            jti: token.jti.clone(),
            client: token.client_id.clone(),
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            token: PrincipalToken::Mfa(Box::new(token)),
        })
    }

    /// Who came by a ticket. It may be good for days, and what is begun on the page is not.
    #[must_use]
    pub fn of_ticket(ticket: EnrolmentTicket, now: Timestamp) -> Self {
        Self {
            user: ticket.user.clone(),
            jti: ticket.id.clone(),
            client: ticket.client.clone(),
            issued_at: ticket.issued_at,
            expires_at: ticket.expires_at.min(now.plus(ENROLMENT_SECONDS)),
            token: PrincipalToken::Ticket(Box::new(ticket)),
        }
    }

    async fn read_access_token(app: &App, text: &str, now: Timestamp) -> Result<Self, PrincipalError> {
        let kid = jwt::kid_of(text).ok_or(PrincipalError::Invalid)?;
        let ring = app.keys.ring_with(Some(&kid), now).await.map_err(PrincipalError::Failed)?;
        let issuer = &app.config.issuer;
        let claims =
            jwt::verify(&ring, text, issuer.as_str(), &issuer.mfa_audience(), now).map_err(|error| {
                match error {
                    JwtError::Invalid => PrincipalError::Invalid,
                    JwtError::Expired => PrincipalError::Expired,
                }
            })?;
        let user = UserId::new(claims.sub.clone());
        trail::user(&user);
        Ok(Self {
            user,
            jti: claims.jti.clone().ok_or(PrincipalError::Invalid)?,
            client: ClientId::new(claims.azp.clone()),
            issued_at: claims.iat,
            expires_at: claims.exp,
            token: PrincipalToken::Access(Box::new(claims)),
        })
    }

    /// Reads the bearer of a request to `/mfa/*`; an access token must have `scope`.
    ///
    /// # Errors
    /// 401 in the bearer's text; 403 without the scope.
    pub async fn bearer(app: &App, headers: &HeaderMap, scope: &'static str) -> Result<Self, Refusal> {
        let token = bearer_token(headers).ok_or(Refusal::BearerInvalid)?;
        let principal = Self::read(app, token, app.now()).await.map_err(PrincipalError::as_bearer)?;
        trail::client(&principal.client);
        match &principal.token {
            PrincipalToken::Access(claims) if !claims.scopes().contains(scope) => {
                Err(Refusal::InsufficientScope(scope))
            }
            _ => Ok(principal),
        }
    }

    /// What its bearer has proven.
    #[must_use]
    pub fn proof(&self, now: Timestamp) -> Proof {
        match &self.token {
            PrincipalToken::Ticket(ticket) if ticket.several => Proof::Vouched,
            PrincipalToken::Mfa(_) | PrincipalToken::Ticket(_) => Proof::FirstFactor,
            PrincipalToken::Access(claims) if claims.proves_fresh_mfa(now) => Proof::FreshMfa,
            PrincipalToken::Access(_) => Proof::StaleAccessToken,
        }
    }

    /// Whether it is used up when a code is right: an `mfa_token`, for which tokens are issued then, or a ticket.
    #[must_use]
    pub fn is_spendable(&self) -> bool {
        self.spend_until().is_some()
    }

    /// Until when it must be remembered that it was used up; `None` for an access token, which never is.
    #[must_use]
    pub fn spend_until(&self) -> Option<Timestamp> {
        match &self.token {
            PrincipalToken::Mfa(token) => Some(token.expires_at),
            // A mailed copy may end sooner than the one that was answered: used up by either, it is for both.
            PrincipalToken::Ticket(ticket) => {
                Some(ticket.expires_at.max(ticket.issued_at.plus(TICKET_SECONDS)))
            }
            PrincipalToken::Access(_) => None,
        }
    }

    /// Whether a recovery code is shown when an enrolment begins. The page shows it at the end, when it is worth
    /// something: it draws itself anew after each wrong code.
    #[must_use]
    pub fn is_shown_recovery_code_first(&self) -> bool {
        !matches!(self.token, PrincipalToken::Ticket(_))
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1).
#[must_use]
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}
