//! Tickets for an operator to hand on.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use postern::app::App;
use postern::audit::trail;
use postern::http::management::{authorize, object};
use postern::http::never_stored;
use postern::http::params::read_body;
use postern::http::properties::{client_id, integer, string, truth, user_id};
use postern::id::{ClientId, UserId};
use postern::rules::email_template::URL_BYTES_MAX;
use postern::rules::web_url::is_web_url;
use postern::store::users::Profile;
use postern::token::account_ticket::{
    HANDED_SECONDS, ResetTicket, TICKET_SECONDS_MAX, VERIFY_SECONDS, VerifyTicket,
};
use postern::wire::management::ManagementRefusal;
use serde_json::{Map, Value, json};

const SCOPE: &str = "create:user_tickets";

/// What a ticket is asked for.
#[derive(Default)]
struct Wanted {
    user: Option<UserId>,
    client: Option<ClientId>,
    result_url: Option<String>,
    seconds: Option<u64>,
    proves_address: bool,
}

impl Wanted {
    /// `more` is what only this ticket has.
    fn of(body: &Map<String, Value>, more: &[&str]) -> Result<(UserId, Self), ManagementRefusal> {
        let mut wanted = Self::default();
        for (name, value) in body {
            match name.as_str() {
                "user_id" => wanted.user = Some(user_id("user_id", value)?),
                "client_id" => wanted.client = Some(client_id("client_id", value)?),
                "result_url" => wanted.result_url = Some(result_url(value)?),
                // Auth0 takes 0 for its default.
                "ttl_sec" => {
                    wanted.seconds = Some(integer("ttl_sec", value, &(0..=TICKET_SECONDS_MAX))?)
                        .filter(|seconds| *seconds > 0)
                }
                "mark_email_as_verified" if more.contains(&name.as_str()) => {
                    wanted.proves_address = truth("mark_email_as_verified", value)?;
                }
                other => return Err(ManagementRefusal::additional(other)),
            }
        }
        let user = wanted.user.take().ok_or_else(|| ManagementRefusal::missing("user_id"))?;
        Ok((user, wanted))
    }
}

fn result_url(value: &Value) -> Result<String, ManagementRefusal> {
    let text = string("result_url", value)?;
    let fits = is_web_url(text) && text.len() <= URL_BYTES_MAX;
    if fits { Ok(text.to_owned()) } else { Err(ManagementRefusal::malformed("result_url", "uri")) }
}

/// A link that verifies the address a user has now.
pub(crate) async fn email_verification(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, SCOPE).await?;
    let (user, wanted) = Wanted::of(&object(read_body(request).await)?, &[])?;
    let now = app.now();
    let (profile, ring) = tokio::join!(app.store.profile(&user), app.keys.ring(now));
    let profile = profile?.ok_or_else(ManagementRefusal::no_such_user)?;
    trail::user(&profile.user_id);
    let expires_at = now.plus(wanted.seconds.unwrap_or(VERIFY_SECONDS));
    let ticket = VerifyTicket::of(&profile, wanted.result_url, now, expires_at).ok_or_else(no_address)?;
    let sealed = ticket.seal(&*ring?, &app.random, now)?;
    Ok(answer(&app, "lo/verify-email", &sealed))
}

/// A link to a new password. It proves no address, unless the operator vouches that it goes to the user's.
pub(crate) async fn password_change(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let by = authorize(&app, &headers, SCOPE).await?;
    let body = object(read_body(request).await)?;
    let (user, wanted) = Wanted::of(&body, &["mark_email_as_verified"])?;
    let now = app.now();
    let (profile, ring) = tokio::join!(app.store.profile(&user), app.keys.ring(now));
    let profile = profile?.ok_or_else(ManagementRefusal::no_such_user)?;
    trail::user(&profile.user_id);
    let ticket = reset_ticket(&app, &profile, wanted, by).await?;
    let sealed = ticket.seal(&*ring?, &app.random, now)?;
    Ok(answer(&app, "lo/reset", &sealed))
}

async fn reset_ticket(
    app: &App,
    profile: &Profile,
    wanted: Wanted,
    by: ClientId,
) -> Result<ResetTicket, ManagementRefusal> {
    let no_password = || ManagementRefusal::Unsupported("The user does not sign in by password.".to_owned());
    let name = profile.password_login().ok_or_else(no_password)?;
    let login = app.store.login(&name.key()).await?;
    // One that is missing, or another's, was moved since the profile was read.
    let login = login.filter(|login| login.user_id == profile.user_id).ok_or(ManagementRefusal::Busy)?;
    let proves = match wanted.proves_address {
        true => Some(profile.email.clone().ok_or_else(no_address)?),
        false => None,
    };
    let now = app.now();
    let times = (profile.issue_time(now), now.plus(wanted.seconds.unwrap_or(HANDED_SECONDS)));
    let client = wanted.client.unwrap_or(by);
    Ok(ResetTicket::of((name, &login), proves, client, wanted.result_url, times))
}

pub(crate) fn no_address() -> ManagementRefusal {
    ManagementRefusal::Unsupported("The user does not have an email address.".to_owned())
}

fn answer(app: &App, page: &str, sealed: &str) -> Response {
    let url = app.config.issuer.endpoint(&format!("{page}?ticket={sealed}"));
    let mut response = (StatusCode::CREATED, Json(json!({ "ticket": url }))).into_response();
    never_stored(&mut response);
    response
}
