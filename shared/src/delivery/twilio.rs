//! Twilio's API, of which two calls are used: a message and a call. It is called as the AWS SDKs call theirs, with
//! their time limits, observers and errors.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::config::SharedAsyncSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::timeout::TimeoutConfig;
use data_encoding::BASE64;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{DeliveryFailure, classify};
use crate::aws::{TlsError, public_http_client};
use crate::observe::CallWatch;
use crate::rules::phone::PhoneNumber;
use crate::rules::twilio::TwilioAccount;

/// In log lines.
pub(crate) const SERVICE: &str = "twilio";
/// Where accounts are that were not made in another region.
const DEFAULT_URL: &str = "https://api.twilio.com";
/// Twilio's error 21211, "Invalid 'To' Phone Number".
const NO_SUCH_NUMBER: &str = "21211";
/// Twilio's other errors about the number alone: it cannot be reached (21214), replied STOP (21610), is no mobile number
/// (21614).
const NOT_REACHED: [&str; 3] = ["21214", "21610", "21614"];
/// Those about where it is: the account may not call (21215, 21216) or text (21408) its country, or no route leads there
/// from the sender (21612).
const BARRED: [&str; 4] = ["21215", "21216", "21408", "21612"];
/// A number that cannot be: no country's code begins with a zero (ITU-T E.164 §6).
const NOBODY: &str = "+0";
/// The bounds of a message's time to live, in seconds.
const VALIDITY_PERIOD: (u64, u64) = (1, 36_000);

/// Calls Twilio.
#[derive(Clone, Debug)]
pub struct TwilioClient {
    url: String,
    limits: TimeoutConfig,
    time: Option<SharedAsyncSleep>,
    observer: Option<SharedInterceptor>,
    /// Made at the first send: reading the public roots is no part of a start.
    http: Arc<OnceLock<SharedHttpClient>>,
}

/// The two resources that are created.
#[derive(Clone, Copy)]
enum Resource {
    Message,
    Call,
}

impl Resource {
    fn operation(self) -> &'static str {
        match self {
            Self::Message => "CreateMessage",
            Self::Call => "CreateCall",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::Message => "Messages.json",
            Self::Call => "Calls.json",
        }
    }
}

/// What became of an order that Twilio looked at.
enum Order {
    Taken,
    /// Nobody can have the number: [`NO_SUCH_NUMBER`].
    NoSuchNumber,
}

impl Order {
    /// What that means for somebody who waits for it.
    fn delivered(self, resource: Resource) -> Result<(), DeliveryFailure> {
        match self {
            Self::Taken => Ok(()),
            Self::NoSuchNumber => {
                let (operation, failure) = (resource.operation(), DeliveryFailure::Unreachable);
                let (event, code) = ("delivery_failed", NO_SUCH_NUMBER);
                tracing::warn!(event, service = SERVICE, operation, code, ?failure);
                Err(failure)
            }
        }
    }
}

/// A request. It holds a number, a code and a token.
struct Request {
    path: String,
    authorization: String,
    form: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Request(…)")
    }
}

/// Twilio answered something other than that it took the order; its error code is a number.
#[derive(Debug, thiserror::Error)]
#[error("Twilio refused")]
struct RefusedByTwilio(ErrorMetadata);

impl ProvideErrorMetadata for RefusedByTwilio {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

impl TwilioClient {
    /// A client of the API at `url`, or where it usually is. `limits` bound the one attempt of each call, by the host's
    /// time or what stands for it.
    #[must_use]
    pub fn new(
        url: Option<&str>,
        limits: TimeoutConfig,
        time: Option<SharedAsyncSleep>,
        observer: Option<SharedInterceptor>,
    ) -> Self {
        let url = url.unwrap_or(DEFAULT_URL).trim_end_matches('/').to_owned();
        Self { url, limits, time, observer, http: Arc::default() }
    }

    /// Sends a text message, which the carriers may drop after so many seconds.
    ///
    /// # Errors
    /// See [`DeliveryFailure`].
    pub async fn message(
        &self,
        account: &TwilioAccount,
        to: &PhoneNumber,
        text: &str,
        seconds_valid: u64,
    ) -> Result<(), DeliveryFailure> {
        self.order_message(account, to.as_str(), text, seconds_valid).await?.delivered(Resource::Message)
    }

    /// Sends nothing, by the same call: Twilio has no dry run, so the order names a number that cannot be, which is
    /// refused at no cost. Whatever else would keep a message from being sent keeps this one too.
    ///
    /// # Errors
    /// See [`DeliveryFailure`]; that refusal is none.
    pub async fn message_to_nobody(
        &self,
        account: &TwilioAccount,
        text: &str,
        seconds_valid: u64,
    ) -> Result<(), DeliveryFailure> {
        self.order_message(account, NOBODY, text, seconds_valid).await.map(|_| ())
    }

