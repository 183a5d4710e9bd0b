//! `POST /mfa/challenge`: asks for a proof by one of the user's authenticators (contract §2).

mod choice;
mod events;
mod oob;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use postern::app::App;
use postern::audit::trail;
use postern::delivery::custom::CustomTemplate;
use postern::delivery::occasion::Occasion;
use postern::http::bearer::MfaPrincipal;
use postern::http::client_auth::PresentedClient;
use postern::http::{Params, method_not_allowed, private_json, private_json_within};
use postern::rules::email_template::TemplateName;
use postern::rules::language::RequestedLanguages;
use postern::rules::policy::{Factor, TenantSettings};
use postern::store::clients::Client;
use postern::store::mfa::MfaState;
use postern::store::users::UserState;
use postern::time::Timestamp;
use postern::token::keyring::KeyRing;
use postern::token::keys::KeyNeeds;
use postern::token::sealed;
use postern::wire::mfa::ChallengeReply;
use postern::wire::refusal::Refusal;

use choice::{Chosen, Wanted};

/// What this function unwraps: roots, to open tokens and seal codes.
pub const KEYS: KeyNeeds = KeyNeeds::ROOTS;

/// The routes of this function.
pub fn routes() -> Router<App> {
    Router::new().route("/mfa/challenge", post(challenge)).method_not_allowed_fallback(method_not_allowed)
}

/// A login that may be challenged, with all it was decided on.
struct Login {
    principal: MfaPrincipal,
    client: Client,
    user: UserState,
    mfa: MfaState,
    settings: Arc<TenantSettings>,
    template: Option<Arc<CustomTemplate>>,
    languages: RequestedLanguages,
    ring: Arc<KeyRing>,
    now: Timestamp,
}

impl Login {
    /// What the message to the user may say.
    fn occasion(&self) -> Occasion<'_> {
        Occasion {
            profile: &self.user.profile,
            client: Some(&self.client.client_id),
            application: &self.client.name,
            client_metadata: Some(&self.client.client_metadata),
            languages: &self.languages,
            settings: &self.settings,
            template: self.template.as_deref(),
            now: self.now,
        }
    }
}

async fn challenge(
    State(app): State<App>,
    languages: RequestedLanguages,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    let outcome = ask(&app, languages, &headers, &params).await;
    trail::conclude(|known| events::events(outcome.as_ref().map(|_| ()), known));
    outcome
}

async fn ask(
    app: &App,
    languages: RequestedLanguages,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, Refusal> {
    let mfa_token = params.required("mfa_token")?;
    let presented = PresentedClient::of(headers, params)?;
    let wanted = Wanted::parse(params)?;
    let login = log_in(app, &presented, mfa_token, languages).await?;
    match wanted.choose(&login.user, &login.settings, login.now)? {
        Chosen::Otp => {
            trail::factor(Factor::Otp);
            let reply = ChallengeReply { challenge_type: "otp", oob_code: None, binding_method: None };
            Ok(private_json(&reply))
        }
        Chosen::Oob { id, to, implicit } => {
            trail::channel(to.channel());
            let (oob_code, quota) = oob::challenge(app, login, id, to, implicit).await?;
            let (oob_code, binding_method) = (Some(oob_code), Some("prompt"));
            let reply = ChallengeReply { challenge_type: "oob", oob_code, binding_method };
            Ok(private_json_within(&reply, quota))
        }
    }
}

/// The first trip: the client, then the token, then the user it still stands for.
async fn log_in(
    app: &App,
    presented: &PresentedClient,
    mfa_token: &str,
    languages: RequestedLanguages,
) -> Result<Login, Refusal> {
    let now = app.now();
    // An access token manages factors, good or expired; it is not a login to be completed (contract §0).
    let opened = match sealed::kid_of(mfa_token) {
        Some(_) => MfaPrincipal::read(app, mfa_token, now).await.map_err(|error| error.as_parameter()),
        None => Err(Refusal::MalformedMfaToken),
    };
    let principal = match opened {
        Ok(principal) => principal,
        Err(refusal) => {
            presented.authenticate(presented.look_up(&app.store).await?)?;
            return Err(refusal);
        }
    };
    let (client, user, mfa, settings, template, ring) = tokio::join!(
        presented.look_up(&app.store),
        app.store.user(&principal.user, now),
        app.store.mfa(&principal.jti),
        app.settings(),
        app.template(TemplateName::MfaOobCode),
        app.keys.ring(now),
    );
    let client = presented.authenticate(client?)?;
    if client.client_id != principal.client {
        return Err(Refusal::MfaTokenOfAnotherClient);
    }
    let (user, mfa) = (user?.ok_or(Refusal::MalformedMfaToken)?, mfa?);
    if mfa.spent || !user.profile.accepts_tokens_of(principal.issued_at) {
        return Err(Refusal::MalformedMfaToken);
    }
    let (settings, template, ring) = (settings?, template?, ring?);
    Ok(Login { principal, client, user, mfa, settings, template, languages, ring, now })
}
