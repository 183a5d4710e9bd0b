//! Which authenticator a challenge goes to (contract §2, A3).

use postern::http::Params;
use postern::id::AuthenticatorId;
use postern::rules::address::EmailAddress;
use postern::rules::channel::PhoneChannel;
use postern::rules::destination::Destination;
use postern::rules::policy::{Factor, TenantSettings};
use postern::store::limits::Counter;
use postern::store::users::{Authenticator, Source, State, UserState};
use postern::time::Timestamp;
use postern::wire::refusal::Refusal;

/// Longest `challenge_type` that is repeated in a refusal, in characters.
const TYPES_SHOWN_MAX: usize = 100;

/// What the client asks for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// `challenge_type` as it was sent; any type when absent.
    types: Option<String>,
    /// `None` when absent; `Some(None)` when it cannot be one.
    authenticator: Option<Option<AuthenticatorId>>,
}

/// What the challenge is.
#[derive(Debug)]
pub(crate) enum Chosen {
    /// The app shows a code; there is nothing to send.
    Otp,
    /// A code is sent; to the account's own address when the authenticator is the implicit one.
    Oob { id: AuthenticatorId, to: Destination, implicit: Option<EmailAddress> },
}

/// An active authenticator, the implicit one among them.
struct Candidate {
    chosen: Chosen,
    id: AuthenticatorId,
    counter: Counter,
    last_used_at: Option<Timestamp>,
    wish: Wish,
}

/// Which of two channels that were used at the same time, or never, is taken: what an operator gave was never used, and
/// nobody is called who did not ask for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    Call,
    Other,
    Preferred,
}

impl Wish {
    fn of(authenticator: &Authenticator) -> Self {
        let channel = match authenticator.source {
            Source::Sms { .. } => Some(PhoneChannel::Sms),
            Source::Voice { .. } => Some(PhoneChannel::Voice),
            Source::Email { .. } | Source::Otp { .. } => None,
        };
        match channel {
            Some(channel) if authenticator.labels.preferred == Some(channel) => Self::Preferred,
            Some(PhoneChannel::Voice) => Self::Call,
            _ => Self::Other,
        }
    }
}

impl Candidate {
    fn of(authenticator: &Authenticator) -> Option<Self> {
        let State::Active { last_used_at } = authenticator.state else { return None };
        let id = authenticator.id.clone();
        let wish = Wish::of(authenticator);
        let chosen = match authenticator.source.destination() {
            Some(to) => Chosen::Oob { id: id.clone(), to, implicit: None },
            None => Chosen::Otp,
        };
        Some(Self { chosen, id, counter: authenticator.counter(), last_used_at: Some(last_used_at), wish })
    }

    fn challenge_type(&self) -> &'static str {
        match self.chosen {
            Chosen::Otp => "otp",
            Chosen::Oob { .. } => "oob",
        }
    }

    /// Whether its codes would not arrive.
    fn is_unreachable(&self, user: &UserState, now: Timestamp) -> bool {
        matches!(&self.chosen, Chosen::Oob { to, .. } if user.is_unreachable(to, now))
    }

    /// What is switched off of what it needs.
    fn switched_off(&self, settings: &TenantSettings) -> Option<&'static str> {
        match &self.chosen {
            Chosen::Oob { to, .. } => to.switched_off(settings),
            Chosen::Otp => (!settings.factors.has(Factor::Otp)).then_some(Factor::Otp.as_str()),
        }
    }
}

fn candidates(user: &UserState, settings: &TenantSettings) -> Vec<Candidate> {
    let implicit = user.implicit_email(settings).map(|implicit| Candidate {
        id: implicit.id.clone(),
        counter: Counter::of(&implicit.id),
        chosen: Chosen::Oob {
            id: implicit.id,
            to: Destination::Email(implicit.address.clone()),
            implicit: Some(implicit.address),
        },
        last_used_at: implicit.last_used_at,
        wish: Wish::Other,
    });
    user.active().filter_map(Candidate::of).chain(implicit).collect()
}

impl Wanted {
    pub(crate) fn parse(params: &Params) -> Result<Self, Refusal> {
        Ok(Self {
            types: params.optional("challenge_type")?.map(ToOwned::to_owned),
            authenticator: params.optional("authenticator_id")?.map(AuthenticatorId::parse),
        })
    }

    fn allows(&self, candidate: &Candidate) -> bool {
        self.types.as_deref().is_none_or(|types| {
            types.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(candidate.challenge_type()))
        })
    }

    fn unsupported(&self) -> Refusal {
        let asked = self.types.as_deref().unwrap_or("otp oob");
        Refusal::UnsupportedChallengeType(asked.chars().take(TYPES_SHOWN_MAX).collect())
    }

    /// The authenticator named, else the one most recently used of an allowed type; one that can be used goes before
    /// one that is locked, switched off or known to bounce, and of channels that were never used the one an operator
    /// said is preferred.
    pub(crate) fn choose(
        &self,
        user: &UserState,
        settings: &TenantSettings,
        now: Timestamp,
    ) -> Result<Chosen, Refusal> {
        let mut all = candidates(user, settings);
        let named = self.authenticator.as_ref().and_then(Option::as_ref);
        if named.is_some()
            && named == user.profile.implicit_id().as_ref()
            && !settings.factors.has(Factor::Email)
        {
            return Err(Refusal::FactorOff(Factor::Email.as_str()));
        }
        if all.is_empty() {
            return Err(Refusal::NotEnrolled);
        }
        if let Some(id) = &self.authenticator {
            self.refuse_recovery_code(id.as_ref(), user)?;
            all.retain(|candidate| Some(&candidate.id) == id.as_ref());
            if all.is_empty() {
                return Err(Refusal::AuthenticatorNotFound);
            }
        }
        all.retain(|candidate| self.allows(candidate));
        let on = |candidate: &Candidate| candidate.switched_off(settings).is_none();
        let usable =
            |candidate: &Candidate| on(candidate) && !user.is_locked(&candidate.counter, &settings.limits);
        let rank = |candidate: &Candidate| {
            let usable = usable(candidate);
            let arrives = usable && !candidate.is_unreachable(user, now);
            (arrives, usable, candidate.last_used_at, candidate.wish)
        };
        let best = all.into_iter().max_by_key(rank);
        let best = best.ok_or_else(|| self.unsupported())?;
        if let Some(off) = best.switched_off(settings) {
            return Err(Refusal::FactorOff(off));
        }
        if user.is_locked(&best.counter, &settings.limits) {
            let codes = settings.limits.codes;
            return Err(Refusal::TooManyCodes { limit: codes.burst, retry_after: codes.refill_seconds });
        }
        Ok(best.chosen)
    }

    /// The recovery code is listed as an authenticator but has no challenge of its own.
    fn refuse_recovery_code(&self, id: Option<&AuthenticatorId>, user: &UserState) -> Result<(), Refusal> {
        let named = user.recovery.as_ref().is_some_and(|recovery| Some(&recovery.id) == id);
        if named { Err(self.unsupported()) } else { Ok(()) }
    }
}
