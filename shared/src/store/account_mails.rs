//! Mails that lead to a page: an address to be verified, a password to be chosen anew, a factor to be enrolled. Whoever asks for one leaves an
//! item, and the function on the table's stream mails it, as it does notices. So no request waits for a mail or fails
//! with one, a mail that fails is tried again, and who asks for somebody's new password never looks whether there is
//! such a user: the work and the answer are the same (SEC-35).

use serde::{Deserialize, Serialize};

use super::expression::{Write, number};
use super::limits::{Begun, LimitKey};
use super::users::{self, PROFILE};
use super::{NotWritten, Store, StoreError, read};
use crate::delivery::MailKind;
use crate::id::{ClientId, MailId, UserId};
use crate::rules::address::EmailAddress;
use crate::rules::language::RequestedLanguages;
use crate::rules::limit::Bucket;
use crate::rules::random::{Random, RandomUnavailable};
use crate::store::logins::LoginKey;
use crate::time::Timestamp;
use crate::token::enrolment_ticket::EnrolmentTicket;

/// What the partition of such a mail begins with; the twin and the stream's filter know them by [`SORT_KEY`].
pub const PARTITION: &str = "MAIL#";
/// The sort key of every such mail.
pub const SORT_KEY: &str = "MAIL";
/// How long it is kept, in seconds, sent or not.
const KEPT_SECONDS: u64 = 3 * 86_400;

/// What a mail is for, and whom.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// The link that verifies a user's address.
    VerifyEmail(UserId),
    /// The link to a new password, for whoever has that login, if anybody: its partition.
    ResetPassword(String),
    /// The link to the page that enrols.
    Enrol(Invitation),
}

/// Who is asked to enrol, and where the mail goes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// What the link will be made of.
    pub ticket: EnrolmentTicket,
    /// Where it goes, if not to the user's own address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<EmailAddress>,
}

/// The partition of a login holds an address.
impl std::fmt::Debug for Errand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Errand {
    /// A new password for whoever has a login.
    #[must_use]
    pub fn reset(login: &LoginKey) -> Self {
        Self::ResetPassword(login.pk().to_owned())
    }

    /// What its mail is.
    #[must_use]
    pub fn kind(&self) -> MailKind {
        match self {
            Self::VerifyEmail(_) => MailKind::EmailVerification,
            Self::ResetPassword(_) => MailKind::PasswordReset,
            Self::Enrol(_) => MailKind::Enrollment,
        }
    }

    /// Its name in logs, and among SES's tags.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.kind().as_str()
    }
}

/// A mail with a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountMail {
    /// Its id.
    pub id: MailId,
    /// What it is for.
    pub errand: Errand,
    /// The client it speaks of, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The languages that were asked for.
    #[serde(default)]
    pub languages: RequestedLanguages,
    /// When it was asked for.
    pub at: Timestamp,
    /// When it is forgotten; also the TTL.
    pub expires_at: Timestamp,
    /// When it was mailed, or found to need no mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
}

fn pk(id: &MailId) -> String {
    format!("{PARTITION}{id}")
}

impl AccountMail {
    /// A mail that is asked for now.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn new(
        errand: Errand,
        client_id: Option<ClientId>,
        languages: RequestedLanguages,
        random: &Random,
        at: Timestamp,
    ) -> Result<Self, RandomUnavailable> {
        Ok(Self {
            id: MailId::generate(random)?,
            errand,
            client_id,
            languages,
            at,
            expires_at: at.plus(KEPT_SECONDS),
            sent_at: None,
        })
    }

    /// The mail as a member of the transaction that asks for it.
    ///
    /// # Errors
    /// When it has no form in DynamoDB.
    pub fn write(&self) -> Result<Write, StoreError> {
        Write::put(&pk(&self.id), SORT_KEY, self)
    }
}

/// What an address may be sent on request of whoever knows it: beside the login's partition, whose budgets are those of
/// wrong passwords.
#[must_use]
pub fn sends_to(address: &EmailAddress, bucket: Bucket) -> LimitKey {
    LimitKey::of_anybody(format!("ADDRESS#{}", address.as_str()), bucket)
}

#[derive(Clone, Copy, Debug)]
enum AskStep {
    User,
    Mail,
}

impl Store {
    /// Asks for a mail that its address's budget has room for: both or neither.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn ask_for_mail_within(
        &self,
        mail: &AccountMail,
        sends: &LimitKey,
        now: Timestamp,
    ) -> Result<Begun, StoreError> {
        self.write_charged(&mail.write()?, sends, now).await
    }

    /// Asks for a mail to a user; `false` when there is no such user.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn ask_for_mail(&self, user: &UserId, mail: &AccountMail) -> Result<bool, StoreError> {
        let exists = Write::check(&users::pk(user), PROFILE, "attribute_exists(pk)");
        match self.transact(&[(AskStep::User, exists), (AskStep::Mail, mail.write()?)]).await {
            Ok(()) => Ok(true),
            Err(NotWritten::Refused(_)) => Ok(false),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }

    /// A mail; `None` when it is forgotten.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn account_mail(&self, id: &MailId) -> Result<Option<AccountMail>, StoreError> {
        self.get(&pk(id), SORT_KEY).await?.map(read).transpose()
    }

    /// Remembers that a mail was sent, so that it is not sent again when the stream repeats it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn mark_mailed(&self, id: &MailId, now: Timestamp) -> Result<(), StoreError> {
        let write = Write::update(&pk(id), SORT_KEY, "SET sent_at = :now")
            .when("attribute_exists(pk) AND attribute_not_exists(sent_at)")
            .value(":now", number(now.0));
        self.write(&write).await.map(|_| ())
    }
}
