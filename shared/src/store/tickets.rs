//! What the tickets in mailed links do, each in one conditional write or transaction: the condition is what the ticket was
//! made on, so that it is spent by the very write that it allows.

use aws_sdk_dynamodb::types::AttributeValue;

use super::blocks::PasswordBudget;
use super::expression::{Write, number, text, value_of};
use super::limits::{Counter, LimitKey};
use super::logins::{Login, LoginKey, PasswordHash};
use super::mfa::accepting;
use super::notices::Notice;
use super::user_change::UserChange;
use super::users::{self, PROFILE, Profile, UserState, profile_of};
use super::{DECISION_TRIES, Outcome, Store, StoreError, compensated};
use crate::rules::limit::Limits;
use crate::time::{Clock, Timestamp};
use crate::token::account_ticket::{ResetTicket, VerifyTicket};

/// Budgets of wrong passwords that a new password clears at most, those that owe most: a transaction holds a hundred
/// writes. Any beyond, from as many networks, decay by themselves.
pub(super) const PASSWORD_BUDGETS_MAX: usize = 80;

/// An account whose password a ticket may replace.
pub struct Resettable {
    key: LoginKey,
    login: Login,
    user: UserState,
    budgets: Vec<PasswordBudget>,
}

/// What became of a ticket that verifies an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verifying {
    /// The address is verified now.
    Verified,
    /// It was before, which changes nothing.
    Before,
    /// The ticket is void.
    Void,
}

/// The key of a login holds an address.
impl std::fmt::Debug for Resettable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resettable").field("user", &self.user.profile.user_id).finish_non_exhaustive()
    }
}

impl Store {
    /// Marks an address as verified while it is that user's and is not verified yet.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn verify_email(&self, ticket: &VerifyTicket, now: Timestamp) -> Result<Verifying, StoreError> {
        let write =
            Write::update(&users::pk(&ticket.user), PROFILE, "SET email_verified = :yes, updated_at = :now")
                .when("email = :email AND created_at = :created")
                .when("attribute_not_exists(email_verified) OR email_verified = :no")
                .value(":email", value_of(&ticket.email)?)
                .value(":created", number(ticket.created_at.0))
                .value(":yes", AttributeValue::Bool(true))
                .value(":no", AttributeValue::Bool(false))
                .value(":now", number(now.0));
        let write = accepting(write, ticket.issued_at);
        let old = match self.write(&write).await? {
            Outcome::Done(_) => return Ok(Verifying::Verified),
            Outcome::Refused(old) => old.map(profile_of).transpose()?,
        };
        let is_same = |email: &_, created_at| *email == ticket.email && created_at == ticket.created_at;
        let is_done = |old: Profile| {
            old.email_verified && old.email.is_some_and(|email| is_same(&email, old.created_at))
        };
        Ok(if old.is_some_and(is_done) { Verifying::Before } else { Verifying::Void })
    }

    /// What a ticket for a new password is about, as it is now; `None` when the ticket is void: used, or its user has
    /// another password or address by now, is blocked, or is no more.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn resettable(
        &self,
        ticket: &ResetTicket,
        now: Timestamp,
    ) -> Result<Option<Resettable>, StoreError> {
        let key = ticket.login.key();
        let (login, budgets, user) = tokio::try_join!(
            self.login(&key),
            self.some_password_budgets(&key),
            self.user(&ticket.user, now)
        )?;
        let (Some(login), Some(user)) = (login, user) else { return Ok(None) };
        let has_address = ticket.proves.is_none() || ticket.proves == user.profile.email;
        let accepts = user.profile.accepts_tokens_of(ticket.issued_at);
        let is_good = ticket.is_about(&login) && has_address && accepts;
        Ok(is_good.then_some(Resettable { key, login, user, budgets }))
    }

    /// Puts a new password in the place of the one that the ticket was made on, and ends what was issued under that one
    /// (SEC-42). Blocked sign-ins are over, for the guesses were at the old password; what wrong codes of a second factor
    /// cost stays owed, for a mailbox is no second factor (SEC-18). Only the address's own count of them is forgotten,
    /// where using the ticket proves the address. `false` when the ticket is void.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn reset_password(
        &self,
        ticket: &ResetTicket,
        seen: Resettable,
        hash: &PasswordHash,
        notice: &Notice,
        clock: &Clock,
    ) -> Result<bool, StoreError> {
        let mut seen = seen;
        for _ in 0..DECISION_TRIES {
            let now = clock.now();
            if self.all_done(seen.writes(ticket, hash, notice, now)?).await? {
                // The ticket is spent: nobody could ask again.
                compensated("end_since", self.end_since(&ticket.user, now, clock).await);
                return Ok(true);
            }
            // The ticket was used, or something else of the account changed, meanwhile.
            let Some(anew) = self.resettable(ticket, clock.now()).await? else { return Ok(false) };
            seen = anew;
        }
        Err(StoreError::Busy)
    }
}

impl Resettable {
    fn writes(
        &self,
        ticket: &ResetTicket,
        hash: &PasswordHash,
        notice: &Notice,
        now: Timestamp,
    ) -> Result<Vec<Write>, StoreError> {
        let login = Write::update(self.key.pk(), "LOGIN", "SET password_hash = :hash")
            .when("user_id = :user")
            .value(":user", text(ticket.user.as_str()))
            .value(":hash", value_of(hash)?);
        let login = match &self.login.password_hash {
            Some(seen) => login.when("password_hash = :seen").value(":seen", value_of(seen)?),
            None => login.when("attribute_not_exists(password_hash)"),
        };
        let enrolled = self.user.profile.active_authenticators;
        let change = UserChange {
            email: ticket.proves.clone(),
            // A verified address is a second factor by itself, and whoever enrolled others did not ask for it: their
            // mailbox would be both the new password and the code.
            email_verified: ticket.proves.as_ref().filter(|_| enrolled == 0).map(|_| true),
            ..UserChange::default()
        };
        let profile = change.write(&self.user.profile, now, true)?.map_err(|_| StoreError::Corrupt)?;
        let profile = accepting(profile, ticket.issued_at)
            .when("attribute_not_exists(active_authenticators) OR active_authenticators = :enrolled")
            .value(":enrolled", number(u64::from(enrolled)));
        let mut writes = vec![login, profile, notice.write()?];
        writes.extend(self.unlocked_address(ticket));
        writes.extend(self.proven_mailbox(ticket, now));
        let budgets = self.budgets.iter().take(PASSWORD_BUDGETS_MAX);
        writes.extend(budgets.map(|budget| budget.delete(&self.key)));
        Ok(writes)
    }

    /// Using a ticket that was mailed proves that the address takes mail.
    fn proven_mailbox(&self, ticket: &ResetTicket, now: Timestamp) -> Option<Write> {
        let (address, mailed_at) = (ticket.proves.as_ref()?, ticket.mailed_at?);
        Some(self.user.marked(address, now)?.proven(mailed_at)?.write())
    }

    /// The count of wrong codes of the address itself, which cannot be enrolled anew when it is at the hard cap (SEC-20).
    fn unlocked_address(&self, ticket: &ResetTicket) -> Option<Write> {
        ticket.proves.as_ref()?;
        let counter = Counter::Authenticator(self.user.profile.implicit_id()?);
        let counts = self.user.limit(Limits::DEFAULT.codes).counts(&counter);
        counts.then(|| LimitKey::failures(&ticket.user, counter).forget())
    }
}
