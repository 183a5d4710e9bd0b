//! Clients of the AWS services: one TLS provider (`ring`), Amazon's roots built in, short time-outs, and retries
//! only where repeating is harmless (design §3).

mod bare;
mod on_demand;
mod retry;

use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::shared::IntoShared;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use data_encoding::BASE64;

pub use bare::{Fetched, HttpFailed, get, innermost, put_json};
pub use on_demand::OnDemand;
pub use retry::{BeforeTheFactOnly, never_connected};

use crate::delivery::twilio::TwilioClient;

use crate::config::Timeouts;
use crate::observe::CallWatch;

/// Amazon Trust Services' roots: loading the system's store would be most of a cold start (feasibility §2).
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// Set to any value, it makes clients trust the system's roots, should Amazon's ever change before a new release.
pub const SYSTEM_ROOTS_VARIABLE: &str = "POSTERN_SYSTEM_ROOTS";

/// The clients one execution environment uses, built once.
#[derive(Clone, Debug)]
pub struct Clients {
    /// The table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Key wrapping.
    pub kms: OnDemand<aws_sdk_kms::Client>,
    /// Mail.
    pub ses: OnDemand<aws_sdk_sesv2::Client>,
    /// Text messages and calls, in the functions that send them.
    pub phone: Option<PhoneClients>,
}

/// The clients of who delivers text messages and calls.
#[derive(Clone, Debug)]
pub struct PhoneClients {
    /// AWS End User Messaging.
    pub aws: OnDemand<aws_sdk_pinpointsmsvoicev2::Client>,
    /// Twilio.
    pub twilio: TwilioClient,
}

/// The TLS set-up could not be made.
#[derive(Debug, thiserror::Error)]
#[error("TLS could not be set up: {0}")]
pub struct TlsError(String);

/// An HTTP client on rustls with `ring`.
///
/// # Errors
/// When the built-in roots cannot be read.
pub fn http_client(system_roots: bool) -> Result<SharedHttpClient, TlsError> {
    let trust = if system_roots {
        TrustStore::default()
    } else {
        TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
    };
    trusting(trust)
}

/// The same for a host that is not Amazon's: it trusts the public authorities, as Mozilla's browser does.
///
/// # Errors
/// When the built-in roots cannot be read.
pub fn public_http_client() -> Result<SharedHttpClient, TlsError> {
    let mut base64 = BASE64.specification();
    base64.wrap.width = 64;
    base64.wrap.separator = "\n".to_owned();
    let base64 = base64.encoding().map_err(|error| TlsError(error.to_string()))?;
    let mut pem = String::new();
    for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        pem.push_str(&base64.encode(root));
        pem.push_str("-----END CERTIFICATE-----\n");
    }
    trusting(TrustStore::empty().with_pem_certificate(pem.into_bytes()))
}

fn trusting(trust: TrustStore) -> Result<SharedHttpClient, TlsError> {
    let context =
        TlsContext::builder().with_trust_store(trust).build().map_err(|error| TlsError(error.to_string()))?;
    let client = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        // Idle connections die with the environment; behind a frozen Lambda they may be stale, hence not for long.
        .pool_idle_timeout(Duration::from_secs(60))
        .build_https();
    Ok(BuiltOnce(client).into_shared())
}

/// The crate's client without its trial run: it makes a connector just to see that it can, which reads all the roots, and
/// reads them again for the one it uses.
#[derive(Debug)]
struct BuiltOnce(SharedHttpClient);

impl HttpClient for BuiltOnce {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// Region, credentials and endpoints from the environment, as every AWS tool reads them.
///
/// # Errors
/// When TLS cannot be set up.
pub async fn sdk_config_from_environment() -> Result<SdkConfig, TlsError> {
    let system_roots = std::env::var_os(SYSTEM_ROOTS_VARIABLE).is_some();
    Ok(aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(system_roots)?).load().await)
}

