//! The transaction that gives a user a new recovery code.

use super::Authority;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::id::{AuthenticatorId, UserId};
use crate::rules::limit::{Limits, RECOVERY_CODES_REPLACED, Standing};
use crate::rules::recovery::RecoveryHash;
use crate::store::expression::{Write, number, text, value_of};
use crate::store::limits::{Counter, LimitKey};
use crate::store::notices::Notice;
use crate::store::users::{self, PROFILE, RECOVERY, UserState};
use crate::store::{NotWritten, Store, StoreError};
use crate::time::Timestamp;

/// The members of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegenerateStep {
    /// The recovery code.
    Recovery,
    /// That the user is enrolled, and accepts the token that asks.
    Profile,
    /// The user's budget of new codes; an operator's cost none.
    Budget,
    /// The failures counted for the code that goes.
    Limit,
    /// The notice of it.
    Notice,
}

/// A new recovery code in the place of the old one, if there was one.
#[derive(Clone, Debug)]
pub struct Regeneration {
    /// Whose.
    pub user: UserId,
    /// On whose word.
    pub authority: Authority,
    /// The old one, as it was read: of two requests at once only one shows its code.
    pub old: Option<RecoveryHash>,
    /// The new one.
    pub new: RecoveryHash,
    /// Its id in the list of authenticators, where there was none.
    pub id: AuthenticatorId,
    /// Whether failures are counted for the old one: they go with it (SEC-20).
    pub forgets: bool,
    /// Whether the debt of [`RECOVERY_CODES_REPLACED`] has decayed, as it was read.
    pub decayed: bool,
    /// What the user is told of it.
    pub notice: Notice,
    /// When.
    pub now: Timestamp,
}

impl Regeneration {
    /// What takes the place of the code that a user has, as the user was read.
    #[must_use]
    pub fn of(
        user: &UserState,
        limits: &Limits,
        authority: Authority,
        (new, id): (RecoveryHash, AuthenticatorId),
        notice: Notice,
    ) -> Self {
        let (bucket, now) = (RECOVERY_CODES_REPLACED, notice.at);
        Self {
            user: user.profile.user_id.clone(),
            authority,
            old: user.recovery.as_ref().map(|recovery| recovery.hash.clone()),
            new,
            id,
            forgets: user.limit(limits.recovery_codes).counts(&Counter::RecoveryCode),
            decayed: bucket.standing(user.limit(bucket).tat, now) == Standing::Decayed,
            notice,
            now,
        }
    }

    fn steps(&self) -> Result<Vec<(RegenerateStep, Write)>, StoreError> {
        let pk = users::pk(&self.user);
        let update =
            "SET #hash = :new, #id = if_not_exists(#id, :id), created_at = if_not_exists(created_at, :now)";
        let code = Write::update(&pk, RECOVERY, update)
            .name("#hash", "hash")
            .name("#id", "id")
            .value(":new", value_of(&self.new)?)
            .value(":id", text(self.id.as_str()))
            .value(":now", number(self.now.0));
        let code = match &self.old {
            Some(old) => code.when("#hash = :old").value(":old", value_of(old)?),
            None => code.when("attribute_not_exists(pk)"),
        };
        // A recovery code recovers a factor: the last one may have gone meanwhile, and the code with it.
        let enrolled = "active_authenticators > :none OR email_verified = :true";
        let profile = self
            .authority
            .demand(Write::check(&pk, PROFILE, enrolled))
            .value(":none", number(0))
            .value(":true", AttributeValue::Bool(true));
        let mut steps = vec![
            (RegenerateStep::Recovery, code),
            (RegenerateStep::Profile, profile),
            (RegenerateStep::Notice, self.notice.write()?),
        ];
        if self.authority != Authority::Operator {
            let budget = LimitKey::of_user(&self.user, RECOVERY_CODES_REPLACED);
            steps.push((RegenerateStep::Budget, budget.charge(self.decayed, self.now)));
        }
        if self.forgets {
            let key = LimitKey::failures(&self.user, Counter::RecoveryCode);
            steps.push((RegenerateStep::Limit, key.forget()));
        }
        Ok(steps)
    }
}

impl Store {
    /// Gives a user a new recovery code.
    ///
    /// # Errors
    /// The members whose conditions did not hold, or [`StoreError`].
    pub async fn regenerate_recovery_code(
        &self,
        regeneration: &Regeneration,
    ) -> Result<(), NotWritten<RegenerateStep>> {
        self.transact(&regeneration.steps()?).await
    }
}
