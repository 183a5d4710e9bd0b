//! What SES told of the mails to one address of a user: that they bounce for good, or that somebody complained of one.
//!
//! It stands in the user's own partition, so whoever reads the user's state has it without another call. An address that
//! bounces is sent no second factor's codes until a later mail is known to have arrived, an operator says so, or a week is
//! over: a code that will not arrive must not look sent. A complaint is kept for operators and refuses nothing.

use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};

use super::expression::{Write, number, text};
use super::listing::{List, Order, Part};
use super::users::{self, PROFILE, Source, UserState};
use super::{NotWritten, Outcome, Store, StoreError, compensated};
use crate::id::UserId;
use crate::rules::address::EmailAddress;
use crate::rules::destination::Destination;
use crate::rules::mask::mask_email;
use crate::time::Timestamp;

/// What its sort key begins with; a digest of the address follows.
pub(super) const PREFIX: &str = "MAILBOX";
/// Bytes of an address's digest that name it.
const DIGEST_BYTES: usize = 16;
/// How long it is kept and counts, in seconds from when the mail was sent.
pub const KEPT_SECONDS: u64 = 7 * 86_400;
/// How many addresses that bounce a user may have at once before no other is tried.
pub const BOUNCED_MAX: usize = 5;

/// How an address takes mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It bounces for good.
    Bounced,
    /// Its owner complained of a mail, and so has got it.
    Complained,
    /// What was told before is over: a code or link of a later mail came back, or an operator said so. A mail that was sent
    /// before the one that bounced proves nothing.
    Cleared,
}

/// One address of a user, and how it takes mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mailbox {
    /// Whose.
    pub user_id: UserId,
    /// How it takes mail.
    pub standing: Standing,
    /// By the mail of that time; the newest counts, in whatever order they are told of.
    pub at: Timestamp,
    /// The address, masked, for operators.
    pub shown: String,
    /// When it is forgotten; also the TTL.
    pub expires_at: Timestamp,
    #[serde(rename = "sk")]
    key: String,
}

/// The sort key of an address. A plain digest: it keeps addresses out of keys, and whoever reads the user's profile has
/// the address anyway. So who takes events needs no key, and a rotation changes nothing.
pub(super) fn sk(address: &EmailAddress) -> String {
    let digest = digest::digest(&digest::SHA256, address.as_str().as_bytes());
    format!("{PREFIX}#{}", HEXLOWER.encode(digest.as_ref().get(..DIGEST_BYTES).unwrap_or_default()))
}

impl Mailbox {
    /// What a mail that was sent at that time told of an address.
    #[must_use]
    pub fn new(user: &UserId, address: &EmailAddress, standing: Standing, sent_at: Timestamp) -> Self {
        Self {
            user_id: user.clone(),
            standing,
            at: sent_at,
            shown: mask_email(address.as_str()),
            expires_at: sent_at.plus(KEPT_SECONDS),
            key: sk(address),
        }
    }

    /// Whether there is anything to tell of it.
    #[must_use]
    pub fn is_marked(&self, now: Timestamp) -> bool {
        self.standing != Standing::Cleared && !self.expires_at.is_past(now)
    }

    /// Whether codes are not sent there.
    #[must_use]
    pub fn refuses(&self, now: Timestamp) -> bool {
        self.standing == Standing::Bounced && !self.expires_at.is_past(now)
    }

    /// What a mail that was sent at that time, and is known to have arrived, makes of it; `None` where what is told is of
    /// as new a mail.
    #[must_use]
    pub fn proven(&self, sent_at: Timestamp) -> Option<Cleared> {
        (self.at < sent_at).then(|| Cleared::by_mail(&self.user_id, self.key.clone(), sent_at))
    }

    fn cleared(&self, condition: &'static str) -> Cleared {
        Cleared { pk: users::pk(&self.user_id), key: self.key.clone(), at: self.at, condition }
    }
}

