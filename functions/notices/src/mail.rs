//! One notice: who is to be told, whether, and the mail.

use postern::app::App;
use postern::delivery::built_in::NoticeDetails;
use postern::delivery::notice::NoticeFailure;
use postern::delivery::occasion::Occasion;
use postern::id::NoticeId;
use postern::rules::address::EmailAddress;
use postern::rules::email_template::TemplateName;
use postern::rules::language::RequestedLanguages;
use postern::rules::limit::BLOCK_NOTICES;
use postern::rules::mask::mask_email;
use postern::rules::notice::NoticeKind;
use postern::store::StoreError;
use postern::store::limits::{LimitKey, Taken};
use postern::store::logins::LoginKey;
use postern::store::notices::{Notice, Recipient};
use postern::store::users::Profile;
use postern::token::ticket::UnblockTicket;

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was mailed.
    Sent,
    /// It had been mailed before, or is too old to be news.
    Over,
    /// Its kind is switched off.
    SwitchedOff,
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
    let (profile, client, template) = tokio::join!(
        whom(app, &notice),
        app.store.client(&notice.client_id),
        app.template(TemplateName::SecurityNotice),
    );
    let Some(profile) = profile? else { return Ok(Outcome::Nobody) };
    let Some(address) = profile.email.clone() else { return Ok(Outcome::Nobody) };
    // Nothing that can fail comes between the charge and the mail.
    let (client, template) = (client?, template?);
    // Anybody can have addresses blocked that they know; not so that their owner drowns in mail.
    let limit = (notice.kind == NoticeKind::PasswordBlocked)
        .then(|| LimitKey::of_user(&profile.user_id, BLOCK_NOTICES));
    let charge = match &limit {
        None => None,
        Some(limit) => match app.store.take_attempt(limit, now).await? {
            Taken::Charged(charge) => Some(charge),
            Taken::Spent { .. } => return Ok(Outcome::Enough),
        },
    };
    // The request that caused it may be somebody else's: the user's own language counts, else the tenant's.
    let languages = RequestedLanguages::default();
    let occasion = Occasion {
        profile: &profile,
        client: client.as_ref().map(|client| &client.client_id),
        application: client.as_ref().map_or("", |client| &client.name),
        client_metadata: client.as_ref().map(|client| &client.client_metadata),
        languages: &languages,
        settings: &settings,
        template: template.as_deref(),
        now,
    };
    let sent = match mail(app, &notice, &address, &occasion).await {
        Ok(()) => Ok(Outcome::Sent),
        Err(NoticeFailure::Refused) => Ok(Outcome::Refused),
        Err(NoticeFailure::NotNow) => Err(TryAgain),
    };
    match (&sent, limit.zip(charge)) {
        // Whatever comes of the mark, the mail is on its way: at worst it comes twice.
        (Ok(_), _) => drop(app.store.mark_sent(id, now).await),
        (Err(TryAgain), Some((limit, charge))) => app.store.undo_attempt(&limit, &charge).await?,
        (Err(TryAgain), None) => {}
    }
    sent
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
    app.mailer.send_notice(to, app.mailer.notice_email(notice.kind, &details, occasion)).await
}
