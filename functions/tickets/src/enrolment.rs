//! Tickets of the page on which a user enrols a factor without signing in.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::audit::trail;
use postern::http::management::{authorize, object};
use postern::http::params::read_body;
use postern::http::private_json;
use postern::http::properties::{string, truth, user_id};
use postern::id::{ClientId, Jti, UserId};
use postern::rules::address::EmailAddress;
use postern::rules::language::{LanguageTag, RequestedLanguages};
use postern::store::account_mails::{AccountMail, Errand, Invitation};
use postern::store::users::{AuthenticatorKind, Profile};
use postern::time::Timestamp;
use postern::token::enrolment_ticket::{EnrolmentTicket, TICKET_SECONDS};
use postern::wire::management::ManagementRefusal;
use serde_json::{Map, Value, json};

use crate::operators::no_address;

const SCOPE: &str = "create:guardian_enrollment_tickets";
/// Factors of Auth0's that this version does not have.
const NOT_HERE: [&str; 3] = ["push-notification", "webauthn-roaming", "webauthn-platform"];

/// What a ticket is asked for.
#[derive(Default)]
struct Wanted {
    factor: Option<AuthenticatorKind>,
    several: bool,
    is_mailed: bool,
    to: Option<EmailAddress>,
    languages: RequestedLanguages,
}

impl Wanted {
    fn of(body: &Map<String, Value>) -> Result<(UserId, Self), ManagementRefusal> {
        let mut user = None;
        let mut wanted = Self::default();
        for (name, value) in body {
            match name.as_str() {
                "user_id" => user = Some(user_id("user_id", value)?),
                "email" => wanted.to = Some(address(value)?),
                "send_mail" => wanted.is_mailed = truth("send_mail", value)?,
                "email_locale" => wanted.languages = languages(value)?,
                "factor" => wanted.factor = Some(factor(string("factor", value)?)?),
                "allow_multiple_enrollments" => {
                    wanted.several = truth("allow_multiple_enrollments", value)?;
                }
                other => return Err(ManagementRefusal::additional(other)),
            }
        }
        Ok((user.ok_or_else(|| ManagementRefusal::missing("user_id"))?, wanted))
    }

    fn ticket(
        &self,
        app: &App,
        profile: &Profile,
        by: ClientId,
        now: Timestamp,
    ) -> Result<EnrolmentTicket, ManagementRefusal> {
        Ok(EnrolmentTicket {
            id: Jti::generate(&app.random)?,
            user: profile.user_id.clone(),
            client: by,
            factor: self.factor,
            several: self.several,
            issued_at: profile.issue_time(now),
            expires_at: now.plus(TICKET_SECONDS),
        })
    }
}

fn address(value: &Value) -> Result<EmailAddress, ManagementRefusal> {
    EmailAddress::parse(string("email", value)?).ok_or_else(|| ManagementRefusal::malformed("email", "email"))
}

/// A language without texts passes the word on to the user's and the tenant's.
fn languages(value: &Value) -> Result<RequestedLanguages, ManagementRefusal> {
    let text = string("email_locale", value)?;
    let tag = LanguageTag::parse(text);
    let tag = tag.ok_or_else(|| ManagementRefusal::malformed("email_locale", "language-tag"))?;
    Ok(RequestedLanguages::of(Some(tag.as_str().as_bytes()), None))
}

fn factor(word: &str) -> Result<AuthenticatorKind, ManagementRefusal> {
    match word {
        "phone" => Ok(AuthenticatorKind::Phone),
        "email" => Ok(AuthenticatorKind::Email),
        "otp" => Ok(AuthenticatorKind::Otp),
        other => {
            let problem = match NOT_HERE.contains(&other) {
                true => "This factor is not available, expected phone, email or otp",
                false => "No enum match, expected phone, email or otp",
            };
            Err(ManagementRefusal::property("factor", problem))
        }
    }
}

/// A link to the page that enrols, and a mail with it where that is asked for.
pub(crate) async fn ticket(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ManagementRefusal> {
    let by = authorize(&app, &headers, SCOPE).await?;
    let (user, wanted) = Wanted::of(&object(read_body(request).await)?)?;
    let now = app.now();
    let (profile, ring) = tokio::join!(app.store.profile(&user), app.keys.ring(now));
    let profile = profile?.ok_or_else(ManagementRefusal::no_such_user)?;
    trail::user(&profile.user_id);
    let ticket = wanted.ticket(&app, &profile, by, now)?;
    let sealed = ticket.seal(&*ring?, &app.random, now)?;
    if wanted.is_mailed {
        mail(&app, &profile, &wanted, &ticket, now).await?;
    }
    let url = app.config.issuer.endpoint(&format!("mfa/enrollment?ticket={sealed}"));
    Ok(private_json(&json!({ "ticket_id": ticket.id.as_str(), "ticket_url": url })))
}

async fn mail(
    app: &App,
    profile: &Profile,
    wanted: &Wanted,
    ticket: &EnrolmentTicket,
    now: Timestamp,
) -> Result<(), ManagementRefusal> {
    if wanted.to.is_none() && profile.email.is_none() {
        return Err(no_address());
    }
    let errand = Errand::Enrol(Invitation { ticket: ticket.clone(), to: wanted.to.clone() });
    let mail = AccountMail::new(errand, None, wanted.languages.clone(), &app.random, now)?;
    match app.store.ask_for_mail(&profile.user_id, &mail).await? {
        true => Ok(()),
        false => Err(ManagementRefusal::no_such_user()),
    }
}
