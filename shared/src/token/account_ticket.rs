//! The tickets in links that verify an address and that lead to a new password. Each is sealed, good for one user and one
//! thing, and bound to what the account was when it was made: whoever changes that makes it void.

use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::keyring::{KeyError, KeyRing, Purpose};
use super::sealed::{self, NotSealed};
use crate::id::{ClientId, UserId};
use crate::rules::address::EmailAddress;
use crate::rules::random::Random;
use crate::store::logins::{Login, LoginName};
use crate::store::users::Profile;
use crate::time::Timestamp;

/// Life of a link that verifies an address, in seconds, as Auth0 has it.
pub const VERIFY_SECONDS: u64 = 432_000;
/// Life of a mailed link to a new password, in seconds: whoever asked for it is waiting, and a mailbox keeps it for years.
pub const RESET_SECONDS: u64 = 3_600;
/// Life of a link to a new password that an operator hands on, in seconds, as Auth0 has it.
pub const HANDED_SECONDS: u64 = 432_000;
/// The longest life of either, in seconds, whatever an operator asks for.
pub const TICKET_SECONDS_MAX: u64 = 2_592_000;

/// A ticket that verifies an address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyTicket {
    /// Whose.
    pub user: UserId,
    /// When that user was made: an id may be chosen again.
    pub created_at: Timestamp,
    /// The address, which must still be the user's.
    pub email: EmailAddress,
    /// Where its page leads on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
    /// When it was mailed; none of one that an operator was handed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailed_at: Option<Timestamp>,
    /// When it was made: whatever ends tokens of then ends it too (SEC-42).
    pub issued_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// A ticket for a new password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetTicket {
    /// Whose.
    pub user: UserId,
    /// The login that gets the password: it moves when the address changes.
    pub login: LoginName,
    /// The digest of the password's hash that it takes the place of, so that it does so once, and not of a later one.
    replaces: String,
    /// The address that using it proves: the one it was mailed to, or that an operator vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proves: Option<EmailAddress>,
    /// The client through which it was asked for.
    pub client: ClientId,
    /// Where its page leads on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
    /// When it was mailed; none of one that an operator was handed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailed_at: Option<Timestamp>,
    /// When it was made: whatever ends tokens of then ends it too (SEC-42).
    pub issued_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// Addresses, and what stands for a password.
macro_rules! quiet {
    ($($ticket:ident),*) => {
        $(impl std::fmt::Debug for $ticket {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($ticket)).field("user", &self.user).finish_non_exhaustive()
            }
        })*
    };
}

quiet!(VerifyTicket, ResetTicket);

impl VerifyTicket {
    /// A ticket for the address a user has; `None` without one.
    #[must_use]
    pub fn of(
        profile: &Profile,
        result_url: Option<String>,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Option<Self> {
        Some(Self {
            user: profile.user_id.clone(),
            created_at: profile.created_at,
            email: profile.email.clone()?,
            result_url,
            mailed_at: None,
            issued_at: profile.issue_time(now),
            expires_at,
        })
    }

    /// The same in a mail of that time.
    #[must_use]
    pub fn mailed(self, at: Timestamp) -> Self {
        Self { mailed_at: Some(at), ..self }
    }

    /// The ticket as text that can stand in a URL as it is.
    ///
    /// # Errors
    /// When there is no root, or no randomness.
    pub fn seal(&self, ring: &KeyRing, random: &Random, now: Timestamp) -> Result<String, KeyError> {
        sealed::seal(ring, Purpose::VerifyTicket, self, random, now)
    }

    /// Opens a ticket; one that is over is no ticket.
    ///
    /// # Errors
    /// See [`NotSealed`].
    pub fn open(ring: &KeyRing, text: &str, now: Timestamp) -> Result<Self, NotSealed> {
        let ticket: Self = sealed::open(ring, Purpose::VerifyTicket, text)?;
        if ticket.expires_at.is_past(now) { Err(NotSealed) } else { Ok(ticket) }
    }
}

impl ResetTicket {
    /// A ticket for the password of a login, as it is now.
    #[must_use]
    pub fn of(
        (name, login): (&LoginName, &Login),
        proves: Option<EmailAddress>,
        client: ClientId,
        result_url: Option<String>,
        (issued_at, expires_at): (Timestamp, Timestamp),
    ) -> Self {
        let (user, login, replaces) = (login.user_id.clone(), name.clone(), digest_of(login));
        Self { user, login, replaces, proves, client, result_url, mailed_at: None, issued_at, expires_at }
    }

