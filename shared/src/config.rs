//! What an operator sets, read once from environment variables at start-up. No secret is among them.

use std::time::Duration;

use crate::http::proxy::ProxySecrets;
use crate::token::key_times::{KEY_DAYS, KEY_RETIRE_DAYS, KNOWN_BEFORE_USE_SECONDS, KeyTimes, KeyTimesError};

/// Settings of one deployment.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the table (`POSTERN_TABLE`).
    pub table: String,
    /// The issuer: an absolute URL with a trailing slash (`POSTERN_ISSUER`, the slash is added when missing).
    pub issuer: Issuer,
    /// The tenant's friendly name, in mails and in authenticator apps (`POSTERN_TENANT_NAME`).
    pub tenant_name: String,
    /// Sender of mails (`POSTERN_MAIL_FROM`); functions that send none leave it unset.
    pub mail_from: Option<String>,
    /// SES configuration set (`POSTERN_SES_CONFIGURATION_SET`).
    pub ses_configuration_set: Option<String>,
    /// What text messages come from (`POSTERN_SMS_ORIGINATION_IDENTITY`): a number, sender id or pool, or its ARN.
    pub sms_origination_identity: Option<String>,
    /// What calls come from (`POSTERN_VOICE_ORIGINATION_IDENTITY`): a number or pool, or its ARN.
    pub voice_origination_identity: Option<String>,
    /// Configuration set of both (`POSTERN_SMS_CONFIGURATION_SET`).
    pub sms_configuration_set: Option<String>,
    /// Where Twilio's API is (`POSTERN_TWILIO_URL`), when it is not in the United States.
    pub twilio_url: Option<String>,
    /// KMS key that wraps key generations (`POSTERN_KMS_KEY`); only what creates keys needs it.
    pub kms_key: Option<String>,
    /// How long keys live and overlap (`POSTERN_KEY_DAYS`, `POSTERN_KEY_PUBLISH_SECONDS`, `POSTERN_KEY_RETIRE_DAYS`);
    /// only what creates and retires keys needs it.
    pub key_times: KeyTimes,
    /// The one header that carries the client's address when a trusted proxy stands before the gateway
    /// (`POSTERN_CLIENT_IP_HEADER`); unset, the gateway's own `sourceIp` counts.
    pub client_ip_header: Option<String>,
    /// What that proxy proves itself by, as hashes (`POSTERN_PROXY_SECRET_SHA256`); unset, nobody has to.
    pub proxy_secrets: Option<ProxySecrets>,
    /// Days that records of the audit log are kept and shown (`POSTERN_AUDIT_DAYS`).
    pub audit_days: u64,
    /// Event bus that records go to as well, by its ARN (`POSTERN_AUDIT_EVENT_BUS`); only the function that takes them in
    /// needs it.
    pub audit_event_bus: Option<String>,
    /// Where metrics go (`POSTERN_METRICS_NAMESPACE`); nowhere when it is unset.
    pub metrics: Option<MetricsConfig>,
    /// How long to wait for AWS.
    pub timeouts: Timeouts,
}

/// What the metrics of a function are told by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsConfig {
    /// CloudWatch's namespace: the deployment's own.
    pub namespace: String,
    /// Lambda's name of the function (`AWS_LAMBDA_FUNCTION_NAME`).
    pub function: String,
}

/// Days that records are kept where nothing is said, as at Auth0 at most.
pub const AUDIT_DAYS_DEFAULT: u64 = 30;
/// Ten years, and what a deployment may say at most.
pub const AUDIT_DAYS_MAX: u64 = 3650;

/// Time limits of calls to AWS and of a whole request (design §3).
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// To open a connection.
    pub connect: Duration,
    /// For one attempt of a call; two attempts at most.
    pub attempt: Duration,
    /// For the single attempt of a send.
    pub send: Duration,
    /// For the notice of a wrong answer, which is written before that answer is given.
    pub notice: Duration,
    /// For a whole request; then it is answered 503.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            attempt: Duration::from_secs(2),
            send: Duration::from_secs(5),
            notice: Duration::from_secs(1),
            request: Duration::from_secs(15),
        }
    }
}