    async fn order_message(
        &self,
        account: &TwilioAccount,
        to: &str,
        text: &str,
        seconds_valid: u64,
    ) -> Result<Order, DeliveryFailure> {
        let sender = match (&account.messaging_service, &account.from) {
            (Some(service), _) => ("MessagingServiceSid", service.as_str()),
            (None, Some(from)) => ("From", from.as_str()),
            (None, None) => return Err(no_sender("neither from nor messaging_service_sid is set")),
        };
        let (least, most) = VALIDITY_PERIOD;
        let period = seconds_valid.clamp(least, most).to_string();
        let fields = [("To", to), sender, ("Body", text), ("ValidityPeriod", &period)];
        self.create(account, Resource::Message, &fields).await
    }

    /// Calls, and says what the TwiML says.
    ///
    /// # Errors
    /// See [`DeliveryFailure`].
    pub async fn call(
        &self,
        account: &TwilioAccount,
        to: &PhoneNumber,
        twiml: &str,
    ) -> Result<(), DeliveryFailure> {
        let from = account.from.as_ref().filter(|from| from.can_call());
        let from = from.ok_or_else(|| no_sender("from is not a number, and only numbers can call"))?;
        let fields = [("To", to.as_str()), ("From", from.as_str()), ("Twiml", twiml)];
        self.create(account, Resource::Call, &fields).await?.delivered(Resource::Call)
    }

    async fn create(
        &self,
        account: &TwilioAccount,
        resource: Resource,
        fields: &[(&str, &str)],
    ) -> Result<Order, DeliveryFailure> {
        let http = self.http().map_err(|error| {
            tracing::error!(event = "no_sender", %error);
            DeliveryFailure::Refused
        })?;
        let sid = account.sid.as_str();
        let credentials = format!("{sid}:{}", account.auth_token.expose());
        let request = Request {
            path: format!("/2010-04-01/Accounts/{sid}/{}", resource.file()),
            authorization: format!("Basic {}", BASE64.encode(credentials.as_bytes())),
            form: form(fields),
        };
        let mut operation = Operation::builder()
            .service_name(SERVICE)
            .operation_name(resource.operation())
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(&self.url)
            .no_auth()
            // A second message for one success would void nothing but confuse everyone.
            .no_retry()
            .timeout_config(self.limits.clone())
            .interceptor(CallWatch)
            .serializer(http_request)
            .deserializer(taken);
        if let Some(time) = &self.time {
            operation = operation.sleep_impl(time.clone());
        }
        if let Some(observer) = &self.observer {
            operation = operation.interceptor(observer.clone());
        }
        match operation.build().invoke(request).await {
            Ok(()) => Ok(Order::Taken),
            Err(error) if error.code() == Some(NO_SUCH_NUMBER) => Ok(Order::NoSuchNumber),
            Err(error) => {
                let about_number = error.code().and_then(about_number);
                Err(classify(SERVICE, resource.operation(), &error, about_number))
            }
        }
    }

    fn http(&self) -> Result<SharedHttpClient, TlsError> {
        if let Some(http) = self.http.get() {
            return Ok(http.clone());
        }
        let http = public_http_client()?;
        Ok(self.http.get_or_init(|| http).clone())
    }
}

fn about_number(code: &str) -> Option<DeliveryFailure> {
    match code {
        _ if NOT_REACHED.contains(&code) => Some(DeliveryFailure::Unreachable),
        _ if BARRED.contains(&code) => Some(DeliveryFailure::Barred),
        _ => None,
    }
}

fn no_sender(problem: &'static str) -> DeliveryFailure {
    tracing::error!(event = "no_sender", problem, "the Twilio account cannot send this");
    DeliveryFailure::Refused
}

fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

fn http_request(request: Request) -> Result<HttpRequest, aws_smithy_runtime_api::box_error::BoxError> {
    let length = request.form.len().to_string();
    let mut http = HttpRequest::new(SdkBody::from(request.form));
    http.set_method("POST")?;
    http.set_uri(request.path)?;
    let headers = http.headers_mut();
    headers.try_insert("authorization", request.authorization)?;
    headers.try_insert("content-type", "application/x-www-form-urlencoded")?;
    headers.try_insert("content-length", length)?;
    Ok(http)
}

/// Whether the order was taken. Of a refusal only its number is kept: the text beside it repeats the number called.
fn taken(response: &HttpResponse) -> Result<(), OrchestratorError<RefusedByTwilio>> {
    #[derive(Deserialize)]
    struct Problem {
        code: u32,
    }
    if response.status().is_success() {
        return Ok(());
    }
    let problem = response.body().bytes().and_then(|body| serde_json::from_slice::<Problem>(body).ok());
    let code = problem.map_or(u32::from(response.status().as_u16()), |problem| problem.code);
    let metadata = ErrorMetadata::builder().code(code.to_string()).build();
    Err(OrchestratorError::operation(RefusedByTwilio(metadata)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_any_text() {
        let fields = [("To", "+15005550006"), ("Body", "a&b=c d\n@x #é")];
        assert_eq!(form(&fields), "To=%2B15005550006&Body=a%26b%3Dc%20d%0A%40x%20%23%C3%A9");
    }

    /// SEC-34.
    #[test]
    fn a_request_is_not_shown() {
        let request = Request { path: "p".into(), authorization: "a".into(), form: "f".into() };
        assert_eq!(format!("{request:?}"), "Request(…)");
    }
}
