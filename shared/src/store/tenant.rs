//! The tenant's settings: one item (design §3).

use serde::Serialize;

use super::expression::{Write, value_of};
use super::{Item, Store, StoreError};
use crate::rules::policy::{Factor, MfaPolicy, TenantSettings};

const PK: &str = "TENANT";
const SK: &str = "SETTINGS";

fn attribute(factor: Factor) -> String {
    format!("factor_{}", factor.as_str())
}

impl Store {
    /// The tenant's settings; the defaults where nothing was ever set.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn tenant_settings(&self) -> Result<TenantSettings, StoreError> {
        let item = self.get(PK, SK).await?.unwrap_or_default();
        let mut settings = TenantSettings::default();
        for factor in Factor::ALL {
            if let Some(on) = item.get(&attribute(factor)).and_then(|value| value.as_bool().ok()) {
                settings.factors.set(factor, *on);
            }
        }
        settings.policy = policy_of(&item)?.unwrap_or(settings.policy);
        Ok(settings)
    }

    /// Switches one factor on or off.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn set_factor(&self, factor: Factor, enabled: bool) -> Result<(), StoreError> {
        self.set(&attribute(factor), &enabled).await
    }

    /// Sets when the second factor is asked for.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn set_policy(&self, policy: MfaPolicy) -> Result<(), StoreError> {
        self.set("policy", &policy).await
    }

    async fn set<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let write =
            Write::update(PK, SK, "SET #name = :value").name("#name", name).value(":value", value_of(value)?);
        self.write(&write).await.map(|_| ())
    }
}

fn policy_of(item: &Item) -> Result<Option<MfaPolicy>, StoreError> {
    let Some(value) = item.get("policy") else { return Ok(None) };
    serde_dynamo::from_attribute_value(value.clone()).map(Some).map_err(|_| StoreError::Corrupt)
}
