//! One mail with a link to a page: whom it is for, whether it is still wanted, and the ticket in the link.
//!
//! Who asked for a new password did not look whether there is such a user; this does, and what is for nobody ends here.

use std::sync::Arc;

use postern::app::App;
use postern::audit::trail;
use postern::delivery::MailTags;
use postern::delivery::built_in::LinkMail;
use postern::delivery::custom::CustomTemplate;
use postern::delivery::notice::NoticeFailure;
use postern::delivery::occasion::Occasion;
use postern::id::{ClientId, MailId};
use postern::rules::address::EmailAddress;
use postern::rules::web_url::is_web_url;
use postern::store::StoreError;
use postern::store::account_mails::{AccountMail, Errand, Invitation};
use postern::store::clients::Client;
use postern::store::logins::{Login, LoginKey};
use postern::store::users::Profile;
use postern::time::Timestamp;
use postern::token::account_ticket::{
    RESET_SECONDS, ResetTicket, TICKET_SECONDS_MAX, VERIFY_SECONDS, VerifyTicket,
};
use postern::token::enrolment_ticket::EnrolmentTicket;
use postern::token::keyring::KeyError;

use crate::events::{Mailed, event};
use crate::mail::{Outcome, TryAgain};

impl From<KeyError> for TryAgain {
    fn from(_: KeyError) -> Self {
        Self
    }
}

/// Mails a link, unless it was mailed before, nobody is there to get it, or it is needed no more.
pub(crate) async fn send(app: &App, id: &MailId) -> Result<Outcome, TryAgain> {
    let now = app.now();
    let Some(mail) = app.store.account_mail(id).await? else { return Ok(Outcome::Over) };
    if mail.sent_at.is_some() || mail.expires_at.is_past(now) {
        return Ok(Outcome::Over);
    }
    let Some(letter) = Letter::of(app, &mail).await? else { return Ok(Outcome::Nobody) };
    letter.note(&mail.errand);
    let outcome = match letter.is_needed(&mail.errand, now) {
        true => letter.send(app, &mail, now).await?,
        false => Outcome::Needless,
    };
    trail::conclude(|_| event(mailed(&mail.errand), outcome));
    // Whatever comes of the mark, the mail is on its way: at worst it comes twice.
    let _ = app.store.mark_mailed(id, now).await;
    Ok(outcome)
}

/// Whom a mail is for, and what it may speak of.
struct Letter {
    profile: Profile,
    address: EmailAddress,
    /// The login that gets a new password.
    login: Option<Login>,
    client: Option<Client>,
    template: Option<Arc<CustomTemplate>>,
}

impl Letter {
    /// `None` when there is nobody, or no address.
    async fn of(app: &App, mail: &AccountMail) -> Result<Option<Self>, StoreError> {
        let (whom, client, template) = tokio::join!(
            whom(app, &mail.errand),
            client(app, mail.client_id.as_ref()),
            app.template(link_mail(&mail.errand).template()),
        );
        let Some((profile, login)) = whom? else { return Ok(None) };
        let Some(address) = address(&mail.errand, &profile) else { return Ok(None) };
        Ok(Some(Self { profile, address, login, client: client?, template: template? }))
    }

    /// For the audit log.
    fn note(&self, errand: &Errand) {
        trail::reason(errand.as_str());
        trail::user(&self.profile.user_id);
        if let Some(client) = &self.client {
            trail::client(&client.client_id);
        }
    }

    fn is_needed(&self, errand: &Errand, now: Timestamp) -> bool {
        match errand {
            Errand::VerifyEmail(_) => !self.profile.email_verified,
            Errand::ResetPassword(_) => self.login.is_some(),
            Errand::Enrol(Invitation { ticket, .. }) => {
                self.profile.accepts_tokens_of(ticket.issued_at) && !ticket.expires_at.is_past(now)
            }
        }
    }

    async fn send(&self, app: &App, mail: &AccountMail, now: Timestamp) -> Result<Outcome, TryAgain> {
        let settings = app.settings().await?;
        let ring = app.keys.ring(now).await?;
        let seconds = self.link_seconds(&mail.errand, now);
        let expires_at = now.plus(seconds);
        let random = &app.random;
        let sealed = match &mail.errand {
            Errand::VerifyEmail(_) => VerifyTicket::of(&self.profile, self.result_url(), now, expires_at)
                .map(|ticket| ticket.mailed(now).seal(&ring, random, now)),
            Errand::ResetPassword(_) => {
                let times = (self.profile.issue_time(now), expires_at);
                self.reset_ticket(mail, times).map(|ticket| ticket.mailed(now).seal(&ring, random, now))
            }
            Errand::Enrol(Invitation { ticket, .. }) => {
                Some(EnrolmentTicket { expires_at, ..ticket.clone() }.seal(&ring, random, now))
            }
        };
        let Some(sealed) = sealed.transpose()? else { return Ok(Outcome::Nobody) };
        let url = app.config.issuer.endpoint(&format!("{}?ticket={sealed}", page(&mail.errand)));
        let client = self.client.as_ref();
        let occasion = Occasion {
            profile: &self.profile,
            client: client.map(|client| &client.client_id),
            application: client.map_or("", |client| &client.name),
            client_metadata: client.map(|client| &client.client_metadata),
            languages: &mail.languages,
            settings: &settings,
            template: self.template.as_deref(),
            now,
        };
        let composed = app.mailer.link_email(link_mail(&mail.errand), &url, seconds / 60, &occasion);
        let tags = MailTags { kind: mail.errand.kind(), user: &self.profile.user_id };
        match app.mailer.send_notice(&self.address, composed, tags).await {
            Ok(()) => Ok(Outcome::Sent),
            Err(NoticeFailure::Refused) => Ok(Outcome::Refused),
            Err(NoticeFailure::NotNow) => Err(TryAgain),
        }
    }