/// The issuer URL and the audiences that derive from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// Takes an absolute URL and gives it the trailing slash Auth0's issuers have (contract A4).
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self(format!("{}/", url.trim_end_matches('/')))
    }

    /// The issuer, with its trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host, with the port if it has one.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// Address of an endpoint, `path` without a leading slash.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Audience of tokens that manage a user's own factors.
    #[must_use]
    pub fn mfa_audience(&self) -> String {
        self.endpoint("mfa/")
    }

    /// Audience of the Management API.
    #[must_use]
    pub fn management_audience(&self) -> String {
        self.endpoint("api/v2/")
    }

    /// Audience of `/userinfo`.
    #[must_use]
    pub fn userinfo_audience(&self) -> String {
        self.endpoint("userinfo")
    }

    /// Which of these an audience is, with or without the last slash.
    #[must_use]
    pub fn own_audience(&self, audience: &str) -> Option<OwnAudience> {
        let is = |own: String| audience.trim_end_matches('/') == own.trim_end_matches('/');
        let own = [
            (OwnAudience::Mfa, self.mfa_audience()),
            (OwnAudience::Management, self.management_audience()),
            (OwnAudience::Userinfo, self.userinfo_audience()),
        ];
        own.into_iter().find_map(|(which, own)| is(own).then_some(which))
    }
}

/// An audience that is the service itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnAudience {
    /// A user's own factors.
    Mfa,
    /// The Management API.
    Management,
    /// `/userinfo`.
    Userinfo,
}

/// A setting that is missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name}: {problem}")]
pub struct ConfigError {
    name: &'static str,
    problem: String,
}

impl ConfigError {
    fn new(name: &'static str, problem: impl Into<String>) -> Self {
        Self { name, problem: problem.into() }
    }
}

impl Config {
    /// Reads the settings from `variable`, which looks an environment variable up by name.
    ///
    /// # Errors
    /// Names the variable that is missing or malformed.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name: &str| variable(name).filter(|value| !value.is_empty());
        let required = |name: &'static str| {
            optional(name)
                .ok_or_else(|| ConfigError::new(name, "is not set; the template sets it on every function"))
        };
        let is_url = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        let problem = "is not an absolute http(s) URL";
        let issuer = required("POSTERN_ISSUER")?;
        if !is_url(&issuer) {
            return Err(ConfigError::new("POSTERN_ISSUER", problem));
        }
        let twilio_url = optional("POSTERN_TWILIO_URL");
        if twilio_url.as_deref().is_some_and(|url| !is_url(url)) {
            return Err(ConfigError::new("POSTERN_TWILIO_URL", problem));
        }
        let audit_days = match optional("POSTERN_AUDIT_DAYS") {
            None => AUDIT_DAYS_DEFAULT,
            Some(days) => days
                .parse()
                .ok()
                .filter(|days| (1..=AUDIT_DAYS_MAX).contains(days))
                .ok_or_else(|| ConfigError::new("POSTERN_AUDIT_DAYS", "is not a number from 1 to 3650"))?,
        };
        let metrics = optional("POSTERN_METRICS_NAMESPACE").map(|namespace| MetricsConfig {
            namespace,
            function: optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
        });
        Ok(Self {
            table: required("POSTERN_TABLE")?,
            issuer: Issuer::new(&issuer),
            tenant_name: optional("POSTERN_TENANT_NAME").unwrap_or_else(|| "Postern".to_owned()),
            mail_from: optional("POSTERN_MAIL_FROM"),
            ses_configuration_set: optional("POSTERN_SES_CONFIGURATION_SET"),
            sms_origination_identity: optional("POSTERN_SMS_ORIGINATION_IDENTITY"),
            voice_origination_identity: optional("POSTERN_VOICE_ORIGINATION_IDENTITY"),
            sms_configuration_set: optional("POSTERN_SMS_CONFIGURATION_SET"),
            twilio_url,
            kms_key: optional("POSTERN_KMS_KEY"),
            key_times: key_times(optional)?,
            client_ip_header: optional("POSTERN_CLIENT_IP_HEADER").map(|name| name.to_ascii_lowercase()),
            proxy_secrets: proxy_secrets(optional)?,
            audit_days,
            audit_event_bus: optional("POSTERN_AUDIT_EVENT_BUS"),
            metrics,
            timeouts: Timeouts::default(),
        })
    }
}

/// What a proxy in front proves itself by, if there is one.
fn proxy_secrets(variable: impl Fn(&str) -> Option<String>) -> Result<Option<ProxySecrets>, ConfigError> {
    let name = "POSTERN_PROXY_SECRET_SHA256";
    let problem = "is not the SHA-256 of one or two secrets, in lower-case hex";
    let read = |text: String| ProxySecrets::parse(&text).ok_or_else(|| ConfigError::new(name, problem));
    variable(name).map(read).transpose()
}

