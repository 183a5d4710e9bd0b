//! The tenant's settings: one item (design §3).

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::expression::{Write, number, value_of};
use super::{Item, Outcome, Store, StoreError};
use crate::rules::policy::{Factor, MfaPolicy, SmsProvider, TenantSettings};
use crate::rules::settings::{SETTINGS, Setting, SettingValue};

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
        settings_of(&self.get(PK, SK).await?.unwrap_or_default())
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

    /// Chooses who delivers text messages and calls.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn set_sms_provider(&self, provider: SmsProvider) -> Result<(), StoreError> {
        self.set("sms_provider", &provider.as_str()).await
    }

    /// Changes settings together, all or, when AWS fails, none, and gives the settings as they are now. What is unset gets
    /// its default again.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change_settings(
        &self,
        changes: &[(&'static Setting, SettingValue)],
    ) -> Result<TenantSettings, StoreError> {
        if changes.is_empty() {
            return self.tenant_settings().await;
        }
        let (mut sets, mut removes) = (Vec::new(), Vec::new());
        for (index, (_, value)) in changes.iter().enumerate() {
            match value {
                SettingValue::Unset => removes.push(format!("#n{index}")),
                _ => sets.push(format!("#n{index} = :v{index}")),
            }
        }
        let clause = |word: &str, parts: Vec<String>| match parts.as_slice() {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        let mut write = Write::update(PK, SK, clause("SET", sets) + &clause("REMOVE", removes));
        for (index, (setting, value)) in changes.iter().enumerate() {
            write = write.name(&format!("#n{index}"), setting.name);
            if *value != SettingValue::Unset {
                write = write.value(&format!(":v{index}"), value_of(value)?);
            }
        }
        // Answered by the write itself: a read after it could fail, and a change be told as a failure.
        match self.write(&write).await? {
            Outcome::Done(item) => settings_of(&item),
            Outcome::Refused(_) => Err(StoreError::Corrupt),
        }
    }

    /// Notes that there are bcrypt hashes of that cost, unless a greater one is noted (SEC-35).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn note_bcrypt_cost(&self, cost: u64) -> Result<(), StoreError> {
        let write = Write::update(PK, SK, "SET bcrypt_cost = :cost")
            .when("attribute_not_exists(bcrypt_cost) OR bcrypt_cost < :cost")
            .value(":cost", number(cost));
        self.write(&write).await.map(|_| ())
    }

    async fn set<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let write =
            Write::update(PK, SK, "SET #name = :value").name("#name", name).value(":value", value_of(value)?);
        self.write(&write).await.map(|_| ())
    }
}

fn settings_of(item: &Item) -> Result<TenantSettings, StoreError> {
    let mut settings = TenantSettings::default();
    for factor in Factor::ALL {
        if let Some(on) = item.get(&attribute(factor)).and_then(|value| value.as_bool().ok()) {
            settings.factors.set(factor, *on);
        }
    }
    settings.policy = policy_of(item)?.unwrap_or(settings.policy);
    for setting in SETTINGS {
        let Some(value) = item.get(setting.name).and_then(value_in) else { continue };
        if setting.set(&mut settings, value).is_err() {
            // Written by hand, or by a version with wider bounds: the default is safer than no service.
            tracing::warn!(event = "setting_ignored", setting = setting.name);
        }
    }
    Ok(settings)
}

fn value_in(attribute: &AttributeValue) -> Option<SettingValue> {
    match attribute {
        AttributeValue::Bool(on) => Some(SettingValue::Switch(*on)),
        AttributeValue::N(number) => number.parse().ok().map(SettingValue::Number),
        AttributeValue::S(text) => Some(SettingValue::Text(text.clone())),
        AttributeValue::L(words) => {
            let words: Result<Vec<_>, _> = words.iter().map(|word| word.as_s().cloned()).collect();
            words.ok().map(SettingValue::Words)
        }
        _ => None,
    }
}

fn policy_of(item: &Item) -> Result<Option<MfaPolicy>, StoreError> {
    let Some(value) = item.get("policy") else { return Ok(None) };
    serde_dynamo::from_attribute_value(value.clone()).map(Some).map_err(|_| StoreError::Corrupt)
}
