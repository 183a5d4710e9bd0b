//! What an operator notes of an authenticator.

use crate::id::{AuthenticatorId, UserId};
use crate::store::expression::{Write, text, value_of};
use crate::store::users::{self, Labels};
use crate::store::{Store, StoreError};

impl Store {
    /// Notes something of confirmed authenticators, of all of them or of none; what is not said stays. `false` when one
    /// of them is gone.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn label(
        &self,
        user: &UserId,
        authenticators: &[AuthenticatorId],
        labels: &Labels,
    ) -> Result<bool, StoreError> {
        let each: Result<Vec<_>, _> = authenticators.iter().map(|id| labelled(user, id, labels)).collect();
        self.all_done(each?).await
    }
}

fn labelled(user: &UserId, id: &AuthenticatorId, labels: &Labels) -> Result<Write, StoreError> {
    let Labels { name, preferred } = labels;
    let set: Vec<_> = [name.as_ref().map(|_| "#name = :name"), preferred.map(|_| "preferred = :preferred")]
        .into_iter()
        .flatten()
        .collect();
    let mut write =
        Write::update(&users::pk(user), &users::authenticator_sk(id), format!("SET {}", set.join(", ")))
            .when("#state = :active")
            .name("#state", "state")
            .value(":active", text("active"));
    if let Some(name) = name {
        write = write.name("#name", "name").value(":name", value_of(name)?);
    }
    if let Some(preferred) = preferred {
        write = write.value(":preferred", value_of(preferred)?);
    }
    Ok(write)
}