    /// As the operator's template has it, within bounds.
    fn link_seconds(&self, errand: &Errand, now: Timestamp) -> u64 {
        let (usual, most) = match errand {
            Errand::VerifyEmail(_) => (VERIFY_SECONDS, TICKET_SECONDS_MAX),
            Errand::ResetPassword(_) => (RESET_SECONDS, TICKET_SECONDS_MAX),
            // The link that the operator was answered is as old, and this one is no other.
            Errand::Enrol(Invitation { ticket, .. }) => {
                let left = ticket.expires_at.since(now);
                (left, left)
            }
        };
        let said = self.template.as_ref().and_then(|template| template.link_seconds());
        said.filter(|seconds| *seconds > 0).unwrap_or(usual).min(most)
    }

    /// Where the operator's template has the page lead on, if that is an address as it stands.
    fn result_url(&self) -> Option<String> {
        let said = self.template.as_ref().and_then(|template| template.result_url());
        said.filter(|url| is_web_url(url) && !url.contains("{{")).map(ToOwned::to_owned)
    }

    /// Mailed to the address, it proves the address.
    fn reset_ticket(&self, mail: &AccountMail, times: (Timestamp, Timestamp)) -> Option<ResetTicket> {
        let login = (self.profile.password_login()?, self.login.as_ref()?);
        let client = mail.client_id.clone().unwrap_or_else(|| ClientId::new(""));
        Some(ResetTicket::of(login, Some(self.address.clone()), client, self.result_url(), times))
    }
}

fn link_mail(errand: &Errand) -> LinkMail {
    match errand {
        Errand::VerifyEmail(_) => LinkMail::VerifyEmail,
        Errand::ResetPassword(_) => LinkMail::ResetPassword,
        Errand::Enrol(_) => LinkMail::Enrolment,
    }
}

fn mailed(errand: &Errand) -> Mailed {
    match errand {
        Errand::VerifyEmail(_) => Mailed::Verification,
        Errand::ResetPassword(_) | Errand::Enrol(_) => Mailed::Notification,
    }
}

/// Where the link leads, behind the issuer.
fn page(errand: &Errand) -> &'static str {
    match errand {
        Errand::VerifyEmail(_) => "lo/verify-email",
        Errand::ResetPassword(_) => "lo/reset",
        Errand::Enrol(_) => "mfa/enrollment",
    }
}

/// Where the mail goes.
fn address(errand: &Errand, profile: &Profile) -> Option<EmailAddress> {
    let elsewhere = match errand {
        Errand::Enrol(Invitation { to, .. }) => to.clone(),
        Errand::VerifyEmail(_) | Errand::ResetPassword(_) => None,
    };
    elsewhere.or_else(|| profile.email.clone())
}

async fn client(app: &App, id: Option<&ClientId>) -> Result<Option<Client>, StoreError> {
    match id {
        Some(id) => app.store.client(id).await,
        None => Ok(None),
    }
}

/// The user, and the login for a new password; nobody where that login is not the one that the user's password belongs
/// to, or is blocked: whoever is gets no further with a new password.
async fn whom(app: &App, errand: &Errand) -> Result<Option<(Profile, Option<Login>)>, StoreError> {
    let partition = match errand {
        Errand::VerifyEmail(user) => {
            return Ok(app.store.profile(user).await?.map(|profile| (profile, None)));
        }
        Errand::Enrol(Invitation { ticket, .. }) => {
            return Ok(app.store.profile(&ticket.user).await?.map(|profile| (profile, None)));
        }
        Errand::ResetPassword(partition) => partition,
    };
    let Some(login) = app.store.login(&LoginKey::of_partition(partition)).await? else { return Ok(None) };
    let profile = app.store.profile(&login.user_id).await?;
    let is_theirs = |profile: &Profile| {
        !profile.blocked && profile.password_login().is_some_and(|name| name.key().pk() == partition)
    };
    Ok(profile.filter(is_theirs).map(|profile| (profile, Some(login))))
}
