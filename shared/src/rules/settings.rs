//! The tenant's settings that are data: one table of names, bounds and meanings, which storage, the Management API and
//! the documentation all follow. Defaults are Auth0's figures; bounds are those of the standards (SEC-7, SEC-20,
//! SEC-25).

use serde::Serialize;

use super::limit::CONSECUTIVE_FAILURES_MAX;
use super::policy::{SmsProvider, TenantSettings};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
const WORDS_MAX: usize = 260;

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

const fn number(
    name: &'static str,
    (least, most): (u64, u64),
    field: fn(&mut TenantSettings) -> &mut u64,
    meaning: &'static str,
) -> Setting {
    Setting { name, kind: Kind::Number { least, most, field }, meaning }
}

const fn switch(
    name: &'static str,
    field: fn(&mut TenantSettings) -> &mut bool,
    meaning: &'static str,
) -> Setting {
    Setting { name, kind: Kind::Switch(field), meaning }
}

const ATTEMPTS: (u64, u64) = (1, 100);
const REFILL: (u64, u64) = (1, 86_400);
const HOURLY: (u64, u64) = (1, 1_000_000);

/// All settings, in the order they are listed.
pub const SETTINGS: &[Setting] = &[
    number(
        "code_seconds",
        (30, 600),
        |s| &mut s.lifetimes.code_seconds,
        "seconds a code by mail, SMS or call is good for; never longer than its login",
    ),
    number("code_digits", (6, 10), |s| &mut s.lifetimes.code_digits, "digits of a code by mail, SMS or call"),
    number(
        "mfa_token_seconds",
        (60, 3_600),
        |s| &mut s.lifetimes.mfa_token_seconds,
        "seconds an mfa_token is good for",
    ),
    number(
        "refresh_token_seconds",
        (60, 31_536_000),
        |s| &mut s.lifetimes.refresh_token_seconds,
        "seconds from sign-in to the end of its refresh tokens, however much they are used",
    ),
    number(
        "refresh_token_idle_seconds",
        (60, 31_536_000),
        |s| &mut s.lifetimes.refresh_token_idle_seconds,
        "seconds a refresh token is good for when it is not used",
    ),
    number(
        "refresh_token_leeway_seconds",
        (0, 300),
        |s| &mut s.lifetimes.refresh_token_leeway_seconds,
        "seconds a refresh token that was exchanged is taken again, for the reply may have been lost",
    ),
    number("code_attempts", ATTEMPTS, |s| &mut s.limits.codes.burst, "wrong codes a user has at once"),
    number(
        "code_attempt_seconds",
        REFILL,
        |s| &mut s.limits.codes.refill_seconds,
        "seconds until one of them has come back",
    ),
    number(
        "recovery_attempts",
        ATTEMPTS,
        |s| &mut s.limits.recovery_codes.burst,
        "wrong recovery codes a user has at once",
    ),
    number(
        "recovery_attempt_seconds",
        REFILL,
        |s| &mut s.limits.recovery_codes.refill_seconds,
        "seconds until one of them has come back",
    ),
    number(
        "consecutive_failures",
        (5, CONSECUTIVE_FAILURES_MAX),
        |s| &mut s.limits.consecutive_failures,
        "wrong codes in a row after which an authenticator is locked until it is enrolled anew or reset",
    ),
    number(
        "password_attempts",
        ATTEMPTS,
        |s| &mut s.limits.passwords.burst,
        "wrong passwords an address has at once from one source",
    ),
    number(
        "password_attempt_seconds",
        REFILL,
        |s| &mut s.limits.passwords.refill_seconds,
        "seconds until one of them has come back",
    ),
    number("email_sends", ATTEMPTS, |s| &mut s.limits.emails.burst, "mails with codes a user has at once"),
    number(
        "email_send_seconds",
        REFILL,
        |s| &mut s.limits.emails.refill_seconds,
        "seconds until one of them has come back",
    ),
    number("sms_sends", ATTEMPTS, |s| &mut s.limits.sms.burst, "SMS and calls with codes a user has at once"),
    number(
        "sms_send_seconds",
        REFILL,
        |s| &mut s.limits.sms.refill_seconds,
        "seconds until one of them has come back",
    ),
    number(
        "otp_associations",
        ATTEMPTS,
        |s| &mut s.limits.otp_associations.burst,
        "authenticator apps a user may begin to enrol at once",
    ),
    number(
        "otp_association_seconds",
        REFILL,
        |s| &mut s.limits.otp_associations.refill_seconds,
        "seconds until one of them has come back",
    ),
    number(
        "email_sends_per_address",
        HOURLY,
        |s| &mut s.limits.emails_per_destination.sends,
        "mails with codes to one address in an hour, by whatever user",
    ),
    number(
        "sms_sends_per_number",
        HOURLY,
        |s| &mut s.limits.sms_per_destination.sends,
        "SMS and calls with codes to one number in an hour, by whatever user",
    ),
    number(
        "sms_sends_per_country",
        HOURLY,
        |s| &mut s.limits.sms_per_prefix.sends,
        "SMS and calls with codes to one country in an hour",
    ),
    switch(
        "passwordless_email",
        |s| &mut s.passwordless.email,
        "whether users may sign in by a code or link in a mail, without password",
    ),
    switch(
        "passwordless_sms",
        |s| &mut s.passwordless.sms,
        "whether users may sign in by a code in an SMS, without password",
    ),
    number(
        "passwordless_code_seconds",
        (30, 600),
        |s| &mut s.lifetimes.passwordless_code_seconds,
        "seconds a code or link of a sign-in without password is good for",
    ),
    number(
        "passwordless_sends",
        ATTEMPTS,
        |s| &mut s.limits.passwordless_sends.burst,
        "codes and links of sign-ins without password that one address or number gets at once",
    ),
    number(
        "passwordless_send_seconds",
        REFILL,
        |s| &mut s.limits.passwordless_sends.refill_seconds,
        "seconds until one of them has come back",
    ),
    number(
        "passwordless_starts",
        ATTEMPTS,
        |s| &mut s.limits.passwordless_starts.burst,
        "sign-ins without password that one source may begin at once",
    ),
    number(
        "passwordless_start_seconds",
        REFILL,
        |s| &mut s.limits.passwordless_starts.refill_seconds,
        "seconds until one of them has come back",
    ),
    switch("voice", |s| &mut s.voice, "whether the phone factor can call as well as text"),
    Setting {
        name: "sms_provider",
        kind: Kind::Choice {
            words: &SmsProvider::WORDS,
            chosen: |s| s.sms_provider.as_str(),
            choose: |s, word| s.sms_provider = SmsProvider::parse(word).unwrap_or_default(),
        },
        meaning: "who delivers SMS and calls: AWS End User Messaging, or Twilio by the account that is stored",
    },
    Setting {
        name: "countries",
        kind: Kind::Words {
            form: "a country's two letters (ISO 3166)",
            fits: |word| word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_uppercase()),
            field: |s| &mut s.countries,
        },
        meaning: "the countries SMS and calls go to; every country when null",
    },
    Setting {
        name: "web_otp_domain",
        kind: Kind::Text { form: "a host name", fits: is_host_name, field: |s| &mut s.web_otp_domain },
        meaning: "the domain an SMS binds its code to, so that a browser offers it there only; none when null",
    },
    Setting {
        name: "default_language",
        kind: Kind::Text {
            form: "a language tag (BCP 47)",
            fits: is_language_tag,
            field: |s| &mut s.default_language,
        },
        meaning: "the language of messages when neither request nor user names one; English when null",
    },
    switch(
        "mfa_requirements",
        |s| &mut s.mfa_requirements,
        "whether mfa_required says which factors may be challenged or enrolled",
    ),
    switch("notice_factor_added", |s| &mut s.notices.factor_added, "a mail when a factor is added"),
    switch("notice_factor_removed", |s| &mut s.notices.factor_removed, "a mail when a factor is removed"),
    switch(
        "notice_recovery_code_used",
        |s| &mut s.notices.recovery_code_used,
        "a mail when the recovery code is used",
    ),
    switch(
        "notice_password_blocked",
        |s| &mut s.notices.password_blocked,
        "a mail when sign-in is blocked after wrong passwords",
    ),
    switch(
        "notice_authenticator_locked",
        |s| &mut s.notices.authenticator_locked,
        "a mail when an authenticator is locked after wrong codes",
    ),
    switch(
        "notice_codes_failing",
        |s| &mut s.notices.codes_failing,
        "a mail when codes fail repeatedly after a right password",
    ),
];

