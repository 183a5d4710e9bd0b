//! What a request is found to be about while it is handled.
//!
//! It belongs to the task that handles the request, as its span would: who the user is comes to light deep in a handler,
//! often only for a refusal, and a parameter for it would run through every function. Work that no request asked for has
//! one as well ([`super::of_system`]); outside of both nothing is kept.

use std::cell::RefCell;

use super::event::Event;
use crate::id::{ClientId, UserId};
use crate::rules::channel::Channel;
use crate::rules::policy::Factor;

tokio::task_local! {
    static TRAIL: RefCell<Trail>;
}

/// Something that decides which event a request is, and that its outcome does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The code that was right confirms an enrolment.
    Enrols,
    /// The wrong answer spent its budget, or reached the hard cap.
    Blocks,
    /// The refresh token had been used before.
    TokenReused,
    /// The mail had been sent, and SES tells of it afterwards.
    CameBack,
}

/// What is known of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// Whose account it is about.
    pub user: Option<UserId>,
    /// The client that asks; one that there is.
    pub client: Option<ClientId>,
    /// The connection that the account is looked for in.
    pub connection: Option<String>,
    /// The factor that is used, added or removed.
    pub factor: Option<Factor>,
    /// How a code is sent.
    pub channel: Option<Channel>,
    /// What else decides which events there are.
    pub facts: Vec<Fact>,
    /// Why, where no refusal says it.
    pub reason: Option<&'static str>,
    /// What happened, in order.
    pub events: Vec<Event>,
}

impl Trail {
    /// Whether that was found.
    #[must_use]
    pub fn has(&self, fact: Fact) -> bool {
        self.facts.contains(&fact)
    }
}

/// Runs a request, and gives what became known of it beside its outcome.
pub(crate) async fn of<F: Future>(request: F) -> (F::Output, Trail) {
    let follow = async {
        let output = request.await;
        (output, TRAIL.with(RefCell::take))
    };
    TRAIL.scope(RefCell::default(), follow).await
}

/// Something happened.
pub fn record(event: Event) {
    note(|trail| trail.events.push(event));
}

/// The request ends: says what happened, by what became known of it.
pub fn conclude<E>(events: impl FnOnce(&Trail) -> E)
where
    E: IntoIterator<Item = Event>,
{
    note(|trail| {
        let happened = events(trail);
        trail.events.extend(happened);
    });
}

/// The request is about this user's account.
pub fn user(id: &UserId) {
    note(|trail| trail.user = Some(id.clone()));
}

/// This client asks, or is named by who asks: one that there is, never just what was typed.
pub fn client(id: &ClientId) {
    note(|trail| trail.client = Some(id.clone()));
}

/// The account is looked for in this connection.
pub fn connection(name: &str) {
    note(|trail| trail.connection = Some(name.to_owned()));
}

/// The request is about this factor.
pub fn factor(factor: Factor) {
    note(|trail| trail.factor = Some(factor));
}

/// A code is sent this way, by the factor that it is the channel of.
pub fn channel(channel: Channel) {
    note(|trail| {
        trail.channel = Some(channel);
        trail.factor = Some(channel.into());
    });
}

/// This was found.
pub fn fact(fact: Fact) {
    note(|trail| trail.facts.push(fact));
}

/// Why something failed, where no refusal is answered, or why something was done.
pub fn reason(reason: &'static str) {
    note(|trail| trail.reason = Some(reason));
}

/// The same where nothing nearer to the cause has said so.
pub fn reason_unless_known(reason: &'static str) {
    note(|trail| _ = trail.reason.get_or_insert(reason));
}

fn note(change: impl FnOnce(&mut Trail)) {
    let _ = TRAIL.try_with(|trail| change(&mut trail.borrow_mut()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_at_once_do_not_mix() {
        let request = async |name: &str| {
            client(&ClientId::new(name));
            tokio::task::yield_now().await;
            record(Event::WrongPassword);
        };
        let ((_, one), (_, other)) = tokio::join!(of(request("one")), of(request("other")));
        assert_eq!((one.client, other.client), (Some(ClientId::new("one")), Some(ClientId::new("other"))));
        assert_eq!((one.events.len(), other.events.len()), (1, 1));
    }

    #[test]
    fn outside_of_a_request_nothing_is_kept() {
        record(Event::WrongPassword);
    }
}
