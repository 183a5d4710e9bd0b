//! The tenant's settings that are data: one table of names, bounds and meanings, which storage, the Management API and
//! the documentation all follow. Defaults are Auth0's figures; bounds are those of the standards (SEC-7, SEC-20,
//! SEC-25).

use serde::{Deserialize, Serialize};

use super::policy::TenantSettings;

pub use table::SETTINGS;

mod table;
#[cfg(test)]
mod tests;

/// How long things live, and how long codes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// A code that was sent, in seconds (SEC-7).
    pub code_seconds: u64,
    /// Its length, in digits (SEC-1).
    pub code_digits: u64,
    /// An `mfa_token`, in seconds (SEC-25).
    pub mfa_token_seconds: u64,
    /// A family of refresh tokens, however much it is used, in seconds.
    pub refresh_token_seconds: u64,
    /// A refresh token that is not used, in seconds.
    pub refresh_token_idle_seconds: u64,
    /// How long a refresh token that was exchanged is taken again, in seconds: the reply may have been lost.
    pub refresh_token_leeway_seconds: u64,
    /// A code of a sign-in without password, in seconds.
    pub passwordless_code_seconds: u64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            code_seconds: 300,
            code_digits: 6,
            mfa_token_seconds: 600,
            refresh_token_seconds: 2_592_000,
            refresh_token_idle_seconds: 1_296_000,
            refresh_token_leeway_seconds: 30,
            passwordless_code_seconds: 180,
        }
    }
}

/// A value of a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// Not set: what the meaning says of it.
    Unset,
    /// On or off.
    Switch(bool),
    /// A count.
    Number(u64),
    /// A word.
    Text(String),
    /// Several words.
    Words(Vec<String>),
}

/// What values a setting has, and where it is in [`TenantSettings`].
#[derive(Clone, Copy)]
pub enum Kind {
    /// A count within bounds.
    Number {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
        /// Where it is.
        field: fn(&mut TenantSettings) -> &mut u64,
    },
    /// On or off.
    Switch(fn(&mut TenantSettings) -> &mut bool),
    /// One of a form, or unset.
    Text {
        /// What may stand here, in words.
        form: &'static str,
        /// Whether a text has the form.
        fits: fn(&str) -> bool,
        /// Where it is.
        field: fn(&mut TenantSettings) -> &mut Option<String>,
    },
    /// One of a few words.
    Choice {
        /// Which.
        words: &'static [&'static str],
        /// The one chosen.
        chosen: fn(&TenantSettings) -> &'static str,
        /// Chooses one of them.
        choose: fn(&mut TenantSettings, &str),
    },
    /// Several of a form, or unset.
    Words {
        /// What each may be, in words.
        form: &'static str,
        /// Whether a word has the form.
        fits: fn(&str) -> bool,
        /// Where they are.
        field: fn(&mut TenantSettings) -> &mut Option<Vec<String>>,
    },
}

/// One setting.
#[derive(Clone, Copy)]
pub struct Setting {
    /// Its name in the table and in the Management API.
    pub name: &'static str,
    /// Its values.
    pub kind: Kind,
    /// What it means, with its unit.
    pub meaning: &'static str,
}

/// Words in a list, at most.
pub const WORDS_MAX: usize = 260;

/// A value does not fit a setting; the text says what would.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

impl Setting {
    /// The setting of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Its value in some settings.
    #[must_use]
    pub fn value(&self, settings: &TenantSettings) -> SettingValue {
        let mut settings = settings.clone();
        match self.kind {
            Kind::Number { field, .. } => SettingValue::Number(*field(&mut settings)),
            Kind::Switch(field) => SettingValue::Switch(*field(&mut settings)),
            Kind::Text { field, .. } => {
                field(&mut settings).take().map_or(SettingValue::Unset, SettingValue::Text)
            }
            Kind::Choice { chosen, .. } => SettingValue::Text(chosen(&settings).to_owned()),
            Kind::Words { field, .. } => {
                field(&mut settings).take().map_or(SettingValue::Unset, SettingValue::Words)
            }
        }
    }

    /// Sets it.
    ///
    /// # Errors
    /// When the value is of another kind or out of bounds; the settings stay as they were.
    pub fn set(&self, settings: &mut TenantSettings, value: SettingValue) -> Result<(), Unfit> {
        match (self.kind, value) {
            (Kind::Number { least, most, field }, SettingValue::Number(number))
                if (least..=most).contains(&number) =>
            {
                *field(settings) = number;
            }
            (Kind::Switch(field), SettingValue::Switch(on)) => *field(settings) = on,
            (Kind::Text { field, .. }, SettingValue::Unset) => *field(settings) = None,
            (Kind::Text { field, fits, .. }, SettingValue::Text(text)) if fits(&text) => {
                *field(settings) = Some(text);
            }
            (Kind::Choice { words, choose, .. }, SettingValue::Text(word)) if words.contains(&&*word) => {
                choose(settings, &word);
            }
            (Kind::Words { field, .. }, SettingValue::Unset) => *field(settings) = None,
            (Kind::Words { field, fits, .. }, SettingValue::Words(words))
                if words.len() <= WORDS_MAX && words.iter().all(|word| fits(word)) =>
            {
                *field(settings) = Some(words);
            }
            _ => return Err(Unfit(self.wanted())),
        }
        Ok(())
    }

    /// What would fit.
    #[must_use]
    pub fn wanted(&self) -> String {
        match self.kind {
            Kind::Number { least, most, .. } => format!("must be a whole number from {least} to {most}"),
            Kind::Switch(_) => "must be true or false".to_owned(),
            Kind::Text { form, .. } => format!("must be {form}, or null"),
            Kind::Choice { words, .. } => format!("must be one of: {}", words.join(", ")),
            Kind::Words { form, .. } => {
                format!("must be a list of at most {WORDS_MAX}, each {form}, or null")
            }
        }
    }
}
