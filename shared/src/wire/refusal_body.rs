//! What a refusal of the Authentication API looks like.

use serde::Serialize;

use super::mfa_due::MfaRequirements;

/// The body of a refusal (contract §0 "Error body").
#[derive(Serialize)]
pub struct RefusalBody<'a> {
    /// The code.
    pub error: &'a str,
    /// The text.
    pub error_description: &'a str,
    /// Only with `mfa_required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_token: Option<&'a str>,
    /// Only with `mfa_required`, where the tenant wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_requirements: Option<&'a MfaRequirements>,
}
