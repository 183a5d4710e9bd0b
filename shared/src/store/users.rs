//! A user's state: profile, authenticators, limits and recovery code are one item collection, read by one Query.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

pub use super::authenticators::{
    Authenticator, AuthenticatorKind, Labels, NEVER, Pending, SealedSecret, Source, State,
};
use super::expression::{Write, number, value_of};
use super::limits::{Counter, LimitState};
use super::listing::{List, Listed, Order, Part};
use super::logins::LoginName;
use super::mailboxes::{self, Mailbox};
use super::{Item, Store, StoreError, read};
use crate::id::{AuthenticatorId, DeviceId, UserId};
use crate::rules::address::EmailAddress;
use crate::rules::limit::{Bucket, Limits};
use crate::rules::metadata::{MetadataKind, UserMetadata};
use crate::rules::policy::{Factor, TenantSettings};
use crate::rules::recovery::RecoveryHash;
use crate::time::Timestamp;

/// The last sort key a user's state needs; refresh families sort after it and cost nothing.
const STATE_UP_TO: &str = "RECOVERY";
pub(super) const PROFILE: &str = "PROFILE";
pub(super) const RECOVERY: &str = "RECOVERY";

const PK_PREFIX: &str = "USER#";

pub(super) fn pk(user: &UserId) -> String {
    format!("{PK_PREFIX}{user}")
}

pub(super) fn authenticator_sk(id: &AuthenticatorId) -> String {
    format!("AUTHENTICATOR#{id}")
}

/// The profile item.
#[derive(Clone, Serialize, Deserialize)]
pub struct Profile {
    /// The user.
    pub user_id: UserId,
    /// The account's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// Whether the user proved to own it.
    #[serde(default)]
    pub email_verified: bool,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// URL of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// What applications keep of the user; `lang` is the language of messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_metadata: Option<UserMetadata>,
    /// What operators keep of the user. No user sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_metadata: Option<UserMetadata>,
    /// How the user signs in.
    #[serde(default)]
    pub logins: Vec<LoginName>,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the profile was last changed.
    pub updated_at: Timestamp,
    /// Whether the operator blocked the user.
    #[serde(default)]
    pub blocked: bool,
    /// Count of confirmed authenticators; changes in the same transaction as each of them.
    #[serde(default)]
    pub active_authenticators: u32,
    /// Tokens issued until then, this second included, are refused (SEC-42). It only ever grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_valid_after: Option<Timestamp>,
    /// Unconfirmed authenticators, expired ones included until the next association.
    #[serde(default)]
    pub pending: Vec<Pending>,
    /// When the implicit authenticator was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implicit_last_used_at: Option<Timestamp>,
}

/// Names and addresses are nobody's business in a log.
impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// The recovery code's item.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recovery {
    /// Its id in the list of authenticators.
    pub id: AuthenticatorId,
    /// Of the code.
    pub hash: RecoveryHash,
    /// When the user first got one.
    pub created_at: Timestamp,
}

/// All of a user's state.
#[derive(Clone, Debug)]
pub struct UserState {
    /// The profile.
    pub profile: Profile,
    /// Authenticators: active ones, and pending ones that have not expired.
    pub authenticators: Vec<Authenticator>,
    /// The recovery code.
    pub recovery: Option<Recovery>,
    /// What SES told of the user's addresses.
    pub(super) mailboxes: Vec<Mailbox>,
    limits: HashMap<String, LimitState>,
}

