//! What a user is told by mail because it may have been somebody else (SEC-31, SEC-33, contract A3).

use serde::{Deserialize, Serialize};

/// A kind of security notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// An authenticator was confirmed, or the recovery code was replaced on request.
    FactorAdded,
    /// An authenticator was removed.
    FactorRemoved,
    /// The recovery code was used, and replaced.
    RecoveryCodeUsed,
    /// Sign-in from one source is blocked after wrong passwords.
    PasswordBlocked,
    /// An authenticator reached the hard cap of consecutive wrong codes (SEC-20).
    AuthenticatorLocked,
    /// The password was right, but codes fail repeatedly (SEC-33).
    CodesFailing,
    /// There is a new password: by the link in a mail, or by an operator.
    PasswordChanged,
}

impl NoticeKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::RecoveryCodeUsed,
        Self::PasswordBlocked,
        Self::AuthenticatorLocked,
        Self::CodesFailing,
        Self::PasswordChanged,
    ];

    /// Its name in the table, in settings and in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::PasswordBlocked => "password_blocked",
            Self::AuthenticatorLocked => "authenticator_locked",
            Self::CodesFailing => "codes_failing",
            Self::PasswordChanged => "password_changed",
        }
    }
}

/// Which notices are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct NoticeSwitches {
    /// [`NoticeKind::FactorAdded`].
    pub factor_added: bool,
    /// [`NoticeKind::FactorRemoved`].
    pub factor_removed: bool,
    /// [`NoticeKind::RecoveryCodeUsed`].
    pub recovery_code_used: bool,
    /// [`NoticeKind::PasswordBlocked`].
    pub password_blocked: bool,
    /// [`NoticeKind::AuthenticatorLocked`].
    pub authenticator_locked: bool,
    /// [`NoticeKind::CodesFailing`].
    pub codes_failing: bool,
    /// [`NoticeKind::PasswordChanged`].
    pub password_changed: bool,
}

impl Default for NoticeSwitches {
    fn default() -> Self {
        Self {
            factor_added: true,
            factor_removed: true,
            recovery_code_used: true,
            password_blocked: true,
            authenticator_locked: true,
            codes_failing: true,
            password_changed: true,
        }
    }
}

impl NoticeSwitches {
    /// Whether notices of that kind are sent.
    #[must_use]
    pub fn wants(self, kind: NoticeKind) -> bool {
        match kind {
            NoticeKind::FactorAdded => self.factor_added,
            NoticeKind::FactorRemoved => self.factor_removed,
            NoticeKind::RecoveryCodeUsed => self.recovery_code_used,
            NoticeKind::PasswordBlocked => self.password_blocked,
            NoticeKind::AuthenticatorLocked => self.authenticator_locked,
            NoticeKind::CodesFailing => self.codes_failing,
            NoticeKind::PasswordChanged => self.password_changed,
        }
    }
}
