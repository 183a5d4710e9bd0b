//! Users who move in: several in one transaction, each whole or not at all. What of a transaction is refused is told row
//! by row, and the others are written without it.

use super::expression::Write;
use super::user_life::{CreateStep, NewLogin, creation, factors, no_tombstone};
use super::users::{Authenticator, Profile};
use super::{NotWritten, RefusedStep, Store, StoreError, TRANSACTION_MAX, read};
use crate::time::Clock;

/// A user to move in.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The profile. Its `tokens_valid_after` ends what an earlier user of that id may have left.
    pub profile: Profile,
    /// How the user signs in.
    pub logins: Vec<NewLogin>,
    /// Confirmed authenticators, with sealed secrets.
    pub authenticators: Vec<Authenticator>,
}

/// Whether newcomers may have moved in by an earlier try of the same call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// There was none.
    First,
    /// One failed, and left open what was written.
    Again,
}

/// What became of a newcomer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Moved in.
    Done,
    /// There is a user of that id with that address already, and stays as it is.
    Known,
    /// Another user has the id: one of another address.
    IdTaken,
    /// Another user has the address, or the number.
    AddressTaken,
}

/// The member of a transaction: of which newcomer, and what.
type Member = (usize, CreateStep);

impl Newcomer {
    /// Whether so many members of a transaction leave room for more.
    #[must_use]
    pub fn has_room(members: usize, more: usize) -> bool {
        members + more <= TRANSACTION_MAX
    }

    /// How many members of a transaction a newcomer is: the profile, that nobody of the id was deleted, and the rest.
    #[must_use]
    pub fn members_of(logins: usize, authenticators: usize) -> usize {
        2 + logins + authenticators
    }

    fn steps(&self) -> Result<Vec<(CreateStep, Write)>, StoreError> {
        let profile = Profile { active_authenticators: self.active(), ..self.profile.clone() };
        let (profile, mut steps) = creation(profile, &self.logins)?;
        steps.extend(factors(&profile.user_id, &self.authenticators)?);
        steps.push((CreateStep::Tombstone, no_tombstone(&profile.user_id)));
        Ok(steps)
    }

    fn active(&self) -> u32 {
        u32::try_from(self.authenticators.len()).unwrap_or(u32::MAX)
    }
}

impl Store {
    /// Lets newcomers move in, in one transaction: together they must be few enough for one
    /// ([`Newcomer::has_room`]), and have no id and no login twice. The answers are in their order.
    ///
    /// May be tried again after a failure that left open what was written: whoever moved in by then is told to have.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn move_in(
        &self,
        newcomers: &[Newcomer],
        tried: Try,
        clock: &Clock,
    ) -> Result<Vec<Arrival>, StoreError> {
        let mut arrivals: Vec<Option<Arrival>> = vec![None; newcomers.len()];
        // Each round but the last is refused for somebody, who is then out of it.
        for _ in 0..newcomers.len() {
            let members = members(newcomers, &arrivals)?;
            if members.is_empty() {
                break;
            }
            match self.transact(&members).await {
                Ok(()) => arrivals.iter_mut().for_each(|arrival| _ = arrival.get_or_insert(Arrival::Done)),
                Err(NotWritten::Failed(error)) => return Err(error),
                Err(NotWritten::Refused(refused)) => {
                    let round = Round { newcomers, tried, members: &members, refused: &refused };
                    self.settle(round, &mut arrivals, clock).await?;
                }
            }
        }
        arrivals.into_iter().map(|arrival| arrival.ok_or(StoreError::Busy)).collect()
    }

    async fn settle(
        &self,
        round: Round<'_>,
        arrivals: &mut [Option<Arrival>],
        clock: &Clock,
    ) -> Result<(), StoreError> {
        for ((index, newcomer), arrival) in round.newcomers.iter().enumerate().zip(arrivals) {
            let mine = |step| round.refused.iter().find(|it| it.step == (index, step));
            if let Some(profile) = mine(CreateStep::Profile) {
                *arrival = Some(round.judged(newcomer, profile)?);
            } else if mine(CreateStep::Login).is_some() {
                *arrival = Some(Arrival::AddressTaken);
            } else if round.refused.iter().any(|it| it.step.0 == index) {
                *arrival = Some(self.move_in_again(newcomer, clock).await?);
            }
        }
        Ok(())
    }

    /// A newcomer whose id was a deleted user's: what that one was issued ends.
    async fn move_in_again(&self, newcomer: &Newcomer, clock: &Clock) -> Result<Arrival, StoreError> {
        let Newcomer { profile, logins, authenticators } = newcomer;
        let counted = Profile { active_authenticators: newcomer.active(), ..profile.clone() };
        if self.create_with_factors(&counted, logins, (authenticators, None), clock).await?.is_some() {
            return Ok(Arrival::Done);
        }
        let there = self.profile(&profile.user_id).await?;
        Ok(there.map_or(Arrival::AddressTaken, |there| newcomer.beside(&there)))
    }
}

/// What is written of those with whom nothing is settled yet.
fn members(newcomers: &[Newcomer], arrivals: &[Option<Arrival>]) -> Result<Vec<(Member, Write)>, StoreError> {
    let mut members = Vec::new();
    for (index, (newcomer, arrival)) in newcomers.iter().zip(arrivals).enumerate() {
        if arrival.is_none() {
            members.extend(newcomer.steps()?.into_iter().map(|(step, write)| ((index, step), write)));
        }
    }
    Ok(members)
}

/// A transaction that was refused.
#[derive(Clone, Copy)]
struct Round<'a> {
    newcomers: &'a [Newcomer],
    tried: Try,
    members: &'a [(Member, Write)],
    refused: &'a [RefusedStep<Member>],
}

impl Round<'_> {
    /// What it means that there is a profile of the id.
    fn judged(&self, newcomer: &Newcomer, there: &RefusedStep<Member>) -> Result<Arrival, StoreError> {
        let Some(old) = &there.old else { return Ok(Arrival::IdTaken) };
        let put = self.members.iter().find(|(member, _)| *member == there.step);
        let is_ours = put.and_then(|(_, write)| write.put.as_ref()) == Some(old);
        if is_ours && self.tried == Try::Again {
            return Ok(Arrival::Done);
        }
        Ok(newcomer.beside(&read(old.clone())?))
    }
}

impl Newcomer {
    fn beside(&self, there: &Profile) -> Arrival {
        if there.email == self.profile.email { Arrival::Known } else { Arrival::IdTaken }
    }
}
