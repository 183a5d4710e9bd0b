//! All users, for an operator who takes them elsewhere. This is the one Scan there is, and no function may make it: it
//! finds every user, also those whom a version without lists made, and costs less than to read each by its key.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;

use super::expression::text;
use super::listing::ListedKey;
use super::logins::{Login, LoginName};
use super::users::{PROFILE, Profile, UserState};
use super::{Item, Store, StoreError, failed, read};
use crate::time::Timestamp;

/// A user with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Resident {
    /// The profile, and confirmed authenticators.
    pub state: UserState,
    /// The login with a password, if there is one.
    pub login: Option<Login>,
}

/// Where a reading goes on.
#[derive(Clone, Debug)]
pub struct Bookmark(Item);

impl Store {
    /// Users from a bookmark on, in no order, and where to go on; a page may be empty.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn residents(
        &self,
        from: Option<Bookmark>,
        now: Timestamp,
    ) -> Result<(Vec<Resident>, Option<Bookmark>), StoreError> {
        let call = self.dynamodb.scan().table_name(&*self.table).consistent_read(true);
        let call = call
            .filter_expression("sk = :profile AND begins_with(pk, :user)")
            .expression_attribute_values(":profile", text(PROFILE))
            .expression_attribute_values(":user", text("USER#"))
            .set_exclusive_start_key(from.map(|bookmark| bookmark.0));
        let page = call.send().await.map_err(|error| failed("Scan", &error))?;
        let profiles = page.items.unwrap_or_default().into_iter().map(read::<Profile>);
        let profiles: Vec<_> = profiles.collect::<Result<_, _>>()?;
        let (logins, states) = tokio::try_join!(self.logins_of(&profiles), self.states_of(&profiles, now))?;
        let login = |state: &UserState| {
            let key = state.profile.password_login().map(LoginName::key)?;
            logins.get(key.pk()).filter(|login| login.user_id == state.profile.user_id).cloned()
        };
        let residents = states.into_iter().flatten();
        let residents = residents.map(|state| Resident { login: login(&state), state }).collect();
        Ok((residents, page.last_evaluated_key.filter(|key| !key.is_empty()).map(Bookmark)))
    }

    async fn logins_of(&self, profiles: &[Profile]) -> Result<HashMap<String, Login>, StoreError> {
        let names = profiles.iter().filter_map(Profile::password_login);
        let keys: Vec<_> = names.map(|name| ListedKey::new(name.key().pk(), "LOGIN")).collect();
        let found = try_join_all(keys.chunks(LOGINS_AT_ONCE).map(|keys| self.items_of(keys))).await?;
        let mut logins = HashMap::new();
        for item in found.into_iter().flatten() {
            let pk = item.get("pk").and_then(|pk: &AttributeValue| pk.as_s().ok()).cloned();
            if let Some(pk) = pk {
                logins.insert(pk, read(item)?);
            }
        }
        Ok(logins)
    }

    /// Who has factors is read whole; who was deleted meanwhile is left out.
    async fn states_of(
        &self,
        profiles: &[Profile],
        now: Timestamp,
    ) -> Result<Vec<Option<UserState>>, StoreError> {
        let state = async |profile: &Profile| match profile.active_authenticators {
            0 => Ok(Some(UserState::without_factors(profile.clone()))),
            _ => self.user(&profile.user_id, now).await,
        };
        let mut states = Vec::with_capacity(profiles.len());
        for some in profiles.chunks(READ_AT_ONCE) {
            states.extend(try_join_all(some.iter().map(state)).await?);
        }
        Ok(states)
    }
}

/// Logins read by one call.
const LOGINS_AT_ONCE: usize = 100;
/// Users read whole at once.
const READ_AT_ONCE: usize = 32;