/// The authenticator that a verified address is by itself (contract A3).
#[derive(Clone, Debug)]
pub struct ImplicitEmail {
    /// Its stable id.
    pub id: AuthenticatorId,
    /// The account's address.
    pub address: EmailAddress,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl UserState {
    /// A user of whom only the profile was read, because it counts no factors.
    #[must_use]
    pub fn without_factors(profile: Profile) -> Self {
        let (authenticators, mailboxes) = (Vec::new(), Vec::new());
        Self { profile, authenticators, recovery: None, mailboxes, limits: HashMap::new() }
    }

    /// Confirmed authenticators; not the implicit one.
    pub fn active(&self) -> impl Iterator<Item = &Authenticator> {
        self.authenticators.iter().filter(|authenticator| authenticator.is_active())
    }

    /// The same phone by its other channel: it is confirmed and removed with this one.
    #[must_use]
    pub fn twin_of(&self, authenticator: &Authenticator) -> Option<&Authenticator> {
        let twin = authenticator.id.twin()?;
        self.authenticators.iter().find(|other| other.id == twin)
    }

    /// How a bucket of this user stands.
    #[must_use]
    pub fn limit(&self, bucket: Bucket) -> LimitState {
        self.limits.get(bucket.name).cloned().unwrap_or_default()
    }

    /// Takes a bucket's item as a refused write showed it.
    pub fn limit_was(&mut self, bucket: Bucket, item: Option<&Item>) {
        self.limits.insert(bucket.name.to_owned(), item.map(LimitState::of).unwrap_or_default());
    }

    /// Whether codes of this authenticator are refused until it is re-enrolled or reset (SEC-20).
    #[must_use]
    pub fn is_locked(&self, counter: &Counter, limits: &Limits) -> bool {
        self.limits.values().any(|state| state.is_locked(counter, limits.consecutive_failures))
    }

    /// The implicit authenticator, unless the factor is off or an explicit one of the same address stands in its
    /// place.
    #[must_use]
    pub fn implicit_email(&self, settings: &TenantSettings) -> Option<ImplicitEmail> {
        let profile = &self.profile;
        let address = profile.email.as_ref().filter(|_| profile.email_verified)?;
        let explicit =
            |source: &Source| matches!(source, Source::Email { destination } if destination == address);
        let replaced = self.active().any(|authenticator| explicit(&authenticator.source));
        let counts = settings.factors.has(Factor::Email) && !replaced;
        counts.then(|| ImplicitEmail {
            id: AuthenticatorId::implicit_email(&profile.user_id, address),
            address: address.clone(),
            last_used_at: profile.implicit_last_used_at,
        })
    }

    /// Whether the user is enrolled (design §5): an authenticator counts even when it is locked or its factor off.
    #[must_use]
    pub fn is_enrolled(&self, settings: &TenantSettings) -> bool {
        self.profile.is_enrolled(settings)
    }
}

impl Profile {
    /// What stands for a user where there is none, so that the work is the same (SEC-35). It is never stored.
    #[must_use]
    pub fn of_nobody(now: Timestamp) -> Self {
        Self::new(UserId::new("nobody"), now)
    }

    /// A user of whom nothing is known yet, without factors.
    #[must_use]
    pub fn new(user_id: UserId, now: Timestamp) -> Self {
        Self {
            user_id,
            email: None,
            email_verified: false,
            name: None,
            nickname: None,
            given_name: None,
            family_name: None,
            picture: None,
            user_metadata: None,
            app_metadata: None,
            logins: Vec::new(),
            created_at: now,
            updated_at: now,
            blocked: false,
            active_authenticators: 0,
            tokens_valid_after: None,
            pending: Vec::new(),
            implicit_last_used_at: None,
        }
    }

    /// The full name: the address where none was given, as Auth0 has it.
    #[must_use]
    pub fn shown_name(&self) -> Option<&str> {
        self.name.as_deref().or_else(|| self.email.as_ref().map(EmailAddress::as_str))
    }

    /// The short name: where none was given, what stands before the `@`.
    #[must_use]
    pub fn shown_nickname(&self) -> Option<&str> {
        let local_part = || Some(self.email.as_ref()?.as_str().split_once('@')?.0);
        self.nickname.as_deref().or_else(local_part)
    }

    /// The login that a password belongs to.
    #[must_use]
    pub fn password_login(&self) -> Option<&LoginName> {
        self.logins.iter().find(|login| login.has_password())
    }

    /// Its metadata of a kind.
    #[must_use]
    pub fn metadata(&self, kind: MetadataKind) -> Option<&UserMetadata> {
        match kind {
            MetadataKind::User => self.user_metadata.as_ref(),
            MetadataKind::App => self.app_metadata.as_ref(),
        }
    }

    /// The language the user chose, where applications keep it.
    #[must_use]
    pub fn lang(&self) -> Option<&str> {
        self.user_metadata.as_ref()?.lang()
    }

    /// Whether the user is enrolled (design §5).
    #[must_use]
    pub fn is_enrolled(&self, settings: &TenantSettings) -> bool {
        let verified = self.email_verified && self.email.is_some() && settings.factors.has(Factor::Email);
        self.active_authenticators > 0 || verified
    }

    /// The id of the authenticator that the verified address is by itself, whether its factor is on or off.
    #[must_use]
    pub fn implicit_id(&self) -> Option<AuthenticatorId> {
        let address = self.email.as_ref().filter(|_| self.email_verified)?;
        Some(AuthenticatorId::implicit_email(&self.user_id, address))
    }

    /// Whether a token issued at that time still counts (SEC-42).
    #[must_use]
    pub fn accepts_tokens_of(&self, issued_at: Timestamp) -> bool {
        !self.blocked && self.tokens_valid_after.is_none_or(|after| after < issued_at)
    }

