//! Bodies of any declared type (contract A2): JSON or form, decided by the content type where it is right and by
//! the first non-blank byte where it is absent or contradicts.

use std::collections::BTreeMap;
use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_LENGTH;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::wire::refusal::{Refusal, shown};

/// Longest body that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadableBody {
    /// Longer than [`BODY_BYTES_MAX`].
    TooLarge,
    /// It broke off.
    Broken,
}

/// Reads a body up to the limit.
///
/// # Errors
/// See [`UnreadableBody`].
pub async fn read_body(request: Request) -> Result<Bytes, UnreadableBody> {
    let declared =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > BODY_BYTES_MAX as u64) {
        return Err(UnreadableBody::TooLarge);
    }
    match Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(UnreadableBody::TooLarge),
        Err(_) => Err(UnreadableBody::Broken),
    }
}

/// The parameters of a request. Values that are empty strings or null count as absent.
#[derive(Default)]
pub struct Params(BTreeMap<String, Value>);

/// Never shows values: they are passwords and codes.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        match read_body(request).await {
            Ok(body) => Self::parse(&body),
            Err(UnreadableBody::TooLarge) => Err(Refusal::BodyTooLarge),
            Err(UnreadableBody::Broken) => Err(invalid("The request body could not be read")),
        }
    }
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::InvalidRequest(text.into())
}

impl Params {
    /// Parses a body. JSON objects begin with a brace and no form does, so the first non-blank byte decides whatever
    /// the content type says: where the content type is right, both agree.
    ///
    /// # Errors
    /// 400 for what is neither, repeats a parameter, or is not UTF-8.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(body).map_err(|_| invalid("The request body is not valid UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match text.trim_start().as_bytes().first() {
            None => Ok(Self::default()),
            Some(b'{') => Self::parse_json(text),
            Some(b'[' | b'"') => Err(invalid("The request body must be a JSON object or a form")),
            Some(_) => Self::parse_form(text),
        }
    }

    fn parse_json(text: &str) -> Result<Self, Refusal> {
        let Members(members) =
            serde_json::from_str(text).map_err(|_| invalid("The request body is not valid JSON"))?;
        let mut params = Self::default();
        for (name, value) in members {
            params.add(name, value)?;
        }
        Ok(params)
    }

    pub(super) fn parse_form(text: &str) -> Result<Self, Refusal> {
        let mut params = Self::default();
        for pair in text.trim().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            params.add(decode(name)?, Value::String(decode(value)?))?;
        }
        Ok(params)
    }

    fn add(&mut self, name: String, value: Value) -> Result<(), Refusal> {
        if self.0.contains_key(&name) {
            return Err(invalid(format!("Parameter {} must not be repeated", shown(&name))));
        }
        self.0.insert(name, value);
        Ok(())
    }

    fn present(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// A text parameter that may be absent.
    ///
    /// # Errors
    /// 400 when it is not text.
    pub fn optional(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        match self.present(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(format!("Parameter {name} must be a string"))),
        }
    }

    /// A text parameter that must be there.
    ///
    /// # Errors
    /// 400 when it is absent or not text.
    pub fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.optional(name)?.ok_or(Refusal::MissingParameter(name))
    }

    /// A parameter of whatever type, if it is there.
    #[must_use]
    pub fn value(&self, name: &'static str) -> Option<&Value> {
        self.present(name)
    }

    /// The names that are not among `known`, the first of them and as far as they can be shown, joined by commas; `None`
    /// when there are none.
    #[must_use]
    pub fn others(&self, known: &[&str]) -> Option<String> {
        let others = self.0.keys().filter(|name| !known.contains(&name.as_str()));
        let others: Vec<_> = others.map(|name| shown(name)).take(OTHERS_SHOWN_MAX).collect();
        (!others.is_empty()).then(|| others.join(", "))
    }

    /// A parameter that is an array of words, or one bare word.
    ///
    /// # Errors
    /// 400 when it is neither; an absent one is an empty list.
    pub fn words(&self, name: &'static str) -> Result<Vec<&str>, Refusal> {
        let wrong = || invalid(format!("Parameter {name} must be an array of strings"));
        match self.present(name) {
            None => Ok(Vec::new()),
            Some(Value::String(word)) => Ok(vec![word]),
            Some(Value::Array(words)) => words.iter().map(|word| word.as_str().ok_or_else(wrong)).collect(),
            Some(_) => Err(wrong()),
        }
    }
}

/// Most unknown names that a refusal repeats: a body has room for thousands.
const OTHERS_SHOWN_MAX: usize = 3;

/// `application/x-www-form-urlencoded`, strictly: what does not decode to UTF-8 is refused, not replaced.
fn decode(part: &str) -> Result<String, Refusal> {
    let spaced = part.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| invalid("The request body is not valid UTF-8"))
}

/// The members of a JSON object in order, repeated ones included, which a map would hide.
pub(super) struct Members(pub(super) Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str) -> Refusal {
        Params::parse(body.as_bytes()).unwrap_err()
    }

    /// A2: JSON and form are told apart by the first non-blank byte.
    #[test]
    fn the_first_byte_tells_json_from_a_form() {
        for body in [" \n{\"a\":\"1 2\"}", "a=1+2", "a=1%202"] {
            let params = Params::parse(body.as_bytes()).unwrap();
            assert_eq!(params.required("a").unwrap(), "1 2", "{body}");
        }
    }

    /// A2: a repeated parameter is refused in both forms; empty strings and null are absent.
    #[test]
    fn repeated_parameters_are_refused_and_empty_ones_absent() {
        assert!(matches!(text("a=1&a=2"), Refusal::InvalidRequest(_)));
        assert!(matches!(text(r#"{"a":"1","a":"2"}"#), Refusal::InvalidRequest(_)));
        for body in ["a=&b=1", r#"{"a":"","b":"1"}"#, r#"{"a":null,"b":"1"}"#] {
            let params = Params::parse(body.as_bytes()).unwrap();
            assert!(matches!(params.required("a"), Err(Refusal::MissingParameter("a"))), "{body}");
            assert_eq!(params.required("b").unwrap(), "1");
        }
    }

    #[test]
    fn lists_may_be_bare_words() {
        for body in [r#"{"t":["oob"]}"#, r#"{"t":"oob"}"#, "t=oob"] {
            assert_eq!(Params::parse(body.as_bytes()).unwrap().words("t").unwrap(), ["oob"], "{body}");
        }
        let mixed = Params::parse(br#"{"t":["oob",1]}"#).unwrap();
        assert!(mixed.words("t").is_err());
    }

    proptest::proptest! {
        /// No body at all makes the parser panic.
        #[test]
        fn any_bytes_parse_or_are_refused(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = Params::parse(&body);
        }
    }
}
