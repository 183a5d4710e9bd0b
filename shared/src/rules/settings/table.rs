//! The table: every setting with its bounds and its meaning.

use super::{Kind, Setting};
use crate::rules::language::Language;
use crate::rules::limit::CONSECUTIVE_FAILURES_MAX;
use crate::rules::policy::{BCRYPT_COST_MAX, SmsProvider, TenantSettings};

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
        "wrong passwords an address has at once from one source, and as many wrong codes without password",
    ),
    number(
        "password_attempt_seconds",
        REFILL,
        |s| &mut s.limits.passwords.refill_seconds,
        "seconds until one of them has come back",
    ),
    number(
        "bcrypt_cost",
        (0, BCRYPT_COST_MAX),
        |s| &mut s.bcrypt_cost,
        "cost of the bcrypt hashes that users moved in with: every password is checked with as much work; 0 where there are none",
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
            form: "the tag (BCP 47) of a language that messages are written in",
            fits: |tag| Language::closest(tag).is_some(),
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
    switch(
        "notice_password_changed",
        |s| &mut s.notices.password_changed,
        "a mail when the password is changed, by whomever",
    ),
    switch("signup", |s| &mut s.signup, "whether anybody may sign up, by POST /dbconnections/signup"),
    number(
        "signups",
        ATTEMPTS,
        |s| &mut s.limits.signups.burst,
        "sign-ups that one source may try at once, refused ones included",
    ),
    number(
        "signup_seconds",
        REFILL,
        |s| &mut s.limits.signups.refill_seconds,
        "seconds until one of them has come back",
    ),
    number(
        "password_resets",
        ATTEMPTS,
        |s| &mut s.limits.password_resets.burst,
        "mails with a link to a new password that one address gets at once",
    ),
    number(
        "password_reset_seconds",
        REFILL,
        |s| &mut s.limits.password_resets.refill_seconds,
        "seconds until one of them has come back",
    ),
    number(
        "password_reset_requests",
        ATTEMPTS,
        |s| &mut s.limits.password_reset_requests.burst,
        "such mails that one source may ask for at once, for whatever addresses",
    ),
    number(
        "password_reset_request_seconds",
        REFILL,
        |s| &mut s.limits.password_reset_requests.refill_seconds,
        "seconds until one of them has come back",
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
