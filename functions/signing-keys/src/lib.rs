//! `/api/v2/keys/signing…`: the keys that tokens are signed with are listed, rotated and revoked (contract §6).

use std::cmp::Reverse;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post, put};
use postern::app::App;
use postern::audit;
use postern::http::management::authorize;
use postern::http::{created_json, method_not_allowed, private_json};
use postern::id::Kid;
use postern::store::DECISION_TRIES;
use postern::store::keys::KeyGeneration;
use postern::time::Timestamp;
use postern::token::key_life::{KeyState, Revocation, revocation, state, successor};
use postern::token::key_times::KeyTimes;
use postern::token::keyring::KeyUse;
use postern::token::keys::KeyNeeds;
use postern::token::rotation::{Report, Rotation, RotationError};
use postern::wire::management::{ManagementRefusal, instant};
use serde::Serialize;

/// What this function unwraps: nothing; what it has made is wrapped when it gets it.
pub const KEYS: KeyNeeds = KeyNeeds::PUBLIC;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v2/keys/signing", get(list))
        .route("/api/v2/keys/signing/rotate", post(rotate))
        .route("/api/v2/keys/signing/{id}", get(read))
        .route("/api/v2/keys/signing/{id}/revoke", put(revoke))
        .method_not_allowed_fallback(method_not_allowed)
}

type Named = Result<Path<String>, PathRejection>;

/// A signing key. Of a certificate there is none: keys are published as they are.
#[derive(Serialize)]
struct SigningKey<'a> {
    kid: &'a str,
    current: bool,
    next: bool,
    previous: bool,
    current_since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_until: Option<String>,
    revoked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

/// A key that was made or revoked.
#[derive(Serialize)]
struct Changed<'a> {
    kid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

/// The newest first.
async fn list(State(app): State<App>, headers: HeaderMap) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:signing_keys").await?;
    let mut keys = signing_keys(&app).await?;
    keys.sort_by_key(|key| Reverse(key.generation));
    let shown: Vec<_> = keys.iter().map(|key| shown(key, &keys, app.now())).collect();
    Ok(private_json(&shown))
}

async fn read(State(app): State<App>, kid: Named, headers: HeaderMap) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:signing_keys").await?;
    let kid = named(kid)?;
    let keys = signing_keys(&app).await?;
    let key = keys.iter().find(|key| key.kid.as_str() == kid).ok_or_else(no_such_key)?;
    Ok(private_json(&shown(key, &keys, app.now())))
}

/// Makes the next key, unless it is there; it is used when it has been known long enough.
async fn rotate(State(app): State<App>, headers: HeaderMap) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "create:signing_keys").await?;
    let kms_key = app.config.kms_key.as_deref().ok_or(ManagementRefusal::Internal)?;
    let (times, clock) = (app.config.key_times, &app.clock);
    let rotation = Rotation { store: &app.store, kms: &app.kms, kms_key, random: &app.random, clock, times };
    let mut report = Report::default();
    if let Err(error) = rotation.rotate_signing(&mut report).await {
        audit::rotation(&report, error.failure());
        return Err(refusal(error, times));
    }
    let kid = match report.made.into_iter().next() {
        Some(made) => made,
        None => newest(&app).await?,
    };
    Ok(created_json(&Changed { kid: kid.as_str(), revoked_at: None }))
}

fn refusal(error: RotationError, times: KeyTimes) -> ManagementRefusal {
    match error {
        RotationError::Store(error) => error.into(),
        RotationError::Kms(_) => ManagementRefusal::Unavailable,
        RotationError::TooMany => {
            let days = times.retire_days();
            ManagementRefusal::Unsupported(format!(
                "There are too many signing keys. They go {days} days after their successors began."
            ))
        }
        RotationError::Unusable => ManagementRefusal::Internal,
    }
}

/// The next key, when somebody else just made it.
async fn newest(app: &App) -> Result<Kid, ManagementRefusal> {
    let keys = signing_keys(app).await?.into_iter().filter(|key| key.revoked_at.is_none());
    keys.max_by_key(|key| key.generation).map(|key| key.kid).ok_or(ManagementRefusal::Internal)
}

/// What a revoked key signed is refused from then on, as far as the caches of environments and APIs let it.
async fn revoke(
    State(app): State<App>,
    kid: Named,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:signing_keys").await?;
    let kid = named(kid)?;
    for _ in 0..DECISION_TRIES {
        let (keys, now) = (signing_keys(&app).await?, app.now());
        let key = keys.iter().find(|key| key.kid.as_str() == kid).ok_or_else(no_such_key)?;
        let revoked_at = match revocation(key, &keys, now) {
            Revocation::Done(at) => Some(at),
            Revocation::WouldLeaveNone => {
                let text = "There is no next key to sign with: rotate first.";
                return Err(ManagementRefusal::Unsupported(text.to_owned()));
            }
            Revocation::By(signer) => {
                app.store.revoke_key_generation(key, &signer, now).await?.then_some(now)
            }
        };
        if let Some(at) = revoked_at {
            return Ok(private_json(&Changed { kid: key.kid.as_str(), revoked_at: Some(instant(at)) }));
        }
    }
    Err(ManagementRefusal::Busy)
}

async fn signing_keys(app: &App) -> Result<Vec<KeyGeneration>, ManagementRefusal> {
    let mut keys = app.store.key_generations().await?;
    keys.retain(|key| key.key_use == KeyUse::Signing);
    Ok(keys)
}

fn shown<'a>(key: &'a KeyGeneration, all: &[KeyGeneration], now: Timestamp) -> SigningKey<'a> {
    let state = state(key, all, now);
    SigningKey {
        kid: key.kid.as_str(),
        current: state == KeyState::Current,
        next: state == KeyState::Next,
        previous: state == KeyState::Old,
        current_since: instant(key.not_before),
        current_until: successor(key, all).map(|other| instant(other.not_before)),
        revoked: state == KeyState::Revoked,
        revoked_at: key.revoked_at.map(instant),
    }
}

fn named(kid: Named) -> Result<String, ManagementRefusal> {
    kid.map(|Path(kid)| kid).map_err(|_| no_such_key())
}

fn no_such_key() -> ManagementRefusal {
    let message = "The signing key does not exist.".to_owned();
    ManagementRefusal::Inexistent { message, code: "inexistent_signing_key" }
}
