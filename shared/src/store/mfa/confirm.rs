//! The transaction that turns a right code into tokens: everything the answer rests on is a condition of it.

use std::sync::Arc;

use super::{SPENT, accepting, challenge_sk, pk, through};
use crate::id::{AuthenticatorId, Jti, Nonce, UserId};
use crate::rules::address::EmailAddress;
use crate::rules::enrolment::Gate;
use crate::rules::limit::Charge;
use crate::rules::policy::TenantSettings;
use crate::rules::recovery::RecoveryHash;
use crate::store::expression::{Write, number, text, value_of};
use crate::store::limits::LimitKey;
use crate::store::mailboxes::Cleared;
use crate::store::notices::Notice;
use crate::store::refresh::NewFamily;
use crate::store::users::{self, NEVER, PROFILE, Pending, RECOVERY, Recovery, SealedSecret};
use crate::store::{NotWritten, Store, StoreError};
use crate::time::Timestamp;
use serde::Serialize;

/// The members of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmStep {
    /// The challenge, consumed.
    Challenge,
    /// The login, spent.
    Spent,
    /// The authenticator: confirmed, or used.
    Authenticator,
    /// The profile: the gate, and what counts authenticators.
    Profile,
    /// The attempt, given back.
    Limit,
    /// The recovery code: set, or replaced.
    Recovery,
    /// The refresh tokens of this sign-in, begun.
    Refresh,
    /// The notice of it.
    Notice,
    /// What was told of the address that the code came back from.
    Mailbox,
}

/// A TOTP secret sealed anew under the newest root (SEC-44).
#[derive(Clone, Debug)]
pub struct Reseal(pub SealedSecret);

/// What the code proved.
#[derive(Clone, Debug)]
pub enum Proven {
    /// A pending authenticator is confirmed.
    Enrolment {
        /// Which.
        id: AuthenticatorId,
        /// The same phone by its other channel, which is confirmed with it (contract §3).
        twin: Option<AuthenticatorId>,
        /// The condition of the enrolment.
        gate: Gate,
        /// The tenant's settings the gate depends on.
        settings: Arc<TenantSettings>,
        /// The profile's list as it was read.
        pending: Vec<Pending>,
        /// The list after it.
        pending_after: Vec<Pending>,
        /// Becomes the user's recovery code.
        recovery: Option<Recovery>,
        /// Whether it may take the place of another; else the user gets none who has one by then.
        recovery_replaces: bool,
        /// The time step its code used, if it has one.
        step: Option<u64>,
    },
    /// An active authenticator that receives codes was used.
    Oob(AuthenticatorId),
    /// The verified address itself was used.
    ImplicitEmail(EmailAddress),
    /// An authenticator app was used.
    Otp {
        /// Which.
        id: AuthenticatorId,
        /// The time step of its code, used once (SEC-14).
        step: u64,
        /// The secret under the newest root, when it was under an older one.
        reseal: Option<Reseal>,
    },
    /// The recovery code was used and is replaced.
    RecoveryCode {
        /// The one used.
        old: RecoveryHash,
        /// Its successor.
        new: RecoveryHash,
    },
}

impl Proven {
    /// Does without a recovery code of its own, where the user has another by now; `false` where that was no condition.
    pub fn gives_up_recovery(&mut self) -> bool {
        match self {
            Self::Enrolment { recovery, recovery_replaces: false, .. } => {
                *recovery = None;
                true
            }
            _ => false,
        }
    }
}

/// A right code, to be made final.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// The user.
    pub user: UserId,
    /// The login.
    pub jti: Jti,
    /// When its token was issued.
    pub issued_at: Timestamp,
    /// When its `mfa_token` is over; `None` for an access token, which is never spent.
    pub spend_until: Option<Timestamp>,
    /// The challenge to consume.
    pub challenge: Option<(AuthenticatorId, Nonce)>,
    /// What was proven.
    pub proven: Proven,
    /// The attempt to give back.
    pub limit: (LimitKey, Charge),
    /// What the user is told of it.
    pub notice: Option<Notice>,
    /// The end of what older mails told of the address that the code was mailed to.
    pub mailbox: Option<Cleared>,
    /// Whether giving it back leaves nothing owed.
    pub clean: bool,
    /// The refresh tokens of this sign-in, if it asked for `offline_access`.
    pub refresh: Option<NewFamily>,
    /// When.
    pub now: Timestamp,
}

#[derive(Serialize)]
struct SpentItem {
    expires_at: Timestamp,
}

/// How long a spent login is remembered after its token is over, in seconds: a margin for clocks that differ.
const SPENT_MARGIN_SECONDS: u64 = 3_600;

impl Confirmation {
    fn steps(&self) -> Result<Vec<(ConfirmStep, Write)>, StoreError> {
        let mut steps = Vec::with_capacity(7);
        if let Some((id, nonce)) = &self.challenge {
            let consume = Write::delete(&pk(&self.jti), &challenge_sk(id))
                .when("nonce = :nonce")
                .value(":nonce", text(nonce.as_str()));
            steps.push((ConfirmStep::Challenge, consume));
        }
        if let Some(until) = self.spend_until {
            let item = SpentItem { expires_at: until.plus(SPENT_MARGIN_SECONDS) };
            let spend = Write::put(&pk(&self.jti), SPENT, &item)?.when("attribute_not_exists(pk)");
            steps.push((ConfirmStep::Spent, spend));
        }
        let (key, charge) = &self.limit;
        steps.push((ConfirmStep::Limit, key.give_back(charge, self.clean)));
        steps.push((ConfirmStep::Profile, self.profile()?));
        steps.extend(self.authenticator());
        steps.extend(self.twin());
        steps.extend(self.recovery()?);
        if let Some(family) = &self.refresh {
            steps.push((ConfirmStep::Refresh, family.begin()?));
        }
        if let Some(notice) = &self.notice {
            steps.push((ConfirmStep::Notice, notice.write()?));
        }
        if let Some(mailbox) = &self.mailbox {
            steps.push((ConfirmStep::Mailbox, mailbox.write()));
        }
        Ok(steps)
    }

