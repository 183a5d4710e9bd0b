//! Authenticators that count as confirmed because an operator vouches for them: those that an operator gives, and those
//! that users bring along when they move in.

use crate::id::{AuthenticatorId, AuthenticatorPrefix, UserId};
use crate::rules::address::EmailAddress;
use crate::rules::channel::PhoneChannel;
use crate::rules::destination::Destination;
use crate::rules::phone::PhoneNumber;
use crate::rules::policy::TenantSettings;
use crate::rules::random::Random;
use crate::rules::totp::{Algorithm, TotpSecret};
use crate::store::users::{Authenticator, Labels, NEVER, Source, State};
use crate::time::Timestamp;
use crate::token::keyring::{KeyError, KeyRing};
use crate::token::totp_secret;

/// What codes come to, or from.
#[derive(Clone, Debug)]
pub enum Reaches {
    /// Mailed to an address.
    Address(EmailAddress),
    /// Texted and spoken to a phone.
    Phone(PhoneNumber),
    /// Made by an app.
    App(TotpSecret),
}

/// What authenticators of a user are made with.
#[derive(Clone, Copy, Debug)]
pub struct Vouched<'a> {
    /// Whose they will be.
    pub user: &'a UserId,
    /// Seals secrets.
    pub ring: &'a KeyRing,
    /// Say whether phones are called.
    pub settings: &'a TenantSettings,
    /// Makes ids.
    pub random: &'a Random,
    /// When they begin.
    pub now: Timestamp,
}

impl Vouched<'_> {
    /// The authenticators of one factor: of a phone one for each of its channels.
    ///
    /// A user's own enrolment asks whether the factor is on; what an operator gives waits for it to be. By call as well
    /// where the tenant calls, and also where calls are preferred, though the tenant does not call yet.
    ///
    /// # Errors
    /// When there is no root or no randomness.
    pub fn authenticators(&self, reaches: Reaches, labels: Labels) -> Result<Vec<Authenticator>, KeyError> {
        let to = match reaches {
            Reaches::App(secret) => return self.app(labels, &secret).map(|app| vec![app]),
            Reaches::Address(address) => Destination::Email(address),
            Reaches::Phone(number) => Destination::Sms(number),
        };
        let id = self.id(to.prefix())?;
        let is_called = self.settings.voice || labels.preferred == Some(PhoneChannel::Voice);
        let twin = id.twin().zip(to.twin()).filter(|_| is_called);
        let members = std::iter::once((id, to)).chain(twin);
        Ok(members.map(|(id, to)| self.confirmed(id, to.into(), labels.clone())).collect())
    }

    fn app(&self, labels: Labels, secret: &TotpSecret) -> Result<Authenticator, KeyError> {
        let id = self.id(AuthenticatorPrefix::Totp)?;
        let secret = totp_secret::seal(self.ring, self.user, &id, secret, self.random, self.now)?;
        let source = Source::Otp { secret, algorithm: Algorithm::Sha1, last_step: None };
        Ok(self.confirmed(id, source, labels))
    }

    fn id(&self, prefix: AuthenticatorPrefix) -> Result<AuthenticatorId, KeyError> {
        AuthenticatorId::generate(prefix, self.random).map_err(|_| KeyError)
    }

    fn confirmed(&self, id: AuthenticatorId, source: Source, labels: Labels) -> Authenticator {
        let state = State::Active { last_used_at: NEVER };
        Authenticator { id, created_at: self.now, source, state, labels }
    }
}