/// The end of what was told of an address, yet to be written.
#[derive(Clone, Debug)]
pub struct Cleared {
    pk: String,
    key: String,
    at: Timestamp,
    condition: &'static str,
}

impl Cleared {
    /// By a mail that was sent at that time and arrived.
    fn by_mail(user: &UserId, key: String, sent_at: Timestamp) -> Self {
        Self { pk: users::pk(user), key, at: sent_at, condition: "#at < :at" }
    }

    /// The item stays for a week, so that an event that is delivered again, or late, does not bring back what is over.
    /// Where nothing is told, and of a user who is gone, nothing is written; nor over what a newer mail told meanwhile.
    pub(super) fn write(&self) -> Write {
        let set = "SET standing = :cleared, #at = :at, expires_at = :until REMOVE listed_in, listed_as";
        Write::update(&self.pk, &self.key, set)
            .when("attribute_exists(pk)")
            .when(self.condition)
            .name("#at", "at")
            .value(":cleared", text("cleared"))
            .value(":at", number(self.at.0))
            .value(":until", number(self.at.plus(KEPT_SECONDS).0))
    }
}

impl UserState {
    /// Whether mail to there is known not to arrive.
    #[must_use]
    pub fn is_unreachable(&self, to: &Destination, now: Timestamp) -> bool {
        match to {
            Destination::Email(address) => self.mailbox(address).is_some_and(|it| it.refuses(now)),
            Destination::Sms(_) | Destination::Voice(_) => false,
        }
    }

    /// What is told of an address, if anything is.
    #[must_use]
    pub fn marked(&self, address: &EmailAddress, now: Timestamp) -> Option<&Mailbox> {
        self.mailbox(address).filter(|mailbox| mailbox.is_marked(now))
    }

    /// Seconds until another address may be tried, where the user has as many that bounce as one may have.
    #[must_use]
    pub fn too_many_bounced_for(&self, now: Timestamp) -> Option<u64> {
        let ends = || self.mailboxes.iter().filter(|it| it.refuses(now)).map(|it| it.expires_at);
        let first = ends().min().filter(|_| ends().count() >= BOUNCED_MAX);
        first.map(|first| first.since(now))
    }

    /// What is told of addresses, also of those that the user has no more.
    #[must_use]
    pub fn marks(&self, now: Timestamp) -> Vec<&Mailbox> {
        self.mailboxes.iter().filter(|mailbox| mailbox.is_marked(now)).collect()
    }

    /// The user's addresses that something is told of, and what.
    #[must_use]
    pub fn marked_addresses(&self, now: Timestamp) -> Vec<(EmailAddress, &Mailbox)> {
        let of_factors = self.authenticators.iter().filter_map(|authenticator| match &authenticator.source {
            Source::Email { destination } => Some(destination),
            _ => None,
        });
        let mut found: Vec<_> = self.profile.email.iter().chain(of_factors).collect();
        found.sort_unstable();
        found.dedup();
        let marked = |address: &EmailAddress| Some((address.clone(), self.marked(address, now)?));
        found.into_iter().filter_map(marked).collect()
    }

    fn mailbox(&self, address: &EmailAddress) -> Option<&Mailbox> {
        let key = sk(address);
        self.mailboxes.iter().find(|mailbox| mailbox.key == key)
    }
}

/// What became of an event about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marking {
    /// It counts from now on.
    Marked,
    /// It was known, or something newer is.
    Known,
    /// There is no such user any more.
    Nobody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MarkStep {
    User,
    Mailbox,
}

