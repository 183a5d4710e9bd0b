//! The authenticators that a method is made of.

use std::sync::Arc;

use postern::app::App;
use postern::id::UserId;
use postern::rules::destination::Destination;
use postern::rules::policy::TenantSettings;
use postern::store::users::Authenticator;
use postern::time::Timestamp;
use postern::token::keyring::KeyRing;
use postern::token::vouched::{Reaches, Vouched};
use postern::wire::management::ManagementRefusal;

use crate::properties::NewMethod;

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
        if let Reaches::Phone(number) = &reaches
            && !Destination::Sms(number.clone()).is_in_allowed_country(&self.settings)
        {
            let problem = "Codes are not sent to numbers of this country";
            return Err(ManagementRefusal::property("phone_number", problem));
        }
        let Self { user, ring, settings, now, .. } = self;
        let vouched = Vouched { user, ring, settings, random: &self.app.random, now: *now };
        Ok(vouched.authenticators(reaches, labels)?)
    }
}
