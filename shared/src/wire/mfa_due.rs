//! What `mfa_required` carries (contract §1.3).

use serde::Serialize;

/// A token on its way to the client; never shown.
pub struct IssuedToken(pub String);

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IssuedToken(…)")
    }
}

/// What the second factor is asked for with (contract §1.3).
#[derive(Debug)]
pub struct MfaDue {
    /// What completes the login.
    pub mfa_token: IssuedToken,
    /// Which factors it can be completed with, where the tenant wants that said.
    pub requirements: Option<MfaRequirements>,
}

/// `mfa_requirements`: factors by Auth0's words (`otp`, `phone`, `email`, `recovery-code`).
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MfaRequirements {
    /// The user has these.
    #[serde(serialize_with = "as_types")]
    Challenge(Vec<&'static str>),
    /// The user has none yet, and may enrol these.
    #[serde(serialize_with = "as_types")]
    Enroll(Vec<&'static str>),
}

/// Each as `{"type":"…"}`.
fn as_types<S: serde::Serializer>(words: &[&'static str], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Type {
        r#type: &'static str,
    }
    serializer.collect_seq(words.iter().map(|word| Type { r#type: word }))
}
