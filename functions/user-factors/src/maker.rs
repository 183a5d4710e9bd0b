//! The authenticators that a method is made of.

use std::sync::Arc;

use postern::app::App;
use postern::id::{AuthenticatorId, AuthenticatorPrefix, UserId};
use postern::rules::channel::PhoneChannel;
use postern::rules::destination::Destination;
use postern::rules::policy::TenantSettings;
use postern::rules::totp::{Algorithm, TotpSecret};
use postern::store::users::{Authenticator, Labels, NEVER, Source, State};
use postern::time::Timestamp;
use postern::token::keyring::KeyRing;
use postern::token::totp_secret;
use postern::wire::management::ManagementRefusal;

use crate::properties::{NewMethod, Reaches};

/// A method that the user has, or that is asked for twice.
pub(crate) fn already_exists() -> ManagementRefusal {
    ManagementRefusal::Conflict("Authentication method already exists.".to_owned())
}

/// What authenticators of a user are made with.
pub(crate) struct Maker<'a> {
    app: &'a App,
    user: &'a UserId,
    ring: Arc<KeyRing>,
    pub(crate) settings: Arc<TenantSettings>,
    now: Timestamp,
}

impl<'a> Maker<'a> {
    pub(crate) async fn new(
        app: &'a App,
        user: &'a UserId,
        now: Timestamp,
    ) -> Result<Self, ManagementRefusal> {
        let (ring, settings) = tokio::join!(app.keys.ring(now), app.settings());
        Ok(Self { app, user, ring: ring?, settings: settings?, now })
    }

    /// The authenticators of a method: of a phone one for each of its channels.
    pub(crate) fn make(&self, new: NewMethod) -> Result<Vec<Authenticator>, ManagementRefusal> {
        let NewMethod { labels, reaches } = new;
        let to = match reaches {
            Reaches::App(secret) => return self.app(labels, &secret).map(|app| vec![app]),
            Reaches::Address(address) => Destination::Email(address),
            Reaches::Phone(number) => Destination::Sms(number),
        };
        if !to.is_in_allowed_country(&self.settings) {
            let problem = "Codes are not sent to numbers of this country";
            return Err(ManagementRefusal::property("phone_number", problem));
        }
        let id = AuthenticatorId::generate(to.prefix(), &self.app.random)?;
        // A user's own enrolment asks whether the factor is on; what an operator gives waits for it to be. By call as well
        // where the tenant calls, and also where calls are preferred, though the tenant does not call yet.
        let is_called = self.settings.voice || labels.preferred == Some(PhoneChannel::Voice);
        let twin = id.twin().zip(to.twin()).filter(|_| is_called);
        let members = std::iter::once((id, to)).chain(twin);
        Ok(members.map(|(id, to)| self.confirmed(id, to.into(), labels.clone())).collect())
    }

    fn app(&self, labels: Labels, secret: &TotpSecret) -> Result<Authenticator, ManagementRefusal> {
        let (random, now) = (&self.app.random, self.now);
        let id = AuthenticatorId::generate(AuthenticatorPrefix::Totp, random)?;
        let secret = totp_secret::seal(&self.ring, self.user, &id, secret, random, now)?;
        let source = Source::Otp { secret, algorithm: Algorithm::Sha1, last_step: None };
        Ok(self.confirmed(id, source, labels))
    }

    fn confirmed(&self, id: AuthenticatorId, source: Source, labels: Labels) -> Authenticator {
        let state = State::Active { last_used_at: NEVER };
        Authenticator { id, created_at: self.now, source, state, labels }
    }
}
