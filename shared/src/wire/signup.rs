//! Bodies of `/dbconnections/*` (contract §6), whose errors have older members than the rest.

use serde::Serialize;
use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::token::password::PASSWORD_CHARACTERS_MIN;

/// The answer to every request for a new password that is one, whoever has the address.
pub const RESET_ANSWER: &str = "We've just sent you an email to reset your password.";

/// Who signed up.
#[derive(Serialize)]
pub struct SignedUp<'a> {
    /// The part of the user's id behind the bar.
    #[serde(rename = "_id")]
    pub id: &'a str,
    /// The address.
    pub email: &'a str,
    /// Never yet.
    pub email_verified: bool,
}

/// Why nobody signed up.
#[derive(Debug)]
pub enum SignupRefusal {
    /// The tenant has it off.
    Disabled,
    /// The address is taken.
    Invalid,
    /// The password is too short.
    WeakPassword,
    /// As anywhere.
    Refused(Refusal),
}

impl From<Refusal> for SignupRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl SignupRefusal {
    /// The body of [`SignupRefusal::Disabled`].
    #[must_use]
    pub fn disabled() -> Value {
        json!({ "error": "public signup is disabled" })
    }
}

/// An error with the members that older SDKs read.
#[derive(Serialize)]
pub struct LegacyBody {
    name: &'static str,
    code: &'static str,
    description: &'static str,
    #[serde(rename = "statusCode")]
    status_code: u16,
}

impl LegacyBody {
    /// Of [`SignupRefusal::Invalid`].
    #[must_use]
    pub fn invalid_signup() -> Self {
        Self {
            name: "BadRequestError",
            code: "invalid_signup",
            description: "Invalid sign up",
            status_code: 400,
        }
    }
}

/// One rule of a password, and whether it was kept.
#[derive(Serialize)]
struct Rule {
    code: &'static str,
    /// With printf's placeholders for what stands in `format`.
    message: &'static str,
    format: [usize; 1],
    verified: bool,
}

#[derive(Serialize)]
struct Rules {
    rules: [Rule; 1],
    verified: bool,
}

/// The body of [`SignupRefusal::WeakPassword`].
#[derive(Serialize)]
pub struct WeakPasswordBody {
    name: &'static str,
    code: &'static str,
    message: &'static str,
    description: Rules,
    policy: String,
    #[serde(rename = "statusCode")]
    status_code: u16,
}

impl Default for WeakPasswordBody {
    fn default() -> Self {
        let rule = Rule {
            code: "lengthAtLeast",
            message: "At least %d characters in length",
            format: [PASSWORD_CHARACTERS_MIN],
            verified: false,
        };
        Self {
            name: "PasswordStrengthError",
            code: "invalid_password",
            message: "Password is too weak",
            description: Rules { rules: [rule], verified: false },
            policy: format!("* At least {PASSWORD_CHARACTERS_MIN} characters in length"),
            status_code: 400,
        }
    }
}
