//! What a check says: how it is, what was found, and how to mend it.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use postern::aws::innermost;
use serde::Serialize;

use crate::output::harmless;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// It works, and may not for everybody or for long; or it could not be looked at.
    Warn,
    /// It does not work.
    Fail,
}

/// What one check says.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    check: &'static str,
    pub(crate) state: State,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, state: State::Ok, found: found.into(), mend: None }
    }

    pub(crate) fn warn(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, state: State::Warn, found: found.into(), mend: Some(mend.into()) }
    }

    pub(crate) fn fail(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, state: State::Fail, found: found.into(), mend: Some(mend.into()) }
    }

    /// A call of AWS that failed. `action` is what IAM calls it.
    pub(crate) fn call<E, R>(check: &'static str, action: &str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: fmt::Debug + 'static,
    {
        let reach = "check the network, --region and --endpoint-url, and your credentials: `aws sts get-caller-identity`";
        let Some(service) = error.as_service_error() else {
            return Self::fail(check, format!("{action}: {}", harmless(&innermost(error))), reach);
        };
        let code = service.code().unwrap_or("refused");
        let message = service.message().unwrap_or("no reason given");
        let mend = match code {
            "AccessDeniedException" | "AccessDenied" => format!("allow your credentials {action}"),
            "UnrecognizedClientException" | "InvalidSignatureException" | "ExpiredTokenException" => {
                "check your credentials and this machine's clock: `aws sts get-caller-identity`".to_owned()
            }
            "ResourceNotFoundException" | "NotFoundException" => {
                "it is not there: see the other check of the same".to_owned()
            }
            _ => "try again; if it stays, look the error up in the service's documentation".to_owned(),
        };
        Self::fail(check, format!("{action}: {}", harmless(&format!("{code}: {message}"))), mend)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        writeln!(f, "{state:<5} {:<13} {}", self.check, self.found)?;
        match &self.mend {
            Some(mend) => writeln!(f, "{:<5} {:<13} -> {mend}", "", ""),
            None => Ok(()),
        }
    }
}
