//! Giving a user authenticators on an operator's word, without a proof of the user's: those that were confirmed
//! elsewhere, when users move to Postern, and those that an operator adds.

use crate::id::UserId;
use crate::rules::enrolment::has_room;
use crate::rules::policy::{Factor, TenantSettings};
use crate::store::expression::{Write, number};
use crate::store::limits::{Counter, LimitKey};
use crate::store::notices::Notice;
use crate::store::users::{self, Authenticator, PROFILE, RECOVERY, UserState};
use crate::store::{DECISION_TRIES, Store, StoreError};
use crate::time::Timestamp;

/// Authenticators to be given. The caller has checked that they are active, and sealed their secrets
/// (`token::totp_secret`).
#[derive(Clone, Debug)]
pub struct Gift {
    /// To whom.
    pub user: UserId,
    /// One, or the channels of one phone.
    pub authenticators: Vec<Authenticator>,
    /// What the user is told of it.
    pub notice: Option<Notice>,
}

/// What became of a gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The authenticator is the user's, and counts as any other.
    Done,
    /// There is one of that id, or of that address or number, already: it was given before, or the user enrolled it.
    Known,
    /// There is no such user.
    NoSuchUser,
    /// The user has the largest number of authenticators.
    TooMany,
}

impl Gift {
    /// Whether the user has it already. Apps differ by secrets that nobody reads.
    fn is_known(&self, seen: &UserState) -> bool {
        let is_same = |mine: &Authenticator, theirs: &Authenticator| {
            let to = mine.source.destination();
            mine.id == theirs.id || (to.is_some() && to == theirs.source.destination())
        };
        seen.active().any(|theirs| self.authenticators.iter().any(|mine| is_same(mine, theirs)))
    }

    /// Whether failures are counted for apps of old that are all gone: a new one begins without (SEC-20).
    fn forgets_apps(&self, seen: &UserState, settings: &TenantSettings) -> bool {
        let is_app = |it: &Authenticator| it.factor() == Factor::Otp;
        self.authenticators.iter().any(is_app)
            && !seen.active().any(is_app)
            && seen.limit(settings.limits.codes).counts(&Counter::Otp)
    }

    fn writes(&self, seen: &UserState, settings: &TenantSettings) -> Result<Vec<Write>, StoreError> {
        let pk = users::pk(&self.user);
        let count = u64::from(seen.profile.active_authenticators) + self.authenticators.len() as u64;
        let counted = Write::update(&pk, PROFILE, "SET active_authenticators = :new")
            .when("attribute_exists(pk)")
            .value(":new", number(count));
        // What was seen of the user's factors decided whether there is room, and whether these are known.
        let mut writes = vec![users::with_factors_of(&seen.profile, counted)?];
        for authenticator in &self.authenticators {
            writes.push(users::put_authenticator(&self.user, authenticator)?);
        }
        if !seen.is_enrolled(settings) {
            // A code left from when a verified address counted must not come back to life.
            writes.push(Write::delete(&pk, RECOVERY));
        }
        if self.forgets_apps(seen, settings) {
            writes.push(LimitKey::failures(&self.user, Counter::Otp).forget());
        }
        if let Some(notice) = &self.notice {
            writes.push(notice.write()?);
        }
        Ok(writes)
    }
}

impl Store {
    /// Gives a user authenticators, in one transaction with the count of them. A user who is enrolled so is not shown a
    /// recovery code, and has none of old: the operator gives one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn give(
        &self,
        gift: &Gift,
        settings: &TenantSettings,
        now: Timestamp,
    ) -> Result<Given, StoreError> {
        for _ in 0..DECISION_TRIES {
            let Some(seen) = self.user(&gift.user, now).await? else { return Ok(Given::NoSuchUser) };
            if gift.is_known(&seen) {
                return Ok(Given::Known);
            }
            if !has_room(seen.authenticators.len(), gift.authenticators.len()) {
                return Ok(Given::TooMany);
            }
            // Otherwise one came or went meanwhile.
            if self.all_done(gift.writes(&seen, settings)?).await? {
                return Ok(Given::Done);
            }
        }
        Err(StoreError::Busy)
    }
}