    fn profile(&self) -> Result<Write, StoreError> {
        let user = users::pk(&self.user);
        let write = match &self.proven {
            Proven::Enrolment { twin, gate, settings, pending, pending_after, .. } => {
                let update = "SET pending = :after ADD active_authenticators :confirmed";
                let write = Write::update(&user, PROFILE, update)
                    .when("pending = :seen")
                    .value(":seen", value_of(pending)?)
                    .value(":after", value_of(pending_after)?)
                    .value(":confirmed", number(if twin.is_some() { 2 } else { 1 }));
                through(write, *gate, settings)
            }
            Proven::ImplicitEmail(address) => {
                Write::update(&user, PROFILE, "SET implicit_last_used_at = :now")
                    .when("email = :email AND email_verified = :true")
                    .value(":email", text(address.as_str()))
                    .value(":true", aws_sdk_dynamodb::types::AttributeValue::Bool(true))
                    .value(":now", number(self.now.0))
            }
            _ => Write::check(&user, PROFILE, "attribute_exists(pk)"),
        };
        Ok(accepting(write, self.issued_at))
    }

    fn authenticator(&self) -> Option<(ConfirmStep, Write)> {
        let user = users::pk(&self.user);
        let update = |id: &AuthenticatorId, expression: &str| {
            Write::update(&user, &users::authenticator_sk(id), expression.to_owned())
                .name("#state", "state")
                .value(":active", text("active"))
                .value(":now", number(self.now.0))
        };
        let write = match &self.proven {
            Proven::Enrolment { id, step, .. } => {
                let stepped = if step.is_some() { ", last_step = :step" } else { "" };
                let set = format!("SET #state = :active, last_used_at = :now{stepped}");
                let write = self.activated(id, &set).value(":now", number(self.now.0));
                match step {
                    Some(step) => write.value(":step", number(*step)),
                    None => write,
                }
            }
            Proven::Oob(id) => update(id, "SET last_used_at = :now").when("#state = :active"),
            Proven::Otp { id, step, reseal } => {
                let sealed = if reseal.is_some() { ", secret = :secret" } else { "" };
                let write = update(id, &format!("SET last_used_at = :now, last_step = :step{sealed}"))
                    .when("#state = :active")
                    .when("attribute_not_exists(last_step) OR last_step < :step")
                    .value(":step", number(*step));
                match reseal {
                    Some(Reseal(secret)) => write.value(":secret", text(&*secret.0)),
                    None => write,
                }
            }
            Proven::ImplicitEmail(_) | Proven::RecoveryCode { .. } => return None,
        };
        Some((ConfirmStep::Authenticator, write))
    }

    /// The other channel of a phone is good from now on as well, and was never used.
    fn twin(&self) -> Option<(ConfirmStep, Write)> {
        let Proven::Enrolment { twin: Some(id), .. } = &self.proven else { return None };
        let write =
            self.activated(id, "SET #state = :active, last_used_at = :now").value(":now", number(NEVER.0));
        Some((ConfirmStep::Authenticator, write))
    }

    /// A pending authenticator of this login becomes an active one.
    fn activated(&self, id: &AuthenticatorId, set: &str) -> Write {
        let expression = format!("{set} REMOVE expires_at, jti, recovery_hash");
        Write::update(&users::pk(&self.user), &users::authenticator_sk(id), expression)
            .name("#state", "state")
            .value(":active", text("active"))
            .when("#state = :pending AND jti = :jti")
            .value(":pending", text("pending"))
            .value(":jti", text(self.jti.as_str()))
    }

    fn recovery(&self) -> Result<Option<(ConfirmStep, Write)>, StoreError> {
        let user = users::pk(&self.user);
        let write = match &self.proven {
            Proven::Enrolment { recovery: Some(recovery), recovery_replaces, .. } => {
                let put = Write::put(&user, RECOVERY, recovery)?;
                if *recovery_replaces { put } else { put.when("attribute_not_exists(pk)") }
            }
            Proven::RecoveryCode { old, new } => Write::update(&user, RECOVERY, "SET #hash = :new")
                .when("#hash = :old")
                .name("#hash", "hash")
                .value(":old", value_of(old)?)
                .value(":new", value_of(new)?),
            _ => return Ok(None),
        };
        Ok(Some((ConfirmStep::Recovery, write)))
    }
}

impl Store {
    /// Makes a right code final: whoever loses any of its conditions gets nothing (SEC-8).
    ///
    /// # Errors
    /// The members whose conditions did not hold, or [`StoreError`].
    pub async fn confirm(&self, confirmation: &Confirmation) -> Result<(), NotWritten<ConfirmStep>> {
        self.transact(&confirmation.steps()?).await
    }
}
