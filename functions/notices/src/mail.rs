//! One notice: who is to be told, whether, and the mail.

use std::sync::Arc;

use postern::app::App;
use postern::audit::trail;
use postern::delivery::built_in::NoticeDetails;
use postern::delivery::custom::CustomTemplate;
use postern::delivery::notice::NoticeFailure;
use postern::delivery::occasion::Occasion;
use postern::delivery::{MailKind, MailTags};
use postern::id::{NoticeId, UserId};
use postern::rules::address::EmailAddress;
use postern::rules::email_template::TemplateName;
use postern::rules::language::RequestedLanguages;
use postern::rules::limit::{BLOCK_NOTICES, Charge};
use postern::rules::mask::mask_email;
use postern::rules::notice::NoticeKind;
use postern::rules::policy::TenantSettings;
use postern::store::StoreError;
use postern::store::clients::Client;
use postern::store::limits::{LimitKey, Taken};
use postern::store::logins::LoginKey;
use postern::store::notices::{Notice, Recipient};
use postern::store::users::Profile;
use postern::time::Timestamp;
use postern::token::ticket::UnblockTicket;

use crate::events::{Mailed, event};

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was mailed.
    Sent,
    /// It had been mailed before, or is too old to be news.
    Over,
    /// Its kind is switched off.
    SwitchedOff,
    /// What it was to do is done: the address is verified.
    Needless,
    /// There is nobody to tell: no such login, or no address.
    Nobody,
    /// The user was told of other blocks a moment ago.
    Enough,
    /// SES will never take it.
    Refused,
}

/// It could not be mailed this time; what ails it has been logged.
#[derive(Debug)]
pub(crate) struct TryAgain;

impl From<StoreError> for TryAgain {
    fn from(_: StoreError) -> Self {
        Self
    }
}

/// Mails a notice, unless it was mailed before, nobody is there to be told, or its kind is switched off.
pub(crate) async fn send(app: &App, id: &NoticeId) -> Result<Outcome, TryAgain> {
    let now = app.now();
    let Some(notice) = app.store.notice(id).await? else { return Ok(Outcome::Over) };
    if notice.sent_at.is_some() || notice.expires_at.is_past(now) {
        return Ok(Outcome::Over);
    }
    let settings = app.settings().await?;
    if !settings.notices.wants(notice.kind) {
        return Ok(Outcome::SwitchedOff);
    }
    let Some(addressee) = Addressee::of(app, &notice).await? else { return Ok(Outcome::Nobody) };
    note(&notice, &addressee);
    let Some(share) = Share::take(app, &notice, &addressee.profile.user_id, now).await? else {
        return Ok(Outcome::Enough);
    };
    // The request that caused it may be somebody else's: the user's own language counts, else the tenant's.
    let languages = RequestedLanguages::default();
    let occasion = addressee.occasion(&languages, &settings, now);
    let outcome = match mail(app, &notice, &addressee.address, &occasion).await {
        Ok(()) => Outcome::Sent,
        Err(NoticeFailure::Refused) => Outcome::Refused,
        Err(NoticeFailure::NotNow) => {
            share.give_back(app).await?;
            return Err(TryAgain);
        }
    };
    trail::conclude(|_| event(Mailed::Notification, outcome));
    // Whatever comes of the mark, the mail is on its way: at worst it comes twice.
    let _ = app.store.mark_sent(id, now).await;
    Ok(outcome)
}

/// For the audit log: who is told of what.
fn note(notice: &Notice, addressee: &Addressee) {
    trail::reason(notice.kind.as_str());
    trail::user(&addressee.profile.user_id);
    if let Some(client) = &addressee.client {
        trail::client(&client.client_id);
    }
    if let Some(factor) = notice.factor {
        trail::factor(factor);
    }
}

/// Who is told, and what else the mail may speak of.
struct Addressee {
    profile: Profile,
    address: EmailAddress,
    client: Option<Client>,
    template: Option<Arc<CustomTemplate>>,
}

