//! Single HTTP calls of things that are no AWS service, over the same TLS as everything else.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorSettings, SharedHttpClient,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::{public_http_client, sdk_config_from_environment};

/// Longest body that is read, in bytes.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// An HTTP call failed; the text says how.
#[derive(Debug, thiserror::Error)]
#[error("the call failed: {0}")]
pub struct HttpFailed(String);

fn failed(text: impl std::fmt::Display) -> HttpFailed {
    HttpFailed(text.to_string())
}

/// What a `GET` found.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// The header `date`.
    pub date: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Puts a JSON document to a pre-signed URL. CloudFormation's custom resources are answered so; no content type is sent,
/// because the URL was signed without one.
///
/// # Errors
/// When it was not accepted in time.
pub async fn put_json(url: &str, body: &str, timeout: Duration) -> Result<(), HttpFailed> {
    // The URL belongs to S3, whose roots are Amazon's as well.
    let sdk = sdk_config_from_environment().await.map_err(failed)?;
    let client = sdk.http_client().ok_or_else(|| failed("no HTTP client"))?;
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("PUT").map_err(failed)?;
    request.set_uri(url).map_err(failed)?;
    request.headers_mut().insert("content-length", body.len().to_string());
    let response = call(&client, &sdk, request, timeout).await?;
    match response.status().as_u16() {
        200..=299 => Ok(()),
        status => Err(failed(format!("answered with status {status}"))),
    }
}

/// Gets a public document, from whoever's host: it trusts the public authorities.
///
/// # Errors
/// When nothing was answered in time, or too much.
pub async fn get(sdk: &SdkConfig, url: &str, timeout: Duration) -> Result<Fetched, HttpFailed> {
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(url).map_err(failed)?;
    let fetched = async {
        let response = call(&public_http_client().map_err(failed)?, sdk, request, timeout).await?;
        let status = response.status().as_u16();
        let date = response.headers().get("date").map(str::to_owned);
        let mut stream = ByteStream::new(response.into_body());
        let mut body = Vec::new();
        while let Some(part) = stream.next().await {
            body.extend_from_slice(&part.map_err(failed)?);
            if body.len() > BODY_BYTES_MAX {
                return Err(failed("the answer is too long"));
            }
        }
        Ok(Fetched { status, date, body })
    };
    tokio::time::timeout(timeout, fetched).await.map_err(|_| failed("no answer in time"))?
}

async fn call(
    client: &SharedHttpClient,
    sdk: &SdkConfig,
    request: HttpRequest,
    timeout: Duration,
) -> Result<HttpResponse, HttpFailed> {
    let settings = HttpConnectorSettings::builder().connect_timeout(timeout).read_timeout(timeout).build();
    // A bare connector asks for nothing but the time and a timer, and has to be given the real ones; the stand-ins
    // for all the rest panic when they are used.
    let components = RuntimeComponentsBuilder::for_tests()
        .with_time_source(sdk.time_source())
        .with_sleep_impl(sdk.sleep_impl())
        .build()
        .map_err(failed)?;
    client
        .http_connector(&settings, &components)
        .call(request)
        .await
        .map_err(|error| failed(innermost(&error)))
}

/// What went wrong, of a chain of errors whose outer ones only say that something did.
#[must_use]
pub fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