    /// The same in a mail of that time.
    #[must_use]
    pub fn mailed(self, at: Timestamp) -> Self {
        Self { mailed_at: Some(at), ..self }
    }

    /// Whether the login is that user's, and has the password still that it had.
    #[must_use]
    pub fn is_about(&self, login: &Login) -> bool {
        let is_the_same = digest_of(login).as_bytes().ct_eq(self.replaces.as_bytes());
        login.user_id == self.user && bool::from(is_the_same)
    }

    /// The ticket as text that can stand in a URL as it is.
    ///
    /// # Errors
    /// When there is no root, or no randomness.
    pub fn seal(&self, ring: &KeyRing, random: &Random, now: Timestamp) -> Result<String, KeyError> {
        sealed::seal(ring, Purpose::ResetTicket, self, random, now)
    }

    /// Opens a ticket; one that is over is no ticket.
    ///
    /// # Errors
    /// See [`NotSealed`].
    pub fn open(ring: &KeyRing, text: &str, now: Timestamp) -> Result<Self, NotSealed> {
        let ticket: Self = sealed::open(ring, Purpose::ResetTicket, text)?;
        if ticket.expires_at.is_past(now) { Err(NotSealed) } else { Ok(ticket) }
    }
}

/// Each hash has a salt of its own, so that even the same password, set anew, has another digest.
fn digest_of(login: &Login) -> String {
    let hash = login.password_hash.as_ref().map_or("", |hash| hash.0.as_str());
    HEXLOWER.encode(digest::digest(&digest::SHA256, hash.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::id::Kid;
    use crate::store::logins::{DEFAULT_CONNECTION, PasswordHash};
    use crate::token::keyring::Root;

    const NOW: Timestamp = Timestamp(1_000);

    fn ring() -> KeyRing {
        KeyRing { roots: vec![Arc::new(Root::new(Kid::new("1"), Timestamp(0), &[1; 32]))], signing: vec![] }
    }

    fn login(hash: &str) -> Login {
        Login { user_id: UserId::new("auth0|a"), password_hash: Some(PasswordHash(hash.into())) }
    }

    fn reset() -> ResetTicket {
        let name = LoginName::new(DEFAULT_CONNECTION, "a@example.com");
        ResetTicket::of((&name, &login("one")), None, ClientId::new("app"), None, (NOW, NOW.plus(10)))
    }

    /// SEC-4: neither ticket is one of the other, and neither outlives its time.
    #[test]
    fn a_ticket_is_good_for_its_own_thing_and_time() {
        let (ring, random) = (ring(), Random::seeded(1));
        let mut profile = Profile::new(UserId::new("auth0|a"), NOW);
        assert_eq!(VerifyTicket::of(&profile, None, NOW, NOW), None);
        profile.email = EmailAddress::parse("a@example.com");
        let verify = VerifyTicket::of(&profile, None, NOW, NOW.plus(10)).unwrap();
        let text = verify.seal(&ring, &random, NOW).unwrap();
        assert_eq!(VerifyTicket::open(&ring, &text, NOW.plus(9)).unwrap(), verify);
        assert!(VerifyTicket::open(&ring, &text, NOW.plus(10)).is_err());
        assert!(ResetTicket::open(&ring, &text, NOW).is_err());
        let text = reset().seal(&ring, &random, NOW).unwrap();
        assert_eq!(ResetTicket::open(&ring, &text, NOW).unwrap(), reset());
        assert!(ResetTicket::open(&ring, &text, NOW.plus(10)).is_err());
        assert!(VerifyTicket::open(&ring, &text, NOW).is_err());
    }

    #[test]
    fn a_new_password_or_another_user_makes_it_void() {
        assert!(reset().is_about(&login("one")));
        assert!(!reset().is_about(&login("two")));
        assert!(!reset().is_about(&Login { user_id: UserId::new("auth0|b"), ..login("one") }));
        assert!(!reset().is_about(&Login { password_hash: None, ..login("one") }));
        assert!(!format!("{:?}", reset()).contains('@'));
    }
}