/// RFC 1123 §2.1, with at least one dot.
fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

fn is_language_tag(text: &str) -> bool {
    let part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (2..=35).contains(&text.len()) && text.split('-').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each setting reads back what was set and touches no other.
    #[test]
    fn each_setting_is_its_own() {
        for setting in SETTINGS {
            let mut changed = TenantSettings::default();
            let value = match setting.kind {
                Kind::Number { least, most, .. } => {
                    let default = setting.value(&changed);
                    SettingValue::Number(if default == SettingValue::Number(most) { least } else { most })
                }
                Kind::Switch(_) => {
                    SettingValue::Switch(setting.value(&changed) == SettingValue::Switch(false))
                }
                Kind::Text { .. } => SettingValue::Text(
                    "pt-BR.example"
                        .replace(if setting.name == "default_language" { ".example" } else { "-BR" }, ""),
                ),
                Kind::Choice { words, .. } => SettingValue::Text(words.last().unwrap().to_string()),
                Kind::Words { .. } => SettingValue::Words(vec!["DE".into()]),
            };
            setting.set(&mut changed, value.clone()).unwrap();
            assert_eq!(setting.value(&changed), value, "{}", setting.name);
            for other in SETTINGS.iter().filter(|other| other.name != setting.name) {
                assert_eq!(other.value(&changed), other.value(&TenantSettings::default()), "{}", other.name);
            }
        }
    }

    /// docs/SETTINGS.md has the same table, row by row.
    #[test]
    fn the_documentation_follows() {
        let documented = include_str!("../../../docs/SETTINGS.md");
        for setting in SETTINGS {
            let shown = |value| serde_json::to_string(&value).unwrap();
            let default = shown(setting.value(&TenantSettings::default()));
            let values = match setting.kind {
                Kind::Number { least, most, .. } => format!("{least} to {most}"),
                Kind::Switch(_) => "true, false".to_owned(),
                Kind::Text { form, .. } => format!("{form}, null"),
                Kind::Choice { words, .. } => words.join(", "),
                Kind::Words { form, .. } => format!("a list, each {form}; null"),
            };
            let row = format!("| `{}` | {default} | {values} | {} |\n", setting.name, setting.meaning);
            assert!(documented.contains(&row), "docs/SETTINGS.md lacks the row\n{row}");
        }
        let rows = documented.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, SETTINGS.len(), "docs/SETTINGS.md has rows of settings that are gone");
    }

    /// The defaults are within their own bounds, so that what the API answers it also takes.
    #[test]
    fn defaults_fit() {
        for setting in SETTINGS {
            let mut settings = TenantSettings::default();
            let value = setting.value(&settings);
            assert_eq!(setting.set(&mut settings, value), Ok(()), "{}", setting.name);
        }
    }

    /// SEC-7, SEC-20, SEC-25: no setting passes what the standards allow.
    #[test]
    fn bounds_are_the_standards() {
        for (name, too_much) in [
            ("code_seconds", 601),
            ("mfa_token_seconds", 3_601),
            ("consecutive_failures", 101),
            ("code_digits", 11),
        ] {
            let setting = Setting::named(name).unwrap();
            let mut settings = TenantSettings::default();
            assert!(setting.set(&mut settings, SettingValue::Number(too_much)).is_err(), "{name}");
            assert!(setting.set(&mut settings, SettingValue::Number(too_much - 1)).is_ok(), "{name}");
        }
        let digits = Setting::named("code_digits").unwrap();
        assert_eq!(
            digits.set(&mut TenantSettings::default(), SettingValue::Number(5)),
            Err(Unfit("must be a whole number from 6 to 10".into()))
        );
    }

    #[test]
    fn words_have_their_form() {
        let mut settings = TenantSettings::default();
        let mut set = |name: &str, text: &str| {
            Setting::named(name).unwrap().set(&mut settings, SettingValue::Text(text.into())).is_ok()
        };
        assert!(set("web_otp_domain", "login.example.com"));
        assert!(set("default_language", "zh-Hant"));
        for bad in ["", "example", "-a.example", "a..b", "a.b/c", "a.b\r\nc", "ä.example"] {
            assert!(!set("web_otp_domain", bad), "{bad}");
        }
        for bad in ["", "d", "de_AT", "de-", "deutschland"] {
            assert!(!set("default_language", bad), "{bad}");
        }
        let countries = Setting::named("countries").unwrap();
        let words = |words: &[&str]| SettingValue::Words(words.iter().map(ToString::to_string).collect());
        assert!(countries.set(&mut settings, words(&["DE", "US"])).is_ok());
        assert!(countries.set(&mut settings, words(&["DE", "us"])).is_err());
        assert_eq!(settings.countries, Some(vec!["DE".to_owned(), "US".to_owned()]));
    }
}
