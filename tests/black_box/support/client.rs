//! A small HTTP client, and replies as tests look at them.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

pub(crate) struct Client(HyperClient<HttpConnector, Full<Bytes>>);

/// A request's body with its declared type.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Vec<u8>,
}

impl Body {
    pub(crate) fn none() -> Self {
        Self { content_type: None, bytes: Vec::new() }
    }

    pub(crate) fn json(value: &Value) -> Self {
        Self { content_type: Some("application/json".into()), bytes: value.to_string().into_bytes() }
    }

    pub(crate) fn form(pairs: &[(&str, &str)]) -> Self {
        let encoded: Vec<_> =
            pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        Self {
            content_type: Some("application/x-www-form-urlencoded".into()),
            bytes: encoded.join("&").into_bytes(),
        }
    }

    pub(crate) fn raw(content_type: Option<&str>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { content_type: content_type.map(ToOwned::to_owned), bytes: bytes.into() }
    }

    /// The same bytes under another declared type.
    pub(crate) fn declared(mut self, content_type: Option<&str>) -> Self {
        self.content_type = content_type.map(ToOwned::to_owned);
        self
    }
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// A reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self(HyperClient::builder(TokioExecutor::new()).build_http())
    }

    /// A client that connects from another address of this machine.
    pub(crate) fn at(source: [u8; 4]) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(source.into()));
        Self(HyperClient::builder(TokioExecutor::new()).build(connector))
    }

    pub(crate) async fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: Body) -> Reply {
        let mut request = Request::builder().method(method).uri(url);
        if let Some(content_type) = &body.content_type {
            request = request.header("content-type", content_type);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.bytes))).unwrap();
        let reply = self.0.request(request).await.unwrap();
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

/// Members whose values differ from run to run.
const CHANGING: [&str; 8] = [
    "mfa_token",
    "oob_code",
    "access_token",
    "id_token",
    "refresh_token",
    "recovery_code",
    "secret",
    "barcode_uri",
];

impl Reply {
    /// Contract A3 "delivery refused" and "delivery timed out".
    pub(crate) fn assert_not_delivered(&self) {
        let text = r#"503 {"error":"temporarily_unavailable","error_description":"The code could not be delivered. Please retry in a moment."}"#;
        assert_eq!((self.snapshot().as_str(), self.header("retry-after")), (text, Some("5")));
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.body))
    }

    pub(crate) fn text(&self, member: &str) -> String {
        let json = self.json();
        json[member].as_str().unwrap_or_else(|| panic!("no {member}: {}", self.body)).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// `STATUS body`, with what changes from run to run replaced by its name.
    pub(crate) fn snapshot(&self) -> String {
        let Ok(mut json) = serde_json::from_str::<Value>(&self.body) else {
            return format!("{} {}", self.status, self.body);
        };
        if let Some(object) = json.as_object_mut() {
            for name in CHANGING {
                if let Some(value) = object.get_mut(name).filter(|value| value.is_string()) {
                    *value = Value::String(format!("[{name}]"));
                }
            }
            if let Some(codes) = object.get_mut("recovery_codes").and_then(Value::as_array_mut) {
                codes.fill(Value::String("[recovery_code]".into()));
            }
        }
        format!("{} {json}", self.status)
    }
}
