//! Mails that verify an address, as the jobs that Auth0 has them as. The job is the item that the function on the table's
//! stream takes up: it is over when that is marked as sent, and forgotten with it.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use postern::app::App;
use postern::audit::trail;
use postern::http::management::{authorize, object};
use postern::http::params::read_body;
use postern::http::private_json;
use postern::id::{ClientId, MailId, UserId};
use postern::rules::language::RequestedLanguages;
use postern::store::account_mails::{AccountMail, Errand};
use postern::wire::management::{ManagementRefusal, instant};
use serde::Serialize;

use crate::properties::Verification;

/// What stands before a mail's id in a job's.
const PREFIX: &str = "job_";

/// A job.
#[derive(Serialize)]
struct Job {
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    created_at: String,
    id: String,
}

impl Job {
    fn of(mail: &AccountMail) -> Self {
        Self {
            kind: "verification_email",
            status: if mail.sent_at.is_some() { "completed" } else { "pending" },
            created_at: instant(mail.at),
            id: format!("{PREFIX}{}", mail.id),
        }
    }
}

/// A mail that verifies a user's address, asked for now.
pub(crate) fn verification(
    app: &App,
    user: &UserId,
    client: Option<ClientId>,
    languages: RequestedLanguages,
) -> Result<AccountMail, ManagementRefusal> {
    let errand = Errand::VerifyEmail(user.clone());
    Ok(AccountMail::new(errand, client, languages, &app.random, app.now())?)
}

/// Asks for the mail once more.
pub(crate) async fn start(
    State(app): State<App>,
    headers: HeaderMap,
    languages: RequestedLanguages,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:users").await?;
    let Verification { user, client } = Verification::of(&object(read_body(request).await)?)?;
    let mail = verification(&app, &user, client, languages)?;
    if !app.store.ask_for_mail(&user, &mail).await? {
        return Err(ManagementRefusal::no_such_user());
    }
    trail::user(&user);
    let mut response = private_json(&Job::of(&mail));
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// How it went.
pub(crate) async fn read(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "read:users").await?;
    let id = id.ok().and_then(|Path(id)| MailId::parse(id.strip_prefix(PREFIX)?));
    let mail = match id {
        Some(id) => app.store.account_mail(&id).await?,
        None => None,
    };
    // A new password that somebody asked for is no job of an operator's.
    let mail = mail.filter(|mail| matches!(mail.errand, Errand::VerifyEmail(_)));
    let mail = mail.ok_or_else(|| ManagementRefusal::Inexistent {
        message: "The job does not exist.".to_owned(),
        code: "inexistent_job",
    })?;
    Ok(private_json(&Job::of(&mail)))
}