/// The times of keys; each that is not set is the default.
fn key_times(variable: impl Fn(&str) -> Option<String>) -> Result<KeyTimes, ConfigError> {
    let number = |name: &'static str, default: u64| match variable(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| ConfigError::new(name, "is not a number")),
    };
    let days = number("POSTERN_KEY_DAYS", KEY_DAYS)?;
    let publish = number("POSTERN_KEY_PUBLISH_SECONDS", KNOWN_BEFORE_USE_SECONDS)?;
    let retire = number("POSTERN_KEY_RETIRE_DAYS", KEY_RETIRE_DAYS)?;
    KeyTimes::new(days, publish, retire).map_err(|error| {
        let name = match error {
            KeyTimesError::Life | KeyTimesError::TooMany => "POSTERN_KEY_DAYS",
            KeyTimesError::Publish => "POSTERN_KEY_PUBLISH_SECONDS",
            KeyTimesError::Retire => "POSTERN_KEY_RETIRE_DAYS",
        };
        ConfigError::new(name, error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEC-29: an overlap that is too short ends the function at its start, with the reason; none said is a safe one.
    #[test]
    fn times_of_keys_that_are_not_safe_are_refused() {
        let read = |variable: &'static str, value: &'static str| {
            Config::from_variables(|name| match name {
                _ if name == variable => Some(value.to_owned()),
                "POSTERN_TABLE" | "POSTERN_ISSUER" => Some("https://a".to_owned()),
                _ => None,
            })
        };
        assert_eq!(read("POSTERN_KEY_DAYS", "").unwrap().key_times, KeyTimes::default());
        assert_eq!(read("POSTERN_KEY_RETIRE_DAYS", "60").unwrap().key_times.retire_days(), 60);
        for (variable, value, reason) in [
            ("POSTERN_KEY_DAYS", "7", "8 to 365"),
            ("POSTERN_KEY_DAYS", "soon", "is not a number"),
            ("POSTERN_KEY_PUBLISH_SECONDS", "300", "may an environment and then a client keep the list"),
            ("POSTERN_KEY_RETIRE_DAYS", "29", "may a token live"),
        ] {
            let error = read(variable, value).unwrap_err().to_string();
            assert!(error.contains(variable) && error.contains(reason), "{error}");
        }
    }

    /// contract A4: `iss` ends in a slash, whatever the operator typed.
    #[test]
    fn the_issuer_has_one_trailing_slash() {
        assert_eq!(Issuer::new("https://mfa.example.com").as_str(), "https://mfa.example.com/");
        assert_eq!(Issuer::new("https://mfa.example.com//").as_str(), "https://mfa.example.com/");
        assert_eq!(Issuer::new("https://mfa.example.com").mfa_audience(), "https://mfa.example.com/mfa/");
    }

    /// Contract: what is kept for no time, or for ever, is a mistake of the operator's.
    #[test]
    fn the_audit_log_is_kept_for_days() {
        let days = |days: &str| {
            Config::from_variables(|name| match name {
                "POSTERN_AUDIT_DAYS" => Some(days.to_owned()),
                "POSTERN_TABLE" | "POSTERN_ISSUER" => Some("https://a".to_owned()),
                _ => None,
            })
        };
        assert_eq!(days("").unwrap().audit_days, 30);
        assert_eq!(days("3650").unwrap().audit_days, 3650);
        for wrong in ["0", "3651", "-1", "a month"] {
            assert!(days(wrong).unwrap_err().to_string().contains("POSTERN_AUDIT_DAYS"), "{wrong}");
        }
    }

    /// A way past the proxy is not opened by a secret that was mistyped.
    #[test]
    fn what_is_no_hash_of_a_proxys_secret_ends_the_function_at_its_start() {
        let read = |value: &'static str| {
            Config::from_variables(|name| match name {
                "POSTERN_PROXY_SECRET_SHA256" => Some(value.to_owned()),
                "POSTERN_TABLE" | "POSTERN_ISSUER" => Some("https://a".to_owned()),
                _ => None,
            })
        };
        assert!(read("").unwrap().proxy_secrets.is_none());
        let error = read("the secret itself").unwrap_err().to_string();
        assert!(error.contains("POSTERN_PROXY_SECRET_SHA256") && !error.contains("itself"), "{error}");
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = Config::from_variables(|name| (name == "POSTERN_ISSUER").then(|| "https://a".into()))
            .unwrap_err();
        assert!(error.to_string().contains("POSTERN_TABLE"));
    }
}
