//! Refusals as they are answered: each is made into the response that a handler would give, and looked at.

use axum::body::Body;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use postern::rules::limit::Quota;
use postern::wire::management::ManagementRefusal;
use postern::wire::refusal::Refusal;
use postern::wire::signup::SignupRefusal;
use serde_json::Value;

use crate::schema::Schema;

/// A refusal on the wire.
#[derive(Clone, Debug)]
pub struct Refused {
    pub(crate) status: u16,
    pub(crate) headers: Vec<&'static str>,
    pub(crate) body: Value,
    pub(crate) kind: Kind,
}

/// Which body it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    OAuth,
    MfaRequired,
    Management,
    Signup,
    WeakPassword,
    SignupDisabled,
}

impl Refused {
    fn of(response: Response<Body>, kind: Kind) -> Self {
        let (parts, body) = response.into_parts();
        let mut headers = Vec::new();
        if parts.headers.contains_key(RETRY_AFTER) {
            headers.push("Retry-After");
        }
        if parts.headers.contains_key(WWW_AUTHENTICATE) {
            headers.push("WWW-Authenticate");
        }
        if parts.extensions.get::<Quota>().is_some() {
            headers.extend(crate::operation::QUOTA);
        }
        // A refusal's body is there at once: nothing is waited for.
        let body =
            body.collect().now_or_never().and_then(Result::ok).map(http_body_util::Collected::to_bytes);
        let body = body.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { status: parts.status.as_u16(), headers, body, kind }
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        let member = |name| self.body.get(name).and_then(Value::as_str);
        ["error_description", "message", "description", "error"]
            .into_iter()
            .find_map(member)
            .unwrap_or_default()
    }

    /// A name among the examples of its status: its first words.
    pub(crate) fn name(&self) -> String {
        const WORDS_MAX: usize = 9;
        let words = self.text().split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.take(WORDS_MAX).map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
    }

    /// Its code for programs.
    pub(crate) fn code(&self) -> Option<&str> {
        self.body.get(self.kind.code()).and_then(Value::as_str)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let kind = if matches!(refusal, Refusal::MfaRequired(_)) { Kind::MfaRequired } else { Kind::OAuth };
        Self::of(refusal.into_response(), kind)
    }
}

impl From<ManagementRefusal> for Refused {
    fn from(refusal: ManagementRefusal) -> Self {
        Self::of(refusal.into_response(), Kind::Management)
    }
}

impl From<SignupRefusal> for Refused {
    fn from(refusal: SignupRefusal) -> Self {
        let kind = match &refusal {
            SignupRefusal::Disabled => Kind::SignupDisabled,
            SignupRefusal::Invalid => Kind::Signup,
            SignupRefusal::WeakPassword => Kind::WeakPassword,
            SignupRefusal::Refused(_) => Kind::OAuth,
        };
        Self::of(refusal.into_response(), kind)
    }
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Self::OAuth | Self::MfaRequired | Self::SignupDisabled => "error",
            Self::Management => "errorCode",
            Self::Signup | Self::WeakPassword => "code",
        }
    }

    /// The body, with no other code than these.
    pub(crate) fn schema(self, codes: &[&str]) -> Schema {
        let schema = match self {
            Self::OAuth => oauth_error(),
            Self::MfaRequired => return mfa_required(),
            Self::Management => management_error(),
            Self::Signup => signup_error(),
            Self::WeakPassword => weak_password(),
            Self::SignupDisabled => signup_disabled(),
        };
        if codes.is_empty() {
            return schema;
        }
        schema.narrowed(serde_json::json!({ "properties": { self.code(): { "enum": codes } } }))
    }
}

fn oauth_error() -> Schema {
    Schema::object()
        .must("error", Schema::text("invalid_request").about("A code for programs."))
        .must(
            "error_description",
            Schema::text("Missing required parameter: client_id").about("What is wrong."),
        )
        .named("Error")
}

fn mfa_required() -> Schema {
    let types = Schema::object().must("type", Schema::word(&["otp", "phone", "recovery-code", "email"]));
    let requirements = Schema::object()
        .may("challenge", Schema::list(types.clone()).about("What the user has."))
        .may("enroll", Schema::list(types).about("What the user may enrol, who has nothing yet.").unshown())
        .about("Which factors the sign-in can be completed with; only with the setting `mfa_requirements`.");
    Schema::object()
        .must("error", Schema::only("mfa_required".into()))
        .must("error_description", Schema::text("Multifactor authentication required"))
        .must("mfa_token", Schema::text(crate::common::MFA_TOKEN).about("What completes the sign-in."))
        .may("mfa_requirements", requirements.unshown())
        .about("The second factor is due: go on with `POST /mfa/challenge` or `POST /mfa/associate`.")
        .named("MfaRequired")
}

fn management_error() -> Schema {
    Schema::object()
        .must("statusCode", Schema::integer(400..=599, 400).about("The status again."))
        .must("error", Schema::text("Bad Request").about("The status in words."))
        .must(
            "message",
            Schema::text("Payload validation error: …").about("What is wrong; names the property."),
        )
        .may("errorCode", Schema::text("invalid_body").about("A code for programs."))
        .named("ManagementError")
}

fn signup_error() -> Schema {
    Schema::object()
        .must("name", Schema::only("BadRequestError".into()))
        .must("code", Schema::text("invalid_signup"))
        .must("description", Schema::text("Invalid sign up"))
        .must("statusCode", Schema::only(400.into()))
        .named("SignupError")
}

fn weak_password() -> Schema {
    let rule = Schema::object()
        .must("code", Schema::text("lengthAtLeast"))
        .must("message", Schema::text("At least %d characters in length"))
        .must(
            "format",
            Schema::list(Schema::integer(0..=u64::MAX, 8)).about("For the placeholders of `message`."),
        )
        .must("verified", Schema::truth(false).about("Whether the password keeps the rule."));
    let rules = Schema::object().must("rules", Schema::list(rule)).must("verified", Schema::truth(false));
    Schema::object()
        .must("name", Schema::only("PasswordStrengthError".into()))
        .must("code", Schema::text("invalid_password"))
        .must("message", Schema::text("Password is too weak"))
        .must("description", rules)
        .must("policy", Schema::text("* At least 8 characters in length"))
        .must("statusCode", Schema::only(400.into()))
        .named("PasswordStrengthError")
}

fn signup_disabled() -> Schema {
    Schema::object().must("error", Schema::text("public signup is disabled")).named("SignupDisabled")
}
