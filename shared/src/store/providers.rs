//! Accounts at providers outside AWS, in a partition of their own: who sends may read and re-seal them without a right
//! to touch the tenant's settings.

use serde::Deserialize;

use super::expression::{Write, value_of};
use super::users::SealedSecret;
use super::{Outcome, Store, StoreError, read};
use crate::rules::twilio::TwilioProperties;

const PK: &str = "PROVIDER";
const TWILIO: &str = "TWILIO";

/// A Twilio account as it is stored.
#[derive(Clone, Debug, Deserialize)]
pub struct StoredTwilio {
    /// All but the token.
    #[serde(flatten)]
    pub properties: TwilioProperties,
    /// The token, sealed.
    pub auth_token: Option<SealedSecret>,
}

/// What becomes of a stored secret when what is beside it is replaced.
#[derive(Clone, Debug)]
pub enum SecretChange {
    /// It stays.
    Keep,
    /// It goes.
    Remove,
    /// Another takes its place.
    Replace(SealedSecret),
}

impl Store {
    /// The Twilio account, if one was ever set.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn twilio(&self) -> Result<Option<StoredTwilio>, StoreError> {
        self.get(PK, TWILIO).await?.map(read).transpose()
    }

    /// Replaces the account, and its token as `auth_token` says.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn set_twilio(
        &self,
        properties: &TwilioProperties,
        auth_token: &SecretChange,
    ) -> Result<(), StoreError> {
        let (set, remove) = match auth_token {
            SecretChange::Keep => ("", ""),
            SecretChange::Remove => ("", " REMOVE auth_token"),
            SecretChange::Replace(_) => (", auth_token = :token", ""),
        };
        let expression =
            format!("SET sid = :sid, #from = :from, messaging_service_sid = :service{set}{remove}");
        let mut write = Write::update(PK, TWILIO, expression)
            .name("#from", "from")
            .value(":sid", value_of(&properties.sid)?)
            .value(":from", value_of(&properties.from)?)
            .value(":service", value_of(&properties.messaging_service_sid)?);
        if let SecretChange::Replace(sealed) = auth_token {
            write = write.value(":token", value_of(sealed)?);
        }
        self.write(&write).await.map(|_| ())
    }

    /// Puts a token that was sealed anew in the place of the one it was opened from; `false` when another one is there
    /// by now (SEC-44).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn reseal_twilio(&self, seen: &SealedSecret, anew: &SealedSecret) -> Result<bool, StoreError> {
        let write = Write::update(PK, TWILIO, "SET auth_token = :anew")
            .value(":anew", value_of(anew)?)
            .value(":seen", value_of(seen)?)
            .when("auth_token = :seen");
        Ok(matches!(self.write(&write).await?, Outcome::Done(_)))
    }
}
