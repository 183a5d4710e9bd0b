//! Security notices on their way: an item written with what caused it, mailed by the function on the table's stream.
//! The answer that caused one waits for no mail, and fails with none (issue 3 item 8).

use serde::{Deserialize, Serialize};

use super::expression::{Write, number, text};
use super::limits::LimitKey;
use super::{NotWritten, Outcome, Store, StoreError, read};
use crate::id::{ClientId, NoticeId, UserId};
use crate::rules::limit::Charge;
use crate::rules::notice::NoticeKind;
use crate::rules::policy::Factor;
use crate::rules::random::{Random, RandomUnavailable};
use crate::time::Timestamp;

/// What the partition of a notice begins with; the twin and the stream's filter know notices by [`SORT_KEY`].
pub const PARTITION: &str = "NOTICE#";
/// The sort key of every notice: what the function on the stream is invoked for.
pub const SORT_KEY: &str = "NOTICE";
/// How long a notice is kept, in seconds: sent or not, after that it is nobody's news.
const KEPT_SECONDS: u64 = 3 * 86_400;

/// The budget of a login from one source, as a block names it: the partition holds an address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedSource {
    /// The login's partition.
    pub(super) login: String,
    /// The sort key of its budget from that source.
    pub(super) limit: String,
}

impl std::fmt::Debug for BlockedSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BlockedSource(…)")
    }
}

impl BlockedSource {
    /// The partition of the login, which may be nobody's.
    #[must_use]
    pub fn login(&self) -> &str {
        &self.login
    }

    /// The address or network that the passwords came from.
    #[must_use]
    pub fn source(&self) -> &str {
        self.limit.rsplit_once('#').map_or("", |(_, source)| source)
    }
}

/// Who is to be told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A user.
    User(UserId),
    /// Whoever has that login, if anybody: who writes the notice does not look (SEC-35).
    Login(BlockedSource),
}

/// A notice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// What happened.
    pub kind: NoticeKind,
    /// To whom.
    pub recipient: Recipient,
    /// The factor it happened to, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Factor>,
    /// The client through which it happened.
    pub client_id: ClientId,
    /// When it happened.
    pub at: Timestamp,
    /// When it is forgotten; also the TTL.
    pub expires_at: Timestamp,
    /// When it was mailed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
}

fn pk(id: &NoticeId) -> String {
    format!("{PARTITION}{id}")
}

impl Notice {
    /// A notice of something that happens now.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn new(
        kind: NoticeKind,
        recipient: Recipient,
        factor: Option<Factor>,
        client_id: &ClientId,
        random: &Random,
        at: Timestamp,
    ) -> Result<Self, RandomUnavailable> {
        Ok(Self {
            id: NoticeId::generate(random)?,
            kind,
            recipient,
            factor,
            client_id: client_id.clone(),
            at,
            expires_at: at.plus(KEPT_SECONDS),
            sent_at: None,
        })
    }

    /// The notice as a member of the transaction that causes it.
    ///
    /// # Errors
    /// When it has no form in DynamoDB.
    pub fn write(&self) -> Result<Write, StoreError> {
        Write::put(&pk(&self.id), SORT_KEY, self)
    }
}

#[derive(Clone, Copy, Debug)]
enum RaiseStep {
    Mark,
    Notice,
}

impl Store {
    /// Writes the notice of a wrong answer that spent a budget or reached the hard cap, once for each block: the mark
    /// on the budget's item goes when its debt does. `false` when somebody was told already, or the block is over.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn raise(&self, key: &LimitKey, charge: &Charge, notice: &Notice) -> Result<bool, StoreError> {
        let mark = key.mark(charge, notice);
        match self.transact(&[(RaiseStep::Mark, mark), (RaiseStep::Notice, notice.write()?)]).await {
            Ok(()) => Ok(true),
            Err(NotWritten::Refused(_)) => Ok(false),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }

    /// A notice; `None` when it is forgotten.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn notice(&self, id: &NoticeId) -> Result<Option<Notice>, StoreError> {
        self.get(&pk(id), SORT_KEY).await?.map(read).transpose()
    }

    /// Remembers that a notice was mailed, so that it is not mailed again when the stream repeats it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn mark_sent(&self, id: &NoticeId, now: Timestamp) -> Result<(), StoreError> {
        let write = Write::update(&pk(id), SORT_KEY, "SET sent_at = :now")
            .when("attribute_exists(pk) AND attribute_not_exists(sent_at)")
            .value(":now", number(now.0));
        self.write(&write).await.map(|_| ())
    }

    /// Ends the one block that a notice was about: the budget of that login from that source is whole again. `false`
    /// when that block is over already, by time or because it was ended before; a later one is not touched.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn end_block(&self, blocked: &BlockedSource, notice: &NoticeId) -> Result<bool, StoreError> {
        let write = Write::delete(&blocked.login, &blocked.limit)
            .when("noticed = :notice")
            .value(":notice", text(notice.as_str()));
        Ok(matches!(self.write(&write).await?, Outcome::Done(_)))
    }
}