impl Store {
    /// Marks an address of a user who is there, unless something newer is known of it. Repeated, it changes nothing.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn mark_mailbox(&self, mailbox: &Mailbox) -> Result<Marking, StoreError> {
        let pk = users::pk(&mailbox.user_id);
        let user = Write::check(&pk, PROFILE, "attribute_exists(pk)");
        let mark = Write::put(&pk, &mailbox.key, mailbox)?
            .listed_mailbox(&mailbox.user_id, &mailbox.key, mailbox.at)
            .when("attribute_not_exists(pk) OR #at < :at")
            .name("#at", "at")
            .value(":at", number(mailbox.at.0));
        match self.transact(&[(MarkStep::User, user), (MarkStep::Mailbox, mark)]).await {
            Ok(()) => Ok(Marking::Marked),
            Err(NotWritten::Refused(refused)) => {
                let is_nobody = refused.iter().any(|refused| refused.step == MarkStep::User);
                Ok(if is_nobody { Marking::Nobody } else { Marking::Known })
            }
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }

    /// The addresses that something is told of, those of the newest mails first, at most so many. Two calls that read no
    /// more than that; what was told a moment ago may be missing.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn marked_mailboxes(&self, most: usize, now: Timestamp) -> Result<Vec<Mailbox>, StoreError> {
        let part = Part { order: Order::Descending, start: 0, size: most, is_counted: false };
        let mut found = self.part_of::<Mailbox>(List::Mailboxes, part).await?.items;
        found.retain(|mailbox| mailbox.is_marked(now));
        Ok(found)
    }

    /// Ends what is told of an address, on an operator's word; `false` where a newer mail told of it meanwhile, or the user
    /// is gone. Their clock does not matter: the time stays that of the mail.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn pardon_mailbox(&self, mailbox: &Mailbox) -> Result<bool, StoreError> {
        let outcome = self.write(&mailbox.cleared("#at = :at").write()).await?;
        Ok(matches!(outcome, Outcome::Done(_)))
    }

    /// What was mailed to that address at that time was used: it takes mail. What older mails told of it is over. Whatever
    /// comes of it, the link or code did what it was for.
    pub async fn mailbox_is_proven(&self, user: &UserId, address: &EmailAddress, sent_at: Timestamp) {
        let proven = Cleared::by_mail(user, sk(address), sent_at);
        compensated("mailbox_is_proven", self.write(&proven.write()).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(standing: Standing) -> Mailbox {
        let address = EmailAddress::parse("ada@example.com").unwrap();
        Mailbox::new(&UserId::new("auth0|a"), &address, standing, Timestamp(1_000))
    }

    /// SEC-34: neither a key nor what operators are shown has the address.
    #[test]
    fn an_address_is_named_by_a_digest() {
        let shown = format!("{:?}", mailbox(Standing::Bounced));
        assert!(!shown.contains("ada@example.com"), "{shown}");
        let other = EmailAddress::parse("ADA@example.com").unwrap();
        assert_eq!(mailbox(Standing::Bounced).key, sk(&other));
    }

    /// SEC-17: what is over refuses nothing, however late it is deleted; nor does a complaint.
    #[test]
    fn only_a_bounce_refuses_and_only_for_a_week() {
        let end = Timestamp(1_000 + KEPT_SECONDS);
        let refuses = |standing, now| mailbox(standing).refuses(now);
        assert!(refuses(Standing::Bounced, Timestamp(end.0 - 1)));
        assert!(!refuses(Standing::Bounced, end));
        assert!(!refuses(Standing::Complained, Timestamp(1_000)));
        assert!(!refuses(Standing::Cleared, Timestamp(1_000)));
        assert!(mailbox(Standing::Complained).is_marked(Timestamp(1_000)));
        assert!(!mailbox(Standing::Cleared).is_marked(Timestamp(1_000)));
    }

    /// A mail proves nothing of the mails after it, nor of those of its own second.
    #[test]
    fn only_a_later_mail_proves() {
        let proven = |sent_at| mailbox(Standing::Bounced).proven(Timestamp(sent_at)).map(|it| it.at);
        assert_eq!([proven(999), proven(1_000), proven(1_001)], [None, None, Some(Timestamp(1_001))]);
    }
}