impl Addressee {
    /// `None` when there is nobody, or no address.
    async fn of(app: &App, notice: &Notice) -> Result<Option<Self>, StoreError> {
        let (profile, client, template) = tokio::join!(
            whom(app, notice),
            app.store.client(&notice.client_id),
            app.template(TemplateName::SecurityNotice),
        );
        let Some(profile) = profile? else { return Ok(None) };
        let Some(address) = profile.email.clone() else { return Ok(None) };
        Ok(Some(Self { profile, address, client: client?, template: template? }))
    }

    fn occasion<'a>(
        &'a self,
        languages: &'a RequestedLanguages,
        settings: &'a TenantSettings,
        now: Timestamp,
    ) -> Occasion<'a> {
        let client = self.client.as_ref();
        Occasion {
            profile: &self.profile,
            client: client.map(|client| &client.client_id),
            application: client.map_or("", |client| &client.name),
            client_metadata: client.map(|client| &client.client_metadata),
            languages,
            settings,
            template: self.template.as_deref(),
            now,
        }
    }
}

/// A mail that is counted for its user. Only those about blocks are: anybody can have addresses blocked that they
/// know, and their owner is not to drown in mail.
struct Share(Option<(LimitKey, Charge)>);

impl Share {
    /// `None` when the user had enough of them.
    async fn take(
        app: &App,
        notice: &Notice,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        if notice.kind != NoticeKind::PasswordBlocked {
            return Ok(Some(Self(None)));
        }
        let limit = LimitKey::of_user(user, BLOCK_NOTICES);
        Ok(match app.store.take_attempt(&limit, now).await? {
            Taken::Charged(charge) => Some(Self(Some((limit, charge)))),
            Taken::Spent { .. } => None,
        })
    }

    async fn give_back(self, app: &App) -> Result<(), StoreError> {
        match self.0 {
            Some((limit, charge)) => app.store.undo_attempt(&limit, &charge).await,
            None => Ok(()),
        }
    }
}

/// The user a notice is for, if there is one.
async fn whom(app: &App, notice: &Notice) -> Result<Option<Profile>, StoreError> {
    let user = match &notice.recipient {
        Recipient::User(user) => user.clone(),
        Recipient::Login(blocked) => match app.store.login(&LoginKey::of_partition(blocked.login())).await? {
            Some(login) => login.user_id,
            None => return Ok(None),
        },
    };
    app.store.profile(&user).await
}

async fn mail(
    app: &App,
    notice: &Notice,
    to: &EmailAddress,
    occasion: &Occasion<'_>,
) -> Result<(), NoticeFailure> {
    let blocked = match &notice.recipient {
        Recipient::Login(blocked) => Some(blocked),
        Recipient::User(_) => None,
    };
    let link = match blocked {
        None => None,
        Some(blocked) => {
            let now = occasion.now;
            let ring = app.keys.ring(now).await.map_err(|_| NoticeFailure::NotNow)?;
            let ticket = UnblockTicket::new(blocked.clone(), notice.id.clone(), notice.at);
            let sealed = ticket.seal(&ring, &app.random, now).map_err(|_| NoticeFailure::NotNow)?;
            Some(app.config.issuer.endpoint(&format!("u/unblock?ticket={sealed}")))
        }
    };
    let account = mask_email(to.as_str());
    let details = NoticeDetails {
        tenant: app.mailer.tenant_name(),
        account: &account,
        application: Some(occasion.application).filter(|name| !name.is_empty()),
        factor: notice.factor,
        at: notice.at,
        source: blocked.map(|blocked| blocked.source()),
        unblock: link.as_deref(),
    };
    let composed = app.mailer.notice_email(notice.kind, &details, occasion);
    let tags = MailTags { kind: MailKind::SecurityNotice, user: &occasion.profile.user_id };
    app.mailer.send_notice(to, composed, tags).await
}
