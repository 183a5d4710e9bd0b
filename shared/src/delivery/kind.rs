//! What SES's events tell mails apart by.

use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::types::MessageTag;
use data_encoding::BASE64URL_NOPAD;

use crate::id::UserId;

/// The tag that says what a mail is.
pub const KIND_TAG: &str = "postern-message";
/// The tag that says whose account a mail is about: the user's id in base64url, for tags have no other characters.
pub const USER_TAG: &str = "postern-user";

/// What a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// The code of a second factor.
    MfaCode,
    /// A code or link that takes a password's place.
    SignIn,
    /// A security notice.
    SecurityNotice,
    /// The link that verifies an address.
    EmailVerification,
    /// The link to a new password.
    PasswordReset,
    /// The link to the page that enrols.
    Enrollment,
}

impl MailKind {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::MfaCode,
        Self::SignIn,
        Self::SecurityNotice,
        Self::EmailVerification,
        Self::PasswordReset,
        Self::Enrollment,
    ];

    /// Its name, in tags and in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MfaCode => "mfa-code",
            Self::SignIn => "sign-in",
            Self::SecurityNotice => "security-notice",
            Self::EmailVerification => "email-verification",
            Self::PasswordReset => "password-reset",
            Self::Enrollment => "enrollment",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The tags of a mail.
#[derive(Clone, Copy, Debug)]
pub struct MailTags<'a> {
    /// What it is.
    pub kind: MailKind,
    /// Whose account it is about; of a mail to nobody, nobody's.
    pub user: &'a UserId,
}

impl MailTags<'_> {
    pub(super) fn list(self) -> Result<Vec<MessageTag>, BuildError> {
        let user = BASE64URL_NOPAD.encode(self.user.as_str().as_bytes());
        let tag = |name: &str, value: &str| MessageTag::builder().name(name).value(value).build();
        Ok(vec![tag(KIND_TAG, self.kind.as_str())?, tag(USER_TAG, &user)?])
    }
}