/// The same in a Lambda environment, which has region and credentials in variables: nothing else is looked for.
///
/// # Errors
/// When TLS cannot be set up.
pub async fn sdk_config_of_lambda() -> Result<SdkConfig, TlsError> {
    let system_roots = std::env::var_os(SYSTEM_ROOTS_VARIABLE).is_some();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .region(EnvironmentVariableRegionProvider::new());
    Ok(config.http_client(http_client(system_roots)?).load().await)
}

/// Where each service is, when it is not where the region says: the twin's and emulators' addresses.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// DynamoDB's base URL.
    pub dynamodb: Option<String>,
    /// KMS's base URL.
    pub kms: Option<String>,
    /// SES's base URL.
    pub ses: Option<String>,
    /// End User Messaging SMS's base URL.
    pub sms: Option<String>,
    /// Twilio's base URL.
    pub twilio: Option<String>,
}

/// What makes a client of a service, with the retries and the time limit of one attempt that are given.
macro_rules! client {
    ($service:ident, $sdk:expr, $endpoint:expr, $observer:expr, $retry:expr, $limits:expr) => {{
        let mut builder = $service::config::Builder::from($sdk).retry_config($retry).timeout_config($limits);
        if let Some(url) = $endpoint {
            builder = builder.endpoint_url(url);
        }
        builder.push_interceptor(SharedInterceptor::new(CallWatch));
        if let Some(observer) = $observer {
            builder.push_interceptor(observer.clone());
        }
        move || $service::Client::from_conf(builder.build())
    }};
}

fn time_limits(timeouts: &Timeouts, attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(timeouts.connect).operation_attempt_timeout(attempt).build()
}

impl Clients {
    /// Builds the clients. `observer` sees every call; the twin counts round trips with it.
    #[must_use]
    pub fn new(
        sdk: &SdkConfig,
        timeouts: &Timeouts,
        endpoints: &Endpoints,
        observer: Option<&SharedInterceptor>,
    ) -> Self {
        let attempts =
            RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(50));
        let limits = time_limits(timeouts, timeouts.attempt);
        let dynamodb =
            client!(aws_sdk_dynamodb, sdk, &endpoints.dynamodb, observer, attempts.clone(), limits.clone());
        let kms = client!(aws_sdk_kms, sdk, &endpoints.kms, observer, attempts, limits);
        // A send is never retried by us: a second mail for one success would void nothing but confuse everyone.
        let limits = time_limits(timeouts, timeouts.send);
        let ses = client!(aws_sdk_sesv2, sdk, &endpoints.ses, observer, RetryConfig::disabled(), limits);
        Self { dynamodb: dynamodb(), kms: OnDemand::new(kms), ses: OnDemand::new(ses), phone: None }
    }

    /// With the client for text messages and calls: apart, so that functions that send none do not contain it.
    #[must_use]
    pub fn with_phone(
        self,
        sdk: &SdkConfig,
        timeouts: &Timeouts,
        endpoints: &Endpoints,
        observer: Option<&SharedInterceptor>,
    ) -> Self {
        let (retry, limits) = (RetryConfig::disabled(), time_limits(timeouts, timeouts.send));
        let time = sdk.sleep_impl();
        let twilio = TwilioClient::new(endpoints.twilio.as_deref(), limits.clone(), time, observer.cloned());
        let aws = client!(aws_sdk_pinpointsmsvoicev2, sdk, &endpoints.sms, observer, retry, limits);
        Self { phone: Some(PhoneClients { aws: OnDemand::new(aws), twilio }), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every root is read when a connection is prepared, and one that could not be would end the function.
    #[tokio::test]
    async fn the_public_roots_can_be_read() {
        use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;

        assert!(webpki_root_certs::TLS_SERVER_ROOT_CERTS.len() > 100);
        let sdk = sdk_config_from_environment().await.unwrap();
        let components =
            RuntimeComponentsBuilder::for_tests().with_time_source(sdk.time_source()).build().unwrap();
        let settings = HttpConnectorSettings::default();
        let _ = public_http_client().unwrap().http_connector(&settings, &components);
    }
}
