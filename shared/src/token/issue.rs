//! Making the tokens of a successful sign-in (contract A4).

use crate::config::Issuer;
use crate::id::{ClientId, Jti};
use crate::rules::random::Random;
use crate::rules::scope::Scope;
use crate::store::users::Profile;
use crate::time::Timestamp;
use crate::token::claims::{
    AccessClaims, Audience, GrantedBy, ID_TOKEN_SECONDS, IdClaims, MULTI_FACTOR_ACR, Method, Target,
    UserClaims,
};
use crate::token::jwt;
use crate::token::keyring::{KeyError, KeyRing};
use crate::wire::oauth::TokenReply;

/// A sign-in that succeeded.
#[derive(Debug)]
pub struct SignIn<'a> {
    /// Who.
    pub user: &'a Profile,
    /// By which client.
    pub client: &'a ClientId,
    /// For what.
    pub target: &'a Target,
    /// For the id token.
    pub nonce: Option<&'a str>,
    /// How the first factor was proven.
    pub granted_by: GrantedBy,
    /// When the last factor was proven.
    pub auth_time: Timestamp,
    /// The second factor proven now, if any.
    pub method: Option<Method>,
    /// When the access token must be over at the latest.
    pub not_after: Option<Timestamp>,
}

/// Signs the access token and, with scope `openid`, the id token.
///
/// # Errors
/// When there is no signing key or no randomness.
pub fn sign_in(
    ring: &KeyRing,
    issuer: &Issuer,
    random: &Random,
    sign_in: &SignIn<'_>,
    now: Timestamp,
) -> Result<TokenReply, KeyError> {
    let SignIn { user, client, target, nonce, granted_by, auth_time, method, not_after } = *sign_in;
    let issued_at = user.issue_time(now);
    let amr = method.map(|method| vec!["mfa".to_owned(), method.as_str().to_owned()]);
    let acr = method.map(|_| MULTI_FACTOR_ACR.to_owned());
    let expires_at = now.plus(target.lifetime_seconds).min(not_after.unwrap_or(Timestamp(u64::MAX)));
    let openid = target.scope.contains("openid");
    let access = AccessClaims {
        iss: issuer.as_str().to_owned(),
        sub: user.user_id.to_string(),
        aud: audience(issuer, target, openid),
        azp: client.to_string(),
        iat: issued_at,
        exp: expires_at,
        scope: (!target.scope.is_empty()).then(|| target.scope.to_string()),
        gty: Some(granted_by),
        auth_time: Some(auth_time),
        amr: amr.clone(),
        acr: acr.clone(),
        jti: jti(issuer, target, random)?,
        nbf: None,
    };
    let id = IdClaims {
        iss: issuer.as_str().to_owned(),
        sub: user.user_id.to_string(),
        aud: client.to_string(),
        iat: issued_at,
        exp: now.plus(ID_TOKEN_SECONDS),
        auth_time,
        nonce: nonce.map(ToOwned::to_owned),
        amr,
        acr,
        user: user_claims(user, &target.scope),
    };
    Ok(TokenReply {
        access_token: jwt::sign(ring, &access, now)?,
        id_token: openid.then(|| jwt::sign(ring, &id, now)).transpose()?,
        refresh_token: None,
        recovery_code: None,
        scope: access.scope,
        expires_in: expires_at.since(now),
        token_type: "Bearer",
    })
}

/// Only tokens for managing factors have one: it names the state of an enrolment.
fn jti(issuer: &Issuer, target: &Target, random: &Random) -> Result<Option<Jti>, KeyError> {
    let for_mfa = target.audience == issuer.mfa_audience();
    for_mfa.then(|| Jti::generate(random)).transpose().map_err(|_| KeyError)
}

fn audience(issuer: &Issuer, target: &Target, openid: bool) -> Audience {
    let userinfo = issuer.userinfo_audience();
    if openid && target.audience != userinfo {
        Audience::Many(vec![target.audience.clone(), userinfo])
    } else {
        Audience::One(target.audience.clone())
    }
}

/// Signs the access token of a client in its own name.
///
/// # Errors
/// When there is no signing key.
pub fn client_token(
    ring: &KeyRing,
    issuer: &Issuer,
    client: &ClientId,
    target: &Target,
    now: Timestamp,
) -> Result<TokenReply, KeyError> {
    let claims = AccessClaims {
        iss: issuer.as_str().to_owned(),
        sub: format!("{client}@clients"),
        aud: Audience::One(target.audience.clone()),
        azp: client.to_string(),
        iat: now,
        exp: now.plus(target.lifetime_seconds),
        scope: (!target.scope.is_empty()).then(|| target.scope.to_string()),
        gty: Some(GrantedBy::ClientCredentials),
        auth_time: None,
        amr: None,
        acr: None,
        jti: None,
        nbf: None,
    };
    Ok(TokenReply {
        access_token: jwt::sign(ring, &claims, now)?,
        id_token: None,
        refresh_token: None,
        recovery_code: None,
        scope: claims.scope,
        expires_in: target.lifetime_seconds,
        token_type: "Bearer",
    })
}

/// The claims about a user that a scope opens.
#[must_use]
pub fn user_claims(user: &Profile, scope: &Scope) -> UserClaims {
    let mut claims = UserClaims::default();
    if scope.contains("profile") {
        claims.nickname = user.shown_nickname().map(ToOwned::to_owned);
        claims.name = user.shown_name().map(ToOwned::to_owned);
        claims.given_name.clone_from(&user.given_name);
        claims.family_name.clone_from(&user.family_name);
        claims.picture.clone_from(&user.picture);
        claims.updated_at = Some(user.updated_at);
    }
    if scope.contains("email") {
        claims.email = user.email.as_ref().map(|address| address.as_str().to_owned());
        claims.email_verified = user.email.as_ref().map(|_| user.email_verified);
    }
    claims
}
