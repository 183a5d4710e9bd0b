//! What an operator may set of an email template (contract §6 `/email-templates`).

use serde::{Deserialize, Serialize};

/// Longest body, in bytes: with the rest it has to fit a request.
pub const BODY_BYTES_MAX: usize = 15 * 1024;
/// Longest subject and longest sender, in bytes.
pub const LINE_BYTES_MAX: usize = 500;
/// Longest `resultUrl`, in bytes.
pub const URL_BYTES_MAX: usize = 2_000;

/// A template's name: Auth0's, and two of Postern's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateName {
    /// The link that verifies an address.
    VerifyEmail,
    /// A code that verifies an address. Kept, not sent; the code is demanded at upload.
    VerifyEmailByCode,
    /// Code or link of a sign-in without password.
    AuthEmailByCode,
    /// The link to a new password.
    ResetEmail,
    /// Kept, not sent.
    ResetEmailByCode,
    /// Kept, not sent.
    WelcomeEmail,
    /// Kept, not sent: `security_notice` has that kind.
    BlockedAccount,
    /// Kept, not sent.
    StolenCredentials,
    /// The link to enrolment. Kept, not sent yet; the link is demanded at upload.
    EnrollmentEmail,
    /// The second factor's code.
    MfaOobCode,
    /// Kept, not sent.
    UserInvitation,
    /// Kept, not sent.
    ChangePassword,
    /// Kept, not sent.
    PasswordReset,
    /// Kept, not sent.
    AsyncApproval,
    /// Postern's own: every security notice; the kind is a variable.
    SecurityNotice,
    /// Postern's own: the text message of a sign-in without password. Plain text, one line; of the properties only
    /// `body` and `enabled` are used.
    SmsPasswordless,
}

impl TemplateName {
    /// All, as Auth0 lists them.
    pub const ALL: [Self; 16] = [
        Self::VerifyEmail,
        Self::VerifyEmailByCode,
        Self::AuthEmailByCode,
        Self::ResetEmail,
        Self::ResetEmailByCode,
        Self::WelcomeEmail,
        Self::BlockedAccount,
        Self::StolenCredentials,
        Self::EnrollmentEmail,
        Self::MfaOobCode,
        Self::UserInvitation,
        Self::ChangePassword,
        Self::PasswordReset,
        Self::AsyncApproval,
        Self::SecurityNotice,
        Self::SmsPasswordless,
    ];

    /// The name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::VerifyEmailByCode => "verify_email_by_code",
            Self::AuthEmailByCode => "auth_email_by_code",
            Self::ResetEmail => "reset_email",
            Self::ResetEmailByCode => "reset_email_by_code",
            Self::WelcomeEmail => "welcome_email",
            Self::BlockedAccount => "blocked_account",
            Self::StolenCredentials => "stolen_credentials",
            Self::EnrollmentEmail => "enrollment_email",
            Self::MfaOobCode => "mfa_oob_code",
            Self::UserInvitation => "user_invitation",
            Self::ChangePassword => "change_password",
            Self::PasswordReset => "password_reset",
            Self::AsyncApproval => "async_approval",
            Self::SecurityNotice => "security_notice",
            Self::SmsPasswordless => "sms_passwordless",
        }
    }

    /// The template of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// A template as it is stored, and as the Management API shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailTemplate {
    /// Which mail it is.
    pub template: TemplateName,
    /// The HTML part, in Liquid.
    pub body: String,
    /// The sender, in Liquid; of it the name is used (see `delivery/custom`).
    #[serde(default)]
    pub from: Option<String>,
    /// Where the page of a link leads on, with those that verify an address or lead to a new password.
    #[serde(default)]
    pub result_url: Option<String>,
    /// The subject, in Liquid.
    pub subject: String,
    /// Always `liquid`.
    pub syntax: Syntax,
    /// How long such a link is valid, in seconds.
    #[serde(default)]
    pub url_lifetime_in_seconds: Option<u64>,
    /// Whether `resultUrl` gets the address; kept for clients, not used.
    #[serde(default)]
    pub include_email_in_redirect: Option<bool>,
    /// Whether it is used; else the built-in text is.
    pub enabled: bool,
}

/// Operators' texts are long, and nobody's business in a log.
impl std::fmt::Debug for EmailTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmailTemplate").field("template", &self.template).finish_non_exhaustive()
    }
}

/// The languages a template can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Syntax {
    /// Liquid.
    Liquid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_and_in_code_agree() {
        for name in TemplateName::ALL {
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
            assert_eq!(TemplateName::parse(name.as_str()), Some(name));
        }
        assert_eq!(TemplateName::parse("MFA_OOB_CODE"), None);
    }
}