    /// The time a token issued now says it was issued at. It is now, but in the very second in which earlier tokens were
    /// ended: tokens know whole seconds, and whoever signs in right after changing the password must not get a token
    /// that looks like one from before. Then it is the first second that is accepted.
    #[must_use]
    pub fn issue_time(&self, now: Timestamp) -> Timestamp {
        self.tokens_valid_after.map_or(now, |after| now.max(after.plus(1)))
    }

    /// The pending authenticators that have not expired.
    #[must_use]
    pub fn pending_now(&self, now: Timestamp) -> Vec<Pending> {
        self.pending.iter().filter(|pending| !pending.expires_at.is_past(now)).cloned().collect()
    }
}

fn is_over(authenticator: &Authenticator, now: Timestamp) -> bool {
    matches!(authenticator.state, State::Pending { expires_at, .. } if expires_at.is_past(now))
}

impl Store {
    /// Everything about a user, by one Query; `None` when there is no profile. Pending authenticators that have
    /// expired are left out, for TTL deletion is late (SEC-17).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn user(&self, user: &UserId, now: Timestamp) -> Result<Option<UserState>, StoreError> {
        let (mut profile, mut recovery, mut limits) = (None, None, HashMap::new());
        let (mut authenticators, mut mailboxes) = (Vec::new(), Vec::new());
        for item in self.query(&pk(user), Some(STATE_UP_TO)).await? {
            let sk = item.get("sk").and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
            match sk.split_once('#') {
                None if sk == PROFILE => profile = Some(read::<Profile>(item)?),
                None if sk == RECOVERY => recovery = Some(read::<Recovery>(item)?),
                Some(("AUTHENTICATOR", _)) => authenticators.push(read::<Authenticator>(item)?),
                Some((mailboxes::PREFIX, _)) => mailboxes.push(read::<Mailbox>(item)?),
                Some(("LIMIT", name)) => {
                    limits.insert(name.to_owned(), LimitState::of(&item));
                }
                _ => {}
            }
        }
        authenticators.retain(|authenticator| !is_over(authenticator, now));
        authenticators.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(profile.map(|profile| UserState { profile, authenticators, recovery, mailboxes, limits }))
    }

    /// The profiles of a part of all users, by the time they were created, and how many users there are if that is asked
    /// for: all of them, or where there are some 65,000 and more at least so many. Who came or went a moment ago may be
    /// missing.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn users_in(&self, part: Part) -> Result<Listed<Profile>, StoreError> {
        self.part_of(List::Users, part).await
    }

    /// Whose device it is, at least a moment ago: who asks looks whether it still is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn owner_of(&self, device: &DeviceId) -> Result<Option<UserId>, StoreError> {
        let keys = self.keys_of(List::Device(device.as_str()), Order::Ascending, 1).await?;
        Ok(keys.first().and_then(|key| key.pk().strip_prefix(PK_PREFIX)).map(UserId::new))
    }

    /// The profile alone.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn profile(&self, user: &UserId) -> Result<Option<Profile>, StoreError> {
        self.get(&pk(user), PROFILE).await?.map(read).transpose()
    }
}

/// Puts an authenticator where there is none of its id, listed by its device.
pub(super) fn put_authenticator(user: &UserId, authenticator: &Authenticator) -> Result<Write, StoreError> {
    put_back_authenticator(user, authenticator).map(|write| write.when("attribute_not_exists(pk)"))
}

/// Puts an authenticator, whatever is there.
pub(super) fn put_back_authenticator(user: &UserId, it: &Authenticator) -> Result<Write, StoreError> {
    Ok(Write::put(&pk(user), &authenticator_sk(&it.id), it)?.listed_device(&it.id))
}

/// Demands of a profile the count of authenticators and the list of pending ones that were seen: of what takes all of
/// them away, one that came meanwhile must not stay behind.
pub(super) fn with_factors_of(seen: &Profile, write: Write) -> Result<Write, StoreError> {
    Ok(write
        .when("attribute_not_exists(active_authenticators) OR active_authenticators = :active")
        .when("attribute_not_exists(pending) OR pending = :pending")
        .value(":active", number(u64::from(seen.active_authenticators)))
        .value(":pending", value_of(&seen.pending)?))
}

/// Deletes an authenticator that was seen, and is refused when it has gone: its count may be another's now.
pub(super) fn without_authenticator(pk: &str, sk: &str) -> Write {
    Write::delete(pk, sk).when("attribute_exists(pk)")
}

/// Reads a profile that a refused write showed.
///
/// # Errors
/// When it cannot be read.
pub fn profile_of(item: Item) -> Result<Profile, StoreError> {
    read(item)
}
