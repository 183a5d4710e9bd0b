//! Logins: an address of a connection, unique, with its password.

use serde::{Deserialize, Serialize};

use super::expression::{Write, value_of};
use super::{Outcome, Store, StoreError, read};
use crate::id::UserId;
use crate::rules::passwordless::Connection;

/// The connection users belong to where none is named.
pub const DEFAULT_CONNECTION: &str = "Username-Password-Authentication";

/// Longest address that is looked up, in bytes; longer is unknown.
const ADDRESS_BYTES_MAX: usize = 254;

/// The key of a login, whether it exists or not. What cannot be an address shares one key that is never a login's,
/// so that an unknown user costs the same calls however it is spelled (SEC-35).
#[derive(Clone)]
pub struct LoginKey {
    pk: String,
}

impl LoginKey {
    /// The key for what a user typed, in lower case.
    #[must_use]
    pub fn new(connection: &str, username: &str) -> Self {
        let username = username.to_lowercase();
        let connection_fits = (1..=64).contains(&connection.len())
            && connection.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let username_fits =
            (1..=ADDRESS_BYTES_MAX).contains(&username.len()) && !username.chars().any(char::is_control);
        if connection_fits && username_fits {
            Self { pk: format!("LOGIN#{connection}#{username}") }
        } else {
            Self { pk: "LOGIN##".to_owned() }
        }
    }

    /// The key whose partition was stored by us.
    #[must_use]
    pub fn of_partition(pk: &str) -> Self {
        Self { pk: pk.to_owned() }
    }

    /// The name of the connection.
    #[must_use]
    pub fn connection(&self) -> &str {
        self.pk.split('#').nth(1).unwrap_or_default()
    }

    /// The partition, for the limits that belong to it.
    #[must_use]
    pub fn pk(&self) -> &str {
        &self.pk
    }
}

/// A login as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Login {
    /// Whose it is.
    pub user_id: UserId,
    /// PHC string, or bcrypt's own form; absent where codes take the password's place (connections `email` and `sms`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<PasswordHash>,
}

/// A PHC string, or bcrypt's own form where a user moved in with one and has not signed in since; never shown.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What a login is known by: a profile lists its own, so that they can be moved and deleted with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginName {
    /// The connection.
    pub connection: String,
    /// The address or number in it.
    pub name: String,
}

/// Holds an address.
impl std::fmt::Debug for LoginName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginName").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl LoginName {
    /// The name of a login.
    #[must_use]
    pub fn new(connection: &str, name: &str) -> Self {
        Self { connection: connection.to_owned(), name: name.to_owned() }
    }

    /// Where it is.
    #[must_use]
    pub fn key(&self) -> LoginKey {
        LoginKey::new(&self.connection, &self.name)
    }

    /// Whether a password belongs to it: not where codes take its place.
    #[must_use]
    pub fn has_password(&self) -> bool {
        Connection::parse(&self.connection).is_none()
    }
}

impl Store {
    /// The login of that key.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn login(&self, key: &LoginKey) -> Result<Option<Login>, StoreError> {
        self.get(&key.pk, "LOGIN").await?.map(read).transpose()
    }

    /// Puts another hash of the same password in the place of the one that was verified; `false`, and nothing written,
    /// when the password was changed or the login moved meanwhile.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn renew_password_hash(
        &self,
        key: &LoginKey,
        verified: &PasswordHash,
        renewed: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let write = Write::update(&key.pk, "LOGIN", "SET password_hash = :renewed")
            .when("password_hash = :verified")
            .value(":verified", value_of(verified)?)
            .value(":renewed", value_of(renewed)?);
        Ok(matches!(self.write(&write).await?, Outcome::Done(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// design §3: input that becomes a key is bounded first; a connection has no `#`.
    #[test]
    fn keys_are_bounded_and_cannot_be_forged() {
        assert_eq!(LoginKey::new("db", "A@Example.com").pk(), "LOGIN#db#a@example.com");
        for (connection, username) in [("db#x", "a@b.c"), ("db", ""), ("", "a@b.c"), ("db", "a\nb")] {
            assert_eq!(LoginKey::new(connection, username).pk(), "LOGIN##");
        }
        assert_eq!(LoginKey::new("db", &"a".repeat(255)).pk(), "LOGIN##");
    }
}
